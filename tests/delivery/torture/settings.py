"""The site as it is used, with a few addresses more, by which the harness acts."""

from config.settings.base import *  # noqa: F403  (a settings module is its base, changed)
from config.settings.base import INSTALLED_APPS

SECRET_KEY = "only-for-the-fault-harness"
ALLOWED_HOSTS = ["*"]
ATTUNE_IRI_BASE = "https://attune.example"
ATTUNE_XAPI_LINT = True  # a statement with a fault is never acknowledged
ATTUNE_WORKER_SILENCE = 20  # what hangs has to be found within the minute that a run waits
ROOT_URLCONF = "tests.delivery.torture.urls"
INSTALLED_APPS = [*INSTALLED_APPS, "tests.delivery.torture"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
