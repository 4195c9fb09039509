"""A merge and what comes after it in the log, decided in one cycle: it is about one person by then (M8)."""

from tests.workers.test_engine_journeys import HOUR, add_customer, town
from tests.workers.town import Town

from tertulia.core.entries import EventEntry, MergeEntry

__all__ = ["town"]

HELLO = """
name: Hello
entry: {event: Added}
reentry: %s
steps:
  - {id: tell, kind: message, channels: [sms], text: Hi}
  - {id: rest, kind: wait, for: 1 h}
"""


def merge_and_add(town: Town, absorbed: int, into: int) -> None:
    """Two entries of one shard, read at once; the event is one of the absorbed contact's user."""
    town.append(MergeEntry(into, absorbed, "user:1", town.now), absorbed)
    town.append(EventEntry(1, "track", "added", town.now, town.now, "Added", user_id="u2"), absorbed)
    town.drain()


def add_two(town: Town) -> tuple[int, int]:
    return add_customer(town), add_customer(town, "Bia", "+5511987650002", "u2")


def test_R1_the_run_of_who_stays_is_live(town: Town) -> None:
    """A second start is ignored."""
    ana, bia = add_two(town)
    town.publish(HELLO % "always")
    town.event("track", user="u1", name="Added")
    merge_and_add(town, bia, ana)
    assert town.live_runs() == [(ana, "tell")]
    assert ("", "not_entered", "entry", "entry.live_run") in town.ledger()


def test_R2_who_was_absorbed_was_there_before(town: Town) -> None:
    """Nobody gets the message twice."""
    ana, bia = add_two(town)
    town.publish(HELLO % "never")
    town.event("track", user="u2", name="Added")
    [sent] = town.sending("sms")
    town.outcome(sent, "ok", provider_id="1")
    town.advance(HOUR)
    merge_and_add(town, bia, ana)
    assert (town.live_runs(), town.past_runs()) == ([], [(bia, "completed", "")])


def test_M8_the_address_of_who_was_absorbed_is_known(town: Town) -> None:
    """The one who stays has none of their own."""
    bia = add_customer(town, "Bia", "+5511987650002", "u2")
    town.event("identify", user="u3")
    newcomer = town.identity("user_id", "u3")
    assert newcomer is not None
    town.publish(HELLO % "never")
    merge_and_add(town, bia, newcomer)
    assert [sent.to for sent in town.sending("sms")] == ["+5511987650002"]
    assert town.live_runs() == [(newcomer, "tell")]
