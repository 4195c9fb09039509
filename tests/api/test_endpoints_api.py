"""Endpoints and calls that wait, over the API: what the console's pages can do."""

from typing import Any
from uuid import UUID

from django.db import connection
from tests.api.conftest import Ask
from tests.workers.test_api_caller import add_call

FORM = {"key": "shop", "name": "Shop", "base_url": "https://api.shop.example/v2", "secrets": {"authorization": "x"}}


def test_S6_endpoints_are_made_changed_and_deleted(ask: Ask, foreign_ask: Ask, shop: Any) -> None:
    """Secrets come back by their names only, and stay where they are not given again."""
    made = ask("POST", "/endpoints", FORM, 201)
    assert (made["key"], made["secrets"], made["methods"], made["idempotent"]) == (
        *("shop", ["authorization"], ["GET", "POST"], False),
    )
    assert ask("POST", "/endpoints", FORM, 409)["field"] == "key"
    path = f"/endpoints/{made['id']}"
    changed = ask("PUT", path, {**FORM, "secrets": {"authorization": ""}, "methods": ["POST"], "idempotent": True})
    assert (changed["secrets"], changed["methods"], changed["idempotent"]) == (["authorization"], ["POST"], True)
    problems = ask("PUT", path, {**FORM, "base_url": "shop", "timeout_s": 0}, 400)["problems"]
    assert [problem["field"] for problem in problems][:2] == ["base_url", "timeout_s"]
    assert ask("GET", path) == changed
    assert ask("GET", f"{path}/log") == []
    assert foreign_ask("GET", "/endpoints") == []
    assert foreign_ask("GET", path, None, 404)["code"] == "not_found"
    assert foreign_ask("GET", f"{path}/log", None, 404)["code"] == "not_found"
    ask("DELETE", path, None, 204)
    assert ask("GET", "/endpoints") == []


def test_S6_a_journey_names_endpoints_that_there_are(ask: Ask, shop: Any) -> None:
    """With a method that it takes, and results that a step before saves."""
    ask("POST", "/endpoints", {**FORM, "methods": ["GET"]}, 201)
    call = "  - {id: ask, kind: call, endpoint: %s, method: %s, save: {tier: tier}}\n"
    use = "  - {id: b, kind: branch, branches: [{when: {result: %s, is: gold}}]}\n"
    document = "name: T\nentry: {event: X}\nsteps:\n"

    def problems(text: str) -> list[tuple[str, str]]:
        told = ask("POST", "/journeys", {"document": document + text}, 201)["problems"]
        return [(problem["field"], problem["sentence"]) for problem in told]

    assert problems(call % ("shop", "GET") + use % "ask.tier") == []
    assert problems(call % ("till", "GET"))[0] == (
        *("steps.0.endpoint", "No endpoint has the key “till”. There are: shop."),
    )
    assert problems(call % ("shop", "POST"))[0] == ("steps.0.method", "“shop” takes no POST. It takes: GET.")
    assert problems(call % ("shop", "GET") + use % "ask.name")[0][0] == "steps.1.branches.0.when.result"
    assert problems(use % "ask.tier" + call % ("shop", "GET"))[0][1] == (
        "No step before this one is called “ask” and saves something."
    )


def test_S6_a_person_settles_a_call_over_the_api(ask: Ask, foreign_ask: Ask, shop: Any, engine: None) -> None:
    """One that waits; afterwards it waits for nobody."""
    endpoint = ask("POST", "/endpoints", FORM, 201)["id"]
    call_id = add_call(connection.connection, shop.pk, endpoint, state="unknown", reason="call.waits")
    [waiting] = ask("GET", "/calls/waiting")
    assert (UUID(waiting["id"]), waiting["step"], waiting["method"]) == (call_id, "ask", "POST")
    assert ask("GET", "/calls/waiting?journey_id=2") == []
    assert foreign_ask("GET", "/calls/waiting") == []
    assert foreign_ask("POST", f"/calls/{call_id}/settle", {"verdict": "worked"}, 404)["code"] == "not_found"
    assert ask("DELETE", f"/endpoints/{endpoint}", None, 409)["code"] == "conflict"
    ask("POST", f"/calls/{call_id}/settle", {"verdict": "maybe"}, 422)
    assert ask("POST", f"/calls/{call_id}/settle", {"verdict": "failed"}) == {"decided": True}
    assert ask("GET", "/calls/waiting") == []
    assert ask("POST", f"/calls/{call_id}/settle", {"verdict": "failed"}, 404)["code"] == "not_found"
