"""What the edge knows of the configuration, and how soon it knows what is new."""

import asyncio
import threading
from typing import Any

import psycopg
from tests.workers.town import Town

from tertulia.edge.registry import Registry
from tertulia.store.db import tune


class Halting(psycopg.Connection[Any]):
    """A connection whose next look stands still once it has read, until it may go on."""

    halt = threading.Event()
    halted = threading.Event()
    go_on = threading.Event()

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        found = super().execute(*args, **kwargs)
        if self.halt.is_set():
            self.halt.clear()
            self.halted.set()
            assert self.go_on.wait(30)
        return found


def test_what_is_asked_for_while_it_looks_is_looked_for_again(empty_database: str) -> None:
    """The look under way has read before the source was there; its first event would be refused."""
    from tertulia.data.models import Source

    def connect() -> Halting:
        conn = Halting.connect(empty_database)
        tune(conn)
        return conn

    with Town(empty_database) as town:
        registry = Registry(connect, "https://t.example")
        registry.start()
        try:
            Halting.halt.set()
            registry._wake.set()
            assert Halting.halted.wait(30)
            Source.objects.create(workspace=town.workspace, name="Shop", write_key="wk_new")

            async def ask() -> None:
                asked = asyncio.create_task(registry.look_again())
                await asyncio.sleep(0)
                Halting.go_on.set()
                await asked

            asyncio.run(ask())
            assert registry.find_source("wk_new") is not None
        finally:
            Halting.go_on.set()
            registry.stop()
