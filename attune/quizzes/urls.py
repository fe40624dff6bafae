"""Addresses of attempts. The quiz page itself is a page, served by Wagtail."""

from django.urls import path

from attune.quizzes import views

app_name = "attune_quizzes"
urlpatterns = [
    path("<int:quiz_id>/start/", views.start, name="start"),
    path("attempts/<uuid:deed>/", views.attempt, name="attempt"),
    path("attempts/<uuid:deed>/<int:position>/", views.question, name="question"),
    path("attempts/<uuid:deed>/review/", views.review, name="review"),
    path("attempts/<uuid:deed>/hand-in/", views.hand_in, name="hand_in"),
    path("attempts/<uuid:deed>/result/", views.result, name="result"),
]
