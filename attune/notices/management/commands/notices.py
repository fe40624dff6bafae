"""``manage.py notices``: look for trouble and send what waits, once. For cron."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from django.utils.translation import gettext as _

from attune.notices import sending
from attune.notices.watch import alerts, hearts


class Command(BaseCommand):
    help = "Look whether operators have to be told of something, and send the messages that wait."

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        alerts.look(now=now)
        sending.expired(now)
        outcomes = sending.send_all()
        hearts.note(hearts.NOTICES)
        for outcome in outcomes:
            if outcome.stopped:
                self.stderr.write(outcome.stopped)
        self.stdout.write(
            _("%(sent)d sent, %(refused)d refused, %(later)d tried again later.")
            % {
                "sent": sum(each.sent for each in outcomes),
                "refused": sum(each.refused for each in outcomes),
                "later": sum(each.later for each in outcomes),
            }
        )
