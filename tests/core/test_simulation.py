"""Journeys played on a virtual clock: the clock jumps, the core decides, nothing else is there."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.core.imagined import (
    NOW,
    SHOP,
    SMS,
    Arrival,
    make_config,
    make_customer,
    make_memory,
    make_shop,
    play,
    provide,
    track,
)

from tertulia.core.caps import read_cap
from tertulia.core.entries import Entry, EventEntry, OutcomeEntry
from tertulia.core.rows import AddressRow, OpenDelivery
from tertulia.core.simulation.play import accept
from tertulia.core.world import PoolFacts

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
CART = """
name: Cart reminder
entry: {event: Product Added, where: {property: price, over: 100}}
exceptions: [{event: Order Completed}]
steps:
  - {id: pause, kind: wait, for: 1 h}
  - {id: remind, kind: message, channels: [sms], text: "Hi {{ contact.name }}, {{ event.product }} waits."}
"""


def test_the_clock_jumps_to_what_is_due() -> None:
    """An event, an hour, a message, its delivery, the end."""
    memory = make_shop(make_config(CART))
    report = play(memory, [track(1, NOW, "Product Added", price=120, product="Coffee")], NOW + DAY)
    assert (report.entered, report.completed, len(report.inside)) == (1, 1, 0)
    assert report.sent == {(NOW.date(), SMS): 1}
    [sample] = report.samples
    assert (sample.at, sample.name, sample.text) == (NOW + HOUR, "Ana", "Hi Ana, Coffee waits.")
    assert report.cost_micros == {"BRL": 50_000}
    assert memory.rows.runs == memory.rows.open == memory.rows.closed == {}


def test_what_happens_after_the_end_is_not_played() -> None:
    """The run waits, and its message is in no figure."""
    report = play(make_shop(make_config(CART)), [track(1, NOW, "Product Added", price=120)], NOW + HOUR / 2)
    assert (report.entered, report.messages, len(report.inside)) == (1, 0, 1)


def test_an_event_after_the_end_is_not_played_and_what_is_due_before_it_is() -> None:
    """The message goes out; the second cart is not seen."""
    arrivals = [track(n, NOW + n * DAY, "Product Added", price=120, product="x") for n in (0, 2)]
    report = play(make_shop(make_config(CART)), arrivals, NOW + DAY)
    assert (report.entered, report.messages, report.completed) == (1, 1, 1)


def test_X1_an_exception_ends_the_run() -> None:
    """And is counted where the run stood."""
    arrivals = [track(1, NOW, "Product Added", price=120), track(2, NOW + HOUR / 2, "Order Completed")]
    report = play(make_shop(make_config(CART)), arrivals, NOW + DAY)
    assert report.ended == {("exited", "run.exception"): 1}
    assert report.steps == {("pause", "reached"): 1, ("pause", "exited"): 1}


def test_E1_the_same_event_again_has_no_effect() -> None:
    """However often it comes."""
    parallel = CART.replace("entry: {", "entry: {second: parallel, ")
    arrivals = [track(1, NOW, "Product Added", price=120) for _ in range(3)]
    assert play(make_shop(make_config(parallel)), arrivals, NOW + DAY).entered == 1


def test_E5_an_exception_that_was_received_first_keeps_a_run_from_starting() -> None:
    """The simulation remembers it, and when it is over forgets it."""
    late = Arrival(
        NOW + HOUR, SHOP, EventEntry(1, "track", "m2", NOW, NOW, "Product Added", "u1", properties={"price": 200})
    )
    arrivals = [track(1, NOW + HOUR / 2, "Order Completed"), late]
    report = play(make_shop(make_config(CART)), arrivals, NOW + DAY)
    assert (report.entered, report.refused) == (0, {"entry.exception": 1})


def test_who_did_not_agree_is_not_written_to() -> None:
    """The gates are the real ones."""
    memory = make_memory(make_config(CART), NOW)
    memory.add_contact(make_customer(1, agreed=False))
    report = play(memory, [track(1, NOW, "Product Added", price=120, product="Coffee")], NOW + DAY)
    assert report.unsent == {("remind", "not_sent", "consent", "consent.none"): 1}
    assert report.completed == 1


def test_journeys_beside_it_run_too() -> None:
    """One journey's attribute decides another's branch; the figures are of the one that is asked about."""
    marks = "name: Marks\nentry: {event: Seen}\nsteps: [{id: mark, kind: update, set: {plan: gold}}]\n"
    gold = "name: Gold\nentry: {event: Bought, where: {attribute: plan, is: gold}}\nsteps: [{id: w, kind: exit}]\n"
    arrivals = [track(1, NOW, "Bought"), track(2, NOW + HOUR, "Seen"), track(3, NOW + 2 * HOUR, "Bought")]
    assert play(make_shop(make_config(marks, gold)), arrivals, NOW + DAY, journey=2).entered == 1


def test_R6_visits_are_followed_where_a_journey_listens_to_them() -> None:
    """Half an hour after the last thing that was done."""
    visit = """
