"""Deeds on statements in quarantine: read once more, done by POST, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import FormView
from wagtail.admin import messages
from wagtail.log_actions import log

from attune.reports.delivery_choosing import GIVEN_UP, Ticked
from attune.reports.delivery_screens import ForOperators
from attune.reports.delivery_words import kind_in_words
from attune.xapi import operating, quarantine, trail
from attune.xapi.quarantine import Choice

NAMED = 10
"""How many of the statements are named before a deed; of the rest there is a number."""
LOGGED_ONE_BY_ONE = 50


class NoteForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("Why it is given up"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "Whoever looks at it later reads this, with your name and the date."
        ),
    )


class QuarantineDeedView(ForOperators, FormView):  # type: ignore[type-arg]
    """Ask once more about what was chosen, then do it to all of it in one go."""

    template_name = "attune_reports/quarantine_deed.html"
    tab = "quarantine"
    deeds = {
        "send-again": gettext_lazy("Send again"),
        "void": gettext_lazy("Void"),
        "give-up": gettext_lazy("Give up"),
        "take-back": gettext_lazy("Put back into quarantine"),
    }

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.deed = kwargs["deed"]
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def ticked(self) -> Ticked:
        data = self.request.POST if self.request.method == "POST" else self.request.GET
        return Ticked(data, zone=self.zone)

    @cached_property
    def choice(self) -> Choice:
        return self.ticked.choice()

    @cached_property
    def count(self) -> int:
        return quarantine.rows(self.choice).order_by().count()

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._nothing_to_do() or super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._nothing_to_do() or super().post(request, *args, **kwargs)

    def _nothing_to_do(self) -> HttpResponse | None:
        if self.deed not in self.deeds:
            raise Http404
        if self.ticked.is_empty:
            words = _("Nothing was chosen. Tick the statements first, or all that match.")
        elif not self.count:
            words = _(
                "Nothing was done: what you chose was dealt with meanwhile. The list shows "
                "how it is now."
            )
        elif self.deed == "void" and quarantine.too_many_to_void(self.choice):
            words = _(
                "Nothing was done: at most %(most)d statements are voided at a time. Choose a "
                "shorter period, or tick some."
            ) % {"most": quarantine.MOST_VOIDED}
        else:
            return None
        messages.warning(self.request, words)
        return redirect(self.back_url)

    @property
    def back_url(self) -> str:
        shelf = f"?shelf={GIVEN_UP}" if self.choice.given_up else ""
        if self.ticked.is_all:
            shelf = self.ticked.form.query()
        return reverse("attune_reports:quarantine") + shelf

    def get_form_class(self) -> type[forms.Form]:
        return NoteForm if self.deed == "give-up" else forms.Form

    def get_page_title(self) -> str:
        return str(self.deeds.get(self.deed, ""))

    def above(self) -> list[dict[str, str]]:
        return [
            {"url": reverse("attune_reports:delivery"), "label": _("Delivery of records")},
            {"url": self.back_url, "label": _("Quarantine")},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        some = quarantine.rows(self.choice).select_related("record", "lane")[:NAMED]
        return super().get_context_data(
            **kwargs,
            question=self._question(),
            explanation=self._explanation(),
            button=self.deeds[self.deed],
            is_serious=self.deed in ("void", "give-up"),
            hidden=self.ticked.hidden(),
            back_url=self.back_url,
            named=[
                {
                    "kind": kind_in_words(each.record.kind),
                    "about": trail.about(each.record.body),
                    "lane": each.lane.name,
                    "answer": each.answer,
                }
                for each in some
            ],
            more=max(0, self.count - NAMED),
        )

    def _question(self) -> str:
        words = {
            "send-again": ngettext(
                "Send %(n)d statement again?", "Send %(n)d statements again?", self.count
            ),
            "void": ngettext("Void %(n)d statement?", "Void %(n)d statements?", self.count),
            "give-up": ngettext(
                "Give up %(n)d statement?", "Give up %(n)d statements?", self.count
            ),
            "take-back": ngettext(
                "Put %(n)d statement back into quarantine?",
                "Put %(n)d statements back into quarantine?",
                self.count,
            ),
        }
        return words[self.deed] % {"n": self.count}

    def _explanation(self) -> str:
        return {
            "send-again": _(
                "The very same statement is sent to the store that refused it. That helps when "
                "the store was mended or set up otherwise; if it refuses it again, it comes "
                "back here. A store that has it already does not take it twice."
            ),
            "void": _(
                "Where a store holds the statement, a second one is sent that takes it back; "
                "xAPI knows no other way of taking back, and no way of undoing it. Where the "
                "statement was refused it is given up. One that no store holds is left as it is."
            ),
            "give-up": _(
                "It is kept, with your note, and no longer counts as something to be looked "
                "at. It can be sent again at any time."
            ),
            "take-back": _("It counts again as something to be looked at. Nothing is sent."),
        }[self.deed]

    # --- Doing it ---------------------------------------------------------------------------

    def form_valid(self, form: Any) -> HttpResponse:
        now = timezone.now()
        meant = self._to_be_logged()
        done = {
            "send-again": self._send_again,
            "void": self._void,
            "give-up": self._give_up,
            "take-back": self._take_back,
        }[self.deed](form, now)
        if done:
            self._log(meant, done, note=form.cleaned_data.get("note", ""))
        return redirect(self.back_url)

    def _send_again(self, form: Any, now: datetime) -> int:
        done = quarantine.send_again(self.choice)
        self._say(
            done,
            ngettext(
                "%(n)d statement waits to be sent again.",
                "%(n)d statements wait to be sent again.",
                done,
            ),
        )
        return done

    def _take_back(self, form: Any, now: datetime) -> int:
        done = quarantine.take_back(self.choice)
        self._say(
            done,
            ngettext(
                "%(n)d statement is back in quarantine.",
                "%(n)d statements are back in quarantine.",
                done,
            ),
        )
        return done

    def _give_up(self, form: Any, now: datetime) -> int:
        done = quarantine.give_up(
            self.choice, by=self._who(), note=form.cleaned_data["note"], now=now
        )
        undo = reverse("attune_reports:quarantine_deed", args=["take-back"])
        self._say(
            done,
            ngettext("%(n)d statement is given up.", "%(n)d statements are given up.", done),
            undo=f"{undo}?shelf={GIVEN_UP}&deed={now:%Y-%m-%dT%H:%M:%S.%fZ}",
        )
        return done

    def _void(self, form: Any, now: datetime) -> int:
        came = quarantine.void(self.choice, by=self._who(), now=now)
        lines = [
            (
                came.voided,
                ngettext(
                    "%(n)d statement is voided where a store holds it.",
                    "%(n)d statements are voided where a store holds them.",
                    came.voided,
                ),
            ),
            (came.already, _("%(n)d had been voided before.")),
            (
                came.nowhere,
                _("%(n)d left as before: no store holds it, so there is nothing to take back."),
            ),
            (came.unvoidable, _("%(n)d left as before: what voids another cannot be voided.")),
        ]
        said = " ".join(words % {"n": n} for n, words in lines if n)
        (messages.success if came.voided else messages.warning)(
            self.request, said or _("Nothing was done: it was dealt with meanwhile.")
        )
        return came.voided

    def _say(self, done: int, words: str, *, undo: str = "") -> None:
        missing = self.count - done
        said = words % {"n": done}
        if missing > 0:
            said += " " + ngettext(
                "%(n)d had been dealt with meanwhile.",
                "%(n)d had been dealt with meanwhile.",
                missing,
            ) % {"n": missing}
        buttons = [messages.button(undo, _("Undo"))] if undo and done else None
        (messages.success if done else messages.warning)(self.request, said, buttons=buttons)

    def _who(self) -> str:
        user: Any = self.request.user
        return str(user.get_full_name() or user.get_username())

    # --- Who did it, kept in Wagtail's log ------------------------------------------------------

    def _to_be_logged(self) -> list[Any]:
        """Each statement where they are few; where they are many, the stores that refused them."""
        meant = quarantine.rows(self.choice)
        if self.count <= LOGGED_ONE_BY_ONE:
            return list(meant.select_related("record", "lane"))
        return list(operating.lanes().filter(pk__in=meant.order_by().values("lane")))

    def _log(self, about: list[Any], done: int, *, note: str) -> None:
        action = f"attune_xapi.{self.deed.replace('-', '_')}"
        data = {"statements": done} | ({"note": note} if note else {})
        for each in about:
            log(instance=each, action=action, user=self.request.user, data=data)
