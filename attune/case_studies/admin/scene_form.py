"""The form of one scene with its choices, made for the case that the scene stands in.

Goals are chosen among the scenes and endings there are; each competency has a number of its
own; conditions and effects are read at once, so that a slip is shown where it was made.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import cached_property
from django.utils.html import strip_tags
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel, MultiFieldPanel, ObjectList

from attune.case_studies.admin.drafts import free_among
from attune.case_studies.blocks import name_editor
from attune.case_studies.branching.expressions import condition_from, effects_from
from attune.case_studies.branching.nodes import Assignment, ExpressionError, Name, Node, parts
from attune.case_studies.branching.values import Case
from attune.case_studies.models import CaseChoice, CaseScene
from attune.case_studies.wording import OF_A_CHOICE, OF_A_SCENE, faults_in, texts_of_body

NEW_SCENE = "+"
"""Chosen as a goal: a scene that is made when this one is saved."""
MOST_POINTS = 1000
POINTS = "points_"


@dataclass(frozen=True)
class Vocabulary:
    """What can be named in this case."""

    case: Case

    @cached_property
    def meters(self) -> frozenset[str]:
        return frozenset(meter.name for meter in self.case.meters)

    @cached_property
    def keys(self) -> frozenset[str]:
        scenes = {scene.key for scene in self.case.scenes}
        return frozenset(scenes | {ending.key for ending in self.case.endings})

    @cached_property
    def lost_goals(self) -> frozenset[str]:
        """What the draft leads to although it is not there."""
        goals = {scene.otherwise for scene in self.case.scenes}
        goals |= {choice.to for scene in self.case.scenes for choice in scene.choices}
        return frozenset(goals) - self.keys - {""}

    def goals(self, *, without: str = "") -> list[tuple[str, list[tuple[str, str]]]]:
        scenes = [(one.key, f"{one.title} ({one.key})") for one in self.case.scenes]
        endings = [(one.key, f"{one.title} ({one.key})") for one in self.case.endings]
        return [
            (gettext("Scenes"), [each for each in scenes if each[0] != without]),
            (gettext("Endings"), endings),
        ]

    def condition(self, text: str) -> str:
        """:raises ValidationError: it cannot be read, or names a meter that is not there."""
        with _said_at_the_field():
            tree = condition_from(text)
            if tree is not None:
                self._know(parts(tree))
        return text

    def effects(self, text: str) -> str:
        with _said_at_the_field():
            for effect in effects_from(text):
                self._know_effect(effect)
        return text

    def _know_effect(self, effect: Assignment) -> None:
        self._know([Name(effect.name, effect.column)])
        self._know(parts(effect))

    def _know(self, nodes: Iterator[Node] | list[Name]) -> None:
        for node in nodes:
            if isinstance(node, Name) and node.name not in self.meters:
                known = ", ".join(sorted(self.meters)) or gettext("none yet")
                raise ExpressionError(
                    gettext(
                        "“%(name)s” at position %(column)d is not a meter of this case. "
                        "Its meters: %(known)s."
                    )
                    % {"name": node.name, "column": node.column, "known": known},
                    column=node.column,
                )


class _said_at_the_field:
    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, ExpressionError):
            raise ValidationError(error.message) from error


class GoalField(forms.ChoiceField):
    """A scene or an ending. What was there before stays possible, so that it can be seen."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def offer(self, goals: list[Any], *, empty: str, kept: str, new: bool = False) -> None:
        known = {key for _label, group in goals for key, _text in group}
        first: list[Any] = [("", empty)]
        if new:
            first.append((NEW_SCENE, gettext("A new scene, made when you save")))
        if kept and kept not in known and kept != NEW_SCENE:
            words = gettext("%(key)s (there is no such scene or ending)") % {"key": kept}
            first.append((kept, words))
        self.choices = [*first, *goals]


class ForThisCase(WagtailAdminModelForm):
    vocabulary: Vocabulary

    def clean_condition(self) -> str:
        return self.vocabulary.condition(self.cleaned_data["condition"])

    def refuse_faulty_variables(self, names: Iterable[str]) -> None:
        """Said at the field where they stand, not first when the page is published."""
        for name in names:
            text = self.cleaned_data.get(name)
            for message in faults_in([text] if text else []):
                self.add_error(name, message)

    def kept_goal(self, name: str) -> str:
        """A goal that is not there, if it stands in the draft already: told, not refused."""
        value = self.data.get(self.add_prefix(name)) if self.is_bound else None
        goal = str(getattr(self.instance, name) if value is None else value)
        return goal if goal in self.vocabulary.lost_goals else ""


