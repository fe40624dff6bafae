from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    name = "attune.reports"
    label = "attune_reports"
    verbose_name = _("Attune reports")
    default_auto_field = "django.db.models.BigAutoField"
