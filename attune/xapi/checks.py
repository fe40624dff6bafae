"""System checks: a misconfiguration is said at start-up, not found in a log weeks later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections

from attune.safety.encryption import keyring
from attune.xapi import archives, verbs
from attune.xapi.filters import verb_ids
from attune.xapi.models import XapiVersion

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


@register()
def check_settings(*, app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The permanent IRI, the keys, and the record store that the environment names."""
    return [*_iri_base(), *_keys(), *_environment_lane(), *_archives()]


def _iri_base() -> list[CheckMessage]:
    base = str(getattr(settings, "ATTUNE_IRI_BASE", "") or "")
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return [
            Error(
                f"ATTUNE_IRI_BASE is {base!r}, which is not an absolute http(s) IRI.",
                hint="Every activity id and every actor begins with it, e.g. "
                "https://learn.example.org. It never changes afterwards.",
                id="attune_xapi.E001",
            )
        ]
    if parts.query or parts.fragment:
        return [
            Error(
                f"ATTUNE_IRI_BASE {base!r} has a query or a fragment.",
                hint="Give scheme, host and at most a path.",
                id="attune_xapi.E002",
            )
        ]
    return []


def _keys() -> list[CheckMessage]:
    try:
        keyring()
    except (ValueError, TypeError) as error:
        return [
            Error(
                f"ATTUNE_ENCRYPTION_KEYS cannot be used: {error}",
                hint="Each is 32 random bytes in URL-safe base64 (Fernet.generate_key()), "
                "the newest first.",
                id="attune_xapi.E003",
            )
        ]
    return []


def _environment_lane() -> list[CheckMessage]:
    endpoint = str(getattr(settings, "ATTUNE_LRS_ENDPOINT", "") or "")
    username = str(getattr(settings, "ATTUNE_LRS_USERNAME", "") or "")
    password = str(getattr(settings, "ATTUNE_LRS_PASSWORD", "") or "")
    version = str(getattr(settings, "ATTUNE_LRS_VERSION", "") or "1.0.3")
    if not endpoint:
        if username or password:
            return [
                Warning(
                    "ATTUNE_LRS_USERNAME or ATTUNE_LRS_PASSWORD is set without "
                    "ATTUNE_LRS_ENDPOINT.",
                    hint="Name the record store, or remove the credentials.",
                    id="attune_xapi.W001",
                )
            ]
        return []
    found: list[CheckMessage] = []
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        found.append(
            Error(
                "ATTUNE_LRS_ENDPOINT is not an absolute http(s) address.",
                id="attune_xapi.E004",
            )
        )
    if parts.username or parts.password:
        found.append(
            Error(
                "ATTUNE_LRS_ENDPOINT holds credentials.",
                hint="They belong in ATTUNE_LRS_USERNAME and ATTUNE_LRS_PASSWORD.",
                id="attune_xapi.E005",
            )
        )
    if not username or not password:
        found.append(
            Error(
                "ATTUNE_LRS_ENDPOINT is set without credentials.",
                hint="Set ATTUNE_LRS_USERNAME and ATTUNE_LRS_PASSWORD.",
                id="attune_xapi.E006",
            )
        )
    if version not in XapiVersion.values:
        found.append(
            Error(
                f"ATTUNE_LRS_VERSION is {version!r}; Attune speaks "
                f"{' and '.join(XapiVersion.values)}.",
                id="attune_xapi.E007",
            )
        )
    if parts.path.rstrip("/").endswith("/statements"):
        found.append(
            Warning(
                "ATTUNE_LRS_ENDPOINT ends in /statements, which is added by Attune.",
                id="attune_xapi.W002",
            )
        )
    return [*found, *_tokens_and_filters()]


def _tokens_and_filters() -> list[CheckMessage]:
    found: list[CheckMessage] = []
    token_endpoint = str(getattr(settings, "ATTUNE_LRS_TOKEN_ENDPOINT", "") or "")
    parts = urlsplit(token_endpoint)
    if token_endpoint and (
        parts.scheme not in ("http", "https") or not parts.hostname or parts.username
    ):
        found.append(
            Error(
                "ATTUNE_LRS_TOKEN_ENDPOINT is not an absolute http(s) address without credentials.",
                id="attune_xapi.E009",
            )
        )
    asked = verb_ids(getattr(settings, "ATTUNE_LRS_VERBS", ()))
    if unknown := sorted(set(asked) - set(verbs.ALL)):
        found.append(
            Warning(
                f"ATTUNE_LRS_VERBS names what Attune never says: {', '.join(unknown)}.",
                hint="Names of Attune's verbs, or their full addresses.",
                id="attune_xapi.W004",
            )
        )
    return found


def _archives() -> list[CheckMessage]:
    if not archives.days():
        return []
    try:
        archives.folder()
    except archives.NoFolder as error:
        return [
            Error(
                f"ATTUNE_STATEMENT_RETENTION_DAYS is set, but {error}",
                hint="Name a private folder that is backed up.",
                id="attune_xapi.E009",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def check_transport(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """In production: learning records and credentials travel encrypted."""
    found: list[CheckMessage] = []
    for name in ("ATTUNE_LRS_ENDPOINT", "ATTUNE_LRS_TOKEN_ENDPOINT"):
        endpoint = urlsplit(str(getattr(settings, name, "") or ""))
        if endpoint.scheme == "http" and endpoint.hostname not in LOCAL_HOSTS:
            found.append(
                Warning(
                    f"{name} is http: records and credentials travel unencrypted.",
                    hint="Use https.",
                    id="attune_xapi.W003",
                )
            )
    return found


@register(Tags.database)
def check_database(
    *,
    app_configs: Sequence[AppConfig] | None,
    databases: Sequence[str] | None = None,
    **kwargs: Any,
) -> list[CheckMessage]:
    """The outbox needs ``ON CONFLICT`` and ``RETURNING`` as SQLite and PostgreSQL know them."""
    return [
        Error(
            f"Attune's outbox runs on PostgreSQL and SQLite, not on {connections[alias].vendor}.",
            id="attune_xapi.E008",
        )
        for alias in databases or ()
        if alias == "default" and connections[alias].vendor not in ("postgresql", "sqlite")
    ]
