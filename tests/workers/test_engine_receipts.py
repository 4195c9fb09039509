"""A message that waits for its delivery before the next channel is tried, through the engine on a real database."""

from collections.abc import Iterator

import pytest
from tests.workers.test_engine_journeys import MINUTE, add_customer
from tests.workers.test_engine_links import click
from tests.workers.town import Town

ORDER = """
name: Order
entry: {event: Order Completed}
exceptions: [{event: Order Cancelled}]
class: transactional
steps:
  - {id: thank, kind: message, channels: [http_sms, whatsapp, twilio], text: Thank you., delivered_within: 50 s}
  - {id: day, kind: wait, for: 1 d}
"""


LINK = "text: \"{{ 'https://shop.example/cart' | link }}\""


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace with two SMS channels, whose source 1 is its shop's server; a customer who has ordered."""
    from tertulia.data.models import Source

    with Town(empty_database) as made:
        Source.objects.create(id=1, workspace=made.workspace, name="Shop", write_key="wk_1")
        made.channels["second"] = made.add_channel("twilio")
        add_customer(made)
        made.publish(ORDER)
        made.event("track", user="u1", name="Order Completed")
        yield made


def test_I4_the_next_channel_is_tried_without_a_receipt_and_a_late_one_is_noted(town: Town) -> None:
    """The first was taken, and nothing was heard of it for a while. What comes while the second one is on its way
    ends the attempts."""
    [first] = town.sending("sms")
    town.outcome(first, "ok", provider_id="p1")
    town.advance(MINUTE / 2)
    assert [step for _contact, step in town.live_runs()] == ["thank"]
    town.advance(MINUTE / 2)
    [second] = town.sending("second")
    assert ("thank", "unconfirmed", "receipt", "receipt.none") in town.ledger()
    town.receipt(first, "delivered", provider_id="p1")
    assert ("thank", "sent", "receipt", "receipt.late") in town.ledger()
    assert [step for _contact, step in town.live_runs()] == ["day"]
    town.outcome(second, "ok", provider_id="p2")
    assert sorted(town.rows("select state from delivery")) == [("delivered",), ("sent",)]


def test_I4_a_late_receipt_takes_back_what_is_not_handed_over(town: Town) -> None:
    """Its channel is stopped, so it waits; then the first one turns out to have arrived."""
    [first] = town.sending("sms")
    town.outcome(first, "ok", provider_id="p1")
    town.channels["twilio"] = town.channels["second"]
    town.pause_channel("second")
    town.advance(MINUTE)
    assert town.rows("select state, stage from delivery_open") == [("queued", 2)]
    town.receipt(first, "delivered", provider_id="p1")
    assert ("thank", "revoked", "run", "receipt.came") in town.ledger()
    assert [step for _contact, step in town.live_runs()] == ["day"]


def test_I4_a_failure_is_not_waited_for(town: Town) -> None:
    """Told by a receipt, it hands over to the next channel at once; so does a receipt of the delivery to the next
    step."""
    [first] = town.sending("sms")
    town.outcome(first, "ok", provider_id="p1")
    town.receipt(first, "failed", provider_id="p1")
    [second] = town.sending("second")
    town.outcome(second, "ok", provider_id="p2")
    assert [step for _contact, step in town.live_runs()] == ["day"]


def test_S3_an_unknown_outcome_gives_way_and_is_not_sent_again(town: Town) -> None:
    """Nobody can say whether the first was taken: no copy of it follows."""
    [first] = town.sending("sms")
    town.outcome(first, "ambiguous", lost=True)
    town.advance(MINUTE)
    [second] = town.sending("second")
    town.outcome(second, "ok", provider_id="p2")
    town.advance(10 * MINUTE)
    assert town.sending("sms") == []
    assert town.rows("select state from delivery_open") == []


def test_X1_an_exception_ends_the_wait_for_a_receipt(town: Town) -> None:
    """Nothing more goes out."""
    [first] = town.sending("sms")
    town.outcome(first, "ok", provider_id="p1")
    town.event("track", user="u1", name="Order Cancelled")
    town.advance(5 * MINUTE)
    assert (town.live_runs(), town.sending("second")) == ([], [])


def test_what_a_customer_writes_on_the_channel_proves_the_delivery(town: Town) -> None:
    """They have read it, whatever the provider does not tell."""
    [first] = town.sending("sms")
    town.outcome(first, "ok", provider_id="p1")
    town.write("sms", "+5511987650001", "Thanks!", kind="phone", phone="+5511987650001")
    assert [step for _contact, step in town.live_runs()] == ["day"]
    town.advance(5 * MINUTE)
    assert town.sending("second") == []


def test_an_opened_link_proves_the_delivery(town: Town) -> None:
    """A person's click in the message that the run waits for."""
    linked = ORDER.replace("Completed", "Sent").replace("text: Thank you.", LINK)
    town.publish(linked.replace("name: Order", "name: Link"))
    town.event("track", user="u1", name="Order Sent")
    sent = next(one for one in town.sending("sms") if "/l/" in one.text)
    town.outcome(sent, "ok", provider_id="p9")
    contact = town.rows("select contact_id from run_open")[0][0]
    click(town, contact, sent)
    assert sorted(step for _contact, step in town.live_runs()) == ["day", "thank"]
