"""``as_data`` gives what ``fill`` takes: whatever is written out can be read in again."""

from __future__ import annotations

from typing import Any

import pytest
from wagtail.models import Locale

from attune.quizzes.questions import question_type
from attune.quizzes.services import write_question
from tests.quizzes.kinds import KINDS

pytestmark = pytest.mark.django_db

EXAMPLES = [(kind, example) for kind in KINDS for example in KINDS[kind].examples]


@pytest.mark.parametrize(("kind", "example"), EXAMPLES)
def test_what_is_written_out_is_what_was_read_in(kind: str, example: str) -> None:
    given = dict(KINDS[kind].examples[example])
    question = write_question(
        kind=kind,
        owner=None,
        locale=Locale.get_default(),
        title="Planning",
        prompt="<p>So?</p>",
        data=given,
    )
    kept: Any = question_type(kind).objects.get(pk=question.pk)
    data = kept.as_data()
    assert {name: data[name] for name in given} == given
    again = question_type(kind)(locale=Locale.get_default(), title="Planning")
    again.fill(data)
    assert again.as_data() == data
