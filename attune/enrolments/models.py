"""Who must learn what by when, and how far they are.

Three kinds of row, kept apart: an ``Enrolment`` (who owes what to which engagement, with
the registration that its statements carry) and the ``Assignment`` reasons behind it;
evidence (``UnitProgress``, ``ModuleEvidence``), which is the person's and is earned once
per cycle wherever the content stands; and ``EnrolmentModule``, which counts evidence for
one enrolment and is all that reports ever read. Writes happen in ``services``.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from attune.curriculum.models import FrozenContent, LearningUnitPage, ProgrammePage
from attune.enrolments.querysets import (
    EnrolmentQuerySet,
    EvidenceQuerySet,
    ThroughEnrolmentQuerySet,
)
from attune.enrolments.states import (
    STORED_CHOICES,
    Standing,
    State,
    standing_at,
)
from attune.people.models import Engagement, Person


class Enrolment(models.Model):
    """A person owes a programme to an engagement, in one cycle.

    ``registration`` is the xAPI registration: the key that ties every statement of this
    enrolment together, and later to tickets.
    """

    registration = models.UUIDField(
        _("registration"), default=uuid.uuid4, unique=True, editable=False
    )
    person = models.ForeignKey(
        Person, verbose_name=_("person"), on_delete=models.PROTECT, related_name="enrolments"
    )
    programme_key = models.UUIDField(_("programme’s translation key"))
    # A pointer for display, in the language in which it was assigned. The key is what counts.
    programme = models.ForeignKey(
        ProgrammePage,
        verbose_name=_("programme"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="enrolments",
    )
    engagement = models.ForeignKey(
        Engagement,
        verbose_name=_("engagement"),
        on_delete=models.PROTECT,
        related_name="enrolments",
    )
    cycle = models.PositiveSmallIntegerField(_("cycle"), default=1)
    state = models.CharField(
        _("state"), max_length=20, choices=STORED_CHOICES, default=State.NOT_STARTED
    )
    state_reason = models.CharField(_("reason"), max_length=300, blank=True)
    resumes_as = models.CharField(
        _("resumes as"), max_length=20, choices=STORED_CHOICES, blank=True, editable=False
    )
    # Only what a leaving has paused is resumed by a return; what somebody paused stays.
    paused_by_leaving = models.BooleanField(
        _("paused because the job ended"), default=False, editable=False
    )
    due_at = models.DateTimeField(
        _("due"), null=True, blank=True, help_text=_("The earliest of its live assignments.")
    )
    enrolled_at = models.DateTimeField(_("enrolled at"))
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    completed_at = models.DateTimeField(_("completed at"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    modules_required = models.PositiveSmallIntegerField(_("modules required"), default=0)
    modules_done = models.PositiveSmallIntegerField(_("modules done"), default=0)

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("enrolment")
        verbose_name_plural = _("enrolments")
        ordering = ["due_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "programme_key", "engagement", "cycle"],
                name="enrolment_once_per_cycle",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.COMPLETED) | Q(completed_at__isnull=False),
                name="enrolment_completed_has_moment",
            ),
            models.CheckConstraint(condition=Q(cycle__gte=1), name="enrolment_cycle_from_one"),
        ]
        indexes = [
            # Down to person and cycle, so that asking for each person of a programme whether
            # there is a later round finds all it compares in the index. Without, PostgreSQL
            # compared everybody with everybody whenever its statistics were old: 30 s instead
            # of 0.1 s for 10,000 people.
            models.Index(
                fields=["programme_key", "engagement", "person", "cycle"],
                name="enrolment_by_programme",
            ),
            models.Index(fields=["engagement", "state"], name="enrolment_by_engagement"),
            models.Index(
                fields=["due_at"],
                condition=Q(
                    state__in=[
                        "not_started",
                        "in_progress",
                        "awaiting_marking",
                        "attempts_exhausted",
                    ]
                ),
                name="enrolment_open_by_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.programme or self.programme_key}"

    def standing(self, now: datetime) -> Standing:
        return standing_at(
            stored=self.state, due_at=self.due_at, expires_at=self.expires_at, now=now
        )


class Assignment(models.Model):
    """One reason for an enrolment, with the date it asks for.

    The earliest due date of the live reasons counts; the enrolment is withdrawn only when
    its last reason goes.
    """

    class Reason(models.TextChoices):
        PERSON = "person", _("Assigned by a person")
        RULE = "rule", _("Assigned by a rule")
        RENEWAL = "renewal", _("Renewal")
        MATERIAL_CHANGE = "material_change", _("The content changed")

    enrolment = models.ForeignKey(
        Enrolment,
        verbose_name=_("enrolment"),
        on_delete=models.CASCADE,
        related_name="assignments",
    )
    reason = models.CharField(_("reason"), max_length=20, choices=Reason)
    reference = models.CharField(
        _("reference"),
        max_length=64,
        blank=True,
        help_text=_("What stands behind the reason, for example a rule’s number."),
    )
    note = models.CharField(_("note"), max_length=300, blank=True)
    assigned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("assigned by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    assigned_at = models.DateTimeField(_("assigned at"))
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)

    objects = ThroughEnrolmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        ordering = ["assigned_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["enrolment", "reason", "reference"],
                condition=Q(withdrawn_at__isnull=True),
                name="assignment_live_reason_once",
            )
        ]
        indexes = [
            # Whom a rule has given something, however many assignments there are.
            models.Index(
                fields=["reference", "enrolment"],
                condition=Q(reason="rule", withdrawn_at__isnull=True),
                name="assignment_live_by_rule",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} · {self.enrolment}"


class ModuleEvidence(models.Model):
    """How far a person is with a module, in one cycle, wherever they learn it.

    ``enrolment`` is the one through which it was earned: its registration is what the
    statements carry. Other enrolments count it through ``EnrolmentModule``.
    """

    deed = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(
        Person, verbose_name=_("person"), on_delete=models.PROTECT, related_name="module_evidence"
    )
    module_key = models.UUIDField(_("module’s translation key"))
    cycle = models.PositiveSmallIntegerField(_("cycle"), default=1)
    enrolment = models.ForeignKey(
        Enrolment,
        verbose_name=_("earned through"),
        on_delete=models.PROTECT,
        related_name="module_evidence",
    )
    state = models.CharField(
        _("state"), max_length=20, choices=STORED_CHOICES, default=State.IN_PROGRESS
    )
    started_at = models.DateTimeField(_("started at"))
    completed_at = models.DateTimeField(_("completed at"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("module evidence")
        verbose_name_plural = _("module evidence")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "module_key", "cycle"], name="module_evidence_once_per_cycle"
            ),
            models.CheckConstraint(
                condition=Q(state=State.COMPLETED, completed_at__isnull=False)
                | (~Q(state=State.COMPLETED) & Q(completed_at__isnull=True)),
                name="module_evidence_completed_has_moment",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                condition=Q(expires_at__isnull=False),
                name="module_evidence_by_expiry",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.module_key} · {self.cycle}"


class UnitProgress(models.Model):
    """How far a person is with one learning unit, in the cycle of its module."""

    deed = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(
        Person, verbose_name=_("person"), on_delete=models.PROTECT, related_name="unit_progress"
    )
    unit_key = models.UUIDField(_("unit’s translation key"))
    module_key = models.UUIDField(_("module’s translation key"))
    cycle = models.PositiveSmallIntegerField(_("cycle"), default=1)
    unit = models.ForeignKey(
        LearningUnitPage,
        verbose_name=_("unit"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="progress",
        help_text=_("The page as last opened, in that language. The key is what counts."),
    )
    enrolment = models.ForeignKey(
        Enrolment,
        verbose_name=_("earned through"),
        on_delete=models.PROTECT,
        related_name="unit_progress",
    )
    state = models.CharField(
        _("state"), max_length=20, choices=STORED_CHOICES, default=State.IN_PROGRESS
    )
    language = models.CharField(_("language"), max_length=12, blank=True)
    position = models.JSONField(
        _("position"),
        default=dict,
        blank=True,
        help_text=_("Where the person is in the unit; its shape is the unit type’s own."),
    )
    score = models.FloatField(
        _("score"), null=True, blank=True, help_text=_("Best result, from 0 to 1.")
    )
    started_at = models.DateTimeField(_("started at"))
    completed_at = models.DateTimeField(_("completed at"), null=True, blank=True)
    seen = models.ForeignKey(
        FrozenContent,
        verbose_name=_("as it was"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="unit_progress",
        help_text=_("The version that was completed."),
    )

    objects = ThroughEnrolmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("unit progress")
        verbose_name_plural = _("unit progress")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "unit_key", "cycle"], name="unit_progress_once_per_cycle"
            ),
            models.CheckConstraint(
                condition=Q(state=State.COMPLETED, completed_at__isnull=False)
                | (~Q(state=State.COMPLETED) & Q(completed_at__isnull=True)),
                name="unit_progress_completed_has_moment",
            ),
            models.CheckConstraint(
                condition=Q(score__isnull=True) | Q(score__gte=0, score__lte=1),
                name="unit_progress_score_is_a_share",
            ),
        ]
        indexes = [
            models.Index(fields=["person", "module_key", "cycle"], name="unit_progress_by_module")
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.unit_key} · {self.cycle}"


class EnrolmentModule(models.Model):
    """A module as it counts for one enrolment: the stored cell of every report.

    No row means *not started*. The row is written with the deed, so that a report never
    recomputes progress.
    """

    class Credit(models.TextChoices):
        NONE = "", _("Not credited yet")
        EARNED = "earned", _("Earned here")
        SATISFIED = "satisfied", _("Counted from another programme")
        WAIVED = "waived", _("Waived")

    enrolment = models.ForeignKey(
        Enrolment, verbose_name=_("enrolment"), on_delete=models.CASCADE, related_name="modules"
    )
    module_key = models.UUIDField(_("module’s translation key"))
    evidence = models.ForeignKey(
        ModuleEvidence,
        verbose_name=_("evidence"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="credits",
    )
    state = models.CharField(
        _("state"), max_length=20, choices=STORED_CHOICES, default=State.IN_PROGRESS
    )
    credit = models.CharField(
        _("credit"), max_length=10, choices=Credit, blank=True, default=Credit.NONE
    )
    credit_reason = models.CharField(_("reason"), max_length=300, blank=True)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    completed_at = models.DateTimeField(_("completed at"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)

    objects = ThroughEnrolmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("module of an enrolment")
        verbose_name_plural = _("modules of enrolments")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["enrolment", "module_key"], name="enrolment_module_once"
            ),
            models.CheckConstraint(
                condition=~Q(state=State.COMPLETED) | Q(completed_at__isnull=False),
                name="enrolment_module_completed_has_moment",
            ),
            models.CheckConstraint(
                condition=~Q(credit__in=["earned", "satisfied"]) | Q(evidence__isnull=False),
                name="enrolment_module_credit_rests_on_evidence",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True)
                | Q(completed_at__isnull=True)
                | Q(expires_at__gt=F("completed_at")),
                name="enrolment_module_expires_after_completion",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enrolment} · {self.module_key}"

    def standing(self, now: datetime) -> Standing:
        return standing_at(stored=self.state, due_at=None, expires_at=self.expires_at, now=now)


class MaterialChange(models.Model):
    """A trainer's word that a module changed so much that it must be taken again."""

    module_key = models.UUIDField(_("module’s translation key"), db_index=True)
    reason = models.CharField(_("reason"), max_length=300)
    due_at = models.DateTimeField(_("new due date"))
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("published by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    published_at = models.DateTimeField(_("published at"))

    class Meta:
        verbose_name = _("material change")
        verbose_name_plural = _("material changes")
        ordering = ["-published_at"]

    def __str__(self) -> str:
        return self.reason


# Rows of this package that have a module of their own; Django finds models through this one.
from attune.enrolments.rules.models import (  # noqa: E402
    AssignmentRule,
    DueExtension,
    RuleException,
)

__all__ = [
    "Assignment",
    "AssignmentRule",
    "DueExtension",
    "Enrolment",
    "EnrolmentModule",
    "MaterialChange",
    "ModuleEvidence",
    "RuleException",
    "UnitProgress",
]
