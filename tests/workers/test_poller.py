"""Polling: what a bot's updates become, and that none is lost or taken twice."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
import pytest
from aiohttp import web

from tertulia.store.channel_log import list_exchanges
from tertulia.store.sealing import seal_json
from tertulia.workers.poller import run_poller
from workers.conftest import wait_for
from workers.rows import NOW, add_workspace

TOKEN = "123456789:AAHtest"


@dataclass
class Bot:
    """Telegram's side of getUpdates: an update is given until an offset past it acknowledges it."""

    port: int = 0
    updates: list[dict[str, object]] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    status: int = 200

    def write(self, number: int, text: str) -> None:
        sender = {"id": 4242, "first_name": "Bea", "is_bot": False}
        message = {"message_id": number, "date": 1_795_000_000, "chat": {"id": 4242, "type": "private"}, "from": sender}
        self.updates.append({"update_id": number, "message": {**message, "text": text}})

    async def answer(self, request: web.Request) -> web.Response:
        if self.status != 200:
            return web.json_response({"ok": False, "error_code": self.status}, status=self.status)
        offset = json.loads(await request.read()).get("offset", 0)
        self.offsets.append(offset)
        self.updates = [update for update in self.updates if update["update_id"] >= offset]
        if not self.updates:
            await asyncio.sleep(0.02)
        return web.json_response({"ok": True, "result": self.updates})


@pytest.fixture
def bot(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bot]:
    bot = Bot()
    ready, stop = threading.Event(), threading.Event()

    async def serve() -> None:
        app = web.Application()
        app.router.add_post("/{path:.*}", bot.answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        bot.port = runner.addresses[0][1]
        ready.set()
        while not stop.is_set():
            await asyncio.sleep(0.02)
        await runner.cleanup()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    monkeypatch.setenv("ALLOW_PRIVATE_HOSTS", f"127.0.0.1:{bot.port}")
    yield bot
    stop.set()
    thread.join(10)


def add_bot(conn: psycopg.Connection, workspace: int, port: int) -> int:
    settings = {"bot_username": "VerbenaBot", "transport": "polling", "base_url": f"http://127.0.0.1:{port}"}
    row = conn.execute(
        """insert into channel (workspace_id, public_id, kind, name, settings, secrets, cache, state, fault, rate_per_s,
                                greeting, offers_text, first_message, polling, poll_cursor, test_findings, created_at)
           values (%s, 'bot1', 'telegram', 'Bot', %s, %s, '', 'live', '', 25, '', false, '', true, '', '[]', %s)
           returning id""",
        [workspace, psycopg.types.json.Json(settings), seal_json({"token": TOKEN}), NOW],
    ).fetchone()
    conn.commit()
    return row[0]


@contextmanager
def polling(url: str) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=run_poller, args=(url, stop), kwargs={"test_clock": False})
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def read_texts(conn: psycopg.Connection) -> list[str]:
    rows = conn.execute("select payload::json from log where kind = 'inbound' order by writer, seq, shard").fetchall()
    conn.rollback()
    return [row[0]["text"] for row in rows]


def test_I3_every_update_is_stored_and_becomes_an_entry(
    conn: psycopg.Connection, empty_database: str, bot: Bot
) -> None:
    """The raw answer is kept, the entries stand in the log, the cursor has moved; a restart goes on behind it."""
    channel = add_bot(conn, add_workspace(conn), bot.port)
    bot.write(101, "one")
    bot.write(102, "two")
    with polling(empty_database):
        wait_for(lambda: len(read_texts(conn)) == 2)
    bot.write(103, "three")
    with polling(empty_database):
        wait_for(lambda: len(read_texts(conn)) == 3)
    assert sorted(read_texts(conn)) == ["one", "three", "two"]
    assert bot.offsets[0] == 0
    assert 103 in bot.offsets
    stored = conn.execute("select method, events, url, body from webhook order by received_at").fetchall()
    assert [(row[0], row[1]) for row in stored] == [("POLL", 2), ("POLL", 1)]
    assert TOKEN not in stored[0][2]
    assert json.loads(stored[0][3])["result"][0]["update_id"] == 101
    row = conn.execute("select poll_cursor, last_call_at is not null from channel where id = %s", [channel]).fetchone()
    assert row == ("104", True)


def test_two_pollers_share_no_channel(conn: psycopg.Connection, empty_database: str, bot: Bot) -> None:
    """The second waits until the first is gone: a bot asked by two answers both with a conflict."""
    add_bot(conn, add_workspace(conn), bot.port)
    bot.write(7, "hello")
    with polling(empty_database), polling(empty_database):
        wait_for(lambda: len(read_texts(conn)) == 1 and len(bot.offsets) > 5)
        held = conn.execute(
            "select count(*) from pg_locks where locktype = 'advisory' and classid = %s and objsubid = 2", [0x7E28]
        ).fetchone()[0]
        conn.rollback()
    assert held == 1
    assert read_texts(conn) == ["hello"]


def test_a_refused_poll_stops_the_channel(conn: psycopg.Connection, empty_database: str, bot: Bot) -> None:
    """A wrong token is no reason to ask for ever: the channel shows the fault, its log the answer."""
    workspace = add_workspace(conn)
    channel = add_bot(conn, workspace, bot.port)
    bot.status = 401
    with polling(empty_database):
        wait_for(lambda: read_state(conn, channel) == "fault")
    exchanges = list_exchanges(conn, workspace, channel)
    assert [(e.purpose, e.status) for e in exchanges] == [("poll", 401)]
    assert TOKEN not in exchanges[0].url
    assert conn.execute("select kind from notice").fetchall() == [("channel_fault",)]


def read_state(conn: psycopg.Connection, channel: int) -> str:
    row = conn.execute("select state from channel where id = %s", [channel]).fetchone()
    conn.rollback()
    return row[0]
