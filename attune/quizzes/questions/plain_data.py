"""Reading plain data in ``fill``: each function returns what it found or says what is wrong.

Plain data comes from imports, content packs and demo content, so anything may stand in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

TEXT_LIMIT = 600
"""Characters of one option, step, reply or feedback; the models' fields keep to it too."""


def rows_in(data: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """A list of objects.

    :raises ValueError: it is something else, or missing.
    """
    rows = data.get(name)
    if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
        raise ValueError(gettext("“%(name)s” is a list of rows.") % {"name": name})
    return rows


def text_in(row: Mapping[str, Any], name: str, *, needed: bool = True) -> str:
    """A text without the white space around it.

    :raises ValueError: it is no text, empty although needed, or too long.
    """
    return _checked(row.get(name, ""), name, needed=needed)


def texts_in(data: Mapping[str, Any], name: str) -> list[str]:
    """A list of texts, none of them empty; an absent one is an empty list.

    :raises ValueError: it is something else.
    """
    texts = data.get(name, [])
    if not isinstance(texts, list):
        raise ValueError(gettext("“%(name)s” is a list of texts.") % {"name": name})
    return [_checked(each, name, needed=True) for each in texts]


def flag_in(data: Mapping[str, Any], name: str, *, default: bool) -> bool:
    """:raises ValueError: it is there and neither true nor false."""
    flag = data.get(name, default)
    if not isinstance(flag, bool):
        raise ValueError(gettext("“%(name)s” is either true or false.") % {"name": name})
    return flag


def whole_number_in(row: Mapping[str, Any], name: str, *, least: int, most: int) -> int:
    """:raises ValueError: it is no whole number from ``least`` to ``most``."""
    number = row.get(name)
    if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
        raise ValueError(
            gettext("“%(name)s” is a whole number from %(least)d to %(most)d.")
            % {"name": name, "least": least, "most": most}
        )
    return number


def _checked(text: Any, name: str, *, needed: bool) -> str:
    if not isinstance(text, str):
        raise ValueError(gettext("“%(name)s” is a text.") % {"name": name})
    text = text.strip()
    if needed and not text:
        raise ValueError(gettext("“%(name)s” is empty.") % {"name": name})
    if len(text) > TEXT_LIMIT:
        raise ValueError(
            gettext("“%(name)s” is longer than %(limit)d characters: “%(beginning)s…”")
            % {"name": name, "limit": TEXT_LIMIT, "beginning": text[:40]}
        )
    if "\x00" in text:
        raise ValueError(gettext("“%(name)s” holds a character that no text has.") % {"name": name})
    return text
