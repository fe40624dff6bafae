from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EnrolmentsConfig(AppConfig):
    name = "attune.enrolments"
    label = "attune_enrolments"
    verbose_name = _("Enrolments")
    default_auto_field = "django.db.models.BigAutoField"
