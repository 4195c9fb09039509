"""Goals of journeys (G1-G3), through the engine on a real database."""

from datetime import timedelta

import pytest
from tests.workers.test_engine_entries import town
from tests.workers.test_engine_journeys import CART, DAY, HOUR, MINUTE, add_customer, add_to_cart
from tests.workers.town import Town

from tertulia.core.entries import ClickEntry, LinkedMessage, ReceiptEntry

__all__ = ["town"]

PLAIN = CART.replace("exceptions:\n  - event: Order Completed\n", "")
GOAL = "goal: {event: Order Completed, within: 3 d, where: {property: total, over: 10}}\n"
FROM_SEND = GOAL.replace("within: 3 d", "within: 3 d, from: send")


def buy(town: Town, total: int = 50, **facts: object) -> None:
    town.event("track", user="u1", name="Order Completed", properties={"total": total}, **facts)


def goals(town: Town) -> list[tuple[str]]:
    """The steps to which goals are owed."""
    return town.rows("select step from goal order by at")


def counted(town: Town) -> dict[str, int]:
    return dict(town.rows("select step, count::int from step_tally where what = 'goal'"))


def send(town: Town) -> None:
    """The cart's message goes out, and the run is over."""
    town.advance(HOUR)
    [sent] = town.sending("sms")
    town.outcome(sent, "ok", provider_id="p1")
    assert len(town.past_runs()) == 1


def test_G1_a_goal_is_reached_once_in_a_run(town: Town) -> None:
    """By the event, its filter and its window; a second order is the same run's."""
    add_customer(town)
    town.publish(PLAIN + GOAL)
    add_to_cart(town)
    buy(town, total=5)
    assert goals(town) == []
    buy(town)
    buy(town)
    assert (goals(town), counted(town)) == ([("",)], {"": 1})
    assert len(town.live_runs()) == 1  # a goal ends nothing


def test_G1_the_same_event_ends_the_run_and_is_its_goal(town: Town) -> None:
    """Both are recorded, at the instant at which it occurred."""
    contact = add_customer(town)
    town.publish(CART + GOAL)
    add_to_cart(town)
    town.advance(10 * MINUTE)
    at = town.now - MINUTE
    buy(town, at=at)
    assert town.past_runs() == [(contact, "exited", "run.exception")]
    assert town.rows("select at, event_id = (select event_id from run) from goal") == [(at, True)]


@pytest.mark.parametrize(("after", "reached"), [(DAY, 1), (3 * DAY - HOUR, 1), (3 * DAY - HOUR + MINUTE, 0)])
def test_G3_the_window_goes_on_after_the_end_of_the_run(town: Town, after: timedelta, reached: int) -> None:
    """From entry; the last message before it is credited."""
    add_customer(town)
    town.publish(PLAIN + GOAL)
    add_to_cart(town)
    send(town)
    town.advance(after)
    buy(town)
    assert goals(town) == [("remind",)] * reached
    assert counted(town) == ({"": 1, "remind": 1} if reached else {})


@pytest.mark.parametrize(("after", "reached"), [(3 * DAY, 1), (3 * DAY + MINUTE, 0)])
def test_G1_a_window_from_the_last_message(town: Town, after: timedelta, reached: int) -> None:
    """Before there is one nothing is reached."""
    add_customer(town)
    town.publish(PLAIN + FROM_SEND)
    add_to_cart(town)
    buy(town)
    assert goals(town) == []
    send(town)
    town.advance(after)
    buy(town)
    assert goals(town) == [("remind",)] * reached


def test_G1_what_occurred_before_counts_not_and_what_comes_late_does(town: Town) -> None:
    """By the instant at which it occurred."""
    add_customer(town)
    town.publish(PLAIN + GOAL)
    add_to_cart(town)
    buy(town, at=town.now - MINUTE)
    assert goals(town) == []
    town.advance(4 * DAY)
    buy(town, at=town.now - 2 * DAY)
    assert goals(town) == [("",)]  # the message went out after that


def test_G3_a_run_keeps_the_goal_that_it_entered_with(town: Town) -> None:
    """Though the journey has another by now, and nobody is in the old revision any more."""
    add_customer(town)
    journey = town.publish(PLAIN + GOAL)
    add_to_cart(town)
    send(town)
    town.republish(journey, 2, PLAIN + GOAL.replace("Order Completed", "Something Else"))
    buy(town)
    assert goals(town) == [("remind",)]


def test_G1_a_run_that_begins_again_has_a_new_window(town: Town) -> None:
    """And still one goal."""
    add_customer(town)
    town.publish(PLAIN.replace("  event: Product Added", "  event: Product Added\n  second: restart") + GOAL)
    add_to_cart(town)
    town.advance(30 * MINUTE)
    add_to_cart(town)
    [(since,)] = town.rows("select since from goal_open")
    assert since == town.now
    buy(town)
    add_to_cart(town)
    buy(town)
    assert (goals(town), counted(town)) == ([("",)], {"": 1})


def test_C5_an_erased_person_reaches_no_goal(town: Town) -> None:
    """Their windows are gone."""
    contact = add_customer(town)
    town.publish(PLAIN + GOAL)
    add_to_cart(town)
    town.erase(contact)
    assert town.rows("select run_id from goal_open") == []


