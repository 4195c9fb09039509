"""Journeys that look for people by themselves: an audience at a time, a date of the customer's, who is inside a segment
at the launch."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from tests.workers.test_engine_journeys import DAY, HOUR, add_customer
from tests.workers.town import Town

HELLO = 'steps: [{id: hello, kind: message, channels: [sms], text: "Hello {{ contact.name }}"}]\n'
PHONES = [f"+551198765000{n}" for n in range(1, 10)]


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace whose source 1 is its shop's server. Now is 2026-11-02 09:00 UTC, a Monday."""
    from tertulia.data.models import Source

    with Town(empty_database) as made:
        Source.objects.create(id=1, workspace=made.workspace, name="Shop", write_key="wk_1")
        made._change_epoch()
        yield made


def add(town: Town, name: str, zone: str = "", **attributes: str) -> int:
    """Somebody with a clock and attributes of their own."""
    contact = add_customer(town, name, PHONES[len(town.rows("select 1 from address"))], name.lower())
    traits = attributes | ({"timezone": zone} if zone else {})
    if traits:
        town.event("identify", user=name.lower(), traits=traits)
    return contact


def texts(town: Town) -> list[str]:
    """What was handed over so far and is not answered."""
    return [sent.text for sent in town.sending("sms")]


def test_everybody_at_one_instant_once(town: Town) -> None:
    """At 10:00 of the journey's clock; the next day nothing more comes of it."""
    add(town, "Ana")
    add(town, "Bea")
    town.publish(f'name: Sale\nentry: {{kind: audience, on: 2026-11-02, time: "10:00"}}\nzone: UTC\n{HELLO}')
    assert texts(town) == []
    town.advance(HOUR)
    assert sorted(texts(town)) == ["Hello Ana", "Hello Bea"]
    town.advance(DAY)
    assert len(texts(town)) == 2
    assert town.rows("select state, day::text from journey_round") == [("done", "2026-11-02")]


def test_T1_a_segment_by_each_customers_clock(town: Town) -> None:
    """Each at 21:00 of their own, where they are still in the segment then."""
    ana, rio = add(town, "Ana", "Asia/Tokyo", tier="gold"), add(town, "Rio", "America/Sao_Paulo", tier="gold")
    add(town, "Bob", "Europe/Lisbon", tier="gold")
    add(town, "Cid", "Europe/Lisbon", tier="silver")
    town.publish_segment("name: Gold\nwhere: {attribute: tier, is: gold}\n")
    town.publish(
        'name: Sale\nentry: {kind: audience, segment: gold, on: 2026-11-03, time: "21:00", clock: customer}\n' + HELLO
    )
    town.advance(DAY)  # 2026-11-03 09:00 UTC: in Tokyo it is 18:00
    assert texts(town) == []
    assert {contact for contact, step in town.live_runs() if step == ""} >= {ana, rio}
    town.advance(3 * HOUR)
    assert texts(town) == ["Hello Ana"]
    town.event("identify", user="bob", traits={"tier": "silver"})
    town.advance(9 * HOUR)
    assert texts(town) == ["Hello Ana"]
    assert ("", "not_entered", "entry", "entry.left_audience") in town.ledger()
    town.advance(3 * HOUR)  # 2026-11-04 00:00 UTC: 21:00 in São Paulo
    assert texts(town) == ["Hello Ana", "Hello Rio"]


def test_T5_who_moves_begins_by_the_new_clock(town: Town) -> None:
    """While the hour is still to come."""
    add(town, "Ana", "Asia/Tokyo")
    town.publish('name: Sale\nentry: {kind: audience, on: 2026-11-03, time: "21:00", clock: customer}\n' + HELLO)
    town.advance(DAY)
    town.event("identify", user="ana", traits={"timezone": "Europe/Lisbon"})
    town.advance(3 * HOUR)
    assert texts(town) == []
    town.advance(9 * HOUR)
    assert texts(town) == ["Hello Ana"]


@pytest.mark.parametrize(
    ("every", "days", "count"),
    [("every: day", 2, 3), ("every: week, weekdays: [tue, thu]", 6, 2), ("every: month, day: 31", 29, 1)],
)
def test_again_and_again(town: Town, every: str, days: int, count: int) -> None:
    """Every day, on days of the week, on the last day of a month."""
    add(town, "Ana")
    town.publish(
        f'name: Often\nentry: {{kind: audience, {every}, time: "12:00"}}\nzone: UTC\n'
        "steps: [{id: note, kind: update, set: {seen: true}}]\n"
    )
    town.advance(3 * HOUR)
    for _ in range(days):
        town.advance(DAY)
    assert len(town.past_runs()) == count


