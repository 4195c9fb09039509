"""`billion`: a billion events a day, for ten minutes, from the request to the provider.

Twelve thousand events a second in batches of a hundred, of a million contacts; fifty journeys. Of fifty names of events
five are named by journeys, a tenth of those events starts a run, and each run sends one SMS, on which the provider
reports twice. Load, program and provider share the machine. How late a text comes counts from the moment at which its
event's request fell due. Once the load has ended, what is not decided yet is counted.
"""

import base64
import itertools
import os
import random
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

import msgspec
import psycopg

from tertulia.bench.harness import (
    Figure,
    Load,
    Report,
    await_roles,
    fresh_database,
    generate_load,
    parent_of,
    read_cpu,
    run_beside,
    serve,
    share_cpu,
)
from tertulia.bench.load import DUE_MARK, SERIAL_MARK, TIME_MARK, write_requests
from tertulia.bench.people import make_gateway, make_people
from tertulia.store.sealing import seal

EVENTS_PER_S: Final = 12_000
SECONDS: Final = 600
CONTACTS: Final = 1_000_000
BATCH_EVENTS: Final = 100
BATCHES: Final = 500  # sent again and again, each time with other ids and times
CONNECTIONS: Final = 32
JOURNEYS: Final = 50
NAMES: Final = 50
NAMED: Final = 5
SHELVES: Final = 100  # each journey listens to one shelf of one name
LATE_GOAL_S: Final = 2.0
GROWTH_GOAL: Final = 1.1
WARM_S: Final = 60.0  # after which memory should grow no more
DRAIN_S: Final = 60.0
LOOK_EVERY_S: Final = 1.0
A_DAY: Final = 1_000_000_000
SEED: Final = 20_261_130
WRITE_KEY: Final = "wk_" + "b" * 32

# Reads the whole log once: after the load, not beside it.
UNDECIDED = """
select coalesce(sum(l.seq - coalesce(p.seq, 0)), 0)::bigint
from (select shard, writer, max(seq) as seq from log group by shard, writer) l
left join log_position p on p.shard = l.shard and p.writer = l.writer
"""
DELIVERED = "select count(*) from delivery where state = 'delivered'"
OPEN = "select (select count(*) from run_open) + (select count(*) from delivery_open)"


def run() -> Report:
    """Measure, let what is under way come to its end, and count."""
    chance = random.Random(SEED)  # noqa: S311 (a seed, so that runs can be compared)
    with fresh_database() as url, ExitStack() as stack:
        provider = stack.enter_context(serve("tertulia.bench.provider", ready="/counts"))
        os.environ["ALLOW_PRIVATE_HOSTS"] = provider.removeprefix("http://")
        _make_workspace(url, f"{provider}/send")
        requests = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "requests"
        batches = [
            [_make_event(chance, batch * BATCH_EVENTS + n) for n in range(BATCH_EVENTS)] for batch in range(BATCHES)
        ]
        write_requests(requests, [_write_request(batch) for batch in batches])
        web = stack.enter_context(serve("tertulia.cli", "web"))
        os.environ["PUBLIC_URL"] = web
        for role in ("engine", "sender", "keeper"):
            stack.enter_context(run_beside("tertulia.cli", role))
        await_roles(url)
        size, cpu = _read_size(url), read_cpu(url)
        memory = stack.enter_context(Memory())
        load = generate_load(
            web, requests, seconds=SECONDS, connections=CONNECTIONS, rate_per_s=EVENTS_PER_S / BATCH_EVENTS
        )
        left = _read_number(url, UNDECIDED)
        spent = read_cpu(url) - cpu
        memory.stop()
        drained_s = _drain(url)
        started = sum(
            map(_starts_run, itertools.chain.from_iterable(itertools.islice(itertools.cycle(batches), load.sent)))
        )
        return _report(url, provider, load, left, drained_s, memory, spent, _read_size(url) - size, started)


def _report(
    url: str,
    provider: str,
    load: Load,
    left: int,
    drained_s: float,
    memory: "Memory",
    spent: Counter[str],
    grown: int,
    started: int,
) -> Report:
    late, counts = _ask(provider, "late"), _ask(provider, "counts")
    events = BATCH_EVENTS * load.answered
    kept = _read_number(url, "select count(*) from event where not imported and source_id = 1 and type = 'track'")
    delivered = _read_number(url, DELIVERED)
    rate = events / load.seconds
    an_event = grown / max(events, 1)
    return Report(
        "billion",
        (
            Figure("late_p99", round(late["p99"], 3), "s", goal=f"<= {LATE_GOAL_S} s", met=late["p99"] <= LATE_GOAL_S),
            Figure("events", round(rate), "1/s", goal=f">= {EVENTS_PER_S}/s", met=rate >= 0.99 * EVENTS_PER_S),
            Figure("undecided_at_the_end", left, "entries", goal=f"<= {EVENTS_PER_S}", met=left <= EVENTS_PER_S),
            Figure("missing", events - kept, "events", goal="0", met=events == kept),
            Figure(
                "not_delivered", counts["taken"] - delivered, "messages", goal="0", met=counts["taken"] == delivered
            ),
            Figure("memory_growth", memory.growth, "x", goal=f"<= {GROWTH_GOAL}", met=memory.growth <= GROWTH_GOAL),
            Figure("an_event", round(an_event), "bytes"),
            Figure("fits", round(shutil.disk_usage(tempfile.gettempdir()).free / (an_event * A_DAY), 2), "days"),
        ),
        {
            "late_p50_s": round(late["p50"], 3),
            "late_max_s": round(late["max"], 3),
            "messages": counts["taken"],
            "reports": counts["reported"],
            "answered_p99_s": round(load.p99_s, 3),
            "statuses": load.statuses,
            "drained_s": round(drained_s, 1),
            "memory_mib": memory.tell(),
            "cpu_ms_per_event": share_cpu(spent, max(events, 1)),
            "cores_busy": round(spent.total() / 1_000 / load.seconds, 2),
        },
    )


