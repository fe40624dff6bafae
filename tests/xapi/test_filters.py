"""What a lane takes: by client, engagement and verb, and voidings with what they take back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID, uuid5

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from attune.xapi import filters, health, lanes, outbox, verbs
from attune.xapi.models import Delivery, FilteredBy, GivenUp, Lane, StatementRecord
from attune.xapi.statements import (
    Activity,
    ActivityType,
    Context,
    Result,
    Score,
    Statement,
    Tags,
    activity_id,
    build,
    statement_id,
    void,
)
from tests.delivery.conftest import SPACE

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
SCORE = Score(scaled=0.5, raw=1, minimum=0, maximum=2)
RESULTS: dict[str, Result | None] = {
    verbs.PASSED.id: Result(success=True, score=SCORE),
    verbs.FAILED.id: Result(success=False, score=SCORE),
    verbs.COMPLETED.id: Result(completion=True),
}


def say(name: str, verb: verbs.Verb) -> Statement:
    return build(
        deed=f"filter:{name}",
        actor=uuid5(SPACE, "maria"),
        verb=verb,
        activity=Activity(
            id=activity_id("quiz", uuid5(SPACE, "quiz")),
            type=ActivityType.ASSESSMENT,
            name={"en": "What did you keep?"},
        ),
        at=NOW,
        context=Context(
            registration=uuid5(SPACE, "registration"),
            parent=(Activity(id=activity_id("module", uuid5(SPACE, "module")), name={}),),
            extensions={},
        ),
        result=RESULTS.get(verb.id),
    )


def take_back(name: str, target: str) -> Statement:
    return void(
        deed=f"filter:{name}",
        actor=uuid5(SPACE, "maria"),
        target=statement_id(f"filter:{target}"),
        at=NOW,
        registration=uuid5(SPACE, "registration"),
    )


def keep(
    statement: Statement, *, client: str = "nordlicht", engagement: str = "nordlicht-habagat"
) -> UUID:
    tags = Tags(engagement=engagement, client=client, vendor="habagat", kind="test")
    with transaction.atomic():
        outbox.record(statement, tags=tags)
    return statement.id


def make(
    name: str = "lane",
    *,
    engagements: Iterable[str] = (),
    verbs: Sequence[verbs.Verb] = (),
    **fields: Any,
) -> Lane:
    lane = Lane.objects.create(**{"name": name, "endpoint": "https://lrs.example/", **fields})
    choose(lane, engagements=engagements, verbs=verbs)
    return lane


def choose(
    lane: Lane, *, engagements: Iterable[str] = (), verbs: Sequence[verbs.Verb] = ()
) -> None:
    filters.set_values(
        lane,
        {
            FilteredBy.ENGAGEMENT: list(engagements),
            FilteredBy.VERB: [verb.id for verb in verbs],
        },
    )


def on(lane: Lane) -> set[UUID]:
    return set(Delivery.objects.filter(lane=lane).values_list("record__statement_id", flat=True))


def test_values_of_one_field_are_alternatives_and_both_fields_must_fit() -> None:
    lane = make(engagements=["nordlicht-habagat", "cedar-habagat"], verbs=[verbs.PASSED])
    both = keep(say("both", verbs.PASSED))
    other = keep(say("other", verbs.PASSED), engagement="cedar-habagat", client="cedar")
    keep(say("wrong verb", verbs.FAILED))
    keep(say("wrong engagement", verbs.PASSED), engagement="nordlicht-monsun")
    keep(say("no engagement", verbs.PASSED), engagement="")
    assert on(lane) == {both, other}


def test_a_lane_without_filters_takes_everything() -> None:
    lane = make()
    made = {keep(say("one", verbs.PASSED)), keep(say("two", verbs.FAILED), engagement="")}
    assert on(lane) == made


def test_a_value_fits_as_a_whole_and_as_it_is_written() -> None:
    lane = make(engagements=["nordlicht", "NORDLICHT-HABAGAT", "nordlicht_habagat", "%"])
    keep(say("one", verbs.PASSED), engagement="nordlicht-habagat")
    assert on(lane) == set()


def test_a_voiding_follows_what_it_takes_back_whatever_the_verbs() -> None:
    passed_only = make("passed only", verbs=[verbs.PASSED])
    failed_only = make("failed only", verbs=[verbs.FAILED])
    everything = make("everything")
    passed = keep(say("result", verbs.PASSED))
    voiding = keep(take_back("voiding", "result"))
    assert on(passed_only) == {passed, voiding}
    assert on(failed_only) == set()
    assert on(everything) == {passed, voiding}


def test_a_voiding_in_the_same_command_as_its_target_follows_it_too() -> None:
    lane = make(verbs=[verbs.PASSED])
    tags = Tags(engagement="x", client="nordlicht", vendor="habagat", kind="test")
    with transaction.atomic():
        outbox.record_many(
            [(say("result", verbs.PASSED), tags), (take_back("voiding", "result"), tags)]
        )
    assert len(on(lane)) == 2


def test_a_voiding_reaches_a_lane_that_was_narrowed_after_the_target_was_delivered() -> None:
    lane = make()
    keep(say("result", verbs.PASSED))
    Delivery.objects.update(delivered_at=NOW)
    choose(lane, engagements=["elsewhere"], verbs=[verbs.COMPLETED])
    lanes.settings_changed(lane)
    voiding = keep(take_back("voiding", "result"))
    assert voiding in on(lane)


def test_a_voiding_does_not_climb_the_fence_of_the_client() -> None:
    lane = make()
    keep(say("result", verbs.PASSED), client="nordlicht")
    Delivery.objects.update(delivered_at=NOW)
    Lane.objects.update(client="cedar")
    voiding = keep(take_back("voiding", "result"), client="nordlicht")
    assert voiding not in on(lane)


def test_what_no_longer_fits_is_withdrawn_with_its_voiding_and_what_now_fits_comes() -> None:
    lane = make(verbs=[verbs.PASSED])
    keep(say("passed", verbs.PASSED))
    keep(take_back("voiding", "passed"))
    failed = keep(say("failed", verbs.FAILED))
    choose(lane, verbs=[verbs.FAILED])
    lanes.settings_changed(lane)
    assert on(lane) == {failed}
    choose(lane)
    lanes.settings_changed(lane)
    assert len(on(lane)) == 3


def test_what_was_quarantined_or_given_up_is_withdrawn_and_what_was_delivered_stays() -> None:
    lane = make()
    for name in ("delivered", "quarantined", "given up"):
        keep(say(name, verbs.PASSED))
    delivered, quarantined, given_up = Delivery.objects.order_by("record_id")
    Delivery.objects.filter(pk=delivered.pk).update(delivered_at=NOW)
    Delivery.objects.exclude(pk=delivered.pk).update(quarantined_at=NOW)
    GivenUp.objects.create(delivery=given_up, at=NOW, by="alex", note="theirs")
    choose(lane, verbs=[verbs.FAILED])
    lanes.settings_changed(lane)
    assert list(Delivery.objects.all()) == [delivered]
    assert not GivenUp.objects.exists()
    assert quarantined.lane == lane


def test_a_lane_with_nothing_that_fits_is_not_due() -> None:
    lane = make()
    keep(say("one", verbs.FAILED))
    assert lanes.due() == [lane.pk]
    choose(lane, verbs=[verbs.PASSED])  # past every door of ours
    assert lanes.due() == []


def test_an_archived_statement_cannot_be_sent_to_a_new_lane() -> None:
    keep(say("one", verbs.PASSED))
    StatementRecord.objects.update(body="", archive="2026.jsonl.gz")
    lane = make()
    assert lanes.enqueue_missing(lane) == 0


def test_recording_stays_two_commands_whatever_the_lanes(
    django_assert_num_queries: Any,
) -> None:
    for number in range(6):
        make(f"lane {number}", engagements=["a", "b"], verbs=[verbs.PASSED, verbs.FAILED])
    with transaction.atomic(), django_assert_num_queries(2):
        outbox.record(
            say("one", verbs.PASSED),
            tags=Tags(engagement="a", client="nordlicht", vendor="habagat", kind="test"),
        )
    assert Delivery.objects.count() == 6


def test_a_sweep_with_nothing_new_asks_little(
    settings: Any, django_assert_num_queries: Any
) -> None:
    settings.ATTUNE_LRS_ENDPOINT = "https://lrs.example/xapi"
    settings.ATTUNE_LRS_VERBS = ["passed"]
    lanes.sync_environment_lane()
    with django_assert_num_queries(2):
        lanes.sync_environment_lane()


def test_the_environments_lane_has_filters(settings: Any) -> None:
    settings.ATTUNE_LRS_ENDPOINT = "https://lrs.example/xapi"
    settings.ATTUNE_LRS_ENGAGEMENTS = [" nordlicht-habagat ", ""]
    settings.ATTUNE_LRS_VERBS = ["passed", verbs.FAILED.id, "https://a.example/verbs/own"]
    passed = keep(say("passed", verbs.PASSED))
    keep(say("elsewhere", verbs.PASSED), engagement="cedar-habagat")
    keep(say("completed", verbs.COMPLETED))
    lane = lanes.sync_environment_lane()
    assert lane is not None
    assert on(lane) == {passed}
    (report,) = health.lane_reports(NOW)
    assert report.engagements == ("nordlicht-habagat",)
    assert set(report.verbs) == {
        verbs.PASSED.id,
        verbs.FAILED.id,
        "https://a.example/verbs/own",
    }
    assert report.as_json()["engagements"] == ["nordlicht-habagat"]
    out = StringIO()
    call_command("outbox", "status", stdout=out)
    assert "only engagements nordlicht-habagat" in out.getvalue()
    settings.ATTUNE_LRS_ENGAGEMENTS = []
    settings.ATTUNE_LRS_VERBS = []
    lane = lanes.sync_environment_lane()
    assert lane is not None
    assert len(on(lane)) == 3


def test_the_sweep_looks_only_at_what_could_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "KEYS_IN_DOUBT", 1)
    ids = [keep(say(f"{number}", verbs.PASSED)) for number in range(6)]
    keys = list(StatementRecord.objects.order_by("pk").values_list("pk", flat=True))
    StatementRecord.objects.filter(pk__in=keys[:4]).update(recorded_at=NOW - timedelta(days=1))
    lane = make()
    lanes.settings_changed(lane)
    assert len(on(lane)) == 6
    Delivery.objects.all().delete()
    assert lanes.settle() == 3  # the two new ones, and one key in doubt
    assert on(lane) == set(ids[3:])


def test_codes_are_known_from_the_records() -> None:
    assert filters.known_codes("engagement") == []
    for number, code in enumerate(["b", "a", "b", "", "c"]):
        keep(say(str(number), verbs.PASSED), engagement=code, client="z")
    assert filters.known_codes("engagement") == ["a", "b", "c"]
    assert filters.known_codes("client") == ["z"]
    with pytest.raises(ValueError, match="vendor"):
        filters.known_codes("vendor")


def test_reports_cost_no_query_more_for_filters(django_assert_max_num_queries: Any) -> None:
    for number in range(3):
        make(f"lane {number}", engagements=["a"], verbs=[verbs.PASSED])
    with django_assert_max_num_queries(2 + 4 * 3):
        assert len(health.lane_reports(NOW)) == 3
    assert connection.queries is not None
