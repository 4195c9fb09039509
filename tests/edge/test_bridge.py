"""The console under ASGI: bodies, answers, and what a stranger may send. A small WSGI application stands for Django."""

import asyncio
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tertulia.edge.bridge import Bridge
from tertulia.edge.metrics import Metrics

LIMIT = 3_000_000
Headers = tuple[tuple[bytes, bytes], ...]
pytestmark = pytest.mark.usefixtures("database_url")  # pages in words need Django's settings


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Echoes, streams, fails or tells the environment, by path."""
    path = environ["PATH_INFO"]
    if path == "/fails":
        raise RuntimeError("secret words")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
    if path == "/streams":
        return (b"x" * 10_000 for _ in range(500))
    if path == "/environ":
        return [repr({key: value for key, value in environ.items() if isinstance(value, str)}).encode()]
    body = environ["wsgi.input"].read()
    return [str(len(body)).encode(), b" ", body[:20]]


def call(
    path: str,
    body: bytes = b"",
    headers: tuple[tuple[bytes, bytes], ...] = (),
    pieces: int = 1,
    peer: str = "127.0.0.1",
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """One request through a bridge: status, headers, body."""
    step = max(1, -(-len(body) // pieces))
    parts = [body[at : at + step] for at in range(0, len(body), step)] or [b""]
    waiting = [
        {"type": "http.request", "body": part, "more_body": number < len(parts) - 1}
        for number, part in enumerate(parts)
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST" if body else "GET",
        "path": path,
        "query_string": b"a=%20b",
        "headers": [*headers, (b"content-length", str(len(body)).encode())],
        "client": (peer, 5),
        "server": ("127.0.0.1", 80),
    }

    async def play() -> None:
        with tempfile.TemporaryDirectory() as folder:
            bridge = Bridge(application, 2, Path(folder), LIMIT, Metrics())
            try:
                await bridge(scope, receive, send)
                assert list(Path(folder).iterdir()) == []
            finally:
                bridge.stop()

    asyncio.run(play())
    body_out = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], sent[0]["headers"], body_out


def test_a_body_arrives_whole_and_headers_stay_apart() -> None:
    status, headers, body = call("/echo", b"hello")
    assert (status, body) == (200, b"5 hello")
    assert [value for name, value in headers if name == b"set-cookie"] == [b"a=1", b"b=2"]


def test_an_upload_is_spooled_to_a_file_that_is_gone_afterwards() -> None:
    status, _, body = call("/imports/new", b"z" * 2_500_000, ((b"cookie", b"sessionid=1"),), pieces=40)
    assert (status, body[:7]) == (200, b"2500000")


def test_too_large_a_file_is_read_to_its_end_and_answered_in_words() -> None:
    """A browser shows an answer only when it could send everything."""
    status, _, body = call("/imports/new", b"z" * (LIMIT + 1), ((b"cookie", b"sessionid=1"),), pieces=50)
    assert status == 413
    assert b"too large" in body


def test_a_stranger_sends_no_large_body() -> None:
    assert call("/imports/new", b"z" * 1_500_000)[0] == 401


def test_a_long_answer_is_streamed_whole() -> None:
    status, _, body = call("/streams")
    assert (status, len(body)) == (200, 5_000_000)


def test_an_error_says_nothing_of_itself() -> None:
    status, _, body = call("/fails")
    assert status == 500
    assert b"secret" not in body


@pytest.mark.parametrize(("peer", "told"), [("127.0.0.1", "203.0.113.9"), ("8.8.4.4", "8.8.4.4")])
def test_only_a_near_proxy_is_believed(peer: str, told: str) -> None:
    """X-Forwarded-* from anywhere else is dropped; headers with an underscore are nobody's."""
    headers = ((b"x-forwarded-for", b"1.2.3.4, 203.0.113.9"), (b"x-forwarded-proto", b"https"), (b"x_evil", b"1"))
    shown = call("/environ", headers=headers, peer=peer)[2].decode()
    assert f"'REMOTE_ADDR': '{told}'" in shown
    assert ("HTTP_X_FORWARDED_PROTO" in shown) == (peer == "127.0.0.1")
    assert "EVIL" not in shown
