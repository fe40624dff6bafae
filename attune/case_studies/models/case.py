"""A branching case as its author keeps it: a page, and its rows in order.

The rows are the page's children in the sense of modelcluster: they live in its revisions, so
that a draft, a workflow, a preview and a comparison hold the whole case. Scenes are edited one
at a time by a screen that changes one scene of the latest revision.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel, model_from_serializable_data
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
    InlinePanel,
    MultiFieldPanel,
)
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Orderable, TranslatableMixin
from wagtail.search import index
from wagtail_localize.fields import SynchronizedField, TranslatableField

from attune.case_studies.blocks import SceneBody
from attune.case_studies.forms import CaseStudyPageForm
from attune.case_studies.models.writing import may_publish, park_moved_keys, settle_rows
from attune.case_studies.panels import ScenesPanel
from attune.curriculum.models import PROSE_FEATURES, LearningUnitPage

KEY = RegexValidator(
    r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
    _("Small letters, digits and single hyphens, beginning with a letter: “plant-stop”."),
)
NAME = RegexValidator(
    r"^[a-z][a-z0-9_]*$",
    _("Small letters, digits and underscores, beginning with a letter: “trust”."),
)
CLOCK = RegexValidator(r"^([01]\d|2[0-3]):[0-5]\d$", _("Hours and minutes: “09:30”."))


class CaseStudyPage(LearningUnitPage):
    """Complete when an ending is reached, or one whose score is high enough."""

    template = "attune_case_studies/case_study_page.html"
    unit_kind: ClassVar[str] = "case"
    starts_when_opened: ClassVar[bool] = False
    parent_page_types: ClassVar[list[str]] = ["attune_curriculum.ModulePage"]
    subpage_types: ClassVar[list[str]] = []

    introduction = RichTextField(_("introduction"), features=PROSE_FEATURES, blank=True)
    pass_score = models.PositiveSmallIntegerField(
        _("score to reach"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_("Of 100. Empty: any ending completes the case."),
    )

    base_form_class = CaseStudyPageForm
    content_panels = [
        *LearningUnitPage.unit_panels,
        FieldPanel("introduction"),
        ScenesPanel(heading=_("Scenes")),
        MultiFieldPanel([FieldPanel("pass_score")], heading=_("Rules")),
        InlinePanel("meters", label=_("meter"), heading=_("Meters")),
        InlinePanel("competencies", label=_("competency"), heading=_("Competencies")),
        InlinePanel("endings", label=_("ending"), heading=_("Endings, tried in order")),
    ]
    search_fields = [*LearningUnitPage.search_fields, index.SearchField("introduction")]
    translatable_fields = [
        *LearningUnitPage.unit_translatable_fields,
        TranslatableField("introduction"),
        SynchronizedField("pass_score", overridable=False),
        TranslatableField("meters"),
        TranslatableField("competencies"),
        TranslatableField("scenes"),
        TranslatableField("endings"),
    ]

    class Meta:
        verbose_name = _("case study")
        verbose_name_plural = _("case studies")

    def completion_rule(self) -> str:
        if self.pass_score is None:
            return gettext("Reach an ending.")
        return gettext("Reach an ending with at least %(score)d of 100 points.") % {
            "score": self.pass_score
        }

    def save(self, *args: Any, **kwargs: Any) -> None:
        with transaction.atomic():
            # Saving a draft writes a few columns of the page and no rows.
            if kwargs.get("update_fields") is None:
                settle_rows(self)
                if self.pk:
                    park_moved_keys(self)
            super().save(*args, **kwargs)

    def publish(
        self,
        revision: Any,
        user: Any = None,
        changed: Any = True,
        log_action: Any = True,
        **kwargs: Any,
    ) -> Any:
        """Not with errors, however: approval, schedule, command. The editor says it nicer."""
        if may_publish(revision, log_action=log_action):
            super().publish(revision, user=user, changed=changed, log_action=log_action, **kwargs)


class CaseRow(TranslatableMixin, Orderable):
    """A row of a case: the same key in every language, its words translated."""

    class Meta(Orderable.Meta):
        abstract = True

    @classmethod
    def from_serializable_data(
        cls, data: dict[str, Any], check_fks: bool = True, strict_fks: bool = False
    ) -> Self | None:
        """A row out of a revision, without asking whether its parent is in the database.

        That asks twice a row, and drops the choices of a scene that was deleted since: going
        back to an older version would bring scenes back empty. The parent is set by the parent.
        """
        row: Self | None = model_from_serializable_data(cls, data, check_fks=False)
        return row


class CaseMeter(CaseRow):
    """A number that decisions move: trust, minutes left, satisfaction."""

    page = ParentalKey(CaseStudyPage, on_delete=models.CASCADE, related_name="meters")
    name = models.CharField(
        _("name"), max_length=40, validators=[NAME], help_text=_("As in conditions and effects.")
    )
    label = models.CharField(_("label"), max_length=80)
    unit = models.CharField(_("unit"), max_length=20, blank=True)
    lowest = models.IntegerField(_("lowest"), default=0)
    highest = models.IntegerField(_("highest"), default=100)
    start = models.IntegerField(_("at the start"), default=50)
    shown = models.BooleanField(_("shown to the learner"), default=True)

    panels = [
        FieldRowPanel([FieldPanel("name"), FieldPanel("label"), FieldPanel("unit")]),
        FieldRowPanel([FieldPanel("lowest"), FieldPanel("highest"), FieldPanel("start")]),
        FieldPanel("shown"),
    ]
    translatable_fields = [
        SynchronizedField("name", overridable=False),
        TranslatableField("label"),
        TranslatableField("unit"),
        SynchronizedField("lowest", overridable=False),
        SynchronizedField("highest", overridable=False),
        SynchronizedField("start", overridable=False),
        SynchronizedField("shown", overridable=False),
    ]

    class Meta(CaseRow.Meta):
        verbose_name = _("meter")
        verbose_name_plural = _("meters")
        constraints = [
            models.UniqueConstraint(fields=["page", "name"], name="case_meter_once"),
            models.UniqueConstraint(
                fields=["translation_key", "locale"], name="case_meter_once_per_language"
            ),
        ]

    def __str__(self) -> str:
        return self.label


class CaseCompetency(CaseRow):
    """What choices give points for, beside the score."""

    page = ParentalKey(CaseStudyPage, on_delete=models.CASCADE, related_name="competencies")
    name = models.CharField(_("name"), max_length=40, validators=[NAME])
    label = models.CharField(_("label"), max_length=80)

    panels = [FieldRowPanel([FieldPanel("name"), FieldPanel("label")])]
    translatable_fields = [
        SynchronizedField("name", overridable=False),
        TranslatableField("label"),
    ]

    class Meta(CaseRow.Meta):
        verbose_name = _("competency")
        verbose_name_plural = _("competencies")
        constraints = [
            models.UniqueConstraint(fields=["page", "name"], name="case_competency_once"),
            models.UniqueConstraint(
                fields=["translation_key", "locale"], name="case_competency_once_per_language"
            ),
        ]

    def __str__(self) -> str:
        return self.label


class CaseScene(CaseRow, ClusterableModel):
    """A situation in which the learner decides. The first one is where the case begins."""

    page = ParentalKey(CaseStudyPage, on_delete=models.CASCADE, related_name="scenes")
    key = models.CharField(
        _("key"),
        max_length=60,
        validators=[KEY],
        help_text=_("Its name on the map and in the record. It stays the same when you translate."),
    )
    title = models.CharField(_("title"), max_length=150)
    place = models.CharField(_("place"), max_length=120, blank=True)
    client_time = models.CharField(
        _("time at the client"), max_length=5, blank=True, validators=[CLOCK]
    )
    vendor_time = models.CharField(
        _("time at the help desk"), max_length=5, blank=True, validators=[CLOCK]
    )
    body = StreamField(SceneBody(), verbose_name=_("situation"), blank=True)
    condition = models.CharField(
        _("only if"), max_length=300, blank=True, help_text=_("Empty: always.")
    )
    otherwise = models.CharField(
        _("otherwise"),
        max_length=60,
        blank=True,
        help_text=_("Scene or ending to go to where the condition does not hold."),
    )

    panels = [
        FieldRowPanel([FieldPanel("key"), FieldPanel("title")]),
        FieldRowPanel([FieldPanel("place"), FieldPanel("client_time"), FieldPanel("vendor_time")]),
        FieldPanel("body"),
        FieldRowPanel([FieldPanel("condition"), FieldPanel("otherwise")]),
        InlinePanel("choices", label=_("choice"), heading=_("Choices")),
    ]
    translatable_fields = [
        SynchronizedField("key", overridable=False),
        TranslatableField("title"),
        TranslatableField("place"),
        SynchronizedField("client_time", overridable=False),
        SynchronizedField("vendor_time", overridable=False),
        TranslatableField("body"),
        SynchronizedField("condition", overridable=False),
        SynchronizedField("otherwise", overridable=False),
        TranslatableField("choices"),
    ]

    class Meta(CaseRow.Meta):
        verbose_name = _("scene")
        verbose_name_plural = _("scenes")
        constraints = [
            models.UniqueConstraint(fields=["page", "key"], name="case_scene_once"),
            models.UniqueConstraint(
                fields=["translation_key", "locale"], name="case_scene_once_per_language"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @classmethod
    def from_serializable_data(
        cls, data: dict[str, Any], check_fks: bool = True, strict_fks: bool = False
    ) -> Self | None:
        row: Self | None = super(CaseRow, cls).from_serializable_data(data, check_fks=False)
        return row


class CaseChoice(CaseRow):
    """A reply or action, written out as one would send it, and what follows from it."""

    scene = ParentalKey(CaseScene, on_delete=models.CASCADE, related_name="choices")
    key = models.CharField(_("key"), max_length=60, validators=[KEY])
    text = models.TextField(_("what the learner would say or do"))
    outcome = RichTextField(_("what happens"), features=PROSE_FEATURES, blank=True)
    reading = RichTextField(_("how it was read"), features=PROSE_FEATURES, blank=True)
    norm = models.CharField(
        _("norm"), max_length=120, blank=True, help_text=_("Of the target culture, by its name.")
    )
    condition = models.CharField(
        _("offered only if"), max_length=300, blank=True, help_text=_("Empty: always.")
    )
    effects = models.CharField(
        _("effects"), max_length=300, blank=True, help_text=_("trust += 10; minutes -= 5")
    )
    to = models.CharField(
        _("leads to"),
        max_length=60,
        blank=True,
        help_text=_("Scene or ending. Empty: the first ending whose rule holds."),
    )
    points = models.JSONField(
        _("points"), default=dict, blank=True, help_text=_("By competency: whole numbers.")
    )

    panels = [
        FieldRowPanel([FieldPanel("key"), FieldPanel("to")]),
        FieldPanel("text"),
        FieldPanel("outcome"),
        FieldPanel("reading"),
        FieldPanel("norm"),
        FieldRowPanel([FieldPanel("condition"), FieldPanel("effects")]),
        FieldPanel("points"),
    ]
    translatable_fields = [
        SynchronizedField("key", overridable=False),
        TranslatableField("text"),
        TranslatableField("outcome"),
        TranslatableField("reading"),
        TranslatableField("norm"),
        SynchronizedField("condition", overridable=False),
        SynchronizedField("effects", overridable=False),
        SynchronizedField("to", overridable=False),
        SynchronizedField("points", overridable=False),
    ]

    class Meta(CaseRow.Meta):
        verbose_name = _("choice")
        verbose_name_plural = _("choices")
        constraints = [
            models.UniqueConstraint(fields=["scene", "key"], name="case_choice_once"),
            models.UniqueConstraint(
                fields=["translation_key", "locale"], name="case_choice_once_per_language"
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]


class CaseEnding(CaseRow):
    """Where a path ends, by rule or because a choice leads straight to it."""

    page = ParentalKey(CaseStudyPage, on_delete=models.CASCADE, related_name="endings")
    key = models.CharField(_("key"), max_length=60, validators=[KEY])
    title = models.CharField(_("title"), max_length=150)
    summary = RichTextField(_("summary"), features=PROSE_FEATURES, blank=True)
    condition = models.CharField(
        _("reached if"), max_length=300, blank=True, help_text=_("Empty: always.")
    )
    score = models.CharField(
        _("score"),
        max_length=120,
        default="0",
        help_text=_("Of 100: a number, or reckoned from meters: “trust”, “50 + trust / 2”."),
    )

    panels = [
        FieldRowPanel([FieldPanel("key"), FieldPanel("title")]),
        FieldPanel("summary"),
        FieldRowPanel([FieldPanel("condition"), FieldPanel("score")]),
    ]
    translatable_fields = [
        SynchronizedField("key", overridable=False),
        TranslatableField("title"),
        TranslatableField("summary"),
        SynchronizedField("condition", overridable=False),
        SynchronizedField("score", overridable=False),
    ]

    class Meta(CaseRow.Meta):
        verbose_name = _("ending")
        verbose_name_plural = _("endings")
        constraints = [
            models.UniqueConstraint(fields=["page", "key"], name="case_ending_once"),
            models.UniqueConstraint(
                fields=["translation_key", "locale"], name="case_ending_once_per_language"
            ),
        ]

    def __str__(self) -> str:
        return self.title
