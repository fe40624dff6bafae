"""The trainer's journeys through the Wagtail admin, and a foreign trainer's at every door."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, reverse
from django.utils import timezone
from wagtail.models import GroupApprovalTask, Locale, ReferenceIndex, WorkflowTask
from wagtail.test.utils.form_data import inline_formset, nested_form_data, rich_text
from wagtail_localize.models import Translation, TranslationSource

from attune.people.models import Person
from attune.quizzes.models import QuestionLogEntry, QuizPage
from attune.quizzes.questions import Question, question_types
from attune.quizzes.viewsets import QuestionViewSet
from tests.conftest import Cast, Content
from tests.factories import as_user
from tests.quizzes.kinds import KINDS
from tests.quizzes.support import choice, of_kind, quiz_of, true_false

pytestmark = pytest.mark.django_db

CANARY = "Canary of Nordlicht"
# One plain type, one with rows, one with blocks in its rows; the others in ``make test-all``.
USUAL_KINDS = {"true_false", "choice", "performance"}
types = pytest.mark.parametrize(
    "model",
    [
        pytest.param(
            model, id=model.kind, marks=[] if model.kind in USUAL_KINDS else [pytest.mark.slow]
        )
        for model in question_types()
    ],
)


def viewset(model: type[Question]) -> QuestionViewSet:
    found: QuestionViewSet = model.snippet_viewset
    return found


def url(model: type[Question], name: str, *args: Any) -> str:
    return reverse(viewset(model).get_url_name(name), args=args)


def make(model: type[Question], owner: Any, title: str = CANARY, **fields: Any) -> Question:
    return of_kind(model.kind, owner, title, **fields)


def doors(model: type[Question]) -> list[URLPattern]:
    """Every address of a type's views that names a question."""
    found = []
    for pattern in viewset(model).get_urlpatterns():
        names = set(getattr(pattern.pattern, "converters", {})) | set(
            pattern.pattern.regex.groupindex
        )
        if "pk" in names:
            found.append(pattern)
    return found


def arguments(pattern: URLPattern, question: Question) -> dict[str, Any]:
    """Arguments that lead to something real wherever there is something."""
    revision = question.latest_revision_id
    values = {
        "pk": question.pk,
        "revision_id": revision,
        "revision_id_a": "earliest",
        "revision_id_b": "live",
        "action_name": "approve",
        "task_state_id": 1,
        "task_id": 1,
        "workflow_state_id": 1,
    }
    names = set(getattr(pattern.pattern, "converters", {})) | set(pattern.pattern.regex.groupindex)
    return {name: values[name] for name in names}


def test_there_are_doors_to_try() -> None:
    for model in question_types():
        assert {pattern.name for pattern in doors(model)} >= {
            "edit", "delete", "usage", "history", "history_results", "copy", "preview_on_edit",
            "revisions_view", "revisions_revert", "revisions_compare", "revisions_unschedule",
            "unpublish", "lock", "unlock", "workflow_action", "collect_workflow_action_data",
            "confirm_workflow_cancellation", "workflow_history", "workflow_history_detail",
            "workflow_preview",
        }  # fmt: skip


@types
@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_a_foreign_trainer_finds_no_door(
    client: Client, cast: Cast, nordlicht_content: Content, model: type[Question], method: str
) -> None:
    question = make(model, cast.nordlicht.client)
    as_user(client, cast.cedar.trainer)
    for pattern in doors(model):
        address = reverse(
            viewset(model).get_url_name(pattern.name), kwargs=arguments(pattern, question)
        )
        answer = getattr(client, method)(address)
        assert answer.status_code == 404, f"{method} {address}: {answer.status_code}"
        assert CANARY not in answer.content.decode()
    question.refresh_from_db()
    assert question.live


@types
@pytest.mark.parametrize("role", ["agent", "vendor_hr", "client_hr"])
def test_who_does_not_write_finds_no_door(
    client: Client, cast: Cast, nordlicht_content: Content, model: type[Question], role: str
) -> None:
    question = make(model, cast.nordlicht.client)
    as_user(client, getattr(cast.nordlicht, role))
    addresses = [
        reverse(viewset(model).get_url_name(pattern.name), kwargs=arguments(pattern, question))
        for pattern in doors(model)
    ]
    addresses += [url(model, name) for name in ("list", "list_results", "add", "preview_on_add")]
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code in (302, 404), f"{address}: {answer.status_code}"
        assert CANARY not in answer.content.decode()


