"""What a client expects: the target culture, its norms, the client's card, what it was promised.

A card or a target belongs to a client and, where it says so, to one of its engagements. The
row without an engagement holds for all of them; an engagement's own row says what differs
there, field by field. So a card grows from per client to per engagement by adding rows.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel
from wagtail.models import TranslatableMixin
from wagtail_localize.fields import TranslatableField

from attune.cultures.querysets import NormQuerySet, OfClientQuerySet
from attune.people.models import Engagement, Organisation

PLAIN = RegexValidator(
    r"[{}]", _("A value cannot hold braces: it is what stands in their place."), inverse_match=True
)


class Culture(TranslatableMixin, models.Model):
    """A working culture that training is about. Nobody's culture is inferred from a passport."""

    name = models.CharField(_("name"), max_length=120)
    spoken_language = models.CharField(
        _("language"), max_length=120, blank=True, help_text=_("As its people call it in English.")
    )
    country = models.CharField(
        _("country"),
        max_length=2,
        blank=True,
        validators=[RegexValidator(r"^[A-Z]{2}$", _("Two capital letters, for example “DE”."))],
        help_text=_("ISO 3166 code of two letters."),
    )
    summary = models.TextField(_("summary"), blank=True)

    panels = [
        FieldPanel("name"),
        FieldPanel("spoken_language"),
        FieldPanel("country"),
        FieldPanel("summary"),
    ]

    class Meta(TranslatableMixin.Meta):
        verbose_name = _("culture")
        verbose_name_plural = _("cultures")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Norm(TranslatableMixin, models.Model):
    """Something that people of a culture take for granted, with the reason behind it."""

    culture = models.ForeignKey(
        Culture, verbose_name=_("culture"), on_delete=models.CASCADE, related_name="norms"
    )
    name = models.CharField(
        _("name"), max_length=120, help_text=_("As case studies name it: “A date is a promise”.")
    )
    at_the_desk = models.TextField(
        _("at the desk"), help_text=_("What it looks like in tickets, calls and mails.")
    )
    reason = models.TextField(_("reason"), help_text=_("Why people there find this sensible."))

    objects: ClassVar[Any] = NormQuerySet.as_manager()

    panels = [
        FieldPanel("culture"),
        FieldPanel("name"),
        FieldPanel("at_the_desk"),
        FieldPanel("reason"),
    ]
    translatable_fields = [
        TranslatableField("culture"),
        TranslatableField("name"),
        TranslatableField("at_the_desk"),
        TranslatableField("reason"),
    ]

    class Meta(TranslatableMixin.Meta):
        verbose_name = _("norm")
        verbose_name_plural = _("norms")
        ordering = ["culture", "name"]
        constraints = [models.UniqueConstraint(fields=["culture", "name"], name="norm_name_once")]

    def __str__(self) -> str:
        return self.name


