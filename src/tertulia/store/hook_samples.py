"""Samples of webhooks: the newest few of each source and topic, with what they came to, to try a mapping on."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from tertulia.core.hook_faults import HookCode
from tertulia.ids import shard_of_value
from tertulia.store.db import Conn, fetch_all, fetch_one, load, read_json, run
from tertulia.store.discards import StoredDiscard

KEPT: Final = 20  # of a source and topic
KEPT_DAYS: Final = timedelta(days=30)
BODY_BYTES_MAX: Final = 128 * 1024  # a larger body is not kept
_COMMA: Final = "\x1f"


class NewSample(msgspec.Struct, frozen=True):
    """A webhook that came: its headers without what proves who calls, its body as text, how many events it came to,
    why not all was taken (`code`, or empty), and whom its events named."""

    id: UUID
    workspace: int
    source_id: int
    topic: str
    headers: Mapping[str, str]
    body: bytes
    events: int
    code: str = ""
    people: tuple[str, ...] = ()


class Sample(msgspec.Struct, frozen=True):
    """A kept webhook. `body` is empty where it was too large to keep."""

    id: UUID
    source_id: int
    at: datetime
    topic: str
    headers: dict[str, str]
    body: str
    size_bytes: int
    events: int
    code: str


def insert_samples(conn: Conn, samples: Sequence[NewSample], at: datetime) -> None:
    """Keep samples, and no more than KEPT of each source and topic, in the caller's transaction."""
    kept = _take_newest(samples)
    if not kept:
        return
    shards = [_shard_of(sample.workspace, sample.source_id) for sample in kept]
    run(
        conn,
        load("hook_samples")["insert_samples"],
        {
            "at": at,
            "shards": shards,
            "ids": [sample.id for sample in kept],
            "workspaces": [sample.workspace for sample in kept],
            "sources": [sample.source_id for sample in kept],
            "topics": [sample.topic for sample in kept],
            "headers": [_write_headers(sample.headers) for sample in kept],
            "bodies": [_write_body(sample.body) for sample in kept],
            "sizes": [len(sample.body) for sample in kept],
            "events": [sample.events for sample in kept],
            "codes": [sample.code for sample in kept],
            "people": [_COMMA.join(sample.people).replace("\0", "") for sample in kept],
            "comma": _COMMA,
        },
    )
    places = sorted({(shard, s.source_id, s.topic) for shard, s in zip(shards, kept, strict=True)})
    args: dict[str, Any] = {"kept": KEPT}
    for place, name in enumerate(("shards", "sources", "topics")):
        args[name] = [row[place] for row in places]
    run(conn, load("hook_samples")["drop_older"], args)


def list_samples(conn: Conn, workspace: int, source_id: int, limit: int, topic: str | None = None) -> list[Sample]:
    """The newest samples of a source, of one topic or of all (None)."""
    args = {**_place(workspace, source_id), "topic": topic, "limit": limit}
    return [_read(row) for row in fetch_all(conn, load("hook_samples")["samples"], args)]


def read_sample(conn: Conn, workspace: int, source_id: int, sample_id: UUID) -> Sample | None:
    """One sample of a source."""
    row = fetch_one(conn, load("hook_samples")["sample"], {**_place(workspace, source_id), "id": sample_id})
    return _read(row) if row else None


def drop_samples(conn: Conn, workspace: int, source_id: int) -> int:
    """Forget a source's samples; how many there were."""
    return run(conn, load("hook_samples")["drop_source"], _place(workspace, source_id))


def tell_privacy(conn: Conn, notes: Sequence[StoredDiscard], at: datetime) -> None:
    """A notice to the team for each demand of a person's data or erasure among what was noted."""
    found = [row for row in notes if row.discard.code == HookCode.PRIVACY_REQUEST.value]
    if not found:
        return
    args = {
        "at": at,
        "workspaces": [row.workspace for row in found],
        "sources": [row.source_id for row in found],
        "topics": [row.discard.name for row in found],
        "digests": [row.discard.message_id for row in found],
    }
    run(conn, load("hook_samples")["tell_privacy"], args)


def _take_newest(samples: Sequence[NewSample]) -> list[NewSample]:
    """Of a busy topic only as many as are kept at all."""
    counts: dict[tuple[int, str], int] = {}
    kept = []
    for sample in reversed(samples):
        place = (sample.source_id, sample.topic)
        counts[place] = counts.get(place, 0) + 1
        if counts[place] <= KEPT:
            kept.append(sample)
    return kept[::-1]


def _shard_of(workspace: int, source_id: int) -> int:
    return shard_of_value(workspace, "source", str(source_id))


def _place(workspace: int, source_id: int) -> dict[str, Any]:
    return {"shard": _shard_of(workspace, source_id), "workspace": workspace, "source": source_id}


def _write_headers(headers: Mapping[str, str]) -> str:
    return msgspec.json.encode({name: value.replace("\0", "") for name, value in headers.items()}).decode()


def _write_body(body: bytes) -> str:
    return "" if len(body) > BODY_BYTES_MAX else body.decode("utf-8", "replace").replace("\0", "")


def _read(row: Sequence[Any]) -> Sample:
    id_, source_id, at, topic, headers, body, size_bytes, events, code = row
    return Sample(id_, source_id, at, topic, read_json(headers), body, size_bytes, events, code)
