"""The console under ASGI: a WSGI application in a fixed pool of threads, on the same port as the edge.

A request's body is taken whole before a thread is used, so a slow upload holds none: in memory up to 1 MB, beyond that
in a file of the spool folder (an import may have 2 GB). The answer is passed on piece by piece, and a reader who does
not keep up stops the thread that produces it, not the memory.
"""

import asyncio
import contextlib
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

import structlog
from starlette.types import Receive, Scope, Send

from tertulia.edge.http import HungUp, answer, answer_busy, answer_text, get_address, get_header, is_near
from tertulia.edge.metrics import Metrics
from tertulia.edge.pages import Frame, pick_language, show_notice

MEMORY_BYTES_MAX = 1_000_000
BODY_BYTES_MAX = 10_000_000  # of anything that is no upload
DRAIN_BYTES_MAX = 5_000_000_000  # read and thrown away, so that a browser sees why its file is too large
UPLOAD_PATHS = ("/imports", "/api/imports")
WAITING_MAX = 200  # requests for the pool
PIECES_MAX = 8  # of an answer that may wait for their reader

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Message = dict[str, Any]

log = structlog.get_logger("edge.bridge")


class TooLarge(Exception):
    """The body is more than its address takes. All of it has been read."""


class Bridge:
    """The ASGI side of a WSGI application."""

    def __init__(self, app: WsgiApp, threads: int, spool: Path, upload_bytes_max: int, metrics: Metrics) -> None:
        self._app = app
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="console")
        self._spool = spool
        self._upload_bytes_max = upload_bytes_max
        self._metrics = metrics
        self._waiting = 0

    def stop(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._waiting >= WAITING_MAX:
            await answer_busy(send, 503)
            return
        if not self._may_send_much(scope):
            await answer_text(send, 401, "Sign in before you send a file.", (("connection", "close"),))
            return
        began = time.monotonic()
        self._waiting += 1
        try:
            with tempfile.SpooledTemporaryFile(MEMORY_BYTES_MAX, dir=self._spool) as body:
                await self._take_body(scope, receive, body)
                await self._run(scope, body, send)
        except TooLarge:
            await self._say_too_large(scope, send)
        except HungUp:
            return
        finally:
            self._waiting -= 1
            self._metrics.console_s.observe(time.monotonic() - began)

    def _may_send_much(self, scope: Scope) -> bool:
        """A stranger does not fill the disk: who sends much must at least look signed in."""
        told = get_header(scope, b"content-length")
        small = told.isdecimal() and int(told) <= MEMORY_BYTES_MAX
        bodiless = not told and not get_header(scope, b"transfer-encoding")
        known = get_header(scope, b"cookie") or get_header(scope, b"authorization")
        return bool(small or bodiless or known)

    async def _take_body(self, scope: Scope, receive: Receive, body: IO[bytes]) -> None:
        """Spool the body. A file is written by a thread, a megabyte at a time. Raises TooLarge and HungUp."""
        limit = self._upload_bytes_max if scope["path"].startswith(UPLOAD_PATHS) else BODY_BYTES_MAX
        pieces: list[bytes] = []
        held = size = 0
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise HungUp
            piece = message.get("body", b"")
            more = bool(message.get("more_body"))
            size += len(piece)
            if size > DRAIN_BYTES_MAX:
                raise TooLarge
            if size > limit:
                pieces.clear()
                continue
            pieces.append(piece)
            held += len(piece)
            if held >= MEMORY_BYTES_MAX:
                await asyncio.to_thread(body.writelines, pieces)
                pieces, held = [], 0
        if size > limit:
            raise TooLarge
        body.writelines(pieces)
        body.seek(0)

    async def _run(self, scope: Scope, body: IO[bytes], send: Send) -> None:
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[Message | None] = asyncio.Queue()
        room = threading.Semaphore(PIECES_MAX)
        gone = threading.Event()

        def pass_on(message: Message | None) -> None:
            room.acquire()
            if gone.is_set():
                raise HungUp
            loop.call_soon_threadsafe(pieces.put_nowait, message)

        work = loop.run_in_executor(self._pool, _call, self._app, _make_environ(scope, body), pass_on)
        try:
            while (message := await pieces.get()) is not None:
                await send(message)
                room.release()
        finally:
            gone.set()
            for _ in range(PIECES_MAX):
                room.release()
            await asyncio.wait({work})

    async def _say_too_large(self, scope: Scope, send: Send) -> None:
        frame = Frame(pick_language(get_header(scope, b"accept-language"), ""))
        page = show_notice(frame, 413, "too_large")
        await answer(send, page.status, (*page.headers, ("connection", "close")), page.body)


def _call(app: WsgiApp, environ: dict[str, Any], pass_on: Callable[[Message | None], None]) -> None:
    """Run the application in this thread and pass its answer on, then None. Ends early when the reader has gone."""
    with contextlib.suppress(HungUp):
        _run_app(app, environ, pass_on)
        pass_on(None)


def _run_app(app: WsgiApp, environ: dict[str, Any], pass_on: Callable[[Message | None], None]) -> None:
    started: list[Message] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        started[:] = [{"type": "http.response.start", "status": int(status[:3]), "headers": raw}]

    try:
        parts = app(environ, start_response)
        try:
            for message in _iter_messages(parts, started):
                pass_on(message)
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()
    except HungUp:
        raise
    except Exception as error:
        log.error("console_failed", error=type(error).__name__)
        if not started:
            pass_on({"type": "http.response.start", "status": 500, "headers": [(b"content-type", b"text/plain")]})
        pass_on({"type": "http.response.body", "body": b"Something went wrong here. It was noted."})


def _iter_messages(parts: Iterable[bytes], started: list[Message]) -> Iterable[Message]:
    """The head goes out with the first piece, when `start_response` has been called for certain."""
    told = False
    for part in parts:
        if not told:
            told = True
            yield started[0]
        if part:
            yield {"type": "http.response.body", "body": bytes(part), "more_body": True}
    if not told:
        yield started[0]
    yield {"type": "http.response.body", "body": b""}


def _make_environ(scope: Scope, body: IO[bytes]) -> dict[str, Any]:
    """The request as WSGI has it. What a proxy says about the caller counts only from near (`is_near`)."""
    peer = str(scope["client"][0]) if scope.get("client") else ""
    near = is_near(peer)
    server = scope.get("server") or ("localhost", 80)
    body.seek(0, 2)
    length = body.tell()
    body.seek(0)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": str(server[0]),
        "SERVER_PORT": str(server[1] or 80),
        "SERVER_PROTOCOL": "HTTP/" + scope.get("http_version", "1.1"),
        "REMOTE_ADDR": get_address(scope) or "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": _Discard(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(length) if length else "",
    }
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if "_" in name or name == "content-length" or (name.startswith("x-forwarded-") and not near):
            continue
        key = "CONTENT_TYPE" if name == "content-type" else "HTTP_" + name.upper().replace("-", "_")
        joint = "; " if name == "cookie" else ","
        environ[key] = f"{environ[key]}{joint}{value}" if key in environ else value
    return environ


class _Discard:
    """Where WSGI would write its errors: ours go to the log."""

    def write(self, text: str) -> int:
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        return None

    def flush(self) -> None:
        return None
