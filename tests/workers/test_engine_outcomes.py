"""Journeys that begin by what became of a message, through the engine on a real database."""

from typing import Any

import pytest
from tests.workers.test_engine_entries import PHONE, town
from tests.workers.test_engine_journeys import CART, DAY, HOUR, MINUTE, add_customer, add_to_cart
from tests.workers.town import Sending, Town

__all__ = ["town"]

AFTER = """
name: After
entry: {kind: outcome, outcome: %s}
steps:
  - {id: pause, kind: wait, for: 30 d}
"""


def begin(town: Town, entry: str, document: str = CART) -> tuple[int, Sending]:
    """A customer to whom the cart's journey has sent its message, and a journey that waits for what becomes of it."""
    contact = add_customer(town)
    town.publish(document)
    town.publish(AFTER % entry)
    add_to_cart(town)
    town.advance(HOUR)
    [sent] = town.sending("sms")
    town.outcome(sent, "ok", provider_id="p1")
    return contact, sent


def begun(town: Town) -> list[str]:
    """What began the runs that live."""
    return [name for (name,) in town.rows("select event ->> 'name' from run_open where step = 'pause' order by 1")]


@pytest.mark.parametrize(
    ("entry", "states", "names"),
    [
        ("delivered", ("delivered",), ["message_delivered"]),
        ("delivered", ("read", "delivered"), ["message_delivered"]),
        ("delivered", ("delivered", "read"), ["message_delivered"]),
        ("opened", ("delivered",), []),
        ("opened", ("delivered", "read", "read"), ["message_opened"]),
        ("failed", ("failed",), ["message_failed"]),
        ("failed", ("delivered",), []),
    ],
)
def test_R6_a_receipt_begins_a_journey(town: Town, entry: str, states: tuple[str, ...], names: list[str]) -> None:
    """Once, in whatever order the receipts come."""
    _contact, sent = begin(town, entry)
    for n, state in enumerate(states):
        town.receipt(sent, state, provider_id=f"r{n}")
    assert begun(town) == names


@pytest.mark.parametrize(
    ("of", "number"),
    [("", 1), (", journey: cart-reminder", 1), (", journey: cart-reminder, step: remind", 1),
     (", journey: cart-reminder, step: other", 0), (", journey: after", 0)],
)  # fmt: skip
def test_R6_the_message_of_one_journey_and_step(town: Town, of: str, number: int) -> None:
    """By the journey's key, or of any; what it was stands in the run's event."""
    from tertulia.data.models import Journey

    contact = add_customer(town)
    cart = town.publish(CART)
    Journey.objects.filter(pk=cart.pk).update(key="cart-reminder")
    Journey.objects.create(workspace=town.workspace, key="after", name="x", document="")
    town.publish(AFTER % f"delivered{of}")
    add_to_cart(town)
    town.advance(HOUR)
    [sent] = town.sending("sms")
    town.receipt(sent, "delivered")
    rows = town.rows("select contact_id, event -> 'properties' from run_open where step = 'pause'")
    told = {"journey": "cart-reminder", "step": "remind", "channel": town.channel("sms").name, "channel_kind": "sms"}
    assert rows == [(contact, told)] * number


def test_R6_failed_means_on_every_channel(town: Town) -> None:
    """Another is tried first."""
    contact = add_customer(town)
    town.write("telegram", "tg-1", "hello")
    telegram = town.identity("telegram", "tg-1")
    assert telegram is not None
    town.merge(telegram, contact)
    town.publish(CART.replace("channels: [sms]", "channels: [telegram, sms]\n    class: transactional"))
    town.publish(AFTER % "failed")
    add_to_cart(town)
    town.advance(HOUR)
    for name, expected in (("telegram", []), ("sms", ["message_failed"])):
        for sent in town.sending(name):
            town.outcome(sent, "gone", reason="gone.blocked")
        town.advance(MINUTE)
        assert begun(town) == expected


def test_R6_an_answer_begins_a_journey_once(town: Town) -> None:
    """The first message after ours on its channel, with its words."""
    _contact, _sent = begin(town, "replied")
    town.write("telegram", "tg-1", "hello")
    assert begun(town) == []
    for words in ("is it still there?", "hello?"):
        town.write("sms", PHONE, words, kind="phone", phone=PHONE)
    assert town.rows("select event -> 'properties' ->> 'text' from run_open where step = 'pause'") == [
        ("is it still there?",)
    ]
    assert town.ledger()[-1][2:] != ("entry", "entry.live_run")


