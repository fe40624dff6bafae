"""Lanes, records and deliveries: the outbox as rows.

A ``StatementRecord`` is a statement as it was frozen, with opaque tags by which lanes filter
and higher floors look. A ``Lane`` is one record store with its settings, its pauses and its
lease. A ``Delivery`` is one record on one lane. Nothing here points at a user or a person:
the actor is a pseudonym, and who that is only ``people`` knows.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.validators import MinValueValidator, URLValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from attune.safety.encryption import EncryptedTextField


class LaneOrigin(models.TextChoices):
    ADMIN = "admin", _("Entered here")
    ENVIRONMENT = "environment", _("Set by the environment")


class XapiVersion(models.TextChoices):
    V1 = "1.0.3", "1.0.3"
    V2 = "2.0.0", "2.0.0"


class Authentication(models.TextChoices):
    BASIC = "basic", _("User name and password (HTTP Basic)")
    OAUTH2 = "oauth2", _("OAuth 2.0 client credentials")


class Lane(models.Model):
    """One record store. Statements go to it in order, one batch at a time, by one sender.

    A lane rests until ``retry_at`` after a failure; it is *paused* (``pause_reason``) when
    only a person can heal it, and is tried again all the same, so that it resumes by itself.
    """

    name = models.CharField(_("name"), max_length=80, unique=True)
    origin = models.CharField(
        _("origin"),
        max_length=12,
        choices=LaneOrigin.choices,
        default=LaneOrigin.ADMIN,
        editable=False,
    )
    is_enabled = models.BooleanField(
        _("switched on"),
        default=True,
        help_text=_("While it is off nothing is sent; what was recorded meanwhile follows later."),
    )
    endpoint = models.CharField(
        _("endpoint"),
        max_length=500,
        validators=[URLValidator(schemes=["http", "https"])],
        help_text=_("Address of the xAPI endpoint, without “/statements” at its end."),
    )
    authentication = models.CharField(
        _("signs in by"),
        max_length=8,
        choices=Authentication.choices,
        default=Authentication.BASIC,
    )
    token_endpoint = models.CharField(
        _("address that gives tokens"),
        max_length=500,
        blank=True,
        default="",
        validators=[URLValidator(schemes=["http", "https"])],
        help_text=_("Only for OAuth 2.0: where client id and secret are changed for a token."),
    )
    scope = models.CharField(
        _("scope"),
        max_length=255,
        blank=True,
        default="",
        help_text=_("Only for OAuth 2.0, where the store asks for one."),
    )
    username = models.CharField(_("user name, key or client id"), max_length=255, blank=True)
    password = EncryptedTextField(
        _("password or secret"),
        blank=True,
        default="",
        help_text=_("Kept encrypted and never shown. Leave empty to keep the present one."),
    )
    version = models.CharField(
        _("xAPI version"), max_length=8, choices=XapiVersion.choices, default=XapiVersion.V1
    )
    client = models.CharField(
        _("only for client"),
        max_length=64,
        blank=True,
        default="",
        help_text=_("Code of a client whose records alone go here. Empty: everybody’s."),
    )
    compresses = models.BooleanField(
        _("compress what is sent"),
        default=False,
        help_text=_("Sends batches with gzip. Not every store takes it: try it out."),
    )
    connect_timeout = models.PositiveSmallIntegerField(
        _("seconds to connect"), default=5, validators=[MinValueValidator(1)]
    )
    read_timeout = models.PositiveSmallIntegerField(
        _("seconds to answer"), default=20, validators=[MinValueValidator(1)]
    )
    batch_size = models.PositiveSmallIntegerField(
        _("statements per batch"), default=100, validators=[MinValueValidator(1)]
    )

    # --- how it is doing: written by delivery, never by a form --------------------------
    pause_reason = models.TextField(_("paused because"), blank=True, default="", editable=False)
    retry_at = models.DateTimeField(_("tried again at"), null=True, blank=True, editable=False)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    last_error = models.TextField(_("last error"), blank=True, default="", editable=False)
    last_error_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_success_at = models.DateTimeField(null=True, blank=True, editable=False)
    delivered_total = models.PositiveBigIntegerField(_("delivered"), default=0, editable=False)
    rate = models.FloatField(
        _("statements per second in the last run"), null=True, blank=True, editable=False
    )
    # The lease: who may send on this lane, and until when (database time). The token is
    # the fence: a sender whose lease has passed to another finds another token and marks
    # nothing.
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    # Until then the sweep looks for records that were being written while this lane was
    # created or changed, and so were seen by neither side.
    settling_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("learning record store")
        verbose_name_plural = _("learning record stores")
        ordering: ClassVar[list[str]] = ["pk"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["origin"],
                condition=Q(origin=LaneOrigin.ENVIRONMENT),
                name="attune_xapi_lane_one_from_environment",
            ),
            models.CheckConstraint(
                condition=Q(batch_size__gte=1, batch_size__lte=100),
                name="attune_xapi_lane_batch_size",
            ),
            models.CheckConstraint(
                condition=~Q(endpoint=""), name="attune_xapi_lane_endpoint_given"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("attune_xapi_lane:edit", args=[self.pk])

    @property
    def from_environment(self) -> bool:
        return self.origin == LaneOrigin.ENVIRONMENT

    @property
    def state(self) -> str:
        """``off``, ``paused``, ``backing off`` or ``active``."""
        if not self.is_enabled:
            return "off"
        if self.pause_reason:
            return "paused"
        return "backing off" if self.failures else "active"


class FilteredBy(models.TextChoices):
    ENGAGEMENT = "engagement", _("engagement")
    VERB = "verb", _("verb")


class LaneFilter(models.Model):
    """One value that a lane takes. Values of one field are alternatives; both fields must fit.

    A lane without a row for a field takes every value of it.
    """

    lane = models.ForeignKey(Lane, on_delete=models.CASCADE, related_name="filters")
    field = models.CharField(_("field"), max_length=12, choices=FilteredBy.choices)
    value = models.CharField(_("value"), max_length=255)

    class Meta:
        verbose_name = _("filter of a record store")
        verbose_name_plural = _("filters of record stores")
        ordering: ClassVar[list[str]] = ["field", "value"]
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["lane", "field", "value"], name="attune_xapi_lane_filter_once"
            ),
            models.CheckConstraint(
                condition=~Q(value=""), name="attune_xapi_lane_filter_value_given"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lane}: {self.field} {self.value}"


class LaneCount(models.Model):
    """What happened on a lane in the five minutes from ``since``: the bars of its chart."""

    lane = models.ForeignKey(Lane, on_delete=models.CASCADE, related_name="counts", db_index=False)
    since = models.DateTimeField(_("since"))
    delivered = models.PositiveIntegerField(_("delivered"), default=0)
    quarantined = models.PositiveIntegerField(_("quarantined"), default=0)
    failures = models.PositiveIntegerField(_("failed attempts"), default=0)

    class Meta:
        verbose_name = _("count of a lane")
        verbose_name_plural = _("counts of lanes")
        ordering: ClassVar[list[str]] = ["since"]
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["lane", "since"], name="attune_xapi_lane_count_once"),
        ]

    def __str__(self) -> str:
        return f"{self.lane_id} since {self.since:%Y-%m-%d %H:%M}: {self.delivered}"


class StatementRecord(models.Model):
    """A statement as it was frozen, committed with the deed that it describes.

    The key counts up and is the order of sending. Written by ``outbox.record`` alone.
    """

    statement_id = models.UUIDField(_("statement id"), unique=True)
    body = models.TextField(_("statement"))  # canonical JSON; its UTF-8 bytes are what is sent
    occurred_at = models.DateTimeField(_("occurred"))
    recorded_at = models.DateTimeField(_("recorded"))
    actor = models.UUIDField(_("actor"))
    registration = models.UUIDField(_("registration"))
    verb = models.CharField(_("verb"), max_length=255)
    activity = models.CharField(_("activity"), max_length=500, blank=True, default="")
    engagement = models.CharField(_("engagement"), max_length=64, blank=True, default="")
    client = models.CharField(_("client"), max_length=64, blank=True, default="")
    vendor = models.CharField(_("vendor"), max_length=64, blank=True, default="")
    kind = models.CharField(_("kind"), max_length=64)
    # Of a statement that takes another back: which. It never overtakes that one on a lane.
    voids = models.UUIDField(_("takes back"), null=True, blank=True)
    # Set when the statement was written to an archive and its body here was emptied.
    archive = models.CharField(_("archived in"), max_length=200, blank=True, db_default="")

    class Meta:
        verbose_name = _("recorded statement")
        verbose_name_plural = _("recorded statements")
        ordering: ClassVar[list[str]] = ["pk"]
        default_permissions = ("view",)
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["actor", "occurred_at"], name="attune_xapi_rec_actor"),
            models.Index(fields=["registration", "occurred_at"], name="attune_xapi_rec_regist"),
            models.Index(fields=["engagement", "occurred_at"], name="attune_xapi_rec_engag"),
            models.Index(fields=["client", "occurred_at"], name="attune_xapi_rec_client"),
            models.Index(fields=["vendor", "occurred_at"], name="attune_xapi_rec_vendor"),
            models.Index(fields=["verb", "occurred_at"], name="attune_xapi_rec_verb"),
            models.Index(fields=["kind", "occurred_at"], name="attune_xapi_rec_kind"),
            models.Index(fields=["activity", "occurred_at"], name="attune_xapi_rec_activity"),
            models.Index(
                fields=["voids"], condition=Q(voids__isnull=False), name="attune_xapi_rec_voids"
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=~Q(body="") | ~Q(archive=""), name="attune_xapi_rec_body_given"
            ),
            models.CheckConstraint(condition=~Q(kind=""), name="attune_xapi_rec_kind_given"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.statement_id}"


class Delivery(models.Model):
    """One record on one lane: waiting, delivered, or refused by the store and kept.

    The state is told by two moments, not by a word: SQLite uses a partial index only where
    the query repeats its condition without parameters, and ``IS NULL`` has none.
    """

    lane = models.ForeignKey(
        Lane, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    record = models.ForeignKey(
        StatementRecord, on_delete=models.PROTECT, related_name="deliveries", db_index=False
    )
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    quarantined_at = models.DateTimeField(_("quarantined"), null=True, blank=True)
    # Set when the store cannot cope with this one statement while others pass: it stands
    # aside so that the lane goes on, and is tried again for ever.
    aside_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(_("failed attempts of its own"), default=0)
    answer = models.TextField(_("the store’s words"), blank=True, default="")

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering: ClassVar[list[str]] = ["record_id"]
        default_permissions = ("view", "change")
        constraints: ClassVar[list[Any]] = [
            # Led by the record, so that it serves as the key's index too: every index
            # here is written once more when a row is marked.
            models.UniqueConstraint(fields=["record", "lane"], name="attune_xapi_delivery_once"),
            models.CheckConstraint(
                condition=Q(delivered_at__isnull=True) | Q(quarantined_at__isnull=True),
                name="attune_xapi_delivery_one_end",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["lane", "record"],
                condition=Q(delivered_at__isnull=True, quarantined_at__isnull=True),
                name="attune_xapi_del_waiting",
            ),
            models.Index(
                fields=["lane", "record"],
                condition=Q(quarantined_at__isnull=False),
                name="attune_xapi_del_quarantine",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.record_id} on lane {self.lane_id}: {self.state}"

    @property
    def state(self) -> str:
        """``waiting``, ``delivered`` or ``quarantined``."""
        if self.delivered_at is not None:
            return "delivered"
        return "waiting" if self.quarantined_at is None else "quarantined"


class GivenUp(models.Model):
    """A person's word that a quarantined statement shall not be sent to this store any more."""

    delivery = models.OneToOneField(
        Delivery, on_delete=models.CASCADE, related_name="given_up", verbose_name=_("delivery")
    )
    at = models.DateTimeField(_("at"))
    by = models.CharField(_("by"), max_length=255)
    note = models.TextField(_("note"))

    class Meta:
        verbose_name = _("statement that was given up")
        verbose_name_plural = _("statements that were given up")
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=~Q(note=""), name="attune_xapi_given_up_note_given"),
        ]

    def __str__(self) -> str:
        return f"{self.delivery_id}: {self.note[:40]}"


