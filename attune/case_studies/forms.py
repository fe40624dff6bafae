"""The author's form of a case: its rules, meters, competencies and endings, and not its scenes.

Scenes are written one at a time on screens of their own (``admin``). This form leaves them as
the draft has them, except that a meter or an ending which gets another name keeps it in every
scene; and it publishes nothing that the analysis finds an error in.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from attune.case_studies import checks
from attune.case_studies.branching.values import Case
from attune.case_studies.casting import case_of, competency_of, ending_of, meter_of
from attune.case_studies.renaming import Renaming, follow_in_rows, renamed
from attune.curriculum.forms import OwnReferencesForm

MOST_NAMED = 10
"""Errors told one by one; the map has them all."""


class CaseStudyPageForm(OwnReferencesForm):
    def clean(self) -> Any:
        cleaned = super().clean()
        if self.is_deferred_validation or self.errors or self._is_sent_back():
            return cleaned
        if not all(formset.is_valid() for formset in self.formsets.values()):
            return cleaned
        self._refuse_errors(self.case())
        return cleaned

    def _is_sent_back(self) -> bool:
        """A reviewer asks for changes: what is wrong is the reason, and no hindrance."""
        return bool(
            self.data.get("action-workflow-action")
            and self.data.get("workflow-action-name") == "reject"
        )

    def case(self) -> Case:
        """The case as it would be saved: the draft's scenes, and the rest as it was sent."""
        case = case_of(self.instance)
        return replace(
            renamed(case, self.renaming()),
            meters=tuple(meter_of(row) for row in self._rows("meters")),
            competencies=tuple(competency_of(row) for row in self._rows("competencies")),
            endings=tuple(ending_of(row) for row in self._rows("endings")),
            # Put on the instance only after this.
            pass_score=self.cleaned_data.get("pass_score"),
        )

    def renaming(self) -> Renaming:
        """Meters and endings that got another name on this form."""
        return Renaming(self._new_names("endings", "key"), meters=self._new_names("meters", "name"))

    def _new_names(self, formset: str, name: str) -> dict[str, str]:
        kept = self.formsets[formset].ordered_forms
        return {
            form.initial[name]: form.cleaned_data[name]
            for form in kept
            if form.initial.get(name) and name in form.changed_data
        }

    def save(self, commit: bool = True) -> Any:
        if renaming := self.renaming():
            follow_in_rows(self.instance, renaming)
        return super().save(commit=commit)

    def _rows(self, name: str) -> list[Any]:
        return [form.instance for form in self.formsets[name].ordered_forms]

    def _refuse_errors(self, case: Case) -> None:
        place = self.instance if self.instance.path else self.parent_page
        errors = checks.errors_in(case, shared=checks.is_shared(place))
        for finding in errors[:MOST_NAMED]:
            self.add_error(None, finding.message)
        if len(errors) > MOST_NAMED:
            more = len(errors) - MOST_NAMED
            self.add_error(
                None,
                ngettext("And %(n)d more error.", "And %(n)d more errors.", more) % {"n": more},
            )
        if errors:
            self.add_error(
                None,
                _("A case with errors is not published. “Scenes and map” shows them."),
            )
