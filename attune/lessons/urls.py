from django.urls import URLPattern

app_name = "attune_lessons"
urlpatterns: list[URLPattern] = []
