"""Production: nothing has a silent default that would be unsafe."""

from django.core.exceptions import ImproperlyConfigured

from config.settings.base import *  # noqa: F403  (a settings module is its base, changed)
from config.settings.base import ALLOWED_HOSTS, SECRET_KEY, env

if len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("Set SECRET_KEY to a random text of at least 50 characters.")
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured("Set ALLOWED_HOSTS to the names that this site answers to.")
for required in ("ATTUNE_BASE_URL", "ATTUNE_IRI_BASE", "DATABASE_URL", "EMAIL_URL"):
    if not env(required, default=""):
        raise ImproperlyConfigured(f"Set {required}; .env.example explains it.")

SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
# Whoever asks for signs of life asks inside the house, often without TLS.
SECURE_REDIRECT_EXEMPT = ["^healthz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=365 * 24 * 3600)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
