"""Broadcasts by the API: drafted like a journey, counted and played, launched once, taken back."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.api.conftest import Ask, make_client
from tests.workers.test_engine_rounds import add
from tests.workers.town import Town

TEXT = """name: Sale
kind: broadcast
entry: {kind: audience, channel: sms, at_launch: true}
steps: [{id: hello, kind: message, channels: [sms], text: "Hello {{ contact.name }}"}]
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


def test_from_the_draft_to_the_results(town: Town, mine: Ask) -> None:
    """Every step of it."""
    add(town, "Ana")
    town.suppress("+5511987650001", "manual")
    add(town, "Bea")
    journey = mine("POST", "/journeys", {"document": TEXT}, 201)
    assert (journey["kind"], journey["problems"]) == ("broadcast", [])
    own = f"/broadcasts/{journey['id']}"
    assert [row["doing"] for row in mine("GET", "/broadcasts")] == ["draft"]
    outlook = mine("GET", f"{own}/outlook")
    assert (outlook["count"], outlook["reachable"], outlook["sample"]) == (2, [{"channel": "sms", "count": 2}], 2)
    assert outlook["played"]["messages"] == 1
    assert [row["reason"] for row in outlook["played"]["not_sent"]] == ["suppression.manual"]
    launched = mine("POST", f"{own}/launch", {"version": journey["version"]})
    assert launched["doing"] == "sending"
    assert mine("POST", f"{own}/take-back")["doing"] == "draft"
    mine("POST", f"{own}/launch", {"version": journey["version"]})
    town.advance(timedelta(seconds=15))
    [sent] = town.sending("sms")
    town.outcome(sent, "ok", provider_id="p1")
    told = mine("GET", own)
    assert (told["doing"], told["sent"], told["channels"][0]["sent"]) == ("sent", 1, 1)
    mine("POST", f"{own}/launch", {"version": journey["version"]}, 409)
    mine("POST", f"{own}/take-back", None, 409)


def test_what_is_wrong_is_told_and_a_journey_is_none(town: Town, mine: Ask) -> None:
    """Before it is counted or launched."""
    wrong = mine("POST", "/journeys", {"document": TEXT.replace("at_launch: true", "every: day, time: '09:00'")}, 201)
    for method, path, form in (("GET", "outlook", None), ("POST", "launch", {"version": 1})):
        refused = mine(method, f"/broadcasts/{wrong['id']}/{path}", form, 400)
        assert "goes out once" in refused["sentence"]
    other = mine("POST", "/journeys", {"document": TEXT.replace("kind: broadcast", "note: none")}, 201)
    mine("GET", f"/broadcasts/{other['id']}", None, 404)
