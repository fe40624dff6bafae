from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CurriculumConfig(AppConfig):
    name = "attune.curriculum"
    label = "attune_curriculum"
    verbose_name = _("Curriculum")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from wagtail.signals import copy_for_translation_done  # noqa: PLC0415  (needs the apps)

        copy_for_translation_done.connect(
            grants_follow_the_home, dispatch_uid="attune_curriculum.grants"
        )


def grants_follow_the_home(*, source_obj: Any, target_obj: Any, **kwargs: Any) -> None:
    """A client's home in another language is the client's as well."""
    from attune.curriculum.models import ClientHomePage  # noqa: PLC0415  (needs the apps)
    from attune.curriculum.services import grant_authoring  # noqa: PLC0415  (needs the apps)

    if isinstance(target_obj, ClientHomePage) and target_obj.organisation_id:
        grant_authoring(home=target_obj)
