"""Webhooks without room: 429 and 503 with whole seconds to wait, and nothing lost."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from tests.edge.test_tracking_busy import Held

from tertulia.core.hook_mapping import compile_mapping
from tertulia.core.hook_signatures import Signing
from tertulia.edge.clock import Clock
from tertulia.edge.ingest import Ingest
from tertulia.edge.limits import Rates
from tertulia.edge.metrics import Metrics
from tertulia.edge.registry import HookView
from tertulia.edge.source_hooks import SourceHooks
from tertulia.edge.writer import Full, Unavailable
from tertulia.store.front import FrontSource

KEY = "hk_0123456789"
MAPPING = compile_mapping("{rules: [{event: Booked, who: {user_id: who}}]}")


class Known:
    """A registry of one source of webhooks."""

    public_url = "https://desk.example"
    ready = True

    def find_hook(self, key: str) -> HookView | None:
        facts = FrontSource(3, 1, KEY, False, "live", "webhook")
        return HookView(facts, Signing(way="none"), "", MAPPING) if key == KEY and self.ready else None

    async def look_again(self) -> None:
        return None


async def call(writer: Any, registry: Any = None, per_s: float = 200, key: str = KEY) -> SimpleNamespace:
    """Status and headers of an answer."""
    known, metrics = registry or Known(), Metrics()
    served = SourceHooks(known, Ingest(known, writer, Clock(), metrics), Clock(), metrics, Rates(per_s))
    scope = {"path": f"/v1/hook/{key}", "method": "POST", "headers": [], "query_string": b""}
    told: list[dict] = []

    async def receive() -> dict:
        return {"type": "http.request", "body": b'{"who": "u1"}'}

    async def send(message: dict) -> None:
        told.append(message)

    await served(scope, receive, send)
    return SimpleNamespace(status=told[0]["status"], headers=dict(told[0]["headers"]), body=told[1]["body"])


@pytest.mark.parametrize(("error", "status"), [(Full(), 429), (Unavailable(), 503)])
def test_a_writer_that_takes_nothing(error: Exception, status: int) -> None:
    """The sender is told to come again."""
    answer = asyncio.run(call(Held(error)))
    assert answer.status == status
    assert int(answer.headers[b"retry-after"]) >= 1


def test_a_source_that_calls_too_often_waits() -> None:
    async def main() -> SimpleNamespace:
        writer = Held()
        task = asyncio.create_task(call(writer, per_s=0.1))
        await asyncio.sleep(0.02)
        [request] = writer.taken
        assert [note.code for note in request.notes] == ["rate_limited"]
        writer.futures[0].set_result(True)
        return await task

    answer = asyncio.run(main())
    assert (answer.status, answer.headers[b"retry-after"]) == (429, b"9")


def test_no_address_is_wrong_as_long_as_the_sources_are_not_known() -> None:
    """The database is away: come again, not 404, which would make a shop give up."""
    away = Known()
    away.ready = False
    assert asyncio.run(call(Held(), away)).status == 503
    assert asyncio.run(call(Held(), key="hk_other")).status == 404


def test_what_the_database_does_not_take_is_told() -> None:
    """Answered with success, for asking again would not help, and counted as not taken."""

    async def main() -> SimpleNamespace:
        writer = Held()
        task = asyncio.create_task(call(writer))
        await asyncio.sleep(0.02)
        assert [entry.name for entry in writer.taken[0].entries] == ["Booked"]
        writer.futures[0].set_result(False)
        return await task

    answer = asyncio.run(main())
    assert (answer.status, b"not_written" in answer.body) == (200, True)
