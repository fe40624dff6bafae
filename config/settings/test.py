"""Tests: the embedded defaults, or the database and broker that the environment names."""

import os
import re
import tempfile
from pathlib import Path

from config.settings.base import *  # noqa: F403  (a settings module is its base, changed)
from config.settings.base import CELERY_BROKER_URL, DATABASES, env

SCRATCH = tempfile.TemporaryDirectory(prefix="attune-test-")  # gone when the run ends

SECRET_KEY = "test-only-key"
ALLOWED_HOSTS = ["*"]
ATTUNE_IRI_BASE = "https://attune.example"
ATTUNE_XAPI_LINT = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
MEDIA_ROOT = Path(SCRATCH.name, "media")
CELERY_TASK_ALWAYS_EAGER = env.bool("CELERY_TASK_ALWAYS_EAGER", default=True)
if CELERY_BROKER_URL.startswith("redis"):
    # Of several processes each has a number of its own; who it starts inherits which.
    NUMBER = int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or 0)
    SERVER, _, FIRST = CELERY_BROKER_URL.rpartition("/")
    CELERY_BROKER_URL = f"{SERVER}/{int(FIRST) + NUMBER}"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file: in memory, every thread of the live server would share the tests' connection.
    DATABASES["default"]["TEST"] = {"NAME": str(Path(SCRATCH.name, "test.sqlite3"))}
    DATABASES["default"]["OPTIONS"]["init_command"] = (
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=OFF;"
    )