name: Visit
entry: {event: session_ended, where: {property: events, over: 1}}
steps: [{id: back, kind: message, channels: [sms], text: "{{ event.events }}"}]
"""
    arrivals = [track(n, NOW + n * HOUR / 6, "Product Viewed") for n in range(1, 4)]
    report = play(make_shop(make_config(visit)), arrivals, NOW + DAY)
    [sample] = report.samples
    assert (sample.text, sample.at) == ("3", NOW + HOUR)


def test_unknown_visitors_become_contacts() -> None:
    """Who cannot be reached, and whose messages say so."""
    report = play(make_shop(make_config(CART)), [track(1, NOW, "Product Added", user="nobody", price=120)], NOW + DAY)
    assert report.unsent == {("remind", "not_sent", "address", "address.none"): 1}


def test_Q2_quiet_hours_hold_a_message_until_they_are_over() -> None:
    """Six in the morning in São Paulo; it is counted once, and goes out after eleven there."""
    hours = CART.replace("steps:", 'window: [{from: "11:00", to: "13:00"}]\nsteps:')
    report = play(make_shop(make_config(hours)), [track(1, NOW, "Product Added", price=120, product="x")], NOW + DAY)
    assert (report.count_held("send_window"), report.count_held("cap"), report.messages) == (1, 0, 1)
    [sample] = report.samples
    assert NOW + 5 * HOUR <= sample.at < NOW + 6 * HOUR


def test_F6_a_cap_holds_a_message_until_there_is_room() -> None:
    """Two journeys write to one customer; the second waits for a day."""
    caps = (read_cap("one a day", {"limit": 1, "per": "24 h"}),)
    memory = make_shop(make_config(CART, CART.replace("for: 1 h", "for: 2 h"), caps=caps))
    report = play(memory, [track(1, NOW, "Product Added", price=120, product="x")], NOW + 3 * DAY, journey=2)
    assert (report.count_held("cap"), report.messages) == (1, 1)
    assert report.samples[0].at == NOW + HOUR + DAY


def test_F6_a_message_that_fails_makes_room_at_once() -> None:
    """The other journey's waits for nothing any more."""
    caps = (read_cap("one a day", {"limit": 1, "per": "24 h"}),)
    memory = make_shop(make_config(CART, CART, caps=caps))
    arrivals = [track(1, NOW, "Product Added", price=120, product="x")]
    report = play(memory, arrivals, NOW + 3 * DAY, journey=2, answer=provide(refused=100))
    assert report.count_held("cap") == 1
    assert report.samples[0].at == NOW + HOUR


