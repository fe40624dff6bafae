from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CulturesConfig(AppConfig):
    name = "attune.cultures"
    label = "attune_cultures"
    verbose_name = _("Cultures")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models and policies can only be imported once the registry is filled.
        from wagtail.permissions import register_permission_policy  # noqa: PLC0415

        from attune.cultures.models import ClientCard, SlaTarget  # noqa: PLC0415
        from attune.cultures.permissions import OfClientPermissionPolicy  # noqa: PLC0415
        from attune.people import hooks  # noqa: PLC0415

        for model in (ClientCard, SlaTarget):
            register_permission_policy(model, OfClientPermissionPolicy(model))
        hooks.trainer_permissions.append("attune_cultures.view_norm")
