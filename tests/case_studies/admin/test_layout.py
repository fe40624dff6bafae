"""The map: nothing overlaps, ways lead down, and whatever is wrong with a draft is drawn."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from attune.case_studies.admin.case_map import draw
from attune.case_studies.admin.layout import HEIGHT, RULE, WIDTH, Drawing, lay_out
from attune.case_studies.branching.analysis import examine
from attune.case_studies.branching.values import Case, Choice, Ending, Scene
from tests.case_studies.support import small_case


def case_of(*scenes: Scene, endings: tuple[str, ...] = ("end",)) -> Case:
    return Case("k", "Case", "en", scenes, tuple(Ending(key, key) for key in endings))


def leading(key: str, *goals: str) -> Scene:
    choices = tuple(Choice(f"c{number}", "Go", to=goal) for number, goal in enumerate(goals))
    return Scene(key, key.title(), choices)


def assert_readable(drawing: Drawing) -> None:
    for one, other in combinations(drawing.places, 2):
        apart = abs(one.x - other.x) >= WIDTH or abs(one.y - other.y) >= HEIGHT
        assert apart, f"{one.key} lies on {other.key}"
    for place in drawing.places:
        assert WIDTH // 2 <= place.x <= drawing.width - WIDTH // 2
        assert HEIGHT // 2 <= place.y <= drawing.height - HEIGHT // 2


@st.composite
def cases(draw: st.DrawFn) -> Case:
    count = draw(st.integers(0, 9))
    keys = [f"s{number}" for number in range(count)]
    goals = st.sampled_from([*keys, "end", "other", "nowhere", ""])
    return case_of(
        *(leading(key, *draw(st.lists(goals, max_size=4))) for key in keys),
        endings=("end", "other"),
    )


@given(cases())
def test_whatever_the_draft_everything_is_drawn_apart(case: Case) -> None:
    drawing = lay_out(case)
    assert_readable(drawing)
    drawn = {place.key for place in drawing.places}
    assert {scene.key for scene in case.scenes} | {"end", "other"} <= drawn
    for way in drawing.ways:
        assert {way.source, way.target} <= drawn
        if not way.turns_back:
            heights = [y for _x, y in way.points]
            assert heights == sorted(heights), "a way that leads up is not drawn as one down"
    leads = {(scene.key, each.to or RULE) for scene in case.scenes for each in scene.choices}
    assert {(w.source, w.target) for w in drawing.ways if w.kind == "choice"} == leads


def test_a_goal_that_is_not_there_is_drawn_as_missing() -> None:
    drawing = lay_out(case_of(leading("a", "ghost", "end")))
    assert {place.key: place.kind for place in drawing.places}["ghost"] == "missing"


def test_a_loop_is_drawn_and_so_is_a_scene_that_leads_to_itself() -> None:
    drawing = lay_out(case_of(leading("a", "b"), leading("b", "a", "b", "end")))
    turned = {(way.source, way.target) for way in drawing.ways if way.turns_back}
    assert turned == {("b", "a"), ("b", "b")}
    assert_readable(drawing)


def test_marks_say_in_words_what_they_mean() -> None:
    case = small_case()
    broken = replace(case, scenes=(*case.scenes, Scene("shame", "He hangs up")))
    picture = draw(broken, examine(broken).findings, url_of=lambda key: f"/{key}/", selected="call")
    boxes = {box.key: box for box in picture.boxes}
    assert boxes["answer"].is_start
    assert boxes["call"].is_selected
    assert boxes["answer"].mark is None
    mark = boxes["shame"].mark
    assert mark is not None
    assert mark.shape == "error"
    assert mark.words == "1 error, 1 warning"
    assert "Error: " in boxes["shame"].name
    assert boxes["call"].name.startswith("Herr Brandt is on the line call. Scene. 2 choices")
    assert boxes["trusted"].url == ""
    assert any(line.kind == "otherwise" for line in picture.lines)
    # Beside a scene its own ways are told, on the whole map all of them.
    assert not any("I close the ticket." in line.title for line in picture.lines)
    assert any(line.title for line in picture.lines)
    whole = draw(broken, examine(broken).findings, url_of=lambda key: f"/{key}/")
    assert any("I close the ticket." in line.title for line in whole.lines)
