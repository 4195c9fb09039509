"""Sources of events: made, changed, given another key; what came from them, what was not taken, what it looks like."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status

from tertulia.actions import sources as actions
from tertulia.actions.source_words import explain_discard
from tertulia.api.contact_shapes import EventOut
from tertulia.api.paging import read_instant, read_limit
from tertulia.api.shell import conn_of, now, workspace_of, writing
from tertulia.core.hook_presets import SDK
from tertulia.core.sessions import DERIVED_SOURCE
from tertulia.data.models import Source
from tertulia.ids import day_of
from tertulia.store import events as store
from tertulia.store.sources import count_refusals, read_last_event

router = Router(tags=["Sources"])

LOOKED_BACK = timedelta(days=7)
DAYS_MAX = 366


class SourceIn(Schema):
    """`client_side`: the callers are customers' own browsers and phones, not a server. `kind`: sdk, or shopify,
    woocommerce, webhook for a system that posts webhooks of its own; it stays as it was made."""

    name: str
    client_side: bool = False
    kind: str = SDK


class SourceOut(Schema):
    """`state`: live or disabled. `refused_24h`: messages that were not taken in the last 24 hours."""

    id: int
    name: str
    kind: str
    client_side: bool
    state: str
    write_key: str
    created_at: datetime
    last_event_at: datetime | None
    refused_24h: int


class DiscardOut(Schema):
    """A message that was not taken, and why in words; `place` in its batch, from 0; `sample`: the beginning of it."""

    id: UUID
    at: datetime
    code: str
    sentence: str
    remedy: str
    place: int
    message_id: str
    type: str
    name: str
    sample: str


class DayOut(Schema):
    """Events that arrived on a day (UTC)."""

    day: date
    count: int


class PropertyOut(Schema):
    """`types`: text, number, boolean, object, list, null."""

    name: str
    types: list[str]
    first_at: datetime
    last_at: datetime


class EventKindOut(Schema):
    """A type and name with its volume by day and its properties. `last_at` is None when no day asked for had any."""

    type: str
    name: str
    count: int
    last_at: datetime | None
    days: list[DayOut]
    properties: list[PropertyOut]


@router.get("/sources", response=list[SourceOut], summary="Sources")
def list_sources(request: HttpRequest) -> list[dict[str, Any]]:
    """The workspace's sources, the oldest first."""
    return _write(request, actions.list_sources(workspace_of(request)))


@router.post("/sources", response={201: SourceOut}, summary="Create a source")
def post_source(request: HttpRequest, form: SourceIn) -> Status[dict[str, Any]]:
    """It gets a key of its own. Of one that posts webhooks see `/sources/{source_id}/hook` for the address."""
    with writing():
        source = actions.create_source(
            workspace_of(request), None, now(), _read(form), actions.make_write_key(form.kind)
        )
    return Status(201, _write(request, [source])[0])


@router.get("/sources/{source_id}", response=SourceOut, summary="A source")
def get_source(request: HttpRequest, source_id: int) -> dict[str, Any]:
    """With its write key, and when its last event arrived."""
    return _write(request, [actions.access_source(workspace_of(request), source_id)])[0]


@router.put("/sources/{source_id}", response=SourceOut, summary="Change a source")
def put_source(request: HttpRequest, source_id: int, form: SourceIn) -> dict[str, Any]:
    """Its name and its side."""
    with writing():
        source = actions.access_source(workspace_of(request), source_id)
        actions.change_source(source, None, now(), actions.SourceForm(form.name, form.client_side, source.kind))
    return _write(request, [source])[0]


@router.delete("/sources/{source_id}", response={204: None}, summary="Delete a source")
def delete_source(request: HttpRequest, source_id: int) -> Status[None]:
    """Refused when it ever brought an event: disable it instead."""
    with writing():
        source = actions.access_source(workspace_of(request), source_id)
        actions.delete_source(conn_of(), source, None, now())
    return Status(204, None)


@router.post("/sources/{source_id}/disable", response=SourceOut, summary="Disable a source")
def disable_source(request: HttpRequest, source_id: int) -> dict[str, Any]:
    """Nothing more is taken from it; what came stays."""
    with writing():
        source = actions.access_source(workspace_of(request), source_id)
        actions.disable_source(source, None, now())
    return _write(request, [source])[0]


@router.post("/sources/{source_id}/enable", response=SourceOut, summary="Enable a source")
def enable_source(request: HttpRequest, source_id: int) -> dict[str, Any]:
    """Its events are taken again."""
    with writing():
        source = actions.access_source(workspace_of(request), source_id)
        actions.enable_source(source, None, now())
    return _write(request, [source])[0]


