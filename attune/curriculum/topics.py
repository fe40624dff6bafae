"""What a module may be about."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Topic(models.TextChoices):
    ETIQUETTE = "etiquette", _("Etiquette")
    COMMUNICATION = "communication", _("Communication")
    CUSTOMER_SERVICE = "customer_service", _("Customer service")
    DATA_SECURITY = "data_security", _("Data security")
    LANGUAGE = "language", _("Language")
    TOOLS_AND_PROCESS = "tools_process", _("Tools and process")
