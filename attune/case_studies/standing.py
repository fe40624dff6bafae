"""Where a learner stands with a case, for the page that shows it. Reads only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.core.cache import cache
from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _

from attune.case_studies.branching.values import Case
from attune.case_studies.freezing import case_of_attempt
from attune.case_studies.models import CaseAttempt, CaseStudyPage
from attune.case_studies.walking import ending_in, scene_in
from attune.cultures.variables import fill, values_for
from attune.curriculum.services import client_of
from attune.enrolments.models import Enrolment
from attune.enrolments.readers import Reader
from attune.people.models import Organisation


def rule_of(case: Case) -> str:
    """The completion rule of a frozen case, in the words of its page."""
    return CaseStudyPage(pass_score=case.pass_score).completion_rule()


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """A finished attempt in the history of attempts."""

    attempt: CaseAttempt
    ending: str

    @property
    def url(self) -> str:
        return reverse("attune_case_studies:ending", args=[self.attempt.deed])


@dataclass(frozen=True, slots=True)
class CaseStanding:
    """What the case's page says: the rule, what was tried, what can be done now."""

    rule: str
    introduction: str
    is_learner: bool
    scene_count: int = 0
    ending_count: int = 0
    open_attempt: CaseAttempt | None = None
    open_scene: str = ""
    decided: int = 0
    attempts: list[AttemptLine] = field(default_factory=list)
    start_url: str = ""

    @property
    def continue_url(self) -> str:
        if self.open_attempt is None:
            return ""
        return reverse("attune_case_studies:attempt", args=[self.open_attempt.deed])

    @property
    def passed(self) -> bool:
        return any(line.attempt.passed for line in self.attempts)

    @property
    def endings_seen(self) -> int:
        return len({line.attempt.ending_key for line in self.attempts})

    @property
    def why(self) -> list[str]:
        """Why the case is not complete, and what to do; empty when it is."""
        if not self.is_learner or self.passed:
            return []
        if self.open_attempt is not None:
            return [self.rule, _("You are on your way: go on where you stopped.")]
        if self.attempts:
            return [
                self.rule,
                _("Your best ending so far earned %(score)d. Try again, or change one decision.")
                % {"score": max(line.attempt.score or 0 for line in self.attempts)},
            ]
        return [self.rule, _("You have not begun it yet.")]


def standing_of(
    page: CaseStudyPage, reader: Reader | None, *, is_begun: bool = True
) -> CaseStanding:
    """One query for a learner who has been here; for who has not (not ``is_begun``), one for the
    client's card where the introduction asks for it, and one for each version of the page.
    """
    if reader is None:
        client = client_of(page) if page.pk else None
        return CaseStanding(
            rule=page.completion_rule(),
            introduction=_introduction(page, client),
            is_learner=False,
            scene_count=len(page.scenes.all()),
            ending_count=len(page.endings.all()),
        )
    attempts = _attempts(page, reader) if is_begun else []
    open_attempt = next((each for each in attempts if each.is_open), None)
    open_case = case_of_attempt(open_attempt) if open_attempt is not None else None
    open_scene = scene_in(open_case, open_attempt.place) if open_attempt and open_case else None
    told = open_case or _still_told(page, attempts)
    scenes, endings = (len(told.scenes), len(told.endings)) if told else _sizes(page)
    return CaseStanding(
        # Half-way through, the rule is the one that was told at the beginning.
        rule=rule_of(open_case) if open_case is not None else page.completion_rule(),
        introduction=told.introduction if told else _introduction(page, reader.enrolment),
        is_learner=True,
        scene_count=scenes,
        ending_count=endings,
        open_attempt=open_attempt,
        open_scene=open_scene.title if open_scene is not None else "",
        decided=open_attempt.decided if open_attempt is not None else 0,
        attempts=[
            AttemptLine(each, _title_of_ending(each)) for each in attempts if not each.is_open
        ],
        start_url=reverse("attune_case_studies:start", args=[page.pk]) if page.live else "",
    )


def _attempts(page: CaseStudyPage, reader: Reader) -> list[Any]:
    """Newest first."""
    return list(
        CaseAttempt.objects.at(
            person_id=reader.person.pk, case_key=page.translation_key, cycle=reader.cycle
        )
        .select_related("frozen")
        .defer("frozen__body")
        .annotate(decided=Count("decisions"))
        .order_by("-number")
    )


def _still_told(page: CaseStudyPage, attempts: list[Any]) -> Case | None:
    """What was frozen for the last attempt, in the client's words, if it is still what is live."""
    if not attempts or not page.live_revision_id:
        return None
    last = attempts[0]
    same = (
        last.frozen.revision_id == page.live_revision_id
        and last.language == page.locale.language_code
    )
    return case_of_attempt(last) if same else None


def _introduction(page: CaseStudyPage, of: Enrolment | Organisation | None) -> str:
    """The introduction in the words of the client's card; the card is not asked for nothing."""
    if "{{" not in page.introduction or of is None:
        return str(page.introduction)
    whose = of.engagement_id if isinstance(of, Enrolment) else of
    return fill(page.introduction, values_for(whose, page.locale.language_code))[0]


def _sizes(page: CaseStudyPage) -> tuple[int, int]:
    """How many scenes and endings the live case has: kept for as long as this version is live."""

    def count() -> tuple[int, int]:
        found: tuple[int, int] | None = (
            CaseStudyPage.objects.filter(pk=page.pk)
            .order_by()
            .values_list(
                Count("scenes", distinct=True),
                Count("endings", distinct=True),
            )
            .first()
        )
        return found or (0, 0)

    if not page.live_revision_id:
        return count()
    published = page.last_published_at
    version = f"{page.live_revision_id}:{published.timestamp() if published else ''}"
    kept: tuple[int, int] | None = cache.get_or_set(f"attune-case-sizes:{page.pk}:{version}", count)
    return kept or count()


def _title_of_ending(attempt: CaseAttempt) -> str:
    ending = ending_in(case_of_attempt(attempt), attempt.ending_key)
    return ending.title if ending is not None else attempt.ending_key
