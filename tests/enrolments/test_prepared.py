"""A prepared query answers like the query that it was made from."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import BigAutoField, CharField, Value
from django.test.utils import CaptureQueriesContext

from attune.enrolments.prepared import Prepared
from attune.people.models import Person

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def build(pk: int, word: str) -> Any:
    return Person.objects.filter(pk__lte=pk).annotate(
        said=Value(word, output_field=CharField()), mine=Value(pk)
    )


def fresh() -> Prepared[Person]:
    return Prepared(build, pk=(BigAutoField(), -(2**40)), word=(CharField(), "stand-in"))


def test_each_time_it_answers_for_the_values_given(maria: Person, klaus: Person) -> None:
    prepared = fresh()
    for person in (maria, klaus, maria):
        rows = prepared.rows(pk=person.pk, word=f"it's {person.full_name}")
        expected = build(person.pk, f"it's {person.full_name}")
        assert [(row, row.said) for row in rows] == [(row, row.said) for row in expected]
        assert {row.mine for row in rows} == {person.pk}


def test_one_query_and_no_building_the_second_time(
    maria: Person, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    prepared = fresh()
    prepared.rows(pk=maria.pk, word="first")
    monkeypatch.setattr(prepared, "build", None)
    with django_assert_num_queries(1) as asked:
        (*_others, row) = prepared.rows(pk=maria.pk, word="second")
    assert isinstance(asked, CaptureQueriesContext)
    assert row.said == "second"


def test_a_value_that_is_missing_is_named(maria: Person) -> None:
    with pytest.raises(KeyError, match="word"):
        fresh().rows(pk=maria.pk)


def test_a_query_that_asks_for_less_is_refused(maria: Person) -> None:
    lazy: Prepared[Person] = Prepared(
        lambda pk, word: Person.objects.filter(pk=pk),
        pk=(BigAutoField(), -1),
        word=(CharField(), "stand-in"),
    )
    with pytest.raises(ValueError, match="does not ask for word"):
        lazy.rows(pk=maria.pk, word="x")
