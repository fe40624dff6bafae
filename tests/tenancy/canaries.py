"""A canary: a word that exists once in the database and says whose it is and what it was.

``zqnagentmailqz`` is the e-mail address of tenant n's agent. Small letters and nothing
else, so that it survives slugs, addresses, JSON, CSV, HTML and search indexes unchanged.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable
from typing import Any

PATTERN = re.compile(r"zq([nc])([a-z]+?)qz")

Canary = tuple[str, str]
"""Whose (the tenant's mark) and what."""


def canary(mark: str, kind: str) -> str:
    word = f"zq{mark}{kind}qz"
    if PATTERN.fullmatch(word) is None:
        raise ValueError(f"“{kind}” makes no canary: small letters only.")
    return word


def canaries_in(text: str) -> set[Canary]:
    return set(PATTERN.findall(text.lower()))


def canaries_of(response: Any, *, sent: str = "") -> set[Canary]:
    """Every canary in body, headers, cookies and redirects of a Django test response.

    Spreadsheets are unpacked. What the request itself said (``sent``) is discounted: an
    address that comes back to whoever typed it tells nothing.
    """
    return canaries_in("\n".join(_texts_of(response))) - canaries_in(sent)


def _texts_of(response: Any) -> Iterable[str]:
    yield from (f"{name}: {value}" for name, value in response.items())
    yield from (morsel.OutputString() for morsel in response.cookies.values())
    body = response.getvalue() if response.streaming else response.content
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            for name in packed.namelist():
                yield packed.read(name).decode(errors="replace")
    yield body.decode(errors="replace")
