"""Simulated progress: six weeks of an engagement, through the same services that people use.

Every enrolment belongs to an engagement that is marked as simulated, and so does every
learning record. What somebody does follows from their name and the day of loading, and from
nothing else. Whoever is enrolled already is left alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from attune.case_studies.models import CaseStudyPage, ReflectiveCasePage
from attune.curriculum.models import LearningUnitPage, ModulePage, ProgrammePage
from attune.enrolments.models import Enrolment
from attune.enrolments.readers import Reader
from attune.enrolments.services import assign, pause, remember_position, start_unit
from attune.lessons.models import LessonPage
from attune.lessons.services import answer_self_check, confirm_lesson
from attune.people.models import Engagement, Person
from attune.quizzes.models import AttemptQuestion, QuizPage
from attune.quizzes.questions.items import Item
from attune.quizzes.services import hand_in, save_answer, set_extra_time, start_attempt
from config.demo.case_progress import play, reflect
from config.demo.people import PAIRS, Pair, address
from config.demo.reading import key_of

PROGRAMMES = {"nordlicht-habagat": "german-colleagues", "cedar-deccan": "us-retail"}
WHO_ASSIGNS = {
    "nordlicht-habagat": "hana@habagat.example",
    "cedar-deccan": "priya@deccan-deskline.example",
}
EVERYTHING = 1_000


@dataclass(frozen=True, slots=True)
class Story:
    """What becomes of somebody's training. Days count back from today, unless they say *in*."""

    assigned: int
    due_in: int
    units: int = 0
    """How many units they finish; ``EVERYTHING`` for the whole programme."""
    begins_after: int = 1
    opens_next: bool = False
    """Whether they have opened the unit after the last one they finished."""
    fails: str = ""
    """Slug of the quiz at which they run out of attempts."""
    paused: str = ""
    note: str = ""


def _stories(rng: random.Random) -> list[Story]:
    """One for each agent at Habagat. The first four were there from the beginning."""
    year = "Introduced with the new contract."
    veterans = [
        # Two of the modules are valid for a year: three are about to run out, one has.
        Story(assigned=days, due_in=30 - days, units=EVERYTHING, note=year)
        for days in (360, 358, 355, 400)
    ]
    others = [
        *(
            Story(
                assigned=rng.randint(38, 43),
                due_in=rng.randint(-9, -3),
                units=EVERYTHING,
                begins_after=rng.randint(1, 6),
            )
            for _number in range(8)
        ),
        *(
            Story(
                assigned=rng.randint(15, 27),
                due_in=rng.randint(3, 14),
                units=1 + number,
                begins_after=rng.randint(1, 4),
                opens_next=number % 2 == 0,
            )
            for number in range(16)
        ),
        *(
            Story(assigned=42, due_in=-rng.randint(2, 12), units=units, opens_next=True)
            for units in (2, 6, 11)
        ),
        *(Story(assigned=rng.randint(4, 9), due_in=rng.randint(18, 25)) for _number in range(3)),
        *(Story(assigned=42, due_in=-12) for _number in range(2)),
        Story(assigned=30, due_in=4, units=EVERYTHING, fails="communication-quiz"),
        Story(assigned=35, due_in=-4, units=EVERYTHING, fails="etiquette-quiz"),
        Story(assigned=33, due_in=9, units=4, paused="Parental leave until the new year."),
    ]
    rng.shuffle(others)
    return veterans + others


STORIES: dict[str, Callable[[random.Random], list[Story]]] = {
    "nordlicht-habagat": _stories,
    "cedar-deccan": lambda rng: [
        Story(assigned=30, due_in=-4, units=EVERYTHING),
        Story(assigned=20, due_in=6, units=1, opens_next=True),
        Story(assigned=34, due_in=-8, units=EVERYTHING),
        Story(assigned=41, due_in=-11),
    ],
}
# The cast begins with everything before it, so that there is something to do.
CAST = {
    "Maria Santos": Story(assigned=9, due_in=5, note="Please finish before you join the queue."),
    "Arjun Kulkarni": Story(assigned=6, due_in=12),
}

