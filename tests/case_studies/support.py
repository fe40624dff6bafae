"""What tests of case studies are made with: a small case, its page, and somebody who owes it.

The case: two meters, a choice that only trust opens, a scene that is passed over, three
endings. Its shortest way is two decisions, its longest three.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from attune.case_studies.branching.values import Case, Choice, Competency, Ending, Meter, Scene
from attune.case_studies.models import (
    CaseChoice,
    CaseCompetency,
    CaseEnding,
    CaseMeter,
    CaseScene,
    CaseStudyPage,
)
from attune.curriculum.models import ModulePage
from attune.enrolments.models import Enrolment
from attune.enrolments.readers import Reader, reader_for
from attune.people.models import Person
from tests.conftest import Content

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday morning: tests pass their own time on."""

TICKET: dict[str, Any] = {
    "type": "ticket",
    "id": "5f0f5a5e-0000-4000-8000-000000000001",
    "value": {
        "number": "INC-4711",
        "subject": "Line 3 stands still",
        "requester": "Frau Vogt",
        "priority": "High",
        "text": "<p>The scanner on <b>line 3</b> has been dead since six.</p>",
    },
}
CALL: dict[str, Any] = {
    "type": "call",
    "id": "5f0f5a5e-0000-4000-8000-000000000002",
    "value": {
        "recording": None,
        "lines": [
            {"speaker": "Herr Brandt", "at": "14:02", "text": "Friday was agreed. Was it not?"},
            {"speaker": "You", "at": "14:02", "text": "Good afternoon, Herr Brandt."},
        ],
    },
}


EVERY_BLOCK: tuple[dict[str, Any], ...] = (
    {
        "type": "narration",
        "id": "5f0f5a5e-0000-4000-8000-000000000010",
        "value": "<p>Ten past.</p>",
    },
    {
        "type": "people",
        "id": "5f0f5a5e-0000-4000-8000-000000000011",
        "value": {
            "people": [
                {
                    "type": "item",
                    "id": "5f0f5a5e-0000-4000-8000-000000000012",
                    "value": {"name": "Frau Vogt", "role": "Shift lead in Kassel"},
                }
            ]
        },
    },
    TICKET,
    {
        "type": "mails",
        "id": "5f0f5a5e-0000-4000-8000-000000000013",
        "value": {
            "mails": [
                {
                    "sender": "Frau Vogt",
                    "to": "IT Help Desk",
                    "sent": "Mon 2 March, 06:12",
                    "subject": "Scanner line 3",
                    "text": "<p>Guten Morgen, <b>when</b> does it work again?</p>",
                },
                {"sender": "IT Help Desk", "text": "<p>Noted.</p>"},
            ]
        },
    },
    {
        "type": "chat",
        "id": "5f0f5a5e-0000-4000-8000-000000000014",
        "value": {
            "lines": [
                {"speaker": "Jun", "at": "13:05", "text": "We never give times, right?"},
                {"speaker": "You", "at": "13:06", "text": "Let me look."},
            ]
        },
    },
    CALL,
    {
        "type": "meeting",
        "id": "5f0f5a5e-0000-4000-8000-000000000015",
        "value": {
            "title": "Morning round",
            "present": "Frau Vogt, Herr Brandt",
            "lines": [{"speaker": "Herr Brandt", "at": "", "text": "At nine. Yes or no?"}],
        },
    },
)
"""Each block of a scene once, list children stored in both ways that Wagtail knows."""


def small_case(**fields: Any) -> Case:
    """``answer`` → (``call`` if trust holds) → ``closing`` → one of three endings.

    Best: ``time``, ``own``, ``report`` (score 90). Worst: ``vague``, ``drop`` (score 20).
    """
    return Case(
        **{
            "key": "line-three",
            "title": "Line 3 stands still",
            "language": "en",
            "introduction": "<p>You work the early shift for {{ client.name | the client }}.</p>",
            "pass_score": 60,
            "meters": (
                Meter("trust", "Trust", lowest=0, highest=100, start=50),
                Meter("minutes", "Time left", lowest=0, highest=240, start=120, unit="min"),
            ),
            "competencies": (
                Competency("directness", "Directness"),
                Competency("ownership", "Ownership"),
            ),
            "scenes": (_answer(), _call(), _closing()),
            "endings": (
                Ending(
                    "trusted",
                    "They ask for you by name",
                    "<p>Next time Frau Vogt calls you first.</p>",
                    condition="trust >= 70",
                    score="trust",
                ),
                Ending(
                    "mended",
                    "The line runs again",
                    "<p>Nobody thanks you, nobody complains.</p>",
                    condition="trust >= 40",
                    score="trust",
                ),
                Ending(
                    "escalated",
                    "Your manager gets a call",
                    "<p>Herr Brandt no longer writes to you.</p>",
                    score="20",
                ),
            ),
            **fields,
        }
    )


