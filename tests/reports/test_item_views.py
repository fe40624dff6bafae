"""Item analysis on screen: who reads it, what it says, what it keeps to itself."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from attune.curriculum.models import ModulePage
from attune.curriculum.services import copy_module
from attune.quizzes.analysis.flags import MIN_ATTEMPTS
from attune.quizzes.models import AttemptQuestion, QuizAttempt, QuizPage
from attune.quizzes.questions import Item, Question
from attune.reports.item_analysis import Period, periods_between
from tests import factories
from tests.quizzes.analysis.crowd import enrolled, take
from tests.quizzes.support import choice, quiz_of, right_answer, true_false
from tests.reports.conftest import Side, Sides

LIST = "/admin/attune/reports/items/"
OPTIONS = [
    {"text": "Marked as right.", "correct": True, "feedback": ""},
    {"text": "Really right.", "correct": False, "feedback": ""},
    {"text": "Nobody’s choice.", "correct": False, "feedback": ""},
]


def answers(person: int, place: int, item: Item) -> Any:
    """Question 1 and 2 tell people apart; 3 has the wrong key; 4 everybody knows."""
    knows = person % 10 >= 4
    if place == 2:
        ids = item.ids  # type: ignore[attr-defined]
        return [ids[1] if knows else ids[0]]
    if place == 3 or knows:
        return right_answer(item)
    if hasattr(item, "answer"):
        return not item.answer
    return [next(each for each in item.ids if each not in item.correct_ids)]  # type: ignore[attr-defined]


def quiz_on(side: Side) -> QuizPage:
    owner = side.pair.client
    made: QuizPage = quiz_of(
        side.content.module,
        true_false(owner, f"{owner.code} first"),
        choice(owner, f"{owner.code} second"),
        choice(owner, f"{owner.code} wrong key", options=OPTIONS),
        true_false(owner, f"{owner.code} known"),
        title=f"{owner.code} quiz",
    )
    return made


@pytest.fixture
def quiz(sides: Sides) -> QuizPage:
    """Nordlicht's quiz, taken by forty; and Cedar's by as many, which nobody here may meet."""
    pages = []
    for side in (sides.nordlicht, sides.cedar):
        page = quiz_on(side)
        take(page, enrolled(side.pair.engagement, side.content.programme, 40), answers)
        pages.append(page)
    return pages[0]


def address(quiz: QuizPage, number: int | None = None) -> str:
    if number is None:
        return reverse("attune_reports:quiz_items", args=[quiz.translation_key])
    key = (
        AttemptQuestion.objects.filter(attempt__quiz_key=quiz.translation_key, position=number)
        .values_list("question_key", flat=True)
        .first()
    )
    return reverse("attune_reports:question_items", args=[quiz.translation_key, key])


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


# --- Who reads it -------------------------------------------------------------------------


ANSWERS = {  # to whom the list, a quiz's page and a question's page answer what
    "klaus": (200, 200, 200),
    "ines": (200, 200, 200),
    "administrator": (200, 200, 200),
    "hana": (200, 200, 404),  # a vendor does not get the key
    "outsider_trainer": (200, 404, 404),
    "outsider_client_hr": (200, 404, 404),
    "outsider_hr": (200, 404, 404),
    "maria": (302, 302, 302),
    "outsider": (302, 302, 302),
}


def test_each_reads_their_own_clients_quizzes_and_the_client_its_keys(
    client: Any, as_user: Any, quiz: QuizPage, cast: Any, request: pytest.FixtureRequest
) -> None:
    question = address(quiz, 3)
    for who, expected in ANSWERS.items():
        as_user(client, request.getfixturevalue(who))
        pages = [client.get(url) for url in (LIST, address(quiz), question)]
        assert tuple(page.status_code for page in pages) == expected, who
        if expected[0] == 200:
            assert ("nordlicht quiz" in text_of(pages[0])) is (expected[1] == 200), who
            assert LIST in client.get("/admin/").content.decode(), who


def test_nothing_of_the_other_client_and_nobodys_name(
    client: Any, as_user: Any, quiz: QuizPage, sides: Sides, klaus: Any
) -> None:
    as_user(client, klaus)
    texts = [client.get(url).content.decode() for url in (LIST, address(quiz), address(quiz, 3))]
    file = b"".join(client.get(address(quiz), {"export": "csv"}).streaming_content)
    book = b"".join(client.get(address(quiz), {"export": "xlsx"}).streaming_content)
    for text in (*texts, file.decode("utf-8-sig"), str(from_xlsx(book))):
        assert "nordlicht" in text
        for foreign in ("cedar-pine quiz", "cedar-pine first", sides.cedar.pair.engagement.name):
            assert foreign not in text
        assert "Crowd" not in text
        assert sides.nordlicht.pair.agent.full_name not in text


def test_a_quiz_that_there_is_not_is_told_like_a_foreign_one(
    client: Any, as_user: Any, quiz: QuizPage, klaus: Any
) -> None:
    as_user(client, klaus)
    nowhere = "00000000-0000-4000-8000-000000000000"
    assert client.get(f"{LIST}{nowhere}/").status_code == 404
    assert client.get(f"{address(quiz)}{nowhere}/").status_code == 404


# --- What it says --------------------------------------------------------------------------


def test_the_list_names_the_quiz_its_module_and_its_alpha(
    client: Any, as_user: Any, quiz: QuizPage, klaus: Any
) -> None:
    (row,) = as_user(client, klaus).get(LIST).context["rows"]
    assert (row["name"].title, row["name"].module) == ("nordlicht quiz", "German etiquette")
    assert row["glance"].attempts == 40
    shown = client.get(address(quiz)).context["study"].figures
    assert row["alpha"] == pytest.approx(shown.alpha)


def test_each_question_has_its_figures_and_what_to_look_at(
    client: Any, as_user: Any, quiz: QuizPage, klaus: Any
) -> None:
    page = as_user(client, klaus).get(address(quiz))
    rows = page.context["rows"]
    facilities = [round(row["question"].figures.facility, 2) for row in rows]
    assert facilities == [0.6, 0.6, 0.4, 1.0]
    codes = [{flag.code for flag in row["question"].flags} for row in rows]
    assert codes[0] == set()
    assert "key" in codes[2]
    assert codes[3] == {"too_easy"}
    assert "The key may be wrong" in text_of(page)


def test_a_question_shows_who_chose_what(
    client: Any, as_user: Any, quiz: QuizPage, klaus: Any
) -> None:
    page = as_user(client, klaus).get(address(quiz, 3))
    found = [(row.text, row.is_right, row.chosen, row.upper) for row in page.context["answers"]]
    assert found == [
        ("Marked as right.", True, "16", "0 %"),
        ("Really right.", False, "24", "100 %"),
        ("Nobody’s choice.", False, "0", "0 %"),
    ]
    told = text_of(page)
    assert "The best third often chooses “Really right.”" in told
    assert "Fewer than 2 % choose “Nobody’s choice.”" in told


def test_a_question_text_is_text_and_nothing_else(
    client: Any, as_user: Any, sides: Sides, klaus: Any
) -> None:
    side = sides.nordlicht
    hostile = "<img src=x onerror=alert(1)>"
    options = [{"text": hostile, "correct": True}, {"text": "b", "correct": False}]
    page = quiz_of(
        side.content.module,
        choice(side.pair.client, "Q", options=options, prompt=f"<p>{hostile} &lt;b&gt;</p>"),
        true_false(side.pair.client),
        title=hostile,
    )
    take(
        page,
        enrolled(side.pair.engagement, side.content.programme, 30),
        lambda _p, _n, item: right_answer(item),
    )
    as_user(client, klaus)
    for url in (LIST, address(page), address(page, 1)):
        assert b"<img src=x" not in client.get(url).content


def test_the_table_is_sorted_by_whatever_column(
    client: Any, as_user: Any, quiz: QuizPage, klaus: Any
) -> None:
    as_user(client, klaus)

    def numbers(order: str) -> list[int]:
        rows = client.get(address(quiz), {"order": order}).context["rows"]
        return [row["question"].number for row in rows]

    assert numbers("-facility") == [4, 1, 2, 3]
    assert numbers("discrimination")[0] == 3
    assert numbers("discrimination")[-1] == 4  # has none, whichever way
    assert numbers("-discrimination")[-1] == 4
    assert numbers("nonsense") == [1, 2, 3, 4]
    for heading in client.get(address(quiz)).context["headings"]:
        assert client.get(heading.url).status_code == 200


def from_xlsx(data: bytes) -> list[list[Any]]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    return [[cell.value for cell in row] for row in book.active.iter_rows()]


def test_both_files_hold_the_table_as_it_is_sorted(
    client: Any, as_user: Any, quiz: QuizPage, klaus: Any
) -> None:
    as_user(client, klaus)
    answer = client.get(address(quiz), {"export": "csv", "order": "-facility"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert answer["Content-Disposition"].endswith('.csv"')
    book = client.get(address(quiz), {"export": "xlsx", "order": "-facility"})
    sheet = from_xlsx(b"".join(book.streaming_content))
    assert rows[0] == sheet[0]
    assert [row[0] for row in rows[1:]] == ["4", "1", "2", "3"]
    assert [row[0] for row in sheet[1:]] == [4, 1, 2, 3]
    facility = rows[0].index("Facility (share of the marks earned)")
    assert [row[facility] for row in sheet[1:]] == [1, 0.6, 0.6, 0.4]


# --- What it keeps to itself ----------------------------------------------------------------


def test_below_thirty_it_says_why_it_says_nothing(
    client: Any, as_user: Any, sides: Sides, klaus: Any
) -> None:
    side = sides.nordlicht
    page = quiz_on(side)
    people = enrolled(side.pair.engagement, side.content.programme, MIN_ATTEMPTS)
    take(page, people[:-1], answers)
    as_user(client, klaus)
    told = text_of(client.get(address(page)))
    assert "29 attempts are counted; figures are shown from 30 on." in told
    for hidden in ("Facility", "The key may be wrong", "Download"):
        assert hidden not in told
    assert "Marked as right." not in text_of(client.get(address(page, 3)))
    for kind in ("csv", "xlsx"):
        assert not client.get(address(page), {"export": kind}).streaming
    (row,) = client.get(LIST).context["rows"]
    assert (row["mean"], row["alpha"]) == (None, None)
    take(page, people[-1:], answers)
    assert "Facility" in text_of(client.get(address(page)))


def test_filters_narrow_and_never_show_what_is_left_of_too_few(
    client: Any, as_user: Any, quiz: QuizPage, klaus: Any, sides: Sides
) -> None:
    side = sides.nordlicht
    some = QuizAttempt.objects.filter(quiz_key=quiz.translation_key)[:10]
    QuizAttempt.objects.filter(pk__in=[each.pk for each in some]).update(language="de")
    culture = factories.culture("German")
    ModulePage.objects.filter(pk=side.content.module.pk).update(target_culture=culture)
    as_user(client, klaus)

    def attempts(**chosen: Any) -> Any:
        return client.get(address(quiz), chosen).context["study"].attempts

    assert attempts(language="en") == 30
    assert attempts(culture=str(culture.translation_key)) == 40
    assert attempts(engagement=side.pair.engagement.pk) == 40
    assert attempts(period="2026q1") == 40
    assert attempts(period="2026") == 40
    page = client.get(address(quiz), {"language": "de"})
    assert (page.context["study"].attempts, page.context["study"].figures) == (10, None)
    assert "Take a filter away" in text_of(page)


def test_a_filter_that_is_none_counts_nothing_and_says_so(
    client: Any, as_user: Any, quiz: QuizPage, klaus: Any, sides: Sides
) -> None:
    as_user(client, klaus)
    for chosen in (
        {"engagement": sides.cedar.pair.engagement.pk},
        {"engagement": "x"},
        {"language": "tlh"},
        {"period": "2026q9"},
        {"culture": "0"},
        {"attempts": "some"},
    ):
        for url in (LIST, address(quiz), address(quiz, 3)):
            page = text_of(client.get(url, chosen))
            assert "is not among your choices" in page, chosen
            assert "Facility" not in page, chosen


def test_only_first_attempts_unless_all_are_asked_for(
    client: Any, as_user: Any, quiz: QuizPage, klaus: Any
) -> None:
    again = QuizAttempt.objects.filter(quiz_key=quiz.translation_key)[:12]
    take(quiz, [each.enrolment for each in again], answers, number=2)
    as_user(client, klaus)
    assert client.get(address(quiz)).context["study"].attempts == 40
    page = client.get(address(quiz), {"attempts": "all"})
    assert page.context["study"].attempts == 52
    assert "Repeated attempts are counted too." in text_of(page)


def test_a_copy_in_the_own_library_is_told_and_counted(
    client: Any, as_user: Any, quiz: QuizPage, klaus: Any, sides: Sides
) -> None:
    side = sides.nordlicht
    copied = copy_module(module=side.content.module, library=side.content.library, user=klaus.user)
    copy = QuizPage.objects.child_of(copied).get()
    take(copy, enrolled(side.pair.engagement, side.content.programme, 5), answers)
    page = as_user(client, klaus).get(address(copy))
    assert page.context["study"].attempts == 45
    assert "A copy of this quiz is counted with it." in text_of(page)
    assert len(client.get(LIST).context["rows"]) == 1


def test_queries_do_not_grow_with_attempts_or_quizzes(
    client: Any, as_user: Any, quiz: QuizPage, klaus: Any, sides: Sides
) -> None:
    as_user(client, klaus)

    def queries(url: str) -> int:
        client.get(url)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        return len(captured)

    before: Callable[[], list[int]] = lambda: [  # noqa: E731
        queries(url) for url in (LIST, address(quiz), address(quiz, 3))
    ]
    first = before()
    side = sides.nordlicht
    people = enrolled(side.pair.engagement, side.content.programme, 60)
    take(quiz, people, answers)
    for _number in range(3):
        take(quiz_on(side), people, answers)
    assert before() == first


def test_the_quizzes_editor_leads_to_its_analysis_once_there_is_one(
    client: Any, as_user: Any, quiz: QuizPage, klaus: Any, sides: Sides
) -> None:
    fresh = quiz_of(sides.nordlicht.content.module, true_false(None), title="Fresh quiz")
    as_user(client, klaus)
    for page, leads in ((quiz, True), (fresh, False)):
        editor = client.get(reverse("wagtailadmin_pages:edit", args=[page.pk]))
        assert (address(page) in editor.content.decode()) is leads


# --- Where a question is asked -----------------------------------------------------------------


def test_a_question_says_where_it_is_asked_and_leads_to_its_analysis(
    client: Any, as_user: Any, quiz: QuizPage, klaus: Any, sides: Sides
) -> None:
    side = sides.nordlicht
    question = Question.objects.get(title="nordlicht second")
    quiz_of(side.content.module, question, title="Fresh quiz")
    as_user(client, klaus)
    page = client.get(reverse("attune_reports:question_usage", args=[question.pk]))
    told = [(use.name.title, use.is_fixed, use.asked) for use in page.context["uses"]]
    assert told == [("nordlicht quiz", True, 40), ("Fresh quiz", True, 0)]
    led_to = client.get(page.context["uses"][0].url)
    assert led_to.context["question"].key == question.translation_key
    listed = client.get(reverse(type(question).snippet_viewset.get_url_name("list")))
    assert page.wsgi_request.path in listed.content.decode()


def test_a_shared_question_tells_no_client_of_anothers_quizzes(
    client: Any, as_user: Any, quiz: QuizPage, klaus: Any, outsider_trainer: Any, sides: Sides
) -> None:
    shared = choice(None, "Shared")
    for side, title in ((sides.nordlicht, "Mine"), (sides.cedar, "Theirs")):
        page = quiz_of(
            side.content.module, shared, true_false(side.pair.client, title), title=title
        )
        take(page, enrolled(side.pair.engagement, side.content.programme, 3), answers)
    url = reverse("attune_reports:question_usage", args=[shared.pk])
    mine = as_user(client, klaus).get(url).context["uses"]
    assert [(use.name.title, use.asked) for use in mine] == [("Mine", 3)]
    theirs = as_user(client, outsider_trainer).get(url).context["uses"]
    assert [(use.name.title, use.asked) for use in theirs] == [("Theirs", 3)]


def test_a_foreign_question_is_not_found_and_hr_has_no_bank(
    client: Any, as_user: Any, quiz: QuizPage, klaus: Any, ines: Any
) -> None:
    foreign = Question.objects.get(title="cedar-pine second")
    own = Question.objects.get(title="nordlicht second")
    urls = [reverse("attune_reports:question_usage", args=[each.pk]) for each in (foreign, own)]
    as_user(client, klaus)
    assert [client.get(url).status_code for url in urls] == [404, 200]
    as_user(client, ines)
    assert [client.get(url).status_code for url in urls] == [302, 302]


# --- Periods ---------------------------------------------------------------------------------


def test_periods_are_whole_quarters_and_years() -> None:
    found = periods_between(datetime(2025, 8, 1, tzinfo=UTC), datetime(2026, 4, 2, tzinfo=UTC))
    assert [each.code for each in found] == [
        "2026", "2026q2", "2026q1", "2025", "2025q4", "2025q3",
    ]  # fmt: skip
    begin, end = Period(2025, 4).bounds(ZoneInfo("Asia/Manila"))
    assert (begin.isoformat(), end.isoformat()) == (
        "2025-10-01T00:00:00+08:00",
        "2026-01-01T00:00:00+08:00",
    )


def test_a_quarter_begins_on_the_readers_clock(
    client: Any, as_user: Any, quiz: QuizPage, ines: Any, hana: Any
) -> None:
    """31 March, 23:00 UTC: already April in Bremen and in Manila, not yet in UTC."""
    moment = datetime(2026, 3, 31, 23, 0, tzinfo=UTC)
    QuizAttempt.objects.filter(quiz_key=quiz.translation_key).update(handed_in_at=moment)
    page = as_user(client, ines).get(address(quiz))
    codes = [code for code, _words in page.context["form"].fields["period"].choices]
    assert codes == ["", "2026", "2026q2"]
