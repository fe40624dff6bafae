"""The log of what was done to questions, kept apart from Wagtail's own.

Wagtail's site history shows each entry of a model's log to everyone with any permission on
that model. Questions belong to clients, so their log remembers the client, also after a
question is gone.
"""

from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.models import BaseLogEntry, BaseLogEntryManager

from attune.people.access import reach_of
from attune.people.models import Organisation


class QuestionLogEntryManager(BaseLogEntryManager):
    def log_action(self, instance: Any, action: str, **kwargs: Any) -> Any:
        kwargs.update(object_id=str(instance.pk), organisation_id=instance.owner_id)
        return super().log_action(instance, action, **kwargs)

    def for_instance(self, instance: Any) -> Any:
        return self.filter(
            content_type=ContentType.objects.get_for_model(instance, for_concrete_model=False),
            object_id=str(instance.pk),
        )

    def viewable_by_user(self, user: Any) -> Any:
        reach = reach_of(user)
        return self.all() if reach.everything else self.filter(organisation__in=reach.authors_for)


class QuestionLogEntry(BaseLogEntry):
    object_id = models.CharField(max_length=255, db_index=True)
    organisation = models.ForeignKey(
        Organisation,
        verbose_name=_("bank"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
    )

    objects = QuestionLogEntryManager()

    class Meta(BaseLogEntry.Meta):
        ordering = ["-timestamp", "-id"]
        verbose_name = _("log entry of a question")
        verbose_name_plural = _("log entries of questions")

    def __str__(self) -> str:
        return f"{self.action} · {self.label}"
