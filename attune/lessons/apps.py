from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LessonsConfig(AppConfig):
    name = "attune.lessons"
    label = "attune_lessons"
    verbose_name = _("Lessons")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models can only be imported once the registry is filled.
        from attune.enrolments.hooks import activity_parts  # noqa: PLC0415
        from attune.lessons import iris, personal  # noqa: PLC0415
        from attune.people.hooks import person_parts  # noqa: PLC0415

        activity_parts["lesson/checks"] = iris.self_check
        person_parts.append(personal.parts)
