"""How a source is connected: its write key, the address to enter, code for each SDK, and whether anything arrived."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tertulia.actions.sources import KEY_HEAD, access_source
from tertulia.console.access import may_change
from tertulia.console.routes import route
from tertulia.console.sources.head import describe_arrival
from tertulia.console.sources.hooks import show_hook
from tertulia.console.sources.near import is_near
from tertulia.console.sources.snippets import TEST_EVENT, list_snippets
from tertulia.core.hook_presets import SDK


def show_connect(request: HttpRequest, source_id: int) -> HttpResponse:
    """Key, address and the code of the chosen SDK. The key is shown to those who may change the source."""
    source = access_source(request.workspace, source_id)
    if source.kind != SDK:
        return show_hook(request, source, describe_arrival(request, source))
    key = source.write_key if may_change(request) else f"{KEY_HEAD}…"
    address = settings.PUBLIC_URL
    snippets = list_snippets(source.client_side)
    chosen = next((one for one in snippets if one.slug == request.GET.get("sdk")), snippets[0])
    lines, test_lines = chosen.fill(key, address), TEST_EVENT.fill(key, address)
    context = describe_arrival(request, source) | {
        "key": key,
        "address": address,
        "snippets": snippets,
        "chosen": chosen,
        "lines": lines,
        "code": "\n".join(line.text for line in lines),
        "test": "\n".join(line.text for line in test_lines),
        "is_near": is_near(address),
    }
    return render(request, "sources/connect.html", context)


def show_arrival(request: HttpRequest, source_id: int) -> HttpResponse:
    """Whether anything arrived, alone: asked again and again until it has."""
    source = access_source(request.workspace, source_id)
    return render(request, "sources/arrival.html", describe_arrival(request, source))


ROUTES = (
    route("<int:source_id>/", show_connect, "source"),
    route("<int:source_id>/arrival/", show_arrival, "source_arrival"),
)
