"""Tracking endpoints without room: 429 and 503 with whole seconds to wait, nothing lost and nothing wrong said."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from tertulia.actions.ingest import EventRequest
from tertulia.core.entries import EventEntry
from tertulia.edge import ingest
from tertulia.edge.clock import Clock
from tertulia.edge.ingest import EventWork, Ingest
from tertulia.edge.limits import Rates
from tertulia.edge.metrics import Metrics
from tertulia.edge.writer import Full, GroupWriter, Notifier, Unavailable
from tertulia.ids import derive_id
from tertulia.store.front import FrontSource
from tertulia.store.log import LogWriter

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
KEY = "wk_0123456789"
GOOD = {"type": "track", "event": "Bought", "userId": "u1", "messageId": "m1"}


class Held:
    """A writer that answers when it is told to."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.taken: list[EventRequest] = []
        self.futures: list[asyncio.Future[bool]] = []

    def submit(self, item: EventRequest) -> "asyncio.Future[bool]":
        if self.error is not None:
            raise self.error
        self.taken.append(item)
        self.futures.append(asyncio.get_running_loop().create_future())
        return self.futures[-1]


class Known:
    """A registry of one source."""

    public_url = "https://news.example/tertulia"
    ready = True

    def find_source(self, key: str) -> FrontSource | None:
        return FrontSource(3, 1, KEY, False, "live") if key == KEY and self.ready else None

    async def look_again(self) -> None:
        return None


def make(writer: Any, registry: Any = None, per_s: float = 1_000) -> Ingest:
    return Ingest(registry or Known(), writer, Clock(), Metrics(), Rates(per_s))


async def call(served: Ingest, body: object, path: str = "/v1/batch", method: str = "POST") -> SimpleNamespace:
    """Status, headers and JSON of an answer."""
    scope = {"path": path, "method": method, "headers": [], "query_string": b"", "client": ("127.0.0.1", 1)}
    told: list[dict] = []

    async def receive() -> dict:
        return {"type": "http.request", "body": json.dumps(body).encode()}

    async def send(message: dict) -> None:
        told.append(message)

    await served(scope, receive, send)
    headers = {name.decode(): value.decode() for name, value in told[0]["headers"]}
    return SimpleNamespace(status=told[0]["status"], headers=headers, value=json.loads(told[1]["body"]))


def check_wait(answer: SimpleNamespace, status: int, code: str) -> None:
    assert (answer.status, answer.value["code"]) == (status, code)
    assert answer.value["message"]
    assert int(answer.headers["retry-after"]) >= 1
    assert int(answer.headers["x-ratelimit-reset"]) >= 1
    assert answer.headers["access-control-expose-headers"] == "Retry-After, X-RateLimit-Reset"


def body_of(*messages: object) -> dict:
    return {"writeKey": KEY, "batch": list(messages)}


def test_a_source_has_its_rate() -> None:
    rates = Rates(2)
    assert [rates.take(1, 0) for _ in range(3)] == [0, 0, 0.5]
    assert rates.take(2, 0) == 0
    assert (rates.take(1, 0.5), rates.take(1, 0.5)) == (0, 0.5)
    assert [rates.take(1, 100) for _ in range(3)] == [0, 0, 0.5]


def test_too_many_requests_of_a_source_wait_and_are_noted_once() -> None:
    async def main() -> None:
        writer = Held()
        served = make(writer, per_s=0.1)
        first = asyncio.create_task(call(served, body_of(GOOD)))
        await asyncio.sleep(0.02)
        check_wait(await call(served, body_of(GOOD)), 429, "rate_limited")
        [request] = writer.taken
        assert [note.code for note in request.notes] == ["rate_limited"]
        writer.futures[0].set_result(True)
        check_wait(await first, 429, "rate_limited")

    asyncio.run(main())


@pytest.mark.parametrize(("error", "status"), [(Full(), 429), (Unavailable(), 503)])
def test_a_writer_that_takes_nothing(error: Exception, status: int) -> None:
    async def main() -> None:
        answer = await call(make(Held(error)), body_of(GOOD))
        check_wait(answer, status, "rate_limited" if status == 429 else "unavailable")

    asyncio.run(main())


