"""The author's form of a question: whose bank it goes into, and whether it can be asked."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm

from attune.people.access import reach_of
from attune.people.models import Organisation


class QuestionForm(WagtailAdminModelForm):
    """A trainer writes for the own clients only; the shared bank is the administrator's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "owner" in self.fields:
            self._limit_owner()

    def _limit_owner(self) -> None:
        reach = reach_of(self.for_user)
        if reach.everything:
            return
        field = self.fields["owner"]
        field.queryset = Organisation.objects.filter(
            kind=Organisation.Kind.CLIENT, pk__in=reach.authors_for
        )
        field.required = True
        field.help_text = ""
        if len(reach.authors_for) == 1:
            (only,) = reach.authors_for
            field.initial = only
            if self.instance.owner_id is None:
                self.initial["owner"] = only
            # Nothing to choose: it goes into the one bank, even if the browser left it out.
            field.empty_label = None
            field.required = False

    def clean_owner(self) -> Any:
        owner = self.cleaned_data.get("owner")
        reach = reach_of(self.for_user)
        if owner is None and not reach.everything and len(reach.authors_for) == 1:
            return Organisation.objects.get(pk=next(iter(reach.authors_for)))
        return owner

    def clean(self) -> Any:
        cleaned = super().clean()
        self._refuse_double_tags()
        if not self.is_deferred_validation:
            for problem in self.own_problems():
                self.add_error(None, problem)
        return cleaned

    def own_problems(self) -> list[str]:
        """What keeps this type from being published, beside its empty fields."""
        return []

    def _refuse_double_tags(self) -> None:
        seen: set[str] = set()
        for form in self.formset_forms("tags"):
            name = str(form.cleaned_data.get("name", ""))
            if name in seen:
                form.add_error("name", _("This tag is there twice."))
            seen.add(name)

    def formset_forms(self, relation: str) -> list[Any]:
        """The valid forms of an inline relation that will be kept."""
        formset = self.formsets.get(relation)
        if formset is None or not formset.is_valid():
            return []
        return [
            form
            for form in formset.forms
            if form.cleaned_data and not form.cleaned_data.get("DELETE")
        ]
