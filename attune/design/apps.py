from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DesignConfig(AppConfig):
    """Stylesheet, icons, skeleton page and small template tags; it has no models."""

    name = "attune.design"
    label = "attune_design"
    verbose_name = _("Design")
    default_auto_field = "django.db.models.BigAutoField"
