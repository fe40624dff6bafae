"""Tags of the learner's pages: dates on two clocks, states in words, text that stays text."""

from datetime import UTC, datetime
from html.parser import HTMLParser
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.core.paginator import Paginator
from django.template import Context, Template, TemplateSyntaxError
from django.test import RequestFactory
from django.utils import translation

from attune.design.templatetags import attune_design as tags
from attune.enrolments.states import State

NOW = datetime(2026, 11, 1, tzinfo=UTC)
NOON = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)
EVENING = datetime(2026, 11, 27, 20, 0, tzinfo=UTC)


def render(source: str, **context: object) -> str:
    return Template("{% load attune_design %}" + source).render(Context(context))


def words(html: str) -> str:

    class Text(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.parts: list[str] = []

        def handle_data(self, data: str) -> None:
            self.parts.append(data)

    parser = Text()
    parser.feed(html)
    return " ".join("".join(parser.parts).split())


# --- Moments --------------------------------------------------------------------------


def test_a_moment_stands_on_both_clocks() -> None:
    shown = tags.two_zones(NOON, "Asia/Manila", "Europe/Berlin", "Nordlicht", NOW)
    assert words(shown) == "Fri 27 Nov, 18:00 your time (Manila) · 11:00 for Nordlicht (Berlin)"
    assert 'datetime="2026-11-27T18:00+08:00"' in shown
    assert 'datetime="2026-11-27T11:00+01:00"' in shown


def test_another_day_at_the_client_is_written_out() -> None:
    shown = tags.two_zones(EVENING, "Asia/Manila", "Europe/Berlin", "Nordlicht", NOW)
    assert words(shown) == (
        "Sat 28 Nov, 04:00 your time (Manila) · Fri 27 Nov, 21:00 for Nordlicht (Berlin)"
    )


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("Europe/Paris", "Europe/Berlin"),
        ("Europe/Berlin", ""),
        (ZoneInfo("Europe/Berlin"), ZoneInfo("Europe/Madrid")),
    ],
)
def test_clocks_that_agree_are_shown_once(mine: object, theirs: object) -> None:
    shown = words(tags.two_zones(NOON, mine, theirs, "Nordlicht", NOW))  # type: ignore[arg-type]
    assert shown.startswith("Fri 27 Nov, 11:00 your time")
    assert "Nordlicht" not in shown


def test_another_year_is_named() -> None:
    shown = tags.one_zone(datetime(2027, 2, 1, 9, tzinfo=UTC), "Asia/Kolkata", NOW)
    assert words(shown) == "Mon 1 Feb 2027, 14:30 your time (Kolkata)"


def test_moments_speak_the_readers_language() -> None:
    with translation.override("de"):
        assert "27 Nov" in words(tags.one_zone(NOON, "Europe/Berlin", NOW))
        assert words(tags.one_zone(NOON, "Europe/Berlin", NOW)).startswith("Fr")


def test_no_moment_is_nothing() -> None:
    assert tags.two_zones(None, "Asia/Manila", "Europe/Berlin", "Nordlicht") == ""


def test_the_clients_name_is_text() -> None:
    shown = tags.two_zones(NOON, "Asia/Manila", "Europe/Berlin", "<b>&{x}", NOW)
    assert "&lt;b&gt;&amp;{x}" in shown


# --- States ---------------------------------------------------------------------------


@pytest.mark.parametrize("state", list(State))
def test_each_state_has_words_and_an_icon(state: State) -> None:
    assert state.value in tags.STATES
    shown = render("{% status_label state %}", state=state)
    assert words(shown) == str(tags.STATES[state.value][0])
    assert "<use href=" in shown
    assert "Overdue" not in shown


def test_overdue_stands_beside_the_state() -> None:
    assert words(render('{% status_label "in_progress" True %}')) == "In progress Overdue"


def test_a_state_that_nobody_knows_is_shown_as_it_is() -> None:
    assert words(render("{% status_label state %}", state="<odd>")) == "<odd>"


# --- Parts ----------------------------------------------------------------------------


def test_an_icon_is_silent_unless_it_has_a_label() -> None:
    assert 'aria-hidden="true"' in tags.icon("check")
    labelled = tags.icon("check", label="Done & <saved>")
    assert 'role="img" aria-label="Done &amp; &lt;saved&gt;"' in labelled
    assert "aria-hidden" not in labelled


def test_an_unknown_icon_is_loud_in_development_and_silent_elsewhere(settings: object) -> None:
    settings.DEBUG = True  # type: ignore[attr-defined]
    with pytest.raises(TemplateSyntaxError):
        tags.icon("no-such-drawing")
    settings.DEBUG = False  # type: ignore[attr-defined]
    assert tags.icon("no-such-drawing") == ""


@pytest.mark.parametrize(
    ("done", "total", "says"),
    [(0, 5, "0 of 5 lessons"), (7, 5, "5 of 5 lessons"), (0, 0, "0 of 0 lessons")],
)
def test_progress_says_its_figures(done: int, total: int, says: str) -> None:
    shown = render('{% progress d t "Etiquette" "lessons" %}', d=done, t=total)
    assert says in words(shown)
    assert 'aria-label="Etiquette"' in shown
    assert 'max="0"' not in shown


def test_pages_keep_the_rest_of_the_query() -> None:
    context = {
        "request": RequestFactory().get("/list/", {"q": "a&b", "page": "2"}),
        "page_obj": Paginator(range(40), 10).page(2),
    }
    shown = render("{% pagination page_obj %}", **context)
    assert 'href="?q=a%26b&amp;page=1"' in shown
    assert 'href="?q=a%26b&amp;page=3"' in shown


def test_found_words_are_marked_and_the_rest_is_escaped() -> None:
    shown = tags.marked("<i>Say Sie</i>, sie & du", "sie")
    assert shown == "&lt;i&gt;Say <mark>Sie</mark>&lt;/i&gt;, <mark>sie</mark> &amp; du"


@pytest.mark.parametrize("query", ["", "  ", "(", "a|", "\\"])
def test_marking_survives_any_query(query: str) -> None:
    assert "&lt;i&gt;" in tags.marked("<i>a</i>", query)


def test_voices_number_the_speakers_in_order() -> None:
    lines = [{"speaker": name} for name in ("Liza", "Caller", "Liza", "Jonas")]
    assert [number for number, _ in tags.voices(lines)] == [1, 2, 1, 3]


def test_the_next_unit_is_the_first_required_one_that_is_open() -> None:
    def unit(pk: int, state: str, *, required: bool = True) -> SimpleNamespace:
        return SimpleNamespace(page=SimpleNamespace(pk=pk), state=state, required=required)

    units = [
        unit(1, "completed"),
        unit(2, "not_started", required=False),
        unit(3, "in_progress"),
        unit(4, "not_started"),
    ]
    assert tags.next_unit_key(units) == 3
    assert tags.next_unit_key(units[:2]) is None


def test_languages_that_django_does_not_know_keep_their_given_name(settings: object) -> None:
    settings.LANGUAGES = [("de", "German"), ("fil", "Filipino")]  # type: ignore[attr-defined]
    assert tags.site_languages() == [
        {"code": "de", "name": "Deutsch"},
        {"code": "fil", "name": "Filipino"},
    ]
