"""After an erasure the whole database is searched: every column of every table, unpacked.

The world is that of the tenancy tests, in which every text holds a word of its own.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry

from attune.jobs.models import Job, JobPart
from attune.people.importing.services import keep_file
from attune.people.models import Erasure, Person
from attune.quizzes.models import AttemptQuestion
from tests import factories
from tests.tenancy import world
from tests.tenancy.canaries import canary

pytestmark = pytest.mark.django_db

RECORDS = "attune_xapi_"
"""What record stores have stays, under the pseudonym: see ``docs``."""


def texts_of(value: Any) -> Iterator[str]:
    if isinstance(value, bytes | memoryview):
        body = bytes(value)
        yield body.decode(errors="replace")
        if body.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(body)) as packed:
                for name in packed.namelist():
                    yield packed.read(name).decode(errors="replace")
    elif value is not None:
        yield str(value)
        if isinstance(value, str) and "\\u" in value:
            yield value.encode().decode("unicode_escape", errors="replace")


def tables_with(*words: str) -> dict[str, set[str]]:
    """Where each word stands: every row of every table, and every session unpacked."""
    found: dict[str, set[str]] = {word: set() for word in words}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for name, value in zip(names, row, strict=True):
                    for text in texts_of(value):
                        low = text.lower()
                        for word in words:
                            if word.lower() in low:
                                found[word].add(f"{table}.{name}")
    for session in Session.objects.all():
        text = json.dumps(session.get_decoded(), default=str).lower()
        for word in words:
            if word.lower() in text:
                found[word].add("session")
    return found


@pytest.fixture
def built(db: None) -> world.World:
    return world.build()


def leave_traces(agent: Person, hr: Person, vendor: Any) -> list[str]:
    """What the world does not hold yet: words about the agent in tables without a key to them."""
    email, now = agent.email, timezone.now()
    signed_in = factories.as_user(Client(), agent)
    signed_in.get("/")
    onlooker = factories.as_user(Client(), hr)
    session = onlooker.session
    session["_messages"] = f"{agent.full_name} has been added."
    session.save()
    for name in ("AccessAttempt", "AccessFailureLog", "AccessLog"):
        model = apps.get_model("axes", name)
        extra = {"failures_since_start": 1} if name == "AccessAttempt" else {}
        model.objects.create(username=email.upper(), attempt_time=now, **extra)
    ModelLogEntry.objects.create(
        content_type=ContentType.objects.get_for_model(type(agent.user)),
        object_id=str(agent.user_id),
        label=email,
        action="wagtail.edit",
        timestamp=now,
        data={"was": email},
    )
    job = Job.objects.create(
        kind="k", title=f"People of {email}", asked_by=hr.user, asked_at=now, state="done",
        finished_at=now, result={"line": f"Zoë {agent.full_name}"}, payload={"who": email},
    )  # fmt: skip
    JobPart.objects.create(job=job, what="errors", rows=[["1", email, "…"]])
    Job.objects.create(kind="k", title="Own", asked_by=agent.user, asked_at=now, payload={"x": 1})
    keep_file(
        organisation=vendor,
        file_name="again.csv",
        body=f"Name,E-mail\n{agent.full_name},{email}".encode(),
        by=hr.user,
        now=now,
        applies_on=now.date(),
    )
    typed = AttemptQuestion.objects.filter(attempt__person=agent)
    written = [
        answer for answer in typed.select_related("frozen")
        if answer.item.interaction_type in ("long-fill-in", "fill-in")
    ]  # fmt: skip
    assert written, "the agent answered nothing in words"
    AttemptQuestion.objects.filter(pk=written[0].pk).update(response="zqntypedanswerqz")
    return ["zqntypedanswerqz"]


def test_nothing_of_an_erased_person_is_left_anywhere(built: world.World, client: Client) -> None:
    tenant = built.tenants["n"]
    agent, hr = tenant.people["agent"], tenant.people["vendorhr"]
    words = [
        canary("n", kind)
        for kind in ("agent", "agentmail", "agentnumber", "agentjob", "reflectionprivate",
                     "reflectionshared")
    ]  # fmt: skip
    words += leave_traces(agent, hr, tenant.things["vendor"])
    pseudonyms = [str(agent.pseudonym), agent.pseudonym.hex]
    enrolments = agent.enrolments.count()
    before = tables_with(*words, *pseudonyms)
    assert [word for word in words if not before[word]] == []

    factories.as_user(client, hr)
    page = reverse("attune_people_admin:erase_person", args=[agent.pk])
    refused = client.post(page, {"typed": agent.full_name})
    assert "Take the person’s data out first" in refused.content.decode()
    archive = client.post(reverse("attune_people_admin:export_data", args=[agent.pk]))
    exported = zipfile.ZipFile(io.BytesIO(archive.getvalue()))  # type: ignore[attr-defined]
    data = exported.read("data.json").decode()
    # Whatever goes was handed out before; what is private, to the administrator alone.
    private = [canary("n", "reflectionprivate"), canary("n", "reflectionshared")]
    assert [word for word in words if word not in data] == private
    root = factories.as_user(Client(), built.administrator)
    whole = root.post(reverse("attune_people_admin:export_data", args=[agent.pk]))
    unpacked = zipfile.ZipFile(io.BytesIO(whole.getvalue()))  # type: ignore[attr-defined]
    assert all(word in unpacked.read("data.json").decode() for word in words)
    assert {"person.csv", "jobs.csv", "quiz-answers.csv"} <= set(exported.namelist())
    assert "reflections.csv" in unpacked.namelist()
    assert client.post(page, {"typed": "Somebody else"}).status_code == 200
    assert Person.objects.filter(pk=agent.pk).exists()
    done = client.post(page, {"typed": agent.full_name})
    assert done.status_code == 302, done.content.decode()
    listed = client.get(done.headers["Location"])
    assert str(pseudonyms[0]) in listed.content.decode()  # told once, kept nowhere

    after = tables_with(*words)
    assert {word: places for word, places in after.items() if places} == {}
    kept = {place for places in tables_with(*pseudonyms).values() for place in places}
    assert {place for place in kept if not place.startswith(RECORDS)} == set()
    erasure = Erasure.objects.get()
    assert (erasure.erased_by, erasure.organisation) == (hr.user, tenant.things["vendor"])
    assert erasure.tombstone.enrolments.count() == enrolments
    assert erasure.tombstone.pseudonym != agent.pseudonym
    assert (
        not Person.objects.visible_to(built.administrator.user)
        .filter(pk=erasure.tombstone.pk)
        .exists()
    )


def test_the_command_exports_and_erases(built: world.World, tmp_path: Any) -> None:
    tenant = built.tenants["n"]
    trainer = tenant.people["trainer"]
    target = tmp_path / "trainer.zip"
    call_command("erase_person", str(trainer.pk), export_to=target, yes=True)
    assert canary("n", "trainermail") in zipfile.ZipFile(target).read("data.json").decode()
    words = [canary("n", kind) for kind in ("trainer", "trainermail", "trainernumber")]
    assert {word: places for word, places in tables_with(*words).items() if places} == {}
    assert Erasure.objects.get().by_command
