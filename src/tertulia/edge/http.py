"""The little of HTTP that the edge's own addresses share: bodies with a limit, answers, who calls and under what name.

The addresses here are hot, so they speak ASGI directly instead of going through request and response objects.
"""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.types import Receive, Scope, Send

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
HEADERS_MAX = 100

Pairs = Iterable[tuple[str, str]]
NO_STORE = (("cache-control", "no-store"),)


class BodyTooLarge(Exception):
    """More than the address takes. What is left of the body is not read."""


class HungUp(Exception):
    """The caller went away before the end of its request."""


def read_headers(scope: Scope) -> dict[str, str]:
    """Header names in lower case; of several with one name the last, but lists are joined by a comma."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"][:HEADERS_MAX]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def get_header(scope: Scope, name: bytes) -> str:
    """One header, empty where it is missing; of several the last."""
    found = [value for key, value in scope["headers"] if key == name]
    return bytes(found[-1]).decode("latin-1") if found else ""


async def read_body(scope: Scope, receive: Receive, limit_bytes: int) -> bytes:
    """The whole body. Raises BodyTooLarge (from Content-Length before a byte is read, where it is told) and HungUp."""
    told = get_header(scope, b"content-length")
    if told.isdecimal() and int(told) > limit_bytes:
        raise BodyTooLarge
    body = b""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise HungUp
        part = message.get("body", b"")
        size += len(part)
        if size > limit_bytes:
            raise BodyTooLarge
        if not message.get("more_body"):
            body = part
            break
        parts.append(part)
    return b"".join([*parts, body]) if parts else body


async def answer(send: Send, status: int, headers: Pairs = (), body: bytes = b"", *, head: bool = False) -> None:
    """A whole answer in two messages; to a HEAD the body's length only."""
    raw = [*_encode_pairs(tuple(headers)), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": b"" if head else body})


async def redirect(send: Send, url: str, headers: tuple[tuple[str, str], ...]) -> None:
    """302 to an address, without a body. `headers` are the same every time."""
    raw = [(b"location", url.encode("latin-1")), (b"content-length", b"0"), *_encode_pairs(headers)]
    await send({"type": "http.response.start", "status": 302, "headers": raw})
    await send({"type": "http.response.body", "body": b""})


@lru_cache(maxsize=512)
def _encode_pairs(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in headers)


async def answer_text(send: Send, status: int, text: str, headers: Pairs = ()) -> None:
    """One sentence for a machine or a person who looks."""
    await answer(send, status, (("content-type", "text/plain; charset=utf-8"), *NO_STORE, *headers), text.encode())


async def answer_busy(send: Send, status: int = 429) -> None:
    """Come again in a second: too much waits already (429), or the database is away (503)."""
    await answer_text(send, status, "Too busy. Try again in a second.", (("retry-after", "1"),))


@lru_cache(maxsize=512)
def host_of(url: str) -> str:
    """The host name of an address, lower case, without its port; empty for none."""
    return (urlsplit(url if "//" in url else f"//{url}").hostname or "").lower()


def get_host(scope: Scope) -> str:
    """The name under which the caller reached us, as it claims."""
    return host_of(get_header(scope, b"host"))


def get_address(scope: Scope) -> str:
    """The caller's network address as text.

    Behind a proxy on this machine or its private network the last entry of X-Forwarded-For counts, which is the one
    that this proxy wrote; from anywhere else the header is a claim and is not read.
    """
    client = scope.get("client")
    peer = str(client[0]) if client else ""
    if is_near(peer):
        told = get_header(scope, b"x-forwarded-for").rpartition(",")[2].strip()
        peer = told or peer
    return peer.strip("[]")[:64]


def get_caller(scope: Scope) -> str:
    """Whom a limit counts: an IPv4 address, or the /64 of an IPv6 one."""
    peer = get_address(scope)
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return peer
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


@lru_cache(maxsize=1_024)
def is_near(peer: str) -> bool:
    """Whether a peer is this machine, its private network, or a local socket."""
    if not peer:
        return True
    try:
        address = ipaddress.ip_address(peer.strip("[]"))
    except ValueError:
        return False
    return address.is_loopback or address.is_private
