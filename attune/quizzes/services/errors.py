"""Why a deed at a quiz was refused. Each message is for the learner, in words."""


class QuizError(Exception):
    """Refused; ``str(error)`` says why and what to do."""


class CannotStart(QuizError):
    """No attempt can be started now."""


class AttemptClosed(QuizError):
    """The attempt takes no more answers."""


class CannotGrant(QuizError):
    """Nothing was given. The message is for HR or the trainer."""


class CannotRegrade(QuizError):
    """Nothing was regraded. The message is for the trainer."""


class CannotMark(QuizError):
    """The mark was not taken. The message is for the marker."""