@types
def test_the_owner_sees_the_canary_behind_each_door(
    client: Client, cast: Cast, nordlicht_content: Content, model: type[Question]
) -> None:
    question = make(model, cast.nordlicht.client)
    question.title = f"{CANARY}, revised"
    question.save_revision()
    question.refresh_from_db()
    as_user(client, cast.nordlicht.trainer)
    revision = question.latest_revision_id
    for name, args in {
        "edit": [question.pk],
        "delete": [question.pk],
        "usage": [question.pk],
        "history": [question.pk],
        "copy": [question.pk],
        "unpublish": [question.pk],
        "workflow_history": [question.pk],
        "revisions_view": [question.pk, revision],
        "revisions_revert": [question.pk, revision],
        "revisions_compare": [question.pk, "earliest", "latest"],
    }.items():
        answer = client.get(url(model, name, *args))
        assert answer.status_code == 200, f"{name}: {answer.status_code}"
        assert CANARY in answer.content.decode(), name
    for name in ("list", "list_results"):
        assert CANARY in client.get(url(model, name)).content.decode()


@types
@pytest.mark.parametrize("pk", ["abc", "0", "-1", "999999999999999999999999", "1...2"])
def test_a_senseless_key_is_not_found(
    client: Client, cast: Cast, model: type[Question], pk: str
) -> None:
    as_user(client, cast.nordlicht.trainer)
    base = url(model, "list")
    for address in (f"{base}edit/{pk}/", f"{base}history/{pk}/revisions/compare/live...latest/"):
        assert client.get(address).status_code == 404


# --- Lists, choosers, many at once ----------------------------------------------------------


@types
def test_lists_hold_the_own_and_the_shared_bank(
    client: Client, cast: Cast, model: type[Question]
) -> None:
    make(model, cast.nordlicht.client)
    make(model, None, "Shared one")
    make(model, cast.cedar.client, "Own one of Cedar")
    as_user(client, cast.cedar.trainer)
    for address in (
        url(model, "list"),
        url(model, "list_results"),
        url(model, "list") + "?q=one",
        url(model, "list") + "?q=Canary",
        viewset_chooser(model, "choose"),
        viewset_chooser(model, "choose_results"),
        viewset_chooser(model, "choose_results") + "?q=Canary",
        reverse("attune_question_chooser:choose"),
        reverse("attune_question_chooser:choose_results"),
        reverse("attune_question_chooser:choose_results") + "?q=Canary",
        reverse("attune_question_chooser:choose_results") + "?q=one",
    ):
        answer = client.get(address)
        text = body_of(answer)
        assert answer.status_code == 200, address
        assert CANARY not in text, address
        if "Canary" not in address:
            assert "Own one of Cedar" in text, address
            assert "Shared one" in text, address


@types
def test_there_is_no_export_to_leak_through(
    client: Client, cast: Cast, model: type[Question]
) -> None:
    make(model, cast.nordlicht.client)
    as_user(client, cast.nordlicht.trainer)
    for kind in ("csv", "xlsx"):
        answer = client.get(url(model, "list") + f"?export={kind}")
        assert CANARY not in (b"".join(answer) if answer.streaming else b"").decode("latin-1")


def viewset_chooser(model: type[Question], name: str, *args: Any) -> str:
    return reverse(viewset(model).chooser_viewset.get_url_name(name), args=args)


def body_of(answer: Any) -> str:
    return (b"".join(answer) if answer.streaming else answer.content).decode()


@types
def test_shared_questions_can_be_seen_and_copied_but_not_edited(
    client: Client, cast: Cast, model: type[Question]
) -> None:
    shared = make(model, None, "Shared one")
    as_user(client, cast.nordlicht.trainer)
    listing = client.get(url(model, "list")).content.decode()
    assert url(model, "copy", shared.pk) in listing
    assert url(model, "edit", shared.pk) not in listing
    assert url(model, "delete", shared.pk) not in listing
    assert client.get(url(model, "edit", shared.pk)).status_code == 404
    assert client.get(url(model, "copy", shared.pk)).status_code == 200


