"""The debugger: what arrives from a source, taken or not, the newest first, and one of it whole as JSON.

The list fetches itself again when the source's topic changes, and every few seconds besides, for messages that are not
taken publish nothing. What is opened stands beside the list, so that a new row never closes it. Filter, pause and what
is open live in the address.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tertulia.actions.hooks import list_newest
from tertulia.actions.source_words import WARNINGS, explain_discard
from tertulia.actions.sources import access_source
from tertulia.console.access import get_now
from tertulia.console.routes import route
from tertulia.console.sources.head import DAY, describe_source
from tertulia.console.sources.mapping import show_json
from tertulia.console.sources.words import CALL_ICONS, name_call, name_event, name_visitor
from tertulia.console.tags import plain_num
from tertulia.core.hook_presets import SDK
from tertulia.data.models import Source
from tertulia.ids import day_of
from tertulia.store.contacts import list_contacts_by_id
from tertulia.store.db import Conn, django_conn
from tertulia.store.events import (
    Discard,
    StoredEvent,
    count_by_day,
    count_discards,
    list_contact_events,
    list_discards,
    list_recent,
)
from tertulia.store.hook_samples import Sample, read_sample
from tertulia.store.sources import read_last_event

ROWS_MAX = 100
LOOKED_BACK = timedelta(days=7)
NAME_CHARACTERS_MAX = 200
NEAR_EVENTS = 20  # events of one contact at one instant
NO_TIME = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: events of one name, messages not taken of one code, pause, and what is open."""

    name: str = ""
    code: str = ""
    paused: bool = False
    opened: str = ""

    def write(self) -> str:
        """The query that asks for this."""
        parts = {"name": self.name, "code": self.code, "paused": "1" if self.paused else "", "open": self.opened}
        return "?" + urlencode({key: value for key, value in parts.items() if value})


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list. `open_url` shows it whole; a message that was not taken has its code in words."""

    at: datetime
    icon: str
    tone: str
    call: str
    name: str
    who: str
    contact_id: int
    open_url: str
    current: bool
    imported: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """A code in words, whether its messages were taken all the same, how many of the last 24 hours, their list."""

    code: str
    words: str
    taken: bool
    count: int
    url: str


@dataclass(frozen=True, slots=True)
class Opened:
    """What stands beside the list: one event as JSON, the beginning of a message that was not taken, or a webhook as it
    came (`sample_id`)."""

    title: str
    at: datetime
    text: str
    contact_id: int = 0
    who: str = ""
    wrong: str = ""
    remedy: str = ""
    code: str = ""
    taken: bool = True
    sample_id: str = ""


def show_debugger(request: HttpRequest, source_id: int) -> HttpResponse:
    """The page."""
    source, asked, conn = access_source(request.workspace, source_id), read_asked(request.GET), django_conn()
    context = describe_stream(request, source, asked)
    since = day_of(get_now(request) - LOOKED_BACK)
    volumes = count_by_day(conn, request.workspace.pk, source.pk, since)
    names = {volume.name for volume in volumes if volume.name}
    context |= describe_source(request, source, read_last_event(conn, source.workspace_id, source.pk), "debugger")
    context |= {
        "names": sorted(names | ({asked.name} if asked.name else set())),
        "opened": find_opened(conn, source, asked, context["events"], context["discards"]),
        "close_url": replace(asked, opened="").write(),
        "pause_url": replace(asked, paused=not asked.paused).write(),
    }
    return render(request, "sources/debugger.html", context)


def show_stream(request: HttpRequest, source_id: int) -> HttpResponse:
    """The list alone, as it fetches itself again."""
    source = access_source(request.workspace, source_id)
    return render(request, "sources/stream.html", describe_stream(request, source, read_asked(request.GET)))


def read_asked(query: Mapping[str, str]) -> Asked:
    """What an address asks for; NULs, which no column takes, are left out."""
    return Asked(
        name=query.get("name", "")[:NAME_CHARACTERS_MAX].replace("\0", ""),
        code=query.get("code", "")[:NAME_CHARACTERS_MAX].replace("\0", ""),
        paused=query.get("paused") == "1",
        opened=query.get("open", "")[:NAME_CHARACTERS_MAX],
    )


def describe_stream(request: HttpRequest, source: Source, asked: Asked) -> dict[str, Any]:
    """The list and the counts of what was not taken."""
    conn, workspace, now = django_conn(), request.workspace.pk, get_now(request)
    after = now - LOOKED_BACK
    events = [] if asked.code else list_recent(conn, workspace, source.pk, asked.name, after, ROWS_MAX)
    discards = [] if asked.name else list_discards(conn, workspace, source.pk, now + DAY, ROWS_MAX, asked.code)
    samples = [] if asked.name or asked.code or source.kind == SDK else list_newest(conn, source, ROWS_MAX)
    rows = build_rows(conn, workspace, events, discards, asked) + build_samples(samples, asked)
    rows = sorted(rows, key=lambda row: row.at, reverse=True)[:ROWS_MAX]
    codes = count_discards(conn, workspace, source.pk, now - DAY)
    return describe_source(request, source, None, "debugger") | {
        "asked": asked,
        "query": asked.write(),
        "all_url": Asked(paused=asked.paused).write(),
        "events": events,
        "discards": discards,
        "days": [(day, list(found)) for day, found in groupby(rows, lambda row: timezone.localtime(row.at).date())],
        "full": len(rows) == ROWS_MAX,
        "codes": [
            Refusal(
                *(code, explain_discard(code)[0], code in WARNINGS, count),
                replace(asked, code=code, name="", opened="").write(),
            )
            for code, count in sorted(codes.items(), key=lambda item: -item[1])
        ],
    }


def build_rows(
    conn: Conn, workspace: int, events: Sequence[StoredEvent], discards: Sequence[Discard], asked: Asked
) -> list[Row]:
    """Events and discards in one list, the newest arrival first."""
    names = read_names(conn, workspace, events)
    rows = []
    for event in events:
        key = write_key(event)
        name, call = name_event(event.type, event.name), name_call(event.type)
        rows.append(
            Row(
                *(event.received_at, CALL_ICONS.get(event.type, "zap"), "", "" if call == name else call),
                *(name, name_who(event, names), event.contact_id),
                *(replace(asked, opened=key).write(), key == asked.opened, event.imported),
            )
        )
    for discard in discards:
        key = f"d.{discard.id}"
        warns = discard.code in WARNINGS
        icon, tone = ("triangle-alert", "warn") if warns else ("circle-x", "danger")
        rows.append(
            Row(
                *(discard.at, icon, tone, _("Taken with a warning") if warns else _("Not taken")),
                *(explain_discard(discard.code)[0], discard.name or discard.type, 0),
                *(replace(asked, opened=key).write(), key == asked.opened),
            )
        )
    return sorted(rows, key=lambda row: row.at, reverse=True)[:ROWS_MAX]


def build_samples(samples: Sequence[Sample], asked: Asked) -> list[Row]:
    """The webhooks themselves, each with what it came to."""
    rows = []
    for sample in samples:
        key = f"s.{sample.id}"
        told = ngettext("%(n)d event", "%(n)d events", sample.events) % {"n": sample.events}
        rows.append(
            Row(
                *(sample.at, "log-in", "warn" if sample.code else "", _("Webhook")),
                *(sample.topic or _("without a topic"), told, 0),
                *(replace(asked, opened=key).write(), key == asked.opened),
            )
        )
    return rows


def read_names(conn: Conn, workspace: int, events: Sequence[StoredEvent]) -> dict[int, str]:
    """The names of the contacts that these events came to, where they have one."""
    ids = list({event.contact_id for event in events if event.contact_id})
    return {c.id: f"{c.name} {c.surname}".strip() for c in list_contacts_by_id(conn, workspace, ids)} if ids else {}


def name_who(event: StoredEvent, names: Mapping[int, str]) -> str:
    """Who did it: the contact's name, else what the call said."""
    return names.get(event.contact_id) or name_visitor(event.user_id, event.anonymous_id)


