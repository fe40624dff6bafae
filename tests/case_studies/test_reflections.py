"""Cases to read: what is saved, who reads it, when it counts, what leaves the house."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from wagtail.models import Page

from attune.case_studies.models import Reflection, ReflectionQuestion, ReflectiveCasePage
from attune.case_studies.models.reflective import MAX_CHARACTERS, words_in
from attune.case_studies.reflecting import (
    NotTaken,
    finish_reading,
    save_reflection,
    share_reflection,
    withdraw_reflection,
)
from attune.case_studies.reflective_views import UNSENT
from attune.enrolments.models import Enrolment
from attune.enrolments.readers import Reader, reader_for
from attune.people.models import Person
from attune.xapi.linting import lint
from attune.xapi.models import StatementRecord
from tests import factories
from tests.case_studies.support import NOW
from tests.conftest import Content, Pair

pytestmark = pytest.mark.django_db
GOLDEN = Path(__file__).parent / "golden"
ENOUGH = "At home silence can be peace, there it was a yellow note."
KEYS = [uuid.UUID(f"00000000-0000-4000-8000-{number:012x}") for number in (101, 102)]


@dataclass(frozen=True)
class ReadSet:
    page: ReflectiveCasePage
    person: Person
    pair: Pair
    content: Content

    @property
    def reader(self) -> Reader:
        found = reader_for(self.person.user, self.page)
        assert found is not None
        return found

    def save(self, key: uuid.UUID = KEYS[0], text: str = ENOUGH, **fields: Any) -> Any:
        return save_reflection(
            **{
                "reader": self.reader,
                "page": self.page,
                "question_key": key,
                "text": text,
                "sequence": 1,
                "now": NOW,
                **fields,
            }
        )

    def address(self, key: uuid.UUID = KEYS[0]) -> str:
        return reverse("attune_reflections:reflection", args=[self.page.pk, key])


@pytest.fixture
def read_set(nordlicht_habagat: Pair, nordlicht_content: Content, maria: Person) -> ReadSet:
    module = nordlicht_content.module
    page = ReflectiveCasePage(
        title="Two desks",
        locale=module.locale,
        provenance="Invented.",
        least_words=10,
        story=[("prose", "<p>A note on a monitor.</p>")],
    )
    page.questions = [
        ReflectionQuestion(
            locale=module.locale, translation_key=key, sort_order=number, text=f"Question {number}?"
        )
        for number, key in enumerate(KEYS)
    ]
    module.add_child(instance=page)
    page.save_revision().publish()
    factories.enrol(maria, nordlicht_content.programme, nordlicht_habagat.engagement, now=NOW)
    return ReadSet(page, maria, nordlicht_habagat, nordlicht_content)


def colleague(read_set: ReadSet, name: str, *, team: Any = None) -> Person:
    """Another agent of the vendor, in the same team unless told, who owes the case too."""
    person = factories.agent(name, team or read_set.pair.team)
    factories.enrol(person, read_set.content.programme, read_set.pair.engagement, now=NOW)
    return person


def test_what_cannot_be_kept_is_refused_and_changes_nothing(read_set):
    with pytest.raises(LookupError):
        read_set.save(uuid.uuid4())
    for text in ("x" * (MAX_CHARACTERS + 1), "no\x00sign"):
        with pytest.raises(NotTaken):
            read_set.save(text=text)
    with pytest.raises(NotTaken):
        share_reflection(reader=read_set.reader, page=read_set.page, question_key=KEYS[0], now=NOW)
    with pytest.raises(NotTaken, match="2 questions still need"):
        finish_reading(reader=read_set.reader, page=read_set.page, now=NOW)
    assert not Reflection.objects.exists()


def test_a_save_that_was_overtaken_changes_nothing(read_set):
    assert read_set.save(text="second", sequence=2).saved
    late = read_set.save(text="first", sequence=1)
    assert (late.saved, late.sequence) == (False, 2)
    assert read_set.save(text="second", sequence=1).saved  # the same text is kept already
    assert read_set.save(text="third", newest=True).sequence == 3
    assert Reflection.objects.get().text == "third"
    assert words_in(" two \n\n words ") == 2


def test_who_reads_a_reflection(read_set, hana, ines, klaus, administrator, outsider_trainer):
    team_mate = colleague(read_set, "Ben Bautista")
    elsewhere = colleague(
        read_set, "Cora Castro", team=factories.team(read_set.pair.engagement, "Night desk")
    )
    everybody = [team_mate, elsewhere, hana, ines, klaus, administrator, outsider_trainer]
    read_set.save()

    def readers() -> set[str]:
        return {
            person.full_name
            for person in everybody
            if Reflection.objects.visible_to(person.user).exists()
        }

    assert readers() == set()
    assert Reflection.objects.visible_to(read_set.person.user).count() == 1
    assert not Reflection.objects.visible_to(AnonymousUser()).exists()
    about = {"reader": read_set.reader, "page": read_set.page, "question_key": KEYS[0]}
    share_reflection(**about, now=NOW)
    assert readers() == {each.full_name for each in (team_mate, klaus, administrator)}
    withdraw_reflection(**about, now=NOW)
    assert readers() == set()
    share_reflection(**about, now=NOW)
    read_set.save(text="", sequence=5)
    assert readers() == set()  # nothing is left to share


def test_a_team_mate_reads_after_writing(read_set, client, as_user):
    read_set.save(text=f"{ENOUGH} Zikade.")
    share_reflection(reader=read_set.reader, page=read_set.page, question_key=KEYS[0], now=NOW)
    mate = colleague(read_set, "Ben Bautista")
    client = as_user(client, mate)
    before = client.get(read_set.page.url).text
    assert "Zikade" not in before
    assert "1 colleague of your team has shared" in before
    sent = client.post(read_set.address(), {"text": ENOUGH, "go": "share"}, follow=True)
    assert "Zikade" in sent.text
    assert "Saved and shared" in sent.text


def test_the_pages_of_a_learner(read_set, client, as_user):
    client = as_user(client, read_set.person)
    page = client.get(read_set.page.url)
    assert "at least 10 words on each of the 2 questions" in page.text
    short = client.post(
        read_set.address(),
        {"text": "Too short.", "sequence": "1"},
        headers={"accept": "application/json"},
    )
    assert short.json() == {"saved": True, "sequence": 1, "words": 2, "enough": False}
    finish = reverse("attune_reflections:finish", args=[read_set.page.pk])
    assert "still need a reflection" in client.post(finish, follow=True).text
    late = client.post(
        read_set.address(),
        {"text": "Later", "sequence": "1"},
        headers={"accept": "application/json"},
    )
    assert late.status_code == 409
    for key in KEYS:
        assert client.post(read_set.address(key), {"text": ENOUGH}).status_code == 303
    assert client.post(finish).status_code == 302
    assert "You have completed this case" in client.get(read_set.page.url).text
    too_long = client.post(read_set.address(), {"text": "x" * (MAX_CHARACTERS + 1)}, follow=True)
    assert "up to 6000 can be kept" in too_long.text
    assert "x" * MAX_CHARACTERS in too_long.text  # refused is not lost
    assert client.get(read_set.address()).url == f"{read_set.page.url}#question-{KEYS[0]}"


def test_a_text_sent_after_the_session_ended_is_not_lost(read_set, client, as_user):
    asked = client.post(
        read_set.address(), {"text": ENOUGH}, headers={"accept": "application/json"}
    )
    assert asked.status_code == 401
    to_sign_in = client.post(read_set.address(), {"text": ENOUGH})
    assert to_sign_in.status_code == 302
    assert "two-desks" not in to_sign_in.url  # a stranger learns no names
    assert client.session[UNSENT]["text"] == ENOUGH
    client = as_user(client, read_set.person)
    page = client.get(read_set.page.url)
    assert ENOUGH in page.text
    assert "This text was not saved yet" in page.text
    client.post(read_set.address(), {"text": ENOUGH})
    assert UNSENT not in client.session


def test_who_only_looks(read_set, client, as_user, klaus, hana, outsider):
    read_set.save(text=f"{ENOUGH} Zikade.")
    share_reflection(reader=read_set.reader, page=read_set.page, question_key=KEYS[0], now=NOW)
    read_set.save(KEYS[1], text="Grille")
    trainers = as_user(client, klaus).get(read_set.page.url).text
    assert "Zikade" in trainers
    assert "Grille" not in trainers
    assert "<textarea" not in trainers
    assert "Zikade" not in as_user(client, hana).get(read_set.page.url).text
    for person in (klaus, hana, outsider):
        assert as_user(client, person).post(read_set.address(), {"text": "x"}).status_code == 404


def test_what_leaves_the_house(read_set):
    Person.objects.filter(pk=read_set.person.pk).update(pseudonym=KEYS[0])
    Enrolment.objects.update(registration=KEYS[1])
    content = read_set.content
    for number, page in enumerate((read_set.page, content.module, content.programme), start=10):
        Page.objects.filter(pk=page.pk).update(translation_key=uuid.UUID(int=number))
        page.refresh_from_db()
    read_set.person.refresh_from_db()
    for key in KEYS:
        read_set.save(key)
    Reflection.objects.filter(question_key=KEYS[0]).update(deed=uuid.UUID(int=1))
    finish_reading(reader=read_set.reader, page=read_set.page, now=NOW + timedelta(minutes=9))
    finish_reading(reader=read_set.reader, page=read_set.page, now=NOW + timedelta(minutes=10))
    rows = StatementRecord.objects.order_by("pk").values_list("kind", "body")
    about = [(kind, json.loads(body)) for kind, body in rows]
    elsewhere = ("registered", "programme_initialized", "module_initialized")
    assert [kind for kind, _body in about if kind not in elsewhere] == [
        "unit_initialized",
        "reflection_answered",
        "reflection_answered",
        "unit_completed",
        "unit_terminated",
    ]
    assert all(lint(body) == [] for _kind, body in about)
    assert not any("yellow" in body for _kind, body in rows)
    answered = next(body for kind, body in about if kind == "reflection_answered")
    golden = GOLDEN / "reflection_answered.json"
    assert golden.is_file(), json.dumps(answered, indent=2)
    assert answered == json.loads(golden.read_text())


def test_what_the_page_costs(client, as_user, read_set, django_assert_num_queries):
    """The same whether one colleague has shared something or ten have."""
    as_user(client, read_set.person)
    read_set.save()
    client.get(read_set.page.url)
    for number in range(10):
        if number in (0, 9):
            with django_assert_num_queries(12):
                client.get(read_set.page.url)
        mate = colleague(read_set, f"Mate {number}")
        theirs = reader_for(mate.user, read_set.page)
        save_reflection(
            reader=theirs,
            page=read_set.page,
            question_key=KEYS[0],
            text=ENOUGH,
            sequence=1,
            now=NOW,
        )
        share_reflection(reader=theirs, page=read_set.page, question_key=KEYS[0], now=NOW)
