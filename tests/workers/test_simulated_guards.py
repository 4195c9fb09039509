"""What guards count (V3): a simulation's books say what the engine reads from its tables, at any time."""

from contextlib import closing
from datetime import datetime, timedelta
from itertools import count

from hypothesis import HealthCheck, given, settings
from tests.emptying import Emptier
from tests.workers.town import NOW, PUBLIC_URL, Town
from tests.workers.what_if_world import (
    NEW_FROM,
    Arrivals,
    Handed,
    list_arrivals,
    number_anew,
    play_in_memory,
    run_for_real,
    settle,
)

from tertulia.core.consent import Given, Source
from tertulia.core.entries import ConsentEntry, Entry, OutcomeEntry, ReceiptEntry
from tertulia.core.guards import WINDOW, Counts
from tertulia.core.simulation.guards import Book
from tertulia.core.simulation.play import Player, accept

LOOKS = [NOW + timedelta(hours=hours, seconds=30) for hours in (2, 7, 15, 27, 40, 60)]
GUARDED = """
name: Guarded
entry: {event: Product Added, second: parallel}
class: service
guards: {bounces: 90%, complaints: 90%, opt_outs: 90%, aborts: 90%, after: 100000}
steps:
  - {id: tell, kind: message, channels: [telegram, sms], text: "{{ event.cart }} {{ event.price }}"}
  - {id: nap, kind: wait, for: 3 h}
  - {id: again, kind: message, channels: [http_sms, twilio], text: "{{ event.price }} {{ event.cart }}"}
  - {id: never, kind: message, channels: [sms], text: "{{ event.nothing }}", on_missing: fail}
"""


def answer(handed: Handed, now: datetime) -> list[Entry]:
    """By the text: not taken at all, taken and not delivered, or delivered to somebody who then leaves."""
    told, name = (handed.channel_id, ""), handed.text
    if name == "a 20":
        return [OutcomeEntry(*told, handed.id, handed.attempt, now, "gone")]
    taken, delivered = accept(handed, now)
    if "60" in name:
        return [taken, ReceiptEntry(*told, "failed", now, delivery_id=handed.id)]
    if name not in ("a 120", "120 b", "b 120"):
        return [taken, delivered]
    source = Source.OPT_WORD if name == "a 120" else Source.PLATFORM_BLOCK
    said = (Given.WITHDRAWN.value, source.value, "customer", now)
    return [taken, delivered, ConsentEntry(handed.contact_id, "*", "sms", "marketing", *said)]


def play_both(url: str, arrivals: Arrivals) -> tuple[list[Counts], list[Counts]]:
    """What guards count at each look, by the engine and by a simulation."""
    from django.db import connections

    from tertulia.actions.config import load_config
    from tertulia.actions.what_if import gather, load_people
    from tertulia.store.db import connect
    from tertulia.store.guards import count_messages

    number_anew(url)
    with Town(url) as town, closing(connect(url)) as conn:
        known = settle(town)
        journey = town.publish(GUARDED).pk
        config = load_config(conn, PUBLIC_URL)
        memory = gather(config, load_people(conn, config, known), NOW)
        conn.rollback()
        memory.rows.serials, town.engine.hands.first.serials = count(NEW_FROM), count(NEW_FROM)
        player, real, played = Player(memory, lambda _: None), [], []
        since = NOW
        for until in LOOKS:
            part = [told for told in arrivals if since <= told[0] < until]
            play_in_memory(player, town, answer, part, until)
            played.append(memory.guards.books.get(journey, Book()).count(until))
            run_for_real(town, answer, part, until)
            real.append(count_messages(conn, journey, until - WINDOW))
            conn.rollback()
            since = until
    connections.close_all()
    return real, played


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(arrivals=list_arrivals())
def test_V3_a_simulation_counts_what_the_engine_counts(
    empty_database: str, emptier: Emptier, arrivals: Arrivals
) -> None:
    """Messages that failed or were never taken, people who left, texts that cannot be written; a day of them."""
    real, played = play_both(empty_database, arrivals)
    emptier.empty()
    assert played == real
