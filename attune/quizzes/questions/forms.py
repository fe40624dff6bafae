"""The author's form of a question: whose bank, whose files, and whether it can be asked."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.models import CollectionMember, Page

from attune.curriculum import tenancy
from attune.people.access import reach_of
from attune.people.models import Organisation
from attune.quizzes.questions.items import plain


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
        self._refuse_what_is_anothers()
        self._refuse_what_the_bank_may_not_show()
        if not self.is_deferred_validation:
            for problem in [*self._media_problems(), *self.own_problems()]:
                self.add_error(None, problem)
        return cleaned

    def _media_problems(self) -> list[str]:
        given = self.cleaned_data
        problems = []
        if given.get("image") and given.get("recording"):
            problems.append(gettext("Show an image or a recording beside the question, not both."))
        if given.get("image") and not str(given.get("image_alt") or "").strip():
            problems.append(gettext("Say in words what the image shows."))
        if given.get("recording") and not plain(str(given.get("transcript") or "")):
            problems.append(gettext("Give the transcript of the recording."))
        return problems

    def _refuse_what_is_anothers(self) -> None:
        """Images, recordings and lessons of another client, in drafts as well.

        What stood there before stays: the administrator may have put it there.
        """
        # Without a user it is the site itself that writes.
        if self.for_user is None:
            return
        for form, name, chosen in self._references():
            if chosen.pk == form.initial.get(name):
                continue
            if tenancy.foreign_among(self.for_user, [(type(chosen), str(chosen.pk))]):
                # Shown as it was sent, the chooser would name what must not be known.
                form.fields[name].bound_data = lambda data, initial: initial
                form.add_error(name, _("Choose one of your own or a shared one."))
                self.add_error(
                    None,
                    _("The question referred to a page or a file that is not yours."),
                )

    def _refuse_what_the_bank_may_not_show(self) -> None:
        """Who may ask a question may show all that belongs to it, so it is theirs as well.

        An administrator sees every client's files, and could hand one client's to another. What
        stood there before stays, as long as the question stays in its bank.
        """
        if "owner" not in self.cleaned_data:
            return
        owner = self.cleaned_data["owner"]
        same_bank = (owner.pk if owner else None) == self.instance.owner_id
        for form, name, chosen in self._references():
            if same_bank and chosen.pk == form.initial.get(name):
                continue
            if tenancy.is_kept_from(owner and owner.pk, [(type(chosen), str(chosen.pk))]):
                problem = (
                    gettext("This belongs to another client than the question does.")
                    if owner
                    else gettext(
                        "This belongs to one client, and every client may ask a question of the"
                        " shared bank. Choose something shared, or the client’s bank."
                    )
                )
                form.add_error(name, problem)
                if form is not self:
                    self.add_error(None, problem)

    def _references(self) -> list[tuple[Any, str, Any]]:
        """The pages and files that are chosen: form, name of the field, what was chosen."""
        forms = [self, *(form for each in self.formsets for form in self.formset_forms(each))]
        return [
            (form, name, chosen)
            for form in forms
            for name, _field in referring_fields(form)
            if (chosen := form.cleaned_data.get(name)) is not None
        ]

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


def referring_fields(form: Any) -> list[tuple[str, Any]]:
    """Fields of a model form that point at pages and files."""
    return [
        (field.name, field)
        for field in form._meta.model._meta.concrete_fields
        if field.name in form.fields
        and field.is_relation
        and issubclass(field.remote_field.model, (Page, CollectionMember))
    ]
