from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    name = "attune.reports"
    label = "attune_reports"
    verbose_name = _("Attune reports")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Kinds of job know models, which are there once the registry is filled.
        from attune.jobs.kinds import registry  # noqa: PLC0415
        from attune.reports import regrade_jobs  # noqa: PLC0415

        registry.add(*regrade_jobs.KINDS)
