"""Every address of the site × every role × two tenants with canaries.

A new address without an expectation fails. A canary of one client seen by somebody of the
other fails; so does one that its own people see nowhere, since a walk that sees nothing
proves nothing. The usual run walks as everybody of the first pair and as a stranger; the
second pair and the administrator, who repeat it the other way round, are in ``make test-all``.
"""

from __future__ import annotations

import pytest

from tests.tenancy import world as worlds
from tests.tenancy.doors import doors
from tests.tenancy.expectations import may_know, rule_for
from tests.tenancy.walk import ROLES, VISITORS, Visitor, Walk, walk

USUAL = [visitor for visitor in VISITORS if visitor.mark == "n" or visitor.role == "anonymous"]
REPEATED = [visitor for visitor in VISITORS if visitor not in USUAL]
# Met by the administrator alone, or by nobody through an address that the walk knows yet.
NOT_MET_BY_OWNERS = {
    "documentupload",
    "engagementcode",
    "imageupload",
    "lane",
    "redirect",
    "vaultdocumenttext",
}


def test_every_address_has_an_expectation() -> None:
    without = sorted({door.name for door in doors() if rule_for(door) is None})
    assert not without, f"say in expectations.py who may open: {', '.join(without)}"


def walked(visitors: list[Visitor]) -> tuple[worlds.World, list[Walk]]:
    world = worlds.build()
    return world, [walk(world, visitor) for visitor in visitors]


def wrong_in(walks: list[Walk]) -> str:
    return "\n".join(each.report() for each in walks if each.findings)


@pytest.mark.django_db
def test_nobody_meets_what_is_anothers_and_everybody_meets_their_own() -> None:
    world, walks = walked(USUAL)
    assert not wrong_in(walks), wrong_in(walks)
    seen = {canary for each in walks for canary in each.seen}
    unseen = {
        kind
        for mark, kind in world.tenants["n"].planted
        if any(may_know(role, kind) for role in ROLES) and (mark, kind) not in seen
    }
    assert unseen <= NOT_MET_BY_OWNERS, f"seen by none of its owners: {sorted(unseen)}"


@pytest.mark.slow
@pytest.mark.django_db
def test_the_other_way_round_and_the_administrator() -> None:
    _world, walks = walked(REPEATED)
    assert not wrong_in(walks), wrong_in(walks)
