"""``manage.py jobs``: work on what waits, once. For cron, and for sites without Celery."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import ngettext

from attune.jobs import runner


class Command(BaseCommand):
    help = "Run the background jobs that wait, one after the other, then end."

    def handle(self, *args: Any, **options: Any) -> None:
        worked = runner.run_due()
        self.stdout.write(
            ngettext("%d job was worked on.", "%d jobs were worked on.", worked) % worked
        )
