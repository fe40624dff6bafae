"""One view: the style guide, for whoever changes how Attune looks."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from attune.design.samples import sample_context


def style_guide(request: HttpRequest) -> HttpResponse:
    """All parts with sample words. In DEBUG for everybody, else for staff; others get 404."""
    user = getattr(request, "user", None)
    if not settings.DEBUG and not (user is not None and user.is_staff):
        raise Http404
    return render(request, "attune_design/style_guide.html", sample_context())
