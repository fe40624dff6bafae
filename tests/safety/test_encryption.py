"""Secrets at rest: sealed, never shown, and a lost key is said in words."""

from __future__ import annotations

import pickle

import pytest
from cryptography.fernet import Fernet
from django.core import serializers
from django.db import connection

from attune.safety.encryption import HIDDEN, Secret, SecretUnreadable, keyring
from attune.xapi.models import Lane

TEXT = "correct horse battery"


def key() -> str:
    return Fernet.generate_key().decode()


def stored_password() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT password FROM attune_xapi_lane")
        return str(cursor.fetchone()[0])


def test_what_is_sealed_can_be_revealed() -> None:
    secret = Secret.seal(TEXT)
    assert secret.reveal() == TEXT
    assert TEXT not in secret.token


def test_nothing_that_prints_a_secret_shows_it() -> None:
    secret = Secret.seal(TEXT)
    for shown in (str(secret), repr(secret), f"{secret}", repr([secret])):
        assert TEXT not in shown
        assert secret.token not in shown
    assert str(secret) == HIDDEN
    assert pickle.loads(pickle.dumps(secret)).reveal() == TEXT
    assert TEXT.encode() not in pickle.dumps(secret)


def test_the_empty_text_stays_empty() -> None:
    assert not Secret.seal("")
    assert Secret.seal("").reveal() == ""
    assert str(Secret("")) == ""


@pytest.mark.django_db
def test_the_database_holds_no_plain_text() -> None:
    lane = Lane.objects.create(name="x", endpoint="https://lrs.example/xapi", password=TEXT)
    assert TEXT not in repr(lane.password)  # sealed on the instance as well
    assert TEXT not in stored_password()
    read = Lane.objects.get()
    assert isinstance(read.password, Secret)
    assert read.password.reveal() == TEXT


@pytest.mark.django_db
def test_saving_a_row_again_keeps_its_secret() -> None:
    Lane.objects.create(name="x", endpoint="https://lrs.example/xapi", password=TEXT)
    before = stored_password()
    lane = Lane.objects.get()
    lane.name = "y"
    lane.save()
    assert stored_password() == before


@pytest.mark.django_db
def test_a_dump_of_the_database_holds_no_plain_text_and_loads_again() -> None:
    Lane.objects.create(name="x", endpoint="https://lrs.example/xapi", password=TEXT)
    dump = serializers.serialize("json", Lane.objects.all())
    assert TEXT not in dump
    Lane.objects.all().delete()
    for row in serializers.deserialize("json", dump):
        row.save()
    assert Lane.objects.get().password.reveal() == TEXT  # type: ignore[union-attr]


def test_keys_rotate(settings: object) -> None:
    old, new = key(), key()
    settings.ATTUNE_ENCRYPTION_KEYS = [old]  # type: ignore[attr-defined]
    secret = Secret.seal(TEXT)
    settings.ATTUNE_ENCRYPTION_KEYS = [new, old]  # type: ignore[attr-defined]
    assert secret.reveal() == TEXT
    newer = Secret.seal(TEXT)
    settings.ATTUNE_ENCRYPTION_KEYS = [new]  # type: ignore[attr-defined]
    assert newer.reveal() == TEXT
    with pytest.raises(SecretUnreadable, match="ATTUNE_ENCRYPTION_KEYS"):
        secret.reveal()


def test_without_keys_the_secret_key_serves_and_its_fallbacks_too(settings: object) -> None:
    settings.ATTUNE_ENCRYPTION_KEYS = []  # type: ignore[attr-defined]
    settings.SECRET_KEY = "a" * 60  # type: ignore[attr-defined]
    secret = Secret.seal(TEXT)
    settings.SECRET_KEY = "b" * 60  # type: ignore[attr-defined]
    with pytest.raises(SecretUnreadable):
        secret.reveal()
    settings.SECRET_KEY_FALLBACKS = ["a" * 60]  # type: ignore[attr-defined]
    assert secret.reveal() == TEXT


def test_a_key_that_is_none_is_said(settings: object) -> None:
    settings.ATTUNE_ENCRYPTION_KEYS = ["short"]  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="32"):
        keyring()


def test_a_damaged_token_is_unreadable_and_no_crash() -> None:
    for token in ("fernet:nonsense", "fernet:", "fernet:ä"):
        with pytest.raises(SecretUnreadable):
            Secret(token).reveal()