class Memory(threading.Thread):
    """What the program's own processes keep in memory, MiB, looked at once a second until `stop`."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.ended = threading.Event()
        self.began = time.monotonic()
        self.first: Counter[str] = Counter()
        self.last: Counter[str] = Counter()

    def __enter__(self) -> "Memory":
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        self.ended.set()
        self.join()

    def run(self) -> None:
        while not self.ended.wait(LOOK_EVERY_S):
            self.last = _read_memory()
            if not self.first and time.monotonic() - self.began >= min(WARM_S, SECONDS / 2):
                self.first = self.last

    @property
    def growth(self) -> float:
        """How many times of what it was after the first minute."""
        return round(self.last.total() / max(self.first.total(), 1), 3)

    def tell(self) -> dict[str, list[int]]:
        return {name: [self.first[name], self.last[name]] for name in sorted(self.last)}


def _read_memory() -> Counter[str]:
    """Resident memory, MiB, of the roles, which are this process's children and theirs."""
    found: Counter[str] = Counter()
    for place in Path("/proc").glob("[0-9]*"):
        if os.getpid() not in (parent := parent_of(int(place.name)), parent_of(parent)):
            continue
        try:
            words = (place / "cmdline").read_bytes().split(b"\0")
            pages = int((place / "statm").read_text().split()[1])
        except (OSError, IndexError):
            continue
        if b"tertulia.cli" in words:
            role = words[words.index(b"tertulia.cli") + 1].decode()
            found[role] += pages * os.sysconf("SC_PAGE_SIZE") >> 20
    return found


def _make_workspace(url: str, send_url: str) -> None:
    """A source, an SMS gateway, a million contacts who may be written to, and fifty journeys."""
    from django.db import transaction

    from tertulia.actions.journeys import create_journey, publish
    from tertulia.data.models import Source, Workspace

    workspace = Workspace.objects.create(
        name="Bench", slug="bench", country="BR", currency="BRL", link_key=seal(b"of a bench only, and long")
    )
    Source.objects.create(id=1, workspace=workspace, name="Shop", write_key=WRITE_KEY)
    make_gateway(workspace, send_url, EVENTS_PER_S)
    make_people(url, workspace.pk, CONTACTS, reachable=True)
    with transaction.atomic():
        now = datetime.now(UTC)
        for number in range(JOURNEYS):
            made = create_journey(workspace, None, now, _write_journey(number), name=f"Journey {number}")
            publish(made, None, now, version=1)


def _write_journey(number: int) -> str:
    return f"""name: Journey {number}
entry:
  event: Event {number % NAMED}
  where: {{property: shelf, is: {number // NAMED}}}
  second: parallel
class: marketing
reentry: always
steps:
  - {{id: tell, kind: message, channels: [sms], text: "Ana, your cart waits. due={{{{ event.due }}}}"}}
"""


def _write_request(batch: Sequence[dict[str, Any]]) -> bytes:
    """A whole request with marks, as a server's SDK writes it."""
    credentials = base64.b64encode(f"{WRITE_KEY}:".encode()).decode()
    head = f"POST /v1/batch HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Basic {credentials}\r\n"
    body = msgspec.json.encode({"batch": batch, "sentAt": TIME_MARK.decode()})
    return f"{head}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


def _starts_run(event: dict[str, Any]) -> bool:
    number = int(event["event"].removeprefix("Event "))
    return number < NAMED and event["properties"]["shelf"] < JOURNEYS // NAMED


def _make_event(chance: random.Random, number: int) -> dict[str, Any]:
    return {
        "type": "track",
        "messageId": f"{number % BATCH_EVENTS:08x}-0000-4000-8000-{SERIAL_MARK.decode()}",
        "userId": f"u{chance.randrange(CONTACTS) + 1}",
        "timestamp": TIME_MARK.decode(),
        "event": f"Event {number % NAMES}",
        "properties": {
            "product_id": f"p{chance.randrange(5_000)}",
            "category": "Coffee",
            "shelf": chance.randrange(SHELVES),
            "quantity": 1 + number % 3,
            "currency": "BRL",
            "due": DUE_MARK.decode(),
        },
        "context": {"library": {"name": "analytics-python", "version": "2.4.0"}},
    }


def _drain(url: str) -> float:
    """Seconds until everything is decided and every message has its verdict."""
    began = time.monotonic()
    while time.monotonic() - began < DRAIN_S and (_read_number(url, UNDECIDED) or _read_number(url, OPEN)):
        time.sleep(LOOK_EVERY_S)
    return time.monotonic() - began


def _read_number(url: str, query: str) -> int:
    with psycopg.connect(url) as conn:
        row = conn.execute(query.encode()).fetchone()
    return int(row[0]) if row else 0


def _read_size(url: str) -> int:
    return _read_number(url, "select pg_database_size(current_database())")


def _ask(provider: str, what: str) -> dict[str, float]:
    with urlopen(f"{provider}/{what}", timeout=10) as answer:  # noqa: S310 (our own address)
        return msgspec.json.decode(answer.read(), type=dict[str, float])


if __name__ == "__main__":
    print(run().to_json().decode())
