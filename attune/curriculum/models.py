"""What there is to learn: page types from a client's home down to the learning unit.

Pages never ask who is reading. The gate and the learner's own state come from
``enrolments``; subtypes of ``LearningUnitPage`` live in ``lessons``, ``quizzes`` and
``case_studies``. Whatever counts is referred to by translation key, never by page id.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail import blocks
from wagtail.admin.panels import (
    FieldPanel,
    InlinePanel,
    MultiFieldPanel,
    PageChooserPanel,
    TitleFieldPanel,
)
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Collection, Orderable, Page, PageViewRestriction
from wagtail.search import index
from wagtail_localize.fields import SynchronizedField, TranslatableField

from attune.cultures.models import Culture
from attune.curriculum.forms import OwnReferencesForm, ProgrammePageForm
from attune.curriculum.querysets import (
    FrozenContentQuerySet,
    LearningUnitManager,
    ModuleManager,
    ProgrammeManager,
)
from attune.curriculum.topics import Topic
from attune.people.models import Organisation

PROSE_FEATURES = ["bold", "italic", "ol", "ul", "link"]


def objectives_field() -> StreamField:
    return StreamField(
        [("objective", blocks.CharBlock(label=_("Objective"), max_length=250))],
        verbose_name=_("objectives"),
        blank=True,
        help_text=_("Each begins with a verb: what will the learner be able to do?"),
    )


class StraightToThePage:
    """Routing by whole address instead of level by level.

    Wagtail asks twice per level (which child, which type); a unit lies five levels deep.
    Where no page has exactly that address, Wagtail's own way is taken, so that a page
    type with routes of its own still works.
    """

    def route(self, request: Any, path_components: list[str]) -> Any:
        if len(path_components) > 1:
            address = f"{self.url_path}{'/'.join(path_components)}/"  # type: ignore[attr-defined]
            page = Page.objects.live().filter(url_path=address).select_related("locale").first()
            if page is not None:
                locale = page.locale
                page = page.specific
                page.locale = locale
                return page.route(request, [])
        return super().route(request, path_components)  # type: ignore[misc]


class GovernedByEnrolment:
    """Who may read is decided by enrolment (the gate in ``enrolments``), not by page privacy.

    So Wagtail offers no privacy setting here, and none has to be looked up.
    """

    private_page_options: ClassVar[list[str]] = []

    def get_view_restrictions(self) -> models.QuerySet[Any]:
        return PageViewRestriction.objects.none()


class FrontPage(StraightToThePage, Page):
    """The front door of a site that Attune runs by itself: leads to each client's home."""

    template = "attune_curriculum/front_page.html"
    subpage_types: ClassVar[list[str]] = [
        "attune_curriculum.ClientHomePage",
        "attune_curriculum.ModuleLibraryPage",
    ]
    introduction = RichTextField(_("introduction"), features=PROSE_FEATURES, blank=True)
    content_panels = [*Page.content_panels, FieldPanel("introduction")]
    translatable_fields = [TranslatableField("title"), TranslatableField("introduction")]

    class Meta:
        verbose_name = _("front page")
        verbose_name_plural = _("front pages")


class ClientHomePage(StraightToThePage, GovernedByEnrolment, Page):
    """A client's own corner. Ownership of everything beneath follows from it."""

    template = "attune_curriculum/client_home_page.html"
    subpage_types: ClassVar[list[str]] = [
        "attune_curriculum.ProgrammePage",
        "attune_curriculum.ModuleLibraryPage",
    ]
    organisation = models.ForeignKey(
        Organisation,
        verbose_name=_("client"),
        null=True,
        on_delete=models.PROTECT,
        related_name="home_pages",
        limit_choices_to={"kind": Organisation.Kind.CLIENT},
    )
    introduction = RichTextField(_("introduction"), features=PROSE_FEATURES, blank=True)

    base_form_class = OwnReferencesForm
    content_panels = [
        *Page.content_panels,
        # Ownership decides who may write here, so only the administrator may change it.
        FieldPanel("organisation", permission="superuser"),
        FieldPanel("introduction"),
    ]
    translatable_fields = [
        TranslatableField("title"),
        TranslatableField("introduction"),
        SynchronizedField("organisation", overridable=False),
    ]

    class Meta:
        verbose_name = _("client home")
        verbose_name_plural = _("client homes")


class ClientCollection(models.Model):
    """Which of Wagtail's collections holds a client's images, recordings and documents."""

    organisation = models.OneToOneField(
        Organisation,
        verbose_name=_("client"),
        on_delete=models.CASCADE,
        related_name="media_collection",
    )
    collection = models.OneToOneField(
        Collection,
        verbose_name=_("collection"),
        on_delete=models.PROTECT,
        related_name="attune_client",
    )

    class Meta:
        verbose_name = _("client’s collection")
        verbose_name_plural = _("clients’ collections")

    def __str__(self) -> str:
        return f"{self.organisation} · {self.collection}"


