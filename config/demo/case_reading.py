"""Reads case studies from TOML: a branching one into a plain case, a story into its page's values.

A branching case has the fields of ``case_studies.branching.values``, with Markdown where the
page keeps rich text. Whether it makes sense (dead ends, conditions that never hold) the
engine's own analysis says; ``tests/config/test_demo_cases.py`` asks it.
"""

from __future__ import annotations

from typing import Any

from wagtail import blocks

from attune.case_studies.blocks import SceneBody
from attune.case_studies.branching.plain import PlainError, case_from_plain
from attune.case_studies.models import (
    CaseChoice,
    CaseCompetency,
    CaseEnding,
    CaseMeter,
    CaseScene,
    CaseStudyPage,
)
from attune.case_studies.models.reflective import ReflectiveCasePage
from attune.case_studies.reflective_blocks import StoryBody
from config.demo.tables import (
    Source,
    Table,
    block_value,
    key_of,
    limit_of,
    rich_text,
    struct_value,
    unit_values,
)


def read_case(table: Table, *, path: str) -> Source:
    """The unit's own values, and under ``case`` what ``case_from_plain`` reads."""
    values = unit_values(table, CaseStudyPage)
    introduction = rich_text(table.text("introduction"))
    pass_score = table.take("pass_score", int, 0) or None
    plain: dict[str, Any] = {
        "key": str(key_of(path)),
        "title": values["title"],
        "language": "en",
        "introduction": introduction,
        "pass_score": pass_score,
        "meters": [_meter(each) for each in table.tables("meter")],
        "competencies": [_competency(each) for each in table.tables("competency")],
        "scenes": [_scene(each, path=path) for each in table.tables("scene")],
        "endings": [_ending(each) for each in table.tables("ending")],
    }
    try:
        case_from_plain(plain)
    except PlainError as error:
        table.fault(error.problem, error.path)
    return Source(path, values | {"case": plain})


def _meter(table: Table) -> dict[str, Any]:
    value = {
        "name": table.text("name", limit=limit_of(CaseMeter, "name")),
        "label": table.text("label", limit=limit_of(CaseMeter, "label")),
        "unit": table.text("unit", limit=limit_of(CaseMeter, "unit"), may_be_empty=True),
        "lowest": table.take("lowest", int, 0),
        "highest": table.take("highest", int, 100),
        "start": table.take("start", int),
        "shown": table.flag("shown", default=True),
    }
    table.done()
    return value


def _competency(table: Table) -> dict[str, Any]:
    value = {
        "name": table.text("name", limit=limit_of(CaseCompetency, "name")),
        "label": table.text("label", limit=limit_of(CaseCompetency, "label")),
    }
    table.done()
    return value


def _rules(table: Table, model: type, *names: str) -> dict[str, str]:
    return {
        name: table.text(name, limit=limit_of(model, name), may_be_empty=True) for name in names
    }


def _scene(table: Table, *, path: str) -> dict[str, Any]:
    key = table.text("key", limit=limit_of(CaseScene, "key"))
    value = {
        "key": key,
        "title": table.text("title", limit=limit_of(CaseScene, "title")),
        **_rules(table, CaseScene, "place", "client_time", "vendor_time", "condition", "otherwise"),
        "body": stream_value(SceneBody(), table, name="body", ident=f"{path}/{key}"),
        "choices": [_choice(each) for each in table.tables("choice")],
    }
    table.done()
    return value


def _choice(table: Table) -> dict[str, Any]:
    points = table.take("points", dict, {})
    value = {
        "key": table.text("key", limit=limit_of(CaseChoice, "key")),
        "text": table.text("text"),
        **_rules(table, CaseChoice, "to", "condition", "effects"),
        "outcome": rich_text(table.text("outcome")),
        "reading": rich_text(table.text("reading")),
        "norm": table.text("norm", limit=limit_of(CaseChoice, "norm")),
        "points": points,
    }
    table.done()
    return value


def _ending(table: Table) -> dict[str, Any]:
    value = {
        "key": table.text("key", limit=limit_of(CaseEnding, "key")),
        "title": table.text("title", limit=limit_of(CaseEnding, "title")),
        "summary": rich_text(table.text("summary")),
        **_rules(table, CaseEnding, "condition"),
        "score": table.text("score", limit=limit_of(CaseEnding, "score")),
    }
    table.done()
    return value


def stream_value(stream: Any, table: Table, *, name: str, ident: str) -> list[dict[str, Any]]:
    """The raw value of a stream: tables with a ``type``, and ``text`` where that is all."""
    value = []
    known = stream.child_blocks
    for number, entry in enumerate(table.tables(name)):
        kind = entry.one_of("type", list(known))
        block = known.get(kind)
        place = f"{ident}/{name}/{number}"
        inner: Any = None
        if isinstance(block, blocks.StructBlock):
            inner = struct_value(block, entry, ident=place)
        elif block is not None:
            inner = block_value(
                block, entry.text("text"), at=entry, name="text", ident=f"{place}/text"
            )
        entry.done()
        value.append({"type": kind, "id": str(key_of(place)), "value": inner})
    return value


def read_reflective_case(table: Table, *, path: str) -> Source:
    values = unit_values(table, ReflectiveCasePage)
    values |= {
        "provenance": table.text("provenance", limit=limit_of(ReflectiveCasePage, "provenance")),
        "least_words": table.whole("least_words", high=500),
        "story": stream_value(StoryBody(), table, name="story", ident=path),
        "questions": [_question(each) for each in table.tables("question")],
    }
    if not values["questions"]:
        table.fault("has no questions", "question")
    return Source(path, values)


def _question(table: Table) -> dict[str, str]:
    value = {
        "key": table.text("key"),
        "text": table.text("text", limit=500),
        "hint": table.text("hint", limit=300, may_be_empty=True),
    }
    table.done()
    return value
