"""Names in braces: what is read, what is refused, and that a value stays plain text."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st
from wagtail.models import Locale

from attune.cultures.models import ClientCard, SlaTarget
from attune.cultures.variables import (
    VARIABLES,
    fill,
    fill_plain,
    in_words,
    names_in,
    problems,
    references,
    values_for,
)
from tests import factories


@pytest.mark.parametrize(
    ("text", "code", "position", "words"),
    [
        ("Dear {{ client.greting }}", "unknown", 5, "Did you mean “client.greeting”?"),
        ("{{ password }}", "unknown", 0, "The names are: client.name,"),
        ("{{ client.name.__class__ }}", "unknown", 0, "There is no"),
        ("Hello {{ client.name", "not_closed", 6, "Expected “}}”"),
        ("{{ client.name {{ client.name }}", "not_closed", 0, "not closed"),
        ("Hello }} there", "not_opened", 6, "nothing has opened"),
        ("{{ }}", "unreadable", 0, "braces are empty"),
        ("{{&nbsp;}}", "unreadable", 0, "braces are empty"),
        ("{{ client name }}", "unreadable", 0, "is not understood"),
        ("<p>{{ <b>client.name</b> }}</p>", "unreadable", 3, "formatting between the braces"),
        ("{{ client.name | }}", "empty_fallback", 0, "nothing behind the bar"),
        ("{{ client.name | " + "x" * 201 + " }}", "long_fallback", 0, "200 characters"),
        ("a { client.name } b", "single_braces", 2, "two braces"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    text: str, code: str, position: int, words: str
) -> None:
    (problem,) = problems(text)
    assert (problem.code, problem.position) == (code, position)
    assert words in problem.message


def test_what_is_right_is_read() -> None:
    text = (
        "{{client.name}}, {{ client.greeting | Good morning, }} {{&nbsp;sla.resolution&nbsp;|"
        "&nbsp;soon&nbsp;}} { x } {{ client.name }}"
    )
    assert problems(text) == ()
    assert names_in(text) == ("client.name", "client.greeting", "sla.resolution")
    assert [each.fallback for each in references(text)] == [None, "Good morning,", "soon", None]
    shared = problems(text, needs_fallback=True)
    assert [(each.code, each.position) for each in shared] == [
        ("no_fallback", 0),
        ("no_fallback", text.rindex("{{")),
    ]


def test_a_value_is_plain_text_and_a_fallback_is_the_authors() -> None:
    values = {"client.name": "<b>Müller & Söhne</b>"}
    text = "<p>{{ client.name }} {{ client.contact | <i>you</i> }}{{ client.contact | A &amp; B }}"
    filled, missing = fill(text, values)
    assert filled.startswith("<p>&lt;b&gt;Müller &amp; Söhne&lt;/b&gt; ")
    assert filled.endswith("A &amp; B")
    assert missing == ()
    assert fill_plain("{{ client.name }}", values) == ("<b>Müller & Söhne</b>", ())


def test_nothing_is_filled_in_inside_a_tag() -> None:
    text = '<a href="{{ client.name }}">{{ client.name }}</a>'
    filled, _missing = fill(text, {"client.name": "javascript:alert(1)"})
    assert filled == '<a href="{{ client.name }}">javascript:alert(1)</a>'


def test_a_missing_value_is_named_and_shown_as_a_gap() -> None:
    assert fill("<p>{{ client.contact }}</p>", {"client.contact": ""}) == (
        "<p>[the single point of contact]</p>",
        ("client.contact",),
    )
    # A value is not read again: what stands in it is nobody's name.
    assert fill_plain("{{ client.name }}", {"client.name": "{{ client.contact }}"})[1] == ()


pieces = st.lists(
    st.sampled_from(
        ["{{", "}}", "{", "}", "|", " ", "&nbsp;", "client.name", "x", "<b>", "<", ">", "&", "ß"]
    ),
    max_size=25,
).map("".join)


@given(pieces)
def test_any_text_is_read_and_whatever_is_right_is_filled(text: str) -> None:
    found = problems(text)
    assert all(0 <= each.position < len(text) for each in found)
    filled, missing = fill_plain(text, {each.name: "value" for each in VARIABLES})
    if not found:
        assert missing == ()
        assert "{{" not in filled


@given(pieces, st.text(max_size=20))
def test_no_value_brings_a_tag_into_rich_text(text: str, value: str) -> None:
    with_value, _missing = fill(text, {"client.name": value})
    without, _missing = fill(text, {"client.name": "value"})
    for sign in "<>":
        assert with_value.count(sign) == without.count(sign)


def test_minutes_in_words() -> None:
    words = [in_words(minutes) for minutes in (0, 1, 60, 270, 2880)]
    assert words == ["0 minutes", "1 minute", "1 hour", "4 hours 30 minutes", "48 hours"]


# --- What the card says ------------------------------------------------------------------------


def _card(client: Any, **fields: Any) -> ClientCard:
    fields.setdefault("locale", Locale.get_default())
    card = ClientCard(client=client, **fields)
    card.full_clean()
    card.save()
    return card


def test_an_engagement_says_what_differs(cast: Any) -> None:
    client, engagement = cast.nordlicht.client, cast.nordlicht.engagement
    assert values_for(client, "en") == {"client.name": "Nordlicht Maschinenbau"}
    _card(client, name="Nordlicht", greeting="Guten Tag,", contact="Frau Vogt")
    _card(client, locale=factories.german(), contact="Frau Vogt, Durchwahl 12")
    _card(engagement.client, engagement=engagement, contact="Hana")
    _card(cast.cedar.client, name="Cedar", greeting="Hi there,")
    english = values_for(engagement, "en")
    assert english["client.name"] == "Nordlicht"
    assert english["client.contact"] == "Hana"
    assert values_for(client, "en")["client.contact"] == "Frau Vogt"
    german = values_for(engagement, "de")
    assert german["client.contact"] == "Frau Vogt, Durchwahl 12"
    assert german["client.greeting"] == "Guten Tag,"
    assert "client.greeting" not in values_for(engagement, "de", fall_back=False)


def test_targets_of_single_teams_that_differ_are_not_the_target(cast: Any) -> None:
    client, engagement = cast.nordlicht.client, cast.nordlicht.engagement
    SlaTarget.objects.create(client=client, team="Plants", first_response=15, resolution=60)
    SlaTarget.objects.create(client=client, team="Offices", first_response=30, resolution=60)
    values = values_for(client, "en")
    assert "sla.first_response" not in values
    assert values["sla.resolution"] == "1 hour"
    SlaTarget.objects.create(client=client, first_response=20)
    SlaTarget.objects.create(client=client, engagement=engagement, first_response=90)
    SlaTarget.objects.create(client=client, priority="critical", first_response=5)
    assert values_for(client, "en")["sla.first_response"] == "20 minutes"
    values = values_for(engagement, "en")
    assert values["sla.first_response"] == "1 hour 30 minutes"
    assert values["sla.first_response.critical"] == "5 minutes"


def test_what_cannot_be_kept_is_refused(cast: Any) -> None:
    nordlicht, cedar = cast.nordlicht, cast.cedar
    _card(nordlicht.client)
    refused: list[tuple[type[Any], dict[str, Any], str]] = [
        (ClientCard, {"client": nordlicht.vendor}, "not a client"),
        (
            ClientCard,
            {"client": nordlicht.client, "engagement": cedar.engagement},
            "another client’s",
        ),
        (ClientCard, {"client": nordlicht.client}, "Change that one"),
        (ClientCard, {"client": cedar.client, "greeting": "{{ client.name }}"}, "braces"),
        (SlaTarget, {"client": cedar.client, "first_response": 0}, "greater than or equal to 1"),
        (
            SlaTarget,
            {"client": cedar.client, "first_response": 60, "resolution": 30},
            "Nothing is solved before",
        ),
    ]
    for model, fields, words in refused:
        row = model(**fields)
        if model is ClientCard:
            row.locale = Locale.get_default()
        with pytest.raises(ValidationError, match=words):
            row.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        ClientCard.objects.create(client=nordlicht.client, locale=Locale.get_default())


def test_who_reads_which_card(cast: Any) -> None:
    own = _card(cast.nordlicht.client)
    special = _card(cast.nordlicht.client, engagement=cast.nordlicht.engagement)
    foreign = _card(cast.cedar.client)
    for person in cast.nordlicht.people:
        assert set(ClientCard.objects.visible_to(person.user)) == {own, special}
    assert set(ClientCard.objects.visible_to(cast.cedar.agent.user)) == {foreign}
    assert set(ClientCard.objects.editable_by(cast.nordlicht.trainer.user)) == {own, special}
    for person in (cast.nordlicht.agent, cast.nordlicht.vendor_hr, cast.nordlicht.client_hr):
        assert not ClientCard.objects.editable_by(person.user).exists()
