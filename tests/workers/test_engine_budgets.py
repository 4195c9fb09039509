"""V3, R5: throttles, and budgets of a workspace, a journey and a match through the engine on a real database."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.workers.town import Town

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PRICE = 50_000  # millionths: what a part of an SMS costs here

SERIES = """
name: Series
entry: {event: Order Completed}
steps:
  - {id: tell, kind: message, channels: [sms], text: "Thank you"}
"""


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace whose source 1 is its shop's server."""
    from tertulia.data.models import Source

    with Town(empty_database) as made:
        Source.objects.create(id=1, workspace=made.workspace, name="Shop", write_key="wk_1")
        made._change_epoch()
        yield made


def add_customers(town: Town, count: int) -> list[int]:
    """Whom the shop knows as `u0`, `u1` and so on."""
    found = []
    for n in range(count):
        contact = town.add_contact(f"C{n}", f"+55119876500{n:02}")
        town.list_contact(contact, f"u{n}")
        found.append(contact)
    return found


def order(town: Town, *numbers: int) -> None:
    for n in numbers:
        town.append_event("track", user=f"u{n}", name="Order Completed")
    town.drain()


def set_budget(town: Town, **told: Any) -> None:
    from tertulia.actions.budgets import set_budget

    set_budget(town.workspace, None, town.now, told)
    town.drain()


def held(town: Town) -> list[tuple[Any, ...]]:
    return town.rows("select reason, facts -> 'used' -> 'short' ->> 'per' from ledger where outcome = 'held'")


def notices(town: Town) -> list[tuple[Any, ...]]:
    return town.rows("select kind, facts ->> 'period', facts ->> 'name' from notice order by id")


def test_V3_a_day_is_spent_and_the_next_begins(town: Town) -> None:
    """Held with the reason until midnight of the workspace's zone; people are told at 80 % and at the end, once."""
    add_customers(town, 8)
    town.publish(SERIES)
    set_budget(town, day=0.25)
    order(town, 0, 1, 2)
    assert notices(town) == []
    order(town, 3, 4, 5, 6)
    assert len(town.sending("sms")) == 5
    assert held(town) == [("budget.spent", "day")] * 2
    assert notices(town) == [("budget_low", "2026-11-02", ""), ("budget_spent", "2026-11-02", "")]
    order(town, 7)
    assert len(notices(town)) == 2
    town.advance(14 * HOUR)
    assert len(town.sending("sms")) == 5
    town.advance(HOUR)
    assert len(town.sending("sms")) == 8


def test_V3_a_raised_budget_wakes_what_waits(town: Town) -> None:
    """At once, a journey's by its newest revision, in which nobody is who waits."""
    add_customers(town, 4)
    journey = town.publish(SERIES + "budget: {total: 0.1}\n")
    order(town, 0, 1, 2, 3)
    assert len(town.sending("sms")) == 2
    assert notices(town) == [("budget_low", "total", "Series"), ("budget_spent", "total", "Series")]
    town.republish(journey, 2, SERIES + "budget: {total: 0.15}\n")
    town.drain()
    assert len(town.sending("sms")) == 3
    assert notices(town)[2:] == [("budget_low", "total", "Series"), ("budget_spent", "total", "Series")]


def test_V3_what_waits_for_a_total_is_looked_at_when_something_changes(town: Town) -> None:
    """Neither every hour nor every day: when money comes back, soon after."""
    add_customers(town, 3)
    town.publish(SERIES + "budget: {total: 0.05}\n")
    order(town, 0, 1, 2)
    [sent] = town.sending("sms")
    for _ in range(3):
        town.advance(2 * DAY)
    assert held(town) == [("budget.spent", "total")] * 2
    town.outcome(sent, "gone", reason="gone.unknown")
    town.advance(timedelta(minutes=11))
    assert len(town.sending("sms")) == 1
    town.advance(DAY)
    assert held(town) == [("budget.spent", "total")] * 3


def test_V3_a_lower_price_wakes_what_waits_for_a_total(town: Town) -> None:
    """What is left is enough for it now."""
    add_customers(town, 2)
    town.publish(SERIES + "budget: {total: 0.06}\n")
    order(town, 0, 1)
    assert len(town.sending("sms")) == 1
    town.channel("sms").price_micros = PRICE // 5
    town._set_channel("sms", "live")
    town.drain()
    assert len(town.sending("sms")) == 2


