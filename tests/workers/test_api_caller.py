"""The caller against a real server, a real database and the real sender process (S6)."""

import asyncio
import signal
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from aiohttp import web

from tertulia.ids import derive_id, make_contact_id, shard_of_contact
from tertulia.store.calls import list_call_exchanges, trim_call_log
from tertulia.store.clock import real_now
from tertulia.store.log import LogWriter
from tertulia.store.sealing import seal_json
from tertulia.workers.api_caller import LEASE_S
from tertulia.workers.leases import tell_lost
from workers.conftest import sender_process, sending, wait_for
from workers.rows import NOW, add_workspace
from workers.sink import Sink

HTML = "<!doctype html><title>Sign in</title>"


@pytest.fixture
def workspace(conn: psycopg.Connection) -> int:
    return add_workspace(conn)


def add_endpoint(conn: psycopg.Connection, workspace: int, base_url: str, timeout_s: int = 10) -> int:
    return conn.execute(
        """insert into endpoint (workspace_id, key, name, base_url, methods, headers, secrets, timeout_s, idempotent,
                                 status_path, status_done, status_failed, created_at)
           values (%s, 'shop', 'Shop', %s, '["GET", "POST"]', '{"x-shop": "7"}', %s, %s, false, '', '', '', %s)
           returning id""",
        [workspace, base_url, seal_json({"authorization": "Bearer tok3n-secret"}), timeout_s, NOW],
    ).fetchone()[0]


def add_call(conn: psycopg.Connection, workspace: int, endpoint: int, number: int = 0, **facts: Any) -> UUID:
    """A call that was handed over and not yet taken."""
    contact = make_contact_id(5_000 + number, number % 256)
    call_id = derive_id("call", "test", number)
    row = {
        **{"shard": shard_of_contact(contact), "id": call_id, "workspace": workspace, "contact_id": contact},
        **{"journey_id": 1, "run_id": derive_id("run", number), "step": "ask", "visit": 0, "endpoint_id": endpoint},
        **{"method": "POST", "path": "/points", "body": '{"points":5}', "status_path": "", "expect": "", "save": {}},
        **{"saved": {}, "state": "calling", "attempt": 1, "tries": 1, "asked": 0, "reason": "", "not_before": NOW},
        **{"ask_at": None, "lease_until": None, "made_at": NOW, "called_at": NOW},
        **facts,
    }
    values = [psycopg.types.json.Json(value) if isinstance(value, dict) else value for value in row.values()]
    names = psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, row))
    places = psycopg.sql.SQL(", ").join([psycopg.sql.Placeholder()] * len(row))
    conn.execute(psycopg.sql.SQL("insert into call_open ({}) values ({})").format(names, places), values)
    return call_id


def read_told(conn: psycopg.Connection) -> list[dict[str, Any]]:
    """The calls' entries in the log."""
    rows = conn.execute("select payload::json from log where kind = 'call' order by shard, writer, seq").fetchall()
    conn.rollback()
    return [row[0] for row in rows]


def play(
    conn: psycopg.Connection, url: str, sink: Sink, handler: Any, workspace: int, timeout_s: int = 10, **facts: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """One call, answered by `handler`: what the log is told, and what was saved."""
    sink.handler = handler
    call_id = add_call(conn, workspace, add_endpoint(conn, workspace, f"{sink.url}/v2", timeout_s), **facts)
    conn.commit()
    with sending(url):
        wait_for(lambda: len(read_told(conn)) == 1)
    [(saved,)] = conn.execute("select saved from call_open where id = %s", [call_id]).fetchall()
    conn.rollback()
    return read_told(conn)[0], saved


def answering(status: int, text: str, **headers: str) -> Any:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status, text=text, headers=headers)

    return answer


def test_S6_a_call_carries_its_key_its_headers_and_its_body(
    conn: psycopg.Connection, empty_database: str, sink: Sink, workspace: int
) -> None:
    """What it saves is kept with the call and not in the log; the exchange is kept without secrets."""
    seen: list[Any] = []

    async def take(request: web.Request) -> web.Response:
        seen.append((request.method, request.path, request.headers, await request.json()))
        return web.json_response({"ok": True, "tier": "gold", "token": "Bearer tok3n-secret"})

    told, saved = play(conn, empty_database, sink, take, workspace, expect="ok == `true`", save={"tier": "tier"})
    [(method, path, headers, body)] = seen
    assert (method, path, body) == ("POST", "/v2/points", {"points": 5})
    assert headers["Idempotency-Key"] == told["call_id"]
    assert (headers["authorization"], headers["x-shop"]) == ("Bearer tok3n-secret", "7")
    assert (told["outcome"], told["reason"], told["status"], saved) == ("ok", "call.done", 200, {"tier": "gold"})
    assert "gold" not in str(told)
    [exchange] = list_call_exchanges(conn, workspace, conn.execute("select id from endpoint").fetchone()[0])
    assert (exchange.method, exchange.status, exchange.purpose) == ("POST", 200, "call")
    assert "tok3n" not in exchange.headers + exchange.answer
    assert "gold" in exchange.answer


