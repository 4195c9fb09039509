"""Journeys through the engine on a real database: what the first page of tests leaves out."""

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
