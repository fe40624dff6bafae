"""Addresses that are IRIs of our records. A site includes them at ``xapi/``, outside of any
language, on the host that ``ATTUNE_IRI_BASE`` names."""

from django.urls import path

from attune.enrolments import iris

app_name = "attune_iris"
urlpatterns = [
    path("profile", iris.profile, name="profile"),
    path("profile/v1", iris.profile, name="profile_version"),
    path("profile/v1/templates/<slug:name>", iris.part_of_profile, name="template"),
    path("extensions/<slug:name>", iris.part_of_profile, name="extension"),
    path("<slug:kind>/<uuid:key>", iris.activity, name="activity"),
    path(
        "<slug:kind>/<uuid:key>/<slug:part>/<slug:place>",
        iris.part_of_activity,
        name="part_of_activity",
    ),
]
