"""Every setting of our own project, read from the environment once and failing loudly.

``development``, ``test`` and ``production`` only change what differs there. A host
site that installs Attune as a plugin reads none of this: it has settings of its own
(README, "Add it to your own Wagtail site").
"""

from pathlib import Path

import environ
from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from config.broker import folder_broker

BASE_DIR = Path(__file__).resolve().parent.parent.parent

env = environ.Env()
# Tests and the demo name no file: a production .env beside them must not show through.
ENV_FILE = Path(env("ATTUNE_ENV_FILE", default=str(BASE_DIR / ".env")))
if ENV_FILE.is_file():
    env.read_env(ENV_FILE)

# Where this installation keeps what it writes: database, uploads, broker folder.
DATA_DIR = Path(env("ATTUNE_DATA_DIR", default=str(BASE_DIR / "var")))
DATA_DIR.mkdir(parents=True, exist_ok=True)

DEBUG = False
SECRET_KEY = env("SECRET_KEY", default="")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "attune.accounts",
    "attune.design",
    "attune.xapi",
    "attune.jobs",
    "attune.safety",
    "attune.people",
    "attune.cultures",
    "attune.notices",
    "attune.curriculum",
    "attune.enrolments",
    "attune.lessons",
    "attune.quizzes",
    "attune.case_studies",
    "attune.reports",
    "config",
    "wagtail_localize",
    "wagtail_localize.locales",
    "wagtail.contrib.forms",
    "wagtail.contrib.redirects",
    "wagtail.contrib.settings",
    "wagtail.embeds",
    "wagtail.users",
    "wagtail.sites",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "wagtailmedia",
    "modelcluster",
    "taggit",
    "polymorphic",
    "axes",
    "csp",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.sitemaps",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "config.middleware.LanguageOfThePage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "attune.people.middleware.PersonSettings",
    "attune.curriculum.middleware.TenantDoors",
    "django.contrib.messages.middleware.MessageMiddleware",
    "attune.case_studies.middleware.BrokenCaseTold",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.middleware.AdminContentSecurityPolicy",
    "wagtail.contrib.redirects.middleware.RedirectMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "wagtail.contrib.settings.context_processors.settings",
            ],
        },
    }
]

# --- Database -------------------------------------------------------------------
# SQLite under several writers: Django's defaults answered more than half of the
# writes with "database is locked"; WAL with IMMEDIATE transactions answered none so.
DATABASES = {
    "default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'attune.sqlite3'}")
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;",
    }
DATABASES["default"]["CONN_MAX_AGE"] = None
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": env.cache_url("CACHE_URL", default="locmemcache://attune"),
}

# --- People who sign in -----------------------------------------------------------
AUTH_USER_MODEL = "attune_accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "config.backends.WithPerson",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "attune_accounts:sign_in"
LOGIN_REDIRECT_URL = "attune_enrolments:my_training"
LOGOUT_REDIRECT_URL = "attune_accounts:sign_in"
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600
WAGTAIL_FRONTEND_LOGIN_URL = LOGIN_URL
ATTUNE_PASSWORD_URL_NAME = "attune_accounts:set_password"

# A person and an address together: a shared PC in a call centre must not lock a
# whole floor out because one colleague mistyped.
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "username"
AXES_USERNAME_CALLABLE = "attune.accounts.throttling.address_of"
AXES_CLIENT_IP_CALLABLE = "attune.accounts.throttling.computer_of"
# How many proxies of our own stand in front; their word on who comes is believed.
ATTUNE_PROXIES = env.int("ATTUNE_PROXIES", default=0)
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "attune_accounts/locked_out.html"
AXES_ENABLE_ADMIN = False

# --- Languages and time --------------------------------------------------------------
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = WAGTAIL_CONTENT_LANGUAGES = [
    ("en", _("English")),
    ("de", _("German")),
    ("fil", _("Filipino")),
    ("es", _("Spanish")),
]
WAGTAIL_I18N_ENABLED = True
WAGTAILLOCALIZE_SYNC_LIVE_STATUS_ON_TRANSLATE = False

