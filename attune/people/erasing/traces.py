"""Marks of a person in tables that have no key to them: results of jobs, sessions, sign-ins, logs.

What other people wrote of their own accord (a comment, a lesson that names a colleague) is
theirs and is not searched: an author mends it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, TextField
from django.db.models.functions import Cast

from attune.jobs.models import Job, JobPart
from attune.people.importing.models import PeopleImport

SHORTEST = 4
"""Shorter marks (an external id of “7”) would be found in every table."""


@dataclass(frozen=True, slots=True)
class Traces:
    """What tells the person from others, in words."""

    user: Any
    emails: frozenset[str]
    names: frozenset[str]
    numbers: frozenset[str]
    organisations: frozenset[int]

    @property
    def marks(self) -> list[str]:
        return sorted(
            mark for mark in self.emails | self.names | self.numbers if len(mark) >= SHORTEST
        )


def remove_traces(traces: Traces) -> dict[str, int]:
    """Numbers of rows that went or were emptied, by kind."""
    return {
        "import_files": _import_files(traces),
        "jobs": _jobs(traces),
        "sessions": _sessions(traces),
        "sign_ins": _sign_ins(traces),
        "log_entries": _log_entries(traces),
    }


def _import_files(traces: Traces) -> int:
    """A file that waits to be imported may name anybody of its employer: it goes."""
    waiting = PeopleImport.objects.waiting().filter(organisation__in=traces.organisations)
    return int(waiting.delete()[1].get("attune_people.PeopleImport", 0))


def _mentions(marks: Iterable[str], *columns: str) -> Q:
    found = Q(pk__in=[])
    for mark in marks:
        # JSON is kept with letters beyond ASCII escaped in one database and not in another.
        for text in {mark, json.dumps(mark)[1:-1]}:
            for column in columns:
                found |= Q(**{f"{column}__icontains": text})
    return found


def _jobs(traces: Traces) -> int:
    if traces.user is not None:
        own = Job.objects.filter(asked_by=traces.user.pk)
        own.delete()
    parts = JobPart._default_manager.annotate(_text=Cast("rows", TextField()))
    touched = set(parts.filter(_mentions(traces.marks, "_text")).values_list("job", flat=True))
    # A table with one row less is no table any more: all of that job's parts go.
    JobPart.objects.filter(job__in=touched).delete()
    jobs = Job.objects.annotate(
        _payload=Cast("payload", TextField()),
        _result=Cast("result", TextField()),
        _cursor=Cast("cursor", TextField()),
    ).filter(_mentions(traces.marks, "title", "words", "error", "_payload", "_result", "_cursor"))
    touched |= set(jobs.values_list("pk", flat=True))
    rows = Job.objects.filter(pk__in=touched)
    rows.filter(state__in=["queued", "running"]).delete()
    rows.update(title="–", words="", error="", result={}, payload={}, cursor=None)
    return len(touched)


def _sessions(traces: Traces) -> int:
    """The person's own sessions end; in others' only words about them go."""
    if not apps.is_installed("django.contrib.sessions"):
        return 0
    model: Any = apps.get_model("sessions", "Session")
    count = 0
    for session in model._default_manager.iterator():
        data = session.get_decoded()
        text = json.dumps(data, ensure_ascii=False, default=str).casefold()
        own = traces.user is not None and str(data.get("_auth_user_id")) == str(traces.user.pk)
        if own:
            session.delete()
        elif any(mark.casefold() in text for mark in traces.marks):
            kept = {key: value for key, value in data.items() if key.startswith("_auth_user")}
            store = session.get_session_store_class()()
            session.session_data = store.encode(kept)
            session.save(update_fields=["session_data"])
        else:
            continue
        count += 1
    return count


def _sign_ins(traces: Traces) -> int:
    if not apps.is_installed("axes"):
        return 0
    count = 0
    for name in ("AccessAttempt", "AccessFailureLog", "AccessLog"):
        try:
            model = apps.get_model("axes", name)
        except LookupError:
            continue
        for email in traces.emails:
            count += model._default_manager.filter(username__iexact=email).delete()[0]
    return count


def _log_entries(traces: Traces) -> int:
    """Wagtail's log keeps what a thing was called: of the account, its address."""
    if traces.user is None:
        return 0
    model = apps.get_model("wagtailcore", "ModelLogEntry")
    kind = ContentType.objects.get_for_model(get_user_model())
    return int(
        model._default_manager.filter(content_type=kind, object_id=str(traces.user.pk)).update(
            label="–", data={}
        )
    )
