"""The trainer's screens of a regrade: list, preview, the job at work, and to whom they open."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from attune.jobs import runner
from attune.jobs.models import Job
from attune.people.models import Person
from attune.quizzes.models import Regrade
from attune.quizzes.questions import Question
from attune.quizzes.services import ask_regrade, go_on_regrading
from attune.reports import regrade_jobs
from tests import factories
from tests.conftest import Cast
from tests.quizzes import conftest as quizzes
from tests.quizzes.support import QuizSet, flip, true_false
from tests.quizzes.test_regrade import attempt_of

pytestmark = pytest.mark.django_db

quiz_set = quizzes.quiz_set
LIST = reverse("attune_reports:regrades")


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


@pytest.fixture
def question(quiz_set: QuizSet) -> Question:
    attempt_of(quiz_set, {1})
    return flip(quiz_set.questions[0])


@pytest.fixture
def url(question: Question) -> str:
    return reverse("attune_reports:regrade", args=[question.pk])


def asked(client: Any, url: str, **fields: Any) -> Any:
    return client.post(
        url,
        {
            "version": "published",
            "reason": "The key was the wrong way round",
            "keeps_completions": "yes",
            "deed": str(uuid.uuid4()),
            **fields,
        },
    )


def test_a_trainer_sees_what_would_change_and_regrades(
    client: Any, as_user: Any, question: Question, url: str, klaus: Person
) -> None:
    as_user(client, klaus)
    page = text_of(client.get(LIST))
    assert question.title in page
    assert "Differs from what answers were graded by" in page
    page = text_of(client.get(url))
    assert "<strong>1</strong> Newly passed" in page
    assert "0 → 1" in page
    assert "33 % → 66 %" in page
    # Results are not a trainer's to read.
    assert "Maria Santos" not in page
    assert not Regrade.objects.exists()
    answer = asked(client, url)
    found = Regrade.objects.get()
    assert answer["Location"] == reverse("attune_reports:regraded", args=[found.deed])
    page = text_of(client.get(answer["Location"]))
    assert "0 of 1 answers" in page
    assert go_on_regrading(clock=timezone.now) == 1
    page = text_of(client.get(answer["Location"]))
    assert "Done: 1 answer was graded again." in page
    assert "Klaus Brandt" in page
    assert "Maria Santos" not in page
    assert "The one that all answers were graded by" in text_of(client.get(LIST))
    assert "nothing would change" in text_of(client.get(url))


def test_a_double_click_regrades_once(client: Any, as_user: Any, url: str, klaus: Person) -> None:
    as_user(client, klaus)
    deed = str(uuid.uuid4())
    first, second = asked(client, url, deed=deed), asked(client, url, deed=deed)
    assert first["Location"] == second["Location"]
    assert Regrade.objects.count() == 1


def test_names_are_for_those_who_may_see_them(
    client: Any, as_user: Any, url: str, administrator: Person
) -> None:
    as_user(client, administrator)
    assert "Maria Santos" in text_of(client.get(url))


def test_a_refusal_is_in_words_and_keeps_what_was_typed(
    client: Any, as_user: Any, url: str, klaus: Person
) -> None:
    as_user(client, klaus)
    assert "This field is required" in text_of(asked(client, url, reason=" "))
    asked(client, url)
    page = text_of(asked(client, url, reason="Once more"))
    assert "being regraded just now" in page
    assert 'value="Once more"' in page
    assert Regrade.objects.count() == 1


@pytest.mark.parametrize(
    "query", ["version=99999999", "version=x", "version=published&p=zz&show=nonsense"]
)
def test_odd_addresses_are_answered(
    client: Any, as_user: Any, url: str, klaus: Person, query: str
) -> None:
    as_user(client, klaus)
    assert client.get(f"{url}?{query}").status_code in (200, 404)


def test_the_form_of_a_question_leads_there(
    client: Any, as_user: Any, question: Question, url: str, klaus: Person
) -> None:
    as_user(client, klaus)
    edit = reverse(
        f"wagtailsnippets_attune_quizzes_{question._meta.model_name}:edit", args=[question.pk]
    )
    assert url in client.get(edit).content.decode()


def test_nobody_else_gets_in(
    client: Any, as_user: Any, cast: Cast, question: Question, url: str
) -> None:
    done = ask_regrade(
        question=question, target="published", reason="Wrong key", asked_by=None,
        now=timezone.now(), deed=uuid.uuid4(),
    )  # fmt: skip
    go_on_regrading(clock=timezone.now)
    record = reverse("attune_reports:regraded", args=[done.deed])
    for person in (cast.cedar.trainer, cast.nordlicht.agent, cast.nordlicht.client_hr):
        as_user(client, person)
        for address in (url, record):
            assert client.get(address).status_code in (302, 404), (person, address)
            assert client.post(address).status_code in (302, 404, 405), (person, address)
    as_user(client, cast.cedar.trainer)
    assert client.get(url).status_code == 404
    assert client.get(record).status_code == 404
    assert question.title not in text_of(client.get(LIST))


def test_the_shared_bank_is_the_administrators(
    client: Any, as_user: Any, klaus: Person, administrator: Person
) -> None:
    shared = reverse("attune_reports:regrade", args=[true_false(None, "Shared").pk])
    as_user(client, klaus)
    assert client.get(shared).status_code == 404
    as_user(client, administrator)
    assert client.get(shared).status_code == 200


def test_the_learner_reads_the_mended_key(
    client: Any,
    as_user: Any,
    quiz_set: QuizSet,
    maria: Person,
) -> None:
    attempt = attempt_of(quiz_set, {0, 1})
    question = flip(quiz_set.questions[0])
    ask_regrade(
        question=question, target="published", reason="Wrong key", asked_by=None,
        now=timezone.now(), deed=uuid.uuid4(),
    )  # fmt: skip
    go_on_regrading(clock=timezone.now)
    as_user(client, maria)
    page = text_of(client.get(reverse("attune_quizzes:result", args=[attempt.deed])))
    assert "You keep your completion." in page
    assert "Question 1: not right" in page
    assert "mended after you answered" in page
    assert "Why is this not complete?" not in page


# --- Many answers ----------------------------------------------------------------------------


@pytest.mark.database
def test_many_answers_are_looked_through_by_a_job(
    client: Any,
    as_user: Any,
    quiz_set: QuizSet,
    url: str,
    klaus: Person,
    outsider_trainer: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(regrade_jobs, "AT_ONCE", 1)
    monkeypatch.setattr(regrade_jobs, "STEP", 1)
    attempt_of(quiz_set, {0, 1}, hours=3)
    as_user(client, klaus)
    page = text_of(client.get(url))
    assert "Work out what would change" in page
    assert "Newly passed" not in page
    assert not Job.objects.exists(), "looking asks for nothing"
    look = {"do": "look", "version": "published"}
    assert client.post(url, look)["Location"] == f"{url}?version=published"
    client.post(url, look)
    job = Job.objects.get()
    assert "It waits for a worker" in text_of(client.get(url))
    assert runner.run_due() == 1
    job.refresh_from_db()
    assert (job.state, job.done, job.total) == ("done", 2, 2)
    page = text_of(client.get(url))
    assert "<strong>1</strong> Newly passed" in page
    assert "0 → 1" in page
    assert "33 % → 66 %" in page
    assert "Nothing was handed in, marked or regraded since" in page
    assert "Maria Santos" not in page
    assert "Only answers in one language" in page
    assert "Work out what would change" in text_of(client.get(f"{url}?version=shown"))
    # Another trainer meets neither the page nor the job.
    as_user(client, outsider_trainer)
    assert client.get(url).status_code == client.post(url, look).status_code == 404
    assert client.get(reverse("attune_jobs:job", args=[job.uuid])).status_code == 404
    # What comes in afterwards makes it old, and says so.
    as_user(client, klaus)
    attempt_of(quiz_set, {1}, hours=6)
    page = text_of(client.get(url))
    assert "This list does not know of them" in page
    assert "2 answers were handed in, in all languages" in page
    client.post(url, look)
    runner.run_due()
    page = text_of(client.get(url))
    assert "3 answers were handed in, in all languages" in page
    assert "does not know of them" not in page
    # By another version nothing of it holds.
    flip(quiz_set.questions[0])
    page = text_of(client.get(url))
    assert "Work out what would change" in page
    assert "Newly passed" not in page
    flip(quiz_set.questions[0])
    asked(client, url)
    assert go_on_regrading(clock=timezone.now) == 1
    assert "does not know of them" in text_of(client.get(url))


def test_a_look_that_another_version_overtakes_says_so(
    client: Any,
    as_user: Any,
    quiz_set: QuizSet,
    url: str,
    klaus: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(regrade_jobs, "AT_ONCE", 0)
    as_user(client, klaus)
    client.post(url, {"do": "look", "version": "published"})
    flip(quiz_set.questions[0])
    runner.run_due()
    assert "published anew meanwhile" in text_of(client.get(url))


def test_a_translation_is_not_held_against_answers_in_another_language(
    client: Any, as_user: Any, quiz_set: QuizSet, klaus: Person
) -> None:
    attempt_of(quiz_set, {1})
    german = quiz_set.questions[0].copy_for_translation(factories.german())
    german.live = True
    german.save()
    shown = text_of(as_user(client, klaus).get(LIST))
    assert "Differs from what" not in shown
    assert shown.count("Nobody has answered in this language") == 1
