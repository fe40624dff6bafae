"""The sanitiser: what it keeps, what it refuses, and that another sanitiser agrees."""

import ast
import os
from html.parser import HTMLParser
from pathlib import Path

import bleach
import nh3
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from playwright.sync_api import sync_playwright
from wagtail.rich_text import expand_db_html

import attune
from attune.safety.sanitiser import (
    ATTRIBUTES,
    MAX_TAGS,
    PROTOCOLS,
    TAGS,
    TooMuchText,
    clean_rich_text,
    plain_text,
)
from tests.safety.payloads import PAYLOADS

KEPT = [
    "<p>Good morning, Mr Brandt.</p>",
    "<h2>A</h2><h3>B</h3><h4>C</h4>",
    "<p>one<br/>two</p>",
    "<p><b>b</b><strong>s</strong><i>i</i><em>e</em></p>",
    "<ul><li>x</li><li>y</li></ul><ol><li>z</li></ol>",
    '<p><a href="https://example.test/a?b=1&amp;c=2#d">x</a></p>',
    '<a href="http://example.test/">x</a>',
    '<a href="mailto:klaus@example.test">x</a>',
    '<a href="tel:+4942112345">x</a>',
    '<a linktype="page" id="3">x</a>',
    '<a linktype="document" id="12">x</a>',
    '<embed embedtype="image" id="1" format="left" alt="&quot;A&quot; &lt;3 &amp; a &gt; b"/>',
    "<p>5 &lt; 6 &amp; “so” – Grüße, ñ, 日本, 🙂</p>",
    "<p>&lt;script&gt; is written so</p>",
]


@pytest.mark.parametrize("html", KEPT)
def test_what_the_editor_writes_stays_as_it_is(html):
    assert clean_rich_text(html) == html


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p class='x' style='color:red' id='a'>x</p>", "<p>x</p>"),
        ("<div><span>x</span></div>", "x"),
        ("<p>open", "<p>open</p>"),
        ('<a href="/somewhere">x</a>', "x"),
        ('<a href="HTTPS://example.test">x</a>', '<a href="HTTPS://example.test">x</a>'),
        (
            '<a linktype="page" id="3" href="https://e.test">x</a>',
            '<a linktype="page" id="3">x</a>',
        ),
        ('<a linktype="user" id="3">x</a>', "x"),
        ('<a linktype="page" id="03">x</a>', "x"),
        (
            '<embed embedtype="image" id="7">',
            '<embed embedtype="image" id="7" format="fullwidth" alt=""/>',
        ),
        (
            '<embed embedtype="image" id="7" format="poster" alt="x"/>',
            '<embed embedtype="image" id="7" format="fullwidth" alt="x"/>',
        ),
        ('<embed embedtype="media" url="https://e.test/v"/>', ""),
        ("a<script>alert(1)</script>b<style>p{}</style>c", "abc"),
        ("a<!-- b -->c", "ac"),
        ("a\x00b\x07c", "abc"),
    ],
)
def test_the_rest_goes_and_its_text_stays(html, expected):
    assert clean_rich_text(html) == expected


def test_there_are_enough_payloads_and_each_is_a_different_one():
    assert len(set(PAYLOADS)) == len(PAYLOADS) >= 150


class _Tokens(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, tuple(sorted(attrs))))


def by_the_oracle(html: str) -> str:
    return nh3.clean(
        html,
        tags=set(TAGS),
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        url_schemes=set(PROTOCOLS),
        link_rel=None,
    )


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_that_the_oracle_removes_survives(payload):
    for html in (payload, f"<p>{payload}</p>", f'<ul><li>{payload}<li>x</ul><a href="{payload}">'):
        cleaned = clean_rich_text(html)
        assert _Tokens(by_the_oracle(cleaned)).tags == _Tokens(cleaned).tags
        assert clean_rich_text(cleaned) == cleaned
        for tag, attributes in _Tokens(cleaned).tags:
            assert tag in TAGS
            assert {name for name, _value in attributes} <= set(ATTRIBUTES.get(tag, []))


@pytest.mark.django_db
@pytest.mark.parametrize("payload", PAYLOADS)
def test_wagtail_can_render_what_is_left(payload):
    tags = _Tokens(expand_db_html(clean_rich_text(payload))).tags
    assert {tag for tag, _attributes in tags} <= TAGS | {"img"}
    assert not [name for _tag, attributes in tags for name, _v in attributes if name[:2] == "on"]


