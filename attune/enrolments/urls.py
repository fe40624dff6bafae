from django.urls import URLPattern

app_name = "attune_enrolments"
urlpatterns: list[URLPattern] = []
