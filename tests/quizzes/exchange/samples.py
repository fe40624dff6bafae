"""Questions of every type as plain data, in the words of a help desk."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from attune.quizzes.exchange import Draft

DATA: dict[str, dict[str, Any]] = {
    "true_false": {
        "answer": False,
        "feedback_true": "Five past nine is late: the meeting has begun.",
        "feedback_false": "Right. 9:00 means 9:00 {sharp} #1.",
    },
    "single": {
        "multiple": False,
        "options": [
            {"text": "As soon as I can.", "correct": False, "feedback": "When is that?"},
            {"text": "Today by 15:00 = a time.", "correct": True, "feedback": "A time."},
            {"text": "100% sure ~ maybe", "correct": False, "feedback": ""},
            {"text": "This afternoon.", "correct": False, "feedback": "", "share": 50},
        ],
    },
    "plain_single": {
        "multiple": False,
        "options": [
            {"text": "Noted.", "correct": False},
            {"text": "Monday, 10:00.", "correct": True},
        ],
    },
    "several": {
        "multiple": True,
        "partial_credit": True,
        "options": [
            {"text": "Friday is at risk.", "correct": True, "feedback": "A risk, named."},
            {"text": "Noted.", "correct": False, "feedback": "Sounds like yes."},
            {"text": "Monday, 10:00, is realistic.", "correct": True, "feedback": ""},
            {"text": "<b> is a tag & no answer", "correct": False, "feedback": ""},
        ],
    },
    "all_or_nothing": {
        "multiple": True,
        "partial_credit": False,
        "options": [
            {"text": "Ticket number", "correct": True, "feedback": ""},
            {"text": "Password", "correct": False, "feedback": "Never."},
            {"text": "Time of the call", "correct": True, "feedback": ""},
        ],
    },
    "short": {
        "text": "[[1]]",
        "blanks": [{"accepted": ["Grüß Gott", "Servus"], "feedback": "In Bavaria."}],
    },
    "gaps": {
        "text": "Dear [[1]],\nI will call you [[2]].",
        "blanks": [
            {
                "accepted": ["Frau Schmidt", "Frau | Schmidt"],
                "case_matters": True,
                "accents_matter": True,
                "near_miss": 0,
                "feedback": "Surname; and “Frau”.",
            },
            {
                "accepted": ["tomorrow"],
                "case_matters": False,
                "accents_matter": False,
                "near_miss": 2,
                "feedback": "",
            },
        ],
    },
    "written_reply": {
        "situation": "A customer writes:\n\nNothing works!",
        "model_answer": "I am sorry. I will call you by 15:00.",
        "min_words": 30,
        "max_words": 120,
        "rubric": [
            {"criterion": "Names a time", "description": "Day and hour", "points": 2},
            {"criterion": "Says sorry once", "description": "", "points": 1},
        ],
    },
    "matching": {
        "pairs": [
            {"source": "P1", "target": "15 minutes", "feedback": ""},
            {"source": "P2 -> next", "target": "4 hours", "feedback": ""},
        ],
        "distractors": ["Next week"],
    },
    "sequencing": {
        "partial_credit": True,
        "steps": [
            {"text": "Greet", "feedback": "By name."},
            {"text": "Listen", "feedback": ""},
            {"text": "Sum up", "feedback": ""},
        ],
    },
    "performance": {
        "steps": [
            {
                "text": "The caller shouts.",
                "right": "Let them finish.",
                "wrong": ["Hang up.", "Shout | back."],
                "feedback": "Anger passes.",
            },
            {"text": "It is quiet.", "right": "Sum up.", "wrong": ["Wait."], "feedback": ""},
        ]
    },
    "likert": {"scale": [{"text": "Not at all"}, {"text": "Partly"}, {"text": "Fully"}]},
    "numeric": {"value": "4.5", "tolerance": "0.25", "unit": "hours", "feedback": "Half a day."},
    "range": {"minimum": "-2", "maximum": "3.5", "unit": "", "feedback": ""},
    "at_least": {"minimum": "80", "maximum": None, "unit": "%", "feedback": ""},
    "situational": {
        "mode": "rate",
        "replies": [
            {"text": "I will look into it.", "expert": 2, "feedback": "When?"},
            {"text": "You have it by 15:00.", "expert": 5, "feedback": ""},
            {"text": "=Calm down!", "expert": 1, "feedback": ""},
            {"text": "'t is not mine.", "expert": 1, "feedback": ""},
        ],
    },
}

KIND_OF = {
    "single": "choice",
    "plain_single": "choice",
    "several": "choice",
    "all_or_nothing": "choice",
    "short": "fill_in",
    "gaps": "fill_in",
    "range": "numeric",
    "at_least": "numeric",
}


def draft(name: str, **fields: Any) -> Draft:
    number = list(DATA).index(name) + 1
    return Draft(
        **{
            "kind": KIND_OF.get(name, name),
            "prompt": f"<p>Ticket {number}: what is <b>right</b> at 9:00?</p><p>{{1}} ~=# \\n</p>",
            "data": DATA[name],
            "title": f"Ticket {number}: {name}",
            "explanation": "<p>A time is a promise.</p><ul><li>One</li><li>Two</li></ul>",
            "topic": "etiquette",
            "difficulty": 3,
            "tags": ("escalation", "time"),
            "identifier": str(UUID(int=number)),
            **fields,
        }
    )


DRAFTS = {name: draft(name) for name in DATA}
