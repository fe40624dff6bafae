"""The ledger and its senders, against a real mail server and a real webhook."""

from __future__ import annotations

import hashlib
import hmac
import json
import smtplib
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from attune.notices import routes, sending, services
from attune.notices.models import Message, Route
from tests.notices.conftest import KIND, awake, destination, lead_to, state_of, write
from tests.notices.sink import Hook, MailSink, Taken, mail_sink

pytestmark = pytest.mark.database


def only(outcomes: list[sending.Outcome]) -> sending.Outcome:
    (outcome,) = outcomes
    return outcome


# --- writing -------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_same_message_stands_in_the_ledger_once() -> None:
    assert len(write("maria@example.test", "klaus@example.test")) == 2
    assert len(write("Maria@example.test", "klaus@example.test")) == 2
    assert len(write("maria@example.test", key="second")) == 1


def test_the_database_itself_refuses_a_second_one(committed: None) -> None:
    (message,) = write("maria@example.test")
    message.pk = None
    message.uuid = "00000000-0000-4000-8000-000000000001"
    with pytest.raises(IntegrityError), transaction.atomic():
        message.save(force_insert=True)


@pytest.mark.django_db
def test_a_message_to_nobody_and_one_of_no_kind_are_refused() -> None:
    draft = {"kind": KIND.name, "key": "x", "subject": "s", "body": "b"}
    with pytest.raises(ValueError, match="goes nowhere"):
        services.write(services.Draft(**draft), now=timezone.now())
    with pytest.raises(LookupError, match=r"tests\.other"):
        services.write(
            services.Draft(**draft | {"kind": "tests.other", "address": "a@b.c"}),
            now=timezone.now(),
        )
    assert not Message.objects.exists()


@pytest.mark.django_db
def test_a_thousand_messages_cost_a_few_dozen_commands(
    django_assert_max_num_queries: Any,
) -> None:
    with django_assert_max_num_queries(40):  # SQLite takes 999 values a command
        assert len(write(*(f"p{n}@example.test" for n in range(1000)))) == 1000


@pytest.mark.django_db
def test_nothing_is_sent_within_a_transaction() -> None:
    write("maria@example.test")
    with pytest.raises(transaction.TransactionManagementError):
        sending.send_all()


# --- mail ----------------------------------------------------------------------------------


def test_mail_arrives_over_one_connection_and_the_ledger_says_what_was_answered(
    committed: None, server: MailSink
) -> None:
    messages = write(*(f"p{n}@example.test" for n in range(5)), subject="Grüße\naus Bremen")
    outcome = only(sending.send_all())
    assert (outcome.sent, outcome.stopped) == (5, "")
    assert server.connections == 1
    assert [mail.to for mail in server.mails] == [each.address for each in messages]
    first = server.mails[0].message
    assert first["Subject"] == "Grüße aus Bremen"
    assert first["Message-ID"] == f"<{messages[0].uuid}@localhost>"
    assert first["Content-Language"] == "de"
    assert first.get_content().replace("\r\n", "\n") == messages[0].body
    for number, message in enumerate(messages, start=1):
        assert state_of(message) == "sent"
        assert message.answer == f"250 queued as {number}"
        assert message.closed_at is not None
    assert sending.send_all() == []
    route = Route.objects.get()
    assert (route.sent_total, route.failures, route.lease_token) == (5, 0, None)


def test_after_a_hundred_mails_the_connection_is_made_anew(
    committed: None, server: MailSink
) -> None:
    write(*(f"p{n}@example.test" for n in range(250)))
    assert only(sending.send_all()).sent == 250
    assert server.connections == 3


def test_one_recipient_is_refused_and_the_others_get_theirs(
    committed: None, server: MailSink
) -> None:
    server.script.recipients["gone@example.test"] = b"550 5.1.1 no such user\r\n"
    server.script.recipients["busy@example.test"] = b"450 4.2.1 come again later\r\n"
    gone, busy, well = write("gone@example.test", "busy@example.test", "well@example.test")
    outcome = only(sending.send_all())
    assert (outcome.sent, outcome.refused, outcome.later) == (1, 1, 1)
    assert (state_of(gone), state_of(busy), state_of(well)) == ("failed", "waiting", "sent")
    assert gone.answer == "550 5.1.1 no such user"
    assert (busy.answer, busy.attempts) == ("450 4.2.1 come again later", 1)
    assert busy.due_at > timezone.now() + timedelta(seconds=30)
    assert server.connections == 1
    # Nobody knocks again before its time.
    assert sending.send_all() == []
    server.script.recipients.clear()
    Message.objects.filter(pk=busy.pk).update(due_at=timezone.now())
    assert only(sending.send_all()).sent == 1
    assert state_of(busy) == "sent"


