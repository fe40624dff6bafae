"""``manage.py outbox``: how delivery is doing, one pass by hand, another try, replays, archives."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from attune.xapi import delivery, health, lanes, outbox, replays
from attune.xapi.management import keeping, replaying
from attune.xapi.management.arguments import find_lane
from attune.xapi.models import Lane

_ELSEWHERE: dict[str, Callable[..., None]] = {
    "replay": replaying.replay,
    "replays": replaying.known,
    "archive": keeping.archive,
    "restore": keeping.restore,
    "reconcile": keeping.reconcile,
}


class Command(BaseCommand):
    help = "Learning records on their way to the record stores, and what is kept of them."
    # The tool for when something is wrong must not refuse to run because something is wrong.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        deeds = parser.add_subparsers(dest="deed", required=True)
        status = deeds.add_parser("status", help="how each lane is doing")
        status.add_argument("--json", action="store_true", help="for machines")
        deliver = deeds.add_parser("deliver", help="one pass over every lane that is due")
        deliver.add_argument(
            "--seconds", type=float, default=50, help="longest run per lane (default: 50)"
        )
        retry = deeds.add_parser(
            "retry", help="send quarantined statements again, and try resting lanes at once"
        )
        retry.add_argument("--lane", help="name or number of one lane (default: every lane)")
        retry.add_argument("ids", nargs="*", type=UUID, help="statement ids (default: all)")
        replaying.add_arguments(deeds)
        keeping.add_arguments(deeds)

    def handle(self, *args: Any, **options: Any) -> None:
        deed = _ELSEWHERE.get(options["deed"])
        if deed is not None:
            deed(self, **options)
        else:
            getattr(self, f"_{options['deed']}")(**options)

    def _status(self, **options: Any) -> None:
        lanes.sync_environment_lane()
        reports = health.lane_reports(timezone.now())
        if options["json"]:
            self.stdout.write(json.dumps([report.as_json() for report in reports], indent=2))
            return
        if not reports:
            self.stdout.write(
                _(
                    "No record store is set up. Set ATTUNE_LRS_ENDPOINT, or add one in the admin "
                    "under Settings › Learning record stores. What is recorded now follows then."
                )
            )
            return
        for report in reports:
            self._print(report)

    def _print(self, report: health.LaneReport) -> None:
        origin = _("from the environment") if report.from_environment else _("entered in the admin")
        lines = [
            (_("state"), _state(report)),
            (_("endpoint"), f"{report.endpoint} ({origin})"),
            (_("only for client"), report.client),
            (_("only engagements"), ", ".join(report.engagements)),
            (_("only verbs"), ", ".join(report.verbs)),
            (_("waiting"), _waiting(report)),
            (_("delivered"), _delivered(report)),
            (_("quarantined"), str(report.quarantined)),
            (_("last error"), _last_error(report)),
        ]
        self.stdout.write(f"{report.name} [{report.lane}]")
        for label, value in lines:
            if value:
                self.stdout.write(f"  {label:<16} {value}")

    def _deliver(self, **options: Any) -> None:
        replays.move_all(now=timezone.now())
        outcomes = delivery.deliver_all(seconds=options["seconds"])
        if not outcomes:
            self.stdout.write(_("Nothing is due."))
        for outcome in outcomes:
            name = Lane.objects.get(pk=outcome.lane).name
            said = _("%(name)s: %(sent)d delivered, %(refused)d quarantined") % {
                "name": name,
                "sent": outcome.delivered,
                "refused": outcome.quarantined,
            }
            self.stdout.write(f"{said}. {outcome.stopped}".rstrip())

    def _retry(self, **options: Any) -> None:
        lane = find_lane(options["lane"]) if options["lane"] else None
        freed = outbox.retry(lane=lane.pk if lane else None, statements=options["ids"])
        self.stdout.write(
            ngettext("%d statement will be sent again.", "%d statements will be sent again.", freed)
            % freed
        )


def _state(report: health.LaneReport) -> str:
    words = {
        "active": _("active"),
        "backing off": _("backing off"),
        "paused": _("paused"),
        "off": _("off"),
    }[report.state]
    if report.state_reason:
        words = f"{words}: {report.state_reason}"
    if report.retry_in is not None:
        words += _(" (next try in %d s)") % round(report.retry_in.total_seconds())
    return words


def _waiting(report: health.LaneReport) -> str:
    words = str(report.waiting)
    if report.oldest_waiting_age is not None:
        age = timedelta(seconds=round(report.oldest_waiting_age.total_seconds()))
        words += _(", the oldest for %s") % age
    if report.set_aside:
        words += _(", %d of them set aside since the store cannot cope with them") % (
            report.set_aside
        )
    return words


def _delivered(report: health.LaneReport) -> str:
    words = str(report.delivered)
    if report.rate:
        words += _(", %.0f per second in the last run") % report.rate
    return words


def _last_error(report: health.LaneReport) -> str:
    if not report.last_error:
        return ""
    at = f"{report.last_error_at:%Y-%m-%d %H:%M:%S} UTC: " if report.last_error_at else ""
    return at + report.last_error
