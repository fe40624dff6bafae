"""A walk through the draft, with nothing recorded: every step stands in the address.

The walk begins where the case does, or at any scene with meters of the trainer's choosing.
The address holds the scene, the meters and the choices since; the engine does the rest, so
going back is an older address and a walk can be sent to a colleague.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from attune.case_studies.admin.case_map import titles_of
from attune.case_studies.admin.screens import CaseScreen
from attune.case_studies.branching import engine
from attune.case_studies.branching.engine import CaseError, NotOffered, Position
from attune.case_studies.branching.values import Case, Choice, Meter, Scene
from attune.case_studies.casting import case_of
from attune.case_studies.freezing import case_for
from attune.case_studies.shown import blocks_of
from attune.curriculum.services import client_of
from attune.people.models import Engagement

LONGEST_WALK = 500
METER = "m-"


@dataclass(frozen=True)
class Level:
    """A meter where the walk stands. ``change`` is what the last choice did to it."""

    meter: Meter
    value: int
    change: int


@dataclass(frozen=True)
class Offer:
    choice: Choice
    url: str
    is_offered: bool
    goal: str


@dataclass(frozen=True)
class Taken:
    """A step behind us: what was chosen where, and the address of the moment before it."""

    scene: str
    choice: Choice
    changes: str
    url: str


class Walk(CaseScreen, TemplateView):
    template_name = "attune_case_studies/admin/walk.html"
    page_title = gettext_lazy("Walk through the draft")
    header_icon = "view"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return self.trail((self.page_title, ""))

    @cached_property
    def case(self) -> Case:
        """As it reads in the chosen engagement; as written where there is none."""
        case = case_of(self.draft)
        return case_for(case, self.engagement) if self.engagement else case

    @cached_property
    def engagements(self) -> list[Engagement]:
        client = client_of(self.page)
        if client is None:
            return []
        return list(
            Engagement.objects.visible_to(self.request.user).filter(client=client).order_by("code")
        )

    @cached_property
    def engagement(self) -> Engagement | None:
        wanted = self.request.GET.get("engagement", "")
        found = [each for each in self.engagements if str(each.pk) == wanted]
        return next(iter(found or self.engagements), None)

    @cached_property
    def scenes(self) -> dict[str, Scene]:
        return {scene.key: scene for scene in self.case.scenes}

    @cached_property
    def beginning(self) -> dict[str, str]:
        """The part of the address that says where the walk began."""
        given = {}
        if self.request.GET.get("at") in self.scenes:
            given["at"] = self.request.GET["at"]
        for meter in self.case.meters:
            with suppress(KeyError, ValueError):
                given[METER + meter.name] = str(int(self.request.GET[METER + meter.name][:9]))
        if self.request.GET.get("engagement") and self.engagement:
            given["engagement"] = str(self.engagement.pk)
        return given

    def first(self) -> Position:
        at = self.beginning.get("at")
        levels = {
            meter.name: engine.cut(meter, int(self.beginning.get(METER + meter.name, meter.start)))
            for meter in self.case.meters
        }
        if at:
            return Position(at, False, levels)
        return Position(engine.start(self.case).place, False, levels)

    def address(self, steps: list[str]) -> str:
        """``steps`` are the choices' keys; a key has no dot."""
        asked = {**self.beginning, **({"steps": ".".join(steps)} if steps else {})}
        return f"{self.url('walk')}?{urlencode(asked)}#here" if asked else self.url("walk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        trouble = ""
        position: Position | None = None
        steps: list[str] = []
        try:
            position = self.first()
            for key in self.request.GET.get("steps", "").split(".")[:LONGEST_WALK]:
                if key:
                    position = engine.take(self.case, position, key)
                    steps.append(key)
        except NotOffered as refused:
            # The draft changed under an older address: as far as it still leads.
            trouble = str(refused)
        except CaseError as error:
            trouble = str(error)
        context = {
            "case": self.case,
            "trouble": trouble,
            "position": position,
            "taken": self.taken(position, steps) if position else [],
            "levels": self.levels(position) if position else [],
            "back_url": self.address(steps[:-1]) if steps else "",
            "again_url": self.address([]),
            "start_url": self.url("walk"),
            "beginning": self.beginning,
            "engagements": self.engagements,
            "engagement": self.engagement,
            "starts": [
                (meter, self.beginning.get(METER + meter.name, meter.start))
                for meter in self.case.meters
            ],
            "scenes_url": self.url("scenes"),
        }
        if position is not None:
            context |= self.place(position, steps)
        return super().get_context_data(**kwargs, **context)

    def place(self, position: Position, steps: list[str]) -> dict[str, Any]:
        if position.ended:
            try:
                return {"outcome": self.outcome(position)}
            except CaseError as error:
                return {"trouble": str(error)}
        scene = self.scenes.get(position.place)
        if scene is None:
            return {}
        try:
            offered = {choice.key for choice in engine.offered(self.case, position)}
        except CaseError as error:
            return {"scene": scene, "body": blocks_of(scene.body), "trouble": str(error)}
        return {
            "scene": scene,
            "body": blocks_of(scene.body),
            "edit_url": self.scene_url(scene.key),
            "offers": [
                Offer(
                    choice=choice,
                    url=self.address([*steps, choice.key]),
                    is_offered=choice.key in offered,
                    goal=self.title(choice.to),
                )
                for choice in scene.choices
            ],
        }

    def outcome(self, position: Position) -> dict[str, Any]:
        outcome = engine.outcome(self.case, position)
        labels = {each.name: each.label for each in self.case.competencies}
        return {
            "ending": outcome.ending,
            "score": outcome.score,
            "passed": outcome.passed,
            "competencies": [
                (labels[name], result.earned, result.lowest, result.highest)
                for name, result in outcome.competencies.items()
            ],
        }

    def levels(self, position: Position) -> list[Level]:
        before = position.path[-1].before if position.path else position.state
        return [
            Level(
                meter,
                position.state[meter.name],
                position.state[meter.name] - before.get(meter.name, 0),
            )
            for meter in self.case.meters
        ]

    def taken(self, position: Position, steps: list[str]) -> list[Taken]:
        labels = {meter.name: meter.label for meter in self.case.meters}
        rows = []
        for index, step in enumerate(position.path):
            scene = self.scenes[step.scene]
            changes = [
                f"{labels.get(name, name)} {step.before[name]} → {value}"
                for name, value in step.after.items()
                if step.before[name] != value
            ]
            rows.append(
                Taken(
                    scene=scene.title,
                    choice=next(each for each in scene.choices if each.key == step.choice),
                    changes=", ".join(changes),
                    url=self.address(steps[:index]),
                )
            )
        return rows

    def title(self, key: str) -> str:
        if not key:
            return _("an ending by its rule")
        return titles_of(self.case).get(key) or _("%(key)s (missing)") % {"key": key}
