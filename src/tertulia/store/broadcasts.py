"""What became of a broadcast's messages, channel by channel, and whose they were."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tertulia.store.db import Conn, fetch_all, load


@dataclass(frozen=True, slots=True)
class ChannelResult:
    """Counts of messages on one channel. `clicked`: in how many people opened a link; `waiting`: those without a
    verdict; `cost_micros` in `currency`, empty where nothing cost anything."""

    channel_id: int
    sent: int = 0
    delivered: int = 0
    opened: int = 0
    clicked: int = 0
    failed: int = 0
    waiting: int = 0
    cost_micros: int = 0
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One message, or one refusal: whose, where, at which step, what became of it and when. `channel_id` None: it came
    to no channel."""

    contact_id: int
    name: str
    surname: str
    channel_id: int | None
    step: str
    state: str
    reason: str
    at: datetime | None


def read_results(conn: Conn, journey_id: int) -> list[ChannelResult]:
    """Of every channel on which it had a message."""
    args = {"journey": journey_id}
    waiting: dict[int, int] = dict(fetch_all(conn, load("broadcasts")["waiting"], args))
    clicked: dict[int, int] = dict(fetch_all(conn, load("broadcasts")["clicked"], args))
    found = {id_: ChannelResult(id_, waiting=count) for id_, count in waiting.items()}
    for id_, sent, delivered, opened, failed, cost, currency in fetch_all(conn, load("broadcasts")["results"], args):
        counts = (sent, delivered, opened, clicked.get(id_, 0), failed, waiting.get(id_, 0))
        found[id_] = ChannelResult(id_, *counts, cost or 0, currency or "")
    return [found[id_] for id_ in sorted(found)]


def read_figures(conn: Conn, journey_ids: Sequence[int]) -> dict[int, tuple[int, int, int]]:
    """Of each: how many messages went out, arrived, and were read."""
    rows = fetch_all(conn, load("broadcasts")["figures"], {"journeys": list(journey_ids)})
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


def list_recipients(conn: Conn, journey_id: int, state: str, channel_id: int | None, limit: int) -> list[Recipient]:
    """Whose messages came so far: sent, delivered, opened, clicked, failed or waiting; on one channel or on any."""
    name = "people_waiting" if state == "waiting" else "people"
    args = {"journey": journey_id, "state": state, "channel": channel_id, "limit": limit}
    return [_read(row) for row in fetch_all(conn, load("broadcasts")[name], args)]


def list_refused(conn: Conn, journey_id: int, reason: str, limit: int) -> list[Recipient]:
    """Who did not enter or was not written to, for one reason."""
    args = {"journey": journey_id, "reason": reason, "limit": limit}
    return [_read(row) for row in fetch_all(conn, load("broadcasts")["people_refused"], args)]


def _read(row: tuple[object, ...]) -> Recipient:
    return Recipient(row[0], row[1] or "", row[2] or "", *row[3:])  # type: ignore[arg-type]
