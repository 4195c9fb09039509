"""The addresses of signing in: password and second factor by django-allauth, and the one-time link."""

from allauth.account import views as account
from django.urls import include, path

from tertulia.console.sign_in.once import use_link

sign_in_patterns = [
    path("sign-in/", account.login, name="account_login"),
    path("sign-out/", account.logout, name="account_logout"),
    path("sign-in/inactive/", account.account_inactive, name="account_inactive"),
    path("sign-in/again/", account.reauthenticate, name="account_reauthenticate"),
    path("sign-in/once/<str:secret>/", use_link, name="sign_in_once"),
    path("you/password/", account.password_change, name="account_change_password"),
    path("you/password/set/", account.password_set, name="account_set_password"),
    path("you/second-factor/", include("allauth.mfa.urls")),
]
