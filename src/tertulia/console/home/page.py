"""Home."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tertulia.console.routes import route


def show_home(request: HttpRequest) -> HttpResponse:
    """The workspace at a glance."""
    return render(request, "home/home.html")


ROUTES = (route("", show_home, "home"),)
