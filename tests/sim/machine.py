"""The machine of a small world: the real engine, edge, sender and sweeper on a real database, one step at a time.

Every process of the platform is here as its own code, called by the test in place of its endless loop; each has
connections of its own on a fuse. `crashes` says which of them die now and then, and the chance for it is apart from the
script's, so that the same script runs with and without. A process that died is followed by a fresh one, as the
supervisor would start it; leases are let run out by the test, for real time cannot be waited for.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any, Final

import psycopg
from aiohttp import web
from tests.sim.fragile import Fuse, connect_fragile
from tests.sim.provider import Provider
from tests.workers.helping_thread import helping

from tertulia.core.lanes import BULK, CODE
from tertulia.edge.writer import GroupWriter, Notifier
from tertulia.errors import StoodDown
from tertulia.store import ownership
from tertulia.store.clock import real_now, set_test_clock
from tertulia.store.db import Conn, connect
from tertulia.store.log import LogWriter
from tertulia.workers import outcomes as outcome_writer
from tertulia.workers.api_caller import UNDER_WAY_MAX, ApiCaller
from tertulia.workers.engine import Engine
from tertulia.workers.guard import Guard
from tertulia.workers.http import ProviderClient
from tertulia.workers.leases import tell_lost
from tertulia.workers.outcomes import OutcomeWriter
from tertulia.workers.sender import Sender

PUBLIC_URL: Final = "https://t.example"
TRIES_MAX: Final = 20
CYCLE_STATEMENTS: Final = 45
HARMLESS: Final = frozenset({"engine", "edge", "outcomes"})  # they change nothing that anybody sees
EVERY: Final = HARMLESS | {"sender"}


class Clock:
    """The decision clock, for the edge."""

    def __init__(self, now: datetime) -> None:
        self.at = now

    def now(self) -> datetime:
        return self.at


class Machine:
    """All processes. `now` is the decision clock."""

    def __init__(self, url: str, seed: int, crashes: frozenset[str], now: datetime) -> None:
        self.url = url
        self.seed = seed
        self.crashes = crashes
        self.chance = Random(f"crash/{seed}")
        self.clock = Clock(now)
        self.provider = Provider(seed)
        self.loop = asyncio.new_event_loop()
        self.burnt: dict[str, int] = dict.fromkeys(sorted(EVERY | {"rival"}), 0)
        self._open = ExitStack()
        self.conn = self._open.enter_context(connect(url))
        set_test_clock(self.conn, now)
        self.conn.commit()
        self._engines = 0
        self._sweeps = 0
        self._late: list[Any] = []
        self.edge_fuse, self.engine_fuse, self.outcome_fuse = Fuse(), Fuse(), Fuse()

    def start(self) -> None:
        outcome_writer.RECONNECT_S = 0.0  # a pause between tries, of no use here
        self._await(self._open_provider())
        self._open.callback(lambda: self._await(self._runner.cleanup()))
        self._client = ProviderClient(Guard(frozenset({"127.0.0.1"})))
        self._await(self._client.__aenter__())
        self._open.callback(lambda: self._await(self._client.__aexit__(None, None, None)))
        self.engine = self._start_engine()
        self._open.callback(lambda: self._close_engine())
        self._start_sender()
        self._open.callback(self._stop_sender)
        self._sweeper = self._open.enter_context(connect(self.url))
        self._sweeper_writer = LogWriter.lease(self._sweeper, "sweeper", real_now())
        self._sweeper.commit()

    async def _open_provider(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.provider.serve)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.provider.port = self._runner.addresses[0][1]

    def stop(self) -> None:
        """End everything that was started, the last first."""
        self._open.close()
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    def _await(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(coroutine)

    def move_clock(self, by: timedelta) -> None:
        self.clock.at += by
        set_test_clock(self.conn, self.clock.at)
        self.conn.commit()

    # the engine

    def _start_engine(self) -> Engine:
        self._engines += 1
        conn = connect_fragile(self.url, self.engine_fuse)
        self._helped, helpers = ExitStack(), []
        self._beside = connect_fragile(self.url, self.engine_fuse) if self.seed % 2 else None
        if self._beside is not None:
            helpers.append(self._helped.enter_context(helping(self._beside, PUBLIC_URL)))
        made = Engine(conn, PUBLIC_URL, name=f"engine-{self._engines}", test_clock=True, helpers=helpers)
        made.hands.least = made.hands.least_due = 1  # everything as if it were much
        return made

    def round(self) -> bool:
        """One round, whatever dies on the way: the next engine does it. Whether there was anything to do."""
        self.provider.round += 1
        for _ in range(TRIES_MAX):
            self.engine._finish_checked = 0.0  # how often it looks for matches that are done is real time
            if "engine" in self.crashes and self.chance.random() < 0.2:
                if self.chance.random() < 0.3:
                    self.engine_fuse.light_commit()
                else:
                    self.engine_fuse.light(self.chance.randint(0, CYCLE_STATEMENTS))
            try:
                return self.engine.run_round()
            except psycopg.OperationalError:
                if not self._is_dead():
                    raise
                self.burnt["engine"] += 1
                self._replace_engine()
            finally:
                self.engine_fuse.put_out()
        raise AssertionError("the engine never lived through a round")

    def _replace_engine(self) -> None:
        if self._is_dead():
            self._close_engine()
        self._end_lease()
        self.engine = self._start_engine()

    def _is_dead(self) -> bool:
        """A process dies with all its connections."""
        return self.engine.conn.closed or (self._beside is not None and self._beside.closed)

    def _close_engine(self) -> None:
        _end(self.engine, self._beside, self._helped)

    def _end_lease(self) -> None:
        """The engine's lease runs out."""
        ownership.release(self.conn, self.engine.name, real_now() - timedelta(seconds=1))
        self.conn.commit()

    def meet_rival(self) -> None:
        """E6: another engine takes over while this one sleeps; when it wakes it writes nothing and stands down."""
        sleeper, beside, helped = self.engine, self._beside, self._helped
        self._replace_engine()
        self.round()
        with suppress(StoodDown):
            sleeper.run_round()
        _end(sleeper, beside, helped)
        self.burnt["rival"] += 1

    # the sender and the sweeper

    def _start_sender(self) -> None:
        connect_outcomes = partial(connect_fragile, self.url, self.outcome_fuse)
        self._outcomes = OutcomeWriter(connect_outcomes, "sender", test_clock=True)
        self._sender = Sender(self.url, self._client, self._outcomes, test_clock=True)
        self._caller = ApiCaller(self.url, self._client, self._outcomes, test_clock=True)

    def _stop_sender(self) -> None:
        self._sender._desk.drop()
        self._sender._thread.shutdown()
        self._caller._desk.drop()
        self._caller._thread.shutdown()
        self._outcomes._drop_connection()

    def send(self) -> int:
        """One round of the sender and the caller. They may die with messages and calls taken and not made, or made and
        not told, or be late with their telling."""
        self.provider.turn += 1
        death = self.chance.choice(("taken", "called", "late")) if self._dies("sender", 0.15) else ""
        if death == "taken":
            taken = self._sender._desk.take(dict.fromkeys(self._list_channels(), 1000), CODE, BULK)
            called = self._caller._desk.take(list(self._caller._desk.look()), UNDER_WAY_MAX)
            self.burnt["sender"] += bool(taken or called)
            return 0
        took = self._await(self._send_once())
        group = self._outcomes._gather()[0] if self._outcomes.waiting else []
        if death and group:
            self.burnt["sender"] += 1
            self._late += group if death == "late" else []
        elif group:
            self._tell(group)
        if self._late and not death and self.chance.random() < 0.5:
            self.tell_late()
        return took

    async def _send_once(self) -> int:
        state = self._sender._state
        state.looked_at, state.lanes, state.fingerprint = 0.0, {}, ""  # paces and throttles are real time
        took = await self._sender._round()
        while self._sender._state.under_way:
            await asyncio.wait(self._sender._state.under_way)
        self._caller._looked_at = 0.0
        await self._caller._round()
        took += len(self._caller._under_way)
        while self._caller._under_way:
            await asyncio.wait(self._caller._under_way)
        return took

    def tell_late(self) -> None:
        """What a sender still had to tell comes after all."""
        group, self._late = self._late, []
        if group:
            self._tell(group)

    def _tell(self, group: Sequence[Any]) -> None:
        if self._dies("outcomes", 0.25):
            self.burnt["outcomes"] += 1
            self._light(self.outcome_fuse, 6)
        self._outcomes._write_until_written(group)
        self.outcome_fuse.put_out()

    def _list_channels(self) -> list[int]:
        rows = self.conn.execute("select id from channel where state = 'live' order by id").fetchall()
        self.conn.rollback()
        return [row[0] for row in rows]

    def sweep(self) -> int:
        """Every lease has ended by now."""
        self._sweeps += 1
        told = tell_lost(
            self._sweeper, self._sweeper_writer, real_now() + timedelta(hours=self._sweeps), self.clock.now()
        )
        self._sweeper.commit()
        self._sweeper_writer.committed()
        return told

    # the edge

    def edge(self, name: str, work: Any) -> GroupWriter[Any, Any]:
        """A stream's writer thread, started."""
        connecting = partial(connect_fragile, self.url, self.edge_fuse)
        writer: GroupWriter[Any, Any] = GroupWriter(name, connecting, work, self.clock, Notifier(connecting))  # type: ignore[arg-type]
        writer.start(self.loop)
        self._open.callback(writer.stop)
        return writer

    def submit(self, writer: GroupWriter[Any, Any], item: Any) -> Any:
        """Hand an item over and wait for its answer, as a request does."""
        if self._dies("edge", 0.15):
            self.burnt["edge"] += 1
            self._light(self.edge_fuse, 6)

        async def wait() -> Any:
            return await writer.submit(item)

        try:
            return self._await(wait())
        finally:
            self.edge_fuse.put_out()

    def _dies(self, role: str, share: float) -> bool:
        return role in self.crashes and self.chance.random() < share

    def _light(self, fuse: Fuse, statements: int) -> None:
        if self.chance.random() < 0.5:
            fuse.light_commit()
        else:
            fuse.light(self.chance.randint(0, statements))


def _end(engine: Engine, beside: Conn | None, helped: ExitStack) -> None:
    """An engine is gone, with its helper."""
    engine.conn.close()
    helped.close()
    if beside is not None:
        beside.close()
