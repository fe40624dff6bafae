"""Every address of the site × every role × two tenants with canaries.

A new address without an expectation fails. A canary of one client seen by somebody of the
other fails; so does one that its own people see nowhere, since a walk that sees nothing
proves nothing. The usual run walks as everybody of the first pair and as a stranger; the
second pair and the administrator, who repeat it the other way round, are in ``make test-all``,
and so are the admin's own addresses of eight question types, which are made like those of two.
"""

from __future__ import annotations

import pytest

from attune.enrolments.querysets import EnrolmentQuerySet
from attune.people.querysets import EngagementQuerySet
from attune.quizzes.questions import question_types
from tests.tenancy import world as worlds
from tests.tenancy.doors import doors
from tests.tenancy.expectations import may_know, rule_for
from tests.tenancy.walk import ROLES, VISITORS, Visitor, Walk, walk

USUAL = [visitor for visitor in VISITORS if visitor.mark == "n" or visitor.role == "anonymous"]
OTHERS = [visitor for visitor in VISITORS if visitor not in USUAL]
# Met by the administrator alone, or by nobody through an address that the walk knows yet.
NOT_MET_BY_OWNERS = {
    "documentupload",
    "engagementcode",
    "imageupload",
    "message",
    "messagetext",
    "recipient",
    "recipientmail",
    "redirect",
    "replay",
    "vaultdocumenttext",
}


REPEATED = [model for model in question_types() if model.kind not in ("choice", "true_false")]
REPEATED_DOORS = tuple(
    f"{prefix}_{model._meta.app_label}_{model._meta.model_name}*"
    for model in REPEATED
    for prefix in ("wagtailsnippets", "wagtailsnippetchoosers")
)
REPEATED_CANARIES = tuple(model.kind.replace("_", "") for model in REPEATED)


def test_every_address_has_an_expectation() -> None:
    without = sorted({door.name for door in doors() if rule_for(door) is None})
    assert not without, f"say in expectations.py who may open: {', '.join(without)}"


def walked(
    visitors: list[Visitor], *, but: tuple[str, ...] = ()
) -> tuple[worlds.World, list[Walk]]:
    world = worlds.build()
    return world, [walk(world, visitor, but=but) for visitor in visitors]


def wrong_in(walks: list[Walk]) -> str:
    return "\n".join(each.report() for each in walks if each.findings)


def unseen_in(world: worlds.World, walks: list[Walk]) -> set[str]:
    """Kinds of canary that none of the first pair's people has met."""
    seen = {canary for each in walks for canary in each.seen}
    return {
        kind
        for mark, kind in world.tenants["n"].planted
        if any(may_know(role, kind) for role in ROLES) and (mark, kind) not in seen
    }


@pytest.mark.django_db
def test_nobody_meets_what_is_anothers_and_everybody_meets_their_own() -> None:
    world, walks = walked(USUAL, but=REPEATED_DOORS)
    assert not wrong_in(walks), wrong_in(walks)
    unseen = {kind for kind in unseen_in(world, walks) if not kind.startswith(REPEATED_CANARIES)}
    assert unseen <= NOT_MET_BY_OWNERS, f"seen by none of its owners: {sorted(unseen)}"


@pytest.mark.slow
@pytest.mark.django_db
def test_every_question_type_as_well() -> None:
    world = worlds.build()
    walks = [walk(world, visitor, only=REPEATED_DOORS) for visitor in USUAL]
    assert not wrong_in(walks), wrong_in(walks)
    assert any(kind.startswith(REPEATED_CANARIES) for each in walks for _mark, kind in each.seen)


@pytest.mark.slow
@pytest.mark.django_db
def test_the_other_way_round_and_the_administrator() -> None:
    _world, walks = walked(OTHERS)
    assert not wrong_in(walks), wrong_in(walks)


@pytest.mark.slow
@pytest.mark.django_db
def test_a_leak_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The walk itself can fail: with the filter gone, it names door and canary."""
    monkeypatch.setattr(EngagementQuerySet, "results_visible_to", lambda self, user: self)
    monkeypatch.setattr(EnrolmentQuerySet, "visible_to", lambda self, user: self)
    world = worlds.build()
    leaking = walk(world, Visitor("clienthr", "n"), only=("attune_reports:completion*",))
    assert any("shows foreign" in what for _door, what in leaking.findings), leaking.report()