GIFT = """
name: Gift
class: transactional
entry: {event: Product Added}
steps:
  - {id: gift, kind: coupon, pool: welcome}
  - {id: tell, kind: message, channels: [sms], text: "{{ coupons.gift.code }}"}
  - {id: pause, kind: wait, for: 1 h}
  - {id: again, kind: message, channels: [sms], text: "{{ coupons.gift.code }}"}
"""


def test_S5_codes_that_would_be_given_are_counted() -> None:
    """One to each customer, in whichever message; none where the provider refuses it."""
    pool = PoolFacts(3, SHOP, "welcome", "Welcome", "SAMPLE", None, 0)
    config = replace(make_config(GIFT), pools={(SHOP, "welcome"): pool}, giving=frozenset({1}))
    arrivals = [track(n, NOW + n * HOUR / 6, "Product Added", user=f"u{n}") for n in (1, 2)]
    arrivals.append(track(3, NOW + 2 * HOUR, "Product Added"))
    report = play(make_shop(config, 2), arrivals, NOW + DAY)
    assert (report.messages, report.count_coupons(), report.samples[0].text) == (6, {3: 2}, "SAMPLE")
    refused = play(make_shop(config, 2), arrivals, NOW + DAY, answer=provide(refused=100))
    assert refused.count_coupons() == {}


def test_R5_no_more_enter_than_may() -> None:
    """One a day: the second is refused, the next day's is not."""
    arrivals = [track(n, NOW + n * HOUR, "Product Added", f"u{n}", price=120) for n in (1, 2, 27)]
    report = play(make_shop(make_config(CART + "entries: {per_day: 1}\n"), 27), arrivals, NOW + 3 * DAY)
    assert (report.entered, report.refused) == (2, {"entry.cap": 1})


def test_a_stopped_channel_keeps_its_messages() -> None:
    """They wait, and are neither sent nor refused."""
    memory = make_shop(make_config(CART, channel_state="paused"))
    report = play(memory, [track(1, NOW, "Product Added", price=120, product="x")], NOW + DAY)
    assert (report.messages, len(report.waiting), len(report.inside)) == (0, 1, 1)


def test_a_provider_may_be_told_to_refuse() -> None:
    """A stated answer in place of the good one."""

    def refuse(delivery: OpenDelivery, now: object) -> list[Entry]:
        [outcome, _receipt] = accept(delivery, NOW)
        assert isinstance(outcome, OutcomeEntry)
        return [OutcomeEntry(SMS, "", delivery.id, delivery.attempt, NOW, "gone", reason="gone.unknown")]

    memory = make_shop(make_config(CART))
    report = play(memory, [track(1, NOW, "Product Added", price=120, product="x")], NOW + DAY, answer=refuse)
    assert report.unsent == {("remind", "failed", "provider", "gone.unknown"): 1}
    assert not report.cost_micros


def test_a_share_of_messages_reaches_nobody() -> None:
    """The same messages each time; all of them, or none, where that is said."""
    arrivals = [track(n, NOW, "Product Added", f"u{n}", price=120, product="x") for n in range(1, 201)]

    def count(share: float) -> int:
        return play(
            make_shop(make_config(CART), 200), arrivals, NOW + DAY, answer=provide(refused=100 * share)
        ).unsent.total()

    assert (count(0.0), count(1.0)) == (0, 200)
    assert count(0.25) == count(0.25)
    assert 20 < count(0.25) < 80


def test_it_can_be_stopped_between_two_instants() -> None:
    """What was played so far stands."""
    asked = iter((False, False, True, True))
    arrivals = [track(n, NOW + n * DAY, "Product Added", price=120) for n in range(3)]
    report = play(make_shop(make_config(CART)), arrivals, NOW + 9 * DAY, stop=lambda: next(asked, True))
    assert report.entered < 3