class ModuleLibraryPage(GovernedByEnrolment, Page):
    """A shelf of modules: a client's own beneath its home, or the shared one beside them."""

    template = "attune_curriculum/module_library_page.html"
    parent_page_types: ClassVar[list[str]] = [
        "attune_curriculum.FrontPage",
        "attune_curriculum.ClientHomePage",
        "wagtailcore.Page",
    ]
    subpage_types: ClassVar[list[str]] = ["attune_curriculum.ModulePage"]
    translatable_fields = [TranslatableField("title")]

    class Meta:
        verbose_name = _("module library")
        verbose_name_plural = _("module libraries")


class ProgrammePage(GovernedByEnrolment, Page):
    """What people of an engagement have to learn: modules in order."""

    template = "attune_curriculum/programme_page.html"
    parent_page_types: ClassVar[list[str]] = ["attune_curriculum.ClientHomePage"]
    subpage_types: ClassVar[list[str]] = []

    summary = models.CharField(_("summary"), max_length=300, blank=True)
    introduction = RichTextField(_("introduction"), features=PROSE_FEATURES, blank=True)
    objectives = objectives_field()
    review_note = models.CharField(
        _("review note"),
        max_length=300,
        blank=True,
        help_text=_("Shown to learners, for example that a client is still reviewing the text."),
    )
    due_after_days = models.PositiveSmallIntegerField(
        _("days to finish"),
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(730)],
        help_text=_("Proposed as due date when somebody is assigned."),
    )

    objects = ProgrammeManager()

    base_form_class = ProgrammePageForm
    content_panels = [
        TitleFieldPanel("title", placeholder=_("Programme title")),
        FieldPanel("summary"),
        FieldPanel("introduction"),
        FieldPanel("objectives"),
        InlinePanel("programme_modules", label=_("module"), heading=_("Modules, in order")),
        MultiFieldPanel(
            [FieldPanel("due_after_days"), FieldPanel("review_note")], heading=_("Settings")
        ),
    ]
    search_fields = [*Page.search_fields, index.SearchField("summary")]
    translatable_fields = [
        TranslatableField("title"),
        TranslatableField("slug"),
        TranslatableField("summary"),
        TranslatableField("introduction"),
        TranslatableField("objectives"),
        TranslatableField("review_note"),
        SynchronizedField("programme_modules", overridable=False),
        SynchronizedField("due_after_days", overridable=False),
    ]

    class Meta:
        verbose_name = _("programme")
        verbose_name_plural = _("programmes")


