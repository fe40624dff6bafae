"""A job: work too long for a request, that survives the death of whoever does it.

The row is the truth; the broker only hints at it. What a job is about belongs to floors
that are not known here, so ``subject``, ``scope`` and ``payload`` are opaque. No secret is
ever put into any of them: they are read in the admin and stay in backups.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

LONG = timedelta(minutes=5)


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, user: Any) -> Self:
        """A job is seen by who asked for it, and by the administrator."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self if user.is_superuser else self.filter(asked_by=user.pk)

    def unfinished(self) -> Self:
        return self.filter(state__in=UNFINISHED)

    def about(self, kind: str, subject: str) -> Self:
        """Newest first."""
        return self.filter(kind=kind, subject=subject).order_by("-asked_at", "-pk")


class Job(models.Model):
    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        RUNNING = "running", _("at work")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=80)
    title = models.CharField(_("title"), max_length=200)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("asked by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    language = models.CharField(_("language"), max_length=20, blank=True)
    subject = models.CharField(
        _("subject"),
        max_length=200,
        blank=True,
        help_text=_("What it is about; of one kind only one is unfinished at a time."),
    )
    scope = models.CharField(
        _("scope"), max_length=200, blank=True, help_text=_("Whose data it works on: a code.")
    )
    payload: Any = models.JSONField(_("what was asked for"), default=dict, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)

    cursor: Any = models.JSONField(_("where to go on"), null=True, blank=True)
    done = models.PositiveIntegerField(_("done"), default=0)
    total = models.PositiveIntegerField(_("of"), default=0, help_text=_("0: nobody knows yet."))
    words = models.CharField(_("what it is doing"), max_length=200, blank=True)
    result: Any = models.JSONField(_("result"), default=dict, blank=True)
    error = models.TextField(_("what went wrong"), blank=True)

    # The lease: by the database's clock, fenced by its token.
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    retry_at = models.DateTimeField(null=True, blank=True, editable=False)
    tries = models.PositiveSmallIntegerField(
        _("tries"), default=0, help_text=_("Workers that began since something was last done.")
    )
    cancel_asked_at = models.DateTimeField(_("cancellation asked at"), null=True, blank=True)

    asked_at = models.DateTimeField(_("asked at"))
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    keep_until = models.DateTimeField(_("kept until"), null=True, blank=True)

    objects: ClassVar[Any] = JobQuerySet.as_manager()

    # A note about work, not a use of what it worked on.
    wagtail_reference_index_ignore = True

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"],
                condition=Q(state__in=["queued", "running"]) & ~Q(subject=""),
                name="job_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"], finished_at__isnull=True)
                | Q(state__in=["done", "failed", "cancelled"], finished_at__isnull=False),
                name="job_ends_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["asked_at"],
                condition=Q(state__in=["queued", "running"]),
                name="job_waiting",
            ),
            models.Index(fields=["kind", "subject", "-asked_at"], name="job_about"),
            models.Index(fields=["asked_by", "-asked_at"], name="job_mine"),
            models.Index(
                fields=["keep_until"], condition=Q(keep_until__isnull=False), name="job_kept_until"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_finished(self) -> bool:
        return self.state not in UNFINISHED

    @property
    def waits_long(self) -> bool:
        """So long that probably no worker is running."""
        waits = self.state == self.State.QUEUED
        return waits and timezone.now() - self.asked_at > LONG

    @property
    def is_done(self) -> bool:
        return self.state == self.State.DONE


UNFINISHED = (Job.State.QUEUED, Job.State.RUNNING)


class JobPart(models.Model):
    """A piece of what a job made, or of what it refused; written in the step that made it."""

    class What(models.TextChoices):
        RESULT = "result", _("result")
        ERRORS = "errors", _("errors")

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="parts")
    what = models.CharField(max_length=6, choices=What)
    rows: Any = models.JSONField(default=list)

    wagtail_reference_index_ignore = True

    class Meta:
        verbose_name = _("part of a job")
        verbose_name_plural = _("parts of jobs")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.job_id}: {self.what}"
