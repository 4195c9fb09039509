"""A4: what came of a journey's experiments, on its page, by the API, and of the workspace's hold-out."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from tests.console.cast import Cast, make_client
from tests.console.experiments import add_people, tally_goals

NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=40)
OFFER = """name: Offer
entry: {event: Looked}
hold_out: 20%
goal: {event: Bought, within: 3 d}
steps:
  - id: words
    kind: split
    name: Which words
    ways: [{name: short, steps: []}, {name: long, steps: []}]
  - {id: pause, kind: wait, for: 2 h}
"""


@pytest.fixture
def journey(cast: Cast) -> Any:
    """Published."""
    from django.db import transaction

    from tertulia.actions import journeys as actions

    with transaction.atomic():
        made = actions.create_journey(cast.workspace, cast.alice, NOW, OFFER, name="Offer")
        actions.publish(made, cast.alice, NOW, version=1)
    return made


def fill(cast: Cast, experiment: str, journey: Any, counts: dict[str, tuple[int, int]], **more: Any) -> None:
    from django.db import connection, transaction

    at = more.pop("at", LONG_AGO)
    with transaction.atomic():
        add_people(connection.cursor().connection, cast.workspace.pk, experiment, journey.pk, counts, at, **more)


def read(client: Any, address: str) -> str:
    """What the page says, without its tags."""
    response = client.get(address)
    assert response.status_code == 200, address
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def test_A4_a_page_says_first_that_it_is_too_early(cast: Cast, alice: Any, journey: Any) -> None:
    """Nobody yet; people whose time is not over; fewer than the sample."""
    page = f"/journeys/{journey.pk}/results/"
    assert read(alice, page).count("Nobody has come here yet.") == 2
    assert "20% held out" in read(alice, f"/journeys/{journey.pk}/")
    fill(cast, str(journey.pk), journey, {"held_out": (40, 0), "treated": (60, 0)}, at=NOW - timedelta(days=1))
    assert "Too early to tell: 100 people came here, and the 3 days in which each may convert" in read(alice, page)
    fill(cast, str(journey.pk), journey, {"held_out": (312, 12), "treated": (1_100, 60)})
    told = read(alice, page)
    assert "Too early to tell: 312 of 500 people in the smaller group." in told
    assert "100 more people are not counted yet" in told


def test_A4_a_page_says_what_the_messages_change(cast: Cast, alice: Any, journey: Any) -> None:
    """By how much, with intervals; a conversion after the time that everybody has is none, nor is another journey's."""
    fill(cast, str(journey.pk), journey, {"held_out": (2_000, 160), "treated": (8_000, 1_040)})
    late = {"held_out": (1_000, 900), "treated": (4_000, 3_600)}
    fill(cast, str(journey.pk), journey, late, at=LONG_AGO - timedelta(days=1), after=timedelta(days=4))
    told = read(alice, f"/journeys/{journey.pk}/results/")
    assert "The messages work" in told
    assert re.search(r"The messages work: \d\.\d to \d\.\d points more reach the goal than without them\.", told)
    assert "5.3 %" in told  # 160 of 3,000
    assert "8.7 %" in told  # 1,040 of 12,000
    longer = read(alice, f"/journeys/{journey.pk}/results/?days=7")
    assert "within 7 days of coming to the experiment" in longer
    assert "35.3 %" in longer  # 1,060 of 3,000


def test_A4_ways_of_a_split_are_compared_with_the_first(cast: Cast, alice: Any, journey: Any) -> None:
    """In the order of the document. Nothing is decided where nothing differs."""
    fill(cast, f"{journey.pk}/words", journey, {"long": (3_000, 300), "short": (3_000, 290), "<b>old": (10, 1)})
    told = read(alice, f"/journeys/{journey.pk}/results/")
    assert "Which words" in told
    assert "Not decided: of “long”, between" in told
    assert told.index("short 3,000") < told.index("long 3,000") < told.index("<b>old 10")
    assert "“<b>old”: too early to tell: 10 of 500 people." in told