@pytest.mark.parametrize(
    ("status", "text", "headers", "outcome", "reason"),
    [
        (200, HTML, {}, "fail", "call.not_json"),
        (200, '{"ok": false}', {}, "fail", "call.unexpected"),
        (302, "", {"Location": "https://elsewhere.example/"}, "fail", "call.redirected"),
        (404, "{}", {}, "fail", "call.refused"),
        (429, "{}", {"Retry-After": "90"}, "retry", "call.busy"),
        (503, "{}", {"Retry-After": "5"}, "retry", "call.busy"),
        (500, "{}", {}, "unknown", "call.unknown"),
        (200, '"' + "x" * 1_000_001 + '"', {}, "fail", "call.too_large"),
    ],
)
def test_S6_what_an_answer_comes_to(
    conn: psycopg.Connection,
    empty_database: str,
    sink: Sink,
    workspace: int,
    status: int,
    text: str,
    headers: dict[str, str],
    outcome: str,
    reason: str,
) -> None:
    """Errors that call themselves a success, web pages, redirects, and answers without end."""
    told, saved = play(
        conn, empty_database, sink, answering(status, text, **headers), workspace, expect="ok", save={"a": "a"}
    )
    assert (told["outcome"], told["reason"], told["status"], saved) == (outcome, reason, status, {})
    assert told.get("retry_after_s") == (float(headers["Retry-After"]) if "Retry-After" in headers else None)


def test_S6_an_api_that_hangs_is_unknown_and_one_that_is_away_was_not_reached(
    conn: psycopg.Connection, empty_database: str, sink: Sink, workspace: int
) -> None:
    """The endpoint's own time-out ends the first; of the second nothing was sent."""

    async def hang(request: web.Request) -> web.Response:
        await asyncio.sleep(20)
        return web.Response()

    told, _saved = play(conn, empty_database, sink, hang, workspace, timeout_s=1)
    assert (told["outcome"], told["reason"]) == ("unknown", "call.unknown")
    conn.execute("delete from log; delete from call_open; update endpoint set base_url = 'http://127.0.0.1:1'")
    [(endpoint,)] = conn.execute("select id from endpoint").fetchall()
    add_call(conn, workspace, endpoint, 1)
    conn.commit()
    with sending(empty_database):
        wait_for(lambda: len(read_told(conn)) == 1)
    assert read_told(conn)[0]["reason"] == "call.private_address"  # only the sink's port is allowed


def test_S6_a_status_call_asks_without_a_body_and_without_a_key(
    conn: psycopg.Connection, empty_database: str, sink: Sink, workspace: int
) -> None:
    """A GET of its own path; what it tells is saved."""
    seen: list[Any] = []

    async def tell(request: web.Request) -> web.Response:
        seen.append((request.method, request.path_qs, request.headers.get("Idempotency-Key")))
        return web.json_response({"state": "done", "tier": "gold"})

    told, saved = play(
        *(conn, empty_database, sink, tell, workspace),
        state="unknown",
        asked=1,
        ask_at=NOW,
        status_path="/calls?key=7",
        save={"tier": "tier"},
    )
    assert seen == [("GET", "/v2/calls?key=7", None)]
    assert (told["outcome"], told["asked"], saved) == ("done", 1, {"tier": "gold"})


def test_S6_a_killed_caller_calls_nothing_twice_and_forgets_nothing(
    conn: psycopg.Connection, empty_database: str, sink: Sink, workspace: int
) -> None:
    """SIGKILL while calls are under way: the rest is called by another, the lost ones are told as lost, once."""
    called: Counter[str] = Counter()

    async def take(request: web.Request) -> web.Response:
        called[request.headers["Idempotency-Key"]] += 1
        while not sink.open.is_set():
            await asyncio.sleep(0.01)
        return web.json_response({})

    sink.handler = take
    sink.open.clear()
    endpoint = add_endpoint(conn, workspace, sink.url, timeout_s=25)
    ids = {add_call(conn, workspace, endpoint, number) for number in range(200)}
    conn.commit()
    with sender_process(empty_database) as process:
        wait_for(lambda: len(called) >= 100)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    left = {row[0] for row in conn.execute("select id from call_open where lease_until is not null").fetchall()}
    conn.rollback()
    sink.open.set()
    with sending(empty_database):
        wait_for(lambda: len(read_told(conn)) == len(ids) - len(left))
    decided = [told["call_id"] for told in read_told(conn)]
    conn.execute("delete from call_open where id = any(%s::uuid[])", [decided])  # as the owner does
    writer = LogWriter.lease(conn, "test", NOW)
    after = real_now() + timedelta(seconds=LEASE_S + 1)
    assert tell_lost(conn, writer, after, NOW) == len(left) > 0
    assert tell_lost(conn, writer, after, NOW) == 0
    conn.commit()
    lost = {told["call_id"] for told in read_told(conn) if told.get("lost") and told["outcome"] == "unknown"}
    assert lost == set(map(str, left))
    assert {*decided, *lost} == set(map(str, ids))
    assert max(called.values()) == 1


def test_the_log_of_an_endpoint_keeps_its_last_exchanges(
    conn: psycopg.Connection, empty_database: str, sink: Sink, workspace: int
) -> None:
    """And of one that is gone none."""
    sink.handler = answering(200, "{}")
    endpoint = add_endpoint(conn, workspace, sink.url)
    for number in range(5):
        add_call(conn, workspace, endpoint, number)
    conn.commit()
    with sending(empty_database):
        wait_for(lambda: len(read_told(conn)) == 5)
    assert trim_call_log(conn, kept=2) == 3
    assert len(list_call_exchanges(conn, workspace, endpoint)) == 2
    conn.execute("delete from endpoint")
    assert trim_call_log(conn, kept=2) == 2
