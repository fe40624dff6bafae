"""``/healthz`` for whoever asks, ``/metrics`` for whoever has the token."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from attune.notices.watch import alerts, health, metrics, prometheus
from attune.notices.watch.figures import gather


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 if every part is there, 503 if one is not. ``?only=web,database`` asks for those.

    Without the token it says no more than which. Asks for no session and sets no cookie.
    """
    names = {"web", *health.PARTS}
    only = frozenset(request.GET.get("only", "").split(",")) - {""}
    if only - names:
        return JsonResponse({"error": f"There are: {', '.join(sorted(names))}."}, status=400)
    parts = health.report(only)
    if "sweep" in parts and not parts["sweep"].ok:
        alerts.stand_in_soon()
    told = health.as_json(parts, in_detail=_has_token(request))
    return JsonResponse(told, status=200 if told["ok"] else 503)


@never_cache
@require_safe
def prometheus_metrics(request: HttpRequest) -> HttpResponse:
    """404 while no token is set: a monitor that was not asked for is not there."""
    if not _token():
        raise Http404
    if not _has_token(request):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    text = prometheus.render(metrics.families(gather(timezone.now())))
    return HttpResponse(text, content_type=prometheus.CONTENT_TYPE)


def _token() -> str:
    return str(getattr(settings, "ATTUNE_METRICS_TOKEN", "") or "")


def _has_token(request: HttpRequest) -> bool:
    token = _token()
    kind, _space, given = request.headers.get("Authorization", "").partition(" ")
    return bool(
        token
        and kind.lower() == "bearer"
        # As bytes: texts that are not ASCII cannot be compared in constant time.
        and secrets.compare_digest(given.strip().encode(), token.encode())
    )
