"""Development and ``make demo``: convenient, local, never for the open network."""

from config.settings.base import *  # noqa: F403  (a settings module is its base, changed)
from config.settings.base import SECRET_KEY, env

DEBUG = env.bool("DEBUG", default=True)
SECRET_KEY = SECRET_KEY or "development-only-key-that-production-settings-refuse"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", "testserver"]
ATTUNE_XAPI_LINT = True
SERVE_MEDIA = True
WHITENOISE_USE_FINDERS = True  # style and scripts from where they are written
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