def test_A1_a_customer_goes_the_same_way_of_a_split_again() -> None:
    """In every run, as the engine records it."""
    split = """
name: Offer
entry: {event: Product Added, second: parallel}
steps:
  - id: offer
    kind: split
    ways:
      - {name: a, steps: [{id: one, kind: wait, for: 1 h}]}
      - {name: b, steps: [{id: two, kind: wait, for: 1 h}]}
"""
    report = play(
        make_shop(make_config(split)), [track(n, NOW + n * HOUR, "Product Added") for n in range(8)], NOW + DAY
    )
    assert report.completed == 8
    assert [count for (step, what), count in report.steps.items() if step in ("one", "two") and what == "reached"] == [
        8
    ]


def test_I11_a_journey_that_another_starts_is_played() -> None:
    """And comes to what it would."""
    first = """
name: First
entry: {event: Product Added}
steps: [{id: go, kind: start, journey: j2}]
"""
    second = """
name: Second
entry: {kind: api}
steps: [{id: nap, kind: wait, for: 1 h}]
"""
    report = play(make_shop(make_config(first, second)), [track(1, NOW, "Product Added")], NOW + DAY, journey=2)
    assert (report.entered, report.completed) == (1, 1)


def test_an_e_mail_goes_to_the_mailbox_and_costs_what_one_costs() -> None:
    """Who has none is written to on the next channel."""
    mail = 8
    cart = CART.replace("channels: [sms]", "channels: [email, sms], subject: Your cart")
    config = make_config(cart)
    channel = replace(config.channels[SMS], id=mail, kind="smtp", may_write_first="email", prices={"": (500, "USD")})
    memory = make_memory(replace(config, channels={**config.channels, mail: channel}), NOW)
    with_mailbox = make_customer(1)
    with_mailbox.addresses.append(AddressRow("email", "Ana@mail.example", "ana@mail.example", "", False, ""))
    memory.add_contact(with_mailbox)
    memory.add_contact(make_customer(2))
    arrivals = [track(n, NOW, "Product Added", f"u{n}", price=120, product="Coffee") for n in (1, 2)]
    report = play(memory, arrivals, NOW + DAY)
    assert report.sent == {(NOW.date(), mail): 1, (NOW.date(), SMS): 1}
    assert report.cost_micros == {"USD": 500, "BRL": 50_000}


ASK = """
name: Rating
entry: {event: Order Completed}
steps:
  - id: stars
    kind: ask
    channels: [sms]
    text: "How many stars?"
    answer: ANSWER
    at_most: 1 d
    answered: [{id: thank, kind: message, channels: [sms], text: "Thank you for {{ answers.stars }}."}]
    missed: [{id: later, kind: message, channels: [sms], text: "Another time."}]
    not_understood: [{id: people, kind: hand_over}]
"""


def test_questions_are_answered_by_a_stated_share() -> None:
    """The others let the time pass; the same ones each time."""
    arrivals = [track(n, NOW, "Order Completed", f"u{n}") for n in range(1, 201)]

    def count(share: float) -> tuple[int, int]:
        memory = make_shop(make_config(ASK.replace("ANSWER", "number")), 200)
        report = play(memory, arrivals, NOW + 3 * DAY, answered=share)
        assert report.completed == 200
        assert memory.rows.runs == memory.rows.open == {}
        return report.steps[("thank", "reached")], report.steps[("later", "reached")]

    assert (count(0.0), count(1.0)) == ((0, 200), (200, 0))
    thanked, missed = count(0.5)
    assert 80 < thanked < 120
    assert thanked + missed == 200
    assert count(0.5) == (thanked, missed)


@pytest.mark.parametrize("kind", ["text", "number", "date", "email", "phone", "yes_no"])
def test_the_sample_answer_of_each_type_is_one(kind: str) -> None:
    """So that nobody goes the way of what is not understood."""
    arrivals = [track(1, NOW, "Order Completed")]
    report = play(make_shop(make_config(ASK.replace("ANSWER", kind))), arrivals, NOW + 3 * DAY, answered=1.0)
    assert report.steps[("thank", "reached")] == 1
