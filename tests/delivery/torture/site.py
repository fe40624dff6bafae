"""What the harness asks of the site under test, beside what a learner asks.

A *deed* is the smallest one there is: a statement recorded in a transaction, acknowledged
after its commit. The same actor and serial are the same deed, so that a client that saw no
answer may ask again.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import Client
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from attune.curriculum.activities import activities_for
from attune.xapi import extensions, lanes, outbox, verbs
from attune.xapi.models import Lane
from attune.xapi.statements import (
    Activity,
    ActivityType,
    Context,
    Result,
    Statement,
    Tags,
    activity_id,
    build,
)
from tests import factories
from tests.delivery.torture.store import POISON
from tests.indexing import unindexed

SPACE = UUID("a3f0ef0e-4c3b-4b07-8f0e-0d6c1f2b0075")
MONDAY = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
CODES = {"engagement": "nordlicht-habagat", "client": "nordlicht", "vendor": "habagat"}


def statement(*, seed: int, actor: int, serial: int, poison: bool) -> Statement:
    """The same arguments give the same bytes."""
    title = f"Lesson {serial} of {actor}"
    return build(
        deed=f"torture:{seed}:{actor}:{serial}",
        actor=uuid5(SPACE, f"{seed} actor {actor}"),
        verb=verbs.COMPLETED,
        activity=Activity(
            id=activity_id("unit", uuid5(SPACE, f"{seed} {actor} {serial}")),
            type=ActivityType.LESSON,
            name={"en": f"{POISON} {title}" if poison else title},
        ),
        at=MONDAY + timedelta(seconds=serial),
        context=Context(
            registration=uuid5(SPACE, f"{seed} registration {actor}"),
            parent=(Activity(id=activity_id("module", uuid5(SPACE, "module")), name={}),),
            extensions=extensions.codes(**CODES),
        ),
        result=Result(completion=True),
    )


def alive(request: HttpRequest) -> HttpResponse:
    """Answers once the site runs and its database does."""
    connection.ensure_connection()
    return HttpResponse("yes")


@csrf_exempt
@require_POST
def deed(request: HttpRequest) -> HttpResponse:
    """Do a deed and say which statement tells of it; ``only_say`` does nothing."""
    asked: dict[str, Any] = json.loads(request.body)
    only_say = asked.pop("only_say", False)
    made = statement(**asked)
    if only_say:
        return HttpResponse(made.body, content_type="application/json")
    with transaction.atomic():
        outbox.record(made, tags=Tags(**CODES, kind="unit_completed"))
    return JsonResponse({"sentence": [str(made.actor), made.verb, made.activity]})


@csrf_exempt
@require_POST
def lane(request: HttpRequest) -> HttpResponse:
    """Make a lane of these fields, as the admin would."""
    made = Lane.objects.create(**json.loads(request.body))
    lanes.settings_changed(made)
    return JsonResponse({"lane": made.pk})


@csrf_exempt
@require_POST
def world(request: HttpRequest) -> HttpResponse:
    """Learners who are signed in and enrolled, and the lessons that wait for them."""
    asked = json.loads(request.body)
    with unindexed(), transaction.atomic():
        client = factories.organisation("Nordlicht Maschinenbau", "nordlicht", "client")
        vendor = factories.organisation("Habagat Support", "habagat", "vendor")
        team = factories.team(factories.engagement(client, vendor))
        home = factories.client_home(client)
        module = factories.module(factories.library_of(home), "Etiquette")
        lessons = [factories.lesson(module, f"Etiquette {n}") for n in range(asked["lessons"])]
        programme = factories.programme(home, module, title="Working with German colleagues")
        learners = [factories.agent(f"Agent {n}", team) for n in range(asked["learners"])]
        for person in learners:
            factories.enrol(person, programme, team.engagement)
        told = activities_for(lessons) if lessons else []
    return JsonResponse(
        {
            "learners": [
                {"actor": str(person.pseudonym), "session": _signed_in(person)}
                for person in learners
            ],
            "lessons": [
                {"id": page.pk, "activity": activity.id}
                for page, activity in zip(lessons, told, strict=True)
            ],
        }
    )


def _signed_in(person: Any) -> str:
    client = factories.as_user(Client(), person)
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)
