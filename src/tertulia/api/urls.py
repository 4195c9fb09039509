"""The API's addresses. The console includes them by name."""

from typing import Any

from django.http import HttpRequest
from django.urls import URLPattern, URLResolver, path
from ninja import NinjaAPI

import tertulia
from tertulia.api import (
    broadcasts,
    budgets,
    caps,
    catalogs,
    channels,
    contacts,
    conversations,
    coupons,
    endpoints,
    experiments,
    files,
    hooks,
    imports,
    journey_starts,
    journeys,
    matches,
    otp,
    parked,
    past_events,
    segments,
    sources,
    templates,
    test_clock,
    what_if,
    workspace,
)
from tertulia.api.auth import BearerKey
from tertulia.api.docs import show_docs, show_style
from tertulia.api.problems import install_handlers
from tertulia.api.shell import is_test_clock


def make_api() -> NinjaAPI:
    """The management API, the test clock's part only where there is one."""
    made = NinjaAPI(
        title="Tertulia",
        version=tertulia.__version__,
        description="Everything that the console can do. Send `Authorization: Bearer tertulia_…`; errors are "
        "`{code, sentence, field, line, column, problems}`; money is in millionths of its currency; instants are in "
        "UTC.",
        docs_url=None,
        openapi_url="/openapi.json",
        auth=BearerKey(),
        urls_namespace="api",
    )
    for noun in (
        *(
            workspace,
            caps,
            budgets,
            channels,
            sources,
            hooks,
            past_events,
            imports,
            contacts,
            conversations,
            parked,
            matches,
        ),
        *(journeys, journey_starts, experiments, broadcasts, templates, segments, endpoints, coupons, catalogs, files),
        otp,
        what_if,
    ):
        made.add_router("", noun.router)
    if is_test_clock():
        made.add_router("/test", test_clock.router)
    install_handlers(made)
    return made


def show_api_docs(request: HttpRequest) -> Any:
    """The documentation as a page."""
    return show_docs(request, api)


api = make_api()
urlpatterns: list[URLPattern | URLResolver] = [
    path("docs", show_api_docs, name="api_docs"),
    path("docs.css", show_style, name="api_docs_style"),
    path("", api.urls),
]
