"""Journeys through the engine on a real database: what the first page of tests leaves out."""

import json
from collections.abc import Iterator

import pytest
from tests.workers.test_engine_journeys import CART, DAY, HOUR, MINUTE, add_customer, add_to_cart
from tests.workers.town import Town


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace whose source 1 is its shop's server."""
    from tertulia.data.models import Source

    with Town(empty_database) as made:
        Source.objects.create(id=1, workspace=made.workspace, name="Shop", write_key="wk_1")
        made._change_epoch()
        yield made


def test_E3_an_identify_call_starts_a_journey_after_its_traits_are_written(town: Town) -> None:
    """It has no name; its type is enough, and its traits are its properties."""
    contact = add_customer(town)
    town.publish(CART.replace("event: Product Added", "type: identify").replace("property: price", "attribute: score"))
    town.event("identify", user="u1", traits={"score": 99})
    assert town.live_runs() == []
    town.advance(MINUTE)
    town.event("identify", user="u1", traits={"score": 120, "product": "Mill"})
    assert town.live_runs() == [(contact, "pause")]
    town.advance(HOUR)
    assert [sent.text for sent in town.sending("sms")] == ["Hi Ana, Mill waits."]


def test_E3_an_identify_call_ends_a_run(town: Town) -> None:
    """By its traits."""
    contact = add_customer(town)
    rule = "- type: identify\n    where: {property: plan, is: gold}"
    town.publish(CART.replace("- event: Order Completed", rule))
    add_to_cart(town)
    town.event("identify", user="u1", traits={"plan": "silver"})
    assert town.live_runs() == [(contact, "pause")]
    town.event("identify", user="u1", traits={"plan": "gold"})
    assert town.past_runs() == [(contact, "exited", "run.exception")]


@pytest.mark.parametrize(("bought", "lives"), [('"17"', False), ("17", False), ('"18"', True), ("null", True)])
def test_X1_the_same_cart_is_the_same_as_a_number_and_as_a_text(town: Town, bought: str, lives: bool) -> None:
    """As the key of a run is, whatever the shop's systems make of it."""
    add_customer(town)
    town.publish(CART.replace("- event: Order Completed", "- {event: Order Completed, same: cart_id}"))
    add_to_cart(town, properties={"cart_id": 17})
    town.event("track", user="u1", name="Order Completed", properties={"cart_id": json.loads(bought)})
    assert bool(town.live_runs()) is lives


ORDER = """
name: Order
entry: {event: Order Completed}
exceptions: [{event: Order Cancelled}]
class: CLASS
steps:
  - {id: thank, kind: message, channels: [sms], text: Thank you.}
  - {id: day, kind: wait, for: 1 d}
"""


def lose_message(town: Town, class_: str) -> None:
    """The provider's answer to a journey's message is lost, and nobody can be asked."""
    add_customer(town)
    town.publish(ORDER.replace("CLASS", class_))
    town.event("track", user="u1", name="Order Completed")
    [sent] = town.sending("sms")
    town.outcome(sent, "ambiguous", lost=True)
    assert town.rows("select state from delivery_open") == [("unknown",)]


def test_S3_a_run_stays_until_its_transactional_message_went_out_a_second_time(town: Town) -> None:
    """At least once: the copy after an unknown outcome belongs to a run that is still there."""
    lose_message(town, "transactional")
    assert [step for _contact, step in town.live_runs()] == ["thank"]
    town.advance(2 * MINUTE)
    [again] = town.sending("sms")
    assert again.state == "sending"
    town.outcome(again, "ok", provider_id="p2")
    assert [step for _contact, step in town.live_runs()] == ["day"]
    assert ("thank", "held", "provider", "second_copy") in town.ledger()


def test_S3_a_run_goes_on_where_nobody_knows_for_a_while(town: Town) -> None:
    """A marketing message is not sent twice; its run does not wait the days until it is given up."""
    lose_message(town, "marketing")
    town.advance(14 * MINUTE)
    assert [step for _contact, step in town.live_runs()] == ["thank"]
    town.advance(MINUTE)
    assert [step for _contact, step in town.live_runs()] == ["day"]
    town.advance(4 * DAY)
    assert town.rows("select state from delivery") == [("expired",)]
    assert [run[1] for run in town.past_runs()] == ["completed"]


def test_X2_an_exception_while_nobody_knows_is_noted_and_no_copy_follows(town: Town) -> None:
    """The message was handed over; whether it arrived or not, the run is over."""
    lose_message(town, "transactional")
    town.event("track", user="u1", name="Order Cancelled")
    assert [run[1:] for run in town.past_runs()] == [("exited", "run.exception")]
    assert ("thank", "sent", "run", "run.exception_after_handover") in town.ledger()
    town.advance(DAY)
    assert town.sending("sms") == []


def test_S3_a_copy_that_waits_on_a_paused_channel_is_waited_for(town: Town) -> None:
    """It is on its way again, so its outcome will be known."""
    lose_message(town, "transactional")
    town.pause_channel("sms")
    town.advance(HOUR)
    assert [step for _contact, step in town.live_runs()] == ["thank"]
    town.resume_channel("sms")
    town.advance(HOUR)
    town.outcome(town.sending("sms")[0], "ok", provider_id="p2")
    assert [step for _contact, step in town.live_runs()] == ["day"]


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("{type: identify, event: Signed Up}", "A call of the type identify has no name. Leave the event out."),
        ("{type: page}", "Give the name of the event that starts the journey."),
        ("{}", "Give the name of the event that starts the journey."),
    ],
)
def test_an_entry_names_its_event_where_it_has_a_name(entry: str, told: str) -> None:
    """Told with its place."""
    from tertulia.documents.journeys import Around, check_journey
    from tertulia.documents.lines import BadDocument

    with pytest.raises(BadDocument) as bad:
        check_journey(f"name: X\nentry: {entry}\nsteps:\n  - {{id: end, kind: exit}}\n", Around())
    assert [(problem.place.line, problem.sentence) for problem in bad.value.problems] == [(2, told)]
