"""What Wagtail calls: the gate before a page is served."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from wagtail import hooks
from wagtail.models import Page

from attune.enrolments import gate


@hooks.register("before_serve_page")
def learners_gate(
    page: Page, request: HttpRequest, serve_args: Any, serve_kwargs: Any
) -> HttpResponse | None:
    return gate.check(page, request)