def test_what_is_not_taken_while_it_is_worth_telling_is_given_up(
    committed: None, server: MailSink
) -> None:
    server.script.recipients["busy@example.test"] = b"450 later\r\n"
    (busy,) = write("busy@example.test", now=timezone.now() - KIND.worth + timedelta(seconds=30))
    sending.send_all()
    state_of(busy)
    assert busy.due_at == busy.expires_at  # once more at the very end
    past = timezone.now() - timedelta(seconds=1)
    Message.objects.update(due_at=past, expires_at=past)
    assert only(sending.send_all()).given_up == 1
    assert state_of(busy) == "given_up"
    assert busy.answer == "450 later"
    assert Route.objects.get().given_up_total == 1
    assert server.mails == []
    # A person may want it all the same.
    server.script.recipients.clear()
    assert services.send_again(busy, now=timezone.now())
    assert only(sending.send_all()).sent == 1
    assert not services.send_again(busy, now=timezone.now())
    assert not services.give_up(busy, words="no", now=timezone.now())
    assert state_of(busy) == "sent"


def test_a_server_that_is_away_costs_no_message_a_try(
    committed: None, server: MailSink, settings: Any
) -> None:
    messages = write(*(f"p{n}@example.test" for n in range(3)))
    server.stop()
    outcome = only(sending.send_all())
    assert outcome.sent == 0
    assert "Connection refused" in outcome.stopped
    route = Route.objects.get()
    assert route.failures == 1
    assert route.retry_at > timezone.now()
    assert {(state_of(each), each.attempts) for each in messages} == {("waiting", 0)}
    assert sending.send_all() == []  # it rests
    awake()
    sending.send_all()
    awake()
    sending.send_all()
    assert Route.objects.get().failures == 3
    server.start()  # under its old port
    awake()
    assert only(sending.send_all()).sent == 3
    route.refresh_from_db()
    assert (route.failures, route.retry_at) == (0, None)


@pytest.mark.parametrize("greeting", [b"421 too busy\r\n", b"554 go away\r\n"])
def test_a_server_that_does_not_want_us_is_left_alone(
    committed: None, server: MailSink, greeting: bytes
) -> None:
    server.script.greeting = greeting
    (message,) = write("maria@example.test")
    assert greeting.decode().strip() in only(sending.send_all()).stopped
    assert (state_of(message), message.attempts) == ("waiting", 0)


def test_a_server_that_refuses_our_name_is_no_reason_to_drop_mails(
    committed: None, server: MailSink, settings: Any
) -> None:
    server.script.sender["attune@localhost"] = b"553 5.7.1 not your name\r\n"
    messages = write("maria@example.test", "klaus@example.test")
    assert "553" in only(sending.send_all()).stopped
    assert {state_of(each) for each in messages} == {"waiting"}
    assert Route.objects.get().last_error == "553 5.7.1 not your name"


def test_a_silent_server_is_given_up_on(committed: None, server: MailSink, settings: Any) -> None:
    settings.EMAIL_TIMEOUT = 0.2
    server.script.says_nothing = True
    write("maria@example.test")
    assert "timed out" in only(sending.send_all()).stopped.lower()


def test_a_text_the_server_will_not_have_is_refused(committed: None, server: MailSink) -> None:
    server.script.data = b"554 5.7.1 looks like spam\r\n"
    first, second = write("maria@example.test", "klaus@example.test")
    assert only(sending.send_all()).refused == 2
    assert (state_of(first), state_of(second)) == ("failed", "failed")
    assert first.answer == "554 5.7.1 looks like spam"


def test_a_message_that_kills_the_connection_lets_others_pass(
    committed: None, server: MailSink
) -> None:
    server.script.hangs_up_at_data = "poison@example.test"
    poison, well = write("poison@example.test", "well@example.test")
    only(sending.send_all())
    assert (state_of(poison), poison.attempts) == ("waiting", 1)
    awake()
    assert only(sending.send_all()).sent == 1
    assert state_of(well) == "sent"


