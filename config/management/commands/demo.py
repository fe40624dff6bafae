"""``manage.py demo``: the whole of Attune on one machine, with a story to walk through.

What is started, and with which settings, is decided here; how processes live and end is
``config.demo_services``; the demo engagement itself is ``config.demo``. The demo never
touches what ``.env`` or the environment name: its database, broker, mail and learning
record store are its own, under ``.demo/``.
"""

import hashlib
import json
import os
import secrets
import shutil
import sys
from argparse import ArgumentParser
from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor
from django.shortcuts import resolve_url
from django.utils import timezone
from wagtail.models import Site

from config import celery_app, demo
from config.broker import folder_broker
from config.demo_services import (
    DemoError,
    Service,
    Supervisor,
    http_status,
    only_one,
    require_free,
)
from config.tasks import HEARTBEAT_FILE, heartbeat

DEMO_DIR = settings.BASE_DIR / ".demo"
LOGS = DEMO_DIR / "logs"
PREPARED = DEMO_DIR / "prepared.json"  # what the data there was made from
LRS_PYTHON = settings.BASE_DIR / ".lrs-venv" / "bin" / "python"
LRS_USER, LRS_PASSWORD = "attune", "attune-demo"
# Part of every record's id, so it stays although the demo may move to another port.
IRI_BASE = "http://localhost:8000"


def environment(*, port: int, lrs_port: int) -> dict[str, str]:
    """The settings of every process of the demo. ``.env`` and the shell must not show through."""
    return {
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "ATTUNE_ENV_FILE": os.devnull,
        "DJANGO_SETTINGS_MODULE": "config.settings.development",
        "DEBUG": "false",
        "SECRET_KEY": "",
        "ATTUNE_DATA_DIR": str(DEMO_DIR),
        "ATTUNE_BASE_URL": f"http://localhost:{port}",
        "ATTUNE_IRI_BASE": IRI_BASE,
        "DATABASE_URL": f"sqlite:///{DEMO_DIR / 'attune.sqlite3'}",
        "CELERY_BROKER_URL": "filesystem://",
        "CACHE_URL": "locmemcache://attune",
        "EMAIL_URL": f"filemail://{DEMO_DIR / 'mail'}",
        "ATTUNE_LRS_ENDPOINT": f"http://127.0.0.1:{lrs_port}/xAPI",
        "ATTUNE_LRS_USERNAME": LRS_USER,
        "ATTUNE_LRS_PASSWORD": LRS_PASSWORD,
        "ATTUNE_LRS_VERSION": "1.0.3",
        "ATTUNE_ENCRYPTION_KEYS": "",
    }


