"""How a page declares its addresses: ``ROUTES`` in its ``page.py``, each a path below the page's own."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpResponseBase
from django.urls import NoReverseMatch, reverse

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Route:
    """One address: ``path`` (Django's syntax, below the page's), the view, and the name for ``{% url %}``."""

    path: str
    view: View
    name: str


def route(path: str, view: View, name: str) -> Route:
    """A route; the page's first one usually has the empty path and the page's own name."""
    return Route(path, view, name)


def find_address(name: str, *args: object) -> str:
    """The address of a route, or empty while no page has it: nothing links to a page that is not there."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
