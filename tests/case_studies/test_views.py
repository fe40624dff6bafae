"""The learner's pages of a case: what they refuse, what they keep, what they say."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from attune.case_studies.models import CaseAttempt, CaseDecision, CaseStudyPage
from attune.case_studies.services import decide, start_attempt
from attune.enrolments.models import Enrolment
from attune.enrolments.states import State
from attune.people.models import Person
from attune.xapi.models import StatementRecord
from tests import factories
from tests.case_studies.support import NOW, CaseSet
from tests.conftest import Pair
from tests.factories import PASSWORD, as_user

pytestmark = pytest.mark.django_db


def address(name: str, attempt: CaseAttempt, *args: Any) -> str:
    return reverse(f"attune_case_studies:{name}", args=[attempt.deed, *args])


def begun(case_set: CaseSet, *choices: str) -> CaseAttempt:
    attempt = start_attempt(reader=case_set.reader, page=case_set.page, now=NOW)
    for position, choice in enumerate(choices, start=attempt.decisions.count() + 1):
        attempt = decide(
            attempt=attempt,
            reader=case_set.reader,
            position=position,
            choice_key=choice,
            now=NOW,
        ).attempt
    return attempt


def text_of(response: Any) -> str:
    """What a reader reads: no tags, single spaces."""
    body = re.sub(r"(?s)<(svg|script|head)\b.*?</\1>", " ", response.content.decode())
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_nobody_else_gets_in_and_nothing_is_recorded(
    client: Client, case_set: CaseSet, klaus: Person, hana: Person, outsider: Person
) -> None:
    attempt = begun(case_set, "time")
    said = StatementRecord.objects.count()
    start_url = reverse("attune_case_studies:start", args=[case_set.page.pk])
    gets = [address("attempt", attempt), address("scene", attempt, 1), address("ending", attempt)]
    posts = [start_url, address("scene", attempt, 2), address("again", attempt, 1)]
    for person in (klaus, hana, outsider):
        as_user(client, person)
        assert [client.get(url).status_code for url in gets] == [404] * 3
        assert [client.post(url, {"choice": "own"}).status_code for url in posts] == [404] * 3
    client.logout()
    assert [client.get(url).status_code for url in gets] == [302] * 3
    as_user(client, case_set.person)
    assert client.get(start_url).status_code == 405
    assert client.get(address("again", attempt, 1)).status_code == 405
    for position in (0, 3, 10**9):
        assert client.get(address("scene", attempt, position)).status_code == 404
    assert StatementRecord.objects.count() == said
    # Whoever may look sees what it is about, and cannot begin.
    as_user(client, klaus)
    page = client.get(case_set.page.url)
    assert "Nothing that you do here is recorded" in text_of(page)
    assert "for Nordlicht" in text_of(page)
    assert start_url not in page.content.decode()
    preview = case_set.page.get_latest_revision_as_object().make_preview_request()
    assert preview.status_code == 200
    assert "3 scenes" in text_of(preview)


def test_a_learner_walks_to_the_ending_and_tries_again(
    client: Client, case_set: CaseSet, django_assert_max_num_queries: Any
) -> None:
    as_user(client, case_set.person)
    page = client.get(case_set.page.url)
    assert "Reach an ending with at least 60 of 100 points. You have not begun it yet." in text_of(
        page
    )
    assert not CaseAttempt.objects.exists()
    begin = client.post(reverse("attune_case_studies:start", args=[case_set.page.pk]))
    assert begin.status_code == 303
    attempt = CaseAttempt.objects.get()
    scene = client.get(begin.url, follow=True)
    words = text_of(scene)
    assert "07:10 at Nordlicht" in words
    assert "13:10 at your desk" in words
    assert "Line 3 stands still" in words
    assert "50 of 100" in words
    assert "120 of 240 min" in words
    assert 'tabindex="-1" data-focus autofocus' in scene.content.decode()

    nothing = client.post(address("scene", attempt, 1), {})
    assert nothing.status_code == 400
    assert "Please choose one of the replies" in text_of(nothing)
    foreign = client.post(address("scene", attempt, 1), {"choice": "own\x00" * 30})
    assert foreign.status_code == 400

    shown = re.search(r'name="shown" value="([^"]+)"', scene.content.decode())
    assert shown
    taken = client.post(
        address("scene", attempt, 1), {"choice": "time", "shown": shown[1]}, follow=True
    )
    assert taken.redirect_chain == [(address("scene", attempt, 1), 303)]
    words = text_of(taken)
    for said in (
        "She answers within a minute",
        "A time is a promise",
        "Punctuality",
        "70 of 100, was 50, up 20",
        "110 of 240 min, was 120, down 10",
        "Go on",
    ):
        assert said in words
    # Once more, from a page that was left open; then something else from there.
    again = client.post(address("scene", attempt, 1), {"choice": "time"})
    assert again.url == address("scene", attempt, 1)
    other = client.post(address("scene", attempt, 1), {"choice": "vague"}, follow=True)
    assert "You had already decided here" in text_of(other)
    assert "Herr Brandt is on the line" in text_of(other)
    assert CaseDecision.objects.count() == 1
    with django_assert_max_num_queries(12):
        client.get(address("scene", attempt, 2))
    assert client.get(address("ending", attempt)).url == address("attempt", attempt)

    # A choice without words of its own leads straight on, and its effect is told there.
    onward = client.post(address("scene", attempt, 2), {"choice": "team"}, follow=True)
    assert onward.redirect_chain[-1][0] == address("scene", attempt, 3)
    assert "60 of 100, was 70, down 10" in text_of(onward)
    with django_assert_max_num_queries(12):
        kept = client.get(case_set.page.url)
    assert "Before you go home" in text_of(kept)
    assert "2 decisions taken. They are kept." in text_of(kept)

    end = client.post(address("scene", attempt, 3), {"choice": "drop"}, follow=True)
    words = text_of(end)
    assert "The line runs again" in words
    assert "of 100 points; 60 are needed" in words
    assert "Why is this not complete?" in words
    assert "This ending earned 50" in words
    assert "hardly shown" not in words.split("Ownership")[0]
    assert words.count("You chose") == 3
    assert "Hello! Noted, we will check" in words  # what else was possible
    assert "half an hour" not in words  # and not what would have followed
    assert "at least 5 colleagues" in words
    assert attempt.enrolment.state != State.COMPLETED

    fresh = client.post(address("again", attempt, 2), follow=True)
    second = CaseAttempt.objects.get(number=2)
    assert fresh.redirect_chain[-1][0] == address("scene", second, 2)
    assert "You take this decision anew" in text_of(fresh)
    refused = client.post(address("again", attempt, 1), follow=True)
    assert "in the middle of another attempt" in text_of(refused)
    assert "Go on in attempt 2" in text_of(refused)
    client.post(address("scene", second, 2), {"choice": "own"})
    done = client.post(address("scene", second, 3), {"choice": "report"}, follow=True)
    assert "See how it ends" in text_of(done)
    words = text_of(client.get(address("ending", second)))
    assert "They ask for you by name" in words
    assert "Completed" in words
    assert "repeated from the earlier attempt" in words
    page = text_of(client.get(case_set.page.url))
    assert "When it is complete" in page
    assert "(2 seen)" in page
    earlier = text_of(client.get(address("ending", attempt)))
    assert "You completed this case in another attempt, and that stays." in earlier
    assert "This ending earned 50, which is not enough." in earlier


def test_a_choice_is_not_lost_with_the_session(client: Client, case_set: CaseSet) -> None:
    attempt = begun(case_set)
    url = address("scene", attempt, 1)
    refused = client.post(url, {"choice": "time"})
    assert refused.status_code == 302
    client.post(url, {"choice": "x" * 500})  # nobody's session is filled with rubbish
    signed_in = client.post(
        refused.url, {"username": case_set.person.user.email, "password": PASSWORD}
    )
    assert signed_in.status_code == 302
    page = client.get(url)
    assert "You were signed out before this was sent" in text_of(page)
    assert re.search(r'value="time" required checked', page.content.decode())
    assert not CaseDecision.objects.exists()
    client.post(url, {"choice": "time"})
    assert CaseDecision.objects.get().choice_key == "time"
    assert "You were signed out" not in text_of(client.get(address("scene", attempt, 2)))


def test_training_that_was_taken_away_decides_nothing(client: Client, case_set: CaseSet) -> None:
    attempt = begun(case_set)
    type(case_set.enrolment).objects.update(state=State.PAUSED, state_reason="On leave")
    as_user(client, case_set.person)
    page = client.post(address("scene", attempt, 1), {"choice": "time"}, follow=True)
    assert "not assigned to you at the moment" in text_of(page)
    assert not CaseDecision.objects.exists()


def test_an_open_attempt_of_an_earlier_round_points_to_the_new_one(
    client: Client, case_set: CaseSet
) -> None:
    attempt = begun(case_set)
    CaseAttempt.objects.update(cycle=2)
    as_user(client, case_set.person)
    page = client.post(address("scene", attempt, 1), {"choice": "time"}, follow=True)
    assert "belongs to an earlier round" in text_of(page)
    assert page.redirect_chain == [(case_set.page.url, 303)]


def test_what_others_chose_is_told_of_many_and_of_the_same_client_only(
    client: Client, case_set: CaseSet, nordlicht_habagat: Pair
) -> None:
    def colleague(number: int, choice: str) -> None:
        person = factories.agent(f"Colleague {number}", nordlicht_habagat.team)
        factories.enrol(person, case_set.content.programme, nordlicht_habagat.engagement, now=NOW)
        theirs = CaseSet(case_set.page, person, case_set.enrolment, case_set.content)
        begun(theirs, choice)

    for number in range(4):
        colleague(number, "vague")
    attempt = begun(case_set, "time", "own", "report")
    as_user(client, case_set.person)
    assert "% of others" not in text_of(client.get(address("ending", attempt)))
    for number in range(4, 10):
        colleague(number, "vague")
    words = text_of(client.get(address("ending", attempt)))
    assert "100 % of others" in words
    assert "Shares say what colleagues who learn for the same client chose" in words
    # The same people, had they learnt for another client, tell nothing.
    client_b = factories.organisation("Other", "other", "client")
    elsewhere = factories.engagement(client_b, nordlicht_habagat.vendor)
    Enrolment.objects.exclude(person=case_set.person).update(engagement=elsewhere)
    assert "% of others" not in text_of(client.get(address("ending", attempt)))


def test_what_each_page_costs(
    client: Client, case_set: CaseSet, django_assert_num_queries: Any
) -> None:
    """Eleven are around every unit’s page; each figure is held, so that none grows unseen."""
    page = case_set.page
    page.introduction = "<p>For {{ client.name }}.</p>"
    page.save_revision().publish()
    case_set = replace(case_set, page=CaseStudyPage.objects.get(pk=page.pk))
    as_user(client, case_set.person)
    assert "For Nordlicht" in text_of(client.get(page.url))
    with django_assert_num_queries(12):  # the card; how many scenes it has is kept
        client.get(page.url)
    attempt = begun(case_set, "time")
    with django_assert_num_queries(12):  # the attempts; the words are the attempt's
        waiting = client.get(page.url)
    assert "For Nordlicht" in text_of(waiting)
    assert "3 scenes" in text_of(waiting)
    client.get(address("scene", attempt, 1))
    with django_assert_num_queries(5):
        client.get(address("scene", attempt, 2))
    with django_assert_num_queries(6):  # the norm
        client.get(address("scene", attempt, 1))
    attempt = begun(case_set, "own", "report")
    with django_assert_num_queries(9):
        assert client.get(address("ending", attempt)).status_code == 200
    with django_assert_num_queries(12):
        client.get(page.url)
    # What was published since is what a next attempt begins with.
    page.introduction = "<p>Another one for {{ client.name }}.</p>"
    page.save_revision().publish()
    assert "Another one for Nordlicht" in text_of(client.get(page.url))