def fingerprint(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(f"{path}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def wanted(port: int) -> dict[str, str | int]:
    """What a prepared demo depends on; while it stays the same a start prepares nothing."""
    here = settings.BASE_DIR
    data = [*(here / "config" / "demo").rglob("*"), *(here / "demo_content").rglob("*")]
    return {
        "data": fingerprint(data),
        "schema": fingerprint([here / "uv.lock", *here.glob("attune/*/migrations/*.py")]),
        "port": port,
    }


def prepared() -> dict[str, str | int]:
    return json.loads(PREPARED.read_text()) if PREPARED.exists() else {}


class Command(BaseCommand):
    help = "Start Attune with its demo engagement: site, worker and a learning record store."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000))
        parser.add_argument("--lrs-port", type=int, default=int(os.environ.get("LRS_PORT") or 8100))
        parser.add_argument("--reset", action="store_true", help="forget the demo's data and end")
        parser.add_argument("--prepare", action="store_true", help="only database and demo data")

    def handle(self, *args: Any, port: int, lrs_port: int, **options: Any) -> None:
        try:
            if options["prepare"]:
                self.prepare(port=port)
            elif options["reset"]:
                self.reset()
            else:
                self.run(port=port, lrs_port=lrs_port)
        except DemoError as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            self.stdout.write("Ended. The data stays in .demo/ for the next start.")

    # --- The three things it does -------------------------------------------------------

    def reset(self) -> None:
        with only_one(DEMO_DIR / "lock"):
            shutil.rmtree(DEMO_DIR)
        self.stdout.write("The demo's data is gone. The next make demo begins afresh.")

    def prepare(self, *, port: int) -> None:
        if Path(settings.DATA_DIR) != DEMO_DIR:
            raise CommandError("--prepare is a step of the demo and runs with its settings only.")
        executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.say("  Making the database ...")
            call_command("migrate", interactive=False, verbosity=0)
        now = wanted(port)
        if prepared().get("data") != now["data"]:
            self.say("  Loading the demo engagement ...")
            demo.load(timezone.now(), self.say_indented)
        Site.objects.filter(is_default_site=True).update(hostname="localhost", port=port)
        PREPARED.write_text(json.dumps(now))

    def run(self, *, port: int, lrs_port: int) -> None:
        with only_one(DEMO_DIR / "lock") as lock:
            require_free(port, what="the site", variable="PORT")
            require_free(lrs_port, what="the learning record store", variable="LRS_PORT")
            variables = environment(port=port, lrs_port=lrs_port)
            first = not PREPARED.exists()
            self.say("Starting Attune for the first time ..." if first else "Starting Attune ...")
            (DEMO_DIR / "static").mkdir(exist_ok=True)  # what finders serve here, others collect
            with Supervisor(say=self.say, lock=lock) as supervisor:
                lrs = self.lrs(lrs_port, variables)
                supervisor.start(lrs)
                if prepared() != wanted(port):
                    manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
                    supervisor.run_once(
                        [*manage, "demo", "--prepare", "--port", str(port)], variables
                    )
                web, worker = self.web(port, variables), self.worker(variables)
                supervisor.start(web)
                supervisor.start(worker)
                for service in (lrs, web, worker):
                    supervisor.wait_for(service)
                self.welcome(port=port, lrs_port=lrs_port)
                supervisor.watch()

    # --- The services ----------------------------------------------------------------------

    def lrs(self, port: int, variables: dict[str, str]) -> Service:
        credentials = b64encode(f"{LRS_USER}:{LRS_PASSWORD}".encode()).decode()
        ask = {"Authorization": f"Basic {credentials}", "X-Experience-API-Version": "1.0.3"}
        return Service(
            name="learning record store",
            command=[
                str(LRS_PYTHON),
                str(settings.BASE_DIR / "lrs" / "serve.py"),
                *("--host", "127.0.0.1", "--port", str(port), "--data-dir", str(DEMO_DIR / "lrs")),
                *("--username", LRS_USER),
            ],
            environment=variables | {"LRS_PASSWORD": LRS_PASSWORD},
            log=LOGS / "lrs.log",
            answers=lambda: http_status(port, "/xAPI/statements?limit=1", ask) == 200,
        )

    def web(self, port: int, variables: dict[str, str]) -> Service:
        return Service(
            name="site",
            command=[
                *(sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}"),
                *("--worker-class", "gthread", "--threads", "8", "--graceful-timeout", "4"),
                *("--no-control-socket", "--access-logfile", "-"),
            ],
            environment=variables,
            log=LOGS / "web.log",
            answers=lambda: http_status(port, resolve_url(settings.LOGIN_URL)) == 200,
        )

    def worker(self, variables: dict[str, str]) -> Service:
        broker = folder_broker(DEMO_DIR / "broker")
        # Hints from before are not needed: the outbox sweep finds what they stood for.
        shutil.rmtree(DEMO_DIR / "broker", ignore_errors=True)
        (DEMO_DIR / "broker").mkdir()
        # The worker is there when it has answered, through broker and task, with this token.
        token, answer = secrets.token_hex(8), DEMO_DIR / HEARTBEAT_FILE
        with celery_app.connection_for_write("filesystem://", transport_options=broker) as wire:
            heartbeat.apply_async(args=[token], connection=wire)
        return Service(
            name="worker",
            command=[
                *(sys.executable, "-m", "celery", "--quiet", "--app", "config", "worker", "--beat"),
                *("--schedule", str(DEMO_DIR / "celerybeat-schedule"), "--loglevel", "WARNING"),
                *("--pool", "threads", "--concurrency", "2", "--without-mingle"),
            ],
            environment=variables,
            log=LOGS / "worker.log",
            answers=lambda: answer.exists() and answer.read_text() == token,
        )

    # --- Words -----------------------------------------------------------------------------

    def welcome(self, *, port: int, lrs_port: int) -> None:
        rows = [("Who", "E-mail", "Password", "Role", "Try this"), *demo.PEOPLE]
        widths = [max(len(str(row[column])) for row in rows) for column in range(4)]
        table = [
            "  ".join([*(str(row[i]).ljust(widths[i]) for i in range(4)), str(row[4])])
            for row in rows
        ]
        table.insert(1, "  ".join("-" * width for width in [*widths, len(rows[0][4])]))
        self.say(
            f"\nAttune is ready:  http://localhost:{port}\n"
            f"Authors and HR:   http://localhost:{port}/admin/\n\n"
            + "\n".join(f"  {line}" for line in table)
            + f"\n\nLearning records: http://127.0.0.1:{lrs_port}/xAPI"
            f"  (user {LRS_USER}, password {LRS_PASSWORD})\n"
            "Mail is written to .demo/mail/, logs to .demo/logs/. Ctrl-C ends everything;\n"
            "the data stays. make demo-reset starts over."
        )

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def say_indented(self, text: str) -> None:
        self.say(f"    {text}")