@types
def test_choosers_hand_out_nothing_foreign(
    client: Client, cast: Cast, model: type[Question]
) -> None:
    foreign = make(model, cast.nordlicht.client)
    shared = make(model, None, "Shared one")
    as_user(client, cast.cedar.trainer)
    for chosen, multiple in (
        (
            lambda pk: reverse("attune_question_chooser:chosen", args=[pk]),
            reverse("attune_question_chooser:chosen_multiple"),
        ),
        (
            lambda pk: viewset_chooser(model, "chosen", pk),
            viewset_chooser(model, "chosen_multiple"),
        ),
    ):
        assert client.get(chosen(foreign.pk)).status_code == 404
        assert client.get(chosen("abc")).status_code == 404
        found = json.loads(client.get(chosen(shared.pk)).content)["result"]
        assert found["id"] == str(shared.pk)
        assert found["edit_url"] is None
        many = client.get(multiple, {"id": [foreign.pk, shared.pk, "abc"]})
        assert [each["id"] for each in json.loads(many.content)["result"]] == [str(shared.pk)]


@types
def test_questions_are_not_written_in_a_chooser(
    client: Client, cast: Cast, model: type[Question]
) -> None:
    as_user(client, cast.nordlicht.trainer)
    for address in (
        reverse("attune_question_chooser:create"),
        viewset_chooser(model, "create"),
    ):
        assert client.get(address).status_code == 404
        assert client.post(address, {}).status_code == 404


def bulk_delete(model: type[Question], *pks: Any) -> str:
    base = reverse(
        "wagtail_bulk_action",
        args=[model._meta.app_label, model._meta.model_name, "delete"],
    )
    return base + "?" + "&".join(f"id={pk}" for pk in pks) + f"&next={url(model, 'list')}"


@types
def test_nobody_deletes_anothers_questions_in_bulk(
    client: Client, cast: Cast, model: type[Question]
) -> None:
    foreign = make(model, cast.nordlicht.client)
    own = make(model, cast.cedar.client, "Own one of Cedar")
    as_user(client, cast.cedar.trainer)
    assert client.get(bulk_delete(model, foreign.pk)).status_code == 404
    mixed = bulk_delete(model, foreign.pk, own.pk)
    assert CANARY not in client.get(mixed).content.decode()
    for pks in (("all",), (own.pk, "abc")):
        page = client.get(bulk_delete(model, *pks)).content.decode()
        assert CANARY not in page
        assert "Own one of Cedar" in page
    client.post(bulk_delete(model, "all"))
    assert Question.objects.filter(pk=foreign.pk).exists()
    assert not Question.objects.filter(pk=own.pk).exists()


@types
def test_a_question_that_is_asked_is_not_deleted(
    client: Client, cast: Cast, nordlicht_content: Content, model: type[Question]
) -> None:
    question = make(model, cast.nordlicht.client)
    quiz_of(nordlicht_content.module, question)
    as_user(client, cast.nordlicht.trainer)
    for address in (url(model, "delete", question.pk), bulk_delete(model, question.pk)):
        assert client.post(address).status_code in (302, 403)
        assert Question.objects.filter(pk=question.pk).exists()


def test_usage_names_no_foreign_page(
    client: Client, cast: Cast, nordlicht_content: Content
) -> None:
    """A shared question may stand in anybody's quiz; only the administrator is told whose."""
    shared = true_false(None, "Shared one")
    quiz_of(nordlicht_content.module, shared, title=CANARY)
    as_user(client, cast.cedar.trainer)
    assert client.get(url(type(shared), "usage", shared.pk)).status_code == 404
    as_user(client, cast.administrator)
    assert CANARY in client.get(url(type(shared), "usage", shared.pk)).content.decode()


# --- The log, reports, sessions --------------------------------------------------------------


