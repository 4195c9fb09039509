"""Short-lived tokens (WeChat): fetched by one attempt, used by all."""

import json

import psycopg
import pytest
from aiohttp import web

from tertulia.store.channels import load_channels
from tertulia.store.sealing import seal_json
from workers.conftest import sending, wait_for
from workers.rows import NOW, add_sending, add_workspace, read_outcomes
from workers.sink import Sink


def add_wechat(conn: psycopg.Connection, workspace: int, base_url: str) -> int:
    settings = {"account_id": "gh_1", "app_id": "wx01", "base_url": base_url}
    return conn.execute(
        """insert into channel (workspace_id, public_id, kind, name, settings, secrets, cache, state, fault, rate_per_s,
                                greeting, offers_text, first_message, polling, poll_cursor, test_findings, created_at)
           values (%s, 'wx', 'wechat', 'WeChat', %s, %s, '', 'live', '', 500, '', false, '', false, '', '[]', %s)
           returning id""",
        [workspace, psycopg.types.json.Json(settings), seal_json({"app_secret": "s", "token": "t"}), NOW],
    ).fetchone()[0]


class WeChat:
    """Gives a token for the asking; a message with any but the newest is refused as stale."""

    def __init__(self) -> None:
        self.tokens = 0
        self.messages = 0
        self.refused = 0

    async def take(self, request: web.Request) -> web.Response:
        if request.path == "/cgi-bin/stable_token":
            self.tokens += 1
            return web.json_response({"access_token": f"token-{self.tokens}", "expires_in": 7200})
        json.loads(await request.read())
        if request.query["access_token"] != f"token-{self.tokens}":
            self.refused += 1
            return web.json_response({"errcode": 40001, "errmsg": "invalid credential"})
        self.messages += 1
        return web.json_response({"errcode": 0, "errmsg": "ok", "msgid": self.messages})


@pytest.fixture
def wechat(sink: Sink) -> WeChat:
    provider = WeChat()
    sink.handler = provider.take
    return provider


@pytest.fixture
def channel(conn: psycopg.Connection, sink: Sink, wechat: WeChat) -> int:
    workspace = add_workspace(conn)
    made = add_wechat(conn, workspace, sink.url)
    add_sending(conn, workspace, made, 40)
    conn.execute("update delivery_open set to_kind = 'wechat', to_value = 'openid-' || id")
    conn.commit()
    return made


def test_a_token_is_fetched_once(conn: psycopg.Connection, empty_database: str, wechat: WeChat, channel: int) -> None:
    """Many messages at once, one token, kept for the next process."""
    with sending(empty_database):
        wait_for(lambda: len(read_outcomes(conn)) == 40)
    assert {outcome for _, outcome, _ in read_outcomes(conn)} == {"ok"}
    assert (wechat.tokens, wechat.messages) == (1, 40)
    assert load_channels(conn)[channel].cache["access_token"] == "token-1"


def test_a_stale_token_is_renewed_once(
    conn: psycopg.Connection, empty_database: str, wechat: WeChat, channel: int
) -> None:
    """Another program of the same account has fetched one: what was refused for that goes out with the new one."""
    wechat.tokens = 5
    with psycopg.connect(empty_database) as other:
        cache = seal_json({"access_token": "token-1", "access_token_until": "4000000000"})
        other.execute("update channel set cache = %s", [cache])
    with sending(empty_database):
        wait_for(lambda: len(read_outcomes(conn)) == 40)
    assert {outcome for _, outcome, _ in read_outcomes(conn)} == {"ok"}
    assert (wechat.tokens, wechat.messages) == (6, 40)
