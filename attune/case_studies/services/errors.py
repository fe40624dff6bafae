"""Why a deed in a case was refused. Each message is for the learner, in words."""


class CaseRefused(Exception):
    """Refused; ``str(error)`` says why, what was kept and what to do."""


class CannotStart(CaseRefused):
    """No attempt can be started now."""


class NotTaken(CaseRefused):
    """The choice was not taken; the case stands where it stood."""


class AlreadyDecided(NotTaken):
    """Another choice was taken at this position before, and it stays."""


class AttemptClosed(NotTaken):
    """The attempt takes no more decisions."""
