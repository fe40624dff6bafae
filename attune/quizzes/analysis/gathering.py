"""The attempts behind the figures: which count, and what was answered in them.

Everything is read in a handful of queries whatever the numbers, and kept in flat arrays of
numbers: what grows with the attempts is some 40 bytes per question of an attempt. An answer
is kept once, however many gave it.

Attempts are counted by translation key, so that translations are together from the start;
copies join what they were copied from (``roots``), as far as the user's own attempts go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db.models import Avg, Count, Exists, F, Max, OuterRef, Q, Subquery, Sum, TextField
from django.db.models.functions import Cast

from attune.curriculum.models import FrozenContent
from attune.quizzes.analysis import measures
from attune.quizzes.analysis.asked import NO_ANSWER, Asked, Gathered
from attune.quizzes.models import AttemptQuestion, QuizAttempt, QuizPage
from attune.quizzes.querysets import QuizAttemptQuerySet
from attune.quizzes.questions import Question, item_for

BATCH = 5000


# --- Which attempts -------------------------------------------------------------------------


def first_attempts(attempts: QuizAttemptQuerySet) -> QuizAttemptQuerySet:
    """Only the first that each person handed in at a quiz; later ones have seen the answers.

    First of all that there are, not of those that a filter left over.
    """
    earlier = QuizAttempt.objects.concluded().filter(
        Q(cycle__lt=OuterRef("cycle")) | Q(cycle=OuterRef("cycle"), number__lt=OuterRef("number")),
        person=OuterRef("person"),
        quiz_key=OuterRef("quiz_key"),
    )
    return attempts.filter(~Exists(earlier))


def roots(copies: Iterable[tuple[UUID, UUID]]) -> dict[UUID, UUID]:
    """Key of a copy → key of what it was first copied from, through copies of copies."""
    origin = dict(copies)
    found: dict[UUID, UUID] = {}
    for key in origin:
        seen, at = {key}, key
        while (before := origin.get(at)) is not None and before not in seen:
            seen.add(before)
            at = before
        found[key] = at
    return found


def quiz_roots() -> dict[UUID, UUID]:
    """One query."""
    copies = QuizPage.objects.filter(copied_from__isnull=False).order_by("pk")
    return roots(copies.values_list("translation_key", "copied_from"))


def question_roots() -> dict[UUID, UUID]:
    """One query."""
    copies = Question.objects.non_polymorphic().filter(copied_from__isnull=False).order_by("pk")
    return roots(copies.values_list("translation_key", "copied_from"))


def family_of(key: UUID, roots_by_key: Mapping[UUID, UUID]) -> set[UUID]:
    """A quiz (or question) and all that are copies of the same."""
    root = roots_by_key.get(key, key)
    return {root} | {copy for copy, origin in roots_by_key.items() if origin == root}


# --- All quizzes at a glance ------------------------------------------------------------------


@dataclass(slots=True)
class Glance:
    """A quiz, its copies and translations: how many attempts, how good, how consistent."""

    key: UUID
    keys: set[UUID] = field(default_factory=set)
    attempts: int = 0
    percent: float = 0.0
    latest: datetime | None = None
    alpha: float | None = None
    is_uneven: bool = False
    """Not everybody was asked the same, so that α takes more than sums."""


@dataclass(slots=True)
class _Sums:
    n: int = 0
    total: float = 0.0
    squares: float = 0.0

    def add(self, n: int, total: float | None, squares: float | None) -> None:
        self.n += n
        self.total += total or 0.0
        self.squares += squares or 0.0

    @property
    def variance(self) -> float:
        if self.n < 2:
            return 0.0
        return max((self.squares - self.total**2 / self.n) / (self.n - 1), 0.0)


def glances(attempts: QuizAttemptQuerySet) -> list[Glance]:
    """Every quiz that has attempts among these. Five queries, by sums in the database."""
    copies, questions = quiz_roots(), question_roots()
    # A survey earns no points, and an answer that waits for a mark has none yet.
    marked = AttemptQuestion.objects.filter(attempt=OuterRef("pk"), raw__isnull=False)
    by_attempt = marked.order_by().values("attempt")
    by_quiz = (
        attempts.annotate(
            total=Subquery(by_attempt.annotate(sum=Sum("raw")).values("sum")),
            possible=Subquery(by_attempt.annotate(sum=Sum("weight")).values("sum")),
        )
        .order_by()
        .values("quiz_key")
        .annotate(
            n=Count("pk"),
            percent=Avg(F("total") / F("possible")),
            latest=Max("handed_in_at"),
            counted=Count("total"),
            sum=Sum("total"),
            squares=Sum(F("total") * F("total")),
        )
    )
    found: dict[UUID, Glance] = {}
    totals: dict[UUID, _Sums] = {}
    for row in by_quiz:
        root = copies.get(row["quiz_key"], row["quiz_key"])
        glance = found.setdefault(root, Glance(root))
        before = totals.setdefault(root, _Sums())
        if row["counted"]:
            whole = glance.percent * before.n + 100 * row["percent"] * row["counted"]
            glance.percent = whole / (before.n + row["counted"])
        before.add(row["counted"], row["sum"], row["squares"])
        glance.keys.add(row["quiz_key"])
        glance.attempts += row["n"]
        glance.latest = max(filter(None, (glance.latest, row["latest"])), default=None)
    items: dict[UUID, dict[UUID, _Sums]] = {}
    by_question = (
        AttemptQuestion.objects.filter(attempt__in=attempts.order_by(), raw__isnull=False)
        .order_by()
        .values_list("attempt__quiz_key", "question_key")
        .annotate(n=Count("pk"), sum=Sum("raw"), squares=Sum(F("raw") * F("raw")))
    )
    for quiz, question, *sums in by_question:
        family = items.setdefault(copies.get(quiz, quiz), {})
        family.setdefault(questions.get(question, question), _Sums()).add(*sums)
    for root, glance in found.items():
        parts = list(items.get(root, {}).values())
        glance.is_uneven = any(part.n != totals[root].n for part in parts)
        if not glance.is_uneven:
            variances = [part.variance for part in parts]
            glance.alpha = measures.alpha(variances, totals[root].variance)
    return sorted(found.values(), key=lambda each: (-each.attempts, str(each.key)))


# --- One quiz ---------------------------------------------------------------------------------


def gather(attempts: QuizAttemptQuerySet) -> Gathered:
    """What was answered in these attempts. Five queries, the last of them read as it comes."""
    started = {
        pk: (number, at, language)
        for number, (pk, at, language) in enumerate(
            attempts.order_by("pk").values_list("pk", "started_at", "language")
        )
    }
    found, place_of = _questions_in(attempts)
    rows = (
        AttemptQuestion.objects.filter(attempt__in=attempts.order_by())
        .order_by("attempt")
        .annotate(text=Cast("response", TextField()))
        .values_list("attempt", "frozen", "raw", "weight", "answered_at", "text")
    )
    stream = rows.iterator(chunk_size=BATCH)
    for pk, mine in groupby(stream, key=itemgetter(0)):
        if pk not in started:
            continue  # handed in between the two queries
        number, at, _language = started[pk]
        _take(list(mine), number=number, began=at, place_of=place_of)
    return Gathered(
        attempts=len(started),
        questions=sorted(found.values(), key=lambda each: (each.position, str(each.key))),
        languages=sorted({language for _n, _at, language in started.values()}),
    )


def _questions_in(
    attempts: QuizAttemptQuerySet,
) -> tuple[dict[UUID, Asked], dict[int, tuple[Asked, int]]]:
    """The questions by key, and for each frozen version its question and its number there.

    The version by whose mended key answers were graded again is there too, though perhaps
    nobody has been shown it yet: it says what is right.
    """
    rows = AttemptQuestion.objects.filter(attempt__in=attempts.order_by()).order_by()
    positions: dict[int, tuple[float, int]] = {}
    for frozen, mended, position, number in rows.values_list("frozen", "key").annotate(
        position=Avg("position"), number=Count("pk")
    ):
        before, times = positions.get(frozen, (0.0, 0))
        whole = before * times + position * number
        positions[frozen] = (whole / (times + number), times + number)
        if mended is not None:
            positions.setdefault(mended, (0.0, 0))
    copies = question_roots()
    found: dict[UUID, Asked] = {}
    place_of: dict[int, tuple[Asked, int]] = {}
    weights: dict[UUID, int] = {}
    for version in FrozenContent.objects.filter(pk__in=positions).order_by("pk"):
        key = copies.get(version.key, version.key)
        asked = found.setdefault(key, Asked(key))
        position, number = positions[version.pk]
        before = weights.get(key, 0)
        if number:
            asked.position = (asked.position * before + position * number) / (before + number)
            weights[key] = before + number
        place_of[version.pk] = (asked, len(asked.versions))
        asked.versions.append(item_for(version.body))
    return found, place_of


def _take(
    rows: list[tuple[Any, ...]],
    *,
    number: int,
    began: datetime,
    place_of: Mapping[int, tuple[Asked, int]],
) -> None:
    """Add one attempt, which was begun at ``began``."""
    for _pk, frozen, raw, weight, _at, text in rows:
        if frozen not in place_of:
            continue
        asked, version = place_of[frozen]
        is_marked = asked.versions[version].is_scored and raw is not None
        asked.attempts.append(number)
        asked.marks.append(raw / weight if is_marked else -1.0)
        asked.weights.append(weight)
        asked.pending += not is_marked and asked.is_scored
        if text is None or text == "null":
            asked.given.append(NO_ANSWER)
        else:
            asked.given.append(asked.responses.setdefault((version, text), len(asked.responses)))
    for frozen, seconds in _times(rows, began):
        if frozen in place_of:
            place_of[frozen][0].seconds.append(seconds)


def _times(rows: list[tuple[Any, ...]], began: datetime) -> Iterator[tuple[int, float]]:
    """(frozen version, seconds since the answer before it, or since the beginning).

    What is stored is when an answer was last saved. Answers saved together say nothing of
    how long each took, so that only the first of them is given.
    """
    saved = sorted((row[4], row[1]) for row in rows if row[4] is not None)
    before = began
    for at, frozen in saved:
        seconds = (at - before).total_seconds()
        if seconds > 0:
            yield frozen, seconds
        before = at
