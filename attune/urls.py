"""The roof of the plugin: every address of our own, for a site to include.

``path("learn/", include("attune.urls"))``; pages are served by Wagtail as ever. Sign-in
belongs to the site: our own project adds ``attune.accounts.urls``, a host keeps its own.
"""

from django.urls import include, path

urlpatterns = [
    path("", include("attune.enrolments.urls")),
    path("people/", include("attune.people.urls")),
    path("lessons/", include("attune.lessons.urls")),
    path("quizzes/", include("attune.quizzes.urls")),
    path("cases/", include("attune.case_studies.urls")),
    path("reflections/", include("attune.case_studies.reflective_urls")),
]
