"""A file of questions, and an honest list of what it does not carry.

What a file carries is not promised but tried: it is read back, and each question is held
against what came of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from attune.quizzes.exchange.contract import Draft, Format, differences


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A question that is not in the file at all (``reason``), or not whole (``parts``)."""

    title: str
    kind: str
    reason: str = ""
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exported:
    body: bytes
    count: int
    left_out: list[LeftOut]


def export(form: Format, drafts: Sequence[Draft]) -> Exported:
    """The drafts in that format, and what of them it could not carry."""
    left_out: list[LeftOut] = []
    written: list[Draft] = []
    for draft in drafts:
        reason = refusal_of(form, draft)
        if reason:
            left_out.append(LeftOut(draft.title or "", draft.kind, reason=reason))
        else:
            written.append(draft)
    body = form.write(written)
    again = form.read(body).drafts if written else []
    for number, draft in enumerate(written):
        if len(again) == len(written):
            parts = [part for part in differences(draft, again[number]) if part not in form.never]
            parts += draft.besides
        else:
            parts = [_("could not be read back")]
        if parts:
            left_out.append(LeftOut(draft.title or "", draft.kind, parts=tuple(parts)))
    return Exported(body, len(written), left_out)


def refusal_of(form: Format, draft: Draft) -> str:
    if draft.kind not in form.kinds:
        return _("The format has no questions of this type.")
    return form.refusal(draft)
