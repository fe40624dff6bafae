"""A person's data taken out, a person erased, and the list of who erased whom not."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import View
from wagtail.admin.ui.tables import Column

from attune.people.erasing.authority import may_erase
from attune.people.erasing.exporting import export_person
from attune.people.erasing.models import Erasure
from attune.people.erasing.services import erase_person
from attune.people.screens import forms
from attune.people.screens.base import URLS, Form, Listing, manages_people
from attune.people.screens.people import OnePerson, people_trail


class ExportData(OnePerson, View):
    """A ZIP with everything that is known of the person. Asked for by a button: it is noted."""

    http_method_names = ["post"]
    page_title = ""

    def post(self, request: HttpRequest, pk: int) -> FileResponse:
        self.require(may_erase(person=self.person, by=request.user))
        archive = export_person(person=self.person, by=request.user, now=timezone.now())
        return FileResponse(
            archive,
            as_attachment=True,
            filename=f"person-{self.person.pk}-{timezone.now():%Y-%m-%d}.zip",
            content_type="application/zip",
            headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
        )


class ErasePerson(OnePerson, Form):
    template_name = "attune_people/admin/erase.html"
    page_title = _("Erase this person")
    header_icon = "bin"
    form_class = forms.EraseForm
    submit_label = _("Erase for good")
    pseudonym = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if self.may_enter(request.user):
            self.require(may_erase(person=self.person, by=request.user))
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "name": self.person.full_name}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "person": self.person}

    def act(self, form: Any) -> Any:
        return erase_person(person=self.person, by=self.request.user, now=timezone.now())

    def get_success_message(self, outcome: Any) -> str:
        return gettext(
            "The person was erased. Record stores know them as %(pseudonym)s; that number is "
            "kept nowhere here, so note it down if a store is to delete as well."
        ) % {"pseudonym": outcome.pseudonym}

    def get_success_url(self) -> str:
        return reverse(f"{URLS}:erased")


class Erased(Listing):
    """Who erased somebody and when. Whom is exactly what is not kept."""

    may_enter = staticmethod(manages_people)
    model = Erasure
    page_title = _("Erased people")
    header_icon = "bin"
    index_url_name = f"{URLS}:erased"
    is_searchable = False
    default_ordering = "-erased_at"
    list_export: tuple[str, ...] = ()
    empty_message = _(
        "Nobody has been erased. A person’s page offers it to the administrator, and to HR of "
        "the only vendor they worked for."
    )

    @cached_property
    def columns(self) -> list[Column]:
        return [
            Column("erased_at", label=_("Erased on"), sort_key="erased_at"),
            Column("by", label=_("By"), accessor=_by),
            Column("organisation", label=_("Last employer"), accessor="organisation"),
            Column("exported_at", label=_("Data taken out on"), accessor="exported_at"),
        ]

    def get_base_queryset(self) -> QuerySet[Any]:
        rows = Erasure.objects.visible_to(self.request.user)
        return rows.select_related("organisation", "erased_by__attune_person")

    def get_edit_url(self, instance: Any) -> str:
        return ""

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return people_trail((self.page_title, ""))


def _by(erasure: Erasure) -> str:
    if erasure.by_command:
        return gettext("the operator")
    person = getattr(erasure.erased_by, "attune_person", None)
    return str(person or erasure.erased_by or "–")
