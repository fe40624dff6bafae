from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class XapiConfig(AppConfig):
    name = "attune.xapi"
    label = "attune_xapi"
    verbose_name = _("Learning records")
    default_auto_field = "django.db.models.BigAutoField"
