"""Putting things in order: each row is given a place, by a select or by moving it.

For every type whose answer is an order (steps, rankings). Pure but for the form. A place is
a whole number from 1; an order that is not finished may leave places free, but no two rows
have the same one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from attune.quizzes.questions.items import AnswerForm, ResponseError
from attune.quizzes.questions.rows import in_order, read_rows


def read_places(raw: Any, texts: Mapping[str, str]) -> dict[str, int]:
    """The place of each row by its id, from any JSON; rows without one are left out.

    :raises ResponseError: in words, also where two rows have the same place.
    """
    places = read_rows(raw, list(texts))
    for place in places.values():
        if isinstance(place, bool) or not isinstance(place, int) or not 1 <= place <= len(texts):
            raise ResponseError(
                gettext("A place is a whole number from 1 to %(last)d.") % {"last": len(texts)}
            )
    taken: dict[int, str] = {}
    for each, place in places.items():
        if place in taken:
            raise ResponseError(
                gettext(
                    "Place %(place)d is given twice: to “%(one)s” and to “%(other)s”. Give each "
                    "a place of its own."
                )
                % {"place": place, "one": texts[taken[place]], "other": texts[each]}
            )
        taken[place] = each
    return places


class PlacesForm(AnswerForm):
    """One select per row, ``row_1`` being the first that the attempt shows.

    The item has ``texts`` (the text of each row by its id) and ``places_of(response)``.
    """

    item: Any

    def build(self, response: Any) -> None:
        texts = self.item.texts
        places = self.item.places_of(response)
        self.rows = in_order(texts, self.order)
        choices = [
            ("", gettext("Place …")),
            *((str(place), str(place)) for place in range(1, len(texts) + 1)),
        ]
        for number, each in enumerate(self.rows, start=1):
            self.fields[f"row_{number}"] = forms.ChoiceField(
                label=texts[each],
                required=False,
                choices=choices,
                initial=str(places.get(each, "")),
                widget=forms.Select(attrs={"aria-describedby": "question-hint"}),
                error_messages={"invalid_choice": _("There is no such place.")},
            )

    def raw_response(self) -> Any:
        places = {
            each: int(place)
            for number, each in enumerate(self.rows, start=1)
            if (place := self.cleaned_data.get(f"row_{number}"))
        }
        return places or None

    @property
    def fields_in_place(self) -> Sequence[forms.BoundField]:
        """The fields as they were put in order; as the attempt shows them until they are."""
        fields = list(self)
        places = [str(field.value() or "") for field in fields]
        if sorted(places) != sorted(str(place) for place in range(1, len(fields) + 1)):
            return fields
        return sorted(fields, key=lambda field: int(field.value()))
