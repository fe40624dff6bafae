"""Tests: the embedded defaults, or the database and broker that the environment names."""

import tempfile
from pathlib import Path

from config.settings.base import *  # noqa: F403  (a settings module is its base, changed)
from config.settings.base import env

SECRET_KEY = "test-only-key"
ALLOWED_HOSTS = ["*"]
ATTUNE_IRI_BASE = "https://attune.example"
ATTUNE_XAPI_LINT = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
MEDIA_ROOT = Path(tempfile.mkdtemp(prefix="attune-test-media-"))
CELERY_TASK_ALWAYS_EAGER = env.bool("CELERY_TASK_ALWAYS_EAGER", default=True)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
