"""What if by the API: a draft through the workspace's own days, against what is live."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.api.conftest import Ask, make_client
from tests.workers.test_engine_journeys import CART, DAY, HOUR, add_customer, add_to_cart
from tests.workers.town import Town


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace whose source 1 is its shop's server; a customer filled a cart three days ago."""
    from tertulia.data.models import Source

    with Town(empty_database) as made:
        Source.objects.create(id=1, workspace=made.workspace, name="Shop", write_key="wk_1")
        made._change_epoch()
        add_customer(made)
        add_to_cart(made)
        made.advance(3 * DAY)
        yield made


@pytest.fixture
def mine(town: Town) -> Ask:
    """A machine of the town's."""
    return make_client(town.workspace)


def make_draft(mine: Ask, document: str = CART) -> dict[str, Any]:
    told: dict[str, Any] = mine("POST", "/journeys", {"document": document}, 201)
    return told


def test_a_draft_is_played_through_what_was_recorded(town: Town, mine: Ask) -> None:
    """The engine's own events; nothing of it is stored."""
    draft = make_draft(mine)
    told = mine("GET", f"/journeys/{draft['id']}/what-if?days=7")
    assert (told["events"], told["contacts"], told["cut"], told["whole"], told["beside"]) == (1, 1, "", True, None)
    played = told["draft"]
    assert (played["entered"], played["completed"], played["messages"]) == (1, 1, 1)
    assert [day["count"] for day in played["by_day"]] == [1]
    assert [sample["text"] for sample in played["samples"]] == ["Hi Ana, Chapada coffee waits."]
    assert played["cost"] == [{"currency": "BRL", "micros": 50_000}]
    assert town.rows("select count(*) from run_open") == [(0,)]


def test_a_draft_shows_the_items_of_catalogs(town: Town, mine: Ask) -> None:
    """As the messages would."""
    catalog = mine("POST", "/catalogs", {"name": "Products"}, 201)
    mine("PUT", f"/catalogs/{catalog['id']}/items", {"items": [{"id": "Chapada coffee", "price": "8.90"}]})
    item = "{{ catalogs.products[event.product].price }}"
    draft = make_draft(mine, CART.replace("{{ event.product }}", f"{{{{ event.product }}}} for {item}"))
    played = mine("GET", f"/journeys/{draft['id']}/what-if?days=7")["draft"]
    assert [sample["text"] for sample in played["samples"]] == ["Hi Ana, Chapada coffee for 8.90 waits."]


def test_a_draft_against_what_is_live(town: Town, mine: Ask) -> None:
    """Both through the same days."""
    draft = make_draft(mine, CART.replace("over: 100", "over: 1000"))
    mine("POST", f"/journeys/{draft['id']}/publish", {"version": draft["version"]})
    mine("PUT", f"/journeys/{draft['id']}", {"document": CART, "version": draft["version"]})
    told = mine("GET", f"/journeys/{draft['id']}/what-if?days=30")
    assert (told["draft"]["entered"], told["beside"]["entered"]) == (1, 0)


def test_what_is_played_is_what_the_engine_did(town: Town, mine: Ask) -> None:
    """A journey that was live all the time, played again, comes to what it came to."""
    draft = make_draft(mine)
    mine("POST", f"/journeys/{draft['id']}/publish", {"version": draft["version"]})
    town.drain()
    add_to_cart(town, properties={"product": "Filter"})
    town.advance(HOUR)
    [sent] = town.sending("sms")
    town.outcome(sent, "ok", provider_id="p1")
    played = mine("GET", f"/journeys/{draft['id']}/what-if?days=7")["beside"]
    assert [sample["text"] for sample in played["samples"]] == ["Hi Ana, Chapada coffee waits."]
    assert (played["entered"], played["messages"]) == (2, 2)


def test_what_cannot_be_played_is_refused(town: Town, mine: Ask) -> None:
    """A period that is none, and everything that is wrong with the draft."""
    draft = make_draft(mine, CART.replace("for: 1 h", "for: soon"))
    assert mine("GET", f"/journeys/{draft['id']}/what-if?days=8", None, 400)["field"] == "days"
    assert mine("GET", f"/journeys/{draft['id']}/what-if", None, 400)["line"] == 11
    assert mine("GET", "/journeys/999/what-if", None, 404)["code"] == "not_found"


def test_synthetic_customers_and_another_draft_beside(town: Town, mine: Ask) -> None:
    """By rates of one's own, which are checked; the other is played through the same."""
    draft = make_draft(mine)
    other = make_draft(mine, CART.replace("name: Cart reminder", "name: Other").replace("over: 100", "over: 1000"))
    address = f"/journeys/{draft['id']}/what-if"
    wish = {"on": "synthetic", "customers": 50, "beside": other["key"], "rates": {"events": {"Product Added": 1}}}
    told = mine("POST", address, wish)
    assert (told["on"], told["contacts"], told["beside_name"], told["cut"]) == ("synthetic", 50, "Other", "")
    assert told["draft"]["entered"] > 100
    assert told["beside"]["entered"] == 0
    assert told["draft"]["reactions"]["opened"] > 0
    added = next(one for one in told["synthetic"]["events"] if one["name"] == "Product Added")
    assert added == {"name": "Product Added", "type": "track", "per_day": 1.0, "known": "said"}
    assert mine("POST", address, {**wish, "rates": {"sms": {"opened": 101}}}, 400)["field"] == "rates.sms.opened"
    assert "no other journey" in mine("POST", address, {**wish, "beside": "nobody"}, 400)["sentence"]
