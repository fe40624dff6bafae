"""What is wrong with a case, before anybody walks it.

``examine`` looks at every state that can be reached, if there are at most ``MOST_STATES`` of
them; then its answer is exact. Where there are more, or where parts of a draft cannot be read,
it reports as certain what it met in the states that it did look at and what the ranges of the
meters rule out (:mod:`~attune.case_studies.branching.bounding`), words the rest as "may", and
says ``exact=False``. An error is always certain; what only may go wrong is a smell.

============================ ========= ================= =======================================
code                         exact     bounded           what
============================ ========= ================= =======================================
``no-scene``                 error     error             nothing to begin with
``no-ending``                error     error             the case has no ending at all
``duplicate-key``            error     error             key of a scene, choice, ending or meter
``bad-key``                  error     error             shape of a key or name; a word of ours
``unknown-key``              error     error             a scene, choice or ending there is not
``unknown-name``             error     error             a meter or competency there is not
``expression``               error     error             cannot be read; has a column
``meter-bounds``             error     error             lowest above highest
``meter-start``              error     error             starts outside its bounds
``dead-end``                 error     error             a scene without choices
``stuck``                    error     met: error,       nothing is offered in a state
                                       possible: smell
``no-ending-matches``        error     met: error,       the case ends and no ending's condition
                                       possible: smell   holds
``otherwise-circle``         error     met: error,       scenes that stand in for one another go
                                       possible: smell   round in a circle
``no-way-out``               error     error             from here on no ending can be reached,
                                                         whatever is chosen
``pass-score``               error     error             no ending can reach the score to pass
``division-by-zero``         error     met: error,       reckons with 0 instead
                                       possible: smell
``unreachable-scene``        smell     smell             no choice leads there
``scene-never``              smell     smell             is led to and always passed over
``choice-never``             smell     smell             is never offered
``ending-never``             smell     smell             is never reached
``score-range``              smell     smell             below 0 or above 100, and cut
============================ ========= ================= =======================================

In bounded mode "unreachable" and "never" are certain where they are reported, and may be missed;
``no-way-out`` is found from the map of scenes alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from attune.case_studies.branching.bounding import Bounds, bound
from attune.case_studies.branching.exploring import Exploration, explore
from attune.case_studies.branching.findings import Examination, Finding
from attune.case_studies.branching.plan import Plan, plan_of
from attune.case_studies.branching.ranges import Range
from attune.case_studies.branching.values import Case

__all__ = ["MOST_STATES", "Examination", "Finding", "examine"]

MOST_STATES = 25_000
"""Beyond this many states an examination is bounded: a quarter of a second or so."""


def examine(case: Case, *, most_states: int = MOST_STATES) -> Examination:
    """Everything wrong with the case, errors first, otherwise in its own order. Never raises."""
    plan = plan_of(case)
    findings = [*plan.findings, *_dead_ends(plan)]
    # What cannot be read may do anything: then nothing is met for certain.
    broken = bool(plan.findings)
    seen = Exploration(complete=False) if broken else explore(plan, limit=most_states)
    if seen.complete:
        findings += _Exact(plan, seen).findings()
    else:
        findings += _Bounded(plan, seen, bound(plan)).findings()
    order = {key: number for number, key in enumerate((*plan.scenes, *plan.endings), start=1)}
    findings.sort(key=lambda one: (one.severity != "error", order.get(one.scene or one.ending, 0)))
    return Examination(tuple(findings), len(seen.states), seen.complete)


def _dead_ends(plan: Plan) -> Iterator[Finding]:
    for scene in plan.scenes.values():
        if not scene.choices:
            message = gettext("“%(scene)s” has no choices: whoever comes here cannot go on.")
            yield Finding("error", "dead-end", scene.key, message=message % {"scene": scene.key})


class _Exact:
    """What follows from the states that were seen, all of them."""

    def __init__(self, plan: Plan, seen: Exploration) -> None:
        self.plan = plan
        self.seen = seen

    def findings(self) -> list[Finding]:
        return [
            *self.met(),
            *self.trapped(),
            *self.never(
                inside=self.seen.places,
                tried=self.seen.tried,
                offered=self.seen.offered,
                ended=self.seen.places,
            ),
            *self.scores(self.seen.scores),
        ]

    def met(self) -> Iterator[Finding]:
        """What somebody can run into, with a way there."""
        seen = self.seen
        for key, state in seen.stuck.items():
            if self.plan.scenes[key].choices:
                message = gettext(
                    "“%(scene)s” can be reached in a state in which none of its choices is offered."
                )
                yield self._error("stuck", key, "", message % {"scene": key}, seen.path_to(state))
        for (scene, choice), state in seen.nowhere.items():
            path = self._path(state, scene, choice)
            yield self._error("no-ending-matches", scene, choice, _nowhere(certain=True), path)
        for (scene, choice), state in seen.circles.items():
            path = self._path(state, scene, choice)
            yield self._error("otherwise-circle", scene, choice, _circle(certain=True), path)
        for (scene, choice, ending, name), state in seen.zeroes.items():
            message = _zero(certain=True)
            yield Finding(
                "error",
                "division-by-zero",
                scene,
                choice,
                ending,
                message,
                name,
                path=seen.path_to(state),
            )

    def trapped(self) -> Iterator[Finding]:
        for key, state in self.seen.trapped().items():
            message = gettext(
                "“%(scene)s” can be reached in a state from which no ending can be reached, "
                "whatever is chosen."
            )
            path = self.seen.path_to(state)
            yield self._error("no-way-out", key, "", message % {"scene": key}, path)

    def never(
        self, *, inside: set[str], tried: set[str], offered: set[tuple[str, str]], ended: set[str]
    ) -> Iterator[Finding]:
        for scene in self.plan.scenes.values():
            if scene.key not in tried:
                message = gettext("No choice leads to “%(scene)s”.")
                code = "unreachable-scene"
            elif scene.key not in inside:
                message = gettext("“%(scene)s” is always passed over: its condition never holds.")
                code = "scene-never"
            else:
                for choice in scene.choices:
                    if (scene.key, choice.key) not in offered:
                        yield Finding(
                            "smell",
                            "choice-never",
                            scene.key,
                            choice.key,
                            message=gettext("Its condition can never hold: it is never offered."),
                            field="condition",
                        )
                continue
            yield Finding("smell", code, scene.key, message=message % {"scene": scene.key})
        for ending in self.plan.endings.values():
            if ending.key not in ended:
                message = gettext("“%(ending)s” is never reached.") % {"ending": ending.key}
                yield Finding("smell", "ending-never", ending=ending.key, message=message)

    def scores(self, scores: dict[str, Range]) -> Iterator[Finding]:
        for key, (low, high) in scores.items():
            if low < 0 or high > 100:
                values = {"ending": key, "low": low, "high": high}
                message = self.score_words() % values
                yield Finding("smell", "score-range", ending=key, message=message, field="score")
        best = max((min(100, high) for _, high in scores.values()), default=None)
        needed = self.plan.pass_score
        if needed is not None and best is not None and best < needed:
            yield Finding("error", "pass-score", message=_unpassable(needed, max(0, best)))

    def score_words(self) -> str:
        return gettext(
            "The score of “%(ending)s” goes from %(low)d to %(high)d; it is cut to 0 to 100."
        )

    def _path(self, state: int, scene: str, choice: str) -> tuple[str, ...]:
        path = self.seen.path_to(state)
        return (*path, f"{scene}/{choice}") if choice else path

    def _error(
        self, code: str, scene: str, choice: str, message: str, path: tuple[str, ...]
    ) -> Finding:
        if path:
            way = gettext("One way there: %(way)s.")
            message = f"{message} {way % {'way': ' → '.join(path)}}"
        return Finding("error", code, scene, choice, message=message, path=path)


class _Bounded(_Exact):
    """What was met in some of the states, and what ranges say of all of them."""

    def __init__(self, plan: Plan, seen: Exploration, bounds: Bounds) -> None:
        super().__init__(plan, seen)
        self.bounds = bounds

    def findings(self) -> list[Finding]:
        return [
            *self.met(),
            *self.possible(),
            *self.trapped(),
            *self.never(
                inside=set(self.bounds.spans),
                tried=self.bounds.tried,
                offered=self.bounds.offered,
                ended=self.bounds.ended,
            ),
            *self.scores(self.bounds.scores),
        ]

    def possible(self) -> Iterator[Finding]:
        """What the ranges do not rule out and was not met."""
        seen, bounds = self.seen, self.bounds
        for key, scene in self.plan.scenes.items():
            if key in bounds.stuck and key not in seen.stuck and scene.choices:
                message = gettext("It may be that none of the choices of “%(scene)s” is offered.")
                yield Finding("smell", "stuck", key, message=message % {"scene": key})
        for scene_key, choice in sorted(bounds.nowhere - seen.nowhere.keys()):
            message = _nowhere(certain=False)
            yield Finding("smell", "no-ending-matches", scene_key, choice, message=message)
        for scene_key, choice in sorted(bounds.circles - seen.circles.keys()):
            message = _circle(certain=False)
            yield Finding("smell", "otherwise-circle", scene_key, choice, message=message)
        for scene_key, choice, ending, name in sorted(bounds.zeroes - seen.zeroes.keys()):
            message = _zero(certain=False)
            yield Finding("smell", "division-by-zero", scene_key, choice, ending, message, name)

    def trapped(self) -> Iterator[Finding]:
        for key in self.bounds.trapped():
            message = gettext("From “%(scene)s” no ending can be reached, whatever is chosen.")
            yield Finding("error", "no-way-out", key, message=message % {"scene": key})

    def score_words(self) -> str:
        return gettext(
            "The score of “%(ending)s” may go from %(low)d to %(high)d; it is cut to 0 to 100."
        )


def _nowhere(*, certain: bool) -> str:
    if certain:
        return gettext("The case can end here in a state in which no ending’s condition holds.")
    return gettext("The case may end here in a state in which no ending’s condition holds.")


def _circle(*, certain: bool) -> str:
    if certain:
        return gettext(
            "From here one can come to scenes that stand in for one another in a circle: "
            "none of their conditions holds."
        )
    return gettext(
        "From here one may come to scenes that stand in for one another in a circle, "
        "where none of their conditions holds."
    )


def _zero(*, certain: bool) -> str:
    if certain:
        return gettext("A division by zero happens here; it is reckoned as 0.")
    return gettext("A division by zero may happen here; it is reckoned as 0.")


def _unpassable(needed: int, best: int) -> str:
    return gettext(
        "Nobody can pass: %(needed)d points are needed, and the best ending gives %(best)d."
    ) % {"needed": needed, "best": best}
