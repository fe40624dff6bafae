"""The ledger: every message, to whom, by which way, when, about what, and what was answered.

A ``Message`` is one message to one recipient. A ``Route`` is a way that messages take, one at
a time: the mail server, or one webhook. It rests when nobody answers there and carries the
sender's lease. A ``Destination`` is a recipient that is no person of the site: a team's
address, a webhook.
"""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from attune.notices.permissions import is_operator
from attune.safety.encryption import EncryptedTextField


class Channel(models.TextChoices):
    EMAIL = "email", _("e-mail")
    WEBHOOK = "webhook", _("webhook")


class Destination(models.Model):
    """Somebody or something that is told without being a person of the site.

    The address of a webhook is a secret too: whoever knows it can write there.
    """

    class Origin(models.TextChoices):
        ADMIN = "admin", _("Entered here")
        ENVIRONMENT = "environment", _("Set by the environment")

    name = models.CharField(_("name"), max_length=80, unique=True)
    origin = models.CharField(
        _("origin"), max_length=12, choices=Origin, default=Origin.ADMIN, editable=False
    )
    is_enabled = models.BooleanField(_("switched on"), default=True)
    channel = models.CharField(_("told by"), max_length=10, choices=Channel, default=Channel.EMAIL)
    email = models.EmailField(_("e-mail address"), blank=True)
    url = EncryptedTextField(
        _("address of the webhook"),
        blank=True,
        default="",
        help_text=_("Kept encrypted and never shown. Leave empty to keep the present one."),
    )
    host = models.CharField(
        _("computer of the webhook"), max_length=255, blank=True, editable=False
    )
    secret = EncryptedTextField(
        _("secret for the signature"),
        blank=True,
        default="",
        help_text=_(
            "The receiver checks with it that a message comes from here. Kept encrypted and "
            "never shown. Leave empty to keep the present one."
        ),
    )
    language = models.CharField(_("language"), max_length=20, default="en")
    takes_alerts = models.BooleanField(_("gets operators’ alerts"), default=True)

    wagtail_reference_index_ignore = True

    class Meta:
        verbose_name = _("recipient of alerts")
        verbose_name_plural = _("recipients of alerts")
        ordering: ClassVar[list[str]] = ["name"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=~Q(channel="email", email="", origin="admin"),
                name="attune_notices_email_given",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def from_environment(self) -> bool:
        return self.origin == self.Origin.ENVIRONMENT

    @property
    def address(self) -> str:
        """What may be shown of where it goes."""
        return self.email if self.channel == Channel.EMAIL else self.host


class Route(models.Model):
    """A way for messages with one sender at a time, like a lane of the outbox.

    After a failure that is the way's and not a message's (nobody answers, the password is
    wrong) it rests until ``retry_at``, and no message on it counts a try.
    """

    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    destination = models.OneToOneField(
        Destination,
        verbose_name=_("destination"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="route",
    )
    retry_at = models.DateTimeField(_("tried again at"), null=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    last_error = models.TextField(_("last error"), blank=True, default="")
    last_error_at = models.DateTimeField(null=True)
    last_success_at = models.DateTimeField(null=True)
    sent_total = models.PositiveBigIntegerField(_("sent"), default=0)
    failed_total = models.PositiveBigIntegerField(_("refused"), default=0)
    given_up_total = models.PositiveBigIntegerField(_("given up"), default=0)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)

    wagtail_reference_index_ignore = True

    class Meta:
        verbose_name = _("way of messages")
        verbose_name_plural = _("ways of messages")
        ordering: ClassVar[list[str]] = ["channel", "pk"]
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["channel"], condition=Q(channel="email"), name="attune_notices_one_mail_way"
            ),
        ]

    def __str__(self) -> str:
        return self.get_channel_display() if self.destination is None else str(self.destination)


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: Any) -> Self:
        """Operators see the ledger; nobody else does yet."""
        return self if is_operator(user) else self.none()


class Message(models.Model):
    """One message to one recipient.

    ``kind`` and ``key`` say what it is about; with channel and ``to`` they make "once only" a
    matter of the database. ``to`` stands for the recipient for good (``user 7``), while
    ``address`` is where it went on that day. Waiting is told by ``closed_at`` being empty:
    SQLite uses a partial index only for a condition without parameters.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        FAILED = "failed", _("refused")
        GIVEN_UP = "given_up", _("given up")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("about"), max_length=80)
    key = models.CharField(_("key"), max_length=200)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    to = models.CharField(_("recipient"), max_length=300)
    route = models.ForeignKey(
        Route, verbose_name=_("way"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    address = models.CharField(_("to"), max_length=320, blank=True)
    language = models.CharField(_("language"), max_length=20, blank=True)
    subject = models.CharField(_("subject"), max_length=300)
    body = models.TextField(_("text"))
    details: Any = models.JSONField(_("for machines"), default=dict, blank=True)

    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveIntegerField(_("failed tries of its own"), default=0)
    answer = models.TextField(_("what was answered"), blank=True, default="")
    written_at = models.DateTimeField(_("written"))
    due_at = models.DateTimeField(_("sent at the earliest"))
    expires_at = models.DateTimeField(_("given up at"))
    closed_at = models.DateTimeField(_("sent or ended"), null=True, blank=True)

    objects: ClassVar[Any] = MessageQuerySet.as_manager()

    wagtail_reference_index_ignore = True

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering: ClassVar[list[str]] = ["-pk"]
        default_permissions = ("view",)
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["kind", "key", "channel", "to"], name="attune_notices_once_only"
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", closed_at__isnull=True)
                | (~Q(state="waiting") & Q(closed_at__isnull=False)),
                name="attune_notices_ends_once",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["route", "due_at"],
                condition=Q(closed_at__isnull=True),
                name="attune_notices_waiting",
            ),
            models.Index(
                fields=["state", "-id"],
                condition=Q(state__in=["failed", "given_up"]),
                name="attune_notices_not_arrived",
            ),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def is_waiting(self) -> bool:
        return self.closed_at is None

    @property
    def can_be_sent_again(self) -> bool:
        return self.state in (self.State.FAILED, self.State.GIVEN_UP)
