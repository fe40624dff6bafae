from collections.abc import Sequence
from datetime import date, datetime
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
        from attune.enrolments import personal  # noqa: PLC0415  (needs the apps)
        from attune.enrolments.rules.jobs import KINDS  # noqa: PLC0415
        from attune.jobs.kinds import registry  # noqa: PLC0415
        from attune.people import hooks  # noqa: PLC0415

        hooks.person_merged.append(assignments_follow)
        hooks.jobs_followed.append(training_follows)
        hooks.places_changed.append(rules_follow)
        hooks.person_parts.append(personal.parts)
        hooks.person_erased.append(personal.erased)
        registry.add(*KINDS)


def assignments_follow(gone: "Person", kept: "Person") -> None:
    from attune.enrolments.services import hand_over  # noqa: PLC0415  (needs the apps)

    hand_over(gone=gone, kept=kept, now=timezone.now())


def training_follows(person_ids: Sequence[int], day: date, now: datetime) -> int:
    from attune.enrolments.services import follow_jobs  # noqa: PLC0415  (needs the apps)

    return follow_jobs(person_ids=person_ids, day=day, now=now)


def rules_follow(person_ids: Sequence[int], now: datetime) -> None:
    from attune.enrolments.rules.services import follow_places  # noqa: PLC0415  (needs the apps)

    follow_places(person_ids=person_ids, now=now)