def _answer() -> Scene:
    return Scene(
        "answer",
        "A ticket from line 3",
        place="Cebu, early shift",
        client_time="07:10",
        vendor_time="13:10",
        body=(TICKET,),
        choices=(
            Choice(
                "time",
                "Good morning Frau Vogt, I am on it. You hear from me by 07:40.",
                to="call",
                effects="trust += 20; minutes -= 10",
                outcome="<p>She answers within a minute: “Thank you.”</p>",
                reading="<p>A time is a promise, and she can plan with it.</p>",
                norm="Punctuality",
                points={"directness": 2, "ownership": 2},
            ),
            Choice(
                "vague",
                "Hello! Noted, we will check as soon as possible :)",
                to="call",
                effects="trust -= 20; minutes -= 30",
                outcome="<p>Nothing happens for half an hour.</p>",
                reading="<p>It sounded like: not now, and nobody in particular.</p>",
                norm="Directness",
                points={"directness": 0, "ownership": 0},
            ),
        ),
    )


def _call() -> Scene:
    return Scene(
        "call",
        "Herr Brandt is on the line",
        condition="trust >= 40",
        otherwise="closing",
        client_time="14:02",
        vendor_time="20:02",
        body=(CALL,),
        choices=(
            Choice(
                "own",
                "You are right, it was agreed for Friday. I missed it, and here is what I do now.",
                to="closing",
                effects="trust += 20; minutes -= 20",
                outcome="<p>He breathes out.</p>",
                reading="<p>Naming the fault ends the talk about it.</p>",
                norm="Ownership",
                points={"ownership": 3},
            ),
            Choice(
                "team",
                "The other team did not hand it over to us.",
                to="closing",
                effects="trust -= 10; minutes -= 20",
                points={"ownership": -1},
            ),
        ),
    )


def _closing() -> Scene:
    return Scene(
        "closing",
        "Before you go home",
        body=(
            {
                "type": "narration",
                "id": "5f0f5a5e-0000-4000-8000-000000000003",
                "value": "<p>The scanner works. Your shift is over.</p>",
            },
        ),
        choices=(
            Choice(
                "report",
                "I write down what it was and what we change, and send it to Frau Vogt.",
                condition='trust >= 60 or took("call/own")',
                outcome="<p>She forwards it to Herr Brandt.</p>",
                norm="Written follow-up",
            ),
            Choice("drop", "I close the ticket.", effects="trust -= 10"),
        ),
    )


def case_page(module: ModulePage, case: Case | None = None, **fields: Any) -> Any:
    """A live page whose rows are those of ``case``."""
    case = case or small_case()
    page = CaseStudyPage(
        **{
            "title": case.title,
            "locale": module.locale,
            "introduction": case.introduction,
            "pass_score": case.pass_score,
            "minutes": 10,
            **fields,
        }
    )
    put_rows(page, case)
    module.add_child(instance=page)
    page.save_revision().publish()
    return CaseStudyPage.objects.select_related("locale").get(pk=page.pk)


def put_rows(page: CaseStudyPage, case: Case) -> None:
    """Give an unsaved page, or the object of a revision, the rows of a case."""
    page.meters = [
        CaseMeter(
            sort_order=number,
            **{name: getattr(each, name) for name in each.__dataclass_fields__},
        )
        for number, each in enumerate(case.meters)
    ]
    page.competencies = [
        CaseCompetency(sort_order=number, name=each.name, label=each.label)
        for number, each in enumerate(case.competencies)
    ]
    page.endings = [
        CaseEnding(
            sort_order=number,
            **{name: getattr(each, name) for name in each.__dataclass_fields__},
        )
        for number, each in enumerate(case.endings)
    ]
    scenes = []
    for number, each in enumerate(case.scenes):
        names = set(each.__dataclass_fields__) - {"choices", "body"}
        row = CaseScene(sort_order=number, **{name: getattr(each, name) for name in names})
        row.body = row.body.stream_block.to_python([dict(block) for block in each.body])
        row.choices = [
            CaseChoice(
                sort_order=place,
                **{
                    name: dict(choice.points) if name == "points" else getattr(choice, name)
                    for name in choice.__dataclass_fields__
                },
            )
            for place, choice in enumerate(each.choices)
        ]
        scenes.append(row)
    page.scenes = scenes


@dataclass(frozen=True)
class CaseSet:
    """Nordlicht's case in the cast's module, and Maria, who owes it."""

    page: CaseStudyPage
    person: Person
    enrolment: Enrolment
    content: Content

    @property
    def reader(self) -> Reader:
        found = reader_for(self.person.user, self.page)
        assert found is not None
        return found
