from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "attune.jobs"
    label = "attune_jobs"
    verbose_name = _("Background jobs")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Celery's current_app is a thread's own: remember the one in force at the start.
        from attune.jobs import hint  # noqa: PLC0415

        hint.connect()
