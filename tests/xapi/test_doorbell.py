"""The doorbell never fails, never waits, and does not send a message per commit."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from attune.xapi import doorbell
from attune.xapi.doorbell import Doorbell
from tests.delivery.conftest import wait_until


def test_a_thousand_rings_make_one_message_until_the_pause_is_over() -> None:
    messages: list[int] = []
    bell = Doorbell(lambda: messages.append(1), pause=3600)
    bell.ring()
    wait_until(lambda: messages)
    rings = iter(range(1000))
    wait_until(lambda: bell.ring() or next(rings, 1000) >= 999, every=0.0005)
    assert messages == [1]


def test_a_ring_after_a_message_makes_another() -> None:
    messages: list[int] = []
    bell = Doorbell(lambda: messages.append(1), pause=0)
    bell.ring()
    wait_until(lambda: len(messages) == 1)
    bell.ring()
    wait_until(lambda: len(messages) == 2)


def test_a_broker_that_hangs_delays_nobody() -> None:
    hung = threading.Event()
    let_go = threading.Event()

    def publish() -> None:
        hung.set()
        let_go.wait(timeout=30)

    bell = Doorbell(publish, pause=0)
    bell.ring()
    assert hung.wait(timeout=10)
    began = time.monotonic()
    for _ in range(100):
        bell.ring()
    assert time.monotonic() - began < 1  # the broker is still hanging
    assert not let_go.is_set()
    let_go.set()


def test_a_broker_that_is_down_is_complained_about_once_and_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tries: list[int] = []

    def publish() -> None:
        tries.append(1)
        raise ConnectionError("nobody there")

    bell = Doorbell(publish, pause=0)
    for wanted in range(1, 4):
        bell.ring()
        wait_until(lambda wanted=wanted: len(tries) >= wanted)
    wait_until(lambda: "nobody there" in caplog.text)
    assert caplog.text.count("The broker cannot be reached") == 1


def test_a_forked_child_starts_a_thread_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    messages: list[int] = []
    bell = Doorbell(lambda: messages.append(1), pause=0)
    bell.ring()
    wait_until(lambda: len(messages) == 1)
    before = bell._owner
    monkeypatch.setattr(doorbell.os, "getpid", lambda: -1)
    bell.ring()
    assert bell._owner is not before
    wait_until(lambda: len(messages) >= 2)


def test_the_message_goes_through_the_sites_own_celery_application() -> None:
    """Celery's current_app is per thread: from the bell's thread it would be a blank one."""
    sent: list[tuple[str, dict[str, Any]]] = []

    class App:
        def send_task(self, name: str, **options: Any) -> None:
            sent.append((name, options))

    broker = doorbell._Broker()
    broker.app = App()
    bell = Doorbell(broker.publish, pause=0)
    bell.ring()
    wait_until(lambda: sent)
    name, options = sent[0]
    assert name == "attune.xapi.tasks.deliver"
    assert options["retry"] is False
    assert doorbell._broker.app.main == "attune"
