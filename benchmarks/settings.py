"""As production, but for what needs a certificate, a secret or a ``collectstatic``."""

from config.settings.base import *  # noqa: F403  (a settings module is its base, changed)

SECRET_KEY = "benchmarks-only-key"
ALLOWED_HOSTS = ["*"]
ATTUNE_IRI_BASE = "https://attune.example"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks.bare"]  # noqa: F405
LOGGING["root"]["level"] = "WARNING"  # noqa: F405
