"""Signing in and out, and passwords. Django's own views, with our pages and fewer hints."""

from __future__ import annotations

from typing import Any

from axes.utils import reset as unlock
from django.contrib.auth import views as auth_views
from django.http import HttpResponse
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, TemplateView

from attune.accounts.forms import PasswordResetForm, SignInForm
from attune.accounts.tasks import ask_for_password_link


class SignIn(auth_views.LoginView):
    template_name = "attune_accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True


class SignOut(auth_views.LogoutView):
    """By POST alone: a link in somebody's mail must not sign anyone out."""

    next_page: Any = reverse_lazy("attune_accounts:signed_out")


class SignedOut(TemplateView):
    template_name = "attune_accounts/signed_out.html"


@method_decorator(never_cache, name="dispatch")
class PasswordReset(FormView):  # type: ignore[type-arg]  # generic in the stubs only
    """The same answer as fast for every address: looking it up is the worker's task."""

    template_name = "attune_accounts/password_reset.html"
    form_class = PasswordResetForm
    success_url = reverse_lazy("attune_accounts:password_reset_done")

    def form_valid(self, form: PasswordResetForm) -> HttpResponse:
        ask_for_password_link(email=form.cleaned_data["email"], language=get_language() or "en")
        return super().form_valid(form)


class PasswordResetDone(TemplateView):
    template_name = "attune_accounts/password_reset_done.html"


class SetPassword(auth_views.PasswordResetConfirmView):
    """The first password, or a new one, through the link in a mail."""

    template_name = "attune_accounts/set_password.html"
    success_url = reverse_lazy("attune_accounts:password_set")

    def get_user(self, uidb64: str) -> Any:
        user = super().get_user(uidb64)
        return user if user is not None and user.is_active else None

    def form_valid(self, form: Any) -> HttpResponse:
        # Whoever was locked out for a forgotten password need not wait now.
        unlock(username=form.user.get_username().lower())
        return super().form_valid(form)


class PasswordSet(TemplateView):
    template_name = "attune_accounts/password_set.html"


class ChangePassword(auth_views.PasswordChangeView):
    template_name = "attune_accounts/set_password.html"
    success_url = reverse_lazy("attune_accounts:password_set")
    extra_context = {"validlink": True}
