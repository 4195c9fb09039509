"""A lean HTTP/1.1 client with keep-alive: providers must be able to call webhooks faster than the platform is bound
to take them, or a benchmark would measure the simulator.

One request in flight on a connection, no pipelining, bodies by length, chunked or until the end of the connection,
redirects never followed. It calls only addresses the simulator was configured with, and links that a person taps.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urlsplit

BODY_BYTES_MAX = 4 * 1024 * 1024
HEAD_BYTES_MAX = 64 * 1024
IDLE_CONNECTIONS_MAX = 128


class CallFailed(Exception):
    """No answer. `cause` is connect, timeout or broken."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Answer:
    """A response. Header names in lower case; of a repeated header the last is kept."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Connection(asyncio.Protocol):
    """One socket. `exchange` writes a request and waits for the whole response."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.usable = True
        self._buffer = bytearray()
        self._waiter: asyncio.Future[Answer] | None = None
        self._bodiless = False
        self._head: tuple[int, dict[str, str], int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def connection_lost(self, exc: Exception | None) -> None:
        self.usable = False
        if self._waiter is None or self._waiter.done():
            return
        if self._head and "content-length" not in self._head[1] and "transfer-encoding" not in self._head[1]:
            self._finish(bytes(self._buffer[self._head[2] :]))
        else:
            self._waiter.set_exception(CallFailed("broken"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._waiter is None or self._waiter.done():
            self.close()
            return
        try:
            self._read()
        except (ValueError, IndexError):
            self.close()
            if not self._waiter.done():
                self._waiter.set_exception(CallFailed("broken"))

    async def exchange(self, request: bytes, *, bodiless: bool) -> Answer:
        self._waiter = asyncio.get_running_loop().create_future()
        self._bodiless = bodiless
        self._head = None
        self._buffer.clear()
        if self.transport is None or self.transport.is_closing():
            raise CallFailed("broken")
        self.transport.write(request)
        return await self._waiter

    def close(self) -> None:
        self.usable = False
        if self.transport is not None:
            self.transport.close()

    def _read(self) -> None:
        if self._head is None:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                if len(self._buffer) > HEAD_BYTES_MAX:
                    raise ValueError("head too long")
                return
            status, headers = _parse_head(bytes(self._buffer[:end]))
            if 100 <= status < 200:
                del self._buffer[: end + 4]
                return self._read()
            self._head = status, headers, end + 4
        status, headers, start = self._head
        if self._bodiless or status in (204, 304):
            return self._finish(b"")
        if "chunked" in headers.get("transfer-encoding", ""):
            body = _join_chunks(self._buffer, start)
            return self._finish(body) if body is not None else None
        if "content-length" in headers:
            length = int(headers["content-length"])
            if length > BODY_BYTES_MAX:
                raise ValueError("body too long")
            if len(self._buffer) >= start + length:
                self._finish(bytes(self._buffer[start : start + length]))
        elif len(self._buffer) > BODY_BYTES_MAX:
            raise ValueError("body too long")
        return None

    def _finish(self, body: bytes) -> None:
        assert self._head is not None
        assert self._waiter is not None
        status, headers, _ = self._head
        if headers.get("connection", "").lower() == "close":
            self.usable = False
        self._waiter.set_result(Answer(status, headers, body))


def _parse_head(head: bytes) -> tuple[int, dict[str, str]]:
    lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return int(lines[0].split(" ", 2)[1]), headers


def _join_chunks(buffer: bytearray, start: int) -> bytes | None:
    """The body, or None while chunks are missing. Raises ValueError when it is not chunked or too long."""
    body = bytearray()
    while True:
        end = buffer.find(b"\r\n", start)
        if end < 0:
            return None
        size = int(bytes(buffer[start:end]).split(b";")[0], 16)
        start = end + 2
        if size == 0:
            return bytes(body) if buffer.find(b"\r\n", start) >= 0 else None
        if len(body) + size > BODY_BYTES_MAX:
            raise ValueError("body too long")
        if len(buffer) < start + size + 2:
            return None
        body += buffer[start : start + size]
        start += size + 2


class Client:
    """A pool of connections, one pool a target."""

    def __init__(self) -> None:
        self._idle: dict[tuple[str, int, bool], deque[_Connection]] = {}

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"", *, timeout_s: float, via: str = ""
    ) -> Answer:
        """One exchange. `via` is another address to connect to (the Host header stays the URL's).

        Raises CallFailed. A request on a kept connection that the other side had just closed is repeated once on a
        new one, as browsers do.
        """
        host, target, raw = _write_request(method, url, headers, body, via)
        try:
            async with asyncio.timeout(timeout_s):
                return await self._exchange(host, target, raw, method == "HEAD")
        except TimeoutError as error:
            raise CallFailed("timeout") from error
        except (OSError, ssl.SSLError, UnicodeError) as error:
            raise CallFailed("connect") from error

    async def _exchange(self, host: str, target: tuple[str, int, bool], raw: bytes, bodiless: bool) -> Answer:
        idle = self._idle.setdefault(target, deque())
        while idle:
            connection = idle.pop()
            if not connection.usable:
                continue
            try:
                return await self._use(connection, idle, raw, bodiless)
            except CallFailed:
                break
        fresh = await _connect(target, host)
        return await self._use(fresh, idle, raw, bodiless)

    async def _use(self, connection: _Connection, idle: deque[_Connection], raw: bytes, bodiless: bool) -> Answer:
        try:
            answer = await connection.exchange(raw, bodiless=bodiless)
        except BaseException:
            connection.close()
            raise
        if connection.usable and len(idle) < IDLE_CONNECTIONS_MAX:
            idle.append(connection)
        else:
            connection.close()
        return answer

    async def close(self) -> None:
        for idle in self._idle.values():
            for connection in idle:
                connection.close()
        self._idle.clear()


async def _connect(target: tuple[str, int, bool], server_name: str) -> _Connection:
    address, port, secure = target
    context = ssl.create_default_context() if secure else None
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(
        _Connection, address, port, ssl=context, server_hostname=server_name if secure else None
    )
    return connection


def _write_request(
    method: str, url: str, headers: Mapping[str, str], body: bytes, via: str
) -> tuple[str, tuple[str, int, bool], bytes]:
    origin, target = split_origin(url)
    host, netloc, to = _read_origin(origin)
    if via:
        to = _read_origin(split_origin(via)[0])[2]
    if not target.isascii() or " " in target:
        target = quote(target, safe="/%:@!$&'()*+,;=~-._?")
    head = f"{method} {target} HTTP/1.1\r\nHost: {netloc}\r\n"
    head += "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    lines = 2 + len(headers)
    if body or method in ("POST", "PUT"):
        head, lines = f"{head}Content-Length: {len(body)}\r\n", lines + 1
    if head.count("\n") != lines or head.count("\r") != lines:
        raise CallFailed("broken")
    return host, to, head.encode() + b"\r\n" + body


def split_origin(url: str) -> tuple[str, str]:
    """`http://host:port` and what to ask there, without the fragment."""
    scheme, mark, rest = url.partition("#")[0].partition("://")
    cut = min((n for n in (rest.find("/"), rest.find("?")) if n >= 0), default=len(rest))
    target = rest[cut:]
    return f"{scheme}{mark}{rest[:cut]}", target if target.startswith("/") else f"/{target}"


@lru_cache(maxsize=256)
def _read_origin(origin: str) -> tuple[str, str, tuple[str, int, bool]]:
    """(name, Host header, where to connect). Raises CallFailed for what is no web address."""
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CallFailed("connect")
    secure = parts.scheme == "https"
    try:
        port = parts.port or (443 if secure else 80)
    except ValueError as error:
        raise CallFailed("connect") from error
    return parts.hostname, parts.netloc.rpartition("@")[2], (parts.hostname, port, secure)