class ProgrammeModule(Orderable):
    """A module's place in a programme.

    The row names the module in the language in which it was written; readers are shown
    the translation of that module in their own language where there is one.
    """

    page = ParentalKey(ProgrammePage, on_delete=models.CASCADE, related_name="programme_modules")
    module = models.ForeignKey(
        "ModulePage",
        verbose_name=_("module"),
        on_delete=models.PROTECT,
        related_name="programme_rows",
    )
    required = models.BooleanField(_("required"), default=True)
    opens_after = models.ForeignKey(
        "ModulePage",
        verbose_name=_("opens after"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="unlocks_rows",
        help_text=_("Stays closed until this module of the same programme is complete."),
    )

    panels = [
        PageChooserPanel("module", "attune_curriculum.ModulePage"),
        FieldPanel("required"),
        PageChooserPanel("opens_after", "attune_curriculum.ModulePage"),
    ]

    class Meta(Orderable.Meta):
        verbose_name = _("module in a programme")
        verbose_name_plural = _("modules in a programme")
        constraints = [
            models.UniqueConstraint(fields=["page", "module"], name="programme_module_once")
        ]

    def __str__(self) -> str:
        return f"{self.page} · {self.module}"


class ModulePage(GovernedByEnrolment, Page):
    """One subject, learnt through its units. May stand in several programmes."""

    template = "attune_curriculum/module_page.html"
    parent_page_types: ClassVar[list[str]] = ["attune_curriculum.ModuleLibraryPage"]

    summary = models.CharField(_("summary"), max_length=300, blank=True)
    topic = models.CharField(_("topic"), max_length=20, choices=Topic, default=Topic.COMMUNICATION)
    target_culture = models.ForeignKey(
        Culture,
        verbose_name=_("target culture"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="modules",
    )
    minutes = models.PositiveSmallIntegerField(
        _("minutes"), default=30, validators=[MinValueValidator(1)]
    )
    validity_months = models.PositiveSmallIntegerField(
        _("valid for months"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(120)],
        help_text=_("After this, the module has to be taken again. Empty: it stays valid."),
    )
    objectives = objectives_field()
    copied_from = models.UUIDField(_("copied from"), null=True, blank=True, editable=False)

    objects = ModuleManager()

    base_form_class = OwnReferencesForm
    content_panels = [
        TitleFieldPanel("title", placeholder=_("Module title")),
        FieldPanel("summary"),
        MultiFieldPanel(
            [
                FieldPanel("topic"),
                FieldPanel("target_culture"),
                FieldPanel("minutes"),
                FieldPanel("validity_months"),
            ],
            heading=_("Facts"),
        ),
        FieldPanel("objectives"),
    ]
    search_fields = [
        *Page.search_fields,
        index.SearchField("summary"),
        index.FilterField("topic"),
    ]
    translatable_fields = [
        TranslatableField("title"),
        TranslatableField("slug"),
        TranslatableField("summary"),
        TranslatableField("objectives"),
        SynchronizedField("topic", overridable=False),
        SynchronizedField("target_culture", overridable=False),
        SynchronizedField("minutes", overridable=False),
        SynchronizedField("validity_months", overridable=False),
    ]

    class Meta:
        verbose_name = _("module")
        verbose_name_plural = _("modules")

    def units(self) -> models.QuerySet[Any]:
        """The live learning units in order, as base pages (call ``.specific()`` for subtypes)."""
        return LearningUnitPage.objects.child_of(self).live().order_by("path")

    @property
    def validity_in_words(self) -> str:
        if self.validity_months is None:
            return gettext("Stays valid.")
        return ngettext(
            "Valid for %(count)d month.", "Valid for %(count)d months.", self.validity_months
        ) % {"count": self.validity_months}


class LearningUnitPage(GovernedByEnrolment, Page):
    """The concrete parent of every way to learn, so that progress has one foreign key.

    A subtype says what kind it is and states its completion rule in words that a learner
    can read; it never asks who is reading.
    """

    is_creatable = False
    # The words a subtype is known by in activity names, icons and addresses.
    unit_kind: ClassVar[str] = "unit"
    # False where opening the page is not yet beginning it: a quiz begins with an attempt.
    starts_when_opened: ClassVar[bool] = True
    parent_page_types: ClassVar[list[str]] = ["attune_curriculum.ModulePage"]
    subpage_types: ClassVar[list[str]] = []

    summary = models.CharField(_("summary"), max_length=300, blank=True)
    minutes = models.PositiveSmallIntegerField(
        _("minutes"), default=10, validators=[MinValueValidator(1)]
    )
    required = models.BooleanField(
        _("required"),
        default=True,
        help_text=_("Optional units do not hold up the completion of the module."),
    )
    copied_from = models.UUIDField(_("copied from"), null=True, blank=True, editable=False)

    objects = LearningUnitManager()

    unit_panels = [
        TitleFieldPanel("title"),
        FieldPanel("summary"),
        MultiFieldPanel([FieldPanel("minutes"), FieldPanel("required")], heading=_("Facts")),
    ]
    base_form_class = OwnReferencesForm
    content_panels = unit_panels
    search_fields = [*Page.search_fields, index.SearchField("summary")]
    unit_translatable_fields = [
        TranslatableField("title"),
        TranslatableField("slug"),
        TranslatableField("summary"),
        SynchronizedField("minutes", overridable=False),
        SynchronizedField("required", overridable=False),
    ]
    translatable_fields = unit_translatable_fields

    class Meta:
        verbose_name = _("learning unit")
        verbose_name_plural = _("learning units")

    def completion_rule(self) -> str:
        """What has to be done for this unit to count, in a sentence for the learner."""
        raise TypeError(f"{type(self).__name__} does not state its completion rule.")


class FrozenContent(models.Model):
    """What was shown or earned, as it was: immutable, found again by its hash.

    A Wagtail revision id stands beside it as a pointer only: autosave rewrites revisions
    in place, and old revision data breaks when a block changes.
    """

    class Kind(models.TextChoices):
        LESSON = "lesson", _("Lesson")
        QUESTION = "question", _("Question")
        CASE = "case", _("Case study")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    key = models.UUIDField(_("translation key"), db_index=True)
    language = models.CharField(_("language"), max_length=12)
    body = models.JSONField(_("content"))
    digest = models.CharField(_("SHA-256"), max_length=64, unique=True)
    revision_id = models.BigIntegerField(_("revision"), null=True, blank=True)
    frozen_at = models.DateTimeField(_("frozen at"), auto_now_add=True)

    objects = FrozenContentQuerySet.as_manager()

    class Meta:
        verbose_name = _("frozen content")
        verbose_name_plural = _("frozen content")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.digest[:12]}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("Frozen content is never rewritten; freeze the new version instead.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError("Frozen content is kept as long as the results that rest on it.")

    @staticmethod
    def digest_of(*, kind: str, key: uuid.UUID, language: str, body: Any) -> str:
        """SHA-256 over the canonical JSON of what makes the version what it is."""
        canonical = json.dumps(
            [kind, str(key), language, body],
            sort_keys=True,
            ensure_ascii=False,
            separators=(",", ":"),
        )
        return hashlib.sha256(canonical.encode()).hexdigest()
