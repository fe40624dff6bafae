"""``manage.py outbox replay`` and ``replays``: asking for replays and steering them."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from attune.xapi import replays
from attune.xapi.management.arguments import find_lane, moment
from attune.xapi.models import Replay
from attune.xapi.replays import CannotReplay, Preview, Wish


def add_arguments(deeds: Any) -> None:
    """Declare both deeds with *deeds*, the command's subparsers."""
    replay: ArgumentParser = deeds.add_parser(
        "replay", help="send statements to a lane again, or for the first time"
    )
    replay.add_argument("--lane", required=True, help="name or number of the lane")
    replay.add_argument("--since", type=moment, help="deeds from this moment on (UTC)")
    replay.add_argument("--until", type=moment, help="deeds before this moment (UTC)")
    replay.add_argument("--client", default="", help="code of a client")
    replay.add_argument("--engagement", default="", help="code of an engagement")
    replay.add_argument("--actor", type=UUID, help="pseudonym of a person")
    replay.add_argument("--registration", type=UUID, help="of an enrolment")
    replay.add_argument("--only-missing", action="store_true", help="what never went there")
    replay.add_argument("--per-minute", type=int, default=6000, help="at most (default: 6000)")
    replay.add_argument("--dry-run", action="store_true", help="count, and change nothing")
    replay.add_argument("--json", action="store_true", help="for machines")
    known: ArgumentParser = deeds.add_parser("replays", help="how replays are doing")
    for name in ("hold", "go-on", "cancel"):
        known.add_argument(f"--{name}", type=int, metavar="NUMBER")
    known.add_argument("--json", action="store_true", help="for machines")


def replay(command: BaseCommand, **options: Any) -> None:
    names = ("since", "until", "client", "engagement", "actor", "registration")
    wish = Wish(
        lane=find_lane(options["lane"]).pk,
        only_missing=options["only_missing"],
        per_minute=options["per_minute"],
        **{name: options[name] for name in names},
    )
    if wish.per_minute < 1:
        raise CommandError(_("At least one statement a minute."))
    seen = replays.preview(wish)
    if not options["dry_run"]:
        try:
            started = replays.start(wish, by=_("the command line"), now=timezone.now())
        except CannotReplay as refused:
            raise CommandError(str(refused)) from refused
    if options["json"]:
        said = asdict(seen) | {"takes": seen.takes.total_seconds()}
        command.stdout.write(
            json.dumps(said | ({} if options["dry_run"] else {"replay": started.pk}), indent=2)
        )
        return
    for line in _in_words(seen):
        command.stdout.write(line)
    if options["dry_run"]:
        command.stdout.write(_("Nothing was changed."))
    else:
        command.stdout.write(_("Replay %d runs; “outbox replays” says how far it is.") % started.pk)


def _in_words(seen: Preview) -> list[str]:
    takes = timedelta(seconds=round(seen.takes.total_seconds()))
    lines = [
        (_("matching"), seen.matching, ""),
        (_("would be sent"), seen.to_send, _("queued within %s") % takes if seen.to_send else ""),
        (_("  for the first time"), seen.never_sent, ""),
        (_("  again"), seen.again, ""),
        (_("there already"), seen.delivered, ""),
        (_("waiting already"), seen.waiting, ""),
        (_("in quarantine"), seen.quarantined, _("stays there")),
        (_("archived"), seen.archived, ", ".join(seen.archives)),
        (_("not for this lane"), seen.not_taken, ""),
    ]
    return [
        f"  {label:<22} {count:>9}  {note}".rstrip() for label, count, note in lines if count
    ] or [_("Nothing matches.")]


def known(command: BaseCommand, **options: Any) -> None:
    turned = [
        options["hold"] is None or replays.hold(options["hold"]),
        options["go_on"] is None or replays.go_on(options["go_on"]),
        options["cancel"] is None or replays.cancel(options["cancel"], now=timezone.now()),
    ]
    if not all(turned):
        raise CommandError(_("There is no such replay, or it is in another state."))
    rows = list(replays.replays()[:50])
    if options["json"]:
        command.stdout.write(json.dumps([_as_json(row) for row in rows], indent=2))
        return
    for row in rows:
        command.stdout.write(
            _(
                "%(number)d  %(lane)s: %(state)s, %(percent)d %% passed, %(queued)d queued, "
                "%(archived)d archived and not sendable"
            )
            % {
                "number": row.pk,
                "lane": row.lane.name,
                "state": row.get_state_display(),
                "percent": replays.percent(row),
                "queued": row.queued,
                "archived": row.unsendable,
            }
        )
    if not rows:
        command.stdout.write(_("There was no replay yet."))


def _as_json(row: Replay) -> dict[str, Any]:
    return {
        "replay": row.pk,
        "lane": row.lane.name,
        "state": row.state,
        "percent": replays.percent(row),
        "expected": row.expected,
        "queued": row.queued,
        "unsendable": row.unsendable,
        "asked_by": row.asked_by,
        "asked_at": row.asked_at.isoformat(),
        "ended_at": row.ended_at and row.ended_at.isoformat(),
    }
