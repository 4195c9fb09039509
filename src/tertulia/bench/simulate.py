"""`simulate`: how long it takes to see what a draft would come to in a month.

A hundred thousand contacts and three million recorded events of the last thirty days, of fifty names, five of which
journeys listen to. Ten journeys are published and have sent a message for one in ten of what they hear; the draft has
six steps and its messages meet two frequency caps and quiet hours. What is measured is what *What if* does: read the
events and what was sent, load the people, and play.
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
EVENTS_EACH: Final = 30  # of a contact in the month
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
MAKE_SENT: Final = """
insert into slot (shard, contact_id, message_id, workspace, delivery_id, channel, topic, class, important, state, at)
select e.shard, e.contact_id, gen_random_uuid(), e.workspace, gen_random_uuid(), 'sms', 'marketing', 'marketing', false,
       'used', e.occurred_at + interval '2 hours'
from event e, generate_series(1, %(each)s)
where e.name = any(%(heard)s) and (e.properties ->> 'price')::int > 900
"""


def run(contacts: int = CONTACTS) -> Report:
    """Make the month, then play it."""
    with fresh_database(FILLING) as url:
        now = datetime.now(UTC)
        workspace = _make_workspace(url, contacts, now)
        _fill(url, workspace, contacts, now)
        return _play(url, workspace, contacts, now)


def _play(url: str, workspace: int, contacts: int, now: datetime) -> Report:
    from tertulia.actions import what_if
    from tertulia.actions.config import load_config
    from tertulia.actions.what_if_recorded import Limits
    from tertulia.actions.what_if_stage import Variant, set_history
    from tertulia.core.journeys import compile_journey
    from tertulia.core.simulation.rates import DEFAULTS
    from tertulia.documents.journeys import read_journey

    with connect(url) as conn:
        base = load_config(conn, "https://bench.example")
        draft = Variant("draft", what_if.DRAFT, "Draft", compile_journey(read_journey(DRAFT)))
        began, began_cpu = time.perf_counter(), time.process_time()
        told = {"days": DAYS, "run_on": RUN_ON, "rates": DEFAULTS, "limits": Limits(EVENTS_EACH * contacts, contacts)}
        stage = set_history(conn, base, workspace, [draft], now, **told)
        loaded = time.perf_counter()
        played = stage.play(0)
        done, done_cpu = time.perf_counter(), time.process_time()
    seconds = done - began
    return Report(
        "simulate",
        (
            Figure("month", round(seconds, 1), "s", goal=f"<= {GOAL_S:g} s", met=seconds <= GOAL_S),
            Figure("entered", played.report.entered, "runs of the draft"),
        ),
        {
            "events": EVENTS_EACH * contacts,
            "listened_to": len(stage.tape.arrivals),
            "sent_beside": len(stage.sent[0]),
            "contacts": len(stage.people.rows),
            "load_s": round(loaded - began, 1),
            "play_s": round(done - loaded, 1),
            "processor_s": round(done_cpu - began_cpu, 1),
            "whole": played.whole and not stage.tape.cut,
        },
    )


def _make_workspace(url: str, contacts: int, now: datetime) -> int:
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
    make_people(url, workspace.pk, contacts, reachable=True)
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


def _fill(url: str, workspace: int, contacts: int, now: datetime) -> None:
    told = {"workspace": workspace, "contacts": contacts, "events": EVENTS_EACH * contacts}
    told |= {"names": NAMES, "days": DAYS, "now": now}
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("set synchronous_commit = off")
        conn.execute(
            "create temp table customer as select row_number() over (order by id)::int as n, shard, id from contact"
        )
        conn.execute("analyze customer")
        conn.execute(MAKE_EVENTS, told)
        heard = [f"Event {number}" for number in range(NAMED)]
        conn.execute(MAKE_SENT, {"heard": heard, "each": JOURNEYS // NAMED})
        conn.execute("vacuum analyze event")
        conn.execute("vacuum analyze slot")


if __name__ == "__main__":
    print(run().to_json().decode())
