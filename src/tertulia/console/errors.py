"""Error pages. None of them ever shows an exception's text."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string


def show_bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: what was sent could not be read."""
    return render(request, "layout/error_400.html", status=400)


def show_refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 outside a page's own roles: mostly a form older than its session."""
    return render(request, "layout/error_403.html", status=403)


def show_csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form without a valid token."""
    return render(request, "layout/error_403.html", status=403)


def show_missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: nothing here, or nothing in this workspace."""
    return render(request, "layout/error_404.html", status=404)


def show_failure(request: HttpRequest) -> HttpResponse:
    """500: drawn without a request context, for that may be what failed."""
    return HttpResponse(render_to_string("layout/error_500.html"), status=500)