@types
def test_the_site_history_keeps_clients_apart(
    client: Client, cast: Cast, model: type[Question]
) -> None:
    question = make(model, cast.nordlicht.client)
    assert QuestionLogEntry.objects.filter(object_id=str(question.pk)).exists()
    history = reverse("wagtailadmin_reports:site_history")
    assert CANARY in as_user(client, cast.nordlicht.trainer).get(history).content.decode()
    for other in (cast.cedar.trainer, cast.nordlicht.client_hr):
        assert CANARY not in as_user(client, other).get(history).content.decode()
    question.delete()
    assert CANARY not in as_user(client, cast.cedar.trainer).get(history).content.decode()


def submitted(cast: Cast) -> Question:
    question = true_false(cast.nordlicht.client, CANARY)
    question.save_revision(user=cast.nordlicht.trainer.user)
    workflow = question.get_workflow()
    assert workflow is not None
    # One task at least: a workflow without any approves what is submitted, at once.
    if not WorkflowTask.objects.filter(workflow=workflow).exists():
        task = GroupApprovalTask.objects.create(name="Approval")
        task.groups.add(cast.nordlicht.client.trainers)
        WorkflowTask.objects.create(workflow=workflow, task=task)
    workflow.start(question, cast.nordlicht.trainer.user)
    return question


def test_a_question_takes_its_clients_workflow(cast: Cast, nordlicht_content: Content) -> None:
    question = submitted(cast)
    assert question.get_workflow() == nordlicht_content.home.get_workflow()
    assert true_false(None, "Shared").get_workflow() is None
    assert true_false(cast.cedar.client, "No home yet").get_workflow() is None


def test_workflow_pages_keep_clients_apart(
    client: Client, cast: Cast, nordlicht_content: Content, cedar_content: Content
) -> None:
    submitted(cast)
    for name in ("wagtailadmin_reports:workflow", "wagtailadmin_reports:workflow_tasks"):
        answer = as_user(client, cast.cedar.trainer).get(reverse(name))
        assert answer.status_code == 200, name
        assert CANARY not in answer.content.decode(), name
    home = reverse("wagtailadmin_home")
    assert CANARY not in as_user(client, cast.cedar.trainer).get(home).content.decode()
    assert CANARY in as_user(client, cast.nordlicht.trainer).get(home).content.decode()


@types
def test_an_editing_session_of_a_foreign_question_does_not_exist(
    client: Client, cast: Cast, model: type[Question]
) -> None:
    question = make(model, cast.nordlicht.client)
    address = reverse(
        "wagtailadmin_editing_sessions:ping",
        args=[model._meta.app_label, model._meta.model_name, question.pk, 1],
    )
    assert as_user(client, cast.cedar.trainer).post(address).status_code == 404
    assert as_user(client, cast.nordlicht.trainer).post(address).status_code == 200


# --- Writing ------------------------------------------------------------------------------------


def form_data(model: type[Question], **changes: Any) -> Any:
    own = {
        name: inline_formset(value) if isinstance(value, list) else value
        for name, value in KINDS[model.kind].author_form.items()
    }
    return nested_form_data(
        {
            "title": "A new one",
            "owner": "",
            "prompt": rich_text("<p>Is it <b>so</b>?</p>"),
            "explanation": rich_text(""),
            "topic": "etiquette",
            "difficulty": "2",
            "tags": inline_formset([{"name": "time"}]),
            **own,
            **changes,
        }
    )


@types
def test_a_new_question_goes_into_the_trainers_bank(
    client: Client, cast: Cast, model: type[Question]
) -> None:
    as_user(client, cast.nordlicht.trainer)
    answer = client.post(url(model, "add"), form_data(model) | {"action-publish": "1"})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    question = model.objects.get()
    assert question.owner == cast.nordlicht.client
    assert question.live
    assert [tag.name for tag in question.tags.all()] == ["time"]
    assert question.item().problems() == []


