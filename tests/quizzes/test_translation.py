"""A quiz in two languages is one quiz: one activity, one set of options, one completion."""

from __future__ import annotations

import json
from typing import Any

import pytest
from wagtail.models import Locale
from wagtail_localize.models import (
    StringTranslation,
    Translation,
    TranslationSource,
)

from attune.curriculum.models import ModuleLibraryPage, ModulePage
from attune.enrolments.models import UnitProgress
from attune.enrolments.readers import reader_for
from attune.quizzes.models import QuizAttempt, QuizPage
from attune.quizzes.services import hand_in, save_answer, start_attempt
from attune.xapi.models import StatementRecord
from tests import factories
from tests.quizzes.support import NOW, QuizSet, right_answer

pytestmark = pytest.mark.django_db


def translated(instance: Any, words: dict[str, str] | None = None) -> Any:
    """``instance`` in German, published; ``words`` replaces source text where given."""
    source, _created = TranslationSource.get_or_create_from_instance(instance)
    source.update_from_db()
    german = factories.german()
    translation, _created = Translation.objects.get_or_create(source=source, target_locale=german)
    for segment in source.stringsegment_set.select_related("string"):
        text = (words or {}).get(segment.string.data)
        if text is not None:
            StringTranslation.objects.create(
                translation_of=segment.string,
                locale=german,
                context=segment.context,
                data=text,
            )
    translation.save_target(publish=True)
    target = translation.get_target_instance()
    if not target.live:
        target.get_latest_revision_as_object().save_revision().publish()
        target.refresh_from_db()
    return target


@pytest.fixture
def german_quiz(quiz_set: QuizSet) -> QuizPage:
    home = quiz_set.content.home
    home.get_parent().specific.copy_for_translation(factories.german()).save_revision().publish()
    translated(home)
    translated(ModuleLibraryPage.objects.get(pk=quiz_set.content.library.pk))
    module = translated(ModulePage.objects.get(pk=quiz_set.content.module.pk))
    assert module.live
    for question in quiz_set.questions:
        translated(
            type(question).objects.get(pk=question.pk),
            {"Today by 15:00.": "Heute bis 15 Uhr.", "A time.": "Eine Zeit."},
        )
    page = translated(QuizPage.objects.get(pk=quiz_set.quiz.pk))
    assert isinstance(page, QuizPage)
    return page


def test_each_language_asks_its_own_questions(quiz_set: QuizSet, german_quiz: QuizPage) -> None:
    assert german_quiz.translation_key == quiz_set.quiz.translation_key
    rows = list(german_quiz.quiz_questions.all())
    assert [row.question.locale.language_code for row in rows] == ["de"] * 3
    assert [row.question.translation_key for row in rows] == [
        question.translation_key for question in quiz_set.questions
    ]
    english = list(quiz_set.quiz.quiz_questions.all())
    assert [row.translation_key for row in rows] == [row.translation_key for row in english]
    options = rows[1].question.definition()["options"]
    assert [option["text"] for option in options][1] == "Heute bis 15 Uhr."
    assert [option["id"] for option in options] == [
        option["id"] for option in quiz_set.questions[1].definition()["options"]
    ]


def test_an_open_attempt_keeps_its_language(quiz_set: QuizSet, german_quiz: QuizPage) -> None:
    english = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=NOW)
    reader = reader_for(quiz_set.person.user, german_quiz)
    assert reader is not None
    assert start_attempt(reader=reader, quiz=german_quiz, now=NOW) == english
    assert QuizAttempt.objects.get().language == "en"


def test_both_languages_are_one_quiz(quiz_set: QuizSet, german_quiz: QuizPage) -> None:
    """A failed attempt in English, then a pass in German: one progress, one activity."""
    first = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=NOW)
    save_answer(attempt=first, position=1, raw=True, sequence=1, now=NOW)
    hand_in(attempt=first, reader=quiz_set.reader, now=NOW)
    reader = reader_for(quiz_set.person.user, german_quiz)
    assert reader is not None
    second = start_attempt(reader=reader, quiz=german_quiz, now=NOW)
    assert (second.number, second.language) == (2, "de")
    for question in second.questions.select_related("frozen"):
        save_answer(
            attempt=second,
            position=question.position,
            raw=right_answer(question),
            sequence=1,
            now=NOW,
        )
    assert hand_in(attempt=second, reader=reader, now=NOW).passed
    assert UnitProgress.objects.filter(unit_key=quiz_set.quiz.translation_key).count() == 1
    said = [
        json.loads(body)
        for body in StatementRecord.objects.filter(
            kind__in=["attempt_failed", "attempt_passed", "question_answered"]
        )
        .order_by("pk")
        .values_list("body", flat=True)
    ]
    quizzes = {each["object"]["id"] for each in said if "quiz" in each["object"]["id"]}
    assert len(quizzes) == 1
    questions = [each for each in said if "/question/" in each["object"]["id"]]
    assert len({each["object"]["id"] for each in questions}) == 3
    english, german = (
        each for each in questions if each["object"]["id"] == questions[0]["object"]["id"]
    )
    assert (english["context"]["language"], german["context"]["language"]) == ("en", "de")


def test_new_rows_follow_the_language_of_their_page(quiz_set: QuizSet) -> None:
    row = quiz_set.quiz.quiz_questions.first()
    assert row.locale == Locale.get_default()