def test_an_address_that_is_none_harms_nobody_else(committed: None, server: MailSink) -> None:
    odd, _well = write("mar\nia@example.test", "well@example.test")
    outcome = only(sending.send_all())
    assert (outcome.refused, outcome.sent) == (1, 1)
    assert state_of(odd) == "failed"


def test_the_one_moment_at_which_a_mail_can_come_twice(committed: None, server: MailSink) -> None:
    """Taken, but the answer was lost: sent again under the same number."""
    server.script.hangs_up_after_taking = True
    (message,) = write("maria@example.test")
    sending.send_all()
    assert state_of(message) == "waiting"
    server.script.hangs_up_after_taking = False
    awake()
    Message.objects.update(due_at=timezone.now())
    sending.send_all()
    assert state_of(message) == "sent"
    one, two = (mail.message["Message-ID"] for mail in server.mails)
    assert one == two


def test_another_backend_than_smtp_is_used_as_it_is(committed: None, mailoutbox: Any) -> None:
    (message,) = write("maria@example.test")
    assert only(sending.send_all()).sent == 1
    assert mailoutbox[0].to == ["maria@example.test"]
    assert state_of(message) == "sent"
    assert message.answer == "Taken by django.core.mail.backends.locmem."


# --- leases --------------------------------------------------------------------------------


def test_two_workers_at_once_send_each_message_once(committed: None, server: MailSink) -> None:
    write(*(f"p{n}@example.test" for n in range(60)))
    begin = threading.Barrier(3)
    outcomes: list[sending.Outcome] = []

    def work() -> None:
        try:
            begin.wait()
            outcomes.extend(sending.send_all())
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(server.mails) == len({mail.to for mail in server.mails}) == 60
    assert sum(outcome.sent for outcome in outcomes) == 60
    assert Route.objects.get().lease_token is None


def test_a_sender_whose_lease_has_passed_marks_nothing(committed: None, server: MailSink) -> None:
    first, second = write("maria@example.test", "klaus@example.test")

    def stolen(taken: Taken) -> None:
        server.script.taken = None
        Route.objects.update(lease_token="00000000-0000-4000-8000-000000000009")
        connection.close()

    server.script.taken = stolen
    outcome = only(sending.send_all())
    assert outcome.sent == 0
    assert outcome.stopped
    assert (state_of(first), state_of(second)) == ("waiting", "waiting")
    assert len(server.mails) == 1
    # Nor does it give back what is another's.
    assert Route.objects.get().lease_token is not None


def test_a_way_rests_longer_each_time_and_never_too_long() -> None:
    rests = [routes.rest_after(n) for n in range(1, 40)]
    assert rests[0] == timedelta(seconds=10)
    assert rests == sorted(rests)
    assert rests[-1] == routes.LONGEST_REST
    assert routes.rest_after(1, timedelta(minutes=20)) == timedelta(minutes=20)
    assert routes.rest_after(1, timedelta(0)) == rests[0]


# --- webhooks ------------------------------------------------------------------------------


def to_webhook(made: Hook, key: str = "first", **fields: Any) -> Message:
    target = destination(made, **fields)
    services.write(
        services.Draft(
            kind=KIND.name,
            key=key,
            subject="The lane is paused",
            body="401",
            destination=target,
            details={"lane": 3},
        ),
        now=timezone.now(),
    )
    message: Message = Message.objects.get(key=key)
    return message


def test_a_webhook_gets_a_signed_body(committed: None, webhook: Hook) -> None:
    message = to_webhook(webhook)
    assert only(sending.send_all()).sent == 1
    (post,) = webhook.posts
    assert post.path == "/hook/s3cret?team=ops"
    assert post.headers["Host"] == f"127.0.0.1:{webhook.port}"
    assert post.headers["Attune-Delivery"] == str(message.uuid)
    told = json.loads(post.body)
    assert told == {
        "id": str(message.uuid),
        "kind": KIND.name,
        "subject": "The lane is paused",
        "text": "401",
        "language": "",
        "written_at": message.written_at.isoformat(),
        "details": {"lane": 3},
    }
    at, _comma, mac = post.headers["Attune-Signature"].partition(",v1=")
    signed = f"{at.removeprefix('t=')}.".encode() + post.body
    assert mac == hmac.new(b"shared", signed, hashlib.sha256).hexdigest()
    assert state_of(message) == "sent"
    assert message.answer == "200 ok"
    assert "s3cret" not in f"{message.address} {message.to}"


