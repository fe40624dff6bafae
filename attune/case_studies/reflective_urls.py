"""Addresses of cases to read. The page itself is a page, served by Wagtail."""

from django.urls import path

from attune.case_studies import reflective_views as views

app_name = "attune_reflections"
urlpatterns = [
    path("<int:page_id>/<uuid:question>/", views.reflection, name="reflection"),
    path("<int:page_id>/finish/", views.finish, name="finish"),
]