# Percent more in every timed quiz, so that HR finds somebody who has it.
EXTRA_TIME = {"Jasmine Ocampo": 25}


def load_progress(*, now: datetime, report: Callable[[str], None]) -> None:
    """Enrol whoever is not enrolled yet, and let them learn."""
    for pair in PAIRS:
        engagement = Engagement.objects.select_related("client", "vendor").get(code=pair.code)
        programme = ProgrammePage.objects.select_related("locale").get(
            translation_key=key_of(PROGRAMMES[pair.code]), locale__language_code="en"
        )
        course = list(_course(programme))
        enrolled = set(
            Enrolment.objects.filter(
                engagement=engagement, programme_key=programme.translation_key
            ).values_list("person__user__email", flat=True)
        )
        done = 0
        for email, story in _cast_of(pair):
            if email in enrolled:
                continue
            person = Person.objects.select_related("user").filter(user__email=email).first()
            if person is None:
                continue
            if person.full_name in EXTRA_TIME:
                set_extra_time(
                    person=person,
                    percent=EXTRA_TIME[person.full_name],
                    granted_by=_who_assigns(engagement),
                    now=now,
                )
            _live(person, story, programme, engagement, course, now=now)
            done += 1
        if done:
            report(f"{engagement.name}: {done} people with simulated progress")


def _cast_of(pair: Pair) -> Iterator[tuple[str, Story]]:
    """Address and story of everybody who learns in an engagement."""
    for staff in pair.staff:
        if staff.full_name in CAST:
            yield address(staff.full_name, pair.vendor.domain, named=True), CAST[staff.full_name]
    stories = STORIES[pair.code](random.Random(f"{pair.code} stories"))  # noqa: S311
    for name, story in zip(pair.agents, stories, strict=True):
        yield address(name, pair.vendor.domain, named=False), story


@dataclass(frozen=True, slots=True)
class Step:
    """A unit with its module, as pages in the language of the programme."""

    module: ModulePage
    unit: Any


def _course(programme: ProgrammePage) -> Iterator[Step]:
    """The programme's units in order. Loaded once: everybody reads the same pages."""
    for row in programme.programme_modules.select_related("module__locale").all():
        for unit in LearningUnitPage.objects.child_of(row.module).live().order_by("path"):
            yield Step(module=row.module, unit=unit.specific)


def _live(
    person: Person,
    story: Story,
    programme: ProgrammePage,
    engagement: Engagement,
    course: Sequence[Step],
    *,
    now: datetime,
) -> None:
    today = datetime.combine(now.astimezone(person.zone).date(), time(), tzinfo=person.zone)
    rng = random.Random(f"{person.full_name} {today:%Y-%m-%d}")  # noqa: S311
    assigned_at = today - timedelta(days=story.assigned) + timedelta(hours=10)
    due = now.astimezone(engagement.client_zone).date() + timedelta(days=story.due_in)
    while due.weekday() > 4:  # nobody asks for a weekend
        due -= timedelta(days=1)
    enrolment = assign(
        person=person,
        programme=programme,
        engagement=engagement,
        now=assigned_at,
        # Noon at the client falls into the vendor's shift.
        due_at=datetime.combine(due, time(12), tzinfo=engagement.client_zone),
        note=story.note,
        assigned_by=_who_assigns(engagement),
    )
    if story.units:
        Learner(
            person=person,
            enrolment=enrolment,
            story=story,
            rng=rng,
            diary=Diary(
                rng=rng,
                zone=person.zone,
                moment=today - timedelta(days=story.assigned - story.begins_after),
                ends=today,
            ),
        ).work_through(course)
    if story.paused:
        pause(enrolment=enrolment, reason=story.paused, now=today - timedelta(days=3))


