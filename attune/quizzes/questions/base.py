"""The base of every question type, and the contract that a type must fill.

A type is one file beside this one: a model with its own fields, and an ``Item`` (see
``items.py``) that answers for it once frozen. Types are found through Django's app
registry; nothing anywhere lists them. A system check refuses a type that lacks a part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from polymorphic.models import PolymorphicModel
from wagtail.admin.panels import FieldPanel, InlinePanel, MultiFieldPanel
from wagtail.fields import RichTextField
from wagtail.images import get_image_model_string
from wagtail.models import (
    DraftStateMixin,
    Locale,
    LockableMixin,
    PreviewableMixin,
    RevisionMixin,
    TranslatableMixin,
    Workflow,
    WorkflowMixin,
)
from wagtail.search import index
from wagtail_localize.fields import SynchronizedField, TranslatableField
from wagtailmedia.edit_handlers import MediaChooserPanel
from wagtailmedia.settings import wagtailmedia_settings

from attune.curriculum.models import ClientHomePage, LearningUnitPage
from attune.curriculum.topics import Topic
from attune.people.models import Organisation
from attune.quizzes.questions.forms import QuestionForm
from attune.quizzes.questions.items import Item
from attune.quizzes.questions.prose import clean_prose
from attune.quizzes.questions.querysets import QuestionManager

IMAGE_MODEL = get_image_model_string()
MEDIA_MODEL = wagtailmedia_settings.MEDIA_MODEL

# No links and no images: the text is frozen as it stands, and must not depend on a page.
QUESTION_FEATURES = ["bold", "italic", "ol", "ul"]


class Difficulty(models.IntegerChoices):
    EASY = 1, _("Easy")
    MEDIUM = 2, _("Medium")
    HARD = 3, _("Hard")


class Question(
    WorkflowMixin,
    DraftStateMixin,
    LockableMixin,
    RevisionMixin,
    PreviewableMixin,
    TranslatableMixin,
    index.Indexed,
    PolymorphicModel,
    ClusterableModel,
):
    """A question in a client's bank, or in the shared one. Never saved as such, only as a type.

    Learners are shown a frozen ``definition()``, never this row.
    """

    if TYPE_CHECKING:
        # Declared by Wagtail's mixin; models and forms import each other in a circle in which
        # mypy finds no end to begin with.
        locale: models.ForeignKey[Locale, Locale]

    base_form_class = QuestionForm

    # What a type must say: its name in definitions, and who answers once it is frozen.
    kind: ClassVar[str] = ""
    item_class: ClassVar[type[Item] | None] = None
    # Child relations that ``definition()`` reads, fetched together when an attempt starts.
    definition_prefetch: ClassVar[list[str]] = []

    owner = models.ForeignKey(
        Organisation,
        verbose_name=_("bank"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="questions",
        limit_choices_to={"kind": Organisation.Kind.CLIENT},
        help_text=_("Whose question it is. Empty: in the shared bank, for every client."),
    )
    title = models.CharField(
        _("short name"),
        max_length=150,
        help_text=_("For your own lists. Learners do not see it."),
    )
    prompt = RichTextField(_("question"), features=QUESTION_FEATURES)
    explanation = RichTextField(
        _("explanation"),
        features=QUESTION_FEATURES,
        blank=True,
        help_text=_("Shown with the result, whatever the answer was."),
    )
    topic = models.CharField(
        _("topic"), max_length=20, choices=Topic, default=Topic.COMMUNICATION, db_index=True
    )
    difficulty = models.PositiveSmallIntegerField(
        _("difficulty"), choices=Difficulty, default=Difficulty.MEDIUM, db_index=True
    )
    image = models.ForeignKey(
        IMAGE_MODEL,
        verbose_name=_("image"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    image_alt = models.CharField(
        _("the image in words"),
        max_length=300,
        blank=True,
        help_text=_("For everyone who cannot see it. Say what the question needs of it."),
    )
    recording = models.ForeignKey(
        MEDIA_MODEL,
        verbose_name=_("video or audio"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    transcript = RichTextField(
        _("transcript"),
        features=QUESTION_FEATURES,
        blank=True,
        help_text=_("For everyone who cannot hear it, or sits where it is loud."),
    )
    lesson = models.ForeignKey(
        LearningUnitPage,
        verbose_name=_("lesson it rests on"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("The result leads there, in the learner’s language."),
    )
    copied_from = models.UUIDField(_("copied from"), null=True, blank=True, editable=False)

    objects: ClassVar[Any] = QuestionManager()

    common_panels = [
        FieldPanel("title", required_on_save=True),
        FieldPanel("owner"),
        FieldPanel("prompt"),
        MultiFieldPanel(
            [
                FieldPanel("image"),
                FieldPanel("image_alt"),
                MediaChooserPanel("recording"),
                FieldPanel("transcript"),
            ],
            heading=_("Image or recording"),
            classname="collapsed",
        ),
    ]
    closing_panels = [
        FieldPanel("explanation"),
        FieldPanel("lesson"),
        MultiFieldPanel([FieldPanel("topic"), FieldPanel("difficulty")], heading=_("Facts")),
        InlinePanel("tags", label=_("tag"), heading=_("Tags")),
    ]
    search_fields = [
        index.SearchField("title", boost=2),
        index.AutocompleteField("title"),
        index.SearchField("prompt"),
        index.FilterField("owner"),
        index.FilterField("topic"),
        index.FilterField("difficulty"),
        index.FilterField("live"),
        index.FilterField("locale"),
        index.FilterField("polymorphic_ctype"),
    ]
    common_translatable_fields = [
        TranslatableField("title"),
        TranslatableField("prompt"),
        TranslatableField("explanation"),
        SynchronizedField("image", overridable=False),
        TranslatableField("image_alt"),
        SynchronizedField("recording", overridable=False),
        TranslatableField("transcript"),
        SynchronizedField("lesson", overridable=False),
        SynchronizedField("owner", overridable=False),
        SynchronizedField("topic", overridable=False),
        SynchronizedField("difficulty", overridable=False),
        SynchronizedField("tags", overridable=False),
    ]

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["title", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["translation_key", "locale"], name="question_once_per_language"
            )
        ]

    def __str__(self) -> str:
        return self.title

    # --- the frozen form ---

    def definition(self) -> dict[str, Any]:
        """The question as plain JSON: all that asking, grading and explaining it takes.

        Option ids are translation keys, so that they are the same in every language.
        """
        return {
            "kind": self.kind,
            "language": self.locale.language_code,
            # Cleaned once more: a translator's text has not been through the editor.
            "prompt": clean_prose(self.prompt),
            "explanation": clean_prose(self.explanation),
            "topic": self.topic,
            "difficulty": self.difficulty,
            **self._surroundings(),
            **self.own_definition(),
        }

    def _surroundings(self) -> dict[str, Any]:
        """Image, recording and lesson; each only where there is one."""
        found: dict[str, Any] = {}
        if self.image_id is not None:
            found["image"] = {"id": self.image_id, "alt": self.image_alt}
        if self.recording_id is not None:
            found["recording"] = {
                "id": self.recording_id,
                "transcript": clean_prose(self.transcript),
            }
        if self.lesson is not None:
            found["lesson"] = {
                "key": str(self.lesson.translation_key),
                "title": self.lesson.title,
            }
        return found

    def own_definition(self) -> dict[str, Any]:
        """What this type adds to the definition."""
        raise NotImplementedError

    def item(self) -> Item:
        """The question as it would be frozen now."""
        if self.item_class is None:
            raise TypeError(f"{type(self).__name__} has no item_class.")
        return self.item_class(self.definition())

    def fill(self, data: dict[str, Any]) -> None:
        """Take this type's own values from plain data (imports, demo content).

        :raises ValueError: in words, where a value is missing or of the wrong kind.
        """
        raise NotImplementedError

    def as_data(self) -> dict[str, Any]:
        """This type's own values as plain data: what ``fill`` would take to make them again."""
        raise NotImplementedError

    # --- Wagtail ---

    def get_workflow(self) -> Workflow | None:
        """The workflow of the client whose question it is, as set on the client's home.

        Wagtail has one workflow per snippet type, which would show one client's drafts to
        another's reviewers.
        """
        if self.owner_id is None:
            found: Workflow | None = super().get_workflow()
            return found
        home = ClientHomePage.objects.filter(organisation=self.owner_id).order_by("pk").first()
        return home.get_workflow() if home is not None else None

    def get_preview_template(self, request: HttpRequest, mode_name: str) -> str:
        return "attune_quizzes/question_preview.html"

    def get_preview_context(self, request: HttpRequest, mode_name: str) -> dict[str, Any]:
        if self.locale_id is None:
            # Wagtail gives a question its language only when it is first saved.
            self.locale_id = Locale.get_default().pk
        item = self.item()
        order = item.order(None)
        if item.answer_form is None:
            raise TypeError(f"{type(item).__name__} has no answer form.")
        return {
            **super().get_preview_context(request, mode_name),
            "item": item,
            "form": item.answer_form(item=item, order=order),
            "outcomes": item.outcomes(None, order),
        }


class QuestionTag(models.Model):
    """A word that a question is found by. Small letters; one row each, so that it is indexed."""

    question = ParentalKey(Question, on_delete=models.CASCADE, related_name="tags")
    name = models.SlugField(_("tag"), max_length=60, allow_unicode=True)

    panels = [FieldPanel("name")]

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
