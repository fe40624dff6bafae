from django.urls import URLPattern

app_name = "attune_quizzes"
urlpatterns: list[URLPattern] = []
