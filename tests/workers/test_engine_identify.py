"""What identify calls and the keys of exceptions do to runs, through the engine on a real database."""

import json
from collections.abc import Iterator

import pytest
from tests.workers.test_engine_journeys import CART, HOUR, MINUTE, add_customer, add_to_cart
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
