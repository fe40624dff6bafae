"""A learner in a lesson, over HTTP: the gate, self-checks, confirmation, position, phrases."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from attune.enrolments import services
from attune.enrolments.models import Enrolment, UnitProgress
from attune.enrolments.states import State
from attune.lessons.models import SelfCheckAnswer
from attune.xapi.models import StatementRecord
from tests import factories


@pytest.fixture
def enrolment(maria: Any, nordlicht_content: Any, engagement: Any) -> Any:
    return factories.enrol(maria, nordlicht_content.programme, engagement)


@pytest.fixture
def learner(client: Any, maria: Any, enrolment: Any) -> Any:
    return factories.as_user(client, maria)


@pytest.fixture
def checked(nordlicht_content: Any) -> Any:
    return nordlicht_content.checked_lesson


def check_id(lesson: Any) -> str:
    return next(iter(lesson.self_checks()))


def answer(
    client: Any, lesson: Any, *options: Any, block: str | None = None, **headers: Any
) -> Any:
    return client.post(
        reverse("attune_lessons:self_check", args=[lesson.pk]),
        {"block": check_id(lesson) if block is None else block, "option": list(options)},
        headers=headers,
    )


def confirm(client: Any, lesson: Any, **data: str) -> Any:
    return client.post(
        reverse("attune_lessons:confirm", args=[lesson.pk]), {"done": "1", **data}, follow=True
    )


class TestGate:
    def pages(self, content: Any) -> list[Any]:
        return [content.programme, content.module, content.lesson, content.checked_lesson]

    def test_strangers_sign_in_and_come_back(self, client: Any, nordlicht_content: Any) -> None:
        for page in self.pages(nordlicht_content):
            response = client.get(page.url)
            assert response.status_code == 302
            assert response["Location"].startswith(reverse("attune_accounts:sign_in"))
            assert f"next={page.url}" in response["Location"]

    @pytest.mark.parametrize(
        "who", ["outsider", "outsider_hr", "outsider_client_hr", "outsider_trainer"]
    )
    def test_the_other_pair_finds_nothing(
        self, who: str, request: Any, client: Any, nordlicht_content: Any, enrolment: Any
    ) -> None:
        factories.as_user(client, request.getfixturevalue(who))
        for page in self.pages(nordlicht_content):
            assert client.get(page.url).status_code == 404
        lesson = nordlicht_content.checked_lesson
        assert answer(client, lesson, 1).status_code == 404
        assert confirm(client, lesson).status_code == 404
        assert (
            client.post(reverse("attune_enrolments:start_unit", args=[lesson.pk])).status_code
            == 404
        )
        assert not UnitProgress.objects.exists()

    def test_an_agent_who_is_not_enrolled_finds_nothing(
        self, client: Any, maria: Any, nordlicht_content: Any
    ) -> None:
        factories.as_user(client, maria)
        for page in self.pages(nordlicht_content):
            assert client.get(page.url).status_code == 404

    @pytest.mark.parametrize("who", ["klaus", "ines", "hana", "administrator"])
    def test_author_and_hr_look_and_nothing_is_recorded(
        self, who: str, request: Any, client: Any, nordlicht_content: Any
    ) -> None:
        factories.as_user(client, request.getfixturevalue(who))
        for page in self.pages(nordlicht_content):
            assert client.get(page.url).status_code == 200
        assert answer(client, nordlicht_content.checked_lesson, 1).status_code == 404
        assert not UnitProgress.objects.exists()
        assert not StatementRecord.objects.exists()

    def test_reading_alone_records_nothing(self, learner: Any, nordlicht_content: Any) -> None:
        before = StatementRecord.objects.count()
        for page in self.pages(nordlicht_content):
            assert learner.get(page.url).status_code == 200
        assert StatementRecord.objects.count() == before
        assert not UnitProgress.objects.exists()

    def test_a_module_that_opens_later_is_closed_with_its_reason(
        self, learner: Any, maria: Any, nordlicht_content: Any, checked: Any
    ) -> None:
        second = factories.module(nordlicht_content.library, "Saying no")
        behind = factories.lesson(second)
        factories.place(nordlicht_content.programme, second, opens_after=nordlicht_content.module)
        closed = learner.get(behind.url)
        assert closed.status_code == 403
        assert "German etiquette" in closed.content.decode()
        assert confirm(learner, behind).status_code == 404
        confirm(learner, nordlicht_content.lesson)
        answer(learner, checked, 0)
        confirm(learner, checked)
        assert learner.get(behind.url).status_code == 200

    def test_withdrawn_and_paused_close_the_page(
        self, learner: Any, enrolment: Any, nordlicht_content: Any
    ) -> None:
        services.pause(enrolment=enrolment, reason="Leave", now=timezone.now())
        assert learner.get(nordlicht_content.lesson.url).status_code == 404


class TestSelfCheck:
    def test_bad_answers_are_refused_with_words_and_keep_what_was_saved(
        self, learner: Any, checked: Any
    ) -> None:
        answer(learner, checked, 1)
        json_please = {"accept": "application/json"}
        for options, block in (
            ([], None),
            ([9], None),
            ([-1], None),
            (["x"], None),
            (["1" * 5000], None),
            ([1], "no-such-block"),
            ([1], "\x00"),
        ):
            response = answer(learner, checked, *options, block=block, **json_please)
            assert response.status_code == 400
            assert response.json()["saved"] is False
            assert response.json()["message"]
        assert SelfCheckAnswer.objects.get().chosen == [1]

    def test_the_same_answer_twice_is_recorded_once_a_new_one_again(
        self, learner: Any, checked: Any
    ) -> None:
        for option in (0, 0, 1):
            assert answer(learner, checked, option).status_code == 303
        saved = SelfCheckAnswer.objects.get()
        assert (saved.chosen, saved.correct, saved.times) == ([1], True, 2)
        answered = StatementRecord.objects.filter(kind="self_check_answered")
        results = [json.loads(record.body)["result"] for record in answered.order_by("id")]
        assert [result["response"] for result in results] == ["option-1", "option-2"]
        assert [result["success"] for result in results] == [False, True]

    def test_an_expired_session_answers_a_script_with_401_and_words(
        self, client: Any, checked: Any
    ) -> None:
        response = answer(client, checked, 1, accept="application/json")
        assert response.status_code == 401
        assert response.json()["saved"] is False


class TestConfirm:
    def test_needs_the_self_check_and_says_so(self, learner: Any, checked: Any) -> None:
        response = confirm(learner, checked)
        assert "still to be answered" in response.content.decode()
        assert UnitProgress.objects.filter(state=State.COMPLETED).count() == 0

    def test_needs_the_tick(self, learner: Any, nordlicht_content: Any) -> None:
        lesson = nordlicht_content.lesson
        confirm(learner, lesson, done="")
        assert not UnitProgress.objects.filter(state=State.COMPLETED).exists()

    def test_twice_is_once(self, learner: Any, checked: Any) -> None:
        answer(learner, checked, 0)
        confirm(learner, checked)
        count = StatementRecord.objects.count()
        confirm(learner, checked)
        assert StatementRecord.objects.count() == count
        assert UnitProgress.objects.get().state == State.COMPLETED

    def test_then_next_leads_to_the_next_unit(
        self, learner: Any, nordlicht_content: Any, checked: Any
    ) -> None:
        response = confirm(learner, nordlicht_content.lesson, then="next")
        assert response.redirect_chain[0][0] == checked.url

    def test_get_is_refused(self, learner: Any, checked: Any) -> None:
        for name in ("confirm", "self_check", "position"):
            assert (
                learner.get(reverse(f"attune_lessons:{name}", args=[checked.pk])).status_code == 405
            )


class TestPosition:
    def test_remembered_on_another_device(
        self, learner: Any, maria: Any, nordlicht_content: Any
    ) -> None:
        lesson = nordlicht_content.lesson
        anchor = f"b-{lesson.body[0].id}"
        url = reverse("attune_lessons:position", args=[lesson.pk])
        response = learner.post(
            url, json.dumps({"anchor": anchor}), content_type="application/json"
        )
        assert response.status_code == 204
        assert UnitProgress.objects.get().position == {"anchor": anchor}
        assert anchor in learner.get(lesson.url).content.decode()

    @pytest.mark.parametrize(
        "body", ["", "{", "[]", "null", '{"anchor": 1}', '{"anchor": "b-x"}', "[" * 100_000, "\xff"]
    )
    def test_nonsense_is_refused(self, body: str, learner: Any, nordlicht_content: Any) -> None:
        url = reverse("attune_lessons:position", args=[nordlicht_content.lesson.pk])
        response = learner.post(url, body.encode("latin-1"), content_type="application/json")
        assert response.status_code == 400
        assert not UnitProgress.objects.exists()


class TestMyTraining:
    def test_empty_state_says_who_assigns(self, client: Any, maria: Any) -> None:
        page = factories.as_user(client, maria).get(reverse("attune_enrolments:my_training"))
        assert page.status_code == 200
        assert "HR" in page.content.decode()

    def test_shows_where_to_go_on_and_the_due_time_at_both_ends(
        self, learner: Any, enrolment: Any, nordlicht_content: Any
    ) -> None:
        Enrolment.objects.update(
            due_at=timezone.now().replace(hour=4, minute=0) + timedelta(days=9)
        )
        text = learner.get(reverse("attune_enrolments:my_training")).content.decode()
        assert nordlicht_content.programme.title in text
        assert "12:00" in text  # Manila, UTC+8
        assert "5:00" in text or "6:00" in text  # Berlin

    def test_queries_do_not_grow_with_the_programme(
        self, learner: Any, nordlicht_content: Any, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(12):
            module = factories.module(nordlicht_content.library, f"Module {number}")
            for _unit in range(4):
                factories.lesson(module)
            factories.place(nordlicht_content.programme, module)
        for url in (
            reverse("attune_enrolments:my_training"),
            nordlicht_content.programme.url,
            nordlicht_content.module.url,
            nordlicht_content.lesson.url,
        ):
            learner.get(url)  # site roots and content types are kept after the first
            with django_assert_max_num_queries(12):
                learner.get(url)


class TestPhrases:
    def test_found_again_only_once_completed(
        self, learner: Any, maria: Any, nordlicht_content: Any
    ) -> None:
        url = reverse("attune_lessons:phrases")
        lesson = factories.lesson(
            nordlicht_content.module,
            "Escalating",
            body=[factories.paragraph("<p>Ask for the Schichtleiter by name.</p>")],
        )
        assert "Escalating" not in learner.get(url, {"q": "Schichtleiter"}).content.decode()
        confirm(learner, lesson)
        text = learner.get(url, {"q": "Schichtleiter"}).content.decode()
        assert "Escalating" in text

    @pytest.mark.parametrize(
        "query", ["", "a", "%", '"', "' OR 1=1", "\x00\x00x", "*" * 500, "NOT"]
    )
    def test_odd_words_are_no_error(self, query: str, learner: Any) -> None:
        assert learner.get(reverse("attune_lessons:phrases"), {"q": query}).status_code == 200

    def test_a_person_without_training_and_a_user_without_person(
        self, client: Any, klaus: Any
    ) -> None:
        client.force_login(
            factories.user("bare@example.test"),
            backend=settings.AUTHENTICATION_BACKENDS[-1],
        )
        for name in ("attune_lessons:phrases", "attune_enrolments:my_training"):
            assert client.get(reverse(name), {"q": "word"}).status_code == 200
