"""``make torture``: many seeds, both databases, a table.

python -m tests.delivery.torture --seeds 10 --seconds 60 --database both
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.delivery.torture import machine
from tests.delivery.torture.plan import BAD_SENDERS, Plan
from tests.delivery.torture.run import Report, Run


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--sender", choices=["", *BAD_SENDERS], default="", help="a known-bad one")
    parser.add_argument("--keep", action="store_true", help="keep the folders of good runs too")
    given = parser.parse_args()
    databases = ["sqlite", "postgresql"] if given.database == "both" else [given.database]
    say(f"{given.seeds} seeds of {given.seconds:.0f} s on {' and '.join(databases)}; {load()}")
    failed = 0
    with tempfile.TemporaryDirectory(prefix="attune-torture-") as scratch:
        for database in databases:
            template = prepared(database, Path(scratch))
            say("\n" + HEAD)
            for seed in range(given.first, given.first + given.seeds):
                home = Path(tempfile.mkdtemp(prefix=f"attune-torture-{database}-{seed}-"))
                with Run(
                    Plan(seed, given.seconds),
                    home,
                    database=database,
                    broker="redis" if database == "postgresql" or seed % 2 == 0 else "files",
                    template=template,
                    with_ralph=True,
                    lessons=40,
                    sender=given.sender,
                ) as run:
                    report = run.go()
                say(row(report))
                for finding in report.findings:
                    say(f"    {finding}")
                failed += bool(report.findings)
                if report.findings or given.keep:
                    say(f"    journal and logs: {home}")
                else:
                    shutil.rmtree(home)
            if database == "postgresql":
                shutil.rmtree(template.parent)
    say(f"\n{failed} of {given.seeds * len(databases)} runs failed; {load()}")
    return 1 if failed else 0


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def load() -> str:
    one, five, fifteen = os.getloadavg()
    return f"{os.cpu_count()} processors, load {one:.1f} {five:.1f} {fifteen:.1f}"


def prepared(database: str, scratch: Path) -> Path:
    """A migrated database to begin every run with: a file, or a stopped cluster's folder."""
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


HEAD = (
    "| seed | database, broker | spoilt answers | kills | deeds: desk + learner "
    "(unanswered) | statements | delivered double / ralph | quarantined | out of order "
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
    alone = f" (died alone: {report.died_alone})" if report.died_alone else ""
    return "| " + " | ".join(cells) + " |" + alone


def told(blows: Counter[str]) -> str:
    return f"{blows.total()}: " + ", ".join(f"{n} {what}" for what, n in sorted(blows.items()))


if __name__ == "__main__":
    sys.exit(main())
