"""Which file goes into which bank, and which questions go into which file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.models import Locale

from attune.curriculum.topics import Topic
from attune.people.access import reach_of
from attune.people.models import Organisation
from attune.quizzes.exchange import formats
from attune.quizzes.questions import QuestionTag, question_types
from attune.tabular.reading import MAX_BYTES

SHARED = "shared"


def banks_of(user: Any, *, with_shared: bool) -> list[tuple[str, str]]:
    """Banks as choices: the clients that the user writes for, and the shared one."""
    reach = reach_of(user)
    clients = Organisation.objects.filter(kind=Organisation.Kind.CLIENT)
    if not reach.everything:
        clients = clients.filter(pk__in=reach.authors_for)
    banks = [(str(each.pk), each.name) for each in clients.order_by("name")]
    if with_shared:
        banks.append((SHARED, _("Shared bank")))
    return banks


def owner_of(bank: str) -> Organisation | None:
    return None if bank == SHARED else Organisation.objects.get(pk=int(bank))


class BankForm(forms.Form):
    bank = forms.ChoiceField(label=gettext_lazy("Bank"))
    locale = forms.ModelChoiceField(
        label=gettext_lazy("Language"), queryset=Locale.objects.all(), empty_label=None
    )

    def __init__(self, *args: Any, banks: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["bank"].choices = banks
        fields["locale"].initial = Locale.get_default()

    @property
    def owner(self) -> Organisation | None:
        return owner_of(self.cleaned_data["bank"])


class ImportForm(BankForm):
    """Nothing is written before the report that comes next was read."""

    topic = forms.ChoiceField(
        label=gettext_lazy("Topic"),
        choices=Topic.choices,
        initial=Topic.COMMUNICATION,
        help_text=gettext_lazy("For questions for which the file names none."),
    )
    format = forms.ChoiceField(label=gettext_lazy("Format"))
    file = forms.FileField(label=gettext_lazy("File"), max_length=200)
    publish = forms.BooleanField(
        label=gettext_lazy("Publish at once"),
        required=False,
        initial=True,
        help_text=gettext_lazy("Otherwise they wait as drafts. Only published ones are asked."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["format"].choices = [
            (each.slug, f"{each.label}: {each.description}") for each in formats()
        ]

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(
                _("The file has more than %(most)d MB. Split it.")
                % {"most": MAX_BYTES // 1_000_000}
            )
        return file


class ExportForm(BankForm):
    type = forms.ChoiceField(label=gettext_lazy("Type"), required=False)
    tag = forms.ChoiceField(label=gettext_lazy("Tag"), required=False)
    format = forms.ChoiceField(label=gettext_lazy("Format"))

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["type"].choices = [
            ("", _("All types")),
            *((model.kind, str(model._meta.verbose_name)) for model in question_types()),
        ]
        fields["tag"].choices = [("", _("All tags")), *((t, t) for t in tags_of(user))]
        fields["format"].choices = [(each.slug, str(each.label)) for each in formats()]


def tags_of(user: Any) -> list[str]:
    """Tags of questions that the user may see."""
    reach = reach_of(user)
    tags = QuestionTag.objects.all()
    if not reach.everything:
        tags = tags.filter(question__owner__in=reach.authors_for) | tags.filter(
            question__owner__isnull=True
        )
    return list(tags.order_by("name").values_list("name", flat=True).distinct()[:1000])
