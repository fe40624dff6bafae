"""Why a deed at a quiz was refused. Each message is for the learner, in words."""


class QuizError(Exception):
    """Refused; ``str(error)`` says why and what to do."""


class CannotStart(QuizError):
    """No attempt can be started now."""


class AttemptClosed(QuizError):
    """The attempt takes no more answers."""