def test_T6_what_is_late_is_not_made_up_for(town: Town) -> None:
    """The engine was away for two hours."""
    add(town, "Ana")
    town.publish(f'name: Sale\nentry: {{kind: audience, on: 2026-11-02, time: "10:00"}}\nzone: UTC\n{HELLO}')
    town.advance(3 * HOUR)
    assert texts(town) == []
    assert town.rows("select state from journey_round") == [("skipped",)]


def test_a_birthday_by_the_customers_clock(town: Town) -> None:
    """Three days before, at 09:00 there; another date is none."""
    add(town, "Ana", "America/Sao_Paulo", birthday="1990-11-06")
    add(town, "Bea", "America/Sao_Paulo", birthday="1990-11-07")
    town.publish(
        'name: Birthday\nentry: {kind: date, attribute: birthday, days_before: 3, time: "09:00"}\n'
        "steps: [{id: m, kind: message, channels: [sms], text: '{{ contact.name }} is soon {{ event.years }}'}]\n"
    )
    town.advance(DAY)
    assert texts(town) == []
    town.advance(3 * HOUR)
    assert texts(town) == ["Ana is soon 36"]
    town.advance(DAY)
    assert texts(town) == ["Ana is soon 36", "Bea is soon 36"]
    town.advance(2 * DAY)
    assert len(texts(town)) == 2


def test_R4_who_is_inside_at_the_launch_enters_where_that_is_said(town: Town) -> None:
    """Once; who comes in later enters by the edge."""
    add(town, "Ana", tier="gold")
    town.publish_segment("name: Gold\nwhere: {attribute: tier, is: gold}\n")
    town.publish("name: Welcome\nentry: {kind: segment, segment: gold, already_inside: true}\n" + HELLO)
    town.drain()
    assert texts(town) == ["Hello Ana"]
    add(town, "Bea", tier="gold")
    assert texts(town) == ["Hello Ana", "Hello Bea"]


def test_a_round_goes_on_where_an_engine_was_killed(town: Town) -> None:
    """Shards that are done are not looked through again, and nobody enters twice."""
    from tertulia.ids import SHARDS, shard_of_contact

    ana, bea = add(town, "Ana"), add(town, "Bea")
    town.publish(f'name: Sale\nentry: {{kind: audience, on: 2026-11-02, time: "10:00"}}\nzone: UTC\n{HELLO}')
    town.now += HOUR
    from tertulia.store.clock import set_test_clock

    set_test_clock(town.conn, town.now)
    town.conn.commit()
    while not town.rows("select 1 from round_shard where shard = %s", shard_of_contact(ana)):
        town.engine.run_round()
    town.engine_conn.close()
    from tertulia.store.db import connect
    from tertulia.workers.engine import Engine

    town.engine_conn = connect(town.url)
    town.engine = Engine(town.engine_conn, "https://t.example", name="test", test_clock=True)
    town.drain()
    assert len(town.rows("select 1 from round_shard")) == len(SHARDS)
    assert sorted(texts(town)) == ["Hello Ana", "Hello Bea"]
    assert bea != ana


def test_the_core_lists_rounds_across_a_change_of_the_clocks() -> None:
    """T1, T2: 02:30 in Lisbon of the night in March is 01:00 UTC, for the clock leaps over it."""
    from tertulia.core.journeys import AudienceEntry, Journey
    from tertulia.core.rounds import list_rounds
    from tertulia.core.zones import load_zone

    entry = AudienceEntry(every="day", time="01:30")
    journey = Journey(name="x", entry=entry, steps=(), zone="Europe/Lisbon")
    since = datetime(2027, 3, 27, 12, tzinfo=UTC)
    found = list(list_rounds(journey, since, since + timedelta(days=3), load_zone("Europe/Lisbon")))
    assert [row.due_at.isoformat() for row in found] == [
        "2027-03-28T01:00:00+00:00",
        "2027-03-29T00:30:00+00:00",
        "2027-03-30T00:30:00+00:00",
    ]
    assert json.dumps([row.day.isoformat() for row in found]) == '["2027-03-28", "2027-03-29", "2027-03-30"]'
