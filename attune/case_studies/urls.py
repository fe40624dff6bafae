"""Addresses of attempts at cases. The case's own page is a page, served by Wagtail."""

from django.urls import path

from attune.case_studies import views

app_name = "attune_case_studies"
urlpatterns = [
    path("<int:page_id>/start/", views.start, name="start"),
    path("attempts/<uuid:deed>/", views.attempt, name="attempt"),
    path("attempts/<uuid:deed>/<int:position>/", views.scene, name="scene"),
    path("attempts/<uuid:deed>/<int:position>/again/", views.again, name="again"),
    path("attempts/<uuid:deed>/ending/", views.ending, name="ending"),
]
