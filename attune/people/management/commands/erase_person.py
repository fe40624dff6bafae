"""``manage.py erase_person``: take a person's data out to a file, then erase them."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from shutil import copyfileobj
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from attune.people.erasing.exporting import export_person
from attune.people.erasing.services import erase_person
from attune.people.models import Person


class Command(BaseCommand):
    help = "Export everything about a person to a ZIP file, then erase them for good."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("person", type=int, help="number of the person (in their address)")
        parser.add_argument("--export-to", type=Path, help="file for the export; must not exist")
        parser.add_argument("--no-export", action="store_true", help="erase without an export")
        parser.add_argument("--yes", action="store_true", help="do not ask for the name")

    def handle(self, *args: Any, **options: Any) -> None:
        person = Person.objects.filter(pk=options["person"], erased_at=None).first()
        if person is None:
            raise CommandError("There is no such person.")
        if bool(options["export_to"]) == options["no_export"]:
            raise CommandError("Say where the export goes (--export-to FILE), or --no-export.")
        if (
            not options["yes"]
            and input(f"Type “{person.full_name}” to erase: ") != person.full_name
        ):
            raise CommandError("This is not the name. Nobody was erased.")
        now = timezone.now()
        try:
            if options["export_to"]:
                # Not there before, and for nobody else to read.
                with options["export_to"].open("xb") as file:
                    options["export_to"].chmod(0o600)
                    copyfileobj(export_person(person=person, by=None, now=now), file)
            done = erase_person(
                person=person, by=None, now=now, without_export=options["no_export"]
            )
        except FileExistsError as error:
            raise CommandError(f"{options['export_to']} is there already.") from error
        except PermissionDenied as error:
            raise CommandError(
                "Administrators are not erased: take that right away first."
            ) from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"Erased. Record stores know the person as {done.pseudonym}.")