# --- Files ---------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
MEDIA_URL = "/media/"
MEDIA_ROOT = DATA_DIR / "media"
# Uploads are best served by the web server in front; small installations may do without.
SERVE_MEDIA = env.bool("SERVE_MEDIA", default=False)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000

# --- Wagtail -----------------------------------------------------------------------
WAGTAIL_SITE_NAME = "Attune"
WAGTAILADMIN_BASE_URL = env("ATTUNE_BASE_URL", default="http://localhost:8000")
# Both would tell a stranger's server who works here.
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "wagtail.search.backends.database"}}
WAGTAILEMBEDS_FINDERS: list[dict[str, object]] = []
WAGTAILDOCS_SERVE_METHOD = "serve_view"
WAGTAILIMAGES_EXTENSIONS = ["gif", "jpg", "jpeg", "png", "webp", "avif"]
WAGTAIL_WORKFLOW_REQUIRE_REAPPROVAL_ON_EDIT = True
WAGTAILADMIN_COMMENTS_ENABLED = True
# One door for passwords, which tells nobody who has an account; and an address is changed by
# the administrator alone, since whoever holds it holds the account.
WAGTAIL_PASSWORD_RESET_ENABLED = False
WAGTAIL_EMAIL_MANAGEMENT_ENABLED = False

# --- Mail ------------------------------------------------------------------------------
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="Attune <attune@localhost>")
# Without it a mail server that takes a connection and says nothing holds a worker for ever.
EMAIL_TIMEOUT = env.float("EMAIL_TIMEOUT", default=15)

# --- Watching over it ------------------------------------------------------------------------
# Who is told of trouble, beside the recipients entered in the admin.
ATTUNE_ALERT_EMAILS = env.list("ATTUNE_ALERT_EMAILS", default=[])
ATTUNE_ALERT_WEBHOOK = env("ATTUNE_ALERT_WEBHOOK", default="")
ATTUNE_ALERT_WEBHOOK_SECRET = env("ATTUNE_ALERT_WEBHOOK_SECRET", default="")
# Networks inside the house that webhooks may reach: 10.20.0.0/16
ATTUNE_WEBHOOK_NETWORKS = env.list("ATTUNE_WEBHOOK_NETWORKS", default=[])
# Opens /metrics, and the details of /healthz. Without it neither is there.
ATTUNE_METRICS_TOKEN = env("ATTUNE_METRICS_TOKEN", default="")
# Seconds after which /healthz misses a sweep, or finds that a record has waited too long.
ATTUNE_SWEEP_LIMIT = env.int("ATTUNE_SWEEP_LIMIT", default=120)
ATTUNE_OUTBOX_LIMIT = env.int("ATTUNE_OUTBOX_LIMIT", default=900)
# Names of the tasks that must give signs of life; empty: the sweeps below. Sites without
# Celery name attune.notices.tasks.sweep alone, for which `manage.py notices` answers.
ATTUNE_WATCHED_SWEEPS = env.list("ATTUNE_WATCHED_SWEEPS", default=[])

