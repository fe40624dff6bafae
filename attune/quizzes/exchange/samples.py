"""One question of each type for the template of the tables, as a trainer might write it."""

from __future__ import annotations

from typing import Any

from attune.quizzes.exchange.contract import Draft
from attune.quizzes.exchange.table_kinds import KINDS
from attune.quizzes.exchange.texts import from_plain
from attune.quizzes.questions import question_types

# kind → (short name, question, data)
EXAMPLES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "true_false": (
        "Late or not",
        "A call at 9:05 for a meeting at 9:00 is late.",
        {"answer": True, "feedback_true": "Right.", "feedback_false": "9:00 means 9:00."},
    ),
    "choice": (
        "A reply to plan with",
        "With which reply can a colleague plan?",
        {
            "multiple": False,
            "options": [
                {"text": "Today by 15:00.", "correct": True, "feedback": "A time."},
                {"text": "As soon as I can.", "correct": False, "feedback": "When is that?"},
            ],
        },
    ),
    "fill_in": (
        "A greeting",
        "Complete the first line of the mail.",
        {
            "text": "Dear [[1]], thank you for your [[2]].",
            "blanks": [
                {"accepted": ["Frau Schmidt", "Ms Schmidt"], "feedback": "Her surname."},
                {"accepted": ["call", "message"], "near_miss": 1, "feedback": ""},
            ],
        },
    ),
    "written_reply": (
        "An apology",
        "Answer the customer.",
        {
            "situation": "A customer writes: nothing has worked since Monday!",
            "model_answer": "I am sorry. I will call you today by 15:00.",
            "min_words": 20,
            "max_words": 120,
            "rubric": [
                {"criterion": "Names a time", "points": 2, "description": "Day and hour."},
                {"criterion": "Says sorry once", "points": 1, "description": ""},
            ],
        },
    ),
    "matching": (
        "Priorities",
        "How soon does somebody answer?",
        {
            "pairs": [
                {"source": "P1", "target": "15 minutes", "feedback": ""},
                {"source": "P2", "target": "4 hours", "feedback": ""},
            ],
            "distractors": ["Next week"],
        },
    ),
    "sequencing": (
        "A call",
        "Put the steps of a call in order.",
        {
            "partial_credit": True,
            "steps": [
                {"text": "Greet by name", "feedback": ""},
                {"text": "Listen", "feedback": ""},
                {"text": "Sum up and name a time", "feedback": ""},
            ],
        },
    ),
    "performance": (
        "An angry caller",
        "What do you say?",
        {
            "steps": [
                {
                    "text": "The caller shouts.",
                    "right": "Let them finish.",
                    "wrong": ["Calm down!", "I will connect you."],
                    "feedback": "Anger passes when it is heard.",
                },
                {
                    "text": "The caller is quiet.",
                    "right": "You will have it by 15:00.",
                    "wrong": ["We will see."],
                    "feedback": "",
                },
            ]
        },
    ),
    "likert": (
        "How sure",
        "I know whom to ask when I am stuck.",
        {"scale": [{"text": "Not at all"}, {"text": "Partly"}, {"text": "Fully"}]},
    ),
    "numeric": (
        "Hours to answer",
        "Within how many hours is a P2 answered?",
        {"value": "4", "tolerance": "0", "unit": "hours", "feedback": "See the SLA."},
    ),
    "situational": (
        "Four replies",
        "How well does each reply fit?",
        {
            "mode": "rate",
            "replies": [
                {"text": "You have it by 15:00.", "expert": 5, "feedback": ""},
                {"text": "I will look into it.", "expert": 2, "feedback": "When?"},
                {"text": "Please be patient.", "expert": 2, "feedback": ""},
                {"text": "That is not my job.", "expert": 1, "feedback": ""},
            ],
        },
    ),
}


def samples() -> list[Draft]:
    """Of the types that are installed and that a table has columns for."""
    kinds = [model.kind for model in question_types() if model.kind in KINDS]
    return [
        Draft(
            kind=kind,
            prompt=from_plain(question),
            data=data,
            title=title,
            topic="communication",
            difficulty=2,
            tags=("example",),
        )
        for kind in kinds
        if kind in EXAMPLES
        for title, question, data in [EXAMPLES[kind]]
    ]
