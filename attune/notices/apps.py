from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NoticesConfig(AppConfig):
    name = "attune.notices"
    label = "attune_notices"
    verbose_name = _("Notices")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models and policies can only be imported once the registry is filled.
        from celery.signals import task_success  # noqa: PLC0415
        from wagtail.permissions import register_permission_policy  # noqa: PLC0415

        from attune.notices import checks, kinds  # noqa: F401, PLC0415  (checks register)
        from attune.notices.models import AlertRule, Destination  # noqa: PLC0415
        from attune.notices.permissions import OperatorsChange, OperatorsOnly  # noqa: PLC0415

        kinds.registry.add(kinds.ALERT, kinds.TEST)
        register_permission_policy(AlertRule, OperatorsChange(AlertRule))
        register_permission_policy(Destination, OperatorsOnly(Destination))
        task_success.connect(note_sweep, dispatch_uid="attune_notices.heart", weak=False)


def note_sweep(sender: Any = None, **kwargs: Any) -> None:
    """A sweep that ended well leaves its sign of life, whichever package it belongs to."""
    from attune.notices.watch import hearts  # noqa: PLC0415  (needs the apps)

    hearts.note(getattr(sender, "name", ""))
