"""Addresses of our own project."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.urls import URLPattern, URLResolver, include, path, re_path
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

from config.uploads import upload

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("attune.notices.watch.urls")),
    path("admin/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    path("accounts/", include("attune.accounts.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("learn/", include("attune.urls")),
    path("xapi/", include("attune.enrolments.iri_urls")),
    path("design/", include("attune.design.urls")),
]
if settings.SERVE_MEDIA:
    urlpatterns.append(re_path(r"^media/(?P<path>.+)$", upload))
urlpatterns += i18n_patterns(path("", include(wagtail_urls)))
