"""One visitor walks through every door: what they were let into, and what they saw there.

Findings are gathered, not raised, so that one run names everything that is wrong. Nothing
that a visit writes stays: each is made in a savepoint and taken back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.urls import NoReverseMatch, reverse

from tests import factories
from tests.tenancy.canaries import Canary, canaries_in, canaries_of
from tests.tenancy.doors import Door, doors
from tests.tenancy.expectations import Rule, may_know, rule_for
from tests.tenancy.world import Tenant, World

ROLES = ("agent", "trainer", "vendorhr", "clienthr")
SPARE = 2
"""How many subjects of a kind are tried by those to whom the door opens for none of them."""


@dataclass(frozen=True)
class Visitor:
    role: str
    mark: str = ""

    def __str__(self) -> str:
        return f"{self.role} of {self.mark}" if self.mark else self.role


VISITORS = (
    Visitor("anonymous"),
    *(Visitor(role, mark) for mark in "nc" for role in ROLES),
    Visitor("administrator"),
)


@dataclass(frozen=True)
class Answer:
    status: int
    location: str
    canaries: frozenset[Canary]
    writes: tuple[str, ...]

    @property
    def is_fault(self) -> bool:
        return self.status >= 500

    @property
    def refuses_the_method(self) -> bool:
        return self.status == 405

    @property
    def lets_in(self) -> bool:
        """Something was shown or done. A redirect to a sign-in page or home is a refusal."""
        if self.status in (401, 403, 404, 405) or self.is_fault:
            return False
        if self.status not in (301, 302, 303):
            return True
        refusals = {
            reverse("wagtailadmin_login"),
            reverse("wagtailadmin_home"),
            reverse(settings.LOGIN_URL),
        }
        return urlsplit(self.location).path not in refusals


@dataclass
class Walk:
    visitor: Visitor
    findings: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    seen: dict[Canary, set[str]] = field(default_factory=lambda: defaultdict(set))
    visits: int = 0

    def report(self) -> str:
        lines = [f"{self.visitor}: {len(self.findings)} findings"]
        for (door, what), addresses in sorted(self.findings.items()):
            more = f" and {len(addresses) - 1} more" if len(addresses) > 1 else ""
            lines.append(f"  {door}: {what}: {addresses[0]}{more}")
        return "\n".join(lines)


class QuietClient(Client):
    """A test client that keeps no copy of every template's context: half the time of a visit."""

    def request(self, **request: Any) -> Any:
        response = self.handler(self._base_environ(**request))
        self.cookies.update(response.cookies)
        return response


