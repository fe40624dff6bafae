"""What the pages load: small, from here alone, readable in both themes, nothing inline."""

import re
from pathlib import Path

import pytest

from attune.design.templatetags.attune_design import icon_names

ATTUNE = Path(__file__).resolve().parents[2] / "attune"
STATIC = ATTUNE / "design" / "static" / "attune_design"
CSS = (STATIC / "attune.css").read_text(encoding="utf-8")
# Pages for learners; what stands under admin/ is drawn by Wagtail.
TEMPLATES = sorted(
    path for path in ATTUNE.glob("*/templates/**/*.html") if "admin" not in path.parts
)
LIGHT, DARK = (
    dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))
    for block in (CSS.split("}")[0], CSS.split('[data-theme="dark"] {')[1].split("}")[0])
)


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2, of ``#rrggbb``."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


TEXT = [
    *[("ink", ground) for ground in ("paper", "surface", "sunk", "accent-soft", "warn-soft")],
    *[("ink-soft", ground) for ground in ("paper", "surface", "sunk", "accent-soft")],
    *[("accent", ground) for ground in ("paper", "surface", "accent-soft")],
    *[("bad", ground) for ground in ("paper", "surface", "bad-soft", "accent-soft")],
    ("warn", "warn-soft"),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("accent-strong", "accent-soft"),
]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("colour", "ground"), TEXT)
def test_text_can_be_read(theme: dict[str, str], colour: str, ground: str) -> None:
    assert contrast(theme[colour], theme[ground]) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "surface"])
def test_edges_of_controls_can_be_seen(theme: dict[str, str], ground: str) -> None:
    assert contrast(theme["edge"], theme[ground]) >= 3


def test_both_ways_to_the_dark_theme_lead_to_the_same_colours() -> None:
    by_system = CSS.split(':root:not([data-theme="light"]) {')[1].split("}")[0]
    assert dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", by_system)) == DARK


def test_the_stylesheet_is_small_and_asks_nobody() -> None:
    assert len(CSS.encode()) < 30_000
    assert "url(" not in CSS
    assert "@import" not in CSS


def test_directions_are_logical() -> None:
    physical = re.compile(
        r"(?<![\w-])(margin|padding|border)-(left|right|top|bottom)|(?<![\w-])(left|right): "
        r"|text-align: (left|right)|float:"
    )
    assert not physical.search(CSS)


def test_scripts_ask_nobody_else() -> None:
    for script in STATIC.glob("*.js"):
        text = script.read_text(encoding="utf-8")
        assert "://" not in text
        assert "innerHTML" not in text


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: "/".join(path.parts[-2:]))
def test_nothing_is_inline_and_nothing_comes_from_elsewhere(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", source)
    assert not re.search(r"<script(?![^>]*\ssrc=)", source)
    assert not re.search(r'(src|href|action)="(https?:)?//', source)


def test_every_icon_that_a_page_names_is_drawn() -> None:
    named = {
        name
        for path in TEMPLATES
        for name in re.findall(r'{% icon "([^"]+)"', path.read_text(encoding="utf-8"))
    }
    assert named
    assert named <= icon_names()