# --- Learning records (xAPI) --------------------------------------------------------------
# The permanent IRI of this installation: part of every activity id and every actor.
# It never changes once statements have been sent, whatever address the site moves to.
ATTUNE_IRI_BASE = env("ATTUNE_IRI_BASE", default=WAGTAILADMIN_BASE_URL)
ATTUNE_LRS_ENDPOINT = env("ATTUNE_LRS_ENDPOINT", default="")
ATTUNE_LRS_USERNAME = env("ATTUNE_LRS_USERNAME", default="")
ATTUNE_LRS_PASSWORD = env("ATTUNE_LRS_PASSWORD", default="")
ATTUNE_LRS_VERSION = env("ATTUNE_LRS_VERSION", default="1.0.3")
# With an address that gives tokens, user name and password are OAuth 2.0's client id and secret.
ATTUNE_LRS_TOKEN_ENDPOINT = env("ATTUNE_LRS_TOKEN_ENDPOINT", default="")
ATTUNE_LRS_SCOPE = env("ATTUNE_LRS_SCOPE", default="")
ATTUNE_LRS_COMPRESS = env.bool("ATTUNE_LRS_COMPRESS", default=False)
# What this store receives: everything, or what one client's, some engagements' or verbs' is.
ATTUNE_LRS_CLIENT = env("ATTUNE_LRS_CLIENT", default="")
ATTUNE_LRS_ENGAGEMENTS = env.list("ATTUNE_LRS_ENGAGEMENTS", default=[])
ATTUNE_LRS_VERBS = env.list("ATTUNE_LRS_VERBS", default=[])
# Lint each statement before it is recorded (development and test).
ATTUNE_XAPI_LINT = env.bool("ATTUNE_XAPI_LINT", default=False)
# Keys that encrypt secrets at rest, newest first; the secret key serves if none is given.
ATTUNE_ENCRYPTION_KEYS = env.list("ATTUNE_ENCRYPTION_KEYS", default=[])
# Written answers leave the house only where the client wants them to.
ATTUNE_SEND_WRITTEN_RESPONSES = env.bool("ATTUNE_SEND_WRITTEN_RESPONSES", default=False)
# Bodies of statements that every store has had for so many days go into archives; 0: never.
ATTUNE_STATEMENT_RETENTION_DAYS = env.int("ATTUNE_STATEMENT_RETENTION_DAYS", default=0)
ATTUNE_ARCHIVE_DIR = env("ATTUNE_ARCHIVE_DIR", default=str(DATA_DIR / "archives"))

# --- Celery: the broker is a doorbell, the database is the truth --------------------------
BROKER_DIR = DATA_DIR / "broker"
CELERY_BROKER_URL = env("CELERY_BROKER_URL", default="filesystem://")
if CELERY_BROKER_URL.startswith("filesystem"):
    BROKER_DIR.mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = folder_broker(BROKER_DIR)
# On a broker without an event loop Celery's processes share one pipe, and one that is killed
# while it holds the pipe's lock leaves all others waiting for ever. Threads share no lock.
CELERY_WORKER_POOL = env(
    "CELERY_WORKER_POOL",
    default="threads" if CELERY_BROKER_URL.startswith("filesystem") else "prefork",
)
# Seconds without a sign of life after which a worker ends itself, to be started again; 0: never.
ATTUNE_WORKER_SILENCE = env.float("ATTUNE_WORKER_SILENCE", default=300)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE: dict[str, dict[str, object]] = {
    "sweep the outbox": {
        "task": "attune.xapi.tasks.sweep",
        "schedule": 5.0,
        # After an hour without a worker, one sweep is due and not seven hundred.
        "options": {"expires": 5},
    },
    "archive old statements": {
        "task": "attune.xapi.tasks.retain",
        "schedule": 24 * 3600.0,
    },
    "sweep the jobs": {
        "task": "attune.jobs.tasks.sweep",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "send the messages that wait": {
        "task": "attune.notices.tasks.sweep",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "look for trouble": {
        "task": "attune.notices.tasks.look",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "close attempts whose time is up": {
        "task": "attune.quizzes.tasks.close_overdue",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "go on with regrades": {
        "task": "attune.quizzes.tasks.go_on_regrading",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "tell learners that their answers are marked": {
        "task": "attune.quizzes.tasks.tell_results",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "nightly repair of access": {
        "task": "attune.people.tasks.sync_access",
        "schedule": 24 * 3600.0,
    },
    "nightly repair of enrolments": {
        "task": "attune.enrolments.tasks.repair",
        "schedule": 24 * 3600.0,
    },
    "nightly repair of what rules give": {
        "task": "attune.enrolments.tasks.follow_rules",
        "schedule": 24 * 3600.0,
    },
    "assignment rules follow the day": {
        "task": "attune.enrolments.tasks.follow_day",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
}

# --- What a browser may load ----------------------------------------------------------------
# Learner pages load from here alone. Wagtail's admin needs inline script and style and gets
# them under its own path only (config.middleware).
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"  # Wagtail itself lifts it for its preview pane
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "media-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [SELF],
        "base-uri": [NONE],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
    "loggers": {
        "axes.apps": {"level": "WARNING"},  # greets at every start
        "kombu.connection": {"level": "ERROR"},  # a broker in a folder has no host name
    },
}
