"""What a rule says, who is left out of it, and due dates that somebody put off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from attune.curriculum.models import ProgrammePage
from attune.enrolments.due_dates import Hour, Moved, Terms
from attune.enrolments.querysets import ThroughEnrolmentQuerySet
from attune.people.models import Engagement, Location, MembershipRole, Person, Team

if TYPE_CHECKING:
    from collections.abc import Iterable


class RuleQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """Rules of the engagements whose results the user reads: HR and managers, both sides."""
        return self.filter(engagement__in=Engagement.objects.results_visible_to(user))

    def in_force(self) -> Self:
        return self.filter(is_active=True, programme__isnull=False, programme__live=True)

    def that_could_match(self, person_ids: Iterable[int]) -> Self:
        """Rules in force of engagements in which these people are, were, or owe by a rule."""
        ids = list(person_ids)
        given = {
            "enrolments__assignments__reason": "rule",
            "enrolments__assignments__withdrawn_at__isnull": True,
            "enrolments__person__in": ids,
        }
        here = Engagement.objects.filter(teams__memberships__person__in=ids).values("pk")
        owing = Engagement.objects.filter(**given).values("pk")
        return self.in_force().filter(Q(engagement__in=here) | Q(engagement__in=owing))


class AssignmentRule(models.Model):
    """Everyone in a scope of one engagement → a programme, with a due date for each."""

    class HourChoice(models.TextChoices):
        END_OF_WORK = Hour.END_OF_WORK.value, _("The end of their working day")
        LAST_MINUTE = Hour.LAST_MINUTE.value, _("23:59 where they work")

    class MovedChoice(models.TextChoices):
        NEXT = Moved.NEXT.value, _("The next working day")
        PREVIOUS = Moved.PREVIOUS.value, _("The working day before")

    name = models.CharField(_("name"), max_length=120)
    engagement = models.ForeignKey(
        Engagement,
        verbose_name=_("engagement"),
        on_delete=models.PROTECT,
        related_name="assignment_rules",
    )
    programme_key = models.UUIDField(_("programme’s translation key"), editable=False)
    programme = models.ForeignKey(
        ProgrammePage,
        verbose_name=_("programme"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="assignment_rules",
    )
    team = models.ForeignKey(
        Team,
        verbose_name=_("team"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    location = models.ForeignKey(
        Location,
        verbose_name=_("location"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    role = models.CharField(_("role"), max_length=10, blank=True, choices=MembershipRole.Role)
    hired_since = models.DateField(_("hired since"), null=True, blank=True)
    # The rule asks for nothing before this day, and nobody's time runs from an earlier one:
    # whoever joined years ago is not overdue the moment a rule is made.
    starts_on = models.DateField(_("from"))
    due_days = models.PositiveSmallIntegerField(
        _("days to finish"), validators=[MinValueValidator(1), MaxValueValidator(730)]
    )
    due_on = models.DateField(_("due on"), null=True, blank=True)
    hour = models.CharField(
        _("at"), max_length=20, choices=HourChoice, default=HourChoice.END_OF_WORK
    )
    moved = models.CharField(
        _("if that is a day off"), max_length=10, choices=MovedChoice, default=MovedChoice.NEXT
    )
    repeat_months = models.PositiveSmallIntegerField(
        _("again every so many months"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(120)],
    )
    note = models.CharField(_("note"), max_length=300, blank=True)
    is_active = models.BooleanField(_("in force"), default=True, editable=False)
    # Counts the changes, so that work begun under an older version is known as such.
    version = models.PositiveIntegerField(default=1, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("made by"),
        null=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    made_at = models.DateTimeField(_("made at"), editable=False)

    objects = RuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("assignment rule")
        verbose_name_plural = _("assignment rules")
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(due_days__gte=1), name="rule_gives_a_day_at_least"),
            models.CheckConstraint(
                condition=Q(repeat_months__isnull=True) | Q(repeat_months__gte=1),
                name="rule_repeats_after_a_month_at_least",
            ),
        ]
        indexes = [
            models.Index(
                fields=["engagement"], condition=Q(is_active=True), name="rule_in_force_by_eng"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def reference(self) -> str:
        """What an assignment by this rule refers to."""
        return str(self.pk)

    @property
    def is_in_force(self) -> bool:
        return self.is_active and self.programme is not None and self.programme.live

    @property
    def terms(self) -> Terms:
        return Terms(
            days=self.due_days, by=self.due_on, hour=Hour(self.hour), moved=Moved(self.moved)
        )


class RuleException(models.Model):
    """Somebody whom a rule leaves alone, although they are in its scope."""

    rule = models.ForeignKey(
        AssignmentRule,
        verbose_name=_("rule"),
        on_delete=models.CASCADE,
        related_name="exceptions",
    )
    person = models.ForeignKey(
        Person, verbose_name=_("person"), on_delete=models.CASCADE, related_name="rule_exceptions"
    )
    reason = models.CharField(_("reason"), max_length=300)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("made by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("exception from a rule")
        verbose_name_plural = _("exceptions from rules")
        ordering = ["made_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["rule", "person"], name="rule_exception_once")
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.rule}"


class DueExtension(models.Model):
    """A due date that somebody put off for one person, and why. The newest counts.

    It takes the place of the dates of all reasons that stood when it was given; a reason that
    came later brings its own date.
    """

    enrolment = models.ForeignKey(
        "attune_enrolments.Enrolment",
        verbose_name=_("enrolment"),
        on_delete=models.CASCADE,
        related_name="extensions",
    )
    due_at = models.DateTimeField(_("due"))
    reason = models.CharField(_("reason"), max_length=300)
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("given by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    given_at = models.DateTimeField(_("given at"))

    objects = ThroughEnrolmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("extension")
        verbose_name_plural = _("extensions")
        ordering = ["given_at", "pk"]

    def __str__(self) -> str:
        return f"{self.enrolment} · {self.due_at:%Y-%m-%d}"
