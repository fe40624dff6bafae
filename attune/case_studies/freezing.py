"""The case as somebody will walk it: filled in for their client, and frozen.

The one place where variables become words. What is frozen is what is walked, shown, recorded
and reported for as long as the attempt is remembered, whatever becomes of the page.
"""

from __future__ import annotations

from functools import lru_cache

from attune.case_studies.branching.plain import case_from_plain, to_plain
from attune.case_studies.branching.values import Case
from attune.case_studies.casting import case_of, filled
from attune.case_studies.models import CaseAttempt, CaseStudyPage
from attune.cultures.variables import fill, fill_plain, values_for
from attune.curriculum.models import FrozenContent
from attune.people.models import Engagement


def freeze(page: CaseStudyPage, *, engagement: Engagement) -> FrozenContent:
    """The frozen row of the live case, as it reads in this engagement."""
    case = case_for(case_of(page), engagement)
    row: FrozenContent = FrozenContent.objects.freeze(
        kind=FrozenContent.Kind.CASE,
        key=page.translation_key,
        language=case.language,
        body=to_plain(case),
        revision_id=page.live_revision_id,
    )
    return row


def case_for(case: Case, engagement: Engagement) -> Case:
    """The case in the words of the engagement's client.

    A name for which the card says nothing reads as what it stands for, in brackets; whoever
    assigns the programme was told of it.
    """
    values = values_for(engagement, case.language)
    return filled(
        case,
        plain=lambda text: fill_plain(text, values)[0],
        rich=lambda text: fill(text, values)[0],
    )


def case_of_attempt(attempt: CaseAttempt) -> Case:
    """The case that this attempt walks. Read once per process and version."""
    return _case_of_digest(attempt.frozen.digest)


@lru_cache(maxsize=32)
def _case_of_digest(digest: str) -> Case:
    # The digest says what the body is, so what is kept here never grows old.
    return case_from_plain(FrozenContent.objects.values_list("body", flat=True).get(digest=digest))