@types
def test_nobody_writes_into_anothers_bank(
    client: Client, cast: Cast, model: type[Question]
) -> None:
    own = make(model, cast.cedar.client, "Own one of Cedar")
    as_user(client, cast.cedar.trainer)
    foreign = form_data(model, owner=cast.nordlicht.client.pk)
    assert client.post(url(model, "add"), foreign).status_code == 200
    assert client.post(url(model, "edit", own.pk), foreign).status_code == 200
    preview = client.post(url(model, "preview_on_add"), foreign)
    assert json.loads(preview.content)["is_valid"] is False
    assert not Question.objects.filter(owner=cast.nordlicht.client).exists()


@types
def test_only_the_administrator_writes_into_the_shared_bank(
    client: Client, cast: Cast, model: type[Question]
) -> None:
    as_user(client, cast.administrator)
    client.post(url(model, "add"), form_data(model))
    assert model.objects.get().owner is None


@types
def test_edit_and_publish(client: Client, cast: Cast, model: type[Question]) -> None:
    question = make(model, cast.nordlicht.client)
    as_user(client, cast.nordlicht.trainer)
    page = client.get(url(model, "edit", question.pk)).content.decode()
    assert "action-publish" in page
    answer = client.post(
        url(model, "edit", question.pk),
        form_data(model, title="Renamed", owner=cast.nordlicht.client.pk) | {"action-publish": "1"},
    )
    assert answer.status_code == 302
    assert model.objects.get(pk=question.pk).title == "Renamed"


@types
def test_a_copy_is_other_content(client: Client, cast: Cast, model: type[Question]) -> None:
    shared = make(model, None, "Shared one")
    as_user(client, cast.nordlicht.trainer)
    address = url(model, "copy", shared.pk)
    page = client.get(address).content.decode()
    assert "Shared one" in page
    assert f'action="{address}"' in page
    answer = client.post(address, form_data(model, title="Shared one"))
    assert answer.status_code == 302
    shared.refresh_from_db()
    copy = model.objects.exclude(pk=shared.pk).get()
    assert (shared.owner, copy.owner) == (None, cast.nordlicht.client)
    assert copy.copied_from == shared.translation_key
    assert copy.translation_key != shared.translation_key
    if model.kind == "choice":
        assert not {option["id"] for option in copy.definition()["options"]} & {
            option["id"] for option in shared.definition()["options"]
        }
        assert shared.options.count() == 3


@types
def test_the_preview_is_what_a_learner_sees(
    client: Client, cast: Cast, model: type[Question]
) -> None:
    question = make(model, cast.nordlicht.client)
    as_user(client, cast.nordlicht.trainer)
    address = url(model, "preview_on_edit", question.pk)
    sent = client.post(
        address, form_data(model, prompt=rich_text("<p>Unsaved words</p>"), owner="")
    )
    assert json.loads(sent.content) == {"is_valid": True, "is_available": True}
    page = client.get(address).content.decode()
    assert "Unsaved words" in page
    assert re.search(r'<(input|select|textarea)[^>]* name="', page)
    empty = client.get(url(model, "preview_on_add"))
    assert empty.status_code == 200


@types
@pytest.mark.parametrize("is_bare", [False, True], ids=["whole", "bare"])
def test_a_new_question_can_be_previewed(
    client: Client, cast: Cast, model: type[Question], is_bare: bool
) -> None:
    as_user(client, cast.nordlicht.trainer)
    bare = {
        name: inline_formset([]) if isinstance(value, list) else ""
        for name, value in KINDS[model.kind].author_form.items()
    }
    address = url(model, "preview_on_add")
    sent = client.post(address, form_data(model, **(bare if is_bare else {})))
    page = client.get(address)
    assert page.status_code == 200
    assert ("so</b>?" in page.content.decode()) is json.loads(sent.content)["is_available"]
    assert is_bare or json.loads(sent.content)["is_available"]


# --- What cannot be asked is not published -----------------------------------------------------


def test_a_choice_without_a_key_stays_a_draft(client: Client, cast: Cast) -> None:
    model = next(each for each in question_types() if each.kind == "choice")
    as_user(client, cast.nordlicht.trainer)
    keyless = form_data(model, options=inline_formset([{"text": "One"}, {"text": "Two"}]))
    refused = client.post(url(model, "add"), keyless | {"action-publish": "1"})
    assert "Mark the right option." in refused.content.decode()
    assert client.post(url(model, "add"), keyless).status_code == 302
    assert model.objects.get().live is False


