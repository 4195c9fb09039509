"""`GET /m/{id}/{name}`: a file that goes with messages, as providers fetch it.

Who has the address may read it, as with a picture in any newsletter; an id is 128 bits of chance. A broadcast makes a
provider fetch the same file many times, so the last ones are kept in memory. Its type is what its content said when it
was kept, and nothing in it is run by a browser.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable

import psycopg
from starlette.types import Receive, Scope, Send

from tertulia.edge.http import answer, answer_busy, answer_text
from tertulia.store.db import Conn
from tertulia.store.files import ServedFile, read_file

PREFIX = "/m/"
ID_CHARACTERS_MAX = 32
KEPT_BYTES_MAX = 64_000_000
KEPT_S = 300  # a file that was deleted is forgotten by then


class Files:
    """The ASGI side of files."""

    def __init__(self, connect: Callable[[], Conn]) -> None:
        self._connect = connect
        self._kept: OrderedDict[str, tuple[float, ServedFile]] = OrderedDict()  # with when it was read

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await answer_text(send, 405, "Files are fetched by GET.", (("allow", "GET, HEAD"),))
            return
        public_id, _slash, name = scope["path"].removeprefix(PREFIX).partition("/")
        try:
            file = await self._find(public_id)
        except psycopg.Error:
            await answer_busy(send, 503)
            return
        if file is None or file.name != name:
            await answer_text(send, 404, "There is no such file.")
            return
        headers = (
            ("content-type", file.content_type),
            ("cache-control", f"public, max-age={KEPT_S}"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'"),
            ("x-robots-tag", "noindex"),
        )
        await answer(send, 200, headers, file.body, head=scope["method"] == "HEAD")

    async def _find(self, public_id: str) -> ServedFile | None:
        if not 0 < len(public_id) <= ID_CHARACTERS_MAX or "\0" in public_id:
            return None
        read_at, known = self._kept.get(public_id, (0.0, None))
        if known is not None and time.monotonic() - read_at < KEPT_S:
            self._kept.move_to_end(public_id)
            return known
        found = await asyncio.to_thread(self._read, public_id)
        self._kept.pop(public_id, None)
        if found is not None:
            self._kept[public_id] = time.monotonic(), found
            while sum(len(file.body) for _, file in self._kept.values()) > KEPT_BYTES_MAX:
                self._kept.popitem(last=False)
        return found

    def _read(self, public_id: str) -> ServedFile | None:
        conn = self._connect()
        try:
            return read_file(conn, public_id)
        finally:
            conn.close()
