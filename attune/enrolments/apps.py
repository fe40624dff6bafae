from collections.abc import Sequence
from datetime import datetime
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
        from attune.enrolments.rules.jobs import KINDS  # noqa: PLC0415  (needs the apps)
        from attune.jobs.kinds import registry  # noqa: PLC0415
        from attune.people import hooks  # noqa: PLC0415  (needs the apps)

        hooks.person_merged.append(assignments_follow)
        hooks.places_changed.append(rules_follow)
        registry.add(*KINDS)


def assignments_follow(gone: "Person", kept: "Person") -> None:
    from attune.enrolments.services import hand_over  # noqa: PLC0415  (needs the apps)

    hand_over(gone=gone, kept=kept, now=timezone.now())


def rules_follow(person_ids: Sequence[int], now: datetime) -> None:
    from attune.enrolments.rules.services import follow_places  # noqa: PLC0415  (needs the apps)

    follow_places(person_ids=person_ids, now=now)
