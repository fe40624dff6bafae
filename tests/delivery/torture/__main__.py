"""``make torture``: many seeds, both databases, a table.

    make torture SEEDS=10 SECONDS=60 DATABASE=both

A run that fails leaves its folder behind: the store's journal, the database, every log.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.delivery.torture import machine
from tests.delivery.torture.plan import BAD_SENDERS, Plan
from tests.delivery.torture.run import Report, Run

VALIDATOR = machine.ROOT / "tests" / "validator"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--sender", choices=["", *BAD_SENDERS], default="", help="a bad one")
    parser.add_argument("--keep", action="store_true", help="keep the folders of good runs too")
    given = parser.parse_args()
    databases = ["sqlite", "postgresql"] if given.database == "both" else [given.database]
    say(f"{given.seeds} seeds of {given.seconds:.0f} s on {' and '.join(databases)}; {load()}")
    # Told to end, a run ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = time.monotonic()
    failed = 0
    with tempfile.TemporaryDirectory(prefix="attune-torture-base-") as scratch:
        settle(Path(scratch))
        templates = {database: kept(database, Path(scratch)) for database in databases}
        say("\n" + HEAD)
        for seed in range(given.first, given.first + given.seeds):
            for database in databases:
                failed += not one(seed, database, templates[database], given)
    minutes = (time.monotonic() - began) / 60
    say(f"\n{failed} of {given.seeds * len(databases)} runs failed, {minutes:.0f} min; {load()}")
    return 1 if failed else 0


def one(seed: int, database: str, template: Path, given: argparse.Namespace) -> bool:
    """One run, its row and what is wrong with it; whether nothing is."""
    home = Path(tempfile.mkdtemp(prefix=f"attune-torture-{database}-{seed}-"))
    with Run(
        Plan(seed, given.seconds),
        home,
        database=database,
        broker="redis" if (seed % 2 == 0) == (database == "sqlite") else "files",
        template=template,
        with_ralph=True,
        lessons=int(given.seconds * 1.5),
        sender=given.sender,
    ) as run:
        report = run.go()
    say(row(report))
    wrong = [*map(str, report.findings), *objections(report.statements)]
    for line in wrong:
        say(f"    {line}")
    if wrong or given.keep:
        say(f"    journal and logs: {home}")
    else:
        shutil.rmtree(home)
    return not wrong


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def load() -> str:
    one_minute, five, fifteen = os.getloadavg()
    return f"{os.cpu_count()} processors, load {one_minute:.1f} {five:.1f} {fifteen:.1f}"


def settle(scratch: Path) -> None:
    """The linter asks Django's settings for the installation's address."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "tests.delivery.torture.settings",
        "ATTUNE_ENV_FILE": os.devnull,
        "ATTUNE_DATA_DIR": str(scratch / "unused"),
        "LOG_LEVEL": "WARNING",  # here; the processes of a run write into its folder
    }
    import django  # noqa: PLC0415  (after the settings are named)

    django.setup()


# --- what a run begins with -----------------------------------------------------------------


def kept(database: str, scratch: Path) -> Path:
    """``prepared``, once per state of the migrations on this machine."""
    from tests.migrated import template_in  # noqa: PLC0415  (needs Django's registry)

    store = Path(tempfile.gettempdir(), f"attune-torture-templates-{os.getuid()}")
    store.mkdir(exist_ok=True)
    place = template_in(store).with_suffix(f".{database}")
    if not place.exists():
        for outdated in store.glob(f"*.{database}"):
            shutil.rmtree(outdated) if outdated.is_dir() else outdated.unlink()
        made = prepared(database, scratch)
        shutil.move(made, place)
        if database == "postgresql":
            shutil.rmtree(made.parent)
    return place


def prepared(database: str, scratch: Path) -> Path:
    """A migrated database to begin runs with: a file, or a stopped cluster's folder."""
    say(f"Migrating {database} ...")
    if database == "sqlite":
        base: machine.Sqlite | machine.Postgres = machine.Sqlite(scratch)
    else:
        base = machine.Postgres(scratch)
        base.process.start()
        base.process.wait()
        base.create()
    migrate(scratch, base.url)
    if isinstance(base, machine.Sqlite):
        return base.file
    base.stop()
    return base.data


def migrate(home: Path, url: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=machine.ROOT,
        env=machine.environment(home, database=url, broker="filesystem://"),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise machine.NotAnswering(f"migrate failed:\n{done.stderr[-2000:]}")


# --- what was said --------------------------------------------------------------------------


def objections(statements: list[dict[str, Any]]) -> list[str]:
    """What our linter and, where it is installed, the independent validator say."""
    from attune.xapi.linting import lint  # noqa: PLC0415  (asks the settings)
    from attune.xapi.profile import problems  # noqa: PLC0415

    found = [
        f"linter: {statement['id']}: {finding}"
        for statement in statements
        for finding in lint(statement) or problems(statement)
    ]
    node = shutil.which("node")
    if node and (VALIDATOR / "node_modules" / "@learninglocker").is_dir():
        done = subprocess.run(
            [node, str(VALIDATOR / "validate.js")],
            input=b"\n".join(json.dumps(statement).encode() for statement in statements),
            capture_output=True,
            check=False,
        )
        found += [f"validator: {line}" for line in done.stdout.decode().splitlines()]
        if done.returncode not in (0, 1):
            found.append(f"validator: {done.stderr.decode()[:500]}")
    else:
        found.append("validator: it is not installed (npm ci in tests/validator)")
    return found


HEAD = (
    "| seed | database, broker | spoilt answers | kills | deeds: desk + learner "
    "(unanswered) | statements | delivered double / Ralph | quarantined | out of order "
    "| drained in s | verdict |\n|---|---|---|---|---|---|---|---|---|---|---|"
)


def row(report: Report) -> str:
    lanes = report.facts.lanes
    notes = report.notes
    drained = report.facts.drained_in
    cells = [
        str(report.seed),
        f"{report.database}, {report.broker}",
        f"{report.faults.total()} of {len(report.faults)} kinds",
        told(report.blows),
        f"{notes.deeds} + {notes.learner_deeds} ({notes.unanswered})",
        str(len(report.facts.recorded)),
        " / ".join(str(len(lane.delivered)) for lane in lanes),
        " / ".join(str(len(lane.quarantined)) for lane in lanes),
        " / ".join(f"{o.turned} of {o.pairs}" for o in report.orders.values()),
        "never" if drained is None else f"{drained:.1f}",
        "**" + ", ".join(sorted(report.verdicts)) + "**" if report.findings else "good",
    ]
    alone = f"\n    died by themselves: {report.died_alone}" if report.died_alone else ""
    return "| " + " | ".join(cells) + " |" + alone


def told(blows: Counter[str]) -> str:
    return f"{blows.total()}: " + ", ".join(f"{n} {what}" for what, n in sorted(blows.items()))


if __name__ == "__main__":
    sys.exit(main())