def quiz_data(*questions: Question, **changes: Any) -> Any:
    return nested_form_data(
        {
            "title": "Quiz",
            "slug": "quiz",
            "summary": "",
            "minutes": "5",
            "required": "on",
            "introduction": rich_text(""),
            "pass_mark": "80",
            "attempts_allowed": "3",
            "shuffle_options": "on",
            "feedback": "at_end",
            "result_counts": "best",
            "marking_days": "5",
            "quiz_questions": inline_formset(
                [{"question": str(question.pk), "weight": "1"} for question in questions]
            ),
            "comments": inline_formset([]),
            **changes,
        }
    )


def post_quiz(client: Client, content: Content, *questions: Question, **changes: Any) -> Any:
    return client.post(
        reverse(
            "wagtailadmin_pages:add",
            args=["attune_quizzes", "quizpage", content.module.pk],
        ),
        quiz_data(*questions) | changes,
    )


PUBLISH = {"action-publish": "1"}


def test_a_trainer_builds_and_publishes_a_quiz(
    client: Client, cast: Cast, nordlicht_content: Content
) -> None:
    own, shared = true_false(cast.nordlicht.client), choice(None, "Shared one")
    as_user(client, cast.nordlicht.trainer)
    answer = post_quiz(client, nordlicht_content, own, shared, **PUBLISH)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    quiz = QuizPage.objects.get()
    assert quiz.live
    assert [row.question_id for row in quiz.quiz_questions.all()] == [own.pk, shared.pk]
    page = client.get(reverse("wagtailadmin_pages:edit", args=[quiz.pk])).content.decode()
    assert "Shared one" in page


@pytest.mark.parametrize("publish", [{}, PUBLISH], ids=["draft", "publish"])
def test_a_quiz_takes_no_foreign_question(
    client: Client, cast: Cast, nordlicht_content: Content, publish: dict[str, str]
) -> None:
    foreign = true_false(cast.cedar.client, "Canary of Cedar")
    as_user(client, cast.nordlicht.trainer)
    answer = post_quiz(client, nordlicht_content, foreign, **publish)
    assert answer.status_code == 200
    assert "from a bank that is not yours" in answer.content.decode()
    assert "Canary of Cedar" not in answer.content.decode()
    assert not QuizPage.objects.exists()


def test_a_quiz_that_nobody_could_pass_is_not_published(
    client: Client, cast: Cast, nordlicht_content: Content
) -> None:
    draft = true_false(cast.nordlicht.client, "Draft", publish=False)
    as_user(client, cast.nordlicht.trainer)
    empty = post_quiz(client, nordlicht_content, **PUBLISH)
    assert "at least one question" in empty.content.decode()
    unpublished = post_quiz(client, nordlicht_content, draft, **PUBLISH)
    assert "not published yet" in unpublished.content.decode()
    twice = post_quiz(client, nordlicht_content, draft, draft)
    assert "twice" in twice.content.decode()
    assert not QuizPage.objects.exists()
    assert post_quiz(client, nordlicht_content, draft).status_code == 302


def test_references_are_known(cast: Cast, nordlicht_content: Content) -> None:
    question = true_false(cast.nordlicht.client)
    quiz_of(nordlicht_content.module, question)
    ReferenceIndex.create_or_update_for_object(QuizPage.objects.get())
    assert ReferenceIndex.get_references_to(question).exists()


def test_a_search_finds_any_type_by_its_base(cast: Cast) -> None:
    for model in question_types():
        make(model, cast.nordlicht.client, f"Findable {model.kind}")
    found = Question.objects.choosable_by(cast.nordlicht.trainer.user)
    assert {type(each) for each in found} == set(question_types())


# --- Translation ------------------------------------------------------------


def translate(question: Question) -> Any:
    german = Locale.objects.get_or_create(language_code="de")[0]
    source, _created = TranslationSource.get_or_create_from_instance(question)
    source.update_from_db()
    translation = Translation.objects.create(source=source, target_locale=german)
    translation.save_target()
    return translation


