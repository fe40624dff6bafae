from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CurriculumConfig(AppConfig):
    name = "attune.curriculum"
    label = "attune_curriculum"
    verbose_name = _("Curriculum")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from attune.people import hooks  # noqa: PLC0415  (needs the apps)

        hooks.trainer_permissions.append("wagtail_localize.submit_translation")
        from django.db.models.signals import post_delete, post_save  # noqa: PLC0415  (with the others)
        from wagtail.signals import (  # noqa: PLC0415  (needs the apps)
            copy_for_translation_done,
            post_page_move,
        )

        for signal in (post_save, post_delete):
            signal.connect(content_changed, dispatch_uid="attune_curriculum.structure")
        post_page_move.connect(content_moved, dispatch_uid="attune_curriculum.structure")
        copy_for_translation_done.connect(
            grants_follow_the_home, dispatch_uid="attune_curriculum.grants"
        )


def grants_follow_the_home(*, source_obj: Any, target_obj: Any, **kwargs: Any) -> None:
    """A client's home in another language is the client's as well."""
    from attune.curriculum.models import ClientHomePage  # noqa: PLC0415  (needs the apps)
    from attune.curriculum.services import grant_authoring  # noqa: PLC0415  (needs the apps)

    if isinstance(target_obj, ClientHomePage) and target_obj.organisation_id:
        grant_authoring(home=target_obj)


def content_changed(*, sender: Any, **kwargs: Any) -> None:
    """What was kept of a programme's structure is out of date."""
    from attune.curriculum import structure  # noqa: PLC0415  (needs the apps)
    from attune.curriculum.models import (  # noqa: PLC0415  (needs the apps)
        LearningUnitPage,
        ModulePage,
        ProgrammeModule,
        ProgrammePage,
    )

    if issubclass(sender, (ProgrammePage, ProgrammeModule, ModulePage, LearningUnitPage)):
        structure.forget()


def content_moved(**kwargs: Any) -> None:
    """A move changes addresses beneath it without saving each page."""
    from attune.curriculum import structure  # noqa: PLC0415  (needs the apps)

    structure.forget()
