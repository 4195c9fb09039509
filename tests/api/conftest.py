"""The API as a machine sees it: a client with a key, and an engine that decides what is asked."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from tests.actions.conftest import alice, foreign_shop, one_transaction, shop

__all__ = ["alice", "foreign_shop", "one_transaction", "shop"]

PUBLIC_URL = "http://127.0.0.1:8080"
Ask = Any


def make_visitor(headers: dict[str, str] | None = None) -> Any:
    """A client of this server, without a key unless `headers` have one."""
    from django.test import Client

    return Client(headers=headers or {}, SERVER_NAME="127.0.0.1")


def make_client(workspace: Any, scopes: tuple[str, ...] = ("read", "write")) -> Ask:
    """`ask(method, path, body=None, status=200)` gives the answer's JSON."""
    from tests.actions.cast import NOW

    from tertulia.actions.workspaces import create_key
    from tertulia.api import shell

    shell._own.asks = None  # the test before has emptied the log, and with it this thread's numbers
    _key, text = create_key(workspace, None, NOW, "test", scopes, f"{workspace.pk}{'-'.join(scopes)}".ljust(32, "x"))
    headers = {"authorization": f"Bearer {text}"}
    client = make_visitor(headers)

    def ask(method: str, path: str, body: Any = None, status: int = 200) -> Any:
        sent = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        response = getattr(client, method.lower())(f"/api{path}", **sent)
        assert response.status_code == status, response.content
        told = response.headers.get("content-type", "")
        is_json = told.startswith("application/json") and response.content
        return response.json() if is_json else response.content

    ask.headers = headers
    return ask


@pytest.fixture
def ask(shop: Any) -> Ask:
    """Alice's machine."""
    return make_client(shop)


@pytest.fixture
def foreign_ask(foreign_shop: Any) -> Ask:
    """Charlie's machine."""
    return make_client(foreign_shop)


@pytest.fixture
def engine(shop: Any, empty_database: str) -> Iterator[None]:
    """An engine at work for as long as the test runs."""
    from tertulia.store.db import connect
    from tertulia.workers.engine import Engine

    stopping = threading.Event()
    conn = connect(empty_database)
    worker = Engine(conn, PUBLIC_URL)

    def work() -> None:
        while not stopping.is_set():
            if not worker.run_round():
                stopping.wait(0.02)

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stopping.set()
    thread.join()
    worker.release()
    conn.close()
