"""What every tab of a source shows in its head: name, state in words, its live topic, and whether anything arrived."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils.translation import gettext as _

from tertulia.console.access import get_now, may_change
from tertulia.console.sources.hook_words import KIND_NAMES
from tertulia.core.hook_presets import SDK
from tertulia.data.models import Source
from tertulia.store.db import django_conn
from tertulia.store.sources import count_refusals, read_last_event

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class State:
    """A source's state: a word, and its colour (ok, warn or none)."""

    word: str
    tone: str = ""


def describe_state(source: Source, last_at: datetime | None) -> State:
    """Live once it has brought an event; waiting until then."""
    if source.state != "live":
        return State(_("Disabled"), "warn")
    return State(_("Live"), "ok") if last_at else State(_("Waiting for its first event"), "accent")


def name_kind(source: Source) -> str:
    """What it is, in words."""
    if source.kind != SDK:
        return str(KIND_NAMES[source.kind])
    return _("Browser and mobile") if source.client_side else _("Server")


def describe_source(request: HttpRequest, source: Source, last_at: datetime | None, tab: str) -> dict[str, object]:
    """The context that the tabs share. `last_at` is when its last event arrived."""
    return {
        "source": source,
        "is_hook": source.kind != SDK,
        "kind": name_kind(source),
        "state": describe_state(source, last_at),
        "last_at": last_at,
        "tab": tab,
        "topic": f"source:{source.pk}",
        "may_change": may_change(request),
        "now": get_now(request),
    }


def describe_arrival(request: HttpRequest, source: Source) -> dict[str, object]:
    """The head, when the last event arrived, and how many messages were not taken."""
    conn, workspace = django_conn(), request.workspace.pk
    last_at = read_last_event(conn, workspace, source.pk)
    refused = count_refusals(conn, workspace, get_now(request) - DAY).get(source.pk, 0)
    return describe_source(request, source, last_at, "connect") | {"refused": refused}
