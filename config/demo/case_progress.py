"""How simulated agents go through case studies: the same services, seeded like everything else.

Who is able chooses well more often, nobody always; so every branch has its people, and the path
report something to show.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import datetime

from attune.case_studies.branching import engine
from attune.case_studies.branching.values import Choice
from attune.case_studies.freezing import case_of_attempt
from attune.case_studies.models import CaseStudyPage, Reflection, ReflectiveCasePage
from attune.case_studies.reflecting import finish_reading, save_reflection, share_reflection
from attune.case_studies.services import decide, start_attempt
from attune.enrolments.readers import Reader
from attune.enrolments.services import start_unit

Spend = Callable[[float], datetime]
"""Lets minutes pass and gives the moment after them."""

SECOND_TRIES = 0.3
SHARED = 0.7


def play(
    page: CaseStudyPage, reader: Reader, *, ability: float, rng: random.Random, spend: Spend
) -> None:
    """Walk the case to an ending; some walk it once more."""
    tries = 2 if rng.random() < SECOND_TRIES else 1
    for number in range(tries):
        attempt = start_attempt(reader=reader, page=page, now=spend(rng.uniform(0.5, 2)))
        case = case_of_attempt(attempt)
        stands = engine.start(case)
        while not stands.ended:
            offered = engine.offered(case, stands)
            chosen = _chosen(offered, ability=ability + 0.2 * number, rng=rng)
            decide(
                attempt=attempt,
                reader=reader,
                position=len(stands.path) + 1,
                choice_key=chosen.key,
                now=spend(rng.uniform(0.4, 2.2)),
            )
            stands = engine.take(case, stands, chosen.key)


def _chosen(offered: tuple[Choice, ...], *, ability: float, rng: random.Random) -> Choice:
    """The more points, the likelier; ability says how much so."""
    weights = [math.exp((ability - 0.6) * sum(choice.points.values())) for choice in offered]
    return rng.choices(offered, weights)[0]


def reflect(page: ReflectiveCasePage, reader: Reader, *, rng: random.Random, spend: Spend) -> None:
    """Read, write on each question, perhaps share, and finish.

    No two people write the same: when all texts have been used, nobody else takes the unit.
    """
    questions = page.questions_in_order()
    written = Reflection.objects.filter(question_key=questions[0].translation_key).count()
    if written >= len(REFLECTIONS[0]):
        return
    start_unit(reader=reader, unit=page, now=spend(1))
    spend(page.minutes * rng.uniform(0.3, 0.6))
    for question, texts in zip(questions, REFLECTIONS, strict=False):
        now = spend(rng.uniform(2, 5))
        save_reflection(
            reader=reader,
            page=page,
            question_key=question.translation_key,
            text=texts[written],
            sequence=1,
            now=now,
        )
        if rng.random() < SHARED:
            share_reflection(
                reader=reader, page=page, question_key=question.translation_key, now=spend(0.2)
            )
    finish_reading(reader=reader, page=page, now=spend(0.5))


REFLECTIONS = (
    (
        "I choose Enzo. He was new, and he had no ticket. In my first account I also wrote such "
        "a last line in the handover, so that nobody could say that I complain about the network "
        "of the client. If my team lead had said once “call them, also if you are not sure”, I "
        "would have called.",
        "The night shift. Each time it was only two minutes, and then it worked again. Why report "
        "something that repairs itself? I would do the same at home with my router. It needs "
        "somebody who says that two minutes every night are interesting, and a way to report it "
        "which takes less than two minutes.",
        "Both sides thought that they were being considerate. Enzo did not want to blame, the "
        "shift did not want to disturb. It was good of them, really. What was missing was a place "
        "for things that are not yet a problem. For me that is the weekly call, because there "
        "nobody has to be brave.",
    ),
    (
        "Mr Henning heard: my part, your part, finished. Enzo heard: you made a mistake, in front "
        "of everybody. Once a German engineer wrote to me “this is wrong, please correct”. I was "
        "sad the whole day, and the next morning he sent me a joke. For him it was only about the "
        "number in the list.",
        "If I was Lorna I would tell Enzo in private that the second half of the sentence was the "
        "important one: a customer said in front of his own people that they should have written "
        "a ticket. I think that this was a kind of praise, but nobody translated it for him on "
        "that evening.",
        "In Chemnitz they share the guilt in two halves and go home. For us the person who is "
        "named in front of others stays alone with it. I was told “you could have asked” in a "
        "meeting, and I heard that I am not good enough. Later I saw that he told everybody so, "
        "also his own boss.",
    ),
    (
        "My yellow note is Mr Seidel. He always sounds angry, so I answer him in the ticket and do "
        "not ring, even when a call would take one minute. Next week I will ring him once, with a "
        "prepared first sentence: the result. If it goes badly I have lost one minute only.",
        "I never write to the second level that their reply was not clear to me. I read it five "
        "times and try. It is because I do not want to look slow. A small step would be to answer "
        "with one question, “do you mean A or B?”, and to see how long it takes them.",
        "When I see the same fault for the third time, I close the ticket like the first two, "
        "since each of them is solved. I will keep a small list, and on Tuesday I give it to my "
        "team lead. Perhaps it is nothing. But in the story that was just the sentence with which "
        "it began.",
    ),
)
"""What simulated agents write, by question of the demo's case to read."""
