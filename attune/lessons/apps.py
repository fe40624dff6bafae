from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LessonsConfig(AppConfig):
    name = "attune.lessons"
    label = "attune_lessons"
    verbose_name = _("Lessons")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models can only be imported once the registry is filled.
        from attune.enrolments import hooks  # noqa: PLC0415
        from attune.lessons import iris  # noqa: PLC0415

        hooks.activity_parts["lesson/checks"] = iris.self_check
