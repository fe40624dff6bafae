"""The Celery application. Tasks parse their arguments, make one call into the domain, end."""

import os

from celery import Celery

from config import watchdog  # noqa: F401  (it listens for the worker's start)
from config.broker import use_whole_files

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")

use_whole_files()

app = Celery("attune")
# Otherwise a request's thread would meet a blank application with a broker of its own.
app.set_default()
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
