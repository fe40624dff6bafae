"""Every format: what it reads, what it names, what comes back of what it wrote.

``golden/<format>.<extension>`` holds the export of ``samples.DRAFTS`` (of the packed formats
their text). A golden that is missing fails; after a change that is meant, delete it, run
with ``ATTUNE_WRITE_GOLDENS=1`` and read the difference.
"""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from attune.quizzes.exchange import Draft, export, format_named, formats
from attune.quizzes.exchange.contract import canonical_data, differences
from attune.tabular.reading import FileRefused
from tests.quizzes.exchange.samples import DRAFTS
from tests.quizzes.kinds import KINDS

HERE = Path(__file__).parent
SLUGS = [form.slug for form in formats()]

# What each format gives back of each sample but in part; those that are not named are whole.
PARTLY: dict[str, dict[str, set[str]]] = {
    "gift": {
        "all_or_nothing": {"partial_credit"},
        "written_reply": {"max_words", "min_words", "model_answer", "rubric", "situation"},
        "numeric": {"unit"},
    },
    "aiken": {
        "single": {"prompt", "options.feedback", "options.share"},
        "plain_single": {"prompt"},
    },
    "moodle": {
        "gaps": {"blanks.accents_matter", "blanks.near_miss"},
        "written_reply": {"rubric", "situation"},
        "range": {"maximum", "minimum", "tolerance", "value"},
    },
    "qti": {
        "short": {"blanks.feedback"},
        "gaps": {"blanks.feedback", "blanks.accents_matter", "blanks.near_miss"},
        "written_reply": {"max_words", "min_words", "rubric"},
        "sequencing": {"partial_credit"},
        "performance": {"steps.feedback"},
        "numeric": {"feedback"},
    },
    "csv": {},
    "xlsx": {},
}
REFUSED = {
    "gift": {"gaps", "at_least", "sequencing", "performance", "likert", "situational"},
    "aiken": set(DRAFTS) - {"single", "plain_single"},
    "moodle": {"at_least", "performance", "likert", "situational"},
    "qti": {"situational"},
    "csv": set(),
    "xlsx": set(),
}


def test_there_are_six() -> None:
    assert SLUGS == ["gift", "aiken", "moodle", "qti", "csv", "xlsx"]


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("name", DRAFTS)
def test_what_is_exported_comes_back_as_far_as_the_format_carries_it(slug: str, name: str) -> None:
    form, draft = format_named(slug), DRAFTS[name]
    made = export(form, [draft])
    if name in REFUSED[slug]:
        assert made.count == 0
        assert made.left_out[0].reason
        return
    parsed = form.read(made.body)
    assert not parsed.findings or draft.kind == "written_reply"  # which gets a rubric
    (again,) = parsed.drafts
    lost = {part for part in differences(draft, again) if part not in form.never}
    assert lost == PARTLY[slug].get(name, set())
    assert {part for each in made.left_out for part in each.parts} == lost


@pytest.mark.parametrize("slug", ["csv", "xlsx"])
@pytest.mark.parametrize(("kind", "example"), [(k, e) for k in KINDS for e in KINDS[k].examples])
def test_tables_carry_every_installed_type_whole(slug: str, kind: str, example: str) -> None:
    data = KINDS[kind].examples[example]
    draft = Draft(kind=kind, prompt="<p>So?</p>", data=data, title="So", tags=())
    made = export(format_named(slug), [draft])
    assert made.left_out == []
    assert made.count == 1


@pytest.mark.parametrize("slug", SLUGS)
def test_the_export_is_the_golden_one(slug: str) -> None:
    form = format_named(slug)
    body = export(form, list(DRAFTS.values())).body
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            parts = [f"--- {name}\n{packed.read(name).decode()}" for name in packed.namelist()]
        body = "\n".join(parts).encode()
    golden = HERE / "golden" / f"{slug}.txt"
    if os.environ.get("ATTUNE_WRITE_GOLDENS") and not golden.exists():
        golden.write_bytes(body)
    assert body == golden.read_bytes()


def read(name: str, slug: str) -> Any:
    return format_named(slug).read((HERE / "files" / name).read_bytes())


def by_title(parsed: Any) -> dict[str, Draft]:
    return {draft.title or "": draft for draft in parsed.drafts}


def said(parsed: Any, *, refused: bool) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in parsed.findings:
        if each.refused == refused:
            found.setdefault(each.name or each.place, []).append(each.message)
    return found


