"""The path report: what is counted, what is kept to itself, who reads it."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta
from functools import cache
from itertools import pairwise
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from attune.case_studies.freezing import freeze
from attune.case_studies.models import CaseAttempt, CaseDecision
from attune.reports.case_names import CaseNames
from attune.reports.case_paths import NOT_AGAIN, Counted, Figure, First, Taken, counted, paths_of
from attune.reports.case_slices import Gathered, hidden_in_parts, hidden_on_page, released
from tests.case_studies.support import NOW, case_page, small_case
from tests.quizzes.analysis.crowd import enrolled
from tests.reports.conftest import Side, Sides

LIST = "/admin/attune/reports/paths/"
CHOICES = {"call": ["ask", "shout"], "board": ["close", "wait", "leave"]}


# --- What is counted (pure) ---------------------------------------------------------------------


def paths(firsts: list[First], taken: list[Taken]) -> Any:
    return paths_of(counted(firsts, taken, choices=CHOICES, endings=["good", "bad"]))


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
    assert [cell.share for cell in call.cells] == [65, 35]  # of the numbers that are shown
    # Not even who is missing in a hidden scene is told.
    assert (board.people, board.seconds, shown(board.cells)["wait"]) == (None, None, None)
    assert (cellar.scene, cellar.people) == ("cellar", 10)
    assert shown(found.endings) == {"good": 20, "bad": 10, "": 0}
    assert shown(found.again) == {"call": 5, NOT_AGAIN: 25, "": 0}


def test_one_small_cell_no_longer_hides_its_table() -> None:
    firsts = [First(n, "bad" if n < 2 else "good" if n < 14 else "") for n in range(40)]
    assert shown(paths(firsts, []).endings) == {"good": 10, "bad": None, "": 25}
    # Beside a single other cell it would be all but known: both go.
    alone = paths([First(n, "bad" if n < 2 else "good") for n in range(40)], [])
    assert shown(alone.endings) == {"good": None, "bad": None, "": 0}


def test_what_few_chose_is_not_told_by_the_scene_that_the_others_went_on_to() -> None:
    """Of 42, all but four went on to the board: its total would tell as much as theirs."""
    told: list[Group] = [
        ((("call", "ask"),), "good", NOT_AGAIN, 4),
        ((("call", "shout"), ("board", "close")), "good", NOT_AGAIN, 38),
    ]
    found = counted(*crowd(told), choices=CHOICES, endings=["good", "bad"])
    call, board = paths_of(found).scenes
    assert shown(call.cells) == {"ask": None, "shout": None}
    assert (call.people, board.people) == (40, None)
    assert_kept(found)


# --- What can be reckoned back (pure) -----------------------------------------------------------

WAYS: tuple[tuple[tuple[str, str], ...], ...] = (
    (),
    *(
        (("call", call), *board)
        for call in ("ask", "shout")
        for board in ((), (("board", "close"),), (("board", "wait"),))
    ),
    (("board", "leave"), ("call", "ask")),
)
"""Whoever comes to the board may choose there freely, whatever was said before."""
GROUPS = st.lists(
    st.tuples(
        st.sampled_from(WAYS),
        st.sampled_from(["good", "bad"]),
        st.sampled_from([NOT_AGAIN, NOT_AGAIN, "", "call"]),
        st.integers(1, 8),
    ),
    min_size=1,
    max_size=4,
)
Group = tuple[tuple[tuple[str, str], ...], str, str, int]


def crowd(groups: list[Group]) -> tuple[list[First], list[Taken]]:
    firsts: list[First] = []
    taken: list[Taken] = []
    for way, ending, again, people in groups:
        for _ in range(people):
            number = len(firsts)
            begun = again if again != "call" or any(scene == "call" for scene, _ in way) else ""
            firsts.append(First(number, ending, begun))
            taken += [Taken(number, scene, choice, 5) for scene, choice in way]
    return firsts, taken


def places_of(way: tuple[tuple[str, str], ...], ending: str) -> list[Figure]:
    decided = [(("scene", scene), ("choice", scene, choice)) for scene, choice in way]
    return [("people",), *(place for both in decided for place in both), ("ending", ending)]


def fits(kinds: list[frozenset[Figure]], bounds: dict[Figure, tuple[int, int]]) -> bool:
    """Whether each kind of person can be given a number so that all figures lie in bounds."""
    figures = sorted({figure for kind in kinds for figure in kind})
    holds = [[figure in kind for figure in figures] for kind in kinds]
    later = [[any(row[at] for row in holds[n:]) for at in range(len(figures))] for n in range(99)]

    @cache
    def fill(n: int, room: tuple[tuple[int, int], ...]) -> bool:
        if any(least > 0 and not later[n][at] for at, (least, _) in enumerate(room)):
            return False
        if n == len(kinds):
            return True
        most = min(most for (_, most), held in zip(room, holds[n], strict=True) if held)
        return any(
            fill(
                n + 1,
                tuple(
                    (max(least - people, 0), most - people) if held else (least, most)
                    for (least, most), held in zip(room, holds[n], strict=True)
                ),
            )
            for people in range(most, -1, -1)
        )

    return fill(0, tuple(bounds[figure] for figure in figures))


def assert_kept(found: Counted) -> None:
    """Over all that people can have done: no hidden number is known, nor known
    to be of fewer than five. Knows nothing of how the release is reckoned."""
    paths = paths_of(found)
    if not paths.enough:
        return
    seen: dict[Figure, int | None] = {("people",): paths.about}
    for scene in paths.scenes:
        seen["scene", scene.scene] = scene.people
        seen |= {("choice", scene.scene, cell.key): cell.people for cell in scene.cells}
    seen |= {("ending", cell.key): cell.people for cell in paths.endings}
    seen |= {("again", cell.key): cell.people for cell in paths.again}
    hidden = [figure for figure, people in seen.items() if people is None]
    bounds = {
        figure: (0, found.people + 2) if people is None else (max(people - 2, 0), people + 2)
        for figure, people in seen.items()
    }
    for figure, people in seen.items():
        true = found.counts[figure]
        assert people is None or (people == 0 if true == 0 else true >= 5 and people % 5 == 0)
        if people == 0:
            bounds[figure] = (0, 0)
        elif people is not None:
            bounds[figure] = (max(5, people - 2), people + 2)
    steps = {(edge.tail, edge.head) for edge in found.edges if edge.people}
    kinds = [
        frozenset(way)
        for way in (places_of(way, ending) for way in WAYS for ending in ("good", "bad", ""))
        if all(step in steps for step in pairwise(way) if step[0][0] != "scene")
        and all(found.counts[figure] for figure in way)
    ]
    again = [
        frozenset({("people",), ("again", key)})
        for key in (NOT_AGAIN, "", "call")
        if found.counts["again", key]
    ]
    for part in (kinds, again):
        within = {figure: bounds[figure] for kind in part for figure in kind}
        for figure in hidden:
            true = found.counts[figure]
            if figure not in within or true == 0:
                continue
            assert fits(part, within | {figure: (5, 99)}), (figure, seen)
            if true < 5:
                others = [n for n in range(1, 5) if n != true]
                assert any(fits(part, within | {figure: (n, n)}) for n in others), (figure, seen)


@settings(max_examples=60, deadline=None)
@given(GROUPS)
def test_nothing_hidden_can_be_reckoned_back_from_the_page(groups: list[Group]) -> None:
    firsts, taken = crowd(groups)
    assert_kept(counted(firsts, taken, choices=CHOICES, endings=["good", "bad"]))


def slices(groups: list[tuple[int, Group]]) -> Gathered:
    """The same crowds, each begun through an engagement."""
    firsts, taken = crowd([group for _, group in groups])
    engagements = [number for number, group in groups for _ in range(group[3])]
    firsts = [
        replace(first, engagement=number) for first, number in zip(firsts, engagements, strict=True)
    ]
    choices = {scene: dict.fromkeys(keys, "") for scene, keys in CHOICES.items()}
    return Gathered(firsts, taken, CaseNames("Case", "", {}, choices, {"good": "", "bad": ""}))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 3), GROUPS.map(lambda found: found[0])), max_size=12))
def test_no_part_is_reckoned_back_from_the_whole_and_the_other_parts(
    groups: list[tuple[int, Group]],
) -> None:
    found = slices(groups)
    whole = found.of(found.firsts)
    above = hidden_on_page(whole)
    parts = found.parts(lambda first: first.engagement)
    hidden = hidden_in_parts(parts, above)
    for figure in whole.counts:
        if figure in above:
            assert all(figure in each for each in hidden.values())
            continue
        gone = [part for part in parts if figure in hidden[part]]
        together = sum(parts[part].counts[figure] for part in gone)
        # With the whole and the others known exactly, those hidden could all be of many.
        assert not gone or gone == list(parts) or together >= max(10, 4 * len(gone) + 1)
        for part in set(parts) - set(gone):
            assert not 0 < parts[part].counts[figure] < 5


def test_an_engagement_of_three_is_not_told_by_the_other_one() -> None:
    way: Any = (("call", "ask"),)
    found = slices([(1, (way, "good", NOT_AGAIN, 40)), (2, (way, "good", NOT_AGAIN, 3))])
    assert released(found).about == 45
    assert not released(found, engagement=1).enough
    assert not released(found, engagement=2).enough
    enough = slices([(1, (way, "good", NOT_AGAIN, 40)), (2, (way, "good", NOT_AGAIN, 8))])
    assert released(enough, engagement=2).about == 10


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
    both = {"engagement": sides.nordlicht.pair.engagement.pk, "period": "2026q1"}
    assert "not both" in text_of(client.get(url, both))
    assert "not both" in text_of(client.get(url, both | {"export": "csv"}))
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
    assert [line[3:5] for line in answer][:2] == [["20", "65"], ["10", "35"]]
    again = [line for line in lines if line[0] == "Tried again from"]
    assert ["Tried again from", "A ticket from line 3", "", "5", "15", ""] in again


def test_queries_do_not_grow_with_the_attempts(
    client: Any, as_user: Any, sides: Sides, klaus: Any
) -> None:
    as_user(client, klaus)
    numbers = []
    for people in (10, 60):
        found = walked(sides.nordlicht, people)
        url = reverse("attune_reports:case_path", args=[found.translation_key])
        client.get(url)
        with CaptureQueriesContext(connection) as captured:
            client.get(url, {"period": "2026q1"})
        numbers.append(len(captured))
        CaseAttempt.objects.filter(replay_of__isnull=False).delete()
        CaseAttempt.objects.all().delete()
    assert numbers[0] == numbers[1]


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