class ReplayState(models.TextChoices):
    RUNNING = "running", _("running")
    HELD = "held", _("held")
    DONE = "done", _("done")
    CANCELLED = "cancelled", _("cancelled")


class Replay(models.Model):
    """Statements of a period that are to go to a lane again, or for the first time.

    Worked off by the sweep in the order of recording, ``per_minute`` at most; ``cursor`` is
    the last record that was turned to, so that a killed worker goes on where it was.
    """

    lane = models.ForeignKey(Lane, on_delete=models.CASCADE, related_name="replays")
    since = models.DateTimeField(_("occurred from"), null=True, blank=True)
    until = models.DateTimeField(_("occurred before"), null=True, blank=True)
    client = models.CharField(_("client"), max_length=64, blank=True, default="")
    engagement = models.CharField(_("engagement"), max_length=64, blank=True, default="")
    actor = models.UUIDField(_("actor"), null=True, blank=True)
    registration = models.UUIDField(_("registration"), null=True, blank=True)
    only_missing = models.BooleanField(
        _("only what never went there"),
        default=False,
        db_default=False,
        help_text=_("What was delivered there already is not sent again."),
    )
    per_minute = models.PositiveIntegerField(
        _("statements per minute"), default=6000, validators=[MinValueValidator(1)]
    )
    state = models.CharField(
        _("state"),
        max_length=10,
        choices=ReplayState.choices,
        default=ReplayState.RUNNING,
        editable=False,
    )
    cursor = models.BigIntegerField(default=0, editable=False)
    # What was recorded later goes its usual way and is not replayed.
    last_record = models.BigIntegerField(default=0, editable=False)
    expected = models.PositiveBigIntegerField(_("statements"), default=0, editable=False)
    queued = models.PositiveBigIntegerField(_("queued so far"), default=0, editable=False)
    unsendable = models.PositiveBigIntegerField(
        _("archived and not sendable"), default=0, editable=False
    )
    moved_at = models.DateTimeField(null=True, blank=True, editable=False)
    asked_by = models.CharField(_("asked for by"), max_length=255, editable=False)
    asked_at = models.DateTimeField(_("asked for"), editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("replay")
        verbose_name_plural = _("replays")
        ordering: ClassVar[list[str]] = ["-pk"]
        default_permissions = ("view",)
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["lane"], condition=Q(state="running"), name="attune_xapi_replay_running"
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(since__isnull=True) | Q(until__isnull=True) | Q(since__lt=F("until")),
                name="attune_xapi_replay_period",
            ),
            models.CheckConstraint(
                condition=Q(per_minute__gte=1), name="attune_xapi_replay_per_minute"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lane}: {self.queued} of {self.expected}"
