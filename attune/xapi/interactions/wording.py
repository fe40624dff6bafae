"""Fill-in, long-fill-in, performance and other: a response holds words.

Performance stands here because what is done at a step is a text, unlike the ids of a choice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from attune.xapi.interactions.choosing import decode_true_false, encode_true_false
from attune.xapi.interactions.kinds import COMMA, DELIMITER, DOT, check_id


@dataclass(frozen=True, slots=True)
class Text:
    """A text that was filled in, and the language it is in where that matters."""

    text: str
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class FillIn:
    """Decoded fill-in: the texts, and how they are compared (``None``: not said)."""

    texts: tuple[Text, ...]
    case_matters: bool | None = None
    order_matters: bool | None = None


_PARAMETER = re.compile(r"\{(case_matters|order_matters)=([^}]*)\}")
_LANG = re.compile(r"\{lang=([^}]*)\}")
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")


def plain_text(text: str) -> str:
    """*text* made safe for fill-in: delimiters and parameters in it are broken apart.

    The grammar has no escape. A learner may well type ``[,]``; a space inside keeps it
    readable and keeps it from being read as two answers.
    """
    text = DELIMITER.sub(lambda found: f"[ {found.group()[1]}]", text)
    return re.sub(r"^\{(?=(case_matters|order_matters|lang)=)", "{ ", text)


def _check_text(text: str) -> str:
    if plain_text(text) != text:
        raise ValueError(f"{text!r} holds a delimiter or a parameter: see plain_text()")
    return text


def _parameters(case_matters: bool | None, order_matters: bool | None) -> str:
    said = (("case_matters", case_matters), ("order_matters", order_matters))
    return "".join(
        f"{{{name}={encode_true_false(value)}}}" for name, value in said if value is not None
    )


def _lang(lang: str | None) -> str:
    if lang is None:
        return ""
    if not _LANGUAGE_TAG.fullmatch(lang):
        raise ValueError(f"{lang!r} is not a language tag")
    return f"{{lang={lang}}}"


def _take_parameters(text: str, *, allowed: Sequence[str]) -> tuple[dict[str, bool], str]:
    found: dict[str, bool] = {}
    while match := _PARAMETER.match(text):
        name, value = match.groups()
        if name not in allowed or name in found:
            raise ValueError(f"{match.group()!r} has no place here")
        found[name] = decode_true_false(value)
        text = text[match.end() :]
    return found, text


def _take_lang(text: str) -> tuple[str | None, str]:
    match = _LANG.match(text)
    if not match:
        return None, text
    if not _LANGUAGE_TAG.fullmatch(match.group(1)):
        raise ValueError(f"{match.group(1)!r} is not a language tag")
    return match.group(1), text[match.end() :]


def encode_fill_in(
    texts: Iterable[str],
    *,
    case_matters: bool | None = None,
    order_matters: bool | None = None,
    lang: str | None = None,
) -> str:
    """``{case_matters=false}{order_matters=false}{lang=en}one[,]{lang=en}two``."""
    tag = _lang(lang)
    parts = [tag + _check_text(text) for text in texts]
    if not parts:
        raise ValueError("a fill-in has at least one text")
    return _parameters(case_matters, order_matters) + COMMA.join(parts)


def decode_fill_in(text: str) -> FillIn:
    said, rest = _take_parameters(text, allowed=("case_matters", "order_matters"))
    texts = []
    for part in rest.split(COMMA):
        lang, words = _take_lang(part)
        texts.append(Text(_check_text(words), lang))
    return FillIn(tuple(texts), said.get("case_matters"), said.get("order_matters"))


def encode_long_fill_in(
    text: str, *, case_matters: bool | None = None, lang: str | None = None
) -> str:
    """``{case_matters=false}{lang=en}text``: one longer text."""
    if text.startswith(("{case_matters=", "{lang=")):
        raise ValueError(f"{text[:40]!r} begins like a parameter: see plain_text()")
    return _parameters(case_matters, None) + _lang(lang) + text


def decode_long_fill_in(text: str) -> FillIn:
    said, rest = _take_parameters(text, allowed=("case_matters",))
    lang, words = _take_lang(rest)
    return FillIn((Text(words, lang),), said.get("case_matters"), None)


@dataclass(frozen=True, slots=True)
class Performance:
    """Decoded performance: (step, response) pairs, and whether their order matters."""

    steps: tuple[tuple[str, str], ...]
    order_matters: bool | None = None


def encode_performance(
    steps: Iterable[tuple[str, str]], *, order_matters: bool | None = None
) -> str:
    """``step[.]response[,]step2[.]response2``; a response may be a range ``min[:]max``."""
    parts = []
    for step, response in steps:
        if COMMA in response or DOT in response:
            raise ValueError(f"{response!r} holds a delimiter: see plain_text()")
        parts.append(DOT.join((check_id(step), response)))
    if not parts:
        raise ValueError("a performance has at least one step")
    return _parameters(None, order_matters) + COMMA.join(parts)


def decode_performance(text: str) -> Performance:
    said, rest = _take_parameters(text, allowed=("order_matters",))
    steps = []
    for part in rest.split(COMMA):
        sides = part.split(DOT)
        if len(sides) != 2:
            raise ValueError(f"{part!r} is not step[.]response")
        steps.append((check_id(sides[0]), sides[1]))
    return Performance(tuple(steps), said.get("order_matters"))


def encode_other(text: str) -> str:
    """Whatever the interaction means by it; no grammar applies."""
    return text


def decode_other(text: str) -> str:
    return text