def test_gift_as_a_trainer_writes_it() -> None:
    parsed = read("desk.gift.txt", "gift")
    drafts = by_title(parsed)
    assert parsed.encoding == "UTF-8"
    late = drafts["Late"]
    assert late.identifier == "late-1"
    assert late.tags == ("Escalation", "time")
    assert late.prompt == "<p>A meeting is at 9:00. At 9:05 you are <em>late</em>.</p>"
    assert late.explanation == "<p>A time is a promise.</p>"
    assert late.data == {
        "answer": True,
        "feedback_true": "Right, 9:00 is 9:00.",
        "feedback_false": "Five minutes count.",
    }
    options = drafts["A reply"].data["options"]
    assert [each["text"] for each in options][3] == "Never ~ ever = 100#."
    assert [each.get("share") for each in options] == [None, None, 50, None]
    assert drafts["Several"].data["partial_credit"] is True
    assert drafts["Greeting"].data["blanks"][0]["accepted"] == ["Grüß Gott", "Servus"]
    assert drafts["SLA"].data == {"value": "15", "tolerance": "0", "feedback": "See the SLA."}
    assert drafts["SLA"].tags == ("Numbers",)
    assert drafts["Range"].data == {"minimum": "7.5", "maximum": "8", "feedback": ""}
    assert drafts["Pairs"].data["distractors"] == ["The customer"]
    assert drafts["Reply"].kind == "written_reply"
    assert drafts["Markdown"].prompt == "<p>Is <strong>nine</strong> late?</p>"
    gap = drafts[""]
    assert gap.data["text"] == "I will [[1]] you tomorrow."
    notes, refused = said(parsed, refused=False), said(parsed, refused=True)
    assert "costs 25 %" in notes["A reply"][0]
    assert "75, 25, -100" in notes["Unequal"][0]
    assert "Hallo" in notes["Greeting"][0]
    assert "1822:2" in notes["Parts"][0]
    assert any("without answers" in words for each in notes.values() for words in each)
    assert set(refused) == {"line 29", "No answer", "Open"}


def test_moodle_xml_as_moodle_writes_it() -> None:
    parsed = read("desk.moodle.xml", "moodle")
    drafts = by_title(parsed)
    reply = drafts["A reply to plan with"]
    assert reply.prompt == "<p>With which reply can a colleague <strong>plan</strong>?</p>"
    assert (reply.identifier, reply.tags) == ("reply-1", ("Etiquette", "time"))
    assert [each["text"] for each in reply.data["options"]] == [
        "Today by 15:00.",
        "This afternoon.",
        "A <b> & B",
    ]
    assert reply.data["options"][1]["share"] == 33
    assert drafts["What belongs in"].data["partial_credit"] is True
    assert drafts["Late"].data["feedback_false"] == "No."
    assert drafts["Greeting"].data["blanks"][0]["case_matters"] is True
    assert drafts["SLA"].data["unit"] == "min"
    assert drafts["SLA"].data["tolerance"] == "0.5"
    assert drafts["Lines"].data["distractors"] == ["The customer"]
    assert drafts["Mail"].data["model_answer"] == "Names a time."
    gaps = drafts["Gaps"]
    assert gaps.prompt == "<p>Complete the mail.</p>"
    assert gaps.data["text"] == "Dear [[1]], I will [[2]] you."
    assert [each["case_matters"] for each in gaps.data["blanks"]] == [True, False]
    assert drafts["A call"].data["partial_credit"] is False
    notes, refused = said(parsed, refused=False), said(parsed, refused=True)
    assert set(refused) == {"Lists", "A picture", "Drag"}
    assert "desk.png" in refused["A picture"][0]
    assert "MULTICHOICE" in refused["Lists"][0]
    assert "ddimageortext" in refused["Drag"][0]
    told = " ".join(notes["What belongs in"])
    assert "<colour>" in told
    assert "Hints" in told
    assert "2.0000000 points" in " ".join(notes["A reply to plan with"])
    assert "Hallo" in " ".join(notes["Greeting"])
    assert "Read" in notes
    assert all(each.place.startswith("line ") for each in parsed.findings)


def test_aiken_as_a_trainer_writes_it() -> None:
    parsed = read("desk.aiken.txt", "aiken")
    assert [draft.prompt for draft in parsed.drafts] == [
        "<p>When is “today by noon” late?</p>",
        "<p>Which reply names a time<br/>and a person?</p>",
    ]
    assert [[o["correct"] for o in draft.data["options"]] for draft in parsed.drafts] == [
        [False, True],
        [False, True, False],
    ]
    assert [(each.place, each.refused) for each in parsed.findings] == [
        ("line 13", True),
        ("line 17", True),
    ]


