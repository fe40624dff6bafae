"""Each tenant's case study, and what its agent decided in it. Part of ``world``."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from attune.case_studies.admin import drafts
from attune.case_studies.services import decide, start_attempt
from attune.curriculum.models import ModulePage
from attune.enrolments.readers import reader_for
from attune.people.models import Person
from tests.case_studies.support import case_page, small_case


def branching_case(tenant: Any, module: ModulePage) -> Any:
    """The small case with a canary in every kind of text that it has."""
    case = small_case(
        title=tenant.title("casetitle"), introduction=f"<p>{tenant.plant('caseintro')}</p>"
    )
    first, call, closing = case.scenes
    ticket = {**first.body[0], "value": {**first.body[0]["value"]}}
    ticket["value"]["subject"] = tenant.plant("caseticket")
    ticket["value"]["text"] = f"<p>{tenant.plant('caseticketbody')}</p>"
    taken, other = first.choices
    first = replace(
        first,
        title=tenant.plant("scenetitle"),
        place=tenant.plant("sceneplace"),
        body=(ticket,),
        choices=(
            replace(
                taken,
                text=tenant.plant("replytext"),
                outcome=f"<p>{tenant.plant('replyoutcome')}</p>",
                reading=f"<p>{tenant.plant('replyreading')}</p>",
                norm=tenant.plant("replynorm"),
            ),
            replace(other, text=tenant.plant("otherreply")),
        ),
    )
    trusted, *others = case.endings
    trusted = replace(
        trusted,
        title=tenant.plant("endingtitle"),
        summary=f"<p>{tenant.plant('endingsummary')}</p>",
    )
    meter, *meters = case.meters
    competency, *competencies = case.competencies
    return case_page(
        module,
        replace(
            case,
            scenes=(first, call, closing),
            endings=(trusted, *others),
            meters=(replace(meter, label=tenant.plant("meterlabel")), *meters),
            competencies=(
                replace(competency, label=tenant.plant("competencylabel")),
                *competencies,
            ),
        ),
    )


def drafted(tenant: Any, page: Any) -> None:
    """A scene that only its author has seen so far."""

    def change(draft: Any) -> drafts.Change:
        scene = drafts.scenes_of(draft)[0]
        scene.place = tenant.plant("sceneplacedraft")
        tenant.subject("case scene", page_id=page.pk, identity=scene.translation_key)
        return drafts.Change(written=[scene])

    drafts.change_draft(page=page, user=tenant.people["trainer"].user, change=change)
    page.refresh_from_db()


def decided(tenant: Any, page: Any, agent: Person, *, now: datetime) -> None:
    """One attempt that the agent took to its ending, and one that stands at the beginning."""
    reader = reader_for(agent.user, page)
    assert reader is not None
    for kind, choices in (("done", ("time", "own", "report")), ("open", ())):
        attempt = start_attempt(reader=reader, page=page, now=now)
        for position, choice in enumerate(choices, start=1):
            attempt = decide(
                attempt=attempt, reader=reader, position=position, choice_key=choice, now=now
            ).attempt
        tenant.subject(f"case attempt {kind}", deed=attempt.deed, position=1)
    tenant.subject("case paths", case_key=page.translation_key)
    tenant.subject("unit case", page_id=page.pk, unit_id=page.pk)
