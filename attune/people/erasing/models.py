"""That somebody was erased, by whom and when. Whom is exactly what is not kept."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from attune.people.access import reach_of


class ErasureQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        reach = reach_of(user)
        return self if reach.everything else self.filter(organisation__in=reach.manages)


class Erasure(models.Model):
    # Whoever stands in the person's place in what counts: a row without any mark of them.
    tombstone = models.OneToOneField(
        "attune_people.Person", on_delete=models.PROTECT, related_name="erasure"
    )
    organisation = models.ForeignKey(
        "attune_people.Organisation",
        verbose_name=_("last employer"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    erased_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("erased by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    by_command = models.BooleanField(_("by command"), default=False)
    erased_at = models.DateTimeField(_("erased at"))
    exported_at = models.DateTimeField(_("exported at"), null=True)
    kept: Any = models.JSONField(
        _("what was kept or changed"), default=dict, help_text=_("Numbers of rows, by kind.")
    )

    objects: ClassVar[Any] = ErasureQuerySet.as_manager()

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering = ["-erased_at"]

    def __str__(self) -> str:
        return str(self.erased_at)
