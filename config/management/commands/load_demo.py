"""``manage.py load_demo``: the demo engagement in the database of the running settings.

``make demo`` does the same in a database of its own; this is for whoever develops with
``runserver``. What is loaded, and what is left alone, ``config.demo`` says.
"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, call_command
from django.db import connection
from django.utils import timezone

from config import demo
from config.demo.reading import ContentError


class Command(BaseCommand):
    help = "Load the demo engagement: fictitious people, real content, simulated progress."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--reset",
            action="store_true",
            help="forget everything in the database (SQLite only) and begin afresh",
        )
        parser.add_argument("--no-input", action="store_true", help="do not ask before --reset")

    def handle(self, *args: Any, reset: bool, no_input: bool, **options: Any) -> None:
        try:
            demo.require_development()
            if reset:
                self.reset(ask=not no_input)
            demo.load(timezone.now(), self.stdout.write)
        except (demo.NotForTheOpenNetwork, ContentError) as error:
            raise CommandError(str(error)) from None
        width = max(len(person.email) for person in demo.PEOPLE)
        for person in demo.PEOPLE:
            self.stdout.write(f"  {person.email.ljust(width)}  {person.password}  {person.role}")

    def reset(self, *, ask: bool) -> None:
        if connection.vendor != "sqlite":
            raise CommandError(
                "--reset deletes an SQLite file. Drop and create this database yourself, then"
                " migrate and load."
            )
        file = Path(connection.settings_dict["NAME"])
        if ask and input(f"Delete everything in {file}? Type yes: ").strip() != "yes":
            raise CommandError("Nothing was changed.")
        connection.close()
        for suffix in ("", "-wal", "-shm"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)
        call_command("migrate", interactive=False, verbosity=0)
