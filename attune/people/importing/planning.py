"""What a file would do, decided line by line against what the organisation has. Pure.

Nothing is guessed: a line that fits two people, or nobody for sure, is refused with a
reason. An empty cell says nothing and changes nothing. Words about what is not the
organisation's own are the same whether or not it exists elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.utils.translation import gettext as _

from attune.people.importing.lines import Wanted, address_key, name_key
from attune.people.importing.plans import Missing, Options, Plan, Step, Verdict, shown
from attune.people.importing.roster import Desk, Job, Known, Place, Roster
from attune.people.importing.teams import plan_team

Tell = Callable[[int, int], None]


def plan_lines(
    lines: Iterable[Wanted],
    *,
    roster: Roster,
    options: Options,
    tell: Tell = lambda done, total: None,
) -> Plan:
    planner = _Planner(roster, options)
    lines = list(lines)
    for number, wanted in enumerate(lines, 1):
        planner.add(wanted)
        if number % 500 == 0:
            tell(number, len(lines))
    return planner.finish()


class _Planner:
    def __init__(self, roster: Roster, options: Options) -> None:
        self.roster = roster
        self.options = options
        self.plan = Plan()
        self.places = dict(roster.places)
        self.desks = {key: list(desks) for key, desks in roster.desks.items()}
        self.team_names = {desk.pk: desk.name for desks in self.desks.values() for desk in desks}
        self.seen: dict[tuple[str, Any], int] = {}

    def add(self, wanted: Wanted) -> None:
        # A plan that is made again begins with the line as it was read.
        wanted.faults = list(wanted.unreadable)
        step = Step(wanted)
        self.plan.steps.append(step)
        self._look_at_employer(wanted)
        if not wanted.faults:
            self._identify(step)
        if not wanted.faults:
            self._refuse_twice(step)
        if not wanted.faults:
            self._decide(step)
        if wanted.faults:
            step.verdict = Verdict.REFUSED
            self.plan.faults += wanted.faults

    def _look_at_employer(self, wanted: Wanted) -> None:
        asked = name_key(wanted.organisation)
        if asked and asked not in (name_key(self.roster.name), name_key(self.roster.code)):
            wanted.refuse(
                "organisation",
                wanted.organisation,
                _("This file is imported for %(organisation)s, and for nobody else.")
                % {"organisation": self.roster.name},
            )

    # --- Who it is ------------------------------------------------------------------------

    def _identify(self, step: Step) -> None:
        wanted = step.wanted
        numbered = self._by_number(wanted)
        addressed = self._by_address(wanted)
        if wanted.faults:
            return
        if numbered and addressed and numbered.pk != addressed.pk:
            wanted.refuse(
                "external_id",
                wanted.external_id,
                _("The personnel number is %(one)s’s, the address %(other)s’s.")
                % {"one": numbered.full_name, "other": addressed.full_name},
            )
            return
        if numbered and not addressed and self._is_somebody_else(wanted, numbered):
            wanted.refuse(
                "external_id",
                wanted.external_id,
                _("This is %(person)s’s personnel number, and name and address are others.")
                % {"person": numbered.full_name},
            )
            return
        step.known = numbered or addressed

    def _by_number(self, wanted: Wanted) -> Known | None:
        if not wanted.external_id:
            return None
        holders = self.roster.by_number.get(wanted.external_id, [])
        today = self.options.applies_on
        running = [known for known, job in holders if job.runs(today)]
        if running:
            return running[-1]
        # Who left keeps the number until somebody else has it: then the address must agree.
        former = {known.pk: known for known, _job in holders}
        if len(former) == 1:
            (known,) = former.values()
            if not wanted.email or address_key(known.email) == address_key(wanted.email):
                return known
        return None

    def _by_address(self, wanted: Wanted) -> Known | None:
        if not wanted.email:
            return None
        found = self.roster.by_address.get(address_key(wanted.email), [])
        if len(found) > 1:
            names = ", ".join(known.full_name for known in found)
            wanted.refuse(
                "email",
                wanted.email,
                _("Several people have this address: %s. Give the personnel number.") % names,
            )
            return None
        return found[0] if found else None

    @staticmethod
    def _is_somebody_else(wanted: Wanted, known: Known) -> bool:
        return bool(
            wanted.email
            and wanted.full_name
            and known.email
            and address_key(wanted.email) != address_key(known.email)
            and name_key(wanted.full_name) != name_key(known.full_name)
        )

    def _refuse_twice(self, step: Step) -> None:
        wanted = step.wanted
        keys: list[tuple[str, str, Any]] = [
            ("external_id", wanted.external_id, wanted.external_id),
            ("email", wanted.email, address_key(wanted.email)),
            ("person", wanted.email or wanted.external_id, step.known and step.known.pk),
        ]
        for kind, value, key in keys:
            if key and (first := self.seen.setdefault((kind, key), wanted.line)) != wanted.line:
                column = kind if kind != "person" else "email" if wanted.email else "external_id"
                reason = _("Line %(line)d is about the same person.") % {"line": first}
                wanted.refuse(column, value, reason)
                return

    # --- What it asks for -----------------------------------------------------------------

    def _decide(self, step: Step) -> None:
        if step.known is not None and step.known.untouchable:
            step.notes.append(
                _("This is your own line, or an administrator’s. No file changes it.")
            )
            return
        step.place = self._place(step.wanted)
        if step.known is None:
            self._newcomer(step)
        else:
            self._describe(step, step.known)
            self._find_job(step, step.known)
        self._fill_job(step)
        if step.wanted.faults:
            return
        self._team(step)
        self._judge(step)

    def _newcomer(self, step: Step) -> None:
        wanted = step.wanted
        for column, value in (("full_name", wanted.full_name), ("email", wanted.email),
                              ("hired_on", wanted.hired_on)):  # fmt: skip
            if not value:
                wanted.refuse(column, "", _("Needed for somebody who is new."))
        step.is_new_job = True

    def _describe(self, step: Step, known: Known) -> None:
        wanted = step.wanted
        for column in ("full_name", "language", "time_zone"):
            value, was = getattr(wanted, column), getattr(known, column)
            if not value or value == was:
                continue
            if known.describable:
                step.person_values[column] = value
                step.change(column, was, value)
            elif column == "full_name":
                step.notes.append(
                    _("Is called “%(name)s” here. People look after their own name.")
                    % {"name": was}
                )
        if wanted.email and address_key(wanted.email) != address_key(known.email):
            if not known.accepted and known.describable:
                step.new_address = wanted.email
                step.change("email", known.email, wanted.email)
            else:
                step.notes.append(
                    _("Signs in with another address. The administrator changes addresses.")
                )

    def _find_job(self, step: Step, known: Known) -> None:
        wanted, today = step.wanted, self.options.applies_on
        same_day = [job for job in known.jobs if job.hired_on == wanted.hired_on]
        running = [job for job in known.jobs if job.runs(today)]
        if same_day:
            step.job = same_day[-1]
        elif running:
            step.job = running[-1]
            ends = step.job.left_on
            if wanted.hired_on and ends is not None and wanted.hired_on > ends:
                step.job, step.is_new_job = None, True
        elif wanted.hired_on and all(
            job.left_on and wanted.hired_on > job.left_on for job in known.jobs
        ):
            step.is_new_job = True
        else:
            step.job = known.jobs[-1]

    def _fill_job(self, step: Step) -> None:
        wanted, job = step.wanted, step.job
        if job is None:
            step.job_values = {
                "hired_on": wanted.hired_on,
                "left_on": wanted.left_on,
                "external_id": wanted.external_id,
                "job_title": wanted.job_title,
            }
            default = "agent" if self.roster.is_vendor else "in_house"
            step.roles = wanted.roles or frozenset({default})
            step.ends_on = wanted.left_on
        elif (
            job.left_on is not None
            and not job.runs(self.options.applies_on)
            and not (wanted.left_on and wanted.left_on != job.left_on)
        ):
            if wanted.left_on is None:
                step.notes.append(
                    _("Left on %(day)s. Give a later first day for somebody who comes back.")
                    % {"day": shown(job.left_on)}
                )
            return
        else:
            self._compare_job(step, job)
        self._refuse_overlap(step)

    def _compare_job(self, step: Step, job: Job) -> None:
        wanted = step.wanted
        for column in ("external_id", "job_title", "hired_on", "left_on"):
            value, was = getattr(wanted, column), getattr(job, column)
            if value and value != was:
                step.job_values[column] = value
                step.change(column, was, value)
        if "left_on" in step.job_values:
            step.ends_on = wanted.left_on
        if wanted.roles and wanted.roles != job.roles:
            step.roles = wanted.roles
            step.change("roles", sorted(job.roles), sorted(wanted.roles))
        if step.place is not None and (step.place.pk is None or step.place.pk != job.location):
            was = next(
                (place.name for place in self.roster.places.values() if place.pk == job.location),
                "",
            )
            step.change("location", was, step.place.name)
        else:
            step.place = None

    def _refuse_overlap(self, step: Step) -> None:
        if step.known is None or (step.job is not None and not step.job_values):
            return
        begins = step.job_values.get("hired_on") or (step.job.hired_on if step.job else None)
        ends = step.job_values.get("left_on") or (step.job.left_on if step.job else None)
        if begins is None:
            return
        if ends is not None and ends < begins:
            step.wanted.refuse(
                "left_on", shown(ends), _("The last day cannot be before the first.")
            )
            return
        for other in step.known.jobs:
            if step.job is not None and other.pk == step.job.pk:
                continue
            if other.runs(begins) and (ends is None or other.hired_on <= ends):
                step.wanted.refuse(
                    "hired_on",
                    shown(begins),
                    _("%(person)s already works there at that time, since %(day)s.")
                    % {"person": step.known.full_name, "day": shown(other.hired_on)},
                )
                return

    # --- Where ----------------------------------------------------------------------------

    def _place(self, wanted: Wanted) -> Place | None:
        if not wanted.location:
            return None
        key = name_key(wanted.location)
        if key in self.places:
            return self.places[key]
        if not self.options.creates_places:
            wanted.refuse(
                "location",
                wanted.location,
                _("%(organisation)s has no such location. Add it, or let the import create it.")
                % {"organisation": self.roster.name},
            )
            return None
        for column, value in (("location_country", wanted.location_country),
                              ("location_time_zone", wanted.location_time_zone)):  # fmt: skip
            if not value:
                wanted.refuse(column, "", _("Needed for a location that is created."))
        if wanted.faults:
            return None
        made = Place(None, wanted.location, wanted.location_country, wanted.location_time_zone)
        self.places[key] = made
        self.plan.places.append(made)
        return made

    def _team(self, step: Step) -> None:
        wanted = step.wanted
        if not wanted.team:
            return
        desk = self._desk(wanted)
        if desk is None:
            return
        begins = step.job_values.get("hired_on") or (step.job.hired_on if step.job else None)
        ends = step.job_values.get("left_on") or (step.job.left_on if step.job else None)
        if begins is None:
            return  # refused for want of it
        outcome = plan_team(
            desk=desk,
            stays=step.known.stays if step.known else [],
            names=self.team_names,
            asked_from=wanted.team_from,
            hired_on=begins,
            left_on=ends,
            is_new_job=step.is_new_job,
            applies_on=self.options.applies_on,
        )
        if outcome.fault:
            wanted.refuse("team_from" if wanted.team_from else "team", wanted.team, outcome.fault)
        elif outcome.note:
            step.notes.append(outcome.note)
        elif outcome.move is not None:
            step.move = outcome.move
            if not step.is_new_job:
                step.change("team", outcome.was, desk.name)

    def _desk(self, wanted: Wanted) -> Desk | None:
        found = self.desks.get(name_key(wanted.team), [])
        engagement = None
        if wanted.engagement:
            engagement = self.roster.engagement_names.get(name_key(wanted.engagement))
            if engagement is None:
                wanted.refuse(
                    "engagement",
                    wanted.engagement,
                    _("%(organisation)s has no such engagement.")
                    % {"organisation": self.roster.name},
                )
                return None
            found = [desk for desk in found if desk.engagement == engagement]
        if len(found) == 1:
            return found[0]
        if found:
            wanted.refuse(
                "team", wanted.team, _("Several engagements have a team of this name. Name one.")
            )
            return None
        return self._new_desk(wanted, engagement)

    def _new_desk(self, wanted: Wanted, engagement: int | None) -> Desk | None:
        possible = self.roster.engagements
        if engagement is None and len(possible) == 1:
            (engagement,) = possible
        if not self.options.creates_places or engagement not in possible:
            wanted.refuse(
                "team",
                wanted.team,
                _("%(organisation)s has no such team. Add it to its engagement, or let the import "
                  "create it there.") % {"organisation": self.roster.name},
            )  # fmt: skip
            return None
        frame = possible[engagement]
        made = Desk(None, wanted.team, engagement, frame.starts_on, frame.engagement_name)
        self.desks.setdefault(name_key(wanted.team), []).append(made)
        self.plan.desks.append(made)
        return made

    # --- The verdict ------------------------------------------------------------------------

    def _judge(self, step: Step) -> None:
        if step.wanted.faults:
            return
        if step.known is None:
            step.verdict = Verdict.NEW
        elif step.is_new_job:
            step.verdict = Verdict.NEW
            step.notes.append(_("Has worked there before and is taken up again."))
        elif step.job is not None and step.ends_on and step.job.left_on is None:
            step.verdict = Verdict.LEAVES
        elif step.changes:
            step.verdict = Verdict.CHANGED

    def finish(self) -> Plan:
        plan = self.plan
        # What only a refused line would have needed is not created.
        placed = {id(step.place) for step in plan.steps if step.verdict != Verdict.REFUSED}
        moved = {
            id(step.move.desk)
            for step in plan.steps
            if step.move and step.verdict != Verdict.REFUSED
        }
        plan.places = [place for place in plan.places if id(place) in placed]
        plan.desks = [desk for desk in plan.desks if id(desk) in moved]
        if self.options.is_complete and not plan.faults:
            plan.missing = self._missing()
        return plan

    def _missing(self) -> list[Missing]:
        named = {step.known.pk for step in self.plan.steps if step.known is not None}
        day = self.options.applies_on
        return [
            Missing(job.pk, known.pk, known.full_name, known.email, job.external_id)
            for known in sorted(self.roster.people.values(), key=lambda each: each.full_name)
            if known.pk not in named and not known.untouchable
            for job in known.jobs
            if job.left_on is None and job.hired_on <= day
        ]