def _who_assigns(engagement: Engagement) -> Any:
    person = Person.objects.select_related("user").get(user__email=WHO_ASSIGNS[engagement.code])
    return person.user


class TooLate(Exception):
    """Today has come: what has not been done by now is still open."""


@dataclass(slots=True)
class Diary:
    """When somebody learns: in short sittings on working days, during their shift."""

    rng: random.Random
    zone: ZoneInfo
    moment: datetime
    ends: datetime
    left: int = 0

    def sit_down(self) -> datetime:
        """The moment at which the next unit begins; another day when this sitting is over."""
        if not self.left:
            self._another_day()
            self.left = self.rng.choice((2, 3, 3, 4))
        self.left -= 1
        return self.spend(self.rng.uniform(1, 9))

    def spend(self, minutes: float) -> datetime:
        self.moment += timedelta(seconds=round(minutes * 60))
        if self.moment >= self.ends:
            raise TooLate
        return self.moment

    def _another_day(self) -> None:
        day = self.moment.astimezone(self.zone) + timedelta(days=self.rng.choice((1, 1, 2)))
        while day.weekday() > 4:
            day += timedelta(days=1)
        hour = self.rng.choice((14, 15, 15, 16, 18, 19, 20))
        self.moment = day.replace(
            hour=hour, minute=self.rng.randint(0, 50), second=0, microsecond=0
        )


