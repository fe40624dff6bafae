"""What is watched, what is wrong at present or was, and the sweeps' signs of life."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Trouble(models.TextChoices):
    """The kinds of trouble that operators are told of."""

    PAUSED = "paused", _("A record store’s lane is paused")
    WAITING = "waiting", _("Learning records wait too long")
    QUARANTINE = "quarantine", _("A record store refuses statements")
    SWEEP = "sweep", _("A sweep has not run")


class AlertRule(models.Model):
    """Whether one kind of trouble is told of, and from when. Without a row: the defaults."""

    trouble = models.CharField(_("trouble"), max_length=12, choices=Trouble, unique=True)
    is_enabled = models.BooleanField(_("told of"), default=True)
    minutes = models.PositiveIntegerField(
        _("minutes"),
        validators=[MaxValueValidator(30 * 24 * 60)],
        help_text=_(
            "How long a lane must be paused, the oldest record wait, statements lie in "
            "quarantine or a sweep be missing before anybody is told."
        ),
    )
    remind_hours = models.PositiveIntegerField(
        _("told again after hours"),
        default=24,
        validators=[MinValueValidator(1), MaxValueValidator(30 * 24)],
        help_text=_("If it still lasts then."),
    )

    wagtail_reference_index_ignore = True

    class Meta:
        verbose_name = _("limit for alerts")
        verbose_name_plural = _("limits for alerts")
        ordering: ClassVar[list[str]] = ["pk"]
        default_permissions = ("view", "change")

    def __str__(self) -> str:
        return self.get_trouble_display()


class Incident(models.Model):
    """One trouble from its beginning to its end. ``key`` names what is troubled.

    Open while ``closed_at`` is empty, of which there is one per key at most. ``calm_since`` is
    when it was last seen to be over; it ends only after a while of calm, so that what flaps is
    one incident and is told of once.
    """

    key = models.CharField(_("key"), max_length=120)
    trouble = models.CharField(_("trouble"), max_length=12, choices=Trouble)
    about = models.CharField(_("about"), max_length=120, blank=True)
    lane = models.BigIntegerField(_("lane"), null=True)  # of xapi, whose rows it never points at
    level = models.PositiveIntegerField(_("level"), default=0)
    told_level = models.PositiveIntegerField(default=0)
    detail = models.TextField(_("in its own words"), blank=True)
    opened_at = models.DateTimeField(_("began"))
    seen_at = models.DateTimeField(_("last seen"))
    calm_since = models.DateTimeField(null=True)
    told_at = models.DateTimeField(_("last told"), null=True)
    told = models.PositiveIntegerField(_("times told"), default=0)
    closed_at = models.DateTimeField(_("ended"), null=True)

    wagtail_reference_index_ignore = True

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        ordering: ClassVar[list[str]] = ["-pk"]
        default_permissions = ("view",)
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["key"],
                condition=Q(closed_at__isnull=True),
                name="attune_notices_one_open_incident",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_trouble_display()}: {self.about}"


class Heartbeat(models.Model):
    """When a sweep last ran to its end; ``name`` is its task's."""

    name = models.CharField(max_length=120, primary_key=True)
    at = models.DateTimeField()

    wagtail_reference_index_ignore = True

    class Meta:
        verbose_name = _("sign of life")
        verbose_name_plural = _("signs of life")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.name}: {self.at}"
