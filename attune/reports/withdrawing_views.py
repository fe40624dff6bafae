"""Withdraw a module's result from a learner's record: somebody else took it, say.

HR of the engagement in which it was earned does it, with a reason. Where the result counted
elsewhere it counts no more; those places are not named to whoever may not see them.
"""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from attune.enrolments import services
from attune.enrolments.models import Enrolment, ModuleEvidence
from attune.enrolments.states import State
from attune.enrolments.structure import original_modules
from attune.reports.access import reported_enrolments
from attune.reports.record_views import DeedView, ReasonForm


class WithdrawResultView(DeedView):
    """Asks first; twice is once."""

    form_class = ReasonForm
    log_action = "attune_enrolments.withdraw_result"
    button = gettext_lazy("Withdraw the result")
    question = gettext_lazy("Withdraw the result of “%(module)s” from %(person)s?")
    explanation = gettext_lazy(
        "The module counts no more, in any programme that counted it. What was said of it to "
        "the record stores is taken back there. %(person)s takes it again from the start; the "
        "answers given so far are kept and count for nothing. A programme that was complete "
        "through it is assigned anew, with a new due date. This cannot be undone."
    )
    is_serious = True

    def find(self, **kwargs: Any) -> Enrolment:
        self.evidence = get_object_or_404(
            ModuleEvidence.objects.filter(
                enrolment__in=reported_enrolments(self.request.user)
            ).select_related(
                "enrolment__person",
                "enrolment__programme",
                "enrolment__engagement__client",
                "enrolment__engagement__vendor",
            ),
            pk=kwargs["evidence_id"],
        )
        return self.evidence.enrolment

    def fits(self) -> bool:
        newest = ModuleEvidence.objects.current().filter(state=State.COMPLETED)
        return newest.filter(pk=self.evidence.pk).exists()

    def state_in_words(self) -> str:
        return str(State(self.evidence.state).label)

    @cached_property
    def module_title(self) -> str:
        key = self.evidence.module_key
        module = original_modules([key]).get(key)
        return module.title if module is not None else _("A deleted module")

    def words(self) -> dict[str, str]:
        return {**super().words(), "module": self.module_title}

    def act(self, form: Any) -> None:
        reason = form.cleaned_data["reason"]
        self.outcome = services.withdraw_evidence(
            evidence=self.evidence, reason=reason, withdrawn_by=self.request.user, now=self.now
        )
        self.log_data = {
            "module": self.module_title,
            "module_key": str(self.evidence.module_key),
            "reason": reason,
            "statements": self.outcome.statements,
        }

    def done_in_words(self) -> str:
        if not self.outcome.done:
            return _("Nothing was done: somebody has withdrawn it meanwhile.")
        done = _("The result of “%(module)s” is withdrawn from %(person)s.") % self.words()
        taken_back = ngettext(
            "%(count)d learning record is taken back.",
            "%(count)d learning records are taken back.",
            self.outcome.statements,
        ) % {"count": self.outcome.statements}
        return f"{done} {taken_back}"
