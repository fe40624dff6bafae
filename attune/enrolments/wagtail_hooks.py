"""What Wagtail calls: the gate before a page or a document is served."""

from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from wagtail import hooks
from wagtail.models import Page

from attune.enrolments import gate
from attune.enrolments.readers import may_fetch


@hooks.register("before_serve_page")
def learners_gate(
    page: Page, request: HttpRequest, serve_args: Any, serve_kwargs: Any
) -> HttpResponse | None:
    return gate.check(page, request)


@hooks.register("before_serve_document")
def documents_gate(document: Any, request: HttpRequest) -> HttpResponse | None:
    """A client's documents are not for whoever guesses the address."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
    if not may_fetch(request.user, document.collection):
        raise Http404
    return None
