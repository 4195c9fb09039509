"""The engine: owns shards and works their cycles.

One engine takes every shard that nobody owns and locks their rows in every cycle's own transaction, which prolongs the
lease now and then; another engine's take-over makes the fence fail and this one stands down. A round is: decide what is
in the log, give back what a stopped match has queued, freeze the audience of a launching one, claim what is due, look
who belongs to segments. While more waits in the log than a cycle takes, a match's messages wait too: somebody's stop
may stand there (C2). Decisions use the decision clock; leases and rates the real one (E8).
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import structlog

from tertulia.actions import cycle
from tertulia.actions.config import load_config
from tertulia.core.journey import RUNNING
from tertulia.core.rows import OpenDelivery
from tertulia.core.send_rules import list_changed
from tertulia.core.stages import channels_of
from tertulia.core.world import Config
from tertulia.errors import StoodDown
from tertulia.ids import SHARDS
from tertulia.store import ownership
from tertulia.store import world as loader
from tertulia.store.clock import decision_now, real_now
from tertulia.store.db import Conn
from tertulia.store.log_reader import LogPart, LogReader, LogRow, move_positions
from tertulia.store.otp import put_off_otp, read_due_otps
from tertulia.store.runs import put_off
from tertulia.store.sessions import read_due_sessions
from tertulia.store.slots import wake_workspaces
from tertulia.store.watches import put_off_watch, read_due_watches
from tertulia.store.world import Flying, put_off_delivery
from tertulia.workers.acts import CLAIM
from tertulia.workers.bandits import BanditKeeper
from tertulia.workers.buckets import CLAIMS_PER_CYCLE, Pace, find_limit
from tertulia.workers.deciding import Came, Hands
from tertulia.workers.due import read_due_of_runs
from tertulia.workers.helping import Helper
from tertulia.workers.launches import LaunchKeeper
from tertulia.workers.owner_names import is_dead, make_owner_name
from tertulia.workers.rounds import RoundKeeper
from tertulia.workers.segments import SegmentKeeper
from tertulia.workers.steering import STEERED, read_steered
from tertulia.workers.typical_hours import TypicalKeeper
from tertulia.workers.watching import GuardKeeper, TotalKeeper

LEASE_S: Final = 15.0
RENEW_AFTER_S: Final = 5.0  # the lease is prolonged so often
ENTRIES_PER_CYCLE: Final = 4000
DUE_PER_ROUND: Final = 1_000  # sessions that end, runs that are woken
SEGMENT_TASKS_PER_ROUND: Final = 16  # as long as nobody comes or goes
RUN_AGAIN: Final = timedelta(minutes=30)  # one that could not be decided
CONFIG_CHECK_S: Final = 0.25
FINISH_CHECK_S: Final = 1.0
CLAIMED: Final = ("launching", "live", "done")

log = structlog.get_logger("tertulia.engine")


class Engine:
    """One owner. `run_round` does everything that is to be done now and says whether there was anything."""

    def __init__(
        self, conn: Conn, public_url: str, *, name: str = "", test_clock: bool = False, helpers: Sequence[Helper] = ()
    ) -> None:
        """`helpers` decide with it what is long of the log (`deciding`)."""
        self.conn = conn
        self.public_url = public_url
        self.name = name or make_owner_name()
        self.test_clock = test_clock
        self.epochs: dict[int, int] = {}
        self.renewed_at = 0.0
        self.hands = Hands(conn, helpers, self.name)
        self._reader: LogReader | None = None
        self._next: LogPart | None = None  # was read while helpers were at the last one
        self.touched: set[str] = set()  # topics of live pages, published between rounds
        self.config: Config | None = None
        self._config_epochs: object = None
        self._finish_checked = 0.0
        self.full = False  # the last round left work that was ready
        self._behind = False  # entries are left in the log, by the last read or by what was just decided
        self._revoked: set[int] = set()  # stopped matches that have nothing queued any more
        self._paces: dict[tuple[int, int | None], Pace] = {}
        self._segments = SegmentKeeper()
        self._rounds = RoundKeeper()
        self._bandits = BanditKeeper()
        self._typical = TypicalKeeper()
        self._launches = LaunchKeeper()
        self._guards, self._totals = GuardKeeper(), TotalKeeper()

    def run_round(self) -> bool:
        """Decide, revoke, freeze, claim. True when there was work, so that the next round comes at once."""
        busy = self.decide_log()
        if not self.epochs:
            return busy
        self._guard()
        busy |= self._launch()
        busy |= self._wake_codes()
        busy |= self._work_deliveries()
        busy |= self._end_sessions()
        busy |= self._run_journeys()
        busy |= self._keep_segments()
        busy |= self._run_rounds()
        self._finish()
        return busy

    def decide_log(self) -> bool:
        """Decide what is in the log, and hand nothing over. True when there was something."""
        self.full = False
        self._own()
        if not self.epochs:
            return False
        rows = self._read_log()
        self._refresh_config()  # after the log: what an entry names (its channel, its match) was committed before it
        return self._decide_log(rows)

    def release(self) -> None:
        """Give the shards back at a clean stop."""
        self.conn.rollback()
        ownership.release(self.conn, self.name, real_now())
        self.conn.commit()

    # ownership and configuration

    def _own(self) -> None:
        self._renew()
        if len(self.epochs) == len(SHARDS):
            return
        now = real_now()
        for owner in ownership.list_owners(self.conn, now):
            if is_dead(owner):
                ownership.release(self.conn, owner, now)
        missing = [shard for shard in SHARDS if shard not in self.epochs]
        taken = ownership.claim_shards(self.conn, self.name, missing, now=now, until=now + timedelta(seconds=LEASE_S))
        self.conn.commit()
        if taken:
            self.epochs |= taken
            self.renewed_at = time.monotonic()
            self._reader = LogReader(self.conn, self.epochs)
            self.conn.commit()
            log.info("shards_owned", shards=len(self.epochs))

    def _renew(self) -> None:
        if not self.epochs or time.monotonic() - self.renewed_at < RENEW_AFTER_S:
            return
        try:
            self._fence()
            self.conn.commit()
        except StoodDown:
            self._stand_down()

    def _fence(self) -> None:
        """The first statement of what writes: these shards are still this engine's."""
        if time.monotonic() - self.renewed_at < RENEW_AFTER_S:
            ownership.fence(self.conn, self.name, self.epochs)
        else:
            ownership.prolong(self.conn, self.name, self.epochs, until=real_now() + timedelta(seconds=LEASE_S))
            self.renewed_at = time.monotonic()

    def _stand_down(self) -> None:
        self.conn.rollback()
        self.epochs.clear()
        self._reader = self._next = None
        log.warning("stood_down")

    def _refresh_config(self) -> None:
        """The epoch is read with every cycle's transaction; the whole configuration only when it has changed (E7)."""
        now = time.monotonic()
        epochs = (ownership.read_epochs(self.conn), now // CONFIG_CHECK_S)
        if epochs != self._config_epochs:
            before, self.config = self.config, load_config(self.conn, self.public_url)
            self._config_epochs = epochs
            if before is not None and (changed := list_changed(before, self.config)):
                self._fence()
                wake_workspaces(self.conn, changed, list(self.epochs), self.now())
        self.conn.commit()

    def now(self) -> datetime:
        """The decision clock (E8)."""
        return decision_now(self.conn, test_clock=self.test_clock)

    # the log

    def _read_log(self) -> Sequence[LogRow]:
        """The next entries."""
        assert self._reader is not None
        part, self._next = self._next, None
        if part is None:
            part = self._reader.read(self.conn, ENTRIES_PER_CYCLE)
            self.conn.commit()
        self.full = self._behind = part.more
        return part.rows

    def _read_on(self) -> None:
        """Where there are more entries, the next ones, while helpers are at these."""
        assert self._reader is not None
        if self._behind and self._next is None:
            part = self._reader.read(self.conn, ENTRIES_PER_CYCLE)
            self.conn.commit()
            self._next = part if part.rows else None

    def _decide_log(self, rows: Sequence[LogRow]) -> bool:
        """Decide these entries; of a part that failed each alone, and what fails alone is parked."""
        assert self.config is not None
        try:
            failed = self._decide_parts(rows) if rows else []
            for row in [row for part in failed for row in part]:
                if self._decide_parts([row]):
                    self._park(row)
        except StoodDown:
            self._stand_down()
        return bool(rows)

    def _decide_parts(self, rows: Sequence[LogRow]) -> list[Sequence[LogRow]]:
        """The parts of these entries that failed, of which nothing was written."""
        assert self.config is not None
        failed = []
        for part, came in self.hands.decide(self.config, rows, self.now(), self.epochs, self._fence, self._read_on):
            if came is None:
                failed.append(part)
            else:
                self._learn(came)
        return failed

    def _park(self, row: LogRow) -> None:
        """The entry fails alone: kept whole, shown, and the log goes on."""
        self._fence()
        cycle.park_alone(self.conn, row, self.now())
        move_positions(self.conn, [row])
        self.conn.commit()
        log.error("entry_parked", shard=row.shard, kind=row.kind)

    def _commit(self, batch: cycle.Batch) -> None:
        self.hands.first.commit(batch)
        self._learn(Came(bool(batch.forwards), batch.touched, batch.config or self.config, batch.claimed))

    def _learn(self, came: Came) -> None:
        """What a cycle that was committed came to."""
        self._behind |= came.forwarded  # the other half of a merge brings what was withdrawn
        self.touched |= came.touched
        if came.config is None:
            self._config_epochs = None
        else:
            self.config = came.config

    # deliveries

    def _launch(self) -> bool:
        """Freeze the next part of a launching match's audience and queue its first way of reaching. The log comes
        first: what is left of it may be the other half of a merge, and an absorbed contact is in no audience."""
        assert self.config is not None
        if self._behind:
            return False
        launches = ownership.read_launching(self.conn)
        self.conn.commit()
        for launch in launches:
            if launch.match_id not in self.config.matches:
                self._config_epochs = None
                return True
            self._fence()
            if self._launches.go_on(self.conn, self.config, launch, self.now()):
                self._config_epochs = None
            self.conn.commit()
            self.touched.add(f"match:{launch.match_id}")
        self.full |= bool(launches)
        return bool(launches)

    def _work_deliveries(self) -> bool:
        """Claims, revocations and settled unknown outcomes."""
        assert self.config is not None
        now = self.now()
        live = [channel.id for channel in self.config.channels.values() if channel.state == "live"]
        running = [] if self._behind else [match for match in self.config.matches.values() if match.state in CLAIMED]
        pairs = [(channel_id, match.id) for match in running for channel_id in channels_of(match) if channel_id in live]
        due = loader.read_due(self.conn, live, pairs, self._list_running(), now)
        busy = self._claim_codes(live)
        flying = loader.read_in_flight(self.conn) if due else {}
        self.conn.commit()
        for channel_id, match_id in due:
            busy |= self._claim(channel_id, match_id, flying, now)
            busy |= self._claim_codes(live)
        for match in self.config.matches.values():
            if match.state == "stopped" and match.id not in self._revoked:
                busy |= self._revoke(match.id)
        return busy | self._settle(now)

    def _wake_codes(self) -> bool:
        """One-time codes of whose delivery nobody has told in time."""
        now = self.now()
        due = read_due_otps(self.conn, now, list(self.epochs), DUE_PER_ROUND)
        self.conn.commit()
        return self._do_due("codes", due, partial(put_off_otp, self.conn, until=now + RUN_AGAIN), now)

    def _claim_codes(self, live: Sequence[int]) -> bool:
        """Codes before all else and again after every claim; of them too at most a second's work, beside all else."""
        assert self.config is not None
        claimed, now = 0, self.now()
        due = loader.read_due_codes(self.conn, live, now)
        flying = loader.read_in_flight(self.conn) if due else {}
        self.conn.commit()
        for channel_id in due:
            limit = find_limit(self.config.channels[channel_id].rate_per_s, flying.get(channel_id, Flying()).codes)
            if limit > 0:
                told = {"channel": channel_id, "now": now, "shards": list(self.epochs), "limit": limit}
                claimed += self._act(CLAIM, loader.load_codes(self.conn, **told))
        return bool(claimed)

    def _claim(self, channel_id: int, match_id: int | None, flying: dict[int, Flying], now: datetime) -> bool:
        """Hand over at most one second of work per channel, at the speed of the match."""
        assert self.config is not None
        channel, under_way = self.config.channels[channel_id], flying.setdefault(channel_id, Flying())
        limit = find_limit(channel.rate_per_s, under_way.total) if channel.state == "live" else 0
        match = self.config.matches.get(match_id) if match_id is not None else None
        if match is not None and match.rate_per_s and limit > 0:
            pace = self._paces.setdefault((channel_id, match_id), Pace())
            limit = pace.take(match.rate_per_s, limit)
        if limit <= 0:
            return False
        deliveries = loader.load_queued(
            self.conn,
            channel=channel_id,
            match=match_id,
            journeys=self._list_running(),
            now=now,
            shards=list(self.epochs),
            limit=limit,
        )
        self.full |= len(deliveries) == CLAIMS_PER_CYCLE
        under_way.total += self._act(CLAIM, deliveries)
        return bool(deliveries)

    def _list_running(self) -> list[int]:
        """The journeys whose messages go out and whose timers fire. None while entries are left in the log: one of
        them may be somebody's stop (C2), or what ends a run (X1)."""
        assert self.config is not None
        return [] if self._behind else [row.id for row in self.config.journeys.values() if row.state in RUNNING]

    def _revoke(self, match_id: int) -> bool:
        deliveries = loader.load_open_of_match(
            self.conn, match=match_id, shards=list(self.epochs), limit=CLAIMS_PER_CYCLE
        )
        self._act("revoke", deliveries)
        if not deliveries:
            self._revoked.add(match_id)
        return bool(deliveries)

    def _settle(self, now: datetime) -> bool:
        deliveries = loader.load_unknown_due(self.conn, now=now, shards=list(self.epochs), limit=CLAIMS_PER_CYCLE)
        self._act("settle", deliveries)
        return bool(deliveries)

    def _end_sessions(self) -> bool:
        """Sessions whose end has come, messages that nobody heeded so long (R6). The log comes first: it may hold what
        goes on with them, or an answer."""
        if self._behind or not self.epochs:
            return False
        now = self.now()
        due = read_due_sessions(self.conn, now, list(self.epochs), DUE_PER_ROUND)
        unheeded = read_due_watches(self.conn, now, list(self.epochs), DUE_PER_ROUND)
        self.conn.commit()
        busy = self._do_due("sessions", due, partial(cycle.put_off_session, self.conn, now=now), now)
        return busy | self._do_due("watches", unheeded, partial(put_off_watch, self.conn, until=now + RUN_AGAIN), now)

    def _run_journeys(self) -> bool:
        """What is due of runs is done; those of a cancelled journey are closed, those of a resumed one put off."""
        assert self.config is not None
        if not self.epochs or not self.config.journeys:
            return False
        now, exits = self.now(), bool(self.config.leaving) and not self._behind
        due = read_due_of_runs(self.conn, now, list(self.epochs), self._list_running(), DUE_PER_ROUND, exits=exits)
        self.conn.commit()
        busy = False
        for rows, act, put_off_one in due:
            busy |= self._do_due(act, rows, partial(put_off_one, self.conn, until=now + RUN_AGAIN), now)
        for journey in self.config.journeys.values():
            if journey.state in STEERED:
                busy |= self._steer(journey.id, journey.state, now)
        return busy

    def _keep_segments(self) -> bool:
        """Look who belongs to a segment since its last turn, and who has left one with time (R4)."""
        assert self.config is not None
        if self._behind or not self.epochs or not self.config.segments:
            return False
        now = self.now()
        for _ in range(SEGMENT_TASKS_PER_ROUND):
            task = self._segments.find_task(self.conn, self.config, list(self.epochs), now)
            if task is None:
                self.conn.commit()
                return False
            self._fence()
            batch = self._segments.do_task(self.conn, self.config, task, now, self.hands.first.serials)
            self._commit(batch)
            if batch.touched:
                break
        self.full = True
        return True

    def _guard(self) -> None:
        """Journeys that go wrong are paused (V3) before more goes out, and money that came back is spent."""
        assert self.config is not None
        paused = self._guards.watch(self.conn, self.config, self.now())
        self._totals.watch(self.conn, list(self.epochs), self.now(), self._fence)
        self.conn.commit()
        self.touched |= {f"journey:{journey_id}" for journey_id in paused}
        if paused:
            self._refresh_config()

    def _run_rounds(self) -> bool:
        """Journeys that look for people by themselves do so when it is time, and bandits weigh. The log comes first:
        somebody's stop, or what keeps them out, may stand there."""
        assert self.config is not None
        if self._behind or not self.epochs or not self.config.journeys:
            return False
        now = self.now()
        weighed = self._bandits.weigh(self.conn, self.config, now) | self._typical.keep(self.conn, self.config, now)
        task = self._rounds.find_task(self.conn, self.config, list(self.epochs), now)
        self.conn.commit()
        if task is not None and task[1]:
            self._fence()
            self._commit(self._rounds.do_task(self.conn, self.config, *task, now, self.hands.first.serials))
            self.touched.add(f"journey:{task[0].journey_id}")
        self.full |= task is not None
        return task is not None or weighed

    def _do_due(self, act: str, rows: Sequence[Any], put_off_one: Callable[[Any], None], now: datetime) -> bool:
        """Work what is due. True when there was something."""
        self.full |= len(rows) == DUE_PER_ROUND
        if rows:
            self._work(act, rows, put_off_one, now)
        return bool(rows)

    def _work(self, act: str, rows: Sequence[Any], put_off_one: Callable[[Any], None], now: datetime) -> int:
        """Decide these rows, and of a part that failed each alone; what fails alone is put off and holds up no other.
        How many were handed over."""
        failed, claimed = self._try(act, rows, now)
        for row in failed:
            alone, more = self._try(act, [row], now)
            claimed += more
            if alone:
                self._fence()
                put_off_one(row)
                self.conn.commit()
        return claimed

    def _try(self, act: str, rows: Sequence[Any], now: datetime) -> tuple[list[Any], int]:
        """The rows of which nothing was written, and how many of the others were handed over."""
        assert self.config is not None
        failed, claimed = [], 0
        for part, came in self.hands.act(act, self.config, rows, now, self.epochs, self._fence):
            if came is None:
                failed += part
            else:
                self._learn(came)
                claimed += came.claimed
        return failed, claimed

    def _steer(self, journey_id: int, state: str, now: datetime) -> bool:
        """V2: a part of the runs of a journey that was cancelled or resumed."""
        self._fence()
        runs, act = read_steered(self.conn, journey_id, state, list(self.epochs), now, DUE_PER_ROUND)
        if runs:
            self.full = True
            return self._do_due(act, runs, partial(put_off, self.conn, until=now + RUN_AGAIN), now)
        self._config_epochs = None
        self.conn.commit()
        return True

    def _act(self, act: str, deliveries: Sequence[OpenDelivery]) -> int:
        """Decide deliveries that were just locked; how many were handed over."""
        if not deliveries:
            self.conn.commit()
            return 0
        now = self.now()
        return self._work(act, deliveries, partial(put_off_delivery, self.conn, until=now + RUN_AGAIN), now)

    def _finish(self) -> None:
        """Live matches with nothing left to hand over are done."""
        if time.monotonic() - self._finish_checked < FINISH_CHECK_S:
            return
        self._finish_checked = time.monotonic()
        done = ownership.finish_matches(self.conn, self.now())
        if done:
            self.touched |= {f"match:{match_id}" for match_id, _, _ in done}
            self._config_epochs = None
        self.conn.commit()
