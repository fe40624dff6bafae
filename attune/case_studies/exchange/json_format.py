"""A case as JSON, whole and without loss: what one site writes, another reads the same.

The layout is that of ``branching.plain`` with a ``kind`` in front, so that a file says what it
is. Reading trusts nothing: an unknown field, a wrong type or a name that stands twice is
refused with its path.
"""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext as _

from attune.case_studies.branching.plain import PlainError, case_from_plain, to_plain
from attune.case_studies.branching.values import Case
from attune.case_studies.exchange.contract import Note, Parsed, Unreadable, Written
from attune.tabular.reading import decode

KIND = "attune.case"


def write(case: Case) -> Written:
    body = {"kind": KIND, **to_plain(case)}
    return Written(json.dumps(body, ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def read(body: bytes) -> Parsed:
    """:raises FileRefused: it is no text, no JSON or no case; ``Unreadable`` says where."""
    text, _encoding = decode(body)
    try:
        plain = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        words = _("This is no JSON: %(problem)s in column %(column)d.")
        raise Unreadable(
            [Note(error.lineno, "", words % {"problem": error.msg, "column": error.colno})]
        ) from None
    except RecursionError:
        raise Unreadable([Note(0, "", _("It is nested too deeply."))]) from None
    except ValueError as error:  # a name twice, no number, a number of thousands of digits
        raise Unreadable([Note(0, "", str(error))]) from None
    if not isinstance(plain, dict) or plain.pop("kind", None) != KIND:
        words = _("This is no case study: “kind” should be “%(kind)s”.")
        raise Unreadable([Note(0, "", words % {"kind": KIND})])
    try:
        return Parsed(case_from_plain(plain))
    except PlainError as error:
        raise Unreadable([Note(0, error.path, error.problem)]) from None
    except RecursionError:
        raise Unreadable([Note(0, "", _("It is nested too deeply."))]) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(_("“%(name)s” stands twice in one object.") % {"name": twice[:60]})
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(_("“%(name)s” is not a number.") % {"name": name})
