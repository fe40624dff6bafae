"""No file, however broken, makes a reader crash; what is written is what is read."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from attune.quizzes.exchange import Draft, export, format_named, formats
from attune.quizzes.exchange.contract import differences
from attune.quizzes.exchange.table_kinds import join_bars, split_bars
from attune.quizzes.exchange.tables import read_settings, write_settings
from attune.quizzes.exchange.texts import from_html, from_plain, to_plain
from attune.quizzes.questions import prose
from attune.safety.sanitiser import clean_rich_text
from attune.tabular.reading import FileRefused
from tests.quizzes.exchange.samples import DRAFTS

SLUGS = [form.slug for form in formats()]
VALID = {slug: export(format_named(slug), list(DRAFTS.values())).body for slug in SLUGS}
slow = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def read_or_refused(slug: str, body: bytes) -> None:
    """Anything but a result or a refusal in words is a fault."""
    try:
        parsed = format_named(slug).read(body)
    except FileRefused:
        return
    assert all(each.message for each in parsed.findings)


@pytest.mark.parametrize("slug", SLUGS)
@slow
@given(body=st.binary(max_size=400))
def test_arbitrary_bytes(slug: str, body: bytes) -> None:
    read_or_refused(slug, body)
    read_or_refused(slug, b"PK\x03\x04" + body)


SIGNS = st.text(alphabet="{}=~#%:\\/->.$[]\"'|;,TF 1\nAaé<&\x00\ufdd0", max_size=80)


@pytest.mark.parametrize("slug", ["gift", "aiken", "csv"])
@slow
@given(text=SIGNS)
def test_arbitrary_signs(slug: str, text: str) -> None:
    read_or_refused(slug, text.encode("utf-8"))
    read_or_refused(slug, f"::A::So? {{{text}}}\n\nA. x\n{text}".encode())
    read_or_refused(slug, f"type,question,answer 1,key 1\nchoice,{text}".encode())


@pytest.mark.parametrize("slug", SLUGS)
@slow
@given(data=st.data())
def test_valid_files_with_pieces_missing_doubled_or_changed(slug: str, data: Any) -> None:
    body = VALID[slug]
    if body.startswith(b"PK") and data.draw(st.booleans()):
        body = mutated_inside(body, data)
    else:
        body = mutated(body, data)
    read_or_refused(slug, body)


def mutated(body: bytes, data: Any) -> bytes:
    for _round in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, max(0, len(body) - 1)))
        length = data.draw(st.integers(0, 40))
        piece = data.draw(
            st.one_of(st.just(b""), st.binary(max_size=8), st.just(body[start : start + 60]))
        )
        body = body[:start] + piece + body[start + length :]
    return body


def mutated_inside(body: bytes, data: Any) -> bytes:
    """One member of the archive is changed, and the archive is whole."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(out, "w") as new:
        names = old.namelist()
        chosen = data.draw(st.sampled_from(names))
        for name in names:
            part = old.read(name)
            new.writestr(name, mutated(part, data) if name == chosen else part)
    return out.getvalue()


# --- There and back ----------------------------------------------------------------------------

words = (
    st.text(
        alphabet=st.characters(codec="utf-8", exclude_categories=("C", "Z")),
        min_size=1,
        max_size=24,
    )
    .map(lambda text: " ".join(text.split()))
    .filter(lambda text: text and "\ufeff" not in text and not text.startswith("'"))
)  # fmt: skip


@st.composite
def drafts(draw: Any) -> Draft:
    kind = draw(st.sampled_from(["true_false", "single", "several", "matching", "numeric"]))
    data: dict[str, Any]
    if kind == "true_false":
        data = {
            "answer": draw(st.booleans()),
            "feedback_true": draw(words),
            "feedback_false": draw(words),
        }
    elif kind == "matching":
        data = {
            "pairs": [
                {"source": draw(words), "target": draw(words), "feedback": ""} for _n in range(2)
            ],
            "distractors": [draw(words)],
        }
    elif kind == "numeric":
        number = draw(st.decimals(-999, 999, places=2).map(lambda d: format(d.normalize(), "f")))
        assume(number != "-0")
        data = {"value": number, "tolerance": "0.5"}
    else:
        correct = draw(st.lists(st.booleans(), min_size=2, max_size=5))
        if kind == "single":
            correct = [n == 0 for n in range(len(correct))]
        assume(any(correct) and (kind == "single" or sum(correct) > 1))
        data = {
            "multiple": kind == "several",
            "partial_credit": kind == "several",
            "options": [
                {"text": draw(words), "correct": right, "feedback": draw(words)}
                for right in correct
            ],
        }
    return Draft(
        kind="choice" if kind in ("single", "several") else kind,
        prompt=from_plain(draw(words)),
        data=data,
        title=draw(words),
        explanation=from_plain(draw(words)),
        topic="etiquette",
        difficulty=1,
        tags=("time",),
        identifier="0f8fad5b-d9cb-469f-a165-70867728950e",
    )


@pytest.mark.parametrize("slug", ["gift", "moodle", "qti", "csv", "xlsx"])
@slow
@given(draft=drafts())
def test_what_is_written_is_read_again(slug: str, draft: Draft) -> None:
    form = format_named(slug)
    (again,) = form.read(form.write([draft])).drafts
    assert [part for part in differences(draft, again) if part not in form.never] == []


@slow
@given(texts=st.lists(words, min_size=1, max_size=4))
@example(texts=["\\", "0"])
def test_bars_and_settings_come_back(texts: list[str]) -> None:
    assert split_bars(join_bars(texts)) == texts
    settings = {f"name_{n}": text for n, text in enumerate(texts)}
    assert read_settings(write_settings(settings)) == settings


@slow
@given(accepted=st.lists(words, min_size=1, max_size=3, unique=True), feedback=words)
@example(accepted=["\\"], feedback="0")
def test_gaps_of_a_cloze_come_back(accepted: list[str], feedback: str) -> None:
    assume(not any("*" in text for text in accepted))
    blank = {"accepted": accepted, "case_matters": True, "feedback": feedback}
    draft = Draft(
        kind="fill_in",
        prompt="<p>So?</p>",
        data={"text": "I [[1]] and [[2]].", "blanks": [blank, {"accepted": ["call"]}]},
    )
    form = format_named("moodle")
    (again,) = form.read(form.write([draft])).drafts
    assert differences(draft, again) == []


@slow
@given(text=words)
def test_plain_text_comes_back_from_rich_text(text: str) -> None:
    assert to_plain(from_plain(text)) == text
    assert from_html(from_plain(text)) == from_plain(text)


fragments = st.lists(
    st.sampled_from(
        ["<p>", "</p>", "<b>", "</b>", "<br/>", "<i>", "</i>", "x", " ", "\n", "\t", "&amp;", "<",
         ">", "é", "\x00", "\ufeff", "\ufdd0", "\U0001ffff", "<script>", "'", '"']
    ),
    max_size=12,
).map("".join)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(html=st.one_of(fragments, fragments.map(lambda inner: f"<p>{inner}</p>")))
def test_the_short_cut_past_the_sanitiser_changes_nothing(html: str) -> None:
    if prose._PLAINLY_CLEAN.fullmatch(html):
        assert clean_rich_text(html) == html
    assert prose.clean_prose(html) == prose._FOREIGN.sub("", clean_rich_text(html))
