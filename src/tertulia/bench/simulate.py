"""`simulate`: how long it takes to see what a draft would come to in a month.

A hundred thousand contacts and three million recorded events of the last thirty days, of fifty names, five of which
journeys listen to. Ten journeys are published; the draft has six steps and its messages meet two frequency caps and
quiet hours. What is measured is what *What if* does: read the events, load the people, and play.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg

from tertulia.bench.harness import Figure, Report, fresh_database
from tertulia.bench.people import make_gateway, make_people
from tertulia.store.db import connect
from tertulia.store.sealing import seal

GOAL_S: Final = 60.0
CONTACTS: Final = 100_000
EVENTS: Final = 3_000_000
DAYS: Final = 30
NAMES: Final = 50
JOURNEYS: Final = 10
NAMED: Final = 5
RUN_ON: Final = timedelta(days=7)
FILLING: Final = {"max_wal_size": "8GB", "maintenance_work_mem": "512MB"}
CAPS: Final = (
    {"limit": 2, "per": "week", "classes": ["marketing"]},
    {"limit": 1, "per": "day", "classes": ["marketing"], "channels": ["sms"]},
)
HOURS: Final = {"from": "09:00", "to": "21:00"}
DRAFT: Final = """\
name: Draft
class: marketing
entry: {event: Event 0, where: {property: price, under: 200}}
exceptions: [{event: Event 1, where: {property: price, over: 900}}]
window: {from: "09:00", to: "21:00"}
steps:
  - {id: hour, kind: wait, for: 1 h}
  - {id: first, kind: message, channels: [sms], text: "Hi {{ contact.name }}, {{ event.product_id }} waits"}
  - id: answer
    kind: wait_for
    event: Event 2
    at_most: 1 d
    came: [{id: thanks, kind: update, set: {keen: true}}]
    missed: [{id: way, kind: split, ways: [{name: a, weight: 50}, {name: b, weight: 50}]}]
  - {id: second, kind: message, channels: [sms], text: "Last chance, {{ contact.name }}"}
"""
MAKE_EVENTS: Final = """
insert into event (shard, day, id, workspace, contact_id, source_id, type, name, message_id, user_id, anonymous_id,
                   properties, context, occurred_at, received_at, imported)
select c.shard, p.at::date, gen_random_uuid(), %(workspace)s, c.id, 1, 'track', 'Event ' || p.kind,
       gen_random_uuid()::text, '', '',
       jsonb_build_object('product_id', 'p' || p.price, 'price', p.price, 'currency', 'BRL'), '{}', p.at, p.at, false
from (select 1 + floor(random() * %(contacts)s)::int as n, floor(random() * %(names)s)::int as kind,
             floor(random() * 1000)::int as price, %(now)s - random() * make_interval(days => %(days)s) as at
      from generate_series(1, %(events)s)) p
join customer c on c.n = p.n
"""


def run() -> Report:
    """Make the month, then play it."""
    with fresh_database(FILLING) as url:
        now = datetime.now(UTC)
        workspace = _make_workspace(url, now)
        _fill(url, workspace, now)
        return _play(url, workspace, now)


def _play(url: str, workspace: int, now: datetime) -> Report:
    from tertulia.actions import what_if
    from tertulia.actions.config import load_config
    from tertulia.core.journeys import compile_journey
    from tertulia.documents.journeys import read_journey

    with connect(url) as conn:
        base = load_config(conn, "https://bench.example")
        program = compile_journey(read_journey(DRAFT))
        config = what_if.put_in(base, workspace, what_if.DRAFT, "Draft", program)
        began = time.perf_counter()
        since = now - timedelta(days=DAYS)
        limits = {"events_max": EVENTS, "contacts_max": CONTACTS}
        tape = what_if.read_tape(conn, [config], workspace, since, now, **limits)
        read = time.perf_counter()
        people = what_if.load_people(conn, config, tape.contact_ids)
        loaded = time.perf_counter()
        memory = what_if.gather(config, people, tape.since)
        played = what_if.play_tape(memory, tape, what_if.DRAFT, now + RUN_ON)
        done = time.perf_counter()
    seconds = done - began
    entered = played.report.entered
    return Report(
        "simulate",
        (
            Figure("month", round(seconds, 1), "s", goal=f"<= {GOAL_S:g} s", met=seconds <= GOAL_S),
            Figure("entered", entered, "runs of the draft"),
        ),
        {
            "events": EVENTS,
            "listened_to": len(tape.arrivals),
            "contacts": len(people.rows),
            "read_s": round(read - began, 1),
            "load_s": round(loaded - read, 1),
            "play_s": round(done - loaded, 1),
            "whole": played.whole and not tape.cut,
        },
    )


def _make_workspace(url: str, now: datetime) -> int:
    """A source, an SMS gateway, customers who may be written to, caps, quiet hours and ten journeys."""
    from django.db import transaction

    from tertulia.actions.caps import create_cap
    from tertulia.actions.journeys import create_journey, publish
    from tertulia.data.models import Source, Workspace

    workspace = Workspace.objects.create(
        name="Bench", slug="bench", country="BR", zone="America/Sao_Paulo", link_key=seal(b"of a bench only, and long")
    )
    Source.objects.create(id=1, workspace=workspace, name="Shop", write_key="wk_" + "b" * 32)
    make_gateway(workspace, "https://sms.example/send", 1_000)
    make_people(url, workspace.pk, CONTACTS, reachable=True)
    with transaction.atomic():
        for number, cap in enumerate(CAPS):
            create_cap(workspace, None, now, f"cap {number}", cap)
        for number in range(JOURNEYS):
            made = create_journey(workspace, None, now, _write_journey(number), name=f"Journey {number}")
            publish(made, None, now, version=1)
    return int(workspace.pk)


def _write_journey(number: int) -> str:
    """Two journeys listen to each name; one event in ten starts a run, which writes once."""
    return f"""name: Journey {number}
class: marketing
entry: {{event: Event {number % NAMED}, where: {{property: price, over: 900}}}}
window: {{from: "{HOURS["from"]}", to: "{HOURS["to"]}"}}
steps:
  - {{id: pause, kind: wait, for: 2 h}}
  - {{id: tell, kind: message, channels: [sms], text: "Hi {{{{ contact.name }}}}"}}
"""


def _fill(url: str, workspace: int, now: datetime) -> None:
    told = {"workspace": workspace, "contacts": CONTACTS, "events": EVENTS, "names": NAMES, "days": DAYS, "now": now}
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("set synchronous_commit = off")
        conn.execute(
            "create temp table customer as select row_number() over (order by id)::int as n, shard, id from contact"
        )
        conn.execute("analyze customer")
        conn.execute(MAKE_EVENTS, told)
        conn.execute("vacuum analyze event")


if __name__ == "__main__":
    print(run().to_json().decode())