def test_V3_what_no_provider_took_comes_back(town: Town) -> None:
    """A retry has its money already; a final refusal gives it back, and who comes next has it."""
    add_customers(town, 3)
    town.publish(SERIES + "budget: {total: 0.05}\n")
    order(town, 0)
    [sent] = town.sending("sms")
    town.outcome(sent, "retry", reason="retry.throttled", retry_after_s=60)
    town.advance(timedelta(minutes=2))
    [again] = town.sending("sms")
    assert again.attempt == 2
    order(town, 1)
    assert len(town.sending("sms")) == 1
    town.outcome(again, "gone", reason="gone.unknown")
    order(town, 2)
    assert [row.attempt for row in town.sending("sms")] == [1]
    assert town.rows("select taken from allowance") == [(PRICE,)]
    assert town.rows("select content ? 'reserved' from delivery") == [(False,)]


def test_V3_parts_count_and_a_dear_message_is_not_sent(town: Town) -> None:
    """Two parts cost twice; a message dearer than one may be is dropped, and its reason says so."""
    add_customers(town, 2)
    town.publish(SERIES.replace("Thank you", "Thank you " * 20) + "budget: {message: 0.1, total: 1}\n")
    order(town, 0)
    assert town.rows("select taken - unspent from allowance join allowance_part using (scope)") == [(2 * PRICE,)]
    set_budget(town, message=0.06)
    order(town, 1)
    [(reason, facts)] = town.rows("select reason, facts -> 'used' from ledger where outcome = 'not_sent'")
    assert reason == "budget.too_dear"
    assert (facts["cost_micros"], facts["most_micros"], facts["most_of"]) == (2 * PRICE, 60_000, "workspace")


def test_V3_what_a_customer_asked_for_counts_and_is_not_held(town: Town) -> None:
    """Transactional messages go out when the day is spent, and leave nothing for others."""
    add_customers(town, 3)
    town.publish("class: transactional" + SERIES)
    set_budget(town, day=0.05)
    order(town, 0, 1)
    assert len(town.sending("sms")) == 2
    assert town.rows("select taken from allowance") == [(2 * PRICE,)]
    town.publish(SERIES.replace("Order Completed", "Cart Left"))
    town.event("track", user="u2", name="Cart Left")
    assert held(town) == [("budget.spent", "day")]


def test_V3_a_second_copy_is_paid_for_too(town: Town) -> None:
    """Nobody knows whether the first arrived (S3)."""
    add_customers(town, 1)
    town.publish("class: transactional" + SERIES)
    set_budget(town, day=5)
    order(town, 0)
    [sent] = town.sending("sms")
    town.outcome(sent, "ambiguous", lost=True)
    town.advance(timedelta(minutes=2))
    assert [row.attempt for row in town.sending("sms")] == [2]
    assert town.rows("select taken from allowance") == [(2 * PRICE,)]


def test_R5_owners_take_parts_and_never_more_than_the_total(town: Town) -> None:
    """What one holds another does not spend, and has it when it is returned; of the dead whoever takes their shards."""
    from tertulia.core.budgets import TotalKey
    from tertulia.store.allowances import return_parts, take_parts

    key = TotalKey(town.workspace.pk, "budget", "2026-11")
    conn = town.conn
    assert take_parts(conn, "a", {key: (100, 70)}) == {key: (70, False)}
    assert take_parts(conn, "b", {key: (100, 70)}) == {key: (30, True)}
    assert take_parts(conn, "b", {key: (100, 70)}) == {key: (30, True)}
    return_parts(conn, "a", town.now)
    assert take_parts(conn, "b", {key: (100, 70)}) == {key: (70, False)}
    assert take_parts(conn, "b", {key: (60, 90)}) == {key: (70, False)}
    return_parts(conn, "", town.now)
    conn.commit()
    assert town.rows("select taken from allowance") == [(0,)]
    assert town.rows("select count(*) from allowance_part") == [(0,)]


