"""``/healthz`` and ``/metrics``: ``path("", include("attune.notices.watch.urls"))``."""

from django.urls import path

from attune.notices.watch import views

app_name = "attune_watch"
urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("metrics", views.prometheus_metrics, name="metrics"),
]
