"""The Celery application. Tasks parse their arguments, make one call into the domain, end."""

import os
from pathlib import Path

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")

app = Celery("attune")
# Otherwise a request's thread would meet a blank application with a broker of its own.
app.set_default()
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def folder_broker(folder: Path) -> dict[str, str | float]:
    """The broker that needs no server: hints are files in ``folder``, on one machine."""
    return {
        "data_folder_in": str(folder),
        "data_folder_out": str(folder),
        "control_folder": str(folder / "control"),
        "polling_interval": 0.1,
    }
