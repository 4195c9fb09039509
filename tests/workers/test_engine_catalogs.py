"""Messages that show items of catalogs, through the engine on a real database (S4)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.workers.test_engine_coupons import add_customer
from tests.workers.town import Town

HOUR = timedelta(hours=1)

VIEWED = """
name: Viewed
class: transactional
entry: {event: Product Viewed}
steps:
  - {id: pause, kind: wait, for: 1 h}
  - id: tell
    kind: message
    channels: [sms]
    text: >-
      {% assign item = catalogs.products[event.product_id] %}{{ item.title }}, {{ item.price }}
      with {{ catalogs.products[item.goes_with].title }}
"""


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    from tertulia.data.models import Source

    with Town(empty_database) as made:
        Source.objects.create(id=1, workspace=made.workspace, name="Shop", write_key="wk_1")
        made._change_epoch()
        yield made


def put(town: Town, *items: dict[str, Any]) -> Any:
    from django.db import transaction

    from tertulia.actions.catalogs import create_catalog, list_catalogs, put_items
    from tertulia.store.db import django_conn

    with transaction.atomic():
        known = list_catalogs(town.workspace)
        catalog = known[0] if known else create_catalog(town.workspace, None, town.now, "Products")
        return put_items(django_conn(), catalog, None, town.now, items)


def test_S4_a_message_shows_items_as_they_are_when_it_goes_out(town: Town) -> None:
    """Not as they were when the run began; an item may name another."""
    put(town, {"id": "p1", "title": "Espresso", "price": "9.90", "goes_with": "p2"}, {"id": "p2", "title": "Cup"})
    town.publish(VIEWED)
    add_customer(town)
    town.event("track", user="u1", name="Product Viewed", properties={"product_id": "p1"})
    put(town, {"id": "p1", "title": "Espresso", "price": "8.90", "goes_with": "p2"})
    town.advance(HOUR)
    assert [row.text for row in town.sending("sms")] == ["Espresso, 8.90 with Cup"]


def test_S4_an_item_that_is_not_there_stops_its_message_alone(town: Town) -> None:
    put(town, {"id": "p1", "title": "Espresso", "price": "9.90", "goes_with": "p2"}, {"id": "p2", "title": "Cup"})
    town.publish(VIEWED)
    for number, product in ((1, "p1"), (2, "p9")):
        add_customer(town, number)
        town.event("track", user=f"u{number}", name="Product Viewed", properties={"product_id": product})
    town.advance(HOUR)
    assert [row.text for row in town.sending("sms")] == ["Espresso, 9.90 with Cup"]
    assert town.rows("select reason from ledger where outcome = 'not_sent'") == [("render.missing",)]
