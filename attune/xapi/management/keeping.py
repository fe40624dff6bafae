"""``manage.py outbox archive``, ``restore`` and ``reconcile``: what is kept here, and there."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from attune.safety.encryption import SecretUnreadable
from attune.xapi import archives, connecting, reconciling, retention
from attune.xapi.archives import ArchiveBroken, ArchiveBusy, NoFolder
from attune.xapi.management.arguments import find_lane, moment
from attune.xapi.reconciling import Report

#: Exit codes of ``reconcile``: all is the same; something differs; it could not be found out.
DIFFERS, NOT_KNOWN = 1, 2


def add_arguments(deeds: Any) -> None:
    """Declare the deeds with *deeds*, the command's subparsers."""
    archive: ArgumentParser = deeds.add_parser(
        "archive", help="put bodies of old statements, which every lane has got, into files"
    )
    archive.add_argument(
        "--days", type=int, help="older than this (default: ATTUNE_STATEMENT_RETENTION_DAYS)"
    )
    archive.add_argument(
        "--restored", action="store_true", help="only empty again what was restored"
    )
    restore: ArgumentParser = deeds.add_parser(
        "restore", help="put the bodies of an archive back, so that a replay can send them"
    )
    restore.add_argument("archives", nargs="+", help="names, as a replay's dry run gives them")
    compare: ArgumentParser = deeds.add_parser(
        "reconcile", help="compare what a lane delivered with what its store holds"
    )
    compare.add_argument("--lane", required=True, help="name or number of the lane")
    compare.add_argument("--since", type=moment, required=True, help="delivered from then (UTC)")
    compare.add_argument("--until", type=moment, help="delivered before then (default: now)")
    compare.add_argument(
        "--queue-missing", action="store_true", help="have what is missing sent again"
    )
    compare.add_argument("--json", action="store_true", help="for machines")


def archive(command: BaseCommand, **options: Any) -> None:
    days = archives.days() if options["days"] is None else options["days"]
    if not options["restored"] and days < 1:
        raise CommandError(
            _("Nothing is archived: ATTUNE_STATEMENT_RETENTION_DAYS is 0. Give --days.")
        )
    try:
        if options["restored"]:
            kept = retention.put_away()
        else:
            kept = retention.archive(older_than=timedelta(days=days), now=timezone.now())
    except ArchiveBusy as busy:
        raise CommandError(_("Another process is archiving at this moment.")) from busy
    except NoFolder as refused:
        raise CommandError(str(refused)) from refused
    command.stdout.write(
        ngettext("%d body was emptied.", "%d bodies were emptied.", kept.archived) % kept.archived
    )
    for name in kept.files:
        command.stdout.write(f"  {name}")
    if kept.more:
        command.stdout.write(_("There is more; run it again."))
    if kept.broken:
        raise CommandError(
            _("Not what was written, and not relied on: %s") % ", ".join(kept.broken)
        )


def restore(command: BaseCommand, **options: Any) -> None:
    for name in options["archives"]:
        try:
            restored = retention.restore(name)
        except (ArchiveBroken, NoFolder) as refused:
            raise CommandError(str(refused)) from refused
        command.stdout.write(
            ngettext("%(name)s: %(n)d body is back.", "%(name)s: %(n)d bodies are back.", restored)
            % {"name": name, "n": restored}
        )


def reconcile(command: BaseCommand, **options: Any) -> None:
    lane = find_lane(options["lane"])
    since, until = options["since"], options["until"] or timezone.now()
    if since >= until:
        raise CommandError(_("The period ends before it begins."), returncode=NOT_KNOWN)
    try:
        with connecting.open_store(lane) as store:
            report = reconciling.reconcile(
                lane, store, since=since, until=until, queue_missing=options["queue_missing"]
            )
    except (SecretUnreadable, ValueError) as refused:
        raise CommandError(str(refused), returncode=NOT_KNOWN) from refused
    if options["json"]:
        command.stdout.write(json.dumps(report.as_json(), indent=2))
    else:
        for line in _in_words(report):
            command.stdout.write(line)
    if report.unasked:
        raise CommandError(
            _("Not all could be compared. The store: %s") % report.trouble, returncode=NOT_KNOWN
        )
    if not report.is_clean:
        raise CommandError(_("The store and the outbox differ."), returncode=DIFFERS)


def _in_words(report: Report) -> list[str]:
    lines = [
        _("%(lane)s, delivered from %(since)s to %(until)s")
        % {
            "lane": report.lane,
            "since": f"{report.since:%Y-%m-%d %H:%M %Z}",
            "until": f"{report.until:%Y-%m-%d %H:%M %Z}",
        }
    ]
    for label, count in (
        (_("taken, as we have it"), report.taken),
        (_("the same there"), report.same),
        (_("there; archived here"), report.held),
        (_("missing there"), report.missing.count),
        (_("different there"), report.different.count),
        (_("ours, unknown here"), report.unknown.count),
        (_("of other systems"), report.foreign),
        (_("not compared"), report.unasked),
        (_("will be sent again"), report.queued),
    ):
        lines.append(f"  {label:<22} {count:>9}")
    for label, sort in (
        (_("missing"), report.missing),
        (_("different"), report.different),
        (_("unknown"), report.unknown),
    ):
        lines += [f"{label}: {identifier}" for identifier in sort.ids]
        if sort.count > len(sort.ids):
            lines.append(_("… and %d more") % (sort.count - len(sort.ids)))
    return lines
