"""Every write of this package that spans rows: one verb per function.

All take ``now`` and keyword arguments, run in one transaction, lock the person first (so
that two tabs or a double click follow each other) and are idempotent.
"""

from attune.enrolments.services.assign import assign
from attune.enrolments.services.complete_unit import complete_unit
from attune.enrolments.services.exempt import exempt, waive_module
from attune.enrolments.services.extend import extend
from attune.enrolments.services.follow_jobs import follow_jobs
from attune.enrolments.services.hand_over import hand_over
from attune.enrolments.services.pause import pause, resume
from attune.enrolments.services.renew import publish_material_change, renew, renew_expired
from attune.enrolments.services.reopen_unit import reopen_unit
from attune.enrolments.services.repair import repair
from attune.enrolments.services.start_unit import remember_position, set_unit_state, start_unit
from attune.enrolments.services.withdraw import withdraw, withdraw_assignment
from attune.enrolments.services.withdraw_evidence import Withdrawn, withdraw_evidence

__all__ = [
    "Withdrawn",
    "assign",
    "complete_unit",
    "exempt",
    "extend",
    "follow_jobs",
    "hand_over",
    "pause",
    "publish_material_change",
    "remember_position",
    "renew",
    "renew_expired",
    "reopen_unit",
    "repair",
    "resume",
    "set_unit_state",
    "start_unit",
    "waive_module",
    "withdraw",
    "withdraw_assignment",
    "withdraw_evidence",
]