def test_no_more_waits_than_memory_has_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """By events and by bytes; who hung up still counts until its request is committed."""

    async def main() -> None:
        for name in ("EVENTS_WAITING_MAX", "BYTES_WAITING_MAX"):
            with monkeypatch.context() as patch:
                patch.setattr(ingest, name, 2)
                writer = Held()
                served = make(writer)
                first = asyncio.create_task(call(served, body_of(GOOD, GOOD)))
                await asyncio.sleep(0.01)
                first.cancel()
                await asyncio.sleep(0.01)
                check_wait(await call(served, body_of(GOOD)), 429, "rate_limited")
                writer.futures[0].set_result(True)
                await asyncio.sleep(0.01)
                second = asyncio.create_task(call(served, body_of(GOOD)))
                await asyncio.sleep(0.01)
                writer.futures[1].set_result(True)
                assert (await second).value == {"success": True, "accepted": 1, "discarded": []}

    asyncio.run(main())


def test_the_answer_waits_for_the_commit() -> None:
    async def main() -> None:
        writer = Held()
        task = asyncio.create_task(call(make(writer), body_of(GOOD, GOOD, {})))
        await asyncio.sleep(0.02)
        assert not task.done()
        [request] = writer.taken  # one item, whatever it holds
        assert (len(request.entries), len(request.notes)) == (2, 1)
        writer.futures[0].set_result(True)
        assert (await task).status == 200

    asyncio.run(main())


def test_a_database_that_is_away_is_503() -> None:
    def fail() -> Any:
        raise psycopg.OperationalError("away")

    async def main() -> None:
        writer: GroupWriter[EventRequest, bool] = GroupWriter(
            "events", fail, EventWork(), Clock(), Notifier(fail), is_light=lambda _: False
        )
        writer.start(asyncio.get_running_loop())
        check_wait(await call(make(writer), body_of(GOOD)), 503, "unavailable")
        await asyncio.to_thread(writer.stop)
        check_wait(await call(make(writer), body_of(GOOD)), 503, "unavailable")

    asyncio.run(main())


def test_before_the_sources_are_read_no_key_is_called_wrong() -> None:
    async def main() -> None:
        registry = Known()
        registry.ready = False
        check_wait(await call(make(Held(), registry), body_of(GOOD)), 503, "unavailable")
        check_wait(await call(make(Held(), registry), {}, f"/v1/projects/{KEY}/settings", "GET"), 503, "unavailable")

    asyncio.run(main())


def test_settings_name_the_public_address_with_its_path() -> None:
    async def main() -> None:
        told = (await call(make(Held()), {}, f"/v1/projects/{KEY}/settings", "GET")).value
        ours = {"apiKey": KEY, "apiHost": "news.example/tertulia/v1"}
        assert told["integrations"] == {"Segment.io": ours}

    asyncio.run(main())


def test_what_the_database_does_not_take_is_noted_and_answered(conn: psycopg.Connection) -> None:
    """Asked again it would be no better."""

    async def main() -> None:
        writer = Held()
        task = asyncio.create_task(call(make(writer), body_of(GOOD, GOOD)))
        await asyncio.sleep(0.02)
        log = LogWriter.lease(conn, "test", NOW)
        written = EventWork().refuse(conn, log, writer.taken[0], NOW, ValueError())
        writer.futures[0].set_result(written)
        discarded = [{"index": 0, "messageId": "", "code": "not_written", "count": 2}]
        assert (await task).value == {"success": True, "accepted": 0, "discarded": discarded}

    asyncio.run(main())
    assert conn.execute("select source_id, code from event_discard").fetchall() == [(3, "not_written")]


def test_a_group_that_is_written_twice_has_its_notes_once(conn: psycopg.Connection) -> None:
    """The connection may break after the commit; then all of it is tried again."""
    entries: Sequence[EventEntry] = [EventEntry(3, "track", "m1", NOW, NOW, name="Bought", user_id="u1")]
    request = EventRequest(derive_id("request"), 1, 3, entries, [ingest.Discard(1, "unknown_type")])
    log = LogWriter.lease(conn, "test", NOW)
    for _ in range(2):
        assert EventWork().commit_group(conn, log, [request], NOW) == [True]
    assert conn.execute("select count(*), count(distinct key) from log").fetchone() == (2, 1)
    assert conn.execute("select place, code, at from event_discard").fetchall() == [(1, "unknown_type", NOW)]
