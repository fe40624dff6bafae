"""The author's form of every page: what it refers to is the author's own or everybody's.

Choosers offer only that, but a form is posted by whoever knows an address. What stood in
the page before stays: the administrator may have put it there, or a copy brought it along.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminPageForm
from wagtail.models import CollectionMember, Page

from attune.curriculum import tenancy

Reference = tuple[type[Any], str]
"""A model and a primary key as text, as Wagtail's reference index has them."""


class OwnReferencesForm(WagtailAdminPageForm):
    """Refuses pages, images, documents and recordings of another client, in drafts as well."""

    def clean(self) -> Any:
        cleaned = super().clean()
        # Without a user it is the site itself that writes.
        if self.for_user is None:
            return cleaned
        written = [field for field in referring_fields(self.instance) if field.name in cleaned]
        kept = {
            each
            for field in referring_fields(self.instance)
            for each in references_in(field, getattr(self.instance, field.name))
        }
        for field in written:
            added = set(references_in(field, cleaned[field.name])) - kept
            if tenancy.foreign_among(self.for_user, added):
                self._put_back(field.name)
                self.add_error(
                    field.name,
                    _(
                        "It referred to a page or a file that is not yours, so this field is"
                        " shown as it was before. Choose another page or file."
                    ),
                )
        return cleaned

    def _put_back(self, name: str) -> None:
        """Shown as it was sent, the chooser would name what must not be known."""
        self.fields[name].bound_data = lambda data, initial: initial


def referring_fields(page: Page) -> list[Any]:
    """The texts and blocks of a page, which may point at other pages and at files."""
    return [field for field in page._meta.get_fields() if hasattr(field, "extract_references")]


def references_in(field: Any, value: Any) -> Iterator[Reference]:
    for model, pk, _model_path, _content_path in field.extract_references(value):
        if issubclass(model, (Page, CollectionMember)):
            yield model, str(pk)


class ProgrammePageForm(OwnReferencesForm):
    """Also the modules of the programme: they open to all who are assigned it."""

    MODULE_FIELDS = ("module", "opens_after")

    def clean(self) -> Any:
        cleaned = super().clean()
        rows = self.formsets.get("programme_modules")
        if rows is None or self.for_user is None:
            return cleaned
        rows.is_valid()  # so that each row has been cleaned, whatever else is wrong with it
        kept = {
            getattr(row, f"{name}_id")
            for row in self.instance.programme_modules.all()
            for name in self.MODULE_FIELDS
        }
        for form in rows.forms:
            for name in self.MODULE_FIELDS:
                module = getattr(form, "cleaned_data", {}).get(name)
                if module is None or module.pk in kept:
                    continue
                if tenancy.is_foreign(self.for_user, [module.pk]):
                    # Shown again, the chooser would name what must not be known.
                    form.data = form.data.copy()
                    form.data[form.add_prefix(name)] = ""
                    form.add_error(name, _("Choose a module of your own or a shared one."))
                    self.add_error(None, _("A module of the programme is not yours."))
        return cleaned
