from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CulturesConfig(AppConfig):
    name = "attune.cultures"
    label = "attune_cultures"
    verbose_name = _("Cultures")
    default_auto_field = "django.db.models.BigAutoField"
