from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from attune.people.models import Person


class EnrolmentsConfig(AppConfig):
    name = "attune.enrolments"
    label = "attune_enrolments"
    verbose_name = _("Enrolments")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from attune.people import hooks  # noqa: PLC0415  (needs the apps)

        hooks.person_merged.append(assignments_follow)


def assignments_follow(gone: "Person", kept: "Person") -> None:
    from attune.enrolments.services import hand_over  # noqa: PLC0415  (needs the apps)

    hand_over(gone=gone, kept=kept, now=timezone.now())
