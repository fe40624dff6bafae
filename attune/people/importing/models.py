"""A file of people that somebody is about to import, and what its organisation calls columns."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from attune.people.access import reach_of


class PeopleImportQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """Files for organisations whose people the user manages."""
        reach = reach_of(user)
        return self if reach.everything else self.filter(organisation__in=reach.manages)

    def waiting(self) -> Self:
        return self.filter(applied_at__isnull=True)


class DateOrder(models.TextChoices):
    DAY_FIRST = "dmy", _("Day, month, year (31.12.2026)")
    MONTH_FIRST = "mdy", _("Month, day, year (12/31/2026)")
    YEAR_FIRST = "ymd", _("Year, month, day (2026-12-31)")


class PeopleImport(models.Model):
    """A file that was uploaded. Its content is kept until it is taken over, or is forgotten."""

    deed = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organisation = models.ForeignKey(
        "attune_people.Organisation",
        verbose_name=_("employer"),
        on_delete=models.CASCADE,
        related_name="+",
    )
    file_name = models.CharField(_("file"), max_length=200)
    body = models.BinaryField(_("content"), null=True)
    lines = models.PositiveIntegerField(_("lines"), default=0)
    columns: Any = models.JSONField(
        _("columns"),
        default=list,
        blank=True,
        help_text=_("One entry per column of the file: what it holds, or nothing."),
    )
    date_order = models.CharField(_("dates"), max_length=3, choices=DateOrder, blank=True)
    applies_on = models.DateField(_("changes apply from"))
    is_complete = models.BooleanField(_("complete"), default=False)
    creates_places = models.BooleanField(_("create locations and teams"), default=False)
    invites = models.BooleanField(_("invite"), default=False)
    leavers: Any = models.JSONField(
        _("confirmed leavers"),
        default=dict,
        blank=True,
        help_text=_("Jobs that somebody confirmed by name as ended, and the last day."),
    )
    without_faulty = models.BooleanField(_("without the faulty lines"), default=False)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("uploaded by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    uploaded_at = models.DateTimeField(_("uploaded at"), db_index=True)
    applied_at = models.DateTimeField(_("taken over at"), null=True, blank=True)
    result: Any = models.JSONField(_("result"), default=dict, blank=True)

    objects: ClassVar[Any] = PeopleImportQuerySet.as_manager()

    wagtail_reference_index_ignore = True

    class Meta:
        verbose_name = _("import of people")
        verbose_name_plural = _("imports of people")
        ordering = ["-uploaded_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(applied_at__isnull=True, body__isnull=False)
                | models.Q(applied_at__isnull=False, body__isnull=True),
                name="people_import_keeps_no_file",
            )
        ]

    def __str__(self) -> str:
        return self.file_name


class ImportMapping(models.Model):
    """What an organisation's own headings mean, as somebody last confirmed it."""

    organisation = models.OneToOneField(
        "attune_people.Organisation",
        verbose_name=_("employer"),
        on_delete=models.CASCADE,
        related_name="+",
    )
    headings: Any = models.JSONField(_("headings"), default=dict)
    date_order = models.CharField(_("dates"), max_length=3, choices=DateOrder, blank=True)

    wagtail_reference_index_ignore = True

    class Meta:
        verbose_name = _("remembered columns")
        verbose_name_plural = _("remembered columns")

    def __str__(self) -> str:
        return str(self.organisation)


class ImportInvitation(models.Model):
    """An invitation owed to somebody who came by an import, and what became of it.

    It is claimed (``SENDING``) before the mail leaves: whatever dies in between leaves a
    claim that is shown as unclear and is never sent again by itself.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENDING = "sending", _("unclear: the sender stopped meanwhile")
        SENT = "sent", _("sent")
        FAILED = "failed", _("the mail server did not take it")
        NEEDLESS = "needless", _("not needed any more")

    imported = models.ForeignKey(PeopleImport, on_delete=models.CASCADE, related_name="invitations")
    person = models.ForeignKey(
        "attune_people.Person", on_delete=models.CASCADE, related_name="import_invitations"
    )
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    changed_at = models.DateTimeField(_("changed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("invitation by an import")
        verbose_name_plural = _("invitations by imports")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["imported", "person"], name="import_invites_once")
        ]
        indexes = [models.Index(fields=["imported", "state"], name="import_invitation_waits")]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.get_state_display()}"
