"""kill -9 of a sender in the middle of a message, with a real process and a real mail server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from django.utils import timezone

from attune.notices import sending
from attune.notices.models import Message, Route
from tests.delivery.conftest import ROOT, wait_until
from tests.delivery.test_kill import _environment
from tests.notices.conftest import write
from tests.notices.sink import MailSink, Taken

pytestmark = pytest.mark.database

MANY = 120


def start(home: Path, server: MailSink) -> subprocess.Popen[bytes]:
    log = (home / "sender.log").open("ab")
    process = subprocess.Popen(
        [sys.executable, "manage.py", "notices"],
        cwd=ROOT,
        env={
            **_environment(home),
            # Those of the tests keep mails in memory.
            "DJANGO_SETTINGS_MODULE": "config.settings.development",
            "EMAIL_URL": f"smtp://127.0.0.1:{server.port}",
        },
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    log.close()
    return process


@pytest.mark.parametrize("at", [1, 37, 101])
def test_killed_while_a_mail_is_under_way_nothing_is_lost_and_one_may_come_twice(
    committed: None, server: MailSink, tmp_path: Path, at: int
) -> None:
    messages = write(*(f"p{n}@example.test" for n in range(MANY)))
    killed: list[str] = []

    def kill(taken: Taken) -> None:
        if len(server.mails) == at and not killed:
            killed.append(taken.to)
            os.killpg(sender.pid, signal.SIGKILL)
            sender.wait()

    server.script.taken = kill
    sender = start(tmp_path, server)
    wait_until(lambda: killed or sender.poll() is not None, seconds=60)
    assert killed, (tmp_path / "sender.log").read_text()[-2000:]
    sent = Message.objects.filter(state="sent").count()
    assert sent == at - 1, "each is marked before the next is handed over"
    # Until the dead sender's lease has run out, nobody touches the way.
    assert sending.send_all() == []
    Route.objects.update(lease_until=timezone.now())
    sending.send_all()
    assert set(Message.objects.values_list("state", flat=True)) == {"sent"}
    arrived = Counter(mail.message["Message-ID"] for mail in server.mails)
    assert len(arrived) == MANY
    twice = [number for number, count in arrived.items() if count > 1]
    assert twice == [f"<{messages[at - 1].uuid}@localhost>"]
    assert len(server.mails) == MANY + 1
