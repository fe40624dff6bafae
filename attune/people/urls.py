from django.urls import URLPattern

app_name = "attune_people"
urlpatterns: list[URLPattern] = []
