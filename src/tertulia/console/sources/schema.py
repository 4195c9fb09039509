"""Which events a source brings: how many of each, since when, and what properties they have."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tertulia.actions.sources import access_source
from tertulia.console.access import get_now
from tertulia.console.routes import route
from tertulia.console.sources.head import describe_source
from tertulia.console.sources.words import JSON_TYPES, name_call, name_event
from tertulia.ids import day_of
from tertulia.store.db import django_conn
from tertulia.store.events import EventProperty, EventVolume, count_by_day, list_properties
from tertulia.store.sources import read_last_event

SPARK_DAYS = 14
WEEK_DAYS = 7
KEPT_DAYS = 90  # an event name that was not seen for so long is not listed


@dataclass(frozen=True, slots=True)
class Listed:
    """One event name: counts by UTC day of arrival, and how many properties are known."""

    key: tuple[str, str]
    name: str
    call: str
    today: int
    week: int
    days: list[int]
    last_at: datetime
    properties: int
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Property:
    """A property with its JSON types in words."""

    name: str
    types: list[str]
    first_at: datetime


def show_schema(request: HttpRequest, source_id: int) -> HttpResponse:
    """Every event name; beside it the properties of the one that the address opens."""
    source, conn, now = access_source(request.workspace, source_id), django_conn(), get_now(request)
    today = day_of(now)
    volumes = count_by_day(conn, request.workspace.pk, source.pk, today - timedelta(days=KEPT_DAYS - 1))
    known = list_properties(conn, request.workspace.pk, source.pk)
    opened = (request.GET.get("type", ""), request.GET.get("event", ""))
    events = list_events(volumes, known, today, opened)
    last_at = read_last_event(conn, request.workspace.pk, source.pk)
    context = describe_source(request, source, last_at, "schema") | {
        "events": events,
        "opened": next((row for row in events if row.current), None),
        "properties": list_opened(known, opened),
    }
    return render(request, "sources/schema.html", context)


def list_events(
    volumes: Sequence[EventVolume], known: Sequence[EventProperty], today: date, opened: tuple[str, str]
) -> list[Listed]:
    """The event names, those with most events of the last week first."""
    found = []
    for key in dict.fromkeys((row.type, row.name) for row in volumes):
        mine = [row for row in volumes if (row.type, row.name) == key]
        counts = {row.day: row.count for row in mine}
        days = [counts.get(today - timedelta(days=back), 0) for back in range(SPARK_DAYS - 1, -1, -1)]
        found.append(
            Listed(
                key=key,
                name=name_event(*key),
                call=name_call(key[0]),
                today=days[-1],
                week=sum(days[-WEEK_DAYS:]),
                days=days,
                last_at=max(row.last_at for row in mine),
                properties=sum((row.type, row.name) == key for row in known),
                url="?" + urlencode({"type": key[0], "event": key[1]}),
                current=key == opened,
            )
        )
    return sorted(found, key=lambda row: (-row.week, row.name))


def list_opened(known: Sequence[EventProperty], opened: tuple[str, str]) -> list[Property]:
    """The properties of one event name, by name."""
    return [
        Property(row.property, [str(JSON_TYPES.get(kind, kind)) for kind in row.json_types], row.first_at)
        for row in known
        if (row.type, row.name) == opened
    ]


ROUTES = (route("<int:source_id>/events/", show_schema, "source_events"),)
