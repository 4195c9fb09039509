"""What is shown of one-time codes: figures by channel, and the newest ones, none with its code."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tertulia.ids import day_of
from tertulia.store.db import Conn, fetch_all, load


@dataclass(frozen=True, slots=True)
class Figure:
    """How many codes went out on a channel last, and what became of them. `channel_id` None: no way was open."""

    channel_id: int | None
    asked: int
    delivered: int
    verified: int
    too_many: int
    expired: int


@dataclass(frozen=True, slots=True)
class Recent:
    """A code: `state` is pending, verified, replaced, too_many or expired; `ways` how many were tried, `channel_id` the
    last one's, and `delivery` what became of the message there; `name` the customer's, where it is known."""

    id: UUID
    contact_id: int
    purpose: str
    at: datetime
    state: str
    attempts: int
    channel_id: int | None
    ways: int
    delivery: str
    name: str


def count_otps(conn: Conn, workspace: int, since: datetime, now: datetime) -> list[Figure]:
    """The figures of codes that were asked for since an instant."""
    args = {"workspace": workspace, "since": since, "now": now, "day": day_of(since - timedelta(days=1))}
    return [Figure(*row) for row in fetch_all(conn, load("otp_read")["count"], args)]


def list_otps(conn: Conn, workspace: int, now: datetime, limit: int) -> list[Recent]:
    """The newest."""
    args = {"workspace": workspace, "now": now, "limit": limit}
    return [Recent(*row) for row in fetch_all(conn, load("otp_read")["newest"], args)]
