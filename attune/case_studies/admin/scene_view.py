"""One scene with its choices: the form, the map beside it, and what others changed meanwhile.

The form carries a digest of the scene it was made from. Where the draft's scene has another
one when it comes back, somebody else saved it: nothing is written, both versions are shown,
and saving again is a decision. A change to any other scene is no conflict, since only this
one is put into the latest draft.
"""

from __future__ import annotations

import html
import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.html import strip_tags
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.telepath import JSContext
from wagtail.admin.widgets.button import HeaderButton

from attune.case_studies.admin import case_map, drafts
from attune.case_studies.admin.drafts import Change
from attune.case_studies.admin.scene_form import NEW_SCENE, scene_panel
from attune.case_studies.admin.views import OneScene
from attune.case_studies.casting import in_order
from attune.case_studies.models import CaseChoice, CaseScene, CaseStudyPage
from attune.people.access import person_of


class Conflict(Exception):
    """The scene of the draft is another than the form was made from."""

    def __init__(self, scene: CaseScene | None) -> None:
        super().__init__()
        self.scene = scene


class EditScene(OneScene, TemplateView):
    template_name = "attune_case_studies/admin/scene.html"
    page_title = gettext_lazy("Scene")
    header_icon = "edit"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return self.trail((self.subtitle, ""))

    def get_page_subtitle(self) -> str:
        return self.subtitle

    @cached_property
    def stored(self) -> CaseScene | None:
        return drafts.scene_in(self.draft, self.identity)

    @property
    def subtitle(self) -> str:
        return str(self.stored.title) if self.stored else _("A deleted scene")

    @cached_property
    def panel(self) -> Any:
        return scene_panel(self.case)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        scene = self.scene(self.identity)
        if words := self.locked_message():
            messages.warning(request, words)
        form = self.panel.get_form_class()(instance=drafts.detached(scene), for_user=request.user)
        return self.show(form, digest=drafts.digest_of(scene))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        own_key = self.stored.key if self.stored else ""
        form = self.panel.get_form_class()(
            request.POST, instance=CaseScene(key=own_key), for_user=request.user
        )
        digest = request.POST.get("digest", "")
        if words := self.locked_message():
            messages.error(request, words)
            return self.show(form, digest=digest)
        if digest != drafts.digest_of(self.stored):
            return self.show_conflict(form)
        if not form.is_valid():
            messages.validation_error(
                request, _("Nothing was saved. The fields below say what to change."), form
            )
            return self.show(form, digest=digest)
        try:
            draft = drafts.change_draft(
                page=self.page,
                user=request.user,
                change=lambda draft: self.write(draft, form, digest=digest),
            )
        except Conflict:  # within the very moment of saving
            del self.draft, self.case, self.stored
            return self.show_conflict(form)
        self.tell_saved(draft)
        return redirect(self.url("scene", self.identity))

    def write(self, draft: CaseStudyPage, form: Any, *, digest: str) -> Change:
        stored = drafts.scene_in(draft, self.identity)
        if drafts.digest_of(stored) != digest:
            raise Conflict(stored)
        fields = form.instance
        fields.key = form.cleaned_data["key"]
        choices = form.choices()
        new = self._new_scenes(draft, stored, choices, taken=fields.key)
        change = drafts.write_scene(draft, identity=self.identity, fields=fields, choices=choices)
        return Change(
            written=[*change.written, *new],
            endings=change.endings,
            moved=change.moved or bool(new),
        )

    def _new_scenes(
        self,
        draft: CaseStudyPage,
        stored: CaseScene | None,
        choices: list[tuple[uuid.UUID | None, CaseChoice]],
        *,
        taken: str,
    ) -> list[CaseScene]:
        """Scenes that choices asked for, right behind this one."""
        made: list[CaseScene] = []
        for _identity, choice in choices:
            if choice.to == NEW_SCENE:
                title = " ".join(choice.text.split())[:80]
                key = drafts.free_key(draft, choice.key, taken=[taken])
                after = made[-1] if made else stored
                scene, _change = drafts.add_scene(draft, title=title, key=key, after=after)
                choice.to = scene.key
                made.append(scene)
        return made

    def tell_saved(self, draft: CaseStudyPage) -> None:
        buttons = [messages.button(self.url("scenes"), _("All scenes"))]
        if self.page.live:
            words = _("Saved as a draft. Learners see it when the page is published.")
        else:
            words = _("Saved as a draft.")
        messages.success(self.request, words, buttons=buttons)

    def show_conflict(self, form: Any) -> HttpResponse:
        form.is_valid()  # so that what was sent stands on its instances
        revision = self.page.get_latest_revision()
        person = person_of(revision.user) if revision and revision.user else None
        who = person.full_name if person else _("Somebody")
        messages.error(
            self.request,
            _("Not saved yet: %(who)s changed this scene while you were writing.") % {"who": who},
        )
        mine = form.instance
        mine.choices.set([row for _identity, row in form.choices()])
        return self.show(
            form,
            digest=drafts.digest_of(self.stored),
            conflict={
                "who": who,
                "when": revision.created_at if revision else None,
                "deleted": self.stored is None,
                "differences": differences(self.stored, mine),
            },
            status=409,
        )

    def show(
        self, form: Any, *, digest: str, conflict: Any = None, status: int = 200
    ) -> HttpResponse:
        bound = self.panel.get_bound_panel(instance=form.instance, request=self.request, form=form)
        js_context = JSContext()
        data = js_context.pack(bound)
        key = self.stored.key if self.stored else ""
        context = self.get_context_data(
            form=form,
            panel=bound,
            media=form.media + bound.media + js_context.media,
            edit_handler_data=data,
            action_url=self.request.path,
            submit_button_label=_("Save draft"),
            submit_button_active_label=_("Saving…"),
            digest=digest,
            conflict=conflict,
            has_unsaved_changes=form.is_bound,
            map=self.map(selected=key),
            scene=self.stored,
            findings=[(each, self.walk_to(each)) for each in self.findings_at(key)] if key else [],
            leads_here=self.leads_here(key),
            leads_on=self.leads_on(key),
            scenes_url=self.url("scenes"),
            case=self.case,
            walk_url=f"{self.url('walk')}?at={key}",
            duplicate_url=self.url("duplicate_scene", self.identity),
            delete_url=self.url("delete_scene", self.identity),
        )
        return self.render_to_response(context, status=status)

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        return [HeaderButton(_("Scenes and map"), url=self.url("scenes"), icon_name="site")]

    def leads_here(self, key: str) -> list[tuple[str, str, str]]:
        return [
            (scene.title, choice.text, self.scene_url(scene.key))
            for scene in self.case.scenes
            for choice in scene.choices
            if key and choice.to == key
        ]

    def leads_on(self, key: str) -> list[tuple[str, str, str]]:
        titles = case_map.titles_of(self.case)
        return [
            (titles.get(choice.to, choice.to), choice.text, self.scene_url(choice.to))
            for scene in self.case.scenes
            if scene.key == key
            for choice in scene.choices
            if choice.to
        ]


