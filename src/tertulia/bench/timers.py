"""`timers`: how fast waits that end at one instant are fired by one engine process.

Runs of a journey wait, and all of them fall due at once. Each is woken, its message passes the gates, is rendered and
handed over (X2): a delivery and a row of the ledger. Nobody calls a provider here. The limit is PostgreSQL's bare COPY
of the same deliveries and ledger rows into tables with the same indexes. Where procrastinate is installed, it does a
schedule of the same size beside it, each job writing two rows like these: for information.
"""

import asyncio
import tempfile
import time
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

from tertulia.bench.harness import Figure, Report, against, copy_bare, fresh_database, share_cpu
from tertulia.bench.people import make_gateway, make_people, place_contact
from tertulia.core.entries import EventEntry, key_of
from tertulia.store.db import connect
from tertulia.store.log import LogWriter, NewEntry

RATE_GOAL_PER_S = 12_000
RUNS = 50_000
CHANNELS = 5  # each takes a second's work, all of its runs, for nobody takes what was handed over
APPENDED = 5_000
JOBS = 20_000
JOBS_AT_ONCE = 30  # more were slower

FIRED = "select count(*) from ledger where gate = 'provider'"


def run(contacts: int = RUNS) -> Report:
    """Measure; afterwards every run has its delivery and its row of the ledger."""
    with fresh_database() as url, tempfile.TemporaryDirectory() as folder:
        from tertulia.bench.rounds import drain, measure_rounds
        from tertulia.workers.engine import Engine
        from tertulia.workers.helping import start_helpers

        workspace = _make_workspace(url, contacts)
        with connect(url) as conn, connect(url) as engine_conn, start_helpers(url) as helpers:
            engine = Engine(engine_conn, "https://bench.example", helpers=helpers)
            _begin(conn, workspace, contacts)
            drain(engine)
            conn.execute("update run_open set due_at = %s", [datetime.now(UTC)])
            conn.commit()
            with psycopg.connect(url, autocommit=True) as upkeep:
                upkeep.execute("vacuum analyze")
            worked = measure_rounds(url, engine)
            row = conn.execute(FIRED).fetchone()
        fired = row[0] if row else 0
        limit = 1 / sum(1 / copy_bare(url, table, Path(folder) / table) for table in ("delivery_open", "ledger"))
        others = _measure_procrastinate(url)
    rate = contacts / worked.seconds
    return Report(
        "timers",
        (
            against("fired", rate, "1/s", limit, f">= {RATE_GOAL_PER_S}/s", rate >= RATE_GOAL_PER_S),
            Figure("missing", contacts - fired, "runs", goal="0", met=fired == contacts),
            *([Figure("procrastinate", round(others), "jobs/s")] if others is not None else []),
        ),
        {"runs": contacts, "rounds": worked.rounds, "cpu_ms_per_run": share_cpu(worked.spent, contacts)},
    )


def _make_workspace(url: str, contacts: int) -> int:
    """People who agreed to offers by SMS, gateways, and for each gateway a journey that waits an hour."""
    from django.db import transaction

    from tertulia.actions.journeys import create_journey, publish
    from tertulia.data.models import Source, Workspace
    from tertulia.store.sealing import seal

    now = datetime.now(UTC)
    key = seal(b"of a bench only, and long")
    workspace = Workspace.objects.create(name="Bench", slug="bench", country="BR", currency="BRL", link_key=key)
    Source.objects.create(id=1, workspace=workspace, name="Shop", write_key="wk_" + "b" * 32)
    for number in range(CHANNELS):
        channel = make_gateway(workspace, "https://gateway.example/send", contacts / CHANNELS)
        type(channel).objects.filter(pk=channel.pk).update(name=f"SMS {number}", public_id=f"bench-{number}")
    with transaction.atomic():
        for number in range(CHANNELS):
            made = create_journey(workspace, None, now, _write_journey(number), name=f"Journey {number}")
            publish(made, None, now, version=1)
    make_people(url, workspace.pk, contacts, reachable=True)
    return int(workspace.pk)


def _write_journey(number: int) -> str:
    return f"""name: Journey {number}
entry: {{event: Started {number}}}
steps:
  - {{id: pause, kind: wait, for: 1 h}}
  - {{id: tell, kind: message, channels: [SMS {number}], text: "Hi {{{{ contact.name }}}}, your cart waits."}}
"""


def _begin(conn: Any, workspace: int, contacts: int) -> None:
    """Each of the people starts one run, by an event like any other."""
    from tertulia.bench.rounds import append_group

    writer = LogWriter.lease(conn, "bench", datetime.now(UTC))
    conn.commit()
    at = datetime.now(UTC)
    for first in range(1, contacts + 1, APPENDED):
        group = []
        for serial in range(first, min(first + APPENDED, contacts + 1)):
            name = f"Started {serial % CHANNELS}"
            event = EventEntry(1, "track", f"m{serial}", at, at, name=name, user_id=f"u{serial}")
            shard, contact_id = place_contact(workspace, serial)
            group.append(NewEntry(shard, workspace, key_of(event), event, at, contact_id=contact_id))
        append_group(conn, writer, group)


def _measure_procrastinate(url: str) -> float | None:
    """Jobs a second that it works off, all due at once, each writing two rows; None where it is not installed."""
    if find_spec("procrastinate") is None:
        return None
    return asyncio.run(_work_off(url))


async def _work_off(url: str) -> float:
    import procrastinate

    connector = procrastinate.PsycopgConnector(conninfo=url, max_size=JOBS_AT_ONCE + 2)
    app = procrastinate.App(connector=connector)

    @app.task(name="fire")
    async def fire(number: int) -> None:
        async with connector.pool.connection() as conn, conn.transaction():
            await conn.execute("insert into bench_delivery values (gen_random_uuid(), %s, 'sending', now())", [number])
            await conn.execute("insert into bench_ledger values (gen_random_uuid(), %s, 'sent', now())", [number])

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        async with connector.pool.connection() as conn:
            for table in ("bench_delivery", "bench_ledger"):
                await conn.execute(f"create table {table} (id uuid primary key, n int, state text, at timestamptz)")  # type: ignore[arg-type]
        due = datetime.now(UTC) - timedelta(seconds=1)
        for first in range(0, JOBS, 1_000):
            jobs = ({"number": number} for number in range(first, first + 1_000))
            await fire.configure(schedule_at=due).batch_defer_async(*jobs)
        began = time.perf_counter()
        await app.run_worker_async(concurrency=JOBS_AT_ONCE, wait=False, delete_jobs="always", listen_notify=False)
        return JOBS / (time.perf_counter() - began)


if __name__ == "__main__":
    print(run().to_json().decode())
