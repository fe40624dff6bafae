"""Secrets at rest: a model field whose value is encrypted in the database and never shown.

Keys come from ``ATTUNE_ENCRYPTION_KEYS`` (newest first: the first encrypts, all decrypt,
so a key is rotated by putting a new one in front). Where none is given, a key is derived
from ``SECRET_KEY`` and its fallbacks. Reading a row never decrypts: the row carries a
:class:`Secret`, and only ``reveal()`` opens it. A lost key therefore breaks the one deed
that needs the secret, in words, and not the list in which the row appears.
"""

from __future__ import annotations

import base64
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django import forms
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

PREFIX = "fernet:"
HIDDEN = "••••••••"


class SecretUnreadable(Exception):
    """The key that encrypted this secret is not among the keys that we have."""


def _derived(secret_key: str) -> Fernet:
    # A key of its own, so that a token of ours never shares a key with Django's signatures.
    key = HKDF(
        algorithm=hashes.SHA256(), length=32, salt=None, info=b"attune.safety.encryption"
    ).derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(key))


def keyring() -> MultiFernet:
    """The keys in force, newest first.

    :raises ValueError: one of ``ATTUNE_ENCRYPTION_KEYS`` is not a Fernet key
        (32 bytes, URL-safe base64).
    """
    given = list(getattr(settings, "ATTUNE_ENCRYPTION_KEYS", []) or [])
    if given:
        return MultiFernet([Fernet(key) for key in given])
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([_derived(str(key)) for key in keys])


class Secret:
    """An encrypted text. Printing, logging or rendering it shows dots, never the text."""

    __slots__ = ("_token",)

    def __init__(self, token: str) -> None:
        self._token = token

    @classmethod
    def seal(cls, text: str) -> Secret:
        """Encrypt *text* with the newest key; the empty text stays empty."""
        return cls(PREFIX + keyring().encrypt(text.encode()).decode() if text else "")

    @property
    def token(self) -> str:
        """What the database holds: ``fernet:`` and the token, or the empty text."""
        return self._token

    def reveal(self) -> str:
        """The text itself.

        :raises SecretUnreadable: no key that we have opens it.
        """
        if not self._token:
            return ""
        try:
            return keyring().decrypt(self._token.removeprefix(PREFIX).encode()).decode()
        except (InvalidToken, ValueError) as error:
            raise SecretUnreadable(
                _(
                    "The encryption key of this secret is no longer among ATTUNE_ENCRYPTION_KEYS "
                    "(or SECRET_KEY has changed). Put the key back, or enter the secret again."
                )
            ) from error

    def __bool__(self) -> bool:
        return bool(self._token)

    def __str__(self) -> str:
        return HIDDEN if self._token else ""

    def __repr__(self) -> str:
        return f"<Secret {self}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._token == self._token

    def __hash__(self) -> int:
        return hash(self._token)

    # A pickled or copied row must carry the token, never the text.
    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        return (Secret, (self._token,))


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text encrypted at rest. Assign a ``str`` to set it, read a :class:`Secret`.

    A form field made from it never renders the value; leaving it empty is for the form
    to interpret (ours keep the old secret).
    """

    description = _("Encrypted text")

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Secret | None:
        return None if value is None else Secret(value)

    def to_python(self, value: Any) -> Any:
        if value is None or isinstance(value, Secret):
            return value
        text = str(value)
        return Secret(text) if text.startswith(PREFIX) else Secret.seal(text)

    def get_prep_value(self, value: Any) -> Any:
        value = self.to_python(value)
        return None if value is None else value.token

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        # The plain text lives on the instance only until the row is written.
        value = self.to_python(getattr(model_instance, self.attname))
        setattr(model_instance, self.attname, value)
        return value

    def value_to_string(self, obj: models.Model) -> str:
        return self.get_prep_value(self.value_from_object(obj)) or ""

    def get_default(self) -> Any:
        return self.to_python(super().get_default())

    def formfield(self, **kwargs: Any) -> Any:
        widget = forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"})
        kwargs.pop("widget", None)
        return models.Field.formfield(
            self, **{"form_class": forms.CharField, "widget": widget, "strip": False, **kwargs}
        )
