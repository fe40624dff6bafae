"""The path report: what is counted, what is kept to itself, who reads it."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from attune.case_studies.freezing import freeze
from attune.case_studies.models import CaseAttempt, CaseDecision
from attune.reports.case_paths import NOT_AGAIN, First, Taken, paths_of
from tests.case_studies.support import NOW, case_page, small_case
from tests.quizzes.analysis.crowd import enrolled
from tests.reports.conftest import Side, Sides

LIST = "/admin/attune/reports/paths/"
CHOICES = {"call": ["ask", "shout"], "board": ["close", "wait", "leave"]}


# --- What is counted (pure) ---------------------------------------------------------------------


def paths(firsts: list[First], taken: list[Taken]) -> Any:
    return paths_of(firsts, taken, choices=CHOICES, endings=["good", "bad"])


def shown(cells: Any) -> dict[str, Any]:
    return {cell.key: cell.people for cell in cells}


def test_of_four_people_nothing_is_shown() -> None:
    found = paths([First(n, "good") for n in range(4)], [Taken(n, "call", "ask", 9) for n in (0,)])
    assert not found.enough
    assert (found.scenes, found.endings, found.again) == ((), (), ())


def test_branches_time_endings_and_tries() -> None:
    firsts = [
        First(n, "good" if n < 22 else "bad", "call" if n < 7 else NOT_AGAIN) for n in range(30)
    ]
    taken = [Taken(n, "call", "ask" if n < 18 else "shout", 20 + n % 3) for n in range(30)]
    taken += [Taken(n, "board", "close", 300) for n in range(3)]
    taken += [Taken(n, "cellar", "dig", 8) for n in range(10)]
    # A second time in the same scene does not count.
    taken += [Taken(n, "call", "shout", 1) for n in range(30)]
    found = paths(firsts, taken)
    call, board, cellar = found.scenes
    assert (found.about, call.people, call.seconds) == (30, 30, 20)
    assert shown(call.cells) == {"ask": 20, "shout": 10}
    assert [cell.share for cell in call.cells] == [60, 40]
    assert (board.people, board.seconds, shown(board.cells)["wait"]) == (None, None, None)
    assert (cellar.scene, cellar.people) == ("cellar", 10)
    assert shown(found.endings) == {"good": 20, "bad": 10, "": 0}
    assert shown(found.again) == {"call": 5, NOT_AGAIN: 25, "": 0}


def test_what_few_did_is_hidden_with_enough_beside_it() -> None:
    firsts = [First(n, "bad" if n < 2 else "good" if n < 14 else "") for n in range(40)]
    found = paths(firsts, [])
    assert shown(found.endings) == {"good": None, "bad": None, "": 25}


@given(
    st.lists(
        st.tuples(st.sampled_from(["ask", "shout"]), st.sampled_from(["close", "wait", ""])),
        max_size=30,
    )
)
def test_no_shown_number_speaks_of_fewer_than_five(ways: list[tuple[str, str]]) -> None:
    taken = []
    for number, (call, board) in enumerate(ways):
        taken.append(Taken(number, "call", call, 10))
        if board:
            taken.append(Taken(number, "board", board, 10))
    found = paths([First(n, "good") for n in range(len(ways))], taken)
    for scene in found.scenes:
        for cell in scene.cells:
            real = sum(1 for each in taken if (each.scene, each.choice) == (scene.scene, cell.key))
            assert cell.people is None or real == 0 or (real >= 5 and cell.people % 5 == 0)
            assert scene.people is not None or cell.people is None


# --- On screen ----------------------------------------------------------------------------------


def walked(side: Side, people: int) -> Any:
    """A case of this tenant: most answer with a time, some vaguely, two never finish."""
    code = side.pair.client.code
    page = case_page(side.content.module, small_case(title=f"{code} case"), title=f"{code} case")
    enrolments = enrolled(side.pair.engagement, side.content.programme, people)
    frozen = freeze(page, engagement=side.pair.engagement)
    attempts, decisions = [], []

    def attempt(enrolment: Any, number: int, **fields: Any) -> CaseAttempt:
        begun = CaseAttempt(
            person_id=enrolment.person_id,
            case_key=page.translation_key,
            unit=page,
            enrolment=enrolment,
            number=number,
            language="en",
            frozen=frozen,
            started_at=NOW,
            place="answer",
            **fields,
        )
        attempts.append(begun)
        return begun

    done = {"state": "finished", "finished_at": NOW + timedelta(minutes=5), "passed": True}
    for number, enrolment in enumerate(enrolments):
        ended = number >= 2
        one = attempt(
            enrolment, 1, **({**done, "score": 70, "ending_key": "trusted"} if ended else {})
        )
        choice = "time" if number < people - 8 else "vague"
        decisions.append((one, 1, "answer", choice))
    CaseAttempt.objects.bulk_create(attempts)
    CaseDecision.objects.bulk_create(
        CaseDecision(
            attempt=one,
            position=position,
            scene_key=scene,
            choice_key=choice,
            shown_at=NOW,
            decided_at=NOW,
            seconds=40,
        )
        for one, position, scene, choice in decisions
    )
    again = attempts[10:16]
    attempts.clear()
    for first in again:
        attempt(first.enrolment, 2, replay_of=first, replay_position=1)
    CaseAttempt.objects.bulk_create(attempts)
    return page


@pytest.fixture
def page(sides: Sides) -> Any:
    """Nordlicht's case, begun by thirty; and Cedar's by as many, which nobody here may meet."""
    walked(sides.cedar, 30)
    return walked(sides.nordlicht, 30)


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


ANSWERS = {
    "klaus": (200, 200),
    "ines": (200, 200),
    "administrator": (200, 200),
    "hana": (200, 200),
    "outsider_trainer": (200, 404),
    "outsider_client_hr": (200, 404),
    "maria": (302, 302),
}


def test_each_reads_their_own_clients_cases_and_nobodys_name(
    client: Any, as_user: Any, page: Any, cast: Any, request: pytest.FixtureRequest
) -> None:
    url = reverse("attune_reports:case_path", args=[page.translation_key])
    for who, expected in ANSWERS.items():
        as_user(client, request.getfixturevalue(who))
        answers = [client.get(LIST), client.get(url)]
        assert tuple(answer.status_code for answer in answers) == expected, who
        if expected[0] == 200:
            assert ("nordlicht case" in text_of(answers[0])) is (expected[1] == 200), who
        if who in ("klaus", "hana"):
            assert "cedar case" not in text_of(answers[0])
            assert "Crowd" not in text_of(answers[1])


def test_the_page_its_filters_and_its_files(
    client: Any, as_user: Any, page: Any, sides: Sides, klaus: Any
) -> None:
    as_user(client, klaus)
    url = reverse("attune_reports:case_path", args=[page.translation_key])
    with CaptureQueriesContext(connection) as captured:
        seen = text_of(client.get(url))
    own = [each for each in captured if "attune_case_studies" in each["sql"]]
    assert len(own) <= 13
    assert "about <strong>30</strong> people" in seen
    assert "About 30 people decided here; half of them within about 40 seconds." in seen
    assert "hidden" in seen  # two never finished, and those who did would give them away
    assert "names something" in text_of(client.get(url, {"period": "2026q2"}))
    assert "names something" in text_of(
        client.get(url, {"engagement": sides.cedar.pair.engagement.pk})
    )
    lines = list(
        csv.reader(io.StringIO(client.get(url, {"export": "csv"}).getvalue().decode("utf-8-sig")))
    )
    sheet = openpyxl.load_workbook(
        io.BytesIO(client.get(url, {"export": "xlsx"}).getvalue())
    ).active
    assert sheet is not None
    assert [["" if cell is None else str(cell) for cell in row] for row in sheet.values] == lines
    answer = [line for line in lines if line[0] == "Choice" and line[1] == "A ticket from line 3"]
    assert [line[3:5] for line in answer][:2] == [["20", "75"], ["10", "25"]]
    again = [line for line in lines if line[0] == "Tried again from"]
    assert ["Tried again from", "A ticket from line 3", "", "5", "20", ""] in again


def test_too_few_people_are_told_apart_from_none(
    client: Any, as_user: Any, sides: Sides, klaus: Any
) -> None:
    as_user(client, klaus)
    assert "No case study has been begun yet" in text_of(client.get(LIST))
    few = walked(sides.nordlicht, 4)
    assert "fewer than 5" in text_of(client.get(LIST))
    url = reverse("attune_reports:case_path", args=[few.translation_key])
    assert "Too few people to show their ways" in text_of(client.get(url))
    # Nor does the file say more.
    assert "text/html" in client.get(url, {"export": "csv"})["Content-Type"]
