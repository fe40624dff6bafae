from django.urls import URLPattern

app_name = "attune_accounts"
urlpatterns: list[URLPattern] = []
