"""How an engine decides what it read from its log, or what is due: as one cycle, or as several at once.

What is much is split by shards between the engine itself and its helping hands (`helping`), each of them a process with
a connection of its own. They are to each other what owners are. Each locks the rows of its own shards only, numbers
what it appends by a writer of its own, and sends what is another shard's through the log; all are done before anything
else is.

What is little is one cycle, for then an answer would only come later, and what is forwarded among its shards is decided
at once. Nor is a helper given a shard in whose entries somebody unknown is named, or people are merged: of two who meet
the same newcomer one has to begin again. And what takes of a shared total (R5) is one cycle, in its order.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

from tertulia.actions import cycle
from tertulia.core.world import Config
from tertulia.errors import StoodDown
from tertulia.ids import INDEX_OF_SHARD, shard_of_contact
from tertulia.store import ownership
from tertulia.store.db import Conn
from tertulia.store.log_reader import LogRow
from tertulia.workers.acts import ACTS
from tertulia.workers.hand import Hand
from tertulia.workers.helping import Answer, Helper

SPLIT_LEAST: Final = 500  # entries; fewer are one cycle
SPLIT_LEAST_DUE: Final = 100  # rows, each of which takes some five times as long


class Came(NamedTuple):
    """What a cycle that was committed came to: whether it appended entries for other shards, the topics of live pages
    that have something new, the configuration as it left it, None where that has to be read again, and how many
    messages or calls it handed over."""

    forwarded: bool
    touched: set[str]
    config: Config | None
    claimed: int = 0


Row = TypeVar("Row")
Decided = list[tuple[Sequence[Row], Came | None]]
Shared = list[tuple[Helper, dict[int, int], list[Row]]]


class Hands:
    """An engine's own hand, which does everything, and its helpers for what is much. Both are their opener's.

    What it decides comes back in one part or several, each with what came of it; None: it failed, and nothing of it
    was written. `fence` locks all of the owner's shards. All raise StoodDown, and HandLost."""

    def __init__(self, conn: Conn, helpers: Sequence[Helper], owner: str) -> None:
        self.first = Hand(conn, owner)
        self.least, self.least_due = SPLIT_LEAST, SPLIT_LEAST_DUE
        self._owner = owner
        self._helpers = helpers

    def decide(
        self,
        config: Config,
        rows: Sequence[LogRow],
        now: datetime,
        epochs: Mapping[int, int],
        fence: Callable[[], None],
        meanwhile: Callable[[], None],
    ) -> Decided[LogRow]:
        """These entries. `meanwhile` is done while helpers are still at theirs."""

        def own(part: Sequence[LogRow], ours: Mapping[int, int], fence: Callable[[], None]) -> cycle.Batch | None:
            return self.first.decide(config, part, now, ours, fence)

        helped: Shared[LogRow] = []
        if len(rows) >= self.least:
            held = {row.shard for row in rows if row.kind not in _ALONE and (row.kind != "event" or not row.contact_id)}
            helped = self._share(rows, epochs, held, lambda row: row.shard)
        for helper, theirs, part in helped:
            helper.begin(self._owner, theirs, now, part)
        return self._work(config, rows, epochs, fence, helped, own, meanwhile)

    def act(
        self,
        name: str,
        config: Config,
        rows: Sequence[Row],
        now: datetime,
        epochs: Mapping[int, int],
        fence: Callable[[], None],
    ) -> Decided[Row]:
        """These rows, which are due, by one of the ACTS."""

        def own(part: Sequence[Row], _ours: Mapping[int, int], fence: Callable[[], None]) -> cycle.Batch | None:
            return self.first.act(name, config, part, now, self._owner, fence)

        helped: Shared[Row] = []
        alone = ACTS[name].alone
        if alone is not None and len(rows) >= self.least_due:
            held = {_shard_of(row) for row in rows if alone(config, row)}
            helped = self._share(rows, epochs, held, _shard_of)
        if helped:
            self.first.conn.commit()  # lets go of what was locked when it was read
        for helper, theirs, part in helped:
            helper.begin_act(self._owner, theirs, now, name, part)
        return self._work(config, rows, epochs, fence, helped, own)

    def _work(
        self,
        config: Config,
        rows: Sequence[Row],
        epochs: Mapping[int, int],
        fence: Callable[[], None],
        helped: Shared[Row],
        work: Callable[[Sequence[Row], Mapping[int, int], Callable[[], None]], cycle.Batch | None],
        meanwhile: Callable[[], None] | None = None,
    ) -> Decided[Row]:
        """The engine's own part, and then what came of those that helpers have begun."""
        if not helped:
            return [(rows, _tell(work(rows, epochs, fence)))]
        taken = {shard for _, theirs, _ in helped for shard in theirs}
        ours = {shard: epoch for shard, epoch in epochs.items() if shard not in taken}
        given = {id(row) for _, _, part in helped for row in part}
        own = [row for row in rows if id(row) not in given]
        answers: list[Answer] = []
        try:
            fence_ours = partial(ownership.fence, self.first.conn, self._owner, ours)
            came = _tell(work(own, ours, fence_ours)) if own else None
            if meanwhile is not None:
                meanwhile()
        finally:
            answers += [helper.end() for helper, _, _ in helped]
        if came is not None and came.config is not None:
            config = came.config  # what the own part found at fault is not right again for who has heard of no fault
        decided: Decided[Row] = [(own, came)] if own else []
        return decided + [(part, _read(answer, config)) for (_, _, part), answer in zip(helped, answers, strict=True)]

    def _share(
        self, rows: Sequence[Row], epochs: Mapping[int, int], held: set[int], shard_of: Callable[[Row], int]
    ) -> Shared[Row]:
        """For each helper that has something to do its shards, with their epochs, and its rows. The `held` shards are
        nobody's but the engine's."""
        ways = len(self._helpers) + 1
        theirs: list[dict[int, int]] = [{} for _ in range(ways)]
        for shard, epoch in epochs.items():
            theirs[0 if shard in held else INDEX_OF_SHARD[shard] % ways][shard] = epoch
        shared = []
        for helper, shards in zip(self._helpers, theirs[1:], strict=True):
            part = [row for row in rows if shard_of(row) in shards]
            if part:
                shared.append((helper, shards, part))
        return shared


def _shard_of(row: Any) -> int:
    return shard_of_contact(row.contact_id)


def _tell(batch: cycle.Batch | None) -> Came | None:
    return None if batch is None else Came(bool(batch.forwards), batch.touched, batch.config, batch.claimed)


def _read(answer: Answer, config: Config) -> Came | None:
    if answer.state == "stood down":
        raise StoodDown("Another owner has shards of this engine.")
    if answer.state == "failed":
        return None
    return Came(answer.forwarded, set(answer.touched), None if answer.reconfigured else config, answer.claimed)


_ALONE: Final = ("receipt", "outcome", "click")  # kinds of entries that concern their own contact
