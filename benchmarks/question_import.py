"""A file of 100, 1,000 and 10,000 questions: tried, taken over, and imported once more.

GIFT with ids, half of them true-false, half choices with three options and feedback, into
an empty bank. The plan writes nothing; taking over plans once more and writes all of it in
one transaction; the second import finds nothing new, the third changes a word in most.
"""

import random
import time

from django.db import connection
from django.utils import timezone
from wagtail.models import Locale

from attune.people.models import Organisation
from attune.quizzes.exchange import format_named
from attune.quizzes.models import QuestionImport
from attune.quizzes.questions import Question
from attune.quizzes.services import apply_import, plan_import
from benchmarks import Row, Scale
from tests import factories

SIZES: dict[Scale, list[int]] = {"quick": [100, 1_000], "full": [100, 1_000, 10_000]}


def run(scale: Scale) -> list[Row]:
    random.seed(7)
    bank = factories.organisation("Warm-up", "warm-up", "client")
    measure(bank, 10)  # fills caches of templates, content types and log actions
    rows: list[Row] = []
    for size in SIZES[scale]:
        rows += measure(factories.organisation(f"Client {size}", f"client-{size}", "client"), size)
    return rows


def file_of(size: int) -> bytes:
    return "\n\n".join(map(question, range(size))).encode()


def question(number: int) -> str:
    head = f"// [id:q{number}] [tag:area-{number % 20}]\n::Ticket {number}::[html]"
    words = " ".join(random.choice(WORDS) for _ in range(14))
    if number % 2:
        return f"{head}<p>{words} <b>{number}</b>.</p> {{TRUE#Not so.#Right.}}"
    return f"{head}<p>{words} {number}?</p> {{={words}#A time. ~Soon {number}.#When? ~Later.}}"


WORDS = ["customer", "ticket", "answers", "by", "noon", "the", "printer", "is", "please", "back"]


def measure(bank: Organisation, size: int) -> list[Row]:
    body = file_of(size)
    locale = Locale.get_default()
    form = format_named("gift")
    began = time.perf_counter()
    plan = plan_import(form=form, body=body, owner=bank, locale=locale, topic="etiquette")
    planned = time.perf_counter() - began
    assert plan.counts["new"] == size, plan.counts

    first, queries = apply(bank, body, locale)
    again, _queries = apply(bank, body, locale)
    changed, change_queries = apply(bank, body.replace(b"customer", b"client"), locale)
    assert Question.objects.filter(owner=bank).count() == size
    where = f"{size:,}"
    rows: list[Row] = [
        {"name": "tried (dry run)", "size": where, "value": planned, "unit": "s"},
        {"name": "taken over", "size": where, "value": first, "unit": "s"},
        {
            "name": "taken over",
            "size": where,
            "value": size / first,
            "unit": "questions/s",
            "note": f"file of {len(body) / 1e6:.2f} MB",
        },
        {
            "name": "taken over, queries per question",
            "size": where,
            "value": queries / size,
            "unit": "queries",
        },
        {"name": "imported again, unchanged", "size": where, "value": again, "unit": "s"},
        {"name": "imported again, most changed", "size": where, "value": changed, "unit": "s"},
        {
            "name": "most changed, queries per question",
            "size": where,
            "value": change_queries / size,
            "unit": "queries",
        },
    ]
    return rows


def apply(bank: Organisation, body: bytes, locale: Locale) -> tuple[float, int]:
    """Seconds and queries."""
    kept = QuestionImport.objects.create(
        owner=bank,
        locale=locale,
        topic="etiquette",
        format="gift",
        file_name="questions.gift.txt",
        body=body,
        uploaded_at=timezone.now(),
    )
    counter = Counter()
    began = time.perf_counter()
    with connection.execute_wrapper(counter):
        apply_import(deed=kept.deed, user=None, now=timezone.now())
    return time.perf_counter() - began, counter.count


class Counter:
    """Counts queries without keeping them."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        self.count += 1
        return execute(sql, params, many, context)