def write_key(event: StoredEvent) -> str:
    """What finds an event again, also when it is no longer among the newest: contact, instant and id."""
    return f"e.{event.contact_id}.{event.occurred_at.timestamp():.6f}.{event.id}"


def find_opened(
    conn: Conn, source: Source, asked: Asked, events: Sequence[StoredEvent], discards: Sequence[Discard]
) -> Opened | None:
    """What the address opens, or None where it is not there any more."""
    kind, _dot, rest = asked.opened.partition(".")
    if kind == "d":
        found = [row for row in discards if str(row.id) == rest]
        return show_discard(found[0]) if found else None
    if kind == "s":
        return find_sample(conn, source, rest)
    event = next((row for row in events if write_key(row) == asked.opened), None)
    event = event or find_event(conn, source, rest)
    return show_event(event, name_who(event, read_names(conn, source.workspace_id, [event]))) if event else None


def find_event(conn: Conn, source: Source, key: str) -> StoredEvent | None:
    """An event by the key that `write_key` gave it."""
    parts = key.split(".")
    if len(parts) != 4 or not parts[0].isdecimal() or len(parts[0]) > 18:
        return None
    try:
        at, event_id = datetime.fromtimestamp(float(f"{parts[1]}.{parts[2]}"), tz=UTC), UUID(parts[3])
        near = list_contact_events(conn, [int(parts[0])], at + NO_TIME, NEAR_EVENTS)
    except (ValueError, OverflowError, OSError):
        return None
    return next((row for row in near if row.id == event_id and row.source_id == source.pk), None)


