"""A rule in words: whom it asks for, by when, how often; and what it does to somebody."""

from __future__ import annotations

from typing import Any

from django.utils import dateformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from attune.enrolments.models import AssignmentRule
from attune.enrolments.rules.compare import Change, Tally
from attune.enrolments.rules.services import Applied

CHANGES = {
    Change.NEW: gettext_lazy("Newly assigned"),
    Change.RESUMES: gettext_lazy("Assigned again; goes on where they left off"),
    Change.NEXT_ROUND: gettext_lazy("It is time to take it again: a new round begins"),
    Change.MOVES: gettext_lazy("In the programme already: the due date moves"),
    Change.REASON: gettext_lazy("In the programme already; the due date stays"),
    Change.LEAVES: gettext_lazy("Leaves the scope: withdrawn, what was learnt is kept"),
    Change.DONE: gettext_lazy("Complete and valid: nothing to do"),
    Change.EXEMPT: gettext_lazy("Exempt: nothing to do"),
    Change.NONE: gettext_lazy("Nothing changes"),
}
STAYS = gettext_lazy("Leaves the scope, but keeps it for another reason")


def day(value: Any) -> str:
    return dateformat.format(value, pgettext("date with year", "j M Y"))


def scope_in_words(rule: AssignmentRule) -> str:
    """“Everyone in the team First line, at Manila, as Agent, hired since 1 Nov 2026”."""
    parts = [
        _("Everyone in the team %(team)s") % {"team": rule.team.name}
        if rule.team is not None
        else _("Everyone in the engagement")
    ]
    if rule.location is not None:
        parts.append(_("at %(place)s") % {"place": rule.location.name})
    if rule.role:
        parts.append(_("as %(role)s") % {"role": rule.get_role_display()})
    if rule.hired_since is not None:
        parts.append(_("hired since %(day)s") % {"day": day(rule.hired_since)})
    return ", ".join(parts)


def terms_in_words(rule: AssignmentRule) -> str:
    """“Due 14 days after joining; again every 12 months”."""
    days = ngettext("%(n)d day", "%(n)d days", rule.due_days) % {"n": rule.due_days}
    if rule.due_on is not None:
        words = _("Due on %(day)s; who joins later has %(days)s") % {
            "day": day(rule.due_on),
            "days": days,
        }
    else:
        words = _("Due %(days)s after joining") % {"days": days}
    if rule.repeat_months:
        words += "; " + ngettext(
            "again every month", "again every %(n)d months", rule.repeat_months
        ) % {"n": rule.repeat_months}
    return words


def state_in_words(rule: AssignmentRule) -> str:
    if not rule.is_active:
        return _("Switched off")
    if not rule.is_in_force:
        return _("Rests: its programme is not published")
    return _("In force")


FIELDS = (
    "name",
    "team",
    "location",
    "role",
    "hired_since",
    "starts_on",
    "due_days",
    "due_on",
    "hour",
    "moved",
    "repeat_months",
    "note",
)


def value_in_words(rule: AssignmentRule, name: str) -> str:
    value = getattr(rule, name)
    if value in (None, ""):
        return "–"
    display = getattr(rule, f"get_{name}_display", None)
    if display is not None:
        return str(display())
    return day(value) if hasattr(value, "isoformat") else str(value)


def differences(before: AssignmentRule, after: AssignmentRule) -> list[list[str]]:
    """(field, was, is) of every field that differs, in words; for the history."""
    return [
        [
            str(AssignmentRule._meta.get_field(name).verbose_name),  # type: ignore[union-attr]
            value_in_words(before, name),
            value_in_words(after, name),
        ]
        for name in FIELDS
        if getattr(before, name) != getattr(after, name)
    ]


def came_of(applied: Applied) -> str:
    """What was done, or that it is being done, for the message and the history."""
    return in_words(applied.tally) if applied.tally is not None else _("Done in a job.")


def in_words(tally: Tally) -> str:
    """“Affects 42 people: 3 new, 2 whose due date moves, 1 who leaves the scope.”"""
    head = ngettext("Affects %(n)d person", "Affects %(n)d people", tally.affected) % {
        "n": tally.affected
    }
    parts = [
        (tally.new, ngettext("%(n)d new", "%(n)d new", tally.new)),
        (
            tally.moves,
            ngettext("%(n)d whose due date moves", "%(n)d whose due date moves", tally.moves),
        ),
        (
            tally.leaves,
            ngettext("%(n)d who leaves the scope", "%(n)d who leave the scope", tally.leaves),
        ),
        (
            tally.reasons,
            ngettext(
                "%(n)d with one more reason and no other date",
                "%(n)d with one more reason and no other date",
                tally.reasons,
            ),
        ),
    ]
    said = ", ".join(words % {"n": n} for n, words in parts if n)
    return f"{head}: {said}." if said else f"{head}."
