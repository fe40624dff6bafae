"""The scenes of a case: all of them with map and findings, and what is done to one."""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.widgets.button import HeaderButton

from attune.case_studies.admin import case_map, drafts
from attune.case_studies.admin.drafts import Change
from attune.case_studies.admin.references import Reference, references_to
from attune.case_studies.admin.screens import CaseScreen
from attune.case_studies.branching.analysis import Finding
from attune.case_studies.branching.values import Scene
from attune.case_studies.models import CaseScene, CaseStudyPage
from attune.people.screens.base import Form


@dataclass(frozen=True)
class Row:
    """A scene in the list: the same that the map shows, in words."""

    scene: Scene
    identity: uuid.UUID
    url: str
    goals: list[tuple[str, str]]
    findings: list[Finding]
    is_first: bool
    is_last: bool


class Scenes(CaseScreen, TemplateView):
    """The map, what the analysis found, and every scene in order."""

    template_name = "attune_case_studies/admin/scenes.html"
    page_title = gettext_lazy("Scenes and map")

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return self.trail()

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        return [
            HeaderButton(_("Add a scene"), url=self.url("add_scene"), icon_name="plus"),
            HeaderButton(_("Walk through it"), url=self.url("walk"), icon_name="view"),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if words := self.locked_message():
            messages.warning(self.request, words)
        findings = sorted(self.examination.findings, key=lambda each: each.severity != "error")
        return super().get_context_data(
            **kwargs,
            page=self.page,
            case=self.case,
            map=self.map(),
            rows=self.rows(),
            endings=self.endings(),
            findings=[(each, self.scene_url(each.scene), self.walk_to(each)) for each in findings],
            mark=case_map.mark_for(findings),
            exact=self.examination.exact,
            edit_url=reverse("wagtailadmin_pages:edit", args=[self.page.pk]),
            add_url=self.url("add_scene"),
            walk_url=self.url("walk"),
        )

    def rows(self) -> list[Row]:
        titles = self.titles()
        last = len(self.case.scenes) - 1
        return [
            Row(
                scene=scene,
                identity=self.identities[scene.key],
                url=self.scene_url(scene.key),
                goals=goals_of(scene, titles),
                findings=self.findings_at(scene.key),
                is_first=index == 0,
                is_last=index == last,
            )
            for index, scene in enumerate(self.case.scenes)
        ]

    def endings(self) -> list[tuple[Any, list[Finding]]]:
        found = defaultdict(list)
        for finding in self.examination.findings:
            if finding.ending and not finding.scene:
                found[finding.ending].append(finding)
        return [(ending, found[ending.key]) for ending in self.case.endings]

    def titles(self) -> dict[str, str]:
        return case_map.titles_of(self.case)


def goals_of(scene: Scene, titles: dict[str, str]) -> list[tuple[str, str]]:
    """Each choice with where it leads, in words."""
    goals = [
        (
            choice.text,
            titles.get(choice.to) or _("%(key)s (missing)") % {"key": choice.to}
            if choice.to
            else _("an ending by its rule"),
        )
        for choice in scene.choices
    ]
    if scene.otherwise:
        goals.append((_("Otherwise"), titles.get(scene.otherwise, scene.otherwise)))
    return goals


class AddSceneForm(forms.Form):
    title = forms.CharField(
        label=gettext_lazy("Title"),
        max_length=150,
        help_text=gettext_lazy("What happens here, in a few words. The rest comes next."),
    )


class AddScene(CaseScreen, Form):
    page_title = gettext_lazy("Add a scene")
    form_class = AddSceneForm
    submit_label = gettext_lazy("Add and write it")

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return self.trail((self.page_title, ""))

    def form_valid(self, form: Any) -> HttpResponse:
        if self.refuse_while_locked():
            return self.render_to_response(self.get_context_data(form=form))
        added: list[CaseScene] = []

        def change(draft: CaseStudyPage) -> Change:
            scene, done = drafts.add_scene(draft, title=form.cleaned_data["title"])
            added.append(scene)
            return done

        drafts.change_draft(page=self.page, user=self.request.user, change=change)
        messages.success(
            self.request,
            _("“%(title)s” is in the draft. Say where it leads, and let something lead to it.")
            % {"title": added[0].title},
        )
        return redirect(self.url("scene", added[0].translation_key))


class OneScene(CaseScreen):
    """A screen about one scene: where it is gone, back to all of them."""

    @property
    def identity(self) -> uuid.UUID:
        found: uuid.UUID = self.kwargs["identity"]
        return found

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        except drafts.Gone:
            messages.warning(request, _("That scene is no longer in the draft."))
            return redirect(self.url("scenes"))


class DeleteScene(OneScene, Form):
    page_title = gettext_lazy("Delete the scene")
    header_icon = "bin"
    form_class = forms.Form
    template_name = "attune_case_studies/admin/delete_scene.html"
    submit_label = gettext_lazy("Delete the scene")

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        scene = self.scene(self.identity)
        return self.trail(
            (scene.title, self.url("scene", self.identity)), (gettext_lazy("Delete"), "")
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        scene = self.scene(self.identity)
        return super().get_context_data(
            **kwargs,
            scene=scene,
            references=[
                (self._in_words(each), self.scene_url(each.scene))
                for each in references_to(self.case, scene.key)
            ],
            back_url=self.url("scene", self.identity),
        )

    def _in_words(self, reference: Reference) -> str:
        titles = case_map.titles_of(self.case)
        if reference.ending:
            return _("The rule of the ending “%(title)s” names it.") % {
                "title": titles[reference.ending]
            }
        facts = {"title": titles[reference.scene], "choice": reference.choice}
        if reference.how == "otherwise":
            return _("“%(title)s” leads here when its condition does not hold.") % facts
        if reference.how == "leads":
            return _("In “%(title)s”, the choice “%(choice)s” leads here.") % facts
        return _("A condition in “%(title)s” names it.") % facts

    def form_valid(self, form: Any) -> HttpResponse:
        if self.refuse_while_locked():
            return redirect(self.url("scene", self.identity))
        title = self.scene(self.identity).title
        drafts.change_draft(
            page=self.page,
            user=self.request.user,
            change=lambda draft: drafts.delete_scene(draft, self.identity),
        )
        messages.success(
            self.request,
            _("“%(title)s” is deleted from the draft. The page’s history still has it.")
            % {"title": title},
        )
        return redirect(self.url("scenes"))


class DuplicateScene(OneScene, View):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.refuse_while_locked():
            return redirect(self.url("scene", self.identity))
        made: list[CaseScene] = []

        def change(draft: CaseStudyPage) -> Change:
            scene, done = drafts.duplicate_scene(draft, self.identity)
            made.append(scene)
            return done

        drafts.change_draft(page=self.page, user=request.user, change=change)
        messages.success(request, _("This is the copy. Nothing leads to it yet."))
        return redirect(self.url("scene", made[0].translation_key))


STEPS = {"up": -1, "down": 1, "first": -1_000_000}


class MoveScene(OneScene, View):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        by = STEPS.get(request.POST.get("to", ""))
        if by is not None and not self.refuse_while_locked():
            drafts.change_draft(
                page=self.page,
                user=request.user,
                change=lambda draft: drafts.move_scene(draft, self.identity, by=by),
            )
        return redirect(f"{self.url('scenes')}#scene-{self.identity}")
