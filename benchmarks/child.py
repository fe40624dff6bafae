"""One benchmark in a process of its own: ``python -m benchmarks.child NAME SCALE ANSWER``."""

import json
import os
import shutil
import sys
from importlib import import_module
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection


def main(name: str, scale: str, answer: str) -> None:
    django.setup()
    database = Path(settings.DATA_DIR, "attune.sqlite3")
    template = os.environ.get("ATTUNE_BENCH_TEMPLATE")
    if not database.exists() or connection.vendor != "sqlite":
        call_command("migrate", interactive=False, verbosity=0)
        if template and connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            shutil.copy(database, template)
    rows = import_module(f"benchmarks.{name}").run(scale)
    Path(answer).write_text(json.dumps(rows))


if __name__ == "__main__":
    main(*sys.argv[1:])