def find_sample(conn: Conn, source: Source, key: str) -> Opened | None:
    """A webhook as it came, by its id."""
    try:
        sample = read_sample(conn, source.workspace_id, source.pk, UUID(key))
    except ValueError:
        return None
    if sample is None:
        return None
    wrong, remedy = explain_discard(sample.code) if sample.code else ("", "")
    text = show_json(sample.body) or _("Too large to keep: %(size)s bytes") % {"size": plain_num(sample.size_bytes)}
    return Opened(
        sample.topic or _("Webhook"), sample.at, text, wrong=wrong, remedy=remedy, code=sample.code,
        taken=sample.events > 0 or sample.code in WARNINGS, sample_id=str(sample.id),
    )  # fmt: skip


def show_event(event: StoredEvent, who: str) -> Opened:
    """The event whole, in the form in which it would be sent."""
    traits = event.type in ("identify", "group")
    told = {
        "type": event.type,
        "event": event.name if event.type == "track" else None,
        "name": event.name if event.type in ("page", "screen") else None,
        "userId": event.user_id,
        "anonymousId": event.anonymous_id,
        "traits" if traits else "properties": event.properties,
        "context": event.context,
        "messageId": event.message_id,
        "timestamp": event.occurred_at,
        "receivedAt": event.received_at,
    }
    whole = msgspec.json.encode({name: value for name, value in told.items() if value not in (None, "")})
    return Opened(
        name_event(event.type, event.name),
        event.received_at,
        msgspec.json.format(whole, indent=2).decode(),
        event.contact_id,
        who,
    )


def show_discard(discard: Discard) -> Opened:
    """Why it was not taken, what to do, and the beginning of what came."""
    wrong, remedy = explain_discard(discard.code)
    return Opened(
        discard.name or discard.type or _("Message"), discard.at, discard.sample, wrong=wrong, remedy=remedy,
        code=discard.code, taken=discard.code in WARNINGS,
    )  # fmt: skip


ROUTES = (
    route("<int:source_id>/debugger/", show_debugger, "source_debugger"),
    route("<int:source_id>/debugger/stream/", show_stream, "source_stream"),
)
