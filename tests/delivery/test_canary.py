"""A client's lane never receives another client's statement: whatever is recorded, in whatever
order, whatever lanes are set to and however they are changed, also while they are sending."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attune.xapi import delivery, filters, lanes, verbs
from attune.xapi.answers import Answer, Verdict
from attune.xapi.lrs import Found
from attune.xapi.models import Delivery, FilteredBy, GivenUp, Lane, LaneFilter, StatementRecord
from tests.delivery.conftest import make_lane
from tests.delivery.double import Double, serving
from tests.xapi.test_filters import keep, say, take_back

pytestmark = pytest.mark.database

CLIENTS = ("nordlicht", "cedar")
ENGAGEMENTS = ("nordlicht-habagat", "cedar-habagat", "cedar-monsun")
VERBS = (verbs.PASSED, verbs.FAILED, verbs.COMPLETED)


@dataclass(frozen=True)
class Said:
    """What was recorded: by whose client, in which engagement, and what it takes back."""

    client: str
    engagement: str
    verb: str
    voids: str = ""


@dataclass
class Setting:
    """A lane as it is set."""

    client: str = ""
    engagements: frozenset[str] = frozenset()
    verbs: frozenset[str] = frozenset()

    def fits(self, said: Said) -> bool:
        return (
            self.client in ("", said.client)
            and (not self.engagements or said.engagement in self.engagements)
            and (not self.verbs or said.verb in self.verbs)
        )


@dataclass
class World:
    """Two lanes and what was said, beside what each store has received."""

    lanes: list[Lane]
    settings: list[Setting]
    said: dict[str, Said] = field(default_factory=dict)
    received: list[set[str]] = field(default_factory=lambda: [set(), set()])
    meanwhile: list[Any] = field(default_factory=list)


class Store:
    """A store in memory, which belongs to the setting that the lane had when it was opened."""

    def __init__(self, world: World, number: int, trouble: Sequence[int]) -> None:
        self.world, self.number = world, number
        self.setting = world.settings[number]
        self.trouble = list(trouble)
        self.compresses = False

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def post(self, bodies: Sequence[bytes], *, ids: Sequence[str]) -> Answer:
        for body in bodies:
            identifier = json.loads(body)["id"]
            said = self.world.said[identifier]
            assert self.setting.client in ("", said.client), "a canary has flown"
            self.world.received[self.number].add(identifier)
        if self.world.meanwhile:
            change(self.world, *self.world.meanwhile.pop(0))
        if self.trouble and self.trouble.pop(0):
            return Answer(Verdict.UNKNOWN, "503", 503)
        return Answer(Verdict.DELIVERED, "", 204)

    def may_dislike_gzip(self, answer: Answer) -> bool:
        return False

    def find(self, identifier: str) -> Found:
        return Found(Answer(Verdict.UNKNOWN, "503", 503))

    def versions(self) -> None:
        return None


def change(world: World, number: int, setting: Setting, enabled: bool) -> None:
    world.settings[number] = setting
    lane = world.lanes[number]
    lane.client, lane.is_enabled = setting.client, enabled
    lane.save(update_fields=["client", "is_enabled"])
    filters.set_values(
        lane, {FilteredBy.ENGAGEMENT: setting.engagements, FilteredBy.VERB: setting.verbs}
    )
    lanes.settings_changed(lane)


def say_one(world: World, client: str, engagement: str, verb: verbs.Verb) -> None:
    made = say(f"canary {len(world.said)}", verb)
    world.said[str(made.id)] = Said(client, engagement, verb.id)
    keep(made, client=client, engagement=engagement)


def void_one(world: World, which: int) -> None:
    results = [key for key, said in world.said.items() if not said.voids]
    if not results:
        return
    target = results[which % len(results)]
    number = list(world.said).index(target)
    said = world.said[target]
    made = take_back(f"canary {len(world.said)}", f"canary {number}")
    world.said[str(made.id)] = Said(said.client, said.engagement, verbs.VOIDED.id, target)
    keep(made, client=said.client, engagement=said.engagement)


def send(world: World, number: int, trouble: Sequence[int] = ()) -> None:
    Lane.objects.update(retry_at=None, lease_until=None)  # the time has passed
    delivery.deliver(
        world.lanes[number].pk,
        connect=lambda lane, secret: Store(world, number, trouble),  # type: ignore[return-value,arg-type]
    )


SETTINGS = st.builds(
    Setting,
    client=st.sampled_from(("", *CLIENTS)),
    engagements=st.frozensets(st.sampled_from(ENGAGEMENTS), max_size=2),
    verbs=st.frozensets(st.sampled_from([verb.id for verb in (*VERBS, verbs.VOIDED)]), max_size=2),
)
CHANGES = st.tuples(st.sampled_from((0, 1)), SETTINGS, st.booleans())
DEEDS = st.one_of(
    st.tuples(
        st.just("say"),
        st.sampled_from(CLIENTS),
        st.sampled_from(("", *ENGAGEMENTS)),
        st.sampled_from(VERBS),
    ),
    st.tuples(st.just("void"), st.integers(0, 50)),
    CHANGES.map(lambda made: ("change", *made)),
    CHANGES.map(lambda made: ("meanwhile", *made)),
    st.tuples(st.just("send"), st.sampled_from((0, 1)), st.lists(st.booleans(), max_size=3)),
)


def empty() -> None:
    for model in (GivenUp, Delivery, StatementRecord, LaneFilter, Lane):
        model.objects.all().delete()


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(DEEDS, min_size=4, max_size=24), SETTINGS, SETTINGS)
def test_no_canary_flies_and_nothing_that_fits_is_missing(
    committed: None, deeds: list[Any], first: Setting, second: Setting
) -> None:
    empty()
    made = [
        Lane.objects.create(name=str(number), endpoint="https://lrs.example/", batch_size=2)
        for number in (0, 1)
    ]
    world = World(made, [Setting(), Setting()])
    change(world, 0, first, True)
    change(world, 1, second, True)
    act = {"say": say_one, "void": void_one, "change": change, "send": send}
    for name, *arguments in deeds:
        if name == "meanwhile":
            world.meanwhile.append(arguments)
        else:
            act[name](world, *arguments)

    world.meanwhile.clear()
    for number, setting in enumerate(world.settings):
        change(world, number, setting, True)
        for _ in range(3):
            send(world, number)
    assert not Delivery.objects.filter(delivered_at=None).exists()
    for number, setting in enumerate(world.settings):
        for identifier, said in world.said.items():
            target = world.said.get(said.voids)
            # A voiding goes where its target is, whatever is said of its own verb.
            due = (
                setting.fits(said)
                if target is None
                else setting.client in ("", said.client)
                and (
                    setting.fits(target)
                    or Delivery.objects.filter(
                        lane=world.lanes[number], record__statement_id=said.voids
                    ).exists()
                )
            )
            if due:
                assert identifier in world.received[number], (said, setting)
    empty()


def test_over_http_a_canary_stays_at_home_while_its_lane_changes_hands(committed: None) -> None:
    """The lane is given to another client, and to another store, in the middle of a run."""
    with serving() as theirs, serving() as others:
        lane = make_lane(theirs, name="changes hands", batch_size=2, client="nordlicht")
        nordlicht = [keep(say(f"n{number}", verbs.PASSED)) for number in range(6)]
        cedar = [keep(say(f"c{number}", verbs.PASSED), client="cedar") for number in range(6)]

        def hand_over() -> None:
            theirs.before_answer = None
            lane.client, lane.endpoint = "cedar", others.endpoint
            lane.save()
            lanes.settings_changed(lane)
            connection.close()

        theirs.before_answer = hand_over
        delivery.deliver(lane.pk)
        Lane.objects.update(lease_until=None)  # the old sender's lease runs out
        delivery.deliver(lane.pk)
        assert set(theirs.stored) <= {str(each) for each in nordlicht}
        assert set(others.stored) == {str(each) for each in cedar}


def test_the_canary_can_be_seen(committed: None, double: Double) -> None:
    """And is seen by its owner: the test above does not pass for want of statements."""
    lane = make_lane(double, client="nordlicht")
    kept = keep(say("own", verbs.PASSED))
    delivery.deliver(lane.pk)
    assert set(double.stored) == {str(kept)}
