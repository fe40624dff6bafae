"""A case written onto a page's rows: what is kept, what is cleaned, what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from wagtail.models import Locale

from attune.case_studies import checks
from attune.case_studies.branching.plain import case_from_plain, to_plain
from attune.case_studies.branching.values import Case, Choice, Competency, Ending, Meter, Scene
from attune.case_studies.casting import case_of
from attune.case_studies.models import CaseStudyPage
from attune.case_studies.services.write_case import CaseRefused, plan_case, write_case
from attune.case_studies.wording import fill_case, needed_values, variable_problems
from tests import factories

KEY = "0b6f1c3e-9d1f-4f6e-8a55-2f3f2f7f1a01"


def a_case(**changes: Any) -> Case:
    case = Case(
        key=KEY,
        title="The line stands still",
        language="en",
        introduction="<p>A plant in Chemnitz.</p>",
        pass_score=60,
        meters=(Meter("trust", "Trust"), Meter("minutes", "Minutes", 0, 240, 60, "min", False)),
        competencies=(Competency("ownership", "Ownership"),),
        scenes=(
            Scene(
                "call",
                "Herr Albers calls",
                place="Chemnitz",
                client_time="09:30",
                vendor_time="16:30",
                body=(
                    {"type": "narration", "value": "<p>{{ client.name }} is on the line.</p>"},
                    {
                        "type": "chat",
                        "value": {
                            "lines": [
                                {"type": "item", "value": {"speaker": "A & B", "text": "Now?"}}
                            ]
                        },
                    },
                    {"type": "call", "value": {"recording": None, "lines": []}},
                ),
                choices=(
                    Choice(
                        "promise",
                        "{{ client.greeting | Hello, }} by {{ sla.resolution }}",
                        to="wait",
                        effects="trust += 10; minutes -= 15",
                        outcome="<p>He writes it down.</p>",
                        reading="<p>A date is a promise.</p>",
                        norm="A date is a promise",
                        points={"ownership": 2},
                    ),
                    Choice("wait", "Someone will look.", to="", condition="trust > 20"),
                ),
            ),
            Scene("wait", "An hour later", condition="trust > 10", otherwise="lost"),
        ),
        endings=(
            Ending("kept", "Kept", "<p>Well done.</p>", "trust >= 50", "50 + trust / 2"),
            Ending("lost", "Lost"),
        ),
    )
    return replace(case, **changes)


@pytest.fixture
def module(shared_library: Any) -> Any:
    return factories.module(shared_library, "Escalations")


def without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_ids(each) for key, each in value.items() if key != "id"}
    return [without_ids(each) for each in value] if isinstance(value, list) else value


def drafted(page: Any) -> Case:
    return case_of(CaseStudyPage.objects.get(pk=page.pk).get_latest_revision_as_object())


def test_a_case_is_written_once_and_mended_by_key(
    module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # About writing, not about what may be published: these cases lead nowhere.
    monkeypatch.setattr(checks, "errors_of", lambda case: [])
    user = factories.user("author@attune.example")
    planned = plan_case(module, a_case(), user=user)
    assert planned.created
    assert not CaseStudyPage.objects.exists()
    written = write_case(module, a_case(), user=user)
    page = written.page
    assert page is not None
    assert written.created
    assert not page.live
    assert str(page.translation_key) == KEY
    assert without_ids(to_plain(drafted(page))) == to_plain(a_case())

    # The same again, from a file that has no ids and one that has them: no new revision.
    for again in (a_case(), case_from_plain(to_plain(drafted(page)))):
        for place in (module, page):
            assert write_case(place, again, user=user).differences == []
    assert page.revisions.count() == 1

    page.latest_revision.publish()
    rows = {row.key: row for row in page.scenes.all()}
    changed = a_case(
        scenes=(
            Scene("new", "Before all that"),
            replace(a_case().scenes[0], title="He calls again"),
        ),
        language="de",
        key="elsewhere",
    )
    found = write_case(page, changed, user=user).differences
    assert [(each.verdict, each.part, each.key) for each in found] == [
        ("new", "scene", "new"),
        ("changed", "scene", "call"),
        ("removed", "scene", "wait"),
    ]
    assert found[1].fields == ("title",)
    page.refresh_from_db()
    assert page.has_unpublished_changes
    assert [each.key for each in case_of(page).scenes] == ["call", "wait"]  # live stays
    page.get_latest_revision().publish()
    page.refresh_from_db()
    assert [each.key for each in page.scenes.all()] == ["new", "call"]
    assert page.scenes.get(key="call").pk == rows["call"].pk
    assert page.scenes.get(key="call").choices.count() == 2
    assert page.locale == Locale.get_default()
    assert str(page.translation_key) == KEY


def test_elsewhere_it_is_a_copy_that_remembers(module: Any, shared_library: Any) -> None:
    user = factories.user("author@attune.example")
    first = write_case(module, a_case(), user=user).page
    second = write_case(factories.module(shared_library, "Calls"), a_case(), user=user).page
    assert second is not None
    assert first is not None
    assert second.translation_key != first.translation_key
    assert str(second.copied_from) == KEY


def test_rich_text_is_cleaned_and_the_editors_marks_are_no_change(module: Any) -> None:
    user = factories.user("author@attune.example")
    bad = a_case(
        introduction='<p onclick="x()">Hello<script>alert(1)</script></p>',
        scenes=(
            Scene(
                "call",
                "Call <b>me</b>",
                body=({"type": "narration", "value": "<img src=x onerror=alert(1)>Hi"},),
            ),
        ),
    )
    page = write_case(module, bad, user=user).page
    assert page is not None
    case = drafted(page)
    assert case.introduction == "<p>Hello</p>"
    assert case.scenes[0].body[0]["value"] == "Hi"
    assert case.scenes[0].title == "Call <b>me</b>"  # plain: whoever shows it escapes it

    draft = page.get_latest_revision_as_object()
    draft.introduction = '<p data-block-key="k1">Hello</p>'
    draft.save_revision()
    assert write_case(page, bad, user=user).differences == []
    other = replace(bad, pass_score=10)
    assert [each.fields for each in write_case(page, other, user=user).differences] == [
        ("pass_score",)
    ]
    assert "k1" in drafted(page).introduction


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": ""}, "The case, title"),
        ({"pass_score": 400}, "less than or equal to 100"),
        ({"meters": (Meter("Trust!", "x"),)}, "Small letters, digits and underscores"),
        ({"meters": (Meter("a", "x", start=500),)}, "within its bounds"),
        ({"meters": (Meter("a", "x"), Meter("a", "y"))}, "more than one meter"),
        ({"scenes": (Scene("A b", "x"),)}, "Scene “A b”, key"),
        ({"scenes": (Scene("lost", "x"),)}, "more than one scene or ending"),
        ({"scenes": (Scene("a", "x", client_time="25:00"),)}, "Hours and minutes"),
        ({"scenes": tuple(Scene(f"s{n}", "x") for n in range(501))}, "501 scenes, of at most 500"),
        ({"scenes": (Scene("a", "x", (Choice("b", ""),)),)}, "choice “b”"),
        ({"scenes": (Scene("a", "x", body=({"type": "video"},)),)}, "no block “video”"),
        (
            {"scenes": (Scene("a", "x", body=({"type": "chat", "value": {"lines": 5}},)),)},
            "a list was expected",
        ),
        (
            {"scenes": (Scene("a", "x", body=({"type": "ticket", "value": {"sbject": ""}},)),)},
            "no field “sbject”",
        ),
        (
            {"scenes": (Scene("a", "x", body=({"type": "narration", "value": 5},)),)},
            "a text was expected",
        ),
        ({"introduction": "<p>" * 5000}, "tags at a time"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(
    changes: dict[str, Any], words: str, db: None
) -> None:
    with pytest.raises(CaseRefused) as refused:
        plan_case(CaseStudyPage(), a_case(**changes), user=None)
    assert words in str(refused.value)


def test_nobody_brings_in_what_is_anothers(module: Any, klaus: Any, cedar_content: Any) -> None:
    theirs = cedar_content.lesson.pk
    case = a_case(introduction=f'<p><a linktype="page" id="{theirs}">look</a></p>')
    with pytest.raises(CaseRefused, match="not yours to use"):
        write_case(module, case, user=klaus.user)
    assert not CaseStudyPage.objects.exists()


# --- Wording -------------------------------------------------------------------------------


def test_values_are_escaped_where_the_text_is_rich_and_only_there() -> None:
    values = {"client.name": "<i>N&Ö</i>", "client.greeting": "Guten Tag <Name>,"}
    filled, missing = fill_case(a_case(), values)
    body = filled.scenes[0].body
    assert body[0]["value"] == "<p>&lt;i&gt;N&amp;Ö&lt;/i&gt; is on the line.</p>"
    assert filled.scenes[0].choices[0].text.startswith("Guten Tag <Name>, by [")
    assert missing == ("sla.resolution",)
    assert needed_values(a_case()) == ("client.name", "sla.resolution")


def test_what_is_wrong_with_variables_is_found_where_it_stands() -> None:
    case = a_case(
        endings=(Ending("kept", "Kept", "<p>{{ client.nam }}</p>"),),
        introduction="<p>{{ client.name</p>",
    )
    assert [(each.code, each.scene, each.ending) for each in variable_problems(case)] == [
        ("variable_not_closed", "", ""),
        ("variable_unknown", "", "kept"),
    ]
    shared = list(variable_problems(a_case(), shared=True))
    assert [(each.code, each.scene, each.choice) for each in shared] == [
        ("variable_no_fallback", "call", ""),
        ("variable_no_fallback", "call", "promise"),
    ]