@pytest.mark.parametrize(
    ("status", "state"), [(400, "failed"), (422, "failed"), (401, "waiting"), (503, "waiting")]
)
def test_what_a_webhook_answers(committed: None, webhook: Hook, status: int, state: str) -> None:
    webhook.status, webhook.body = status, b"no  thanks"
    message = to_webhook(webhook)
    sending.send_all()
    assert state_of(message) == state
    assert message.answer == f"{status} no thanks"


def test_a_webhook_that_asks_for_time_gets_it(committed: None, webhook: Hook) -> None:
    webhook.status, webhook.headers = 429, {"Retry-After": "1200"}
    to_webhook(webhook)
    sending.send_all()
    retry_at = Route.objects.get().retry_at
    assert timedelta(minutes=18) < retry_at - timezone.now() < timedelta(minutes=21)


def test_a_webhook_that_leads_on_is_not_followed(committed: None, webhook: Hook) -> None:
    webhook.status = 307
    webhook.headers = {"Location": f"http://127.0.0.1:{webhook.port}/elsewhere"}
    message = to_webhook(webhook)
    sending.send_all()
    assert len(webhook.posts) == 1
    assert state_of(message) == "waiting"
    assert "leads on" in message.answer


def test_a_webhook_that_answers_too_much_is_cut_off(committed: None, webhook: Hook) -> None:
    webhook.body = b"x" * 100_000
    message = to_webhook(webhook)
    sending.send_all()
    assert "longer than" in Route.objects.get().last_error
    assert (state_of(message), message.attempts) == ("waiting", 1)


def test_a_webhook_inside_the_house_is_not_reached_unless_it_is_allowed(
    committed: None, webhook: Hook, settings: Any
) -> None:
    settings.ATTUNE_WEBHOOK_NETWORKS = ["10.0.0.0/8"]
    message = to_webhook(webhook)
    sending.send_all()
    assert webhook.posts == []
    assert state_of(message) == "waiting"
    assert "ATTUNE_WEBHOOK_NETWORKS" in Route.objects.get().last_error


def test_a_slow_webhook_holds_up_no_mail(committed: None, webhook: Hook, server: MailSink) -> None:
    webhook.status = 503
    to_webhook(webhook)
    write("maria@example.test", key="other")
    sending.send_all()
    assert len(server.mails) == 1


def test_what_waits_for_a_recipient_that_is_gone_is_given_up(
    committed: None, webhook: Hook
) -> None:
    message = to_webhook(webhook)
    message.route.destination.delete()
    assert only(sending.send_all()).given_up == 1
    assert state_of(message) == "given_up"
    assert webhook.posts == []


def test_a_lost_key_is_said_and_nothing_is_dropped(
    committed: None, webhook: Hook, settings: Any
) -> None:
    message = to_webhook(webhook)
    settings.SECRET_KEY = "another"
    sending.send_all()
    assert state_of(message) == "waiting"
    assert "ATTUNE_ENCRYPTION_KEYS" in Route.objects.get().last_error


def test_sending_costs_few_queries_a_message(
    committed: None, server: MailSink, django_assert_max_num_queries: Any
) -> None:
    write(*(f"p{n}@example.test" for n in range(50)))
    # Sweep, lease and windows, and per message a short transaction of two commands.
    with django_assert_max_num_queries(50 * 4 + 12):
        assert only(sending.send_all()).sent == 50


def test_the_sink_itself_speaks_smtp(settings: Any) -> None:
    with mail_sink() as sink:
        lead_to(sink, settings)
        sink.script.recipients["no@example.test"] = b"550 no\r\n"
        with smtplib.SMTP("127.0.0.1", sink.port) as client:
            refused = client.sendmail("a@b.c", ["no@example.test", "yes@example.test"], "Hello")
        assert list(refused) == ["no@example.test"]
        assert len(sink.mails) == 1
