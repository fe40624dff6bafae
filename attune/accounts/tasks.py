"""Background work of signing in: the mail with a password link."""

from celery import shared_task
from kombu.exceptions import OperationalError

from attune.accounts import services


def ask_for_password_link(*, email: str, language: str) -> None:
    """Have the link sent by a worker. Takes as long for a stranger's address as for a member's.

    If the broker cannot be reached the mail is sent here, since somebody waits for it.
    """
    try:
        send_password_link.delay(email, language)
    except (OperationalError, OSError):
        services.send_password_link(email=email, language=language)


@shared_task(name="attune.accounts.tasks.send_password_link")
def send_password_link(email: str, language: str) -> None:
    services.send_password_link(email=email, language=language)
