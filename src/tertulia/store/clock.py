"""The decision clock (E8): real time, or under a test clock one virtual instant shared by all processes.

`now` decides; real time stays for leases, time-outs, rate buckets and sign-in sessions.
"""

from datetime import UTC, datetime

from tertulia.store.db import Conn

_READ = "select now from test_clock"
_SET = "insert into test_clock (one, now) values (true, %(now)s) on conflict (one) do update set now = excluded.now"


def decision_now(conn: Conn, *, test_clock: bool) -> datetime:
    """The instant that decisions use. Without a test clock this is real time."""
    if test_clock:
        row = conn.execute(_READ).fetchone()
        if row is not None:
            return row[0].astimezone(UTC)  # type: ignore[no-any-return]
    return real_now()


def set_test_clock(conn: Conn, now: datetime) -> None:
    """Move the virtual clock. Only a server started with a test clock offers this."""
    conn.execute(_SET, {"now": now})


def real_now() -> datetime:
    """Real time, aware, in UTC."""
    return datetime.now(UTC)
