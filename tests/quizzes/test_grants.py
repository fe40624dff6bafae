"""Attempts exhausted: who is on the list, who may grant, and what it brings. Extra time."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from wagtail.models import ModelLogEntry

from attune.enrolments.models import UnitProgress
from attune.enrolments.services import withdraw_assignment
from attune.enrolments.states import State
from attune.people.groups import put_into_groups
from attune.people.models import MembershipRole, Person
from attune.quizzes.models import AttemptGrant, ExtraTime, QuizAttempt
from attune.quizzes.services import CannotGrant, CannotStart, grant_attempt, hand_in, start_attempt
from attune.quizzes.services import save_answer as save
from attune.quizzes.standing import standing_of
from tests import factories
from tests.conftest import Cast
from tests.quizzes.support import NOW, QuizSet, right_answer

pytestmark = pytest.mark.django_db

LIST = "attune_quizzes_admin:exhausted"


def tried(quiz_set: QuizSet, *, right: bool = False) -> QuizAttempt:
    reader = quiz_set.reader
    attempt = start_attempt(reader=reader, quiz=quiz_set.quiz, now=NOW)
    if right:
        for row in attempt.questions.select_related("frozen"):
            save(attempt=attempt, position=row.position, raw=right_answer(row), sequence=1, now=NOW)
    return hand_in(attempt=attempt, reader=reader, now=NOW)


def rule(quiz_set: QuizSet, **fields: Any) -> QuizSet:
    for name, value in fields.items():
        setattr(quiz_set.quiz, name, value)
    quiz_set.quiz.save()
    return quiz_set


def grant(attempt: QuizAttempt, by: Person, reason: str = "The line was cut.") -> AttemptGrant:
    return grant_attempt(attempt=attempt, reason=reason, granted_by=by.user, now=NOW)


def progress_of(quiz_set: QuizSet) -> UnitProgress:
    return UnitProgress.objects.get(unit_key=quiz_set.quiz.translation_key)


def address_of(attempt: QuizAttempt) -> str:
    return reverse("attune_quizzes_admin:grant", args=[attempt.deed])


def test_only_those_who_cannot_go_on_are_listed(quiz_set: QuizSet) -> None:
    rule(quiz_set, attempts_allowed=2)
    tried(quiz_set)
    assert not QuizAttempt.objects.exhausted().exists()
    second = tried(quiz_set)
    assert QuizAttempt.objects.exhausted().get() == second


def test_a_pass_is_not_exhausted(quiz_set: QuizSet) -> None:
    rule(quiz_set, attempts_allowed=1)
    tried(quiz_set, right=True)
    assert not QuizAttempt.objects.exhausted().exists()


def test_a_withdrawn_learner_is_not_listed(quiz_set: QuizSet) -> None:
    rule(quiz_set, attempts_allowed=1)
    tried(quiz_set)
    withdraw_assignment(assignment=quiz_set.enrolment.assignments.get(), now=NOW)
    assert not QuizAttempt.objects.exhausted().exists()


def test_a_trainer_who_lowers_the_attempts_can_still_grant_one(
    quiz_set: QuizSet, klaus: Person
) -> None:
    rule(quiz_set, attempts_allowed=3)
    attempt = tried(quiz_set)
    rule(quiz_set, attempts_allowed=1)
    with pytest.raises(CannotStart):
        start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=NOW)
    assert QuizAttempt.objects.exhausted().get() == attempt
    grant(attempt, klaus)
    assert tried(quiz_set, right=True).passed


def test_a_second_click_grants_nothing_more(quiz_set: QuizSet, klaus: Person) -> None:
    rule(quiz_set, attempts_allowed=1)
    attempt = tried(quiz_set)
    grant(attempt, klaus)
    with pytest.raises(CannotGrant, match="Nothing was granted"):
        grant(attempt, klaus)
    assert AttemptGrant.objects.count() == 1
    assert progress_of(quiz_set).state == State.IN_PROGRESS


def test_where_the_first_counts_the_granted_one_does_whatever_was_practised(
    quiz_set: QuizSet, klaus: Person
) -> None:
    rule(quiz_set, result_counts="first")
    tried(quiz_set)
    practice = tried(quiz_set, right=True)
    assert progress_of(quiz_set).state == State.ATTEMPTS_EXHAUSTED
    grant(practice, klaus)
    granted = tried(quiz_set, right=True)
    assert progress_of(quiz_set).state == State.COMPLETED
    lines = standing_of(quiz_set.quiz, quiz_set.reader).attempts
    assert [line.attempt for line in lines if line.counts] == [granted]


def test_the_list_and_the_form_grant_one_with_a_line_in_the_log(
    client: Any, as_user: Any, quiz_set: QuizSet, hana: Person
) -> None:
    rule(quiz_set, attempts_allowed=1)
    attempt = tried(quiz_set)
    as_user(client, hana)
    html = client.get(reverse(LIST)).content.decode()
    assert "Maria Santos" in html
    assert address_of(attempt) in html
    page = client.get(address_of(attempt)).content.decode()
    assert "Attempt 1" in page
    response = client.post(address_of(attempt), {"reason": "  "})
    assert response.status_code == 200
    assert not AttemptGrant.objects.exists()
    response = client.post(address_of(attempt), {"reason": "The line was cut."})
    assert response.url == reverse(LIST)
    made = AttemptGrant.objects.get()
    assert (made.reason, made.granted_by, made.after_number) == ("The line was cut.", hana.user, 1)
    entry = ModelLogEntry.objects.get(action="attune_quizzes.grant_attempt")
    assert (entry.user, entry.data["reason"]) == (hana.user, "The line was cut.")
    # A second tab: said in words, with the reason kept.
    again = client.post(address_of(attempt), {"reason": "Once more."}).content.decode()
    assert "Nothing was granted" in again
    assert "Once more." in again


def test_who_may_grant(client: Any, as_user: Any, cast: Cast, quiz_set: QuizSet) -> None:
    rule(quiz_set, attempts_allowed=1)
    attempt = tried(quiz_set)
    here = cast.nordlicht
    for one in (here.vendor_hr, here.client_hr, here.trainer, cast.administrator):
        assert as_user(client, one).get(address_of(attempt)).status_code == 200
    there = cast.cedar
    for other in (there.vendor_hr, there.client_hr, there.trainer):
        as_user(client, other)
        assert client.get(address_of(attempt)).status_code == 404
        assert client.post(address_of(attempt), {"reason": "Mine."}).status_code == 404
        assert "Maria" not in client.get(reverse(LIST)).content.decode()
    as_user(client, here.agent)
    assert client.post(address_of(attempt), {"reason": "Me."}).status_code in (302, 403)
    assert not AttemptGrant.objects.exists()


def test_nobody_grants_to_themselves(client: Any, as_user: Any, quiz_set: QuizSet) -> None:
    rule(quiz_set, attempts_allowed=1)
    attempt = tried(quiz_set)
    MembershipRole.objects.create(
        membership=quiz_set.person.memberships.get(), role=factories.Role.HR
    )
    put_into_groups(people=[quiz_set.person], on=NOW.date())
    fresh = Person.objects.get(pk=quiz_set.person.pk)
    assert as_user(client, fresh).get(address_of(attempt)).status_code == 404


def test_hr_of_the_employer_gives_extra_time(
    client: Any, as_user: Any, cast: Cast, maria: Person
) -> None:
    address = reverse("attune_quizzes_admin:extra_time", args=[maria.pk])
    person_page = reverse("attune_people_admin:person", args=[maria.pk])
    as_user(client, cast.nordlicht.vendor_hr)
    assert address in client.get(person_page).content.decode()
    assert client.post(address, {"percent": "4"}).status_code == 200
    assert not ExtraTime.objects.exists()
    assert client.post(address, {"percent": "50"}).url == person_page
    assert ExtraTime.objects.get().percent == 50
    assert "50" in client.get(address).content.decode()
    assert ModelLogEntry.objects.get(action="attune_quizzes.extra_time").data == {}
    for other in (cast.nordlicht.client_hr, cast.cedar.vendor_hr):
        as_user(client, other)
        assert client.get(address).status_code == 404
        assert client.post(address, {"percent": ""}).status_code == 404
    as_user(client, cast.nordlicht.client_hr)
    assert address not in client.get(person_page).content.decode()
    as_user(client, cast.nordlicht.trainer)
    assert client.get(address).status_code == 302
    as_user(client, cast.nordlicht.vendor_hr)
    assert client.post(address, {"percent": ""}).url == person_page
    assert not ExtraTime.objects.exists()
