"""Each tenant's case to read, and what its agent wrote there. Part of ``world``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from attune.case_studies.models import ReflectionQuestion, ReflectiveCasePage
from attune.case_studies.reflecting import save_reflection, share_reflection
from attune.curriculum.models import ModulePage
from attune.enrolments.readers import reader_for
from attune.people.models import Person


def case_to_read(tenant: Any, module: ModulePage) -> ReflectiveCasePage:
    page = ReflectiveCasePage(
        title=tenant.title("readtitle"),
        locale=module.locale,
        provenance=tenant.plant("provenance"),
        least_words=1,
        story=[
            ("prose", f"<p>{tenant.plant('storytext')}</p>"),
            ("quote", {"text": tenant.plant("storyquote"), "speaker": "Y", "role": ""}),
            (
                "timeline",
                {"title": "T", "events": [{"when": "May", "what": tenant.plant("storyevent")}]},
            ),
        ],
    )
    page.questions = [
        ReflectionQuestion(
            locale=module.locale,
            sort_order=number,
            text=tenant.plant(f"reflectionquestion{word}"),
            hint=tenant.plant(f"reflectionhint{word}"),
        )
        for number, word in enumerate(("one", "two"))
    ]
    module.add_child(instance=page)
    page.save_revision().publish()
    return page


def reflected(tenant: Any, page: ReflectiveCasePage, agent: Person, *, now: datetime) -> None:
    """One reflection that stays private, and one that is shared."""
    reader = reader_for(agent.user, page)
    assert reader is not None
    private, shared = page.questions_in_order()
    for question, kind in ((private, "reflectionprivate"), (shared, "reflectionshared")):
        save_reflection(
            reader=reader,
            page=page,
            question_key=question.translation_key,
            text=tenant.plant(kind),
            sequence=1,
            now=now,
        )
    share_reflection(reader=reader, page=page, question_key=shared.translation_key, now=now)
    tenant.subject("unit read", page_id=page.pk, unit_id=page.pk, question=private.translation_key)
