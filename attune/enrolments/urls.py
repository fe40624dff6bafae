from django.urls import path

from attune.enrolments import views

app_name = "attune_enrolments"
urlpatterns = [
    path("", views.my_training, name="my_training"),
    path("units/<int:unit_id>/start/", views.start_unit, name="start_unit"),
]