def test_qti_as_another_system_writes_it() -> None:
    parsed = read("item.qti.xml", "qti")
    (draft,) = parsed.drafts
    assert (draft.identifier, draft.title, draft.kind) == ("desk-reply", "A reply", "choice")
    assert draft.prompt == "<p>A customer <em>waits</em>.</p><p>Which replies name a time?</p>"
    assert draft.explanation == "<p>A time is a promise.</p>"
    assert canonical_data("choice", draft.data) == {
        "multiple": True,
        "partial_credit": True,
        "options": [
            {"text": "Today by 15:00.", "correct": True, "feedback": "A time."},
            {"text": "Soon.", "feedback": "When is that?"},
            {"text": "Monday, 10:00.", "correct": True},
        ],
    }


def test_a_table_names_what_it_does_not_know() -> None:
    body = (
        "type;question;answer 1;key 1;answer 2;mood;settings;topic\n"
        "choice;Which?;yes;x;no;good;colour=red;etiquette\n"
        "haiku;Old pond;;;;;;\n"
        "numeric;How many?;many;;;;;\n"
        "true_false;Is it?;true;;;;;weather\n"
        "choice;Formula?;'=1+1;x;'+49 30 1;;;\n"
    )
    parsed = format_named("csv").read(body.encode("utf-16"))
    assert parsed.encoding == "UTF-16"
    first, second = parsed.drafts
    assert (first.place, first.topic) == ("line 2", "etiquette")
    assert [each["text"] for each in second.data["options"]] == ["=1+1", "'+49 30 1"]
    notes, refused = said(parsed, refused=False), said(parsed, refused=True)
    assert "mood" in notes["line 1"][0]
    assert "colour" in notes["line 2"][0]
    assert "haiku" in refused["line 3"][0]
    assert "many" in refused["line 4"][0]
    assert "weather" in refused["line 5"][0]


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("utf-16", "UTF-16"), ("utf-16-le", "UTF-16"),
     ("utf-16-be", "UTF-16"), ("cp1252", "Windows-1252")],
)  # fmt: skip
def test_encodings_are_found_out(encoding: str, name: str) -> None:
    parsed = format_named("gift").read("Grüße aus München – ist das so? {T}".encode(encoding))
    assert parsed.encoding == name
    assert parsed.drafts[0].prompt == "<p>Grüße aus München – ist das so?</p>"


BOMB = b"""<?xml version="1.0"?><!DOCTYPE quiz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>
<quiz><question type="truefalse"><name><text>&b;</text></name></question></quiz>"""
OUTSIDE = b"""<!DOCTYPE quiz SYSTEM "file:///etc/passwd"><quiz/>"""


@pytest.mark.parametrize("body", [BOMB, OUTSIDE])
@pytest.mark.parametrize("slug", ["moodle", "qti"])
def test_entities_and_document_types_are_not_opened(slug: str, body: bytes) -> None:
    with pytest.raises(FileRefused, match="document type or entities"):
        format_named(slug).read(body)


def packed(**files: bytes) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return body.getvalue()


@pytest.mark.parametrize("slug", ["qti", "xlsx"])
def test_a_bomb_is_not_opened(slug: str) -> None:
    body = packed(xl__worksheets__sheet1_xml=b"\0" * 60_000_000)
    with pytest.raises(FileRefused, match="unpacks to too much"):
        format_named(slug).read(body)


def test_deep_xml_is_refused() -> None:
    with pytest.raises(FileRefused, match="nested too deeply"):
        format_named("moodle").read(b"<quiz>" + b"<a>" * 5000)


@pytest.mark.parametrize("slug", SLUGS)
def test_more_than_a_file_may_have_is_refused(slug: str) -> None:
    with pytest.raises(FileRefused):
        format_named(slug).read((b"PK" if slug == "xlsx" else b"<") + b" " * 5_000_001)


def test_a_package_names_what_is_no_item() -> None:
    good = (HERE / "files" / "item.qti.xml").read_bytes()
    parsed = format_named("qti").read(
        packed(a_xml=good, test_xml=b"<assessmentTest/>", broken_xml=b"<a", picture=b"\x89PNG")
    )
    assert len(parsed.drafts) == 1
    told = {each.place: each.message for each in parsed.findings}
    assert "assessmentTest" in told["test.xml"]
    assert "damaged" in told["broken.xml"]
    assert "picture" in told[""]
