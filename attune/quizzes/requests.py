"""What a browser sends about an answer, read carefully: JSON, a form, or neither."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from attune.quizzes.models import AttemptQuestion
from attune.quizzes.services.save_answer import MAX_SEQUENCE

UNSENT = "attune_quizzes_unsent"
"""Session key of an answer that came after the session had ended."""
MAX_UNSENT_CHARACTERS = 12_000
"""Enough for the longest written reply, and no more: nobody has to sign in to leave it."""


class BadRequest(Exception):
    """The body is not what was asked for; the message says so in words."""


@dataclass(frozen=True, slots=True)
class SentAnswer:
    response: Any
    sequence: int


def wants_json(request: HttpRequest) -> bool:
    return request.content_type == "application/json" or "application/json" in request.headers.get(
        "Accept", ""
    )


def read_answer(request: HttpRequest, question: AttemptQuestion) -> SentAnswer:
    """The answer in the request's body, from the question's own form or as JSON.

    JSON is ``{"response": …, "sequence": n}``.

    :raises BadRequest: it is neither, or names what the question does not have.
    """
    if request.content_type == "application/json":
        body = _json(request)
        if "response" not in body:
            raise BadRequest(_("The answer is missing."))
        return SentAnswer(body["response"], _sequence(body.get("sequence", 0)))
    form = question.form(request.POST)
    if not form.is_valid():
        raise BadRequest(_("This is not one of the answers to choose from."))
    return SentAnswer(form.raw_response(), _sequence(request.POST.get("sequence") or 0))


def _json(request: HttpRequest) -> dict[str, Any]:
    try:
        body = json.loads(request.body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BadRequest(_("The answer could not be read.")) from error
    if not isinstance(body, dict):
        raise BadRequest(_("The answer could not be read."))
    return body


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _sequence(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_SEQUENCE:
        raise BadRequest(_("The number of this save could not be read."))
    return value


# --- An answer that came after the session had ended ---------------------------------------


def keep_unsent(request: HttpRequest) -> bool:
    """Keep a form that nobody is signed in for, to be shown again after signing in."""
    data = {name: values for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"}
    characters = sum(len(name) + sum(map(len, values)) for name, values in data.items())
    if characters > MAX_UNSENT_CHARACTERS:
        return False
    request.session[UNSENT] = {"path": request.path, "data": data}
    return True


def unsent(request: HttpRequest) -> QueryDict | None:
    """The form that was kept for this address."""
    kept = request.session.get(UNSENT)
    if not isinstance(kept, dict) or kept.get("path") != request.path:
        return None
    data = kept.get("data")
    form = QueryDict(mutable=True)
    for name, values in data.items() if isinstance(data, dict) else ():
        form.setlist(name, values)
    return form


def forget_unsent(request: HttpRequest) -> None:
    if unsent(request) is not None:
        del request.session[UNSENT]