def differences(theirs: CaseScene | None, mine: CaseScene) -> list[tuple[str, str, str]]:
    """What the two versions say differently: (field, theirs, mine)."""
    left = in_words(theirs) if theirs else {}
    right = in_words(mine)
    labels = list(dict.fromkeys([*left, *right]))
    return [
        (label, left.get(label, "–"), right.get(label, "–"))
        for label in labels
        if left.get(label) != right.get(label)
    ]


def in_words(scene: CaseScene) -> dict[str, str]:
    """Every field of a scene and its choices as text, by a label."""
    words = {}
    for name in drafts.SCENE_FIELDS:
        label = str(CaseScene._meta.get_field(name).verbose_name)
        value = getattr(scene, name)
        text = _stream_in_words(value.raw_data) if name == "body" else str(value or "")
        words[label.capitalize()] = text
    for choice in in_order(scene.choices.all()):
        for name in drafts.CHOICE_FIELDS[1:]:
            label = str(CaseChoice._meta.get_field(name).verbose_name)
            value = getattr(choice, name)
            if name == "points":
                value = ", ".join(f"{key} {points:+d}" for key, points in sorted(value.items()))
            if value:
                words[f"{choice.key}: {label}"] = _plain(str(value))
    return words


def _stream_in_words(value: Any) -> str:
    if isinstance(value, str):
        return _plain(value)
    if isinstance(value, dict):
        texts = [_stream_in_words(each) for key, each in value.items() if key not in ("id", "type")]
    else:
        try:
            texts = [_stream_in_words(each) for each in value]
        except TypeError:
            return ""
    return " · ".join(text for text in texts if text)


def _plain(text: str) -> str:
    return html.unescape(strip_tags(text.replace("</p>", "</p> "))).strip()
