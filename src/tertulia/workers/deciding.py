"""How an engine decides what it read from its log: as one cycle, or as several at once.

A long part is split by shards between the engine itself and its helping hands (`helping`), each of them a process with
a connection of its own. They are to each other what owners are. Each locks the rows of its own shards only, numbers
what it appends by a writer of its own, and sends what is another shard's through the log; all are done before anything
else is.

A short part is one cycle, for then an answer would only come later, and what is forwarded among its shards is decided
at once. Nor is a helper given a shard in whose entries somebody unknown is named, or people are merged: of two who meet
the same newcomer one has to begin again.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple

from tertulia.core.world import Config
from tertulia.errors import StoodDown
from tertulia.ids import INDEX_OF_SHARD
from tertulia.store import ownership
from tertulia.store.db import Conn
from tertulia.store.log_reader import LogRow
from tertulia.workers.hand import Hand
from tertulia.workers.helping import Answer, Helper

SPLIT_LEAST: Final = 500  # entries; fewer are one cycle


class Came(NamedTuple):
    """What a cycle that was committed came to: whether it appended entries for other shards, the topics of live pages
    that have something new, and the configuration as it left it, None where that has to be read again."""

    forwarded: bool
    touched: set[str]
    config: Config | None


Decided = tuple[Sequence[LogRow], Came | None]


class Hands:
    """An engine's own hand, which does everything, and its helpers for long parts. Both are their opener's."""

    def __init__(self, conn: Conn, helpers: Sequence[Helper], owner: str) -> None:
        self.first = Hand(conn, owner)
        self.least = SPLIT_LEAST
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
    ) -> list[Decided]:
        """These entries in one part or several, each with what came of it; None: it failed, and nothing of it was
        written. `fence` locks all of the owner's shards. `meanwhile` is done while helpers are still at theirs. Raises
        StoodDown, and HandLost."""
        helped = self._share(rows, epochs) if len(rows) >= self.least else []
        if not helped:
            return [(rows, self._decide_own(config, rows, now, epochs, fence))]
        taken = {shard for _, theirs, _ in helped for shard in theirs}
        ours = {shard: epoch for shard, epoch in epochs.items() if shard not in taken}
        for helper, theirs, part in helped:
            helper.begin(self._owner, theirs, now, part)
        own = [row for row in rows if row.shard not in taken]
        answers: list[Answer] = []
        try:
            fence_ours = partial(ownership.fence, self.first.conn, self._owner, ours)
            decided: list[Decided] = [(own, self._decide_own(config, own, now, ours, fence_ours))] if own else []
            meanwhile()
        finally:
            answers += [helper.end() for helper, _, _ in helped]
        return decided + [(part, _read(answer, config)) for (_, _, part), answer in zip(helped, answers, strict=True)]

    def _decide_own(
        self,
        config: Config,
        rows: Sequence[LogRow],
        now: datetime,
        epochs: Mapping[int, int],
        fence: Callable[[], None],
    ) -> Came | None:
        batch = self.first.decide(config, rows, now, epochs, fence)
        return None if batch is None else Came(bool(batch.forwards), batch.touched, batch.config)

    def _share(
        self, rows: Sequence[LogRow], epochs: Mapping[int, int]
    ) -> list[tuple[Helper, dict[int, int], list[LogRow]]]:
        """For each helper that has something to do its shards, with their epochs, and its entries. Shards that have
        other entries than of known contacts are nobody's but the engine's."""
        held = {row.shard for row in rows if row.kind not in _ALONE and (row.kind != "event" or row.contact_id is None)}
        ways = len(self._helpers) + 1
        theirs: list[dict[int, int]] = [{} for _ in range(ways)]
        for shard, epoch in epochs.items():
            theirs[0 if shard in held else INDEX_OF_SHARD[shard] % ways][shard] = epoch
        shared = []
        for helper, shards in zip(self._helpers, theirs[1:], strict=True):
            part = [row for row in rows if row.shard in shards]
            if part:
                shared.append((helper, shards, part))
        return shared


def _read(answer: Answer, config: Config) -> Came | None:
    if answer.state == "stood down":
        raise StoodDown("Another owner has shards of this engine.")
    if answer.state == "failed":
        return None
    return Came(answer.forwarded, set(answer.touched), None if answer.reconfigured else config)


_ALONE: Final = ("receipt", "outcome", "click")  # kinds of entries that concern their own contact