MARKUP = st.lists(
    st.one_of(
        st.text(max_size=8),
        st.sampled_from(PAYLOADS + KEPT),
        st.sampled_from(["<", ">", "</", "/>", '"', "'", "&", "&lt;", "&#0;", "<!--", "-->", "`"]),
        st.sampled_from([f"<{tag}>" for tag in [*TAGS, "svg", "math", "style", "table", "select"]]),
        st.sampled_from([f"</{tag}>" for tag in [*TAGS, "svg", "math", "style", "p", "td"]]),
    ),
    max_size=8,
).map("".join)


@given(MARKUP)
@example("<H2><A><H2>")
@example("<h2><a><h3><a><h4>")
@settings(max_examples=300, deadline=None)
def test_cleaning_twice_changes_nothing_and_the_oracle_agrees(html):
    cleaned = clean_rich_text(html)
    assert clean_rich_text(cleaned) == cleaned
    assert _Tokens(by_the_oracle(cleaned)).tags == _Tokens(cleaned).tags


@given(st.text())
@settings(max_examples=200, deadline=None)
def test_plain_text_holds_no_line_breaks_that_nobody_wrote(text):
    assert "\n\n" not in plain_text(f"<p>{text}</p>")


def test_plain_text_reads_like_the_page():
    html = "<h2>Greeting</h2><p>Say\n <b>Guten Tag</b>.<br/>Not &lt;hi&gt;.</p><ul><li>a<li>b</ul>"
    assert plain_text(html) == "Greeting\nSay Guten Tag.\nNot <hi>.\na\nb"


def test_a_text_that_would_take_minutes_is_refused():
    with pytest.raises(TooMuchText):
        clean_rich_text("<b>" * (MAX_TAGS + 1))


def test_nobody_else_calls_bleach():
    callers = []
    for path in Path(attune.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in getattr(node, "names", []) or []]
            if isinstance(node, ast.Import | ast.ImportFrom) and (
                "bleach" in names or getattr(node, "module", "") == "bleach"
            ):
                callers.append(path.name)
    assert callers == ["sanitiser.py"]
    assert bleach.__version__ == "6.4.0"


@pytest.mark.journey
@pytest.mark.django_db
def test_no_payload_runs_in_a_browser(chromium):
    """Every payload in a frame of its own: raw as the control, then cleaned."""
    rendered = [expand_db_html(clean_rich_text(payload)) for payload in PAYLOADS]
    assert len(_runs(chromium, PAYLOADS)) > 40, "the control: raw payloads do run in this browser"
    assert [rendered[number] for number in _runs(chromium, rendered)] == []


FRAMES = """async fragments => {
    window.ran = new Set();
    const frames = await Promise.all(fragments.map((fragment, number) => new Promise(done => {
        const frame = document.createElement("iframe");
        frame.onload = () => done(frame);
        setTimeout(() => done(frame), 4000);
        frame.srcdoc = `<!doctype html><script>
            function pwned() { parent.ran.add(${number}) }
            addEventListener("click", event => {
                // A link to another place is fine; only scripts matter.
                const link = event.target.closest && event.target.closest("a");
                if (link && /^(https?|mailto|tel):/i.test(link.href)) event.preventDefault();
            }, true);
        </script>` + fragment;
        document.body.append(frame);
    })));
    for (const frame of frames) {
        const inside = frame.contentDocument;
        if (!inside) continue;
        for (const one of inside.querySelectorAll("*")) {
            if (one.tagName === "SCRIPT") continue;
            for (const kind of ["mouseover", "mouseenter", "pointerenter", "focus", "cut"])
                one.dispatchEvent(new Event(kind, {bubbles: true}));
            if (one.focus) one.focus();
            one.dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true}));
        }
    }
    await new Promise(done => setTimeout(done, 1500));
    return [...window.ran];
}"""


def _runs(context, fragments: list[str]) -> list[int]:
    """The numbers of the fragments that called ``pwned()``: loaded, hovered, focused, clicked."""
    page = context.new_page()
    page.set_content("<!doctype html><body></body>")
    return page.evaluate(FRAMES, fragments)


@pytest.fixture
def chromium(monkeypatch):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("ATTUNE_CHROMIUM") or None, args=["--no-sandbox"]
        )
        context = browser.new_context(offline=True)
        context.set_default_timeout(60_000)
        yield context
        browser.close()