def test_windows_that_are_over_are_dropped(town: Town) -> None:
    """When no late event is taken any more."""
    from tertulia.store.goals import forget_goals

    add_customer(town)
    town.publish(PLAIN + GOAL)
    add_to_cart(town)
    assert forget_goals(town.conn, town.now + 6 * DAY) == 0
    assert forget_goals(town.conn, town.now + 6 * DAY + MINUTE) == 1
    town.conn.commit()
    assert town.rows("select run_id from goal_open") == []


def test_G1_a_window_that_a_reading_or_a_click_begins(town: Town) -> None:
    """Nothing before it counts; the last one begins it again, also of a run that is over. Who clicks has read."""
    contact = add_customer(town)
    linked = PLAIN.replace(
        "text: Hi {{ contact.name }}, {{ event.product }} waits.", "text: \"{{ 'https://a.example' | link }}\""
    )
    kinds = [GOAL.replace("within: 3 d", f"within: 1 h, from: {name}") for name in ("open", "click")]
    by_reading, by_click = (town.publish(linked + told).pk for told in kinds)
    add_to_cart(town)
    buy(town)
    town.advance(HOUR)
    for sent in town.sending("sms"):
        town.outcome(sent, "ok", provider_id=f"p-{sent.id}")
        town.receipt(sent, "delivered", provider_id=f"p-{sent.id}")
        town.advance(MINUTE)
        buy(town)
        assert goals(town) == []
    assert town.rows("select journey_id from goal_open order by 1") == [(by_reading,), (by_click,)]
    [(read, channel)] = town.rows("select id, channel_id from delivery where journey_id = %s", by_reading)
    town.append(ReceiptEntry(channel, "sms", "read", town.now, "", delivery_id=read))
    town.drain()
    buy(town)
    assert (goals(town), counted(town)) == ([("remind",)], {"": 1, "remind": 1})
    link = """select code_hash, delivery_id, channel_id, journey_id, run_id, step, name from message_link
              where journey_id = %s"""
    [(code, *of)] = town.rows(link, by_click)
    for hours in (2, 0):
        told = (contact, None, bytes(code).hex(), "web", "human", town.now, f"n{hours}", False, LinkedMessage(*of))
        town.append(ClickEntry(*told), contact)
        town.drain()
        town.advance(hours * HOUR)
        buy(town)
        assert len(goals(town)) == (1 if hours else 2)


TWO = (
    PLAIN
    + "  - {id: rest, kind: wait, for: 1 h}\n  - {id: again, kind: message, channels: [sms], text: Still there.}\n"
)


@pytest.mark.parametrize(("after", "step"), [(30 * MINUTE, ""), (90 * MINUTE, "remind"), (150 * MINUTE, "again")])
def test_G2_the_last_message_before_the_event_is_credited(town: Town, after: timedelta, step: str) -> None:
    """And the journey with it; nothing is owed to a message that comes later."""
    add_customer(town)
    town.publish(TWO + GOAL)
    add_to_cart(town)
    begun = town.now
    for span in (30 * MINUTE, HOUR, HOUR):
        town.advance(span)
        for sent in town.sending("sms"):
            town.outcome(sent, "ok", provider_id=f"{sent.id}")
        if town.now == begun + after:
            buy(town)
    assert goals(town) == [(step,)]
    assert counted(town) == {"": 1, **({step: 1} if step else {})}


@pytest.mark.parametrize(("ago", "step"), [(150 * MINUTE, ""), (90 * MINUTE, "remind"), (15 * MINUTE, "again")])
def test_G2_an_order_that_comes_late_is_owed_to_what_had_gone_out_before_it(
    town: Town, ago: timedelta, step: str
) -> None:
    """Though another message went out since; so is one that no message had gone out before."""
    add_customer(town)
    town.publish(TWO + GOAL)
    add_to_cart(town)
    for span in (HOUR, HOUR, HOUR):
        town.advance(span)
        for sent in town.sending("sms"):
            town.outcome(sent, "ok", provider_id=f"{sent.id}")
    buy(town, at=town.now - ago)
    assert goals(town) == [(step,)]


AGAIN = PLAIN + "  - {id: rest, kind: wait, for: 1 h}\n  - {id: again, kind: message, channels: [sms], text: Again}\n"


@pytest.mark.parametrize("told", ["refused", "before", "after", "delivered"])
def test_G2_what_was_not_received_is_owed_nothing(town: Town, told: str) -> None:
    """The provider refuses it, or a receipt says so, be it when the goal is reached already; delivered after all, it
    was received."""
    add_customer(town)
    town.publish(AGAIN + GOAL)
    add_to_cart(town)
    town.advance(HOUR)
    [first] = town.sending("sms")
    town.outcome(first, "ok", provider_id="p1")
    town.advance(HOUR)
    [second] = town.sending("sms")
    town.outcome(second, "gone" if told == "refused" else "ok", provider_id="p2")
    if told == "after":
        buy(town)
        assert (goals(town), counted(town)) == ([("again",)], {"": 1, "again": 1})
    for state in {"refused": [], "delivered": ["failed", "delivered"]}.get(told, ["failed"]):
        town.append(ReceiptEntry(second.channel_id, "sms", state, town.now, "p2", delivery_id=second.id))
        town.drain()
    town.advance(MINUTE)
    if told != "after":
        buy(town)
    owed = "again" if told == "delivered" else "remind"
    assert goals(town) == [(owed,)]
    assert {step: count for step, count in counted(town).items() if count} == {"": 1, owed: 1}