def test_G2_a_page_says_which_message_the_goals_came_after(cast: Cast, alice: Any, journey: Any) -> None:
    """Once there are any, with those before the first message."""
    from django.db import connection

    page = f"/journeys/{journey.pk}/results/"
    assert "Which message they came after" not in read(alice, page)
    place = [cast.workspace.pk, journey.pk]
    tally_goals(connection.cursor(), *place, {"": 5, "remind": 3, "again": 0})
    told = read(alice, page)
    assert "Message Sent Goals Share remind 0 3 60 % before any message 2 40 %" in told


def test_A4_the_api_tells_the_same(cast: Cast, journey: Any) -> None:
    """Figures of 1; another workspace's journey is not there."""
    from tests.api.conftest import make_client as make_machine

    fill(cast, str(journey.pk), journey, {"held_out": (600, 30), "treated": (2_400, 240)})
    ask = make_machine(cast.workspace)
    told = ask("GET", f"/journeys/{journey.pk}/results")
    assert (told["goal"], told["within_s"]) == ("Bought", 3 * 86_400)
    [hold_out, split] = told["experiments"]
    assert [(one["way"], one["people"], one["converted"]) for one in hold_out["variants"]] == [
        ("held_out", 600, 30),
        ("treated", 2_400, 240),
    ]
    [comparison] = hold_out["comparisons"]
    assert comparison["difference"] == pytest.approx(0.05)
    assert comparison["lift"] == pytest.approx(1.0)
    assert comparison["low"] < 0.05 < comparison["high"]
    assert (comparison["verdict"], comparison["sample"]) == ("more", 500)
    assert (split["kind"], split["step"], split["waiting"]) == ("split", "words", 0)
    assert ask("GET", f"/journeys/{journey.pk}/results?days=400", status=400)["problems"][0]["field"] == "days"
    assert make_client(cast.charlie).get(f"/journeys/{journey.pk}/results/").status_code == 404


def test_A5_a_bandits_weights_are_told_with_the_hour_since_which_they_hold(
    cast: Cast, alice: Any, journey: Any
) -> None:
    """Only while the split is a bandit's."""
    from django.db import transaction

    from tertulia.actions import journeys as actions
    from tertulia.data.models import SplitWeights

    weights = {"short": 2_550, "long": 7_450}
    SplitWeights.objects.create(journey=journey, step="words", at=NOW, weights=weights, counts={})
    fill(cast, f"{journey.pk}/words", journey, {"long": (3_000, 300), "short": (3_000, 290)})
    assert "A bandit sets the weights" not in read(alice, f"/journeys/{journey.pk}/results/")
    with transaction.atomic():
        text = OFFER.replace("    name: Which words\n", "    name: Which words\n    weights: bandit\n")
        actions.save_draft(journey, cast.alice, NOW, text, version=journey.version)
        actions.publish(journey, cast.alice, NOW, version=journey.version)
    told = read(alice, f"/journeys/{journey.pk}/results/")
    assert "A bandit sets the weights of those who come now, since" in told
    assert "short 25.5 % , long 74.5 %" in told


def test_A2_the_workspaces_hold_out_counts_the_goals_of_all_journeys(cast: Cast, alice: Any, journey: Any) -> None:
    """Within thirty days of the first marketing message."""
    assert "What came of it" not in read(alice, "/settings/hold-out/")
    fill(cast, "hold_out", journey, {"held_out": (600, 30), "treated": (2_400, 240)}, after=timedelta(days=20))
    told = read(alice, "/settings/hold-out/")
    assert "within 30 days of the first marketing message" in told
    assert "The messages work" in told


def test_a_journey_without_a_goal_has_nothing_to_measure(cast: Cast, alice: Any, journey: Any) -> None:
    """And says what to do; so does one without an experiment."""
    from django.db import transaction

    from tertulia.actions import journeys as actions

    with transaction.atomic():
        text = "name: Plain\nentry: {event: Looked}\nsteps: [{id: pause, kind: wait, for: 2 h}]\n"
        made = actions.create_journey(cast.workspace, cast.alice, NOW, text, name="Plain")
        actions.publish(made, cast.alice, NOW, version=1)
        more = actions.create_journey(
            cast.workspace, cast.alice, NOW, text + "goal: {event: Bought, within: 3 d}\n", name="Plain"
        )
        actions.publish(more, cast.alice, NOW, version=1)
    assert "Give the journey a goal" in read(alice, f"/journeys/{made.pk}/results/")
    assert "Nothing to compare yet" in read(alice, f"/journeys/{more.pk}/results/")
