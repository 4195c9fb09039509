"""Server-sent events for the page: only the names of what changed; the page asks again for what it shows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

TELL_EVERY_S = 0.25
KEEP_ALIVE_S = 15.0


class Hub:
    """Who listens. `tell` is called from the event loop by the world, thousands of times a second if need be."""

    def __init__(self) -> None:
        self._listeners: set[_Listener] = set()
        self._closed = False

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        self._closed = True
        for listener in self._listeners:
            listener.woken.set()

    def tell(self, topic: str) -> None:
        for listener in self._listeners:
            listener.topics.add(topic)
            listener.woken.set()

    async def listen(self) -> AsyncIterator[bytes]:
        """The body of an event stream, at most one event every quarter of a second."""
        listener = _Listener()
        self._listeners.add(listener)
        try:
            yield b"retry: 2000\n\n"
            while not self._closed:
                try:
                    await asyncio.wait_for(listener.woken.wait(), KEEP_ALIVE_S)
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                listener.woken.clear()
                topics, listener.topics = listener.topics, set()
                yield f"data: {' '.join(sorted(topics)[:50])}\n\n".encode()
                await asyncio.sleep(TELL_EVERY_S)
        finally:
            self._listeners.discard(listener)


class _Listener:
    __slots__ = ("topics", "woken")

    def __init__(self) -> None:
        self.topics: set[str] = set()
        self.woken = asyncio.Event()
