"""Webhooks that were refused, in the channel's log: so that a wrong secret is seen where it can be corrected.

Nothing of a refused call is kept but its reason. Refusals of half a second are one row for each channel and reason,
with their number, so that a flood fills neither the log nor the disk.
"""

import asyncio
from collections import Counter
from collections.abc import Callable

import psycopg
import structlog

from tertulia.edge.registry import ChannelView
from tertulia.store.channel_log import Exchange, record_exchanges
from tertulia.store.clock import real_now
from tertulia.store.db import Conn

FLUSH_S = 0.5
PURPOSE = "webhook"

log = structlog.get_logger("edge.webhooks")


class Refusals:
    """Counts refusals on the event loop and writes them from a thread."""

    def __init__(self, connect: Callable[[], Conn]) -> None:
        self._connect = connect
        self._counts: Counter[tuple[int, int, str, str, int, str]] = Counter()
        self._writing: asyncio.Task[None] | None = None

    def note(self, channel: ChannelView, method: str, status: int, reason: str) -> None:
        """One more call refused with this status. `reason` is the adapter's code (`bad_signature`)."""
        log.warning("webhook_refused", channel=channel.id, kind=channel.kind, reason=reason)
        self._counts[channel.workspace, channel.id, method, channel.account.hook_url, status, reason] += 1
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._flush())

    async def _flush(self) -> None:
        await asyncio.sleep(FLUSH_S)
        counts, self._counts = self._counts, Counter()
        self._writing = None
        await asyncio.to_thread(self._write, counts)

    def _write(self, counts: Counter[tuple[int, int, str, str, int, str]]) -> None:
        at = real_now()
        rows = [
            Exchange(
                workspace=workspace,
                channel_id=channel_id,
                purpose=PURPOSE,
                at=at,
                took_ms=0,
                method=method,
                url=url,
                headers="",
                body="",
                status=status,
                answer=f"{reason} ({count})" if count > 1 else reason,
                error="refused",
            )
            for (workspace, channel_id, method, url, status, reason), count in counts.items()
        ]
        try:
            with self._connect() as conn:
                record_exchanges(conn, rows)
        except psycopg.Error as error:
            log.error("refusals_unwritten", error=type(error).__name__, rows=len(rows))
