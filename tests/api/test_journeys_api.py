"""Journeys by the API: drafted, checked, published, steered; what their runs came to."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.api.conftest import Ask, make_client
from tests.workers.test_engine_journeys import CART, HOUR, MINUTE, add_customer, add_to_cart
from tests.workers.town import Town

WRONG = """name: Cart
entry: {event: Product Added}
steps:
  - id: pause
    kind: wait
    for: soon
  - {id: pause, kind: message, channels: [pigeon], text: "Hi {{ contact.name"}
"""


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace whose source 1 is its shop's server."""
    from tertulia.data.models import Source

    with Town(empty_database) as made:
        Source.objects.create(id=1, workspace=made.workspace, name="Shop", write_key="wk_1")
        made._change_epoch()
        yield made


@pytest.fixture
def mine(town: Town) -> Ask:
    """A machine of the town's."""
    return make_client(town.workspace)


def publish(mine: Ask, document: str = CART, **form: Any) -> dict[str, Any]:
    """A journey that people enter; as the API tells it."""
    made = mine("POST", "/journeys", {"document": document, **form}, 201)
    told: dict[str, Any] = mine("POST", f"/journeys/{made['id']}/publish", {"version": made["version"]})
    return told


def test_a_draft_is_kept_as_it_was_written_with_everything_that_is_wrong(mine: Ask) -> None:
    """Each with its line and column; it cannot be published."""
    made = mine("POST", "/journeys", {"document": WRONG}, 201)
    assert (made["name"], made["key"], made["state"], made["version"]) == ("Cart", "cart", "draft", 1)
    assert made["document"] == WRONG
    places = [(problem["field"], problem["line"], problem["column"]) for problem in made["problems"]]
    assert places == [
        ("steps.0.for", 6, 5),
        ("steps.1.id", 7, 6),
        ("steps.1.channels.0", 7, 43),
        ("steps.1.text", 7, 52),
    ]
    assert mine("POST", "/journeys/check", {"document": WRONG}) == made["problems"]
    refused = mine("POST", f"/journeys/{made['id']}/publish", {"version": 1}, 400)
    assert (refused["code"], refused["field"], refused["line"], refused["column"]) == ("invalid", "steps.0.for", 6, 5)
    assert refused["problems"] == made["problems"]
    assert mine("GET", f"/journeys/{made['id']}")["state"] == "draft"


def test_a_draft_changes_under_its_version_alone(mine: Ask) -> None:
    """Two people write at once: the second is told, and nothing of theirs is kept."""
    made = mine("POST", "/journeys", {"document": CART, "key": "cart"}, 201)
    path = f"/journeys/{made['id']}"
    saved = mine("PUT", path, {"document": CART.replace("Cart reminder", "Carts"), "version": 1})
    assert (saved["name"], saved["version"], saved["problems"]) == ("Carts", 2, [])
    assert mine("PUT", path, {"document": CART, "version": 1}, 409)["code"] == "conflict"
    assert mine("POST", f"{path}/publish", {"version": 1}, 409)["code"] == "conflict"
    assert mine("GET", path) == saved
    assert mine("POST", "/journeys", {"document": CART, "key": "cart"}, 409)["code"] == "conflict"
    assert mine("POST", "/journeys", {"document": CART, "key": "A b"}, 400)["field"] == "key"
    assert mine("POST", "/journeys", {"document": "steps: []"}, 400)["field"] == "name"
    assert mine("POST", "/journeys", {"document": '{"name": "Json", "steps": []}'}, 201)["name"] == "Json"
    assert mine("POST", "/journeys", {"document": "name: Torn\nsteps: [}"}, 201)["name"] == "Torn"
    mine("DELETE", path, status=204)
    assert {row["key"] for row in mine("GET", "/journeys")} == {"json", "torn"}


