from django.urls import path

from attune.people import views

app_name = "attune_people"
urlpatterns = [
    path("account/", views.Account.as_view(), name="account"),
    path("join/<str:token>/", views.Join.as_view(), name="join"),
]
