"""A real server (`tertulia web`) on the tests' database, and what a test puts into it."""

import base64
import json
import os
import secrets
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import psycopg
import pytest

from tertulia.core.links import hash_code, mint, shard_index, with_app
from tertulia.ids import make_contact_id, shard_of_index

KEY = b"0123456789abcdef0123456789abcdef"
NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # whom a plain address trusts; reading who is known takes 25 ms
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"
DESKTOP = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def server(database_url: str) -> Iterator[str]:
    """The address of the running application."""
    port = free_port()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen([sys.executable, "-m", "tertulia.cli", "web", "--port", str(port)], env=environment)
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 30
    while True:
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                break
        except httpx.TransportError:
            pass
        assert process.poll() is None, "the server ended"
        assert time.monotonic() < deadline, "the server is not ready after 30 s"
        time.sleep(0.05)
    yield url
    process.terminate()
    assert process.wait(20) == 0


@pytest.fixture
def web(server: str, empty_database: str) -> Iterator[httpx.Client]:
    """A client that follows no redirect, says it is a phone, and comes from an address of the test's own."""
    headers = {"user-agent": PHONE, "x-forwarded-for": f"203.0.113.{time.monotonic_ns() % 250}"}
    with httpx.Client(base_url=server, headers=headers, timeout=20, verify=NOBODY) as client:
        yield client


@dataclass
class Shop:
    """A business in the database, and how to add to it. Every act commits."""

    url: str
    workspace: int = 0

    def run(self, query: str, *args: object) -> list[tuple]:
        with psycopg.connect(self.url, autocommit=True) as conn:
            cursor = conn.execute(query, args)
            return cursor.fetchall() if cursor.description else []

    def open(self, name: str = "Casa Verde", domain: str = "") -> "Shop":
        from tertulia.data.models import Workspace

        made = Workspace.objects.create(name=name, slug=f"w{time.monotonic_ns()}", link_key=KEY, link_domain=domain)
        return Shop(self.url, made.pk)

    def connect(self, kind: str, public_id: str = "", first_message: str = "", **values: str):
        """A channel; values that are secrets in the kind's form are sealed."""
        from tertulia.channels import registry
        from tertulia.data.models import Channel
        from tertulia.store.sealing import seal_json

        secret = {field.name for field in registry.get(kind).fields if field.secret}
        return Channel.objects.create(
            workspace_id=self.workspace,
            public_id=public_id or f"{kind}{time.monotonic_ns()}",
            kind=kind,
            name=kind,
            settings={name: value for name, value in values.items() if name not in secret},
            secrets=seal_json({name: value for name, value in values.items() if name in secret}),
            rate_per_s=10,
            first_message=first_message,
        )

    def launch(self, *channels, state: str = "live"):
        from tertulia.data.models import Match, MatchChannel

        match = Match.objects.create(workspace_id=self.workspace, name="Autumn", state=state)
        for order, channel in enumerate(channels):
            MatchChannel.objects.create(match=match, channel=channel, order=order)
        return match

    def link(self, match, serial: int = 1, app: str = "chooser", days: float = 30, sent_s: float = 60) -> str:
        """A code of a contact of that serial number, sent so many seconds ago."""
        contact_id = make_contact_id(serial, serial % 256)
        base = mint(KEY, contact_id & 255, contact_id, match.pk, 0)
        now = datetime.now(UTC)
        self.run(
            "insert into link values (%s, %s, %s, %s, %s, 0, %s, %s, %s, '', '', '', null) on conflict do nothing",
            shard_of_index(shard_index(base)),
            hash_code(base),
            self.workspace,
            contact_id,
            match.pk,
            now,
            now + timedelta(days=days),
            now - timedelta(seconds=sent_s),
        )
        return with_app(base, app)

    def message_link(self, target: str, name: str) -> str:
        """A code in a message of journey 3, handed over a minute ago."""
        contact_id, delivery_id = make_contact_id(1, 1), "00000000-0000-4000-8000-000000000001"
        base = mint(KEY, contact_id & 255, contact_id, f"{delivery_id}.0", 0)
        shard, now = shard_of_index(shard_index(base)), datetime.now(UTC)
        self.run(
            "insert into message_link values (%s, %s, %s, %s, %s, 2, 3, %s, 'say', %s, %s, %s, %s)",
            *(shard, hash_code(base), self.workspace, contact_id, delivery_id, delivery_id, name, target),
            *(now - timedelta(minutes=1), now + timedelta(days=30)),
        )
        return with_app(base, "web")

    def log(self, kind: str) -> list[dict]:
        """The log's entries of a kind, in the order in which they were appended."""
        rows = self.run("select payload::json from log where kind = %s order by received_at, shard, writer, seq", kind)
        return [row[0] for row in rows]


@pytest.fixture
def shop(web: httpx.Client, empty_database: str) -> Shop:
    return Shop(empty_database).open()


@dataclass
class Sdk:
    """A source of events and how its SDK calls."""

    web: httpx.Client
    shop: Shop
    source_id: int
    key: str

    def call(self, body: object, path: str = "/v1/batch", **headers: str) -> httpx.Response:
        """POST with the key in Basic, as servers' SDKs do; without it where a header `authorization` is given."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        basic = base64.b64encode(f"{self.key}:".encode()).decode()
        sent = {"content-type": "application/json", "authorization": f"Basic {basic}", **headers}
        sent = {name.replace("_", "-"): value for name, value in sent.items() if value}
        return self.web.post(path, content=raw, headers=sent)

    def discards(self) -> list[tuple]:
        """What was noted of the source: code, place, message id, type, name, sample."""
        return self.shop.run(
            "select code, place, message_id, type, name, sample from event_discard where source_id = %s"
            " order by at, place",
            self.source_id,
        )


@pytest.fixture
def make_sdk(web: httpx.Client, shop: Shop):
    """A source of a key that no other test has, for the server knows a key for two seconds after it is gone."""
    from tertulia.data.models import Source

    def make(**fields: object) -> Sdk:
        key = f"wk_{secrets.token_hex(16)}"
        made = Source.objects.create(workspace_id=shop.workspace, name="Shop", write_key=key, **fields)
        return Sdk(web, shop, made.pk, key)

    return make


@pytest.fixture
def sdk(make_sdk) -> Sdk:
    return make_sdk()