class Walker:
    """Signs a visitor in, knocks, judges."""

    def __init__(self, world: World, visitor: Visitor) -> None:
        self.world = world
        self.walk = Walk(visitor)
        self.planted = {each for tenant in world.tenants.values() for each in tenant.planted}
        self.client = QuietClient(raise_request_exception=False)
        self.user = self._user()
        self._sign_in()

    def _user(self) -> Any:
        visitor = self.walk.visitor
        if visitor.mark:
            return self.world.tenants[visitor.mark].people[visitor.role].user
        return self.world.administrator.user if visitor.role == "administrator" else None

    def _sign_in(self) -> None:
        if self.user is not None:
            factories.as_user(self.client, self.user)

    # --- Walking ------------------------------------------------------------------------------

    def through(self, all_doors: list[Door]) -> Walk:
        for door in all_doors:
            rule = rule_for(door)
            if rule is not None:
                self._at(door, rule)
        return self.walk

    def _at(self, door: Door, rule: Rule) -> None:
        opened, tried = False, []
        for tenant, arguments in self._subjects(door, rule):
            try:
                address = door.address({**arguments, **dict(rule.arguments)})
            except (KeyError, NoReverseMatch) as missing:
                self._find(door, f"lacks an argument: {missing!r}"[:150], door.route)
                continue
            is_foreign = tenant is not None and tenant.mark != self.walk.visitor.mark
            if self.walk.visitor.role == "administrator":
                is_foreign = False
            answer: Answer | None = None
            for method in rule.methods:
                if (
                    method != "get"
                    and answer is not None
                    and not (answer.refuses_the_method or (is_foreign and len(tried) < SPARE))
                ):
                    break
                answer = self.knock(method, address)
                self._judge(door, rule, f"{method} {address}", answer, is_foreign=is_foreign)
                opened = opened or (answer.lets_in and not is_foreign)
            tried.append(address)
        for query in rule.queries if tried and not tried[0].count("?") else ():
            address = f"{tried[0]}?{query.format_map(self._foreign_numbers)}"
            self._judge(door, rule, f"get {address}", self.knock("get", address))
        if not opened and tried and self.walk.visitor.role in rule.opens_for:
            opened = self._opens_for_any(door, rule, tried)
        self._judge_opening(door, rule, opened=opened, tried=tried)

    def _opens_for_any(self, door: Door, rule: Rule, tried: list[str]) -> bool:
        """Whether one of the subjects that were spared opens it: a lesson has no children."""
        for tenant, arguments in self._subjects(door, rule, every=True):
            if tenant is not None and tenant.mark != (self.walk.visitor.mark or "n"):
                continue
            address = door.address({**arguments, **dict(rule.arguments)})
            if address in tried:
                continue
            for method in rule.methods:
                answer = self.knock(method, address)
                self._judge(door, rule, f"{method} {address}", answer)
                if answer.lets_in:
                    return True
        return False

    def _subjects(
        self, door: Door, rule: Rule, *, every: bool = False
    ) -> Iterator[tuple[Tenant | None, dict[str, Any]]]:
        """With whose subjects to knock; None as the owner where all may meet it."""
        if not rule.about:
            yield None, {}
            return
        if not door.parameters and not self._has_queries(rule):
            yield None, {}
            return
        visitor = self.walk.visitor
        opens = visitor.role in rule.opens_for
        for mark, tenant in self.world.tenants.items():
            if mark != "n" and (rule.is_shared or visitor.role == "administrator"):
                continue
            is_own = mark == visitor.mark
            thorough = every or (opens and (rule.all_types or not (is_own or not visitor.mark)))
            kinds: dict[str, int] = defaultdict(int)
            for name, arguments in tenant.subjects.items():
                if not any(fnmatchcase(name, pattern) for pattern in rule.about):
                    continue
                if name.startswith("cross ") and not is_own:
                    continue
                kinds[name.split()[0]] += 1
                if thorough or kinds[name.split()[0]] <= (SPARE if opens else 1):
                    is_ours = rule.is_shared or name in tenant.shared
                    yield None if is_ours else tenant, arguments

    def _has_queries(self, rule: Rule) -> bool:
        return any(
            "query" in arguments
            for name, arguments in self.world.tenants["n"].subjects.items()
            if any(fnmatchcase(name, pattern) for pattern in rule.about)
        )

    @cached_property
    def _foreign_numbers(self) -> dict[str, Any]:
        return self.world.other(self.walk.visitor.mark or "n").numbers

    # --- Knocking -----------------------------------------------------------------------------

    def knock(self, method: str, address: str, data: Any = None) -> Answer:
        self.walk.visits += 1
        with transaction.atomic(), writes() as written:
            response = getattr(self.client, method)(address, data)
            sent = unquote(address) + str(data or "")
            found = canaries_of(response, sent=sent) | self._messages(response)
            transaction.set_rollback(True)
        self.client.cookies.pop("messages", None)
        session = self.client.cookies.get(settings.SESSION_COOKIE_NAME)
        if self.user is not None and (session is None or not session.value):
            self._sign_in()
        return Answer(
            status=response.status_code,
            location=response.get("Location", ""),
            # Tokens are random: now and then one reads like a canary that nobody planted.
            canaries=frozenset(found & self.planted),
            writes=tuple(written),
        )

    @staticmethod
    def _messages(response: Any) -> set[Canary]:
        """What the next page would tell: Wagtail names things in the reasons for a refusal."""
        waiting = getattr(getattr(response, "wsgi_request", None), "_messages", None)
        told = getattr(waiting, "_queued_messages", [])
        return canaries_in(" ".join(str(each) for each in told))

    # --- Judging ------------------------------------------------------------------------------

    def _judge(
        self, door: Door, rule: Rule, visit: str, answer: Answer, *, is_foreign: bool = False
    ) -> None:
        visitor = self.walk.visitor
        if answer.is_fault and not rule.crashes:
            self._find(door, f"answers {answer.status}", visit)
        for mark, kind in sorted(answer.canaries):
            if may_know(visitor.role, kind) and mark in (visitor.mark or "nc"):
                self.walk.seen[mark, kind].add(visit)
            elif not (rule.is_capability):
                whose = "foreign" if visitor.mark and mark != visitor.mark else "own, not theirs:"
                self._find(door, f"shows {whose} {kind}", visit)
        if not is_foreign or rule.is_capability:
            return
        if answer.lets_in and not rule.opens_to_strangers:
            self._find(door, f"lets a stranger in ({answer.status} {answer.location})", visit)
        if answer.writes:
            self._find(door, f"lets a stranger write: {answer.writes[0]}", visit)
        is_neighbour = visitor.role in rule.opens_for and visitor.role != "anonymous"
        if rule.is_ours and is_neighbour and answer.status not in (404, 405):
            self._find(door, f"answers a wrong tenant {answer.status}, not 404", visit)

    def _judge_opening(self, door: Door, rule: Rule, *, opened: bool, tried: list[str]) -> None:
        role = self.walk.visitor.role
        if not tried:
            self._find(door, "has no subject to be tried with", str(rule.about))
        elif opened and role not in rule.opens_for:
            self._find(door, f"opens to {role}", tried[0])
        elif (
            not opened and role in rule.opens_for and not (role == "anonymous" and door.parameters)
        ):
            self._find(door, f"stays shut to {role}", tried[0])

    def _find(self, door: Door, what: str, visit: str) -> None:
        self.walk.findings[door.name, what].append(visit)


@contextmanager
def writes() -> Iterator[list[str]]:
    """What is written to the database meanwhile, but for sessions."""
    written: list[str] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(("INSERT", "UPDATE", "DELETE")) and "django_session" not in sql:
            written.append(sql[:80])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield written


def walk(
    world: World, visitor: Visitor, *, only: tuple[str, ...] = ("*",), but: tuple[str, ...] = ()
) -> Walk:
    chosen = [
        door
        for door in doors()
        if any(fnmatchcase(door.name, one) for one in only)
        and not any(fnmatchcase(door.name, one) for one in but)
    ]
    return Walker(world, visitor).through(chosen)
