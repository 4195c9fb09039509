"""The client that calls providers: what a failure says about whether the request may have arrived (S3)."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest

from tertulia.channels.base import HttpRequest, HttpResponse
from tertulia.workers.guard import Guard
from tertulia.workers.http import ANSWER_BYTES_MAX, CallFailed, Limits, ProviderClient

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
QUICK = Limits(connect_s=0.5, total_s=0.8)


async def call(serve: Serve) -> HttpResponse:
    """One request to a server that behaves as `serve` does."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with ProviderClient(Guard(frozenset({"127.0.0.1"})), QUICK) as client:
            return await client.send(
                HttpRequest("POST", f"http://127.0.0.1:{port}/a%2Fb?q=%2B1", (("x-k", "v"),), b"hi")
            )
    finally:
        server.close()


async def read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    return head + await reader.readexactly(2)


def answering(*answer: bytes, seen: list[bytes] | None = None) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await read_request(reader)
        if seen is not None:
            seen.append(request)
        for part in answer:
            writer.write(part)
            await writer.drain()
        writer.close()

    return serve


def test_a_request_goes_out_as_the_adapter_wrote_it() -> None:
    """Escapes in the address stay as they are, and no cookies or proxies are added."""
    seen: list[bytes] = []
    answer = asyncio.run(call(answering(b"HTTP/1.1 200 OK\r\nX-Id: 7\r\nContent-Length: 2\r\n\r\nok", seen=seen)))
    assert (answer.status, answer.body) == (200, b"ok")
    assert ("x-id", "7") in answer.headers
    assert seen[0].startswith(b"POST /a%2Fb?q=%2B1 HTTP/1.1\r\n")
    assert b"x-k: v" in seen[0].lower()


def test_redirects_are_not_followed() -> None:
    """A redirect is an answer like any other; it could lead to a private address."""
    answer = asyncio.run(
        call(answering(b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n"))
    )
    assert answer.status == 302


def test_an_endless_answer_is_cut() -> None:
    """An answer is read up to a limit, and what came so far is given."""
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {3 * ANSWER_BYTES_MAX}\r\n\r\n".encode()
    answer = asyncio.run(call(answering(head, *[b"x" * 500_000] * 4)))
    assert len(answer.body) == ANSWER_BYTES_MAX


def test_no_connection_means_not_sent() -> None:
    """A port where nobody listens: nothing can have arrived."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    async def try_it() -> None:
        async with ProviderClient(Guard(frozenset({"127.0.0.1"})), QUICK) as client:
            await client.send(HttpRequest("POST", f"http://127.0.0.1:{port}/"))

    with pytest.raises(CallFailed) as failed:
        asyncio.run(try_it())
    assert (failed.value.error, failed.value.sent) == ("connect", False)


def test_a_name_that_nobody_has_means_not_sent() -> None:
    async def try_it() -> None:
        async with ProviderClient(Guard(), QUICK) as client:
            await client.send(HttpRequest("POST", "http://provider.invalid/"))

    with pytest.raises(CallFailed) as failed:
        asyncio.run(try_it())
    assert (failed.value.error, failed.value.sent) == ("connect", False)


def test_silence_after_the_request_may_have_arrived() -> None:
    """The time-out of the answer says nothing about what the provider did."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        await asyncio.sleep(1)
        writer.close()

    with pytest.raises(CallFailed) as failed:
        asyncio.run(call(serve))
    assert (failed.value.error, failed.value.sent) == ("timeout", True)


def test_a_connection_that_breaks_after_the_request_may_have_arrived() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.close()

    with pytest.raises(CallFailed) as failed:
        asyncio.run(call(serve))
    assert (failed.value.error, failed.value.sent) == ("reset", True)


def test_an_answer_that_breaks_off_may_have_arrived() -> None:
    with pytest.raises(CallFailed) as failed:
        asyncio.run(call(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf")))
    assert (failed.value.error, failed.value.sent) == ("reset", True)