class OfClient(models.Model):
    """Of a client as a whole, or of one engagement of that client."""

    client = models.ForeignKey(
        Organisation,
        verbose_name=_("client"),
        on_delete=models.CASCADE,
        related_name="+",
        limit_choices_to={"kind": Organisation.Kind.CLIENT},
    )
    engagement = models.ForeignKey(
        Engagement,
        verbose_name=_("engagement"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text=_("Empty: for every engagement of the client that says nothing else."),
    )

    objects: ClassVar[Any] = OfClientQuerySet.as_manager()

    class Meta:
        abstract = True

    def clean(self) -> None:
        super().clean()
        if self.client_id and self.client.kind != Organisation.Kind.CLIENT:
            raise ValidationError({"client": _("This organisation is not a client.")})
        if self.engagement is not None and self.engagement.client_id != self.client_id:
            raise ValidationError({"engagement": _("This engagement is another client’s.")})

    @property
    def holds_for(self) -> str:
        return str(self.engagement or self.client)


def _said_once(name: str, *fields: str) -> list[models.BaseConstraint]:
    """A row is unique among the client's own, and among those of each engagement."""
    words = _("There is one for these already. Change that one.")
    return [
        models.UniqueConstraint(
            fields=["client", *fields],
            condition=Q(engagement__isnull=True),
            name=f"{name}_once_per_client",
            violation_error_message=words,
        ),
        models.UniqueConstraint(
            fields=["engagement", *fields],
            condition=Q(engagement__isnull=False),
            name=f"{name}_once_per_engagement",
            violation_error_message=words,
        ),
    ]


class ClientCard(OfClient, TranslatableMixin):
    """How to speak to this client and whom to turn to, in words that lessons and cases use.

    Every value is plain text of one line. An empty one on an engagement's card, or on a card
    in another language, stands for that of the card above it (``variables.values_for``).
    """

    name = models.CharField(
        _("name in texts"),
        max_length=120,
        blank=True,
        validators=[PLAIN],
        help_text=_("As people say it: “Nordlicht”. Empty: the organisation’s name."),
    )
    greeting = models.CharField(
        _("greeting"),
        max_length=200,
        blank=True,
        validators=[PLAIN],
        help_text=_("How a mail begins: “Sehr geehrte Frau Vogt,”."),
    )
    sign_off = models.CharField(
        _("sign-off"),
        max_length=200,
        blank=True,
        validators=[PLAIN],
        help_text=_("How a mail ends: “Mit freundlichen Grüßen”."),
    )
    form_of_address = models.CharField(
        _("form of address"),
        max_length=200,
        blank=True,
        validators=[PLAIN],
        help_text=_("“Herr or Frau and the surname”; “first names”."),
    )
    channel = models.CharField(
        _("preferred channel"),
        max_length=200,
        blank=True,
        validators=[PLAIN],
        help_text=_("“the ticket, and the phone when a line stands still”."),
    )
    contact = models.CharField(
        _("single point of contact"), max_length=200, blank=True, validators=[PLAIN]
    )
    escalation_contact = models.CharField(
        _("escalation contact"), max_length=200, blank=True, validators=[PLAIN]
    )
    working_hours = models.CharField(
        _("working hours"),
        max_length=200,
        blank=True,
        validators=[PLAIN],
        help_text=_("With the zone: “Monday to Friday, 07:00 to 17:00 in Bremen”."),
    )

    panels = [
        MultiFieldPanel(
            [FieldPanel("client"), FieldPanel("engagement")],
            heading=_("Whose card"),
        ),
        MultiFieldPanel(
            [
                FieldPanel("name"),
                FieldPanel("form_of_address"),
                FieldPanel("greeting"),
                FieldPanel("sign_off"),
            ],
            heading=_("Words"),
        ),
        MultiFieldPanel(
            [
                FieldPanel("channel"),
                FieldPanel("contact"),
                FieldPanel("escalation_contact"),
                FieldPanel("working_hours"),
            ],
            heading=_("Whom, when and how"),
        ),
    ]

    class Meta(TranslatableMixin.Meta):
        verbose_name = _("client card")
        verbose_name_plural = _("client cards")
        ordering = ["client__name", F("engagement").asc(nulls_first=True), "pk"]
        constraints = _said_once("client_card", "locale")

    def __str__(self) -> str:
        return self.holds_for


class SlaTarget(OfClient):
    """How soon somebody answers and solves a ticket: what the client was promised."""

    class Priority(models.TextChoices):
        CRITICAL = "critical", _("Critical")
        HIGH = "high", _("High")
        NORMAL = "normal", _("Normal")
        LOW = "low", _("Low")

    team = models.CharField(
        _("support team or tier"),
        max_length=120,
        blank=True,
        help_text=_("Empty: every team that has no target of its own."),
    )
    priority = models.CharField(
        _("priority"), max_length=10, choices=Priority, default=Priority.NORMAL
    )
    first_response = models.PositiveIntegerField(
        _("first response, in minutes"), validators=[MinValueValidator(1)]
    )
    resolution = models.PositiveIntegerField(
        _("resolution, in minutes"), null=True, blank=True, validators=[MinValueValidator(1)]
    )

    panels = [
        FieldPanel("client"),
        FieldPanel("engagement"),
        FieldRowPanel([FieldPanel("team"), FieldPanel("priority")]),
        FieldRowPanel([FieldPanel("first_response"), FieldPanel("resolution")]),
    ]

    class Meta:
        verbose_name = _("SLA target")
        verbose_name_plural = _("SLA targets")
        ordering = ["client__name", F("engagement").asc(nulls_first=True), "team", "pk"]
        constraints = [
            *_said_once("sla_target", "team", "priority"),
            models.CheckConstraint(
                condition=Q(first_response__gte=1), name="sla_target_first_response"
            ),
            models.CheckConstraint(
                condition=Q(resolution__isnull=True) | Q(resolution__gte=F("first_response")),
                name="sla_target_answers_before_it_solves",
                violation_error_message=_("Nothing is solved before somebody has answered it."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.holds_for} · {self.team or _('every team')} · {self.get_priority_display()}"
