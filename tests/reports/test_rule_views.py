"""Assignment rules in the admin: who may make them, what the preview says, what saving does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry

from attune.enrolments.models import (
    Assignment,
    AssignmentRule,
    DueExtension,
    Enrolment,
    EnrolmentModule,
    RuleException,
)
from attune.enrolments.rules.services import APPLY, make_rule
from attune.enrolments.states import State
from attune.jobs import runner
from attune.jobs.models import Job
from attune.xapi.models import StatementRecord
from tests import factories
from tests.factories import as_user

NEW = reverse("attune_reports:new_rule")


def filled_in(content: Any, **fields: Any) -> dict[str, Any]:
    return {
        "programme": str(content.programme.translation_key),
        "name": "Newcomers",
        "team": "",
        "location": "",
        "role": "",
        "hired_since": "",
        "starts_on": f"{timezone.now():%Y-%m-%d}",
        "due_days": "14",
        "due_on": "",
        "hour": "end_of_work",
        "moved": "next",
        "repeat_months": "",
        "note": "",
        **fields,
    }


def a_rule(pair: Any, content: Any, **fields: Any) -> AssignmentRule:
    rule = AssignmentRule(
        **{
            "name": "Newcomers",
            "engagement": pair.engagement,
            "programme": content.programme,
            "programme_key": content.programme.translation_key,
            "starts_on": timezone.now().date() - timedelta(days=1),
            "due_days": 14,
            **fields,
        }
    )
    make_rule(rule=rule, by=pair.vendor_hr.user, now=timezone.now())
    return rule


@pytest.mark.parametrize("who", ["agent", "trainer"])
def test_neither_agents_nor_trainers_make_rules(
    client: Any, nordlicht_habagat: Any, nordlicht_content: Any, who: str
) -> None:
    answer = as_user(client, getattr(nordlicht_habagat, who)).post(
        NEW, filled_in(nordlicht_content) | {"do": "save", "read": "new:1"}
    )
    assert answer.status_code in (302, 403)
    assert not AssignmentRule.objects.exists()


def test_another_tenants_rule_is_not_there(
    client: Any, nordlicht_habagat: Any, nordlicht_content: Any, cedar_deccan: Any
) -> None:
    rule = a_rule(nordlicht_habagat, nordlicht_content)
    as_user(client, cedar_deccan.vendor_hr)
    for name in ("rule", "change_rule", "switch_off_rule", "switch_on_rule"):
        url = reverse(f"attune_reports:{name}", args=[rule.pk])
        assert client.get(url).status_code == 404
        assert client.post(url).status_code in (404, 405)
    assert "Newcomers" not in client.get(reverse("attune_reports:rules")).content.decode()
    url = f"{NEW}?engagement={nordlicht_habagat.engagement.pk}"
    assert client.get(url).status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"due_days": "0"},
        {"due_days": "-4"},
        {"due_days": "9999999"},
        {"due_on": "2020-01-01"},
        {"starts_on": "31.31.2026"},
        {"repeat_months": "0"},
        {"programme": "f0000000-0000-0000-0000-000000000000"},
        {"team": "foreign"},
        {"location": "foreign"},
        {"role": "boss"},
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_saved(
    client: Any,
    nordlicht_habagat: Any,
    nordlicht_content: Any,
    cedar_deccan: Any,
    fields: dict[str, str],
) -> None:
    foreign = {
        "team": str(cedar_deccan.team.pk),
        "location": str(cedar_deccan.vendor_location.pk),
    }
    wrong = {name: foreign[name] if value == "foreign" else value for name, value in fields.items()}
    answer = as_user(client, nordlicht_habagat.vendor_hr).post(
        NEW, filled_in(nordlicht_content, **wrong) | {"do": "save", "read": "new:1"}
    )
    assert answer.status_code == 200
    assert "error-text" in answer.content.decode()
    assert not AssignmentRule.objects.exists()


@pytest.mark.parametrize("who", ["vendor_hr", "client_hr"])
def test_it_is_read_first_and_then_done(
    client: Any, nordlicht_habagat: Any, nordlicht_content: Any, who: str
) -> None:
    as_user(client, getattr(nordlicht_habagat, who))
    data = filled_in(nordlicht_content)
    page = client.post(NEW, data | {"do": "check"})
    text = page.content.decode()
    assert "Affects 1 person: 1 new." in text
    assert "Maria Santos" in text
    assert "in Berlin" in text
    assert not AssignmentRule.objects.exists()
    read = page.context["tally"].signature
    answer = client.post(NEW, data | {"do": "save", "read": read})
    rule = AssignmentRule.objects.get()
    assert answer.url == reverse("attune_reports:rule", args=[rule.pk])
    shown = client.get(answer.url).content.decode()
    assert "1 person covered" in shown
    assert "Affects 1 person: 1 new." in shown
    assert Enrolment.objects.get().person == nordlicht_habagat.agent


def test_if_people_have_come_since_it_is_shown_again(
    client: Any, nordlicht_habagat: Any, nordlicht_content: Any
) -> None:
    as_user(client, nordlicht_habagat.vendor_hr)
    data = filled_in(nordlicht_content)
    read = client.post(NEW, data | {"do": "check"}).context["tally"].signature
    factories.agent("Ana Lim", nordlicht_habagat.team)
    again = client.post(NEW, data | {"do": "save", "read": read})
    assert "Nothing was saved" in again.content.decode()
    assert not AssignmentRule.objects.exists()
    assert again.context["tally"].new == 2


def test_the_preview_as_a_file_and_page_by_page(
    client: Any, nordlicht_habagat: Any, nordlicht_content: Any
) -> None:
    for n in range(60):
        factories.agent(f"=Agent {n:02}", nordlicht_habagat.team)
    as_user(client, nordlicht_habagat.vendor_hr)
    data = filled_in(nordlicht_content)
    second = client.post(NEW, data | {"do": "page-2"})
    assert len(second.context["lines"]) == 11
    answer = client.post(NEW, data | {"do": "csv"})
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == 62
    assert not any(line.startswith("=") for line in lines)
    assert not AssignmentRule.objects.exists()


def test_a_change_is_previewed_done_and_written_down(
    client: Any, nordlicht_habagat: Any, nordlicht_content: Any
) -> None:
    rule = a_rule(nordlicht_habagat, nordlicht_content)
    other = factories.team(nordlicht_habagat.engagement, "Second line")
    factories.agent("Ana Lim", other)
    as_user(client, nordlicht_habagat.vendor_hr)
    url = reverse("attune_reports:change_rule", args=[rule.pk])
    data = filled_in(nordlicht_content, team=str(other.pk))
    page = client.post(url, data | {"do": "check"})
    assert "Affects 2 people: 1 new, 1 who leaves the scope." in page.content.decode()
    client.post(url, data | {"do": "save", "read": page.context["tally"].signature})
    given = Assignment.objects.filter(withdrawn_at__isnull=True)
    assert [each.enrolment.person.full_name for each in given] == ["Ana Lim"]
    shown = client.get(reverse("attune_reports:rule", args=[rule.pk])).content.decode()
    assert "team: – → Second line" in shown
    assert "Hana Reyes" in shown


def test_switched_off_with_a_choice_and_on_again(
    client: Any, nordlicht_habagat: Any, nordlicht_content: Any
) -> None:
    rule = a_rule(nordlicht_habagat, nordlicht_content)
    as_user(client, nordlicht_habagat.client_hr)
    off = reverse("attune_reports:switch_off_rule", args=[rule.pk])
    assert "error-text" in client.post(off).content.decode()
    rule.refresh_from_db()
    assert rule.is_active
    client.post(off, {"what": "leave"})
    assert Assignment.objects.filter(withdrawn_at__isnull=True).exists()
    client.post(off, {"what": "withdraw"})
    assert not Assignment.objects.filter(withdrawn_at__isnull=True).exists()
    client.post(reverse("attune_reports:switch_on_rule", args=[rule.pk]))
    assert Assignment.objects.filter(withdrawn_at__isnull=True).count() == 1


def test_a_change_of_a_rule_that_is_off_says_so_and_gives_nothing(
    client: Any, nordlicht_habagat: Any, nordlicht_content: Any
) -> None:
    rule = a_rule(nordlicht_habagat, nordlicht_content)
    as_user(client, nordlicht_habagat.vendor_hr)
    client.post(reverse("attune_reports:switch_off_rule", args=[rule.pk]), {"what": "withdraw"})
    url = reverse("attune_reports:change_rule", args=[rule.pk])
    data = filled_in(nordlicht_content, due_days="5")
    page = client.post(url, data | {"do": "check"})
    assert "The rule is not in force" in page.content.decode()
    client.post(url, data | {"do": "save", "read": page.context["tally"].signature})
    rule.refresh_from_db()
    assert (rule.due_days, rule.is_active) == (5, False)
    assert not Assignment.objects.filter(withdrawn_at__isnull=True).exists()


def test_withdrawing_a_rules_reason_leaves_the_person_out_until_taken_back(
    client: Any, nordlicht_habagat: Any, nordlicht_content: Any
) -> None:
    rule = a_rule(nordlicht_habagat, nordlicht_content)
    as_user(client, nordlicht_habagat.vendor_hr)
    url = reverse("attune_reports:withdraw", args=[Assignment.objects.get().pk])
    assert "leaves them out" in client.get(url).content.decode()
    client.post(url, {"reason": ""})
    assert Enrolment.objects.get().state == State.NOT_STARTED
    client.post(url, {"reason": "On loan to another desk"})
    assert Enrolment.objects.get().state == State.WITHDRAWN
    page = reverse("attune_reports:rule", args=[rule.pk])
    shown = client.get(page).content.decode()
    assert "On loan to another desk" in shown
    assert "Left out" in shown
    assert shown.count("Maria Santos") >= 2
    assert "Maria" not in str(list(ModelLogEntry.objects.values_list("data", flat=True)))
    exception = RuleException.objects.get()
    client.post(reverse("attune_reports:take_back_in", args=[exception.pk]))
    assert Enrolment.objects.get().state == State.NOT_STARTED


def test_a_date_is_put_off_with_a_reason_and_a_name(
    client: Any, nordlicht_habagat: Any, nordlicht_content: Any
) -> None:
    a_rule(nordlicht_habagat, nordlicht_content)
    enrolment = Enrolment.objects.get()
    as_user(client, nordlicht_habagat.vendor_hr)
    url = reverse("attune_reports:extend", args=[enrolment.pk])
    day = timezone.now().date() + timedelta(days=90)
    data = {"due_on": f"{day:%Y-%m-%d}", "due_time": "18:00", "zone": "Asia/Manila"}
    assert "error-text" in client.post(url, data | {"reason": ""}).content.decode()
    past = data | {"due_on": "2020-01-01", "reason": "Night shifts"}
    assert "error-text" in client.post(url, past).content.decode()
    assert not DueExtension.objects.exists()
    client.post(url, data | {"reason": "Night shifts"})
    enrolment.refresh_from_db()
    assert enrolment.due_at is not None
    assert enrolment.due_at.isoformat() == f"{day}T10:00:00+00:00"
    record = client.get(reverse("attune_reports:person", args=[enrolment.person_id]))
    assert "Night shifts" in record.content.decode()


def test_earlier_training_is_credited_with_what_shows_it(
    client: Any, nordlicht_habagat: Any, nordlicht_content: Any
) -> None:
    a_rule(nordlicht_habagat, nordlicht_content)
    enrolment = Enrolment.objects.get()
    as_user(client, nordlicht_habagat.vendor_hr)
    url = reverse("attune_reports:credit", args=[enrolment.pk])
    key = str(nordlicht_content.module.translation_key)
    assert client.post(url, {"modules": [key], "evidence": ""}).status_code == 200
    wrong = {"modules": ["f0000000-0000-0000-0000-000000000000"], "evidence": "A course"}
    assert client.post(url, wrong).status_code == 200
    assert not EnrolmentModule.objects.exists()
    client.post(url, {"modules": [key], "evidence": "Goethe-Institut, 3 May 2026"})
    row = EnrolmentModule.objects.get()
    assert (row.credit, row.credit_reason) == ("waived", "Goethe-Institut, 3 May 2026")
    enrolment.refresh_from_db()
    assert enrolment.state == State.COMPLETED
    waived = StatementRecord.objects.get(kind="module_waived")
    assert "Equivalent Outside Activity" in str(waived.body)
    assert "Goethe" not in str(waived.body)


def test_nobody_puts_off_or_credits_their_own(
    client: Any, nordlicht_habagat: Any, nordlicht_content: Any
) -> None:
    hana = nordlicht_habagat.vendor_hr
    factories.put_in_team(hana, nordlicht_habagat.team)
    a_rule(nordlicht_habagat, nordlicht_content)
    enrolment = Enrolment.objects.get(person=hana)
    as_user(client, hana)
    for name in ("extend", "credit"):
        answer = client.get(reverse(f"attune_reports:{name}", args=[enrolment.pk]))
        assert answer.status_code == 302
        assert answer.url != reverse("attune_reports:person", args=[hana.pk])


def test_many_people_are_brought_to_it_by_a_job(
    client: Any, nordlicht_habagat: Any, nordlicht_content: Any, monkeypatch: Any
) -> None:
    for n in range(7):
        factories.agent(f"Agent {n}", nordlicht_habagat.team)
    monkeypatch.setattr("attune.enrolments.rules.services.AT_ONCE", 3)
    monkeypatch.setattr("attune.enrolments.rules.jobs.CHUNK", 3)
    as_user(client, nordlicht_habagat.vendor_hr)
    data = filled_in(nordlicht_content)
    read = client.post(NEW, data | {"do": "check"}).context["tally"].signature
    answer = client.post(NEW, data | {"do": "save", "read": read})
    assert not Enrolment.objects.exists()
    assert "is being applied" in client.get(answer.url).content.decode()
    runner.run(Job.objects.get(kind=APPLY).uuid)
    assert Enrolment.objects.count() == 8
    job = Job.objects.get(kind=APPLY)
    assert (job.state, job.result["changes"]) == ("done", {"new": 8})
    assert "is being applied" not in client.get(answer.url).content.decode()


def test_lists_cost_the_same_however_long(
    client: Any,
    nordlicht_habagat: Any,
    nordlicht_content: Any,
) -> None:
    rule = a_rule(nordlicht_habagat, nordlicht_content)
    as_user(client, nordlicht_habagat.vendor_hr)
    pages = [reverse("attune_reports:rules"), reverse("attune_reports:rule", args=[rule.pk])]
    for page in pages:
        client.get(page)
    few = [_queries(client, page) for page in pages]
    for n in range(12):
        factories.agent(f"Agent {n}", nordlicht_habagat.team)
        a_rule(nordlicht_habagat, nordlicht_content, name=f"Rule {n}")
    assert [_queries(client, page) for page in pages] == few


def _queries(client: Any, url: str) -> int:
    with CaptureQueriesContext(connection) as caught:
        assert client.get(url).status_code == 200
    return len(caught)