@types
def test_a_translation_keeps_ids_and_key(cast: Cast, model: type[Question]) -> None:
    question = make(model, cast.nordlicht.client)
    translation = translate(question)
    german = translation.get_target_instance()
    assert german.translation_key == question.translation_key
    assert german.owner == question.owner
    ours, theirs = question.definition(), german.definition()
    assert (ours.pop("language"), theirs.pop("language")) == ("en", "de")
    assert ours == theirs


@types
def test_a_foreign_trainer_finds_no_door_of_the_translator(
    client: Client, cast: Cast, model: type[Question]
) -> None:
    question = make(model, cast.nordlicht.client)
    translation = translate(question)
    segment = translation.source.stringsegment_set.first()
    names = {
        "submit_snippet_translation": [
            model._meta.app_label, model._meta.model_name, question.pk
        ],
        "update_translations": [translation.source_id],
        "edit_string_translation": [translation.pk, segment.pk],
        "edit_override": [translation.pk, 1],
        "download_pofile": [translation.pk],
        "upload_pofile": [translation.pk],
        "machine_translate": [translation.pk],
        "preview_translation": [translation.pk],
        "stop_translation": [translation.pk],
        "snippets_api_detail": [model._meta.app_label, model._meta.model_name, question.pk],
    }  # fmt: skip
    as_user(client, cast.cedar.trainer)
    for name, args in names.items():
        address = reverse(f"wagtail_localize:{name}", args=args)
        for method in (client.get, client.post, client.put):
            answer = method(address)
            assert answer.status_code in (404, 405), f"{name}: {answer.status_code}"
            assert CANARY not in answer.content.decode()
    listing = reverse(
        "wagtail_localize:snippets_api_listing",
        args=[model._meta.app_label, model._meta.model_name],
    )
    assert CANARY not in client.get(listing).content.decode()
    report = reverse("wagtail_localize:translations_report")
    assert CANARY not in client.get(report).content.decode()
    as_user(client, cast.nordlicht.trainer)
    assert CANARY in client.get(listing).content.decode()
    assert CANARY in client.get(report).content.decode()
    assert (
        client.get(reverse("wagtail_localize:download_pofile", args=[translation.pk])).status_code
        == 200
    )
    put = client.put(
        reverse("wagtail_localize:edit_string_translation", args=names["edit_string_translation"]),
        "value=Kanarienvogel",
        content_type="application/x-www-form-urlencoded",
    )
    assert put.status_code in (200, 201)


def test_the_permission_to_translate_opens_no_foreign_page(
    client: Client, cast: Cast, nordlicht_content: Content
) -> None:
    module = nordlicht_content.module
    module.title = module.draft_title = CANARY
    module.save()
    source, _created = TranslationSource.get_or_create_from_instance(module)
    submit = reverse("wagtail_localize:submit_page_translation", args=[module.pk])
    update = reverse("wagtail_localize:update_translations", args=[source.pk])
    as_user(client, cast.cedar.trainer)
    for address in (submit, update):
        for method in (client.get, client.post):
            answer = method(address)
            assert answer.status_code == 404
            assert CANARY not in answer.content.decode()
    as_user(client, cast.nordlicht.trainer)
    assert CANARY in client.get(submit).content.decode()
    assert client.get(update).status_code == 200


def test_a_translators_markup_is_cleaned(cast: Cast) -> None:
    question = true_false(cast.nordlicht.client)
    question.prompt = '<p>So?<script>alert(1)</script><a href="javascript:x">y</a></p>'
    assert question.definition()["prompt"] == "<p>So?y</p>"


def test_old_people_do_not_write(client: Client, cast: Cast) -> None:
    """A trainer who has left finds nothing, although the groups may lag behind."""
    trainer: Person = cast.nordlicht.trainer
    question = true_false(cast.nordlicht.client, CANARY)
    trainer.memberships.update(left_on=timezone.now().date().replace(year=2025))
    as_user(client, trainer)
    assert client.get(url(type(question), "edit", question.pk)).status_code in (302, 404)
    assert CANARY not in client.get(url(type(question), "list")).content.decode()
