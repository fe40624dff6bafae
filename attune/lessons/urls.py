from django.urls import path

from attune.lessons import views

app_name = "attune_lessons"
urlpatterns = [
    path("phrases/", views.phrases, name="phrases"),
    path("<int:lesson_id>/self-check/", views.self_check, name="self_check"),
    path("<int:lesson_id>/confirm/", views.confirm, name="confirm"),
    path("<int:lesson_id>/captions/<uuid:block_id>.vtt", views.captions, name="captions"),
    path("<int:lesson_id>/position/", views.position, name="position"),
]
