"""A helping hand of an engine: a process of its own that decides for some of the engine's shards.

The engine gives it parts of the log over a socket, one at a time, and hears what came of each; a part is decided and
committed here as the engine does it itself, behind a fence of its own. Python runs on one processor only, so a helper
is a process and not a thread. It ends when the engine's end of the socket does, whatever became of the engine.
"""

import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import partial
from typing import Any, Final, Literal

import msgspec
import psycopg

from tertulia.actions.config import load_config
from tertulia.core.world import Config
from tertulia.errors import StoodDown
from tertulia.store import ownership
from tertulia.store.db import Conn
from tertulia.store.log_reader import LogRow
from tertulia.workers.acts import ACTS
from tertulia.workers.hand import Hand

CONFIG_CHECK_S: Final = 0.25
HELPERS_MAX: Final = 4
END_S: Final = 20.0
_ROWS: Final[dict[str, msgspec.msgpack.Decoder[Any]]] = {
    "": msgspec.msgpack.Decoder(list[LogRow]),
    **{name: msgspec.msgpack.Decoder(list[act.row]) for name, act in ACTS.items()},
}
_LENGTH: Final = struct.Struct(">I")


class HandLost(psycopg.OperationalError):
    """A helper is gone, with its connection. What it was at is decided or not, as the log's positions say."""


class Part(msgspec.Struct, array_like=True):
    """Rows to decide, of the shards that the engine called `owner` has, with their epochs: entries of the log, or what
    is due for one of the ACTS."""

    owner: str
    epochs: dict[int, int]
    now: datetime
    act: str  # empty: they are entries
    rows: msgspec.Raw


class Answer(msgspec.Struct, array_like=True):
    """What came of a part. `failed`: nothing of it was written. `forwarded`: entries for other shards went into the
    log. `reconfigured`: the decisions changed what is configured, a channel faulted. `claimed`: so many were handed
    over."""

    state: Literal["decided", "failed", "stood down"]
    forwarded: bool = False
    reconfigured: bool = False
    touched: list[str] = []
    claimed: int = 0


class Helper:
    """The engine's end of the socket. After `begin` comes `end`, and then the next part may be given."""

    def __init__(self, stream: socket.socket, process: subprocess.Popen[bytes] | None = None) -> None:
        self._stream = stream
        self._process = process
        self._answers = msgspec.msgpack.Decoder(Answer)

    @classmethod
    def start(cls, url: str) -> "Helper":
        """A process that decides, in this database and else with the settings of this process."""
        ours, theirs = socket.socketpair()
        with theirs:
            command = (sys.executable, "-m", "tertulia.cli", "engine", "--helps", str(theirs.fileno()))
            environment = {**os.environ, "DATABASE_URL": url}
            kept = (theirs.fileno(),)
            process = subprocess.Popen(command, env=environment, pass_fds=kept, stdin=subprocess.DEVNULL)  # noqa: S603
        return cls(ours, process)

    def begin(self, owner: str, epochs: Mapping[int, int], now: datetime, rows: Sequence[LogRow]) -> None:
        """Give it entries of the log. Raises HandLost."""
        self.begin_act(owner, epochs, now, "", rows)

    def begin_act(self, owner: str, epochs: Mapping[int, int], now: datetime, act: str, rows: Sequence[Any]) -> None:
        """Give it what is due. Raises HandLost."""
        encode = msgspec.msgpack.encode
        try:
            _send(self._stream, encode(Part(owner, dict(epochs), now, act, msgspec.Raw(encode(rows)))))
        except OSError as error:
            raise HandLost("A helping hand is gone.") from error

    def end(self) -> Answer:
        """Wait for what came of it. Raises HandLost."""
        try:
            told = _receive(self._stream)
        except OSError as error:
            raise HandLost("A helping hand is gone.") from error
        if told is None:
            raise HandLost("A helping hand is gone.")
        return self._answers.decode(told)

    def kill(self) -> None:
        """End its process at once, whatever it is at."""
        if self._process is not None:
            self._process.kill()

    def close(self) -> None:
        """Let it go; it ends when it has decided what it was given."""
        self._stream.close()
        if self._process is not None:
            try:
                self._process.wait(END_S)
            except subprocess.TimeoutExpired:
                self.kill()
                self._process.wait()


@contextmanager
def start_helpers(url: str) -> Iterator[list[Helper]]:
    """As many as an engine of this machine has: one for every two processors, for PostgreSQL needs as many."""
    with ExitStack() as kept:
        helpers = []
        for _ in range(min((os.cpu_count() or 1) // 2, HELPERS_MAX)):
            helpers.append(Helper.start(url))
            kept.callback(helpers[-1].close)
        yield helpers


def serve(decider: "Decider", stream: socket.socket) -> None:
    """Decide parts until the engine is gone. Raises what a lost connection to the database raises."""
    parts = msgspec.msgpack.Decoder(Part)
    while (told := _receive(stream)) is not None:
        answer = decider.decide(parts.decode(told))
        try:
            _send(stream, msgspec.msgpack.encode(answer))
        except OSError:
            return


class Decider:
    """The helper's own side: a hand, and the configuration that it decides by."""

    def __init__(self, conn: Conn, public_url: str, name: str) -> None:
        self._conn = conn
        self._public_url = public_url
        self._hand = Hand(conn, name)
        self._config: Config | None = None
        self._looked: object = None

    def decide(self, part: Part) -> Answer:
        """One part, committed."""
        config = self._read_config()
        fence = partial(ownership.fence, self._conn, part.owner, part.epochs)
        rows = _ROWS[part.act].decode(part.rows)
        try:
            if part.act:
                batch = self._hand.act(part.act, config, rows, part.now, part.owner, fence)
            else:
                batch = self._hand.decide(config, rows, part.now, part.epochs, fence)
        except StoodDown:
            return Answer("stood down")
        if batch is None:
            return Answer("failed")
        reconfigured = batch.config is not None and batch.config is not config
        if reconfigured:
            self._looked = None
        return Answer("decided", bool(batch.forwards), reconfigured, list(batch.touched), batch.claimed)

    def _read_config(self) -> Config:
        """As the engine does (E7): after the part was read, so that what its entries name is known."""
        looked = (ownership.read_epochs(self._conn), time.monotonic() // CONFIG_CHECK_S)
        if self._config is None or looked != self._looked:
            self._config, self._looked = load_config(self._conn, self._public_url), looked
        self._conn.commit()
        return self._config


def _send(stream: socket.socket, told: bytes) -> None:
    stream.sendall(_LENGTH.pack(len(told)) + told)


def _receive(stream: socket.socket) -> bytes | None:
    """The next message; None when the other end is gone."""
    head = _read(stream, _LENGTH.size)
    return _read(stream, _LENGTH.unpack(head)[0]) if head else None


def _read(stream: socket.socket, count: int) -> bytes | None:
    found = bytearray()
    while len(found) < count:
        piece = stream.recv(count - len(found))
        if not piece:
            return None
        found += piece
    return bytes(found)