def test_C2_a_stop_is_no_answer(town: Town) -> None:
    """It is obeyed."""
    begin(town, "replied")
    town.write("sms", PHONE, "STOP", kind="phone", phone=PHONE)
    assert begun(town) == []


def test_R6_a_message_is_ignored_for_a_while_after_its_delivery(town: Town) -> None:
    """Then, and not before, the journey begins; it is no more watched."""
    _contact, sent = begin(town, "ignored, for: 2 d")
    assert town.rows("select due_at from message_watch") == []
    town.receipt(sent, "delivered")
    town.advance(2 * DAY - MINUTE)
    assert begun(town) == []
    town.advance(MINUTE)
    assert begun(town) == ["message_ignored"]
    assert town.rows("select due_at from message_watch") == []


@pytest.mark.parametrize("how", ["read", "answer"])
def test_R6_a_message_that_was_heeded_is_not_ignored(town: Town, how: str) -> None:
    """Read, or answered on its channel."""
    _contact, sent = begin(town, "ignored, for: 2 d")
    town.receipt(sent, "delivered", provider_id="r1")
    town.advance(DAY)
    if how == "read":
        town.receipt(sent, "read", provider_id="r2")
    else:
        town.write("sms", PHONE, "thanks", kind="phone", phone=PHONE)
    town.advance(3 * DAY)
    assert begun(town) == []
    assert town.rows("select due_at from message_watch") == []


def test_R6_a_match_is_clicked_by_a_person(town: Town) -> None:
    """A scanner's opening begins nothing."""
    contact = add_customer(town)
    town.publish(AFTER % "clicked")
    match = town.launch("Hi {{ contact.name }} {{ link }}")
    [sent] = town.sending("sms")
    town.outcome(sent, "ok", provider_id="p1")
    town.click(contact, match, "chooser")
    rows = town.rows("select event -> 'properties' from run_open")
    assert rows == [({"match": "November", "app": "chooser"},)]


def test_I11_journeys_that_begin_each_other_come_to_an_end(town: Town) -> None:
    """Each by the other's message: the fourth is refused, and the ledger says so."""
    from tertulia.data.models import Journey

    add_customer(town)
    loop = """
name: Loop
entry: {kind: outcome, outcome: delivered, second: parallel}
steps:
  - {id: say, kind: message, channels: [sms], text: "again"}
"""
    for key in ("one", "two"):
        journey = town.publish(loop)
        Journey.objects.filter(pk=journey.pk).update(key=key)
    town.publish(CART)
    add_to_cart(town)
    town.advance(HOUR)
    count = 0
    while (sent := town.sending("sms")) and count < 20:
        count += 1
        town.receipt(sent[0], "delivered", provider_id=f"p{count}")
        town.advance(MINUTE)
    assert count == 7  # of the cart, then of both, of each by the other twice more
    assert {row[3] for row in town.ledger() if row[1] == "not_entered"} == {"entry.too_deep"}


def test_V2_a_cancelled_journey_waits_for_nothing(town: Town) -> None:
    """What it watched is let go when its time comes."""
    from tertulia.actions.journeys import cancel
    from tertulia.data.models import Journey

    _contact, sent = begin(town, "ignored, for: 2 d")
    town.receipt(sent, "delivered")
    for journey in Journey.objects.all():
        cancel(journey, None, town.now)
    town.drain()
    town.advance(3 * DAY)
    assert (begun(town), town.rows("select due_at from message_watch")) == ([], [])


def test_M8_a_merge_starts_nothing_by_silence(town: Town) -> None:
    """Who was absorbed may have answered as whom they became."""
    contact, sent = begin(town, "ignored, for: 2 d")
    town.receipt(sent, "delivered")
    town.merge(contact, add_customer(town, "Bia", "+5511987650002", "u2"))
    town.advance(3 * DAY)
    assert (begun(town), town.rows("select due_at from message_watch")) == ([], [])


def test_C5_an_erased_person_is_watched_no_more(town: Town) -> None:
    """The watch goes with them."""
    contact, sent = begin(town, "ignored, for: 2 d")
    town.receipt(sent, "delivered")
    town.erase(contact)
    assert town.rows("select due_at from message_watch") == []


def test_M8_what_became_of_an_absorbed_contacts_message(town: Town) -> None:
    """Begins the journey of whom it became."""
    contact, sent = begin(town, "delivered")
    other = add_customer(town, "Bia", "+5511987650002", "u2")
    town.merge(contact, other)
    town.receipt(sent, "delivered")
    rows: list[Any] = town.rows("select contact_id from run_open where step = 'pause'")
    assert rows == [(other,)]
