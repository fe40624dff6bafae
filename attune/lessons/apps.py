from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LessonsConfig(AppConfig):
    name = "attune.lessons"
    label = "attune_lessons"
    verbose_name = _("Lessons")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from attune.lessons import personal  # noqa: PLC0415  (needs the apps)
        from attune.people import hooks  # noqa: PLC0415

        hooks.person_parts.append(personal.parts)
