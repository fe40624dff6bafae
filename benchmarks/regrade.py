"""Regrading attempts after a key was mended: the preview, the job, and its queries per batch.

Every learner has handed in one attempt of ten questions; the mended key changes the answer
of each, so that every answer and every result is written and told anew. Attempts that newly
pass complete a unit besides, which costs queries for each; so the cost is measured with
results that change without crossing the pass mark. The bar is a cost that grows linearly and
a number of queries per batch that does not grow at all.
"""

import time
import uuid
from datetime import timedelta

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from attune.curriculum.models import FrozenContent
from attune.enrolments.models import Enrolment
from attune.people.models import Person
from attune.quizzes.affected import wanted_aim
from attune.quizzes.models import AttemptQuestion, QuizAttempt, QuizPage
from attune.quizzes.overview import overview_of
from attune.quizzes.questions import Question
from attune.quizzes.services import ask_regrade, run_regrade
from attune.quizzes.services.regrade import BATCH, regrade_batch
from attune.quizzes.services.start_attempt import freeze
from benchmarks import Row, Scale
from tests import factories
from tests.quizzes.support import quiz_of, true_false

QUESTIONS = 10
SIZES: dict[Scale, tuple[int, ...]] = {"quick": (100,), "full": (100, 1_000, 10_000)}


def run(scale: Scale) -> list[Row]:
    rows: list[Row] = []
    for size in SIZES[scale]:
        question = prepare(size)
        key = question.translation_key
        began = time.perf_counter()
        seen = overview_of(key, wanted_aim(key, "published"))
        looked = time.perf_counter() - began
        if seen.moving != size:
            raise RuntimeError(f"{seen.moving} of {size} answers would change")
        regrade = ask_regrade(
            question=question,
            target="published",
            reason="A wrong key",
            asked_by=None,
            now=timezone.now(),
            deed=uuid.uuid4(),
        )
        queries = []
        began = time.perf_counter()
        if size == SIZES[scale][0]:  # the first of all, where it shows what a batch asks
            for part in (BATCH // 10, BATCH // 2):
                with CaptureQueriesContext(connection) as asked:
                    regrade_batch(regrade_id=regrade.pk, now=timezone.now(), size=part)
                queries.append(len(asked))
        run_regrade(regrade_id=regrade.pk, clock=timezone.now)
        spent = time.perf_counter() - began
        if QuizAttempt.objects.filter(quiz_key=regrade_quiz(key), raw=2.0).count() != size:
            raise RuntimeError("not every attempt was regraded")
        rows += [
            {"name": "preview", "size": size, "value": looked, "unit": "s"},
            {
                "name": "regraded",
                "size": size,
                "value": size / spent,
                "unit": "attempts per second",
                "note": f"{spent:.1f} s",
            },
        ]
        rows += [
            {"name": "queries", "size": f"batch of {part}", "value": count, "unit": "queries"}
            for part, count in zip((BATCH // 10, BATCH // 2), queries, strict=False)
        ]
    return rows


def regrade_quiz(key: uuid.UUID) -> uuid.UUID:
    found: uuid.UUID = AttemptQuestion.objects.filter(question_key=key)[0].attempt.quiz_key
    return found


@transaction.atomic
def prepare(size: int) -> Question:
    """A quiz of its own with ``size`` failed attempts, each with one point; the key mended."""
    mark = f"r{size}"
    client = factories.organisation(f"Client {mark}", mark, "client")
    vendor = factories.organisation(f"Vendor {mark}", f"v{mark}", "vendor")
    engagement = factories.engagement(client, vendor, code=f"e{mark}")
    home = factories.client_home(client)
    module = factories.module(factories.library_of(home))
    questions = [true_false(client, f"Question {number}") for number in range(QUESTIONS)]
    quiz: QuizPage = quiz_of(module, *questions)
    programme = factories.programme(home, module)
    versions = freeze(questions)
    attempts = _attempts(size, mark=mark, quiz=quiz, programme=programme, engagement=engagement)
    AttemptQuestion.objects.bulk_create(
        [
            AttemptQuestion(
                attempt=attempt,
                position=position,
                question_key=question.translation_key,
                frozen=version,
                # Of ten answers the second alone is right; the first will be.
                response=position == 2,
                answered_at=attempt.handed_in_at,
                raw=float(position == 2),
                success=position == 2,
            )
            for attempt in attempts
            for position, (question, version) in enumerate(
                zip(questions, versions, strict=True), start=1
            )
        ],
        batch_size=500,
    )
    mended: Question = Question.objects.get(pk=questions[0].pk)
    mended.answer = False  # type: ignore[attr-defined]
    mended.save_revision().publish()
    assert FrozenContent.objects.filter(key=mended.translation_key).count() == 1
    return mended


def _attempts(
    size: int, *, mark: str, quiz: QuizPage, programme: object, engagement: object
) -> list[QuizAttempt]:
    now = timezone.now() - timedelta(days=1)
    template = factories.agent(f"First {mark}", factories.team(engagement))
    user_model = type(template.user)
    users = user_model.objects.bulk_create(
        [user_model(email=f"{mark}-{number}@example.test", password="!") for number in range(size)],
        batch_size=500,
    )
    people = Person.objects.bulk_create(
        [
            Person(user=user, full_name=f"Learner {number}", time_zone="UTC")
            for number, user in enumerate(users)
        ],
        batch_size=500,
    )
    enrolments = Enrolment.objects.bulk_create(
        [
            Enrolment(
                person=person,
                programme=programme,
                programme_key=programme.translation_key,  # type: ignore[attr-defined]
                engagement=engagement,
                enrolled_at=now,
            )
            for person in people
        ],
        batch_size=500,
    )
    return QuizAttempt.objects.bulk_create(
        [
            QuizAttempt(
                person=person,
                quiz_key=quiz.translation_key,
                unit=quiz,
                enrolment=enrolment,
                number=1,
                state=QuizAttempt.State.HANDED_IN,
                language="en",
                pass_mark=60,
                started_at=now,
                handed_in_at=now + timedelta(minutes=5),
                raw=1.0,
                maximum=float(QUESTIONS),
                scaled=1 / QUESTIONS,
                passed=False,
            )
            for person, enrolment in zip(people, enrolments, strict=True)
        ],
        batch_size=500,
    )
