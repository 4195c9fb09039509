"""Catalogs over the API: made, filled, looked into, emptied; and what documents may name of them."""

from typing import Any

from tests.api.conftest import Ask

VIEWED = """name: Viewed
entry: {event: Product Viewed}
steps:
  - {id: tell, kind: message, channels: [sms], text: "{{ catalogs.products[event.product_id].title }}"}
"""


def test_a_catalog_is_made_filled_and_emptied(ask: Ask, foreign_ask: Ask, shop: Any) -> None:
    """Another workspace sees nothing of it."""
    catalog = ask("POST", "/catalogs", {"name": "Products"}, 201)
    assert (catalog["key"], catalog["items"], catalog["changed_at"]) == ("products", 0, None)
    assert ask("POST", "/catalogs", {"name": "x", "key": "products"}, 409)["field"] == "key"
    assert ask("POST", "/catalogs", {"name": "2026"}, 400)["field"] == "key"
    path = f"/catalogs/{catalog['id']}"
    assert foreign_ask("GET", "/catalogs") == []
    for method, where, form in (
        ("GET", path, None),
        ("PUT", f"{path}/items", {"items": []}),
        ("GET", f"{path}/items", None),
        ("DELETE", path, None),
    ):
        assert foreign_ask(method, where, form, 404)["code"] == "not_found"
    items = [{"id": "p1", "title": "Espresso", "price": 9.9}, {"title": "?"}, {"id": "p2", "title": "Cup"}]
    put = ask("PUT", f"{path}/items", {"items": items})
    assert put == {"added": 2, "changed": 0, "left_out": [{"row": 2, "sentence": "Row 2 has no id."}]}
    put = ask("PUT", f"{path}/items", {"items": [{"id": "p1", "title": "Ristretto"}, items[2]]})
    assert (put["added"], put["changed"]) == (0, 1)
    page = ask("GET", f"{path}/items?limit=1")
    assert (page["items"][0]["fields"], page["next"]) == ({"title": "Ristretto"}, "p1")
    page = ask("GET", f"{path}/items?after=p1&begin=p")
    assert ([item["id"] for item in page["items"]], page["next"]) == (["p2"], None)
    assert ask("GET", f"{path}/items?begin=%25")["items"] == []
    assert ask("PUT", f"{path}/items", {"items": [{"id": f"p{n}"} for n in range(1_001)]}, 400)["field"] == "items"
    assert ask("DELETE", f"{path}/items", {"ids": ["p1", "p9"]}) == {"removed": 1}
    assert ask("PUT", path, {"name": "Shop"})["items"] == 1
    ask("DELETE", path, None, 204)
    assert ask("GET", "/catalogs") == []
    verbs = [row["verb"] for row in ask("GET", "/audit")][:3]
    assert verbs == ["catalog_deleted", "catalog_changed", "catalog_items_changed"]


def test_a_document_names_only_catalogs_that_are_there(ask: Ask, shop: Any) -> None:
    """By the line of its text; and only a message looks items up."""
    refused = ask("POST", "/journeys/check", {"document": VIEWED})
    found = [(one["line"], one["sentence"]) for one in refused]
    assert (4, "No catalog has the key “products”. There are: -.") in found
    ask("POST", "/catalogs", {"name": "Products"}, 201)
    left = ask("POST", "/journeys/check", {"document": VIEWED})
    assert not [one for one in left if "atalog" in one["sentence"]]
    called = VIEWED.replace("kind: message, channels: [sms], text", "kind: hand_over, say")
    [told] = [one for one in ask("POST", "/journeys/check", {"document": called}) if "atalog" in one["sentence"]]
    assert told["sentence"].startswith("Items of catalogs are looked up for messages.")
