"""The console's addresses: every page of the table behind its guard, sign-in, and the reader's own preferences."""

from importlib import import_module

from django.urls import URLPattern, include, path

from tertulia.console.access import guard
from tertulia.console.pages import PAGES, Page
from tertulia.console.sign_in.addresses import sign_in_patterns


def list_patterns(page: Page) -> list[URLPattern]:
    """The guarded patterns of one page, from ``ROUTES`` of its ``page.py``."""
    module = import_module(f"tertulia.console.{page.name}.page")
    return [path(page.path + route.path, guard(page, route.view), name=route.name) for route in module.ROUTES]


urlpatterns = [
    *sign_in_patterns,
    *(pattern for page in PAGES for pattern in list_patterns(page)),
    path("api/", include("tertulia.api.urls")),
]

handler400 = "tertulia.console.errors.show_bad_request"
handler403 = "tertulia.console.errors.show_refused"
handler404 = "tertulia.console.errors.show_missing"
handler500 = "tertulia.console.errors.show_failure"
