"""Every write of a case: one verb per function, keyword-only, with ``now`` passed in.

All lock the person first, run in one transaction and may be repeated without harm.
"""

from attune.case_studies.services.decide import Decided, decide
from attune.case_studies.services.errors import (
    AlreadyDecided,
    AttemptClosed,
    CannotStart,
    CaseRefused,
    NotTaken,
)
from attune.case_studies.services.finish import finish
from attune.case_studies.services.start_attempt import start_attempt
from attune.case_studies.services.try_again import try_again_from

__all__ = [
    "AlreadyDecided",
    "AttemptClosed",
    "CannotStart",
    "CaseRefused",
    "Decided",
    "NotTaken",
    "decide",
    "finish",
    "start_attempt",
    "try_again_from",
]
