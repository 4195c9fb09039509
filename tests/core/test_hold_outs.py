"""Hold-outs played in memory: who is held out lives through the same journey, and nothing is sent (A1-A3, G3, S0)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.imagined import LISBON, NOW, make_config, make_shop, play, track

from tertulia.core import entry_effects as ee
from tertulia.core.caps import read_cap
from tertulia.core.effects import Decide
from tertulia.core.shares import SHARE_MAX, read_share, write_share
from tertulia.core.simulation.memory import Memory
from tertulia.core.simulation.play import Player
from tertulia.core.simulation.report import Report
from tertulia.core.world import World

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
OFFER = """
name: Offer
entry: {event: Looked, second: parallel}
hold_out: %s
steps:
  - {id: tell, kind: message, channels: [telegram, sms], text: "Hi {{ contact.name }}"}
  - {id: pause, kind: wait, for: 1 h}
  - {id: again, kind: message, channels: [sms], text: "Still there"}
"""
EVERYBODY = 60


def look(memory: Memory, at: timedelta = timedelta(), journey: int = 1, customers: int = EVERYBODY) -> set[int]:
    """Every customer comes once; who was held out at the journey's first message."""
    held: set[int] = set()

    def watch(world: World) -> None:
        rows = [effect for effect in world.effects if isinstance(effect, Decide)]
        held.update(row.contact_id for row in rows if (row.outcome, row.journey_id) == ("ghost", journey))

    events = [track(1_000_000 * (1 + at // DAY) + n, NOW + at, "Looked", f"u{n}") for n in range(1, customers + 1)]
    Player(memory, watch).play(events, NOW + at + 3 * HOUR)
    return held


@given(st.integers(1, SHARE_MAX))
def test_a_share_is_read_as_it_is_written(share: int) -> None:
    """To a hundredth of a percent."""
    assert read_share(write_share(share)) == share


@pytest.mark.parametrize("text", ["0%", "91%", "10", "ten %", "1.234%", "-1%", "100%", "0.001%", "10%%"])
def test_a_wrong_share_says_what_to_write(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match="such as 10%"):
        read_share(text)


def test_A3_a_held_out_customer_goes_on_as_if_it_had_been_sent() -> None:
    """Two ghosts an hour apart, at the instants of the messages, and the run is completed."""
    memory, report, instants = make_shop(make_config(OFFER % "90%"), EVERYBODY), Report(1, LISBON), []

    def watch(world: World) -> None:
        report.watch(world)
        rows = [effect for effect in world.effects if isinstance(effect, Decide) and effect.outcome == "ghost"]
        instants.extend((row.step, row.at, row.gate, row.reason) for row in rows)
        assert all([name for name, _ in row.facts["passed"]][-1] == "render" for row in rows)

    events = [track(n, NOW, "Looked", f"u{n}") for n in range(1, EVERYBODY + 1)]
    Player(memory, watch).play(events, NOW + DAY)
    gate = ("hold_out", "hold_out.journey")
    assert set(instants) == {("tell", NOW, *gate), ("again", NOW + HOUR, *gate)}
    assert report.completed == EVERYBODY
    assert report.ghosts["tell"] == report.ghosts["again"] == EVERYBODY - report.sent_by_step["tell"]
    assert 0 < report.sent_by_step["tell"] == report.sent_by_step["again"] < EVERYBODY / 2
    assert not report.waiting


def test_A1_who_is_held_out_stays_so_whatever_the_share() -> None:
    """Later entries and another share change nothing; newcomers are divided by it."""
    memory = make_shop(make_config(OFFER % "30%"), EVERYBODY)
    first = look(memory)
    assert 0 < len(first) < EVERYBODY / 2
    memory.rows.config = make_config(OFFER % "90%")
    assert look(memory, DAY) == first


def test_A1_a_side_is_recorded_at_the_first_exposure_with_its_weight() -> None:
    """Of both sides, once each."""
    memory, seen = make_shop(make_config(OFFER % "25%"), EVERYBODY), []

    def watch(world: World) -> None:
        seen.extend(effect for effect in world.effects if isinstance(effect, ee.Assign))

    Player(memory, watch).play([track(n, NOW, "Looked", f"u{n}") for n in range(1, EVERYBODY + 1)], NOW + DAY)
    assert len(seen) == len({effect.contact_id for effect in seen}) == EVERYBODY
    assert {(effect.way, effect.weight) for effect in seen} == {("treated", 7_500), ("held_out", 2_500)}
    assert all((effect.bucket < 2_500) == (effect.way == "held_out") for effect in seen)


def test_A2_the_workspaces_hold_out_has_a_salt_of_its_own() -> None:
    """It holds the same customers out of every journey, and divides others than a journey's does."""
    plain = OFFER.replace("hold_out: %s\n", "")
    memory = make_shop(make_config(plain, plain, hold_out=5_000), EVERYBODY)
    assert look(memory) == look(memory, DAY, journey=2)
    of_all = look(make_shop(make_config(plain, hold_out=5_000), EVERYBODY))
    of_one = look(make_shop(make_config(OFFER % "50%"), EVERYBODY))
    assert of_all - of_one
    assert of_one - of_all
    assert of_all & of_one


def test_A2_who_is_in_the_workspaces_hold_out_is_no_part_of_the_journeys() -> None:
    """They were not exposed to it."""
    memory, seen = make_shop(make_config(OFFER % "50%", hold_out=5_000), EVERYBODY), []

    def watch(world: World) -> None:
        seen.extend(effect for effect in world.effects if isinstance(effect, ee.Assign))

    Player(memory, watch).play([track(n, NOW, "Looked", f"u{n}") for n in range(1, EVERYBODY + 1)], NOW + DAY)
    out = {effect.contact_id for effect in seen if (effect.experiment, effect.way) == ("hold_out", "held_out")}
    assert out
    assert not out & {effect.contact_id for effect in seen if effect.experiment == "1"}


def test_A3_a_ghost_takes_no_slot_under_a_cap() -> None:
    """A service message right after it goes out, though one message a day is all that the cap allows."""
    service = (
        "name: S\nentry: {event: Looked}\nsteps: [{id: s, kind: message, channels: [sms], class: service, text: S}]"
    )
    cap = read_cap("one", {"limit": 1, "per": "24 h"})
    memory = make_shop(make_config(OFFER % "90%", service.replace("Looked", "Paid"), caps=(cap,)), EVERYBODY)
    held = look(memory)
    paid = [track(n, NOW + 3 * HOUR, "Paid", f"u{n}") for n in range(1, EVERYBODY + 1)]
    report = play(memory, paid, NOW + 4 * HOUR, journey=2)
    assert report.messages == len(held)
    assert report.count_held("cap") == EVERYBODY - len(held)


def test_A3_who_fails_another_gate_is_on_no_side() -> None:
    """Aborts and refusals take people out of both sides alike: nothing is recorded before they have passed."""
    memory = make_shop(make_config(OFFER % "50%"), EVERYBODY)
    for contact in memory.rows.contacts.values():
        contact.consents = []
    assert look(memory) == set()
    assert memory.assigned == {}


@pytest.mark.parametrize("class_", ["service", "transactional"])
def test_S0_only_marketing_is_held_out(class_: str) -> None:
    """Whatever shares are set."""
    document = (OFFER % "90%").replace("name: Offer\n", f"name: Offer\nclass: {class_}\n")
    memory = make_shop(make_config(document, hold_out=9_000), EVERYBODY)
    assert look(memory) == set()
    assert memory.assigned == {}


@pytest.mark.parametrize("since", ["send", "entry"])
def test_G3_hold_outs_convert_in_the_window_of_the_ghost_send(since: str) -> None:
    """The goal is reached by both sides; nothing is owed to a message that nobody got."""
    goal = f"goal: {{event: Bought, within: 2 h, from: {since}}}\n"
    memory = make_shop(make_config(OFFER % "50%" + goal), EVERYBODY)
    reached: list[ee.ReachGoal] = []

    def watch(world: World) -> None:
        reached.extend(effect for effect in world.effects if isinstance(effect, ee.ReachGoal))

    held = look(memory)
    bought = [track(n, NOW + 110 * HOUR / 60, "Bought", f"u{n}") for n in range(1, EVERYBODY + 1)]
    Player(memory, watch).play(bought, NOW + 4 * HOUR)
    assert {one.contact_id for one in reached} == {row.id for row in memory.rows.contacts.values()}
    assert {one.contact_id for one in reached if not one.step} == held


def test_A3_a_question_that_was_never_asked_waits_for_no_reply() -> None:
    """Its time passes, and the run goes the way of those who did not answer."""
    ask = """
name: Ask
entry: {event: Looked}
hold_out: 90%
steps:
  - id: q
    kind: ask
    channels: [sms]
    text: May we?
    answer: yes_no
    at_most: 2 h
    missed: [{id: m, kind: exit, reason: missed}]
"""
    memory = make_shop(make_config(ask), EVERYBODY)
    events = [track(n, NOW, "Looked", f"u{n}") for n in range(1, EVERYBODY + 1)]
    report = play(memory, events, NOW + HOUR, answered=1.0)
    held = report.ghosts["q"]
    assert {bool(run.question) for run in memory.rows.runs.values()} == {False}
    assert len(memory.rows.runs) == held > EVERYBODY / 2
    report = play(memory, [], NOW + 3 * HOUR)
    assert report.ended == {("left", "missed"): held}
