from django.urls import path

from attune.accounts import views

app_name = "attune_accounts"
urlpatterns = [
    path("sign-in/", views.SignIn.as_view(), name="sign_in"),
    path("sign-out/", views.SignOut.as_view(), name="sign_out"),
    path("signed-out/", views.SignedOut.as_view(), name="signed_out"),
    path("password/", views.PasswordReset.as_view(), name="password_reset"),
    path("password/sent/", views.PasswordResetDone.as_view(), name="password_reset_done"),
    path("password/set/<uidb64>/<token>/", views.SetPassword.as_view(), name="set_password"),
    path("password/saved/", views.PasswordSet.as_view(), name="password_set"),
    path("password/change/", views.ChangePassword.as_view(), name="change_password"),
]
