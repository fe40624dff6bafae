"""What a client expects: for now the target culture that a module is about."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.models import TranslatableMixin


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
