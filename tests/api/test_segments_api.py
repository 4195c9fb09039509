"""Segments by the API: drafted, counted, published; who is in them and why; lists."""

from collections.abc import Iterator

import pytest
from tests.api.conftest import Ask, make_client
from tests.workers.test_engine_journeys import add_customer
from tests.workers.town import Town

GOLD = "name: Gold\nwhere: {attribute: tier, is: gold}\n"


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace whose source 1 is its shop's server."""
    from tertulia.data.models import Source

    with Town(empty_database) as made:
        Source.objects.create(id=1, workspace=made.workspace, name="Shop", write_key="wk_1")
        made._change_epoch()
        yield made


@pytest.fixture
def mine(town: Town, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """A machine of the town's, at its time; what it asks of the engine is decided when the town drains."""
    monkeypatch.setattr("tertulia.api.shell.ASK_WAIT_S", 0)
    monkeypatch.setattr("tertulia.api.segments.now", lambda: town.now)
    return make_client(town.workspace)


def publish(mine: Ask, document: str) -> int:
    """A published segment's id."""
    made = mine("POST", "/segments", {"document": document}, 201)
    mine("POST", f"/segments/{made['id']}/publish", {"version": 1})
    return int(made["id"])


def test_a_draft_is_kept_with_everything_that_is_wrong(mine: Ask) -> None:
    """Each with its line and column; the schema says what it can."""
    wrong = "name: Gold\nwhere:\n  all:\n    - {segment: nowhere}\n    - {event: Seen, within: soon}\n"
    made = mine("POST", "/segments", {"document": wrong}, 201)
    assert (made["key"], made["kind"], made["state"], made["members"]) == ("gold", "segment", "draft", 0)
    places = [(problem["field"], problem["line"]) for problem in made["problems"]]
    assert places == [("where.all.0.segment", 4), ("where.all.1.within", 5)]
    assert mine("POST", "/segments/check", {"document": wrong}) == made["problems"]
    assert mine("POST", "/segments/preview", {"document": wrong}, 400)["line"] == 4
    mine("PUT", f"/segments/{made['id']}", {"document": GOLD, "version": 1})
    assert mine("PUT", f"/segments/{made['id']}", {"document": wrong, "version": 1}, 409)["code"] == "conflict"
    assert "where" in mine("GET", "/segments/schema")["$defs"]["Segment"]["properties"]
    mine("DELETE", f"/segments/{made['id']}", None, 204)


def test_S1_why_somebody_is_in_it_or_not(town: Town, mine: Ask) -> None:
    """The condition that decides, with the value that is there; members, changes, and the contact's segments."""
    ana = add_customer(town, "Ana", "+5511987650001", "ana")
    gold = publish(mine, GOLD)
    town.drain()
    told = mine("GET", f"/segments/{gold}/why?contact_id={ana}")
    grounds = [{"sentence": "tier is not known; the condition: is gold.", "holds": False}]
    assert (told["outcome"], told["grounds"]) == ("out", grounds)
    town.event("identify", user="ana", traits={"tier": "gold"})
    told = mine("GET", f"/segments/{gold}/why?contact_id={ana}")
    assert (told["outcome"], told["grounds"][0]["sentence"]) == ("in", "tier is gold; the condition: is gold.")
    assert [row["contact_id"] for row in mine("GET", f"/segments/{gold}/members")] == [ana]
    changes = mine("GET", f"/segments/{gold}/changes")
    assert [(row["contact_id"], row["cause"]) for row in changes] == [(ana, "contact")]
    assert [row["key"] for row in mine("GET", f"/contacts/{ana}/segments")] == ["gold"]
    assert mine("POST", "/segments/preview", {"document": GOLD}) == {"count": 1, "sample": [ana]}
    assert mine("GET", f"/contacts?segment_id={gold}")["total"] == 1
    [listed] = mine("GET", "/segments")
    assert (listed["members"], listed["pending"]) == (1, 0)


def test_people_are_put_on_a_list_by_what_they_are_known_under(town: Town, mine: Ask) -> None:
    """A phone, an id of the business's own; who is nobody is named with its line."""
    ana = add_customer(town, "Ana", "+5511987650001", "ana")
    bea = add_customer(town, "Bea", "+5511987650002", "bea")
    chosen = publish(mine, "name: Chosen\n")
    town.drain()
    told = mine("POST", f"/segments/{chosen}/members", {"people": ["(11) 98765-0001", "x@t.example", "bea"]})
    assert told["contacts"] == [ana, bea]
    assert [(row["line"], row["text"]) for row in told["missed"]] == [(2, "x@t.example")]
    town.drain()
    assert town.rows("select contact_id from segment_member order by 1") == [(one,) for one in sorted((ana, bea))]
    mine("DELETE", f"/segments/{chosen}/members/{bea}")
    town.drain()
    assert [row["contact_id"] for row in mine("GET", f"/segments/{chosen}/members")] == [ana]
    changes = mine("GET", f"/segments/{chosen}/changes")
    assert [row["sentence"] for row in changes] == ["by a person of your team"] * 3


def test_a_segment_that_is_used_is_not_archived(mine: Ask) -> None:
    """And no list of conditions can have people put on it."""
    gold = publish(mine, GOLD)
    publish(mine, "name: Both\nwhere: {segment: gold}\n")
    assert mine("POST", f"/segments/{gold}/archive", {}, 409)["sentence"].startswith("Both use")
    assert mine("GET", f"/segments/{gold}")["used_by"] == ["Both"]
    assert mine("POST", f"/segments/{gold}/members", {"contacts": []}, 409)["code"] == "conflict"


def test_everything_that_is_kept_of_a_person_has_their_segments(town: Town, mine: Ask) -> None:
    """With when and why they came and left."""
    from tertulia.actions.erasure import export_contact

    ana = add_customer(town, "Ana", "+5511987650001", "ana")
    publish(mine, GOLD)
    town.drain()
    town.event("identify", user="ana", traits={"tier": "gold"})
    [told] = export_contact(town.conn, town.workspace, ana)["segments"]
    assert (told["name"], [row["cause"] for row in told["changes"]]) == ("Gold", ["contact"])
