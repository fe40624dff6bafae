"""A migrated SQLite database, kept from one run of the tests for the next.

Applying every migration costs each process some twenty seconds, and nearly all of it goes into
rendering models that no longer look like that. So the first process that has done it leaves a
copy in pytest's cache, under a name made of everything that a migration rests on, and the
others begin with that copy. ``migrate`` still runs on it, and so do its signals. ``--create-db``
and another database than SQLite do without.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps
from django.db import connection

LIKE_MIGRATIONS = ("migrations/*.py", "apps.py", "groups.py", "permissions.py")


def _rests_on() -> Iterator[Path]:
    root = Path(__file__).resolve().parent.parent
    yield root / "uv.lock"
    for app in sorted(apps.get_app_configs(), key=lambda each: each.name):
        for pattern in LIKE_MIGRATIONS:
            yield from sorted(Path(app.path).glob(pattern))


def template_in(folder: Path) -> Path:
    """Where the copy that fits this state of the code lies, or would lie."""
    digest = hashlib.sha256(sys.version.encode())
    for path in _rests_on():
        digest.update(str(path).encode())
        digest.update(path.read_bytes())
    return folder / f"{digest.hexdigest()[:24]}.sqlite3"


def begin_with(template: Path) -> bool:
    """Put the copy where the tests' database will be; ``False`` if there is none to put."""
    name = connection.settings_dict["TEST"]["NAME"]
    if connection.vendor != "sqlite" or not name or not template.exists():
        return False
    shutil.copyfile(template, name)
    return True


def keep(template: Path) -> None:
    """Leave a copy of the tests' database, just migrated, for the next process."""
    if connection.vendor != "sqlite" or template.exists():
        return
    for outdated in template.parent.glob("*.sqlite3"):
        outdated.unlink(missing_ok=True)
    written = template.with_suffix(f".{os.getpid()}")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(written)])
    written.replace(template)  # whole or not at all, however many do it at once