def test_R5_who_finds_the_rest_with_another_owner_asks_again_soon(town: Town) -> None:
    """It is no promise: the ledger names no time."""
    from tertulia.core.budgets import TotalKey
    from tertulia.store.allowances import return_parts, take_parts

    add_customers(town, 1)
    journey = town.publish(SERIES + "budget: {total: 0.05}\n")
    town.drain()
    key = TotalKey(town.workspace.pk, f"budget:journey:{journey.pk}", "total")
    take_parts(town.conn, "another", {key: (PRICE, PRICE)})
    town.conn.commit()
    order(town, 0)
    assert held(town) == [("budget.spent", "total")]
    assert notices(town) == []
    return_parts(town.conn, "another", town.now)
    town.conn.commit()
    town.advance(timedelta(seconds=20))
    assert len(town.sending("sms")) == 1


def test_V3_a_matchs_budget_is_one_total(town: Town) -> None:
    """What is under way counts before anybody answers; raised, it goes on."""
    from tertulia.data.models import Match

    add_customers(town, 3)
    match = town.launch("Hi {{ link }}", budget_micros=2 * PRICE)
    assert len(town.sending("sms")) == 2
    assert notices(town)[-1] == ("budget_spent", "total", "November")
    Match.objects.filter(pk=match).update(budget_micros=3 * PRICE)
    town._change_epoch()
    town.drain()
    assert len(town.sending("sms")) == 3


def test_V3_prices_in_another_currency_are_converted(town: Town) -> None:
    """By the workspace's own rate."""
    from tertulia.data.models import Channel

    add_customers(town, 2)
    Channel.objects.filter(pk=town.channel("sms").pk).update(
        price_micros=None, settings={"prices": "* = 0.05 USD", "url": "https://sms.example"}
    )
    town.publish(SERIES)
    set_budget(town, day=0.5, rates={"USD": 5.5})
    order(town, 0, 1)
    assert len(town.sending("sms")) == 1
    assert town.rows("select taken - unspent from allowance join allowance_part using (scope)") == [(275_000,)]


def test_R5_a_throttle_spreads_what_comes_together(town: Town) -> None:
    """One every ten minutes, whoever came first; a newer speed holds for who waits; a retry takes no turn."""
    add_customers(town, 6)
    document = "class: transactional" + SERIES
    journey = town.publish(document + "throttle: {messages: 6, per: 1 h}\n")
    order(town, 0, 1, 2, 3)
    [first] = town.sending("sms")
    assert town.rows("select drawn, done from throttle_line") == [(3, 0)]
    waits = (
        "select extract(epoch from not_before - %s)::int, held_by from delivery_open where state = 'queued' order by 1"
    )
    assert town.rows(waits, town.now) == [(600, "throttle"), (1200, "throttle"), (1800, "throttle")]
    town.outcome(first, "retry", reason="retry.throttled", retry_after_s=60)
    town.advance(timedelta(minutes=2))
    assert [row.attempt for row in town.sending("sms")] == [2]
    town.advance(timedelta(minutes=8))
    assert len(town.sending("sms")) == 2
    order(town, 4)
    town.advance(timedelta(minutes=10))
    assert len(town.sending("sms")) == 3
    town.republish(journey, 2, document + "throttle: {messages: 60, per: 1 h}\n")
    town.drain()
    for _ in range(12):
        town.advance(timedelta(minutes=1))
    assert len(town.sending("sms")) == 5
    assert town.rows("select drawn, done from throttle_line") == [(4, 4)]


def test_A3_who_is_held_out_takes_no_turn(town: Town) -> None:
    """They wait for one as others do, and it is free when they had it."""
    add_customers(town, 12)
    town.publish(SERIES + "hold_out: 50%\nthrottle: {messages: 1, per: 1 h}\n")
    order(town, *range(12))
    for _ in range(12):
        town.advance(HOUR)
    [(ghosts,)] = town.rows("select count(*)::int from ledger where outcome = 'ghost'")
    [(sent, hours)] = town.rows("select count(*)::int, count(distinct at)::int from ledger where outcome = 'sent'")
    assert 0 < ghosts < 12
    assert sent == hours == 12 - ghosts
    assert town.rows("select drawn = done from throttle_line") == [(True,)]  # how many waited hangs on who is held out
    after = "select next_at - (select max(at) from ledger where outcome = 'sent') = interval '1 h' from throttle_line"
    assert town.rows(after) == [(True,)]
