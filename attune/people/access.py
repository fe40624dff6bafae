"""Who may see whom, and which results: the single place where tenancy is decided.

``reach_of(user)`` turns a user's memberships of today into a small value; querysets and
``can_*`` rules ask that value and nothing else. In words:

- an agent reaches themself;
- vendor HR and managers reach their own organisation's people, and what those people
  earned in that vendor's engagements;
- client HR and managers reach the people of their engagements and their own staff, and
  what was earned in those engagements;
- a trainer authors for the client that employs them; results are not theirs to read;
- the administrator (superuser) reaches everything;
- everyone else reaches nothing, and our own URLs answer 404.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils import timezone

if TYPE_CHECKING:
    from attune.people.models import Person

READING_ROLES = frozenset({"hr", "manager"})


@dataclass(frozen=True, slots=True)
class Reach:
    """What one user reaches on one day. Organisation ids by what they may do there."""

    everything: bool = False
    person_id: int | None = None
    vendors: frozenset[int] = frozenset()
    """Vendors whose people the user may see (HR, manager)."""
    clients: frozenset[int] = frozenset()
    """Clients whose engagements the user may see (HR, manager)."""
    manages: frozenset[int] = frozenset()
    """Organisations whose people the user may add and change (HR)."""
    authors_for: frozenset[int] = frozenset()
    """Clients for which the user writes (trainer)."""
    employers: frozenset[int] = frozenset()
    """Organisations where the user works today, in whatever role."""

    @property
    def reads_results(self) -> bool:
        return self.everything or bool(self.vendors or self.clients)

    @property
    def organisations(self) -> frozenset[int]:
        return self.vendors | self.clients


NOWHERE = Reach()


def person_of(user: Any) -> Person | None:
    """The person who is signed in as ``user``, or None."""
    if not getattr(user, "is_authenticated", False):
        return None
    return getattr(user, "attune_person", None)


def reach_of(user: Any, *, on: date | None = None) -> Reach:
    """What ``user`` reaches on a day (today unless told). Two queries, kept on the user object.

    The day is UTC's: access must not depend on the zone of whoever happens to look.
    """
    if not getattr(user, "is_authenticated", False) or not user.is_active:
        return NOWHERE
    today = timezone.now().date()
    on = on or today
    kept: tuple[date, Reach] | None = getattr(user, "_attune_reach", None)
    if kept is not None and kept[0] == on:
        return kept[1]
    person = person_of(user)
    reach = Reach(everything=bool(user.is_superuser))
    if person is not None:
        reach = _reach_of_person(person, on=on, everything=bool(user.is_superuser))
    if on == today:
        user._attune_reach = (today, reach)
    return reach


def _reach_of_person(person: Person, *, on: date, everything: bool) -> Reach:
    rows = (
        person.memberships.active(on)
        .values_list("organisation_id", "organisation__kind", "roles__role")
        .order_by()
    )
    by_duty: dict[str, set[int]] = {
        name: set() for name in ("vendor", "client", "manages", "authors", "employers")
    }
    for organisation_id, kind, role in rows:
        by_duty["employers"].add(organisation_id)
        if role in READING_ROLES:
            by_duty[kind].add(organisation_id)
        if role == "hr":
            by_duty["manages"].add(organisation_id)
        if role == "trainer" and kind == "client":
            by_duty["authors"].add(organisation_id)
    return Reach(
        everything=everything,
        person_id=person.pk,
        vendors=frozenset(by_duty["vendor"]),
        clients=frozenset(by_duty["client"]),
        manages=frozenset(by_duty["manages"]),
        authors_for=frozenset(by_duty["authors"]),
        employers=frozenset(by_duty["employers"]),
    )


def results_within(user: Any, *, engagement: str = "engagement", person: str = "person") -> Q:
    """The filter for rows that hold a result earned in an engagement.

    Results are visible by result, not only by person: what someone did for another client
    or another vendor stays there. ``engagement`` and ``person`` are lookup paths.
    """
    reach = reach_of(user)
    if reach.everything:
        return Q()
    allowed = Q(pk__in=[])
    if reach.person_id is not None:
        allowed |= Q(**{person: reach.person_id})
    if reach.clients:
        allowed |= Q(**{f"{engagement}__client__in": reach.clients})
    if reach.vendors:
        allowed |= Q(**{f"{engagement}__vendor__in": reach.vendors})
    return allowed


def counted_within(user: Any, *, engagement: str = "engagement") -> Q:
    """The filter for results that may be counted for the user, in figures that name nobody.

    HR and managers count what their reports speak about. A trainer may read nobody's result,
    but has to know whether a question measures anything: so what was earned in the client's
    own engagements is counted for them, and never shown by person, nor below a least number
    (``quizzes.analysis.flags.MIN_ATTEMPTS``). One's own results elsewhere are no part of it.
    ``engagement`` is a lookup path, empty for engagements themselves.
    """
    reach = reach_of(user)
    if reach.everything:
        return Q()
    at = f"{engagement}__" if engagement else ""
    allowed = Q(pk__in=[])
    if clients := reach.clients | reach.authors_for:
        allowed |= Q(**{f"{at}client__in": clients})
    if reach.vendors:
        allowed |= Q(**{f"{at}vendor__in": reach.vendors})
    return allowed


def knows_keys_of(user: Any) -> frozenset[int] | None:
    """Clients whose right answers the user may read: its trainers, HR and managers.

    A vendor's HR reads results, but the questions are the client's, and whoever prepares
    people for a quiz does not get its key. ``None`` stands for every client.
    """
    reach = reach_of(user)
    return None if reach.everything else reach.clients | reach.authors_for


def can_manage_people_of(user: Any, organisation_id: int) -> bool:
    reach = reach_of(user)
    return reach.everything or organisation_id in reach.manages


def can_author_for(user: Any, organisation_id: int | None) -> bool:
    """May the user write for this client? ``None`` stands for the shared library."""
    reach = reach_of(user)
    if reach.everything:
        return True
    return organisation_id is not None and organisation_id in reach.authors_for


def forget_reach(users: Iterable[Any]) -> None:
    """Drop what was kept on these user objects after their memberships changed."""
    for user in users:
        # Not through __dict__: request.user is a lazy wrapper around the user.
        if getattr(user, "_attune_reach", None) is not None:
            del user._attune_reach