@dataclass(slots=True)
class Learner:
    """Somebody on their way through a programme, until their story or the day ends."""

    person: Person
    enrolment: Enrolment
    story: Story
    rng: random.Random
    diary: Diary

    def work_through(self, course: Sequence[Step]) -> None:
        ability = self.rng.uniform(0.82, 0.99)
        try:
            for number, step in enumerate(course):
                if number >= self.story.units:
                    if self.story.opens_next:
                        self._open(step)
                    return
                if not step.unit.required and self.rng.random() > _drawn_to(step.unit):
                    continue
                reader = self._reader(step)
                if isinstance(step.unit, LessonPage):
                    self._read(step.unit, reader, ability)
                elif isinstance(step.unit, QuizPage):
                    self._take(step.unit, reader, ability)
                    if step.unit.slug == self.story.fails:
                        return
                elif isinstance(step.unit, CaseStudyPage | ReflectiveCasePage):
                    self._live_through(step.unit, reader, ability)
        except TooLate:
            return

    def _reader(self, step: Step) -> Reader:
        return Reader(person=self.person, enrolment=self.enrolment, module=step.module, cycle=1)

    def _open(self, step: Step) -> None:
        at = self.diary.sit_down()
        reader = self._reader(step)
        start_unit(reader=reader, unit=step.unit, now=at)
        if isinstance(step.unit, LessonPage):
            blocks = [block.id for block in step.unit.body]
            remember_position(
                reader=reader,
                unit=step.unit,
                position={"anchor": f"b-{blocks[len(blocks) // 2]}"},
                now=self.diary.spend(3),
            )

    def _read(self, lesson: LessonPage, reader: Reader, ability: float) -> None:
        start_unit(reader=reader, unit=lesson, now=self.diary.sit_down())
        checks = lesson.self_checks()
        pace = lesson.minutes * self.rng.uniform(0.6, 1.4) / (len(checks) + 1)
        for block_id, check in checks.items():
            right = [n for n, option in enumerate(check["options"]) if option["correct"]]
            chosen = right
            if self.rng.random() > ability:
                chosen = [self.rng.randrange(len(check["options"]))]
            answer_self_check(
                reader=reader,
                lesson=lesson,
                block_id=block_id,
                chosen=chosen,
                now=self.diary.spend(pace),
            )
        confirm_lesson(reader=reader, lesson=lesson, now=self.diary.spend(pace))

    def _live_through(
        self, case: CaseStudyPage | ReflectiveCasePage, reader: Reader, ability: float
    ) -> None:
        self.diary.sit_down()
        if isinstance(case, CaseStudyPage):
            play(case, reader, ability=ability, rng=self.rng, spend=self.diary.spend)
        else:
            reflect(case, reader, rng=self.rng, spend=self.diary.spend)

    def _take(self, quiz: QuizPage, reader: Reader, ability: float) -> None:
        allowed = quiz.attempts_allowed or EVERYTHING
        fails = quiz.slug == self.story.fails
        for number in range(1, allowed + 1):
            if number > 1 and quiz.wait_minutes:
                self.diary.spend(quiz.wait_minutes)
            attempt = start_attempt(reader=reader, quiz=quiz, now=self.diary.sit_down())
            questions = list(attempt.questions.select_related("frozen"))
            # The last attempt decides what becomes of the story, so it is not left to chance.
            sure = number == allowed and not fails
            for question in questions:
                chance = 0.45 if fails else ability + 0.1 * (number - 1)
                right = sure or self.rng.random() < chance + _how_easy(question)
                save_answer(
                    attempt=attempt,
                    position=question.position,
                    raw=answer_to(question.item, right=right, rng=self.rng),
                    sequence=1,
                    now=self.diary.spend(self.rng.uniform(0.3, 1.2)),
                )
            if fails:
                self._spoil(attempt, questions)
            attempt = hand_in(attempt=attempt, reader=reader, now=self.diary.spend(0.4))
            if attempt.passed or attempt.is_awaiting:
                return

    def _spoil(self, attempt: Any, questions: Sequence[AttemptQuestion]) -> None:
        """Enough wrong answers that this attempt does not pass."""
        for question in questions[: len(questions) // 2]:
            save_answer(
                attempt=attempt,
                position=question.position,
                raw=answer_to(question.item, right=False, rng=self.rng),
                sequence=2,
                now=self.diary.spend(0.2),
            )


def _how_easy(question: AttemptQuestion) -> float:
    """The same for everybody, so that some questions turn out harder than others."""
    return random.Random(question.question_key.int).uniform(-0.15, 0.12)  # noqa: S311


def _drawn_to(unit: Any) -> float:
    """The share of those who come to a voluntary unit and take it: people talk about cases."""
    return 0.9 if isinstance(unit, CaseStudyPage) else 0.5


REPLIES = (
    "Dear Mr Seidel, your new laptop will not be ready today, because the disk has not arrived. "
    "Monday at 11:00 is realistic. For your trip I have put aside a loan device for you; please "
    "collect it at the office until 17:00 today. I will write again on Monday at 12:00.",
    "Dear Sir, we are very sorry for the inconvenience. Our team is doing its very best to "
    "deliver your laptop as soon as possible. We kindly ask for your patience.",
    "Hello Mr Seidel, the laptop is late, the disk is missing. You can take a loan device with "
    "you, it is in the office until 17:00. Your own laptop should come on Monday.",
)
"""What simulated agents write, so that a trainer finds something to mark."""


def answer_to(item: Item, *, right: bool, rng: random.Random) -> Any:
    """A right or a wrong answer, in the JSON shape in which the page sends it.

    Who does not know the answer to anything but a choice leaves it open.
    """
    definition = item.definition
    if definition["kind"] == "true_false":
        return definition["answer"] if right else not definition["answer"]
    if item.is_written:
        return rng.choice(REPLIES)
    if definition["kind"] != "choice":
        patterns = item.correct_responses()
        return item.decode(patterns[0]) if right and patterns else None
    correct = [option["id"] for option in definition["options"] if option["correct"]]
    wrong = [option["id"] for option in definition["options"] if not option["correct"]]
    if right:
        return correct
    # Most who err take the first wrong option that looks like a right one.
    tempting = wrong[0] if rng.random() < 0.6 else rng.choice(wrong)
    return [*correct[:-1], tempting] if definition["multiple"] else [tempting]
