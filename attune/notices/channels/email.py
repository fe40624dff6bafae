"""Mail through the site's own Django settings, one connection for many messages.

With Django's SMTP backend the dialogue is held here, since Django's own keeps the server's
answer to itself, and the ledger shall say under which number the server took a message. Any
other backend (console, memory, a provider's) is used as it is.
"""

from __future__ import annotations

import smtplib
from email.utils import parseaddr
from types import TracebackType
from typing import Any, Self

from django.conf import settings
from django.core.mail import BadHeaderError, EmailMessage, get_connection
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import sanitize_address

from attune.notices.channels.answers import Answer, Parcel, Verdict, decoded

TIMEOUT = 15.0
"""Seconds for one step of the dialogue, where ``EMAIL_TIMEOUT`` says nothing: smtplib would
wait for ever on a silent server."""
PER_CONNECTION = 100
"""Many servers hang up after so many messages; a new connection costs less than their scorn."""


class _Refused(Exception):
    """The server said no to one step; ``whole`` if it would say so to any message."""

    def __init__(self, code: int, words: bytes | str, *, whole: bool = False) -> None:
        super().__init__(f"{code} {decoded(words)}")
        self.code = code
        self.whole = whole


class MailServer:
    """Use as a context manager. The connection is made with the first message."""

    def __init__(self, *, timeout: float = TIMEOUT) -> None:
        self._backend: Any = None
        self._timeout = timeout
        self._sent = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._hang_up()

    def send(self, parcel: Parcel) -> Answer:
        try:
            message = _message(parcel)
            message.message()  # what cannot be written down is this message's own fault
            sanitize_address(parcel.to, "utf-8")
        except (BadHeaderError, ValueError, UnicodeError) as error:
            return Answer(Verdict.REFUSED, f"This cannot be written as a mail: {error}")
        try:
            self._open()
        except Exception as error:  # noqa: BLE001  (backends of providers raise what they like)
            self._hang_up()
            return Answer(Verdict.CLOSED, _words(error))
        try:
            said = self._hand_over(message, parcel.to)
        except _Refused as error:
            return self._judged(error)
        except Exception as error:  # noqa: BLE001  (likewise)
            # In the middle of it: whether it was taken nobody can know.
            self._hang_up()
            return Answer(Verdict.CLOSED, _words(error), suspect=True)
        self._sent += 1
        if self._sent >= PER_CONNECTION:
            self._hang_up()
        return Answer(Verdict.SENT, said)

    # --- the connection ---------------------------------------------------------------------

    def _open(self) -> None:
        if self._backend is None:
            self._backend = get_connection()
            if isinstance(self._backend, EmailBackend) and self._backend.timeout is None:
                self._backend.timeout = self._timeout
        self._backend.open()

    def _hang_up(self) -> None:
        backend, self._backend, self._sent = self._backend, None, 0
        if backend is None:
            return
        smtp = getattr(backend, "connection", None)
        try:
            backend.close()
        except Exception:  # noqa: BLE001  (it is gone already)
            if isinstance(smtp, smtplib.SMTP):
                smtp.close()

    # --- one message ------------------------------------------------------------------------

    def _hand_over(self, message: EmailMessage, to: str) -> str:
        smtp = getattr(self._backend, "connection", None)
        if isinstance(self._backend, EmailBackend) and isinstance(smtp, smtplib.SMTP):
            return _dialogue(smtp, message, to)
        if not self._backend.send_messages([message]):
            raise _Refused(0, "The mail backend took nothing.")
        return f"Taken by {type(self._backend).__module__}."

    def _judged(self, refused: _Refused) -> Answer:
        if refused.code == 421 or refused.whole:
            self._hang_up()
            return Answer(Verdict.CLOSED, str(refused))
        if 500 <= refused.code < 600:
            return Answer(Verdict.REFUSED, str(refused))
        return Answer(Verdict.LATER, str(refused))


def _message(parcel: Parcel) -> EmailMessage:
    return EmailMessage(
        subject=parcel.subject,
        body=parcel.body,
        to=[parcel.to],
        # The same however often it is sent: many mail programs then show it once.
        headers={
            "Message-ID": f"<{parcel.id}@{_domain()}>",
            "Auto-Submitted": "auto-generated",
            **({"Content-Language": parcel.language} if parcel.language else {}),
        },
    )


def _domain() -> str:
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return address.rpartition("@")[2] or "localhost"


def _dialogue(smtp: smtplib.SMTP, message: EmailMessage, to: str) -> str:
    """RFC 5321, section 3.3: sender, recipient, text. What the server said at the end.

    The only moment at which a message can arrive twice is between the last dot and our
    hearing the answer to it (section 4.5.4.1 asks the sender to try again then).
    """
    written: Any = message.message()  # Django’s own, which knows of line ends
    body = written.as_bytes(linesep="\r\n")
    sender = sanitize_address(message.from_email, "utf-8")
    smtp.ehlo_or_helo_if_needed()
    options = [f"size={len(body)}"] if smtp.does_esmtp and smtp.has_extn("size") else []
    code, words = smtp.mail(sender, options)
    if code != 250:
        _reset(smtp)
        # No to the sender is no to all that we send; only "too large" is about the message.
        raise _Refused(code, words, whole=code != 552)
    code, words = smtp.rcpt(sanitize_address(to, "utf-8"))
    if code not in (250, 251):
        _reset(smtp)
        raise _Refused(code, words)
    try:
        code, words = smtp.data(body)
    except smtplib.SMTPDataError as error:
        _reset(smtp)
        raise _Refused(error.smtp_code, error.smtp_error) from error
    if code != 250:
        _reset(smtp)
        raise _Refused(code, words)
    return f"{code} {decoded(words)}"


def _reset(smtp: smtplib.SMTP) -> None:
    """A server that hangs up after its refusal is met by the next message."""
    try:
        smtp.rset()
    except (smtplib.SMTPException, OSError):
        smtp.close()


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {decoded(error.smtp_error)}"
    return f"{type(error).__name__}: {error}".rstrip(": ")
