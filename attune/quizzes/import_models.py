"""Where a question came from, and the file that somebody is about to import."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.models import Locale

from attune.curriculum.topics import Topic
from attune.people.access import reach_of
from attune.people.models import Organisation
from attune.quizzes.questions import Question


class QuestionSource(models.Model):
    """By which a question is known again when its file is imported once more.

    ``scheme`` says whose id it is (the format's own, or ``content``: a hash of what is
    asked); ``digest`` is a hash of all that the file said when it was last taken over.
    """

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="sources")
    scheme = models.CharField(_("scheme"), max_length=20)
    identifier = models.CharField(_("identifier"), max_length=255)
    digest = models.CharField(_("digest"), max_length=64)
    imported_at = models.DateTimeField(_("imported at"))

    # A note about the question, not a use of it.
    wagtail_reference_index_ignore = True

    class Meta:
        verbose_name = _("source of a question")
        verbose_name_plural = _("sources of questions")
        constraints = [
            models.UniqueConstraint(
                fields=["question", "scheme", "identifier"], name="question_source_once"
            )
        ]
        indexes = [models.Index(fields=["scheme", "identifier"], name="question_source_found_by")]

    def __str__(self) -> str:
        return f"{self.scheme}: {self.identifier}"


class QuestionImportQuerySet(models.QuerySet[Any]):
    def editable_by(self, user: Any) -> Self:
        """Imports into the banks of the clients that the user writes for."""
        reach = reach_of(user)
        return self if reach.everything else self.filter(owner__in=reach.authors_for)

    def waiting(self) -> Self:
        return self.filter(applied_at__isnull=True)


class QuestionImport(models.Model):
    """A file that was uploaded and tried. It is kept until it is taken over, or is forgotten."""

    deed = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(
        Organisation,
        verbose_name=_("bank"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
    )
    locale = models.ForeignKey(
        Locale, verbose_name=_("language"), on_delete=models.CASCADE, related_name="+"
    )
    topic = models.CharField(_("topic"), max_length=20, choices=Topic)
    publish = models.BooleanField(_("publish at once"), default=True)
    format = models.CharField(_("format"), max_length=20)
    file_name = models.CharField(_("file"), max_length=200)
    body = models.BinaryField(_("content"), null=True)
    in_background = models.BooleanField(
        _("in the background"),
        default=False,
        help_text=_("Too large to be read while somebody waits for a page."),
    )
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
    # What became of each line, for whoever comes back to the page; the file itself is gone.
    report: Any = models.JSONField(_("report"), null=True, blank=True)

    objects: ClassVar[Any] = QuestionImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import of questions")
        verbose_name_plural = _("imports of questions")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(applied_at__isnull=True, body__isnull=False)
                | models.Q(applied_at__isnull=False, body__isnull=True),
                name="question_import_keeps_no_file",
            )
        ]

    def __str__(self) -> str:
        return self.file_name