class ChoiceForm(ForThisCase):
    identity = forms.UUIDField(required=False, widget=forms.HiddenInput)
    to = GoalField(label=_("Leads to"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].required = False
        self.fields["key"].help_text = _("In the record. Empty: made from the text.")
        # In the same way as a new row, so that an untouched one is seen to be untouched.
        if self.instance.text or self.instance.key:
            self.initial["identity"] = self.instance.translation_key
        for name in ("outcome", "reading"):
            name_editor(self.fields[name].widget, self.fields[name].label)
        for name in self.point_names:
            self.initial[POINTS + name] = self.instance.points.get(name)
        goal = cast(GoalField, self.fields["to"])
        goal.offer(
            self.vocabulary.goals(),
            empty=gettext("The first ending whose rule holds"),
            kept=self.kept_goal("to"),
            new=True,
        )

    @property
    def point_names(self) -> list[str]:
        return [name.removeprefix(POINTS) for name in self.fields if name.startswith(POINTS)]

    def clean_effects(self) -> str:
        return self.vocabulary.effects(self.cleaned_data["effects"])

    def clean(self) -> Any:
        cleaned = super().clean()
        for name in ("outcome", "reading"):
            # An editor that was never written in says: one empty paragraph.
            if not strip_tags(self.cleaned_data.get(name) or "").strip():
                self.cleaned_data[name] = ""
        self.refuse_faulty_variables(OF_A_CHOICE)
        self.instance.points = {
            name: points
            for name in self.point_names
            if (points := self.cleaned_data.get(POINTS + name)) is not None
        }
        return cleaned


class SceneForm(ForThisCase):
    otherwise = GoalField(
        label=_("Otherwise"),
        help_text=_("Where to go instead when the condition does not hold."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own_key: str = self.instance.key
        self.fields["key"].required = False
        self.fields["key"].help_text = _(
            "Its name on the map and in the record. Empty: made from the title. What leads here "
            "follows when you change it."
        )
        goal = cast(GoalField, self.fields["otherwise"])
        goal.offer(
            self.vocabulary.goals(without=self.own_key),
            empty=gettext("Nowhere"),
            kept=self.kept_goal("otherwise"),
        )

    def clean(self) -> Any:
        cleaned = super().clean()
        self._settle_key()
        if self.cleaned_data.get("condition") and not self.cleaned_data.get("otherwise"):
            self.add_error("otherwise", _("Say where to go when the condition does not hold."))
        self._settle_choice_keys()
        self.refuse_faulty_variables(OF_A_SCENE)
        if body := self.cleaned_data.get("body"):
            for message in faults_in(text for text, _kind in texts_of_body(body.get_prep_value())):
                self.add_error("body", message)
        return cleaned

    def _settle_key(self) -> None:
        if "key" not in self.cleaned_data:
            return
        taken = set(self.vocabulary.keys) - {self.own_key}
        key = self.cleaned_data["key"]
        if not key:
            title = self.cleaned_data.get("title", "")
            self.cleaned_data["key"] = free_among(taken, title, otherwise="scene")
        elif key in taken:
            self.add_error("key", _("Another scene or ending has this key already."))

    def _settle_choice_keys(self) -> None:
        kept = self.kept_choices()
        given = [form.cleaned_data["key"] for form in kept if form.cleaned_data.get("key")]
        taken = set(given)
        for form in kept:
            key = form.cleaned_data.get("key")
            if key and given.count(key) > 1:
                form.add_error("key", _("Another choice of this scene has this key already."))
                self.add_error(None, _("Two choices have the same key."))
            elif not key and "key" in form.cleaned_data:
                text = form.cleaned_data.get("text", "")
                words = " ".join(text.split()[:4])
                form.instance.key = free_among(taken, words, otherwise="choice")
                taken.add(form.instance.key)

    def kept_choices(self) -> list[Any]:
        """The forms of the choices that stay, in their new order."""
        formset = self.formsets["choices"]
        if not formset.is_valid():
            return []
        return list(formset.ordered_forms)

    def choices(self) -> list[tuple[uuid.UUID | None, CaseChoice]]:
        return [(form.cleaned_data.get("identity"), form.instance) for form in self.kept_choices()]


class ChoicePanel(InlinePanel):
    """Wagtail's, with a form of our own for the rows."""

    def __init__(self, *args: Any, row_form: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row_form = row_form

    def clone_kwargs(self) -> dict[str, Any]:
        return {**super().clone_kwargs(), "row_form": self.row_form, "heading": self.heading}

    def get_form_options(self) -> dict[str, Any]:
        options = super().get_form_options()
        options["formsets"][self.relation_name]["form"] = self.row_form
        return options


def scene_panel(case: Case) -> Any:
    """What to show of a scene of this case: ``.get_form_class()`` makes its form."""
    vocabulary = Vocabulary(case)
    points = {
        POINTS + each.name: forms.IntegerField(
            label=each.label,
            required=False,
            min_value=-MOST_POINTS,
            max_value=MOST_POINTS,
        )
        for each in case.competencies
    }
    row_form = type("ChoiceOfThisCase", (ChoiceForm,), {"vocabulary": vocabulary, **points})
    scene_form = type("SceneOfThisCase", (SceneForm,), {"vocabulary": vocabulary})
    row_panels: list[Any] = [
        FieldPanel("text"),
        FieldPanel("to"),
        FieldPanel("outcome"),
        FieldPanel("reading"),
        FieldRowPanel([FieldPanel("norm"), FieldPanel("key")]),
        FieldRowPanel([FieldPanel("condition"), FieldPanel("effects")]),
        FieldPanel("identity", classname="case-hidden"),
    ]
    if points:
        row_panels.insert(
            -1, FieldRowPanel([FieldPanel(name) for name in points], heading=_("Points"))
        )
    panel = ObjectList(
        [
            FieldPanel("title"),
            FieldPanel("key"),
            FieldRowPanel(
                [FieldPanel("place"), FieldPanel("client_time"), FieldPanel("vendor_time")]
            ),
            FieldPanel("body"),
            ChoicePanel(
                "choices",
                panels=row_panels,
                label=gettext_lazy("choice"),
                heading=gettext_lazy("Choices"),
                row_form=row_form,
            ),
            MultiFieldPanel(
                [FieldPanel("condition"), FieldPanel("otherwise")],
                heading=gettext_lazy("Shown only if"),
            ),
        ],
        base_form_class=scene_form,
    )
    return panel.bind_to_model(CaseScene)