@router.post("/sources/{source_id}/renew-key", response=SourceOut, summary="Renew the write key")
def renew_key(request: HttpRequest, source_id: int) -> dict[str, Any]:
    """Whatever sends with the old key is refused from now on."""
    with writing():
        source = actions.access_source(workspace_of(request), source_id)
        actions.renew_key(source, None, now(), actions.make_write_key(source.kind))
    return _write(request, [source])[0]


@router.get("/sources/{source_id}/events", response=list[EventOut], summary="Newest events")
def list_events(
    request: HttpRequest, source_id: int, name: str = "", after: datetime | None = None, limit: int = 50
) -> list[store.StoredEvent]:
    """Those that arrived after an instant (7 days ago, when none is given), the newest first; of one name, or all."""
    source = actions.access_source(workspace_of(request), source_id)
    since = read_instant(after) or now() - LOOKED_BACK
    return store.list_recent(conn_of(), source.workspace_id, source.pk, name, since, read_limit(limit))


@router.get("/sources/{source_id}/discards", response=list[DiscardOut], summary="Messages that were not taken")
def list_discards(
    request: HttpRequest, source_id: int, code: str = "", before: datetime | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """The newest first, from before an instant; of one reason (`code`), or all. `bad_timestamp` is a warning: the
    message was taken all the same."""
    source = actions.access_source(workspace_of(request), source_id)
    until = read_instant(before) or now() + timedelta(days=1)
    found = store.list_discards(conn_of(), source.workspace_id, source.pk, until, read_limit(limit), code)
    return [_write_discard(row) for row in found]


@router.get("/sources/{source_id}/schema", response=list[EventKindOut], summary="What the events look like")
def get_schema(request: HttpRequest, source_id: int, days: int = 7) -> list[dict[str, Any]]:
    """Every type and name with its volume of the last days (UTC, today among them) and its properties."""
    source = actions.access_source(workspace_of(request), source_id)
    return _list_kinds(source.workspace_id, source.pk, days)


@router.get("/derived-events", response=list[EventKindOut], summary="What Tertulia derives")
def list_derived(request: HttpRequest, days: int = 7) -> list[dict[str, Any]]:
    """The events that it adds itself (`session_started`, `session_ended`), as of a source."""
    return _list_kinds(workspace_of(request).pk, DERIVED_SOURCE, days)


def _list_kinds(workspace: int, source_id: int, days: int) -> list[dict[str, Any]]:
    back = timedelta(days=min(max(days, 1), DAYS_MAX) - 1)
    volumes = store.count_by_day(conn_of(), workspace, source_id, day_of(now()) - back)
    known = store.list_properties(conn_of(), workspace, source_id)
    kinds = dict.fromkeys([(row.type, row.name) for row in (*volumes, *known)])
    return [_write_kind(kind, volumes, known) for kind in sorted(kinds)]


def _read(form: SourceIn) -> actions.SourceForm:
    return actions.SourceForm(form.name, form.client_side, form.kind)


def _write(request: HttpRequest, sources: list[Source]) -> list[dict[str, Any]]:
    workspace = workspace_of(request).pk
    refused = count_refusals(conn_of(), workspace, now() - timedelta(days=1))
    return [
        {
            "id": source.pk,
            "name": source.name,
            "kind": source.kind,
            "client_side": source.client_side,
            "state": source.state,
            "write_key": source.write_key,
            "created_at": source.created_at,
            "last_event_at": read_last_event(conn_of(), workspace, source.pk),
            "refused_24h": refused.get(source.pk, 0),
        }
        for source in sources
    ]


def _write_discard(row: store.Discard) -> dict[str, Any]:
    sentence, remedy = explain_discard(row.code)
    told = {name: getattr(row, name) for name in row.__struct_fields__}
    return {**told, "sentence": sentence, "remedy": remedy}


def _write_kind(
    kind: tuple[str, str], volumes: list[store.EventVolume], known: list[store.EventProperty]
) -> dict[str, Any]:
    mine = [row for row in volumes if (row.type, row.name) == kind]
    return {
        "type": kind[0],
        "name": kind[1],
        "count": sum(row.count for row in mine),
        "last_at": max((row.last_at for row in mine), default=None),
        "days": [{"day": row.day, "count": row.count} for row in mine],
        "properties": [
            {"name": row.property, "types": list(row.json_types), "first_at": row.first_at, "last_at": row.last_at}
            for row in known
            if (row.type, row.name) == kind
        ],
    }
