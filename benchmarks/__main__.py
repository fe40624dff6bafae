"""Run benchmarks, print one table, write ``benchmarks/results.json``.

    python -m benchmarks quick                 every benchmark, quickly
    python -m benchmarks full lesson_page      one, at full length

A run of some benchmarks replaces their rows in the file and leaves the others' alone.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
NOT_BENCHMARKS = {"__init__", "__main__", "child", "settings"}


def names() -> list[str]:
    """Every module here with a ``run``; helpers are those without."""
    return sorted(
        path.stem
        for path in HERE.glob("*.py")
        if path.stem not in NOT_BENCHMARKS and "\ndef run(" in path.read_text()
    )


def machine() -> dict[str, str | int]:
    cpu = platform.processor() or platform.machine()
    if (info := Path("/proc/cpuinfo")).exists():
        models = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = models[0].partition(":")[2].strip() if models else cpu
    return {
        "cores": os.cpu_count() or 0,
        "cpu": cpu,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "django": version("django"),
        "wagtail": version("wagtail"),
    }


def measure(name: str, scale: str, scratch: Path) -> dict[str, Any]:
    """Run one benchmark in a process of its own: its rows, or how it failed."""
    data, answer = scratch / name, scratch / f"{name}.json"
    data.mkdir()
    template = scratch / "template.sqlite3"
    if template.exists():
        shutil.copy(template, data / "attune.sqlite3")
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.child", name, scale, str(answer)],
        env={
            **os.environ,
            "ATTUNE_ENV_FILE": os.devnull,
            "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
            "ATTUNE_DATA_DIR": str(data),
            "ATTUNE_BENCH_TEMPLATE": str(template),
        },
        check=False,
    )
    result: dict[str, Any] = {
        "scale": scale,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - began, 1),
        "machine": machine(),
    }
    shutil.rmtree(data, ignore_errors=True)
    if done.returncode == 0:
        return result | {"rows": json.loads(answer.read_text())}
    return result | {"rows": [], "failed": f"ended with code {done.returncode}"}


def number(value: float) -> str:
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def table(results: dict[str, dict[str, Any]]) -> str:
    rows = [("Benchmark", "What", "Size", "Value", "Unit", "Note")]
    for name, result in results.items():
        if "failed" in result:
            rows.append((name, "FAILED", "", "", "", result["failed"]))
        for row in result["rows"]:
            cells = (row["name"], str(row["size"]), number(row["value"]), row["unit"])
            rows.append((name, *cells, row.get("note", "")))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [
        "  ".join(
            [
                *(
                    cell.rjust(width) if column in {2, 3} else cell.ljust(width)
                    for column, (cell, width) in enumerate(zip(row[:5], widths, strict=True))
                ),
                row[5],
            ]
        ).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("scale", choices=["quick", "full"])
    parser.add_argument("only", nargs="*", metavar="benchmark")
    wanted = parser.parse_args()
    if unknown := set(wanted.only) - set(names()):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are: {', '.join(names())}")

    results: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="attune-bench-") as scratch:
        for name in wanted.only or names():
            print(f"{name} ...", flush=True)
            results[name] = measure(name, wanted.scale, Path(scratch))

    print(f"\n{table(results)}\n\n{machine()}")
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    kept = {name: result for name, result in known.items() if name in names()}
    RESULTS.write_text(json.dumps(dict(sorted((kept | results).items())), indent=2) + "\n")
    return 1 if any("failed" in result for result in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