def test_V1_a_published_journey_keeps_its_revisions(mine: Ask) -> None:
    """Each with its document, whatever the draft becomes."""
    told = publish(mine)
    assert (told["state"], told["revision"], told["published"]) == ("live", 1, True)
    path = f"/journeys/{told['id']}"
    changed = mine("PUT", path, {"document": CART + "reentry: never\n", "version": 1})
    assert (changed["revision"], changed["published"]) == (1, False)
    nobody = {"inside": 0, "moves": 0, "stays": 0, "again": 0, "restart_moves": 0, "restart_stays": 0}
    assert mine("GET", f"{path}/runs-outlook") == nobody
    assert mine("POST", f"{path}/publish", {"version": 2, "runs": "fly"}, 400)["field"] == "runs"
    assert mine("POST", f"{path}/publish", {"version": 2, "runs": "move"})["revision"] == 2
    assert [row["number"] for row in mine("GET", f"{path}/revisions")] == [2, 1]
    assert mine("GET", f"{path}/revisions/1")["document"] == CART
    mine("GET", f"{path}/revisions/3", status=404)
    assert mine("DELETE", path, status=409)["code"] == "conflict"


def test_V2_a_journey_is_steered(town: Town, mine: Ask) -> None:
    """Close, open, pause, resume and cancel are different acts; what cannot be now is refused with its reason."""
    told = publish(mine)
    path = f"/journeys/{told['id']}"
    assert mine("POST", f"{path}/close")["state"] == "closed"
    assert mine("POST", f"{path}/open")["state"] == "live"
    assert mine("POST", f"{path}/open", status=409)["sentence"] == "This journey runs already."
    paused = mine("POST", f"{path}/pause")
    assert (paused["state"], bool(paused["paused_at"])) == ("paused", True)
    assert mine("POST", f"{path}/resume", {"how": "never"}, 400)["field"] == "how"
    assert mine("POST", f"{path}/resume", {"how": "fire"})["state"] == "resuming"
    town.drain()
    assert mine("GET", path)["state"] == "live"
    mine("POST", f"{path}/cancel")
    town.drain()
    assert mine("GET", path)["state"] == "cancelled"
    assert mine("POST", f"{path}/publish", {"version": 1}, 409)["code"] == "conflict"
    verbs = {row["verb"] for row in mine("GET", "/audit")}
    assert {"journey_created", "journey_published", "journey_paused", "journey_cancelled"} <= verbs


def test_F5_the_audit_log_says_who_lets_messages_pass_the_caps(mine: Ask) -> None:
    """By the steps' ids, with each revision."""
    publish(mine)
    publish(mine, CART.replace("kind: message", "kind: message\n    important: true"), key="urgent")
    told = [row["facts"] for row in mine("GET", "/audit") if row["verb"] == "journey_published"]
    assert told == [{"revision": 1, "important": ["remind"]}, {"revision": 1, "important": []}]


def test_runs_are_counted_by_step_and_told_of_a_contact(town: Town, mine: Ask) -> None:
    """Who is where, what was sent, why the rest was not; a contact's own runs with what began and ended them."""
    contact = add_customer(town)
    told = publish(mine)
    path = f"/journeys/{told['id']}"
    add_to_cart(town)
    add_to_cart(town, properties={"product": "Filter"})
    [visitor] = mine("GET", f"{path}/people?step=pause")
    assert (visitor["contact_id"], visitor["name"], bool(visitor["due_at"])) == (contact, "Ana", True)
    assert mine("GET", f"{path}/people?step=remind") == []
    [live] = mine("GET", f"/contacts/{contact}/runs")
    assert (live["journey"], live["step"], live["outcome"], live["ended_at"]) == ("Cart reminder", "pause", "", None)
    assert live["event"]["properties"]["product"] == "Chapada coffee"
    town.advance(HOUR)
    town.outcome(town.sending("sms")[0], "ok", provider_id="p1")
    add_to_cart(town)
    town.advance(MINUTE)
    town.event("track", user="u1", name="Order Completed")
    counts = mine("GET", f"{path}/counts")
    assert (counts["entered"], counts["now"]) == (2, 0)
    assert counts["ended"] == {"completed": 1, "left": 0, "exited": 1}
    assert [(item["reason"], item["count"]) for item in counts["not_entered"]] == [("entry.live_run", 1)]
    assert counts["not_entered"][0]["sentence"] == "This customer was in the journey already."
    pause, remind = counts["steps"]
    assert (pause["step"], pause["kind"], pause["reached"], pause["ended"]) == ("pause", "wait", 2, {"exited": 1})
    assert (remind["step"], remind["reached"], remind["messages"]) == ("remind", 1, {"sent": 1})
    newest, oldest = mine("GET", f"/contacts/{contact}/runs")
    assert (newest["outcome"], newest["reason"]) == ("exited", "run.exception")
    assert newest["sentence"] == "An event of this customer ended the journey at once."
    events = {event["id"]: event["name"] for event in mine("GET", f"/contacts/{contact}/events")}
    assert events[newest["event_id"]] == "Order Completed"
    assert (oldest["outcome"], oldest["reason"]) == ("completed", "")
    decisions = mine("GET", f"/contacts/{contact}/decisions")
    assert {(row["outcome"], row["reason"], row["journey_id"], row["step"] or "") for row in decisions} == {
        ("not_entered", "entry.live_run", told["id"], ""),
        ("sent", "passed", told["id"], "remind"),
    }
    assert [row["entered"] for row in mine("GET", "/journeys")] == [2]


