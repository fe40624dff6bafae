"""What the screens of a case share: who may come in, the draft, its locks, and the map."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from attune.case_studies import checks
from attune.case_studies.admin import case_map, drafts
from attune.case_studies.branching.analysis import Examination, Finding
from attune.case_studies.branching.values import Case
from attune.case_studies.casting import case_of
from attune.case_studies.models import CaseScene, CaseStudyPage
from attune.people.screens.base import trail

URLS = "attune_case_studies_admin"


def may_edit(user: Any, page: CaseStudyPage) -> bool:
    return not page.alias_of_id and page.permissions_for_user(user).can_edit()


class CaseScreen(WagtailAdminTemplateMixin):
    """A screen under one case. Another client's case is not found; one's own may be locked."""

    request: HttpRequest
    page: CaseStudyPage
    header_icon = "decisions"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        pages = CaseStudyPage.objects.editable_by(request.user).select_related("locale")
        self.page = get_object_or_404(pages, pk=kwargs["page_id"])
        if not may_edit(request.user, self.page):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def draft(self) -> CaseStudyPage:
        return drafts.draft_of(self.page)

    @cached_property
    def case(self) -> Case:
        return case_of(self.draft)

    @cached_property
    def examination(self) -> Examination:
        return checks.examination_of(self.case, shared=checks.is_shared(self.page))

    def scene(self, identity: uuid.UUID) -> CaseScene:
        found = drafts.scene_in(self.draft, identity)
        if found is None:
            raise drafts.Gone
        return found

    def url(self, name: str, *arguments: Any) -> str:
        return reverse(f"{URLS}:{name}", args=[self.page.pk, *arguments])

    @cached_property
    def identities(self) -> dict[str, uuid.UUID]:
        return {row.key: row.translation_key for row in drafts.scenes_of(self.draft)}

    def scene_url(self, key: str) -> str:
        identity = self.identities.get(key)
        return self.url("scene", identity) if identity else ""

    def map(self, *, selected: str = "") -> case_map.CaseMap:
        return case_map.draw(
            self.case, self.examination.findings, url_of=self.scene_url, selected=selected
        )

    def findings_at(self, key: str) -> list[Finding]:
        return [each for each in self.examination.findings if each.scene == key]

    def walk_to(self, finding: Finding) -> str:
        """A walk through the draft to where the finding is, if a path there is known."""
        if not finding.path:
            return ""
        steps = ".".join(step.partition("/")[2] for step in finding.path)
        return f"{self.url('walk')}?{urlencode({'steps': steps})}#here"

    def locked_message(self) -> str:
        """Why this user cannot save now; empty where they can."""
        lock = self.page.get_lock()
        if lock is None or not lock.for_user(self.request.user):
            return ""
        return str(lock.get_message(self.request.user) or _("This page is locked."))

    def refuse_while_locked(self) -> bool:
        words = self.locked_message()
        if words:
            messages.error(self.request, words)
        return bool(words)

    def get_page_subtitle(self) -> str:
        return str(self.draft.title)

    def trail(self, *steps: tuple[Any, str]) -> list[dict[str, Any]]:
        edit = reverse("wagtailadmin_pages:edit", args=[self.page.pk])
        scenes = (_("Scenes and map"), self.url("scenes") if steps else "")
        return trail((self.draft.get_admin_display_title(), edit), scenes, *steps)
