"""`ingest`: how fast events go from HTTP batches to the durable log.

A hundred thousand known customers; batches of a hundred track calls, as a server's SDK sends them, over kept-alive
connections. An event counts when its request was answered, that is when it is committed. The limit is PostgreSQL's bare
COPY of the same log rows into a table with the same indexes, measured after it on the same server.
"""

import base64
import random
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from tertulia.bench.harness import (
    Figure,
    Load,
    Report,
    against,
    copy_bare,
    fresh_database,
    generate_load,
    read_cpu,
    serve,
    share_cpu,
)
from tertulia.bench.load import write_requests
from tertulia.core.entries import shard_of_identity
from tertulia.core.identity import IdentityRef
from tertulia.ids import INDEX_OF_SHARD, make_contact_id

RATE_GOAL_PER_S = 30_000
RATIO_GOAL = 0.20
CONTACTS = 100_000
NAMES = 50
BATCH_EVENTS = 100
BATCHES = 6_000
WARM_S = 2.0
ROUND_S = 10.0
CONNECTIONS = 32
SEED = 20_261_129
WRITE_KEY = "wk_" + "b" * 32


def run(contacts: int = CONTACTS) -> Report:
    """Measure; afterwards every event that was answered is looked for in the log."""
    chance = random.Random(SEED)  # noqa: S311 (a seed, so that runs can be compared)
    with fresh_database() as url, tempfile.TemporaryDirectory() as folder:
        _make_customers(url, contacts)
        requests = Path(folder) / "requests"
        write_requests(requests, list(_iter_batches(chance, contacts)))
        with serve("tertulia.cli", "web") as address:
            warm = generate_load(address, requests, seconds=WARM_S, connections=CONNECTIONS)
            before, cpu = _count_events(url), read_cpu(url)
            load = generate_load(address, requests, seconds=ROUND_S, connections=CONNECTIONS)
            spent = read_cpu(url) - cpu
        kept = _count_events(url) - before
        limit = copy_bare(url, "log", Path(folder) / "rows")
        return _report(warm, load, kept, limit, {"contacts": contacts, "cpu_ms_per_event": share_cpu(spent, kept)})


def _report(warm: Load, load: Load, kept: int, limit: float, detail: Mapping[str, Any]) -> Report:
    rate = BATCH_EVENTS * load.rate_per_s
    good = set(load.statuses) | set(warm.statuses) == {"200"}
    met = rate >= RATE_GOAL_PER_S and rate >= RATIO_GOAL * limit and good
    missing = max(0, BATCH_EVENTS * load.answered - kept)
    return Report(
        "ingest",
        (
            against("events", rate, "1/s", limit, f">= {RATE_GOAL_PER_S}/s and >= {RATIO_GOAL:.0%} of bare", met),
            Figure("missing", missing, "events", goal="0", met=missing == 0),
        ),
        {
            **detail,
            "batches_per_s": round(load.rate_per_s, 1),
            "events_a_batch": BATCH_EVENTS,
            "answered_p50_s": round(load.p50_s, 4),
            "answered_p99_s": round(load.p99_s, 4),
            "statuses": load.statuses,
        },
    )


def _make_customers(url: str, contacts: int) -> None:
    """A source, and contacts whose user ids are known."""
    from tertulia.data.models import Source, Workspace
    from tertulia.store.sealing import seal

    workspace = Workspace.objects.create(name="Bench", slug="bench", link_key=seal(b"of a bench only, and long"))
    Source.objects.create(workspace=workspace, name="Shop", write_key=WRITE_KEY)
    now = datetime.now(UTC)
    with psycopg.connect(url) as conn:
        with conn.cursor().copy("copy identity from stdin") as rows:
            for serial in range(1, contacts + 1):
                shard = shard_of_identity(workspace.pk, IdentityRef("user_id", "", f"u{serial}"))
                contact_id = make_contact_id(serial, INDEX_OF_SHARD[shard])
                rows.write_row((shard, workspace.pk, "user_id", "", f"u{serial}", contact_id, shard, 0, now))
        conn.execute("select setval('contact_serial', %s)", (contacts + 1,))
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("analyze")


def _iter_batches(chance: random.Random, contacts: int) -> Iterator[bytes]:
    """Whole requests, as a server's SDK writes them."""
    credentials = base64.b64encode(f"{WRITE_KEY}:".encode()).decode()
    head = f"POST /v1/batch HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Basic {credentials}\r\n"
    for number in range(BATCHES):
        sent = datetime.now(UTC).isoformat()
        batch = [_make_event(chance, contacts, number * BATCH_EVENTS + n, sent) for n in range(BATCH_EVENTS)]
        body = msgspec.json.encode({"batch": batch, "sentAt": sent})
        yield f"{head}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


def _make_event(chance: random.Random, contacts: int, number: int, at: str) -> dict[str, object]:
    product = chance.randrange(5_000)
    return {
        "type": "track",
        "messageId": str(UUID(int=chance.getrandbits(128), version=4)),
        "userId": f"u{chance.randrange(contacts) + 1}",
        "timestamp": at,
        "event": f"Event {number % NAMES}",
        "properties": {
            "product_id": f"p{product}",
            "category": "Coffee",
            "price": product / 100,
            "quantity": 1 + number % 3,
            "currency": "BRL",
        },
        "context": {"library": {"name": "analytics-python", "version": "2.4.0"}},
        "integrations": {},
    }


def _count_events(url: str) -> int:
    with psycopg.connect(url) as conn:
        row = conn.execute("select count(*) from log where kind = 'event'").fetchone()
    return int(row[0]) if row else 0


if __name__ == "__main__":
    print(run().to_json().decode())
