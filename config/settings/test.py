"""Tests: the embedded defaults, or the database and broker that the environment names."""

import tempfile
from pathlib import Path

from config.settings.base import *  # noqa: F403  (a settings module is its base, changed)
from config.settings.base import DATABASES, env

SCRATCH = tempfile.TemporaryDirectory(prefix="attune-test-")  # gone when the run ends

SECRET_KEY = "test-only-key"
ALLOWED_HOSTS = ["*"]
ATTUNE_IRI_BASE = "https://attune.example"
ATTUNE_XAPI_LINT = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
MEDIA_ROOT = Path(SCRATCH.name, "media")
CELERY_TASK_ALWAYS_EAGER = env.bool("CELERY_TASK_ALWAYS_EAGER", default=True)
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
