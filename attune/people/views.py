"""A person's own pages: their account, and the answer to an invitation."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import NoReverseMatch, reverse, reverse_lazy
from django.utils import timezone, translation
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, View

from attune.people.access import person_of
from attune.people.models import Person
from attune.people.services import NotAllowed, accept_invitation, update_person
from attune.people.services.accounts import open_account, user_with
from attune.people.services.invite import invited_by, link_for
from attune.people.zones import zones


class AccountForm(forms.Form):
    full_name = forms.CharField(
        label=_("Name"),
        max_length=200,
        help_text=_("As it should stand on a certificate."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=zones,
        help_text=_("Due times are shown in this zone."),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)


@method_decorator(never_cache, name="dispatch")
class Account(LoginRequiredMixin, FormView):  # type: ignore[type-arg]
    """Name, zone and language: one's own, whoever employs one."""

    template_name = "attune_people/account.html"
    form_class = AccountForm
    success_url = reverse_lazy("attune_people:account")

    @property
    def person(self) -> Person:
        person = person_of(self.request.user)
        if person is None:
            raise Http404  # an account of the host's that Attune knows nobody behind
        return person

    def get_initial(self) -> dict[str, Any]:
        person = self.person
        return {
            "full_name": person.full_name,
            "time_zone": person.time_zone,
            "language": person.language,
        }

    def form_valid(self, form: AccountForm) -> HttpResponse:
        person = update_person(person=self.person, by=self.request.user, **form.cleaned_data)
        response = super().form_valid(form)
        if person.language != translation.get_language():
            # An earlier choice for this browser would hide the new one.
            response.delete_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                path=settings.LANGUAGE_COOKIE_PATH,
                domain=settings.LANGUAGE_COOKIE_DOMAIN,
            )
        with translation.override(person.language):
            messages.success(self.request, str(_("Your account has been saved.")))
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        person = self.person
        jobs = (
            person.memberships.unfinished(timezone.now().date())
            .select_related("organisation", "location")
            .prefetch_related("roles")
        )
        return {
            **super().get_context_data(**kwargs),
            "person": person,
            "jobs": jobs,
            "change_password_url": _address("attune_accounts:change_password"),
        }


def _address(name: str) -> str:
    """The address of a view that not every site has, or nothing."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


@method_decorator(never_cache, name="dispatch")
class Join(View):
    """Somebody who has an account is invited by one more organisation.

    They connect it themself, signed in with the address that the link was sent to. An account
    that was closed for want of a job cannot sign in: there the link suffices, as it does to
    replace a password, since both prove whose mailbox it is.
    """

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        invited = self._invited(token)
        if invited is None:
            return self._page(request, "over")
        account = user_with(invited.invited_email)
        if account is None or _is_closed(account):
            return self._page(request, "ask", invited)
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path(), resolve_url(settings.LOGIN_URL))
        if request.user.pk != account.pk:
            return self._page(request, "other", invited)
        return self._page(request, "ask", invited)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        invited = self._invited(token)
        if invited is None:
            return self._page(request, "over")
        account = user_with(invited.invited_email)
        if account is None:
            # The account has gone since the invitation: this person gets one of their own.
            open_account(person=invited, email=invited.invited_email)
            return redirect(link_for(invited)[1])
        user = account if _is_closed(account) else request.user
        if not user.is_authenticated:
            return redirect_to_login(request.get_full_path(), resolve_url(settings.LOGIN_URL))
        try:
            accept_invitation(invited=invited, user=user, now=timezone.now())
        except NotAllowed:
            return self._page(request, "other", invited)
        messages.success(request, _("You have joined."))
        return redirect(settings.LOGIN_REDIRECT_URL)

    def _invited(self, token: str) -> Person | None:
        return invited_by(token)

    def _page(
        self, request: HttpRequest, state: str, invited: Person | None = None
    ) -> HttpResponse:
        employer = None
        if invited is not None:
            job = invited.memberships.select_related("organisation").first()
            employer = job.organisation if job else None
        return render(
            request,
            "attune_people/join.html",
            {"state": state, "invited": invited, "employer": employer},
            status=410 if state == "over" else 200,
        )


def _is_closed(account: Any) -> bool:
    person = getattr(account, "attune_person", None)
    return not account.is_active and person is not None and person.access_ended_at is not None
