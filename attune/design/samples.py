"""Sample values for the style guide: plain data, shaped like what the real pages pass."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.utils.translation import gettext_lazy as _

from attune.design.templatetags.attune_design import STATES, icon_names


class SampleForm(forms.Form):
    """A field of each kind, one of them wrong."""

    email = forms.EmailField(
        label=_("E-mail address"), help_text=_("The one your team lead entered.")
    )
    team = forms.ChoiceField(
        label=_("Team"), choices=[("a", "Service desk, early shift"), ("b", "Late shift")]
    )
    remember = forms.BooleanField(label=_("I have read the lesson to its end"), required=False)


DIALOGUE = {
    "setting": "A call at 08:10 German time. Liza Santos answers in Manila. Ms Petersen works in purchasing in Bremen.",
    "lines": [
        {
            "speaker": "Liza",
            "says": "Nordlicht service desk, good morning. My name is Liza Santos. How can I help?",
            "heard": "Company, name, question. She can start.",
        },
        {
            "speaker": "Caller",
            "says": "Petersen, moin. I cannot open the supplier list.",
            "heard": "Surname and problem in one breath. This is efficient, not unfriendly.",
        },
        {
            "speaker": "Liza",
            "says": "Good morning, Ms Petersen. You cannot open the supplier list. Do you see an error message?",
            "heard": "",
        },
        {
            "speaker": "Caller",
            "says": "Yes. “Access denied”. By the way, you can call me Anke.",
            "heard": "She has offered first names.",
        },
    ],
}

DO_DONT = {
    "pairs": [
        {
            "do": "Say “Ms Petersen” once when you begin and once when you close.",
            "dont": "Say “Ma'am” or “Sir” in every sentence.",
            "reason": "In the Philippines it shows care. Many Germans hear a script, or feel placed above you, "
            "and that makes them uneasy. The surname gives the same respect.",
        },
        {
            "do": "When a deadline will fail, say so as soon as you know, and give the new one.",
            "dont": "Wait until the deadline has passed in the hope of good news.",
            "reason": "A moved deadline can be planned for. A missed one cannot.",
        },
    ]
}

COMPARISON = {
    "heading": "How respect is shown in a name",
    "home_label": "Often in Manila",
    "target_label": "Often in Bremen and Chemnitz",
    "rows": [
        {
            "aspect": "Respect to a customer",
            "home": "“Sir” or “Ma'am”, often with the first name: “Ma'am Anke”",
            "target": "Surname with Frau or Herr, or Ms or Mr in English: “Ms Petersen”",
        },
        {
            "aspect": "Academic title",
            "home": "“Doc”, “Doctora”",
            "target": "“Dr” before the surname: “Dr Albrecht”. Used until the person drops it",
        },
        {
            "aspect": "Who moves to first names",
            "home": "Happens easily, often at once",
            "target": "By tradition the older or more senior person offers it. At a desk, let the caller offer",
        },
    ],
}

CHECKLIST = {
    "title": "Before you send a ticket reply",
    "items": [
        "The first sentence gives the status.",
        "Somebody is named who acts next.",
        "The deadline has a clock time and a time zone.",
    ],
}

MESSAGE = {
    "medium": "ticket",
    "subject": "Shared mailbox for the Chemnitz warehouse",
    "before": "Hi Sir Thomas,\n\nNoted on this. We are already coordinating with the concerned team and will revert "
    "once there is an update. Rest assured we are doing our best to resolve this the soonest possible time.\n\n"
    "Thank you for your patience and understanding.",
    "after": "Hello Mr Seidel,\n\nThe mailbox is not ready yet. The Exchange team must approve it first. I asked them "
    "today at 09:20 and expect their answer by 16:00.\n\nI will write to you here today by 16:30 German time, with "
    "or without their answer.\n\nKind regards\nPaolo Mendoza",
    "why": [
        "The first sentence gives the status.",
        "The reader knows who acts next, and since when.",
        "The promise is about an update, which Paolo controls, and not about the answer, which he does not.",
    ],
}

CHAT = {
    "medium": "chat",
    "subject": "Jonas, Nordlicht IT",
    "before": "Hi Sir Jonas good day!\n\nMay I just ask po if you have a minute?",
    "after": "Hi Jonas. Ticket 4711: the VPN profile is missing on Dr Albrecht's laptop.\n\nCan you push it before 11:00?",
    "why": ["The question comes with the greeting, so that one answer is enough."],
}

SELF_CHECK = {
    "question": "It is 14:50 German time. You promised Ms Kruse a call at 15:00 with the cause of her printer problem. "
    "You will need another hour to find it. What is best?",
    "options": [
        {
            "text": "Call at 15:00, say the cause is not known yet, and agree a new time",
            "correct": True,
            "feedback": "Yes. You keep the promise you control, and she can plan again.",
        },
        {
            "text": "Call at 16:00, when you have the full answer",
            "correct": False,
            "feedback": "The answer is good, but she has waited an hour for a call that did not come.",
        },
        {
            "text": "Write at 15:30 that you are still working on it",
            "correct": False,
            "feedback": "Better than silence, but the promise was broken at 15:00.",
        },
    ],
    "explanation": "The promise was a call at 15:00. An honest “not yet” on time builds more trust than a full answer "
    "that comes late without warning.",
}

STEPS = [
    {
        "title": "Names, titles and greetings",
        "url": "#",
        "kind": "lesson",
        "minutes": 8,
        "state": "completed",
        "summary": "Start with the surname, listen for what the caller prefers, and follow.",
    },
    {
        "title": "Time, punctuality and promises",
        "url": "#",
        "kind": "lesson",
        "minutes": 8,
        "state": "in_progress",
        "summary": "A time that you name is heard as a promise, so name one that you can keep.",
        "current": True,
        "reasons": ["The self-check “It is 14:50 German time…” is not answered yet."],
    },
    {"title": "Small talk", "url": "#", "kind": "lesson", "minutes": 6, "state": "not_started"},
    {
        "title": "Quiz: etiquette",
        "url": "",
        "kind": "quiz",
        "minutes": 10,
        "state": "locked",
        "reasons": ["Opens after “Small talk”."],
    },
]


def sample_context() -> dict[str, Any]:
    """Everything the style guide shows; moments are fixed so that pictures compare."""
    wrong_form = SampleForm({"email": "maria.santos", "team": "a"})
    wrong_form.is_valid()
    return {
        "icons": sorted(icon_names()),
        "states": list(STATES),
        "wrong_form": wrong_form,
        "moment": datetime(2026, 11, 27, 10, 0, tzinfo=UTC),
        "late_moment": datetime(2026, 11, 27, 20, 0, tzinfo=UTC),
        "now": datetime(2026, 11, 1, tzinfo=UTC),
        "page_obj": Paginator(range(100), 10).page(3),
        "crumbs": [
            ("My training", "#"),
            ("Working with German colleagues and customers", "#"),
            ("Style guide", "#"),
        ],
        "reasons": [
            "2 of 3 lessons are not finished: “Time, punctuality and promises” and “Small talk”.",
            "The quiz is not passed yet. It needs 80 %; your best attempt so far has 67 %.",
        ],
        "steps": STEPS,
        "dialogue": DIALOGUE,
        "do_dont": DO_DONT,
        "comparison": COMPARISON,
        "checklist": CHECKLIST,
        "message_example": MESSAGE,
        "chat_example": CHAT,
        "self_check": SELF_CHECK,
        "answered": {"two": {"answered": True, "chosen": [1], "correct": False}},
        "call_outs": [
            {
                "tone": "tip",
                "title": "You made a mistake?",
                "text": "<p>One short sentence is enough: “Sorry, Ms Petersen, I used your first name by mistake.” "
                "Then go on. When you are not sure, <b>start with the surname</b>.</p>",
            },
            {
                "tone": "note",
                "title": "Not every German is on time",
                "text": "<p>Trains in Germany are often late, and people complain about it a lot.</p>",
            },
            {
                "tone": "caution",
                "title": "Personal data",
                "text": "<p>Never paste a screenshot with a payslip into a ticket.</p>",
            },
        ],
        "rich_text": "<h3>Two words for “you”</h3><p>German has two words for “you”. <b>Sie</b> is formal. It goes with "
        "the surname: <i>Frau Petersen</i>, <i>Herr Seidel</i>. <b>Du</b> is informal. It goes with the first name: "
        "<i>Anke</i>, <i>Jonas</i>.</p><p>You work in English, and English has only one “you”. So the <b>name</b> "
        "carries the whole signal. <a href='#'>“Hello Anke”</a> can sound like <i>du</i>.</p><ul><li><b>Guten Tag</b>: "
        "correct all day.</li><li><b>Moin</b>: the friendly greeting of the north, Bremen included. It is used all day, "
        "also in the evening.</li></ul>",
    }
