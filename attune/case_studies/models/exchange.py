"""A file of a case that somebody tried and has not taken over yet."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page


class CaseImportQuerySet(models.QuerySet[Any]):
    def waiting(self) -> Self:
        return self.filter(applied_at__isnull=True)

    def of(self, user: Any) -> Self:
        """Whoever uploaded a file looks at it; nobody else needs to."""
        return self.filter(uploaded_by=user)


class CaseImport(models.Model):
    """``place`` is the case study that the file is for, or the module where it will stand."""

    deed = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    place = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="+")
    format = models.CharField(_("format"), max_length=10)
    file_name = models.CharField(_("file"), max_length=200)
    body = models.BinaryField(_("content"), null=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("uploaded by"),
        on_delete=models.CASCADE,
        related_name="+",
    )
    uploaded_at = models.DateTimeField(_("uploaded at"), db_index=True)
    applied_at = models.DateTimeField(_("taken over at"), null=True, blank=True)

    objects: ClassVar[Any] = CaseImportQuerySet.as_manager()

    # A note beside the page, not a use of it.
    wagtail_reference_index_ignore = True

    class Meta:
        verbose_name = _("import of a case study")
        verbose_name_plural = _("imports of case studies")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(applied_at__isnull=True, body__isnull=False)
                | models.Q(applied_at__isnull=False, body__isnull=True),
                name="case_import_keeps_no_file",
            )
        ]

    def __str__(self) -> str:
        return self.file_name
