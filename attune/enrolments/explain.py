"""“Why is this not complete?” in sentences, for unit, module and programme.

Pure: reads outline rows, writes words. The rules are the ones that ``services.credit``
counts by; where the two disagree, that is the defect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from attune.enrolments.states import State

if TYPE_CHECKING:
    from attune.enrolments.outline import ModuleRow, ProgrammeOutline


def why_module_is_open(row: ModuleRow) -> list[str]:
    """Why a module does not count as complete; empty when it does."""
    if row.is_done:
        return []
    if row.standing.state is State.EXPIRED:
        return [_("Your completion has expired. It has to be taken again.")]
    if row.closed_because:
        return [row.closed_because]
    if not row.units_required:
        return [
            _("This module has no required unit yet, so it cannot be completed. Ask its trainer.")
        ]
    sentences = []
    open_units = [unit for unit in row.units if unit.required and not unit.is_done]
    for unit in open_units:
        if unit.state is State.ATTEMPTS_EXHAUSTED:
            sentences.append(
                _("“%(unit)s”: no attempts are left. Your HR or the trainer can grant another.")
                % {"unit": unit.page.title}
            )
        elif unit.state is State.AWAITING_MARKING:
            sentences.append(
                _("“%(unit)s” waits to be marked by a trainer.") % {"unit": unit.page.title}
            )
        elif unit.state is State.IN_PROGRESS:
            sentences.append(_("“%(unit)s” is begun, not finished.") % {"unit": unit.page.title})
        else:
            sentences.append(_("“%(unit)s” is not begun.") % {"unit": unit.page.title})
    return sentences


def why_programme_is_open(outline: ProgrammeOutline) -> list[str]:
    """Why a programme is not complete; empty when it is."""
    state = outline.standing.state
    if state in (State.COMPLETED, State.EXPIRING, State.EXEMPT):
        return []
    if state is State.EXPIRED:
        return [_("Your completion has expired. A new round will be assigned to you.")]
    if state is State.PAUSED:
        return [_("It is paused: %(reason)s") % {"reason": outline.enrolment.state_reason}]
    if state is State.WITHDRAWN:
        return [_("It is no longer assigned to you. What you completed is kept.")]
    if not outline.modules_required:
        return [_("The programme has no required module yet. Its trainer has to add one.")]
    missing = [row for row in outline.modules if row.required and not row.is_done]
    sentences = [
        ngettext(
            "%(count)d required module is still open.",
            "%(count)d required modules are still open.",
            len(missing),
        )
        % {"count": len(missing)}
    ]
    for row in missing:
        if row.closed_because:
            sentences.append(f"{row.page.title}: {row.closed_because}")
        elif row.standing.state is State.EXPIRED:
            sentences.append(
                _("%(module)s: your completion has expired.") % {"module": row.page.title}
            )
        else:
            open_units = row.units_required - row.units_done
            sentences.append(
                ngettext(
                    "%(module)s: %(count)d unit to go.",
                    "%(module)s: %(count)d units to go.",
                    open_units,
                )
                % {"module": row.page.title, "count": open_units}
            )
    return sentences