def test_S1_why_somebody_is_in_it_or_not(town: Town, mine: Ask) -> None:
    """Never, with the condition and its value; in it; refused, with the ledger's reason."""
    contact = add_customer(town)
    told = publish(mine)
    path = f"/journeys/{told['id']}/why?contact_id={contact}"
    add_to_cart(town, properties={"price": 20})
    never = mine("GET", path)
    assert (never["outcome"], never["runs"], never["decisions"]) == ("never", [], [])
    assert never["sentence"] == "Never entered: when “Product Added” last came, price was 20."
    assert never["more"] == "The journey asks for: price over 100."
    add_to_cart(town)
    inside = mine("GET", path)
    assert (inside["outcome"], inside["runs"][0]["step"]) == ("in", "pause")
    mine("POST", f"/journeys/{told['id']}/close")
    town.advance(HOUR)
    town.outcome(town.sending("sms")[0], "ok", provider_id="p1")
    town.advance(MINUTE)
    add_to_cart(town)
    refused = mine("GET", path)
    assert (refused["outcome"], refused["reason"]) == ("not_entered", "entry.closed")
    assert {row["outcome"] for row in refused["decisions"]} == {"sent", "not_entered"}
    mine("GET", f"/journeys/{told['id']}/why?contact_id=1", status=404)


def test_unsent_messages_of_older_revisions_are_counted_under_their_step(town: Town, mine: Ask) -> None:
    """A step that the newest revision does not have any more stands behind the others."""
    add_customer(town)
    told = publish(mine, CART.replace("{{ event.product }}", "{{ event.nothing }}"))
    add_to_cart(town)
    path = f"/journeys/{told['id']}"
    mine("PUT", path, {"document": CART.replace("id: remind", "id: tell"), "version": 1})
    mine("POST", f"{path}/publish", {"version": 2})
    town.advance(timedelta(hours=1))
    steps = mine("GET", f"{path}/counts")["steps"]
    assert [(step["step"], step["kind"]) for step in steps] == [("pause", "wait"), ("tell", "message"), ("remind", "")]
    assert [(item["reason"], item["count"]) for item in steps[2]["unsent"]] == [("render.missing", 1)]


def test_another_workspace_and_a_reading_key_see_and_change_nothing(town: Town, mine: Ask) -> None:
    """404 for what is another's, 403 for what the key may not."""
    from tertulia.data.models import Workspace
    from tertulia.store.sealing import seal

    told = publish(mine)
    path = f"/journeys/{told['id']}"
    other = make_client(Workspace.objects.create(name="Other", slug="other", link_key=seal(b"o" * 32)))
    assert other("GET", "/journeys") == []
    for method, below in (("GET", ""), ("GET", "/counts"), ("GET", "/people"), ("GET", "/revisions"), ("DELETE", "")):
        other(method, path + below, status=404)
    for verb in ("pause", "close", "open", "cancel"):
        other("POST", f"{path}/{verb}", status=404)
    reader = make_client(town.workspace, ("read",))
    assert reader("GET", path)["name"] == "Cart reminder"
    assert reader("POST", f"{path}/pause", status=403)["code"] == "scope"


def test_the_schema_is_published(mine: Ask) -> None:
    """Every kind of step has its part."""
    schema = mine("GET", "/journeys/schema")
    kinds = {part["properties"]["kind"]["const"] for part in schema["$defs"].values() if "oneOf" not in part
             and "const" in part.get("properties", {}).get("kind", {})}  # fmt: skip
    assert {"message", "wait", "wait_for", "branch", "update", "exit"} <= kinds
