"""A1: customers are split by weight and stay on their way, through the engine on a real database."""

from collections.abc import Sequence
from datetime import timedelta

from tests.workers.test_engine_entries import town
from tests.workers.test_engine_journeys import MINUTE, add_customer
from tests.workers.town import Town

__all__ = ["town"]

SPLIT = """
name: Split
entry: {event: Looked}
steps:
  - id: offer
    kind: split
    ways:
      - {name: A, weight: %d, steps: [{id: a, kind: exit, reason: A}]}
      - {name: B, weight: %d, steps: [{id: b, kind: exit, reason: B}]}
"""


def look(town: Town, users: Sequence[str]) -> list[str]:
    """They come to the split; the ways that they went."""
    went = []
    for user in users:
        before = town.rows("select id from run")
        town.event("track", user=user, name="Looked")
        went += [reason for id_, reason in town.rows("select id, reason from run") if (id_,) not in before]
    return went


def test_A1_a_customer_goes_the_same_way_again_whatever_the_weights(town: Town) -> None:
    """Recorded at the first time, with the weight that it had."""
    users = [f"u{n}" for n in range(12)]
    journey = town.publish(SPLIT % (50, 50))
    first = look(town, users)
    assert set(first) == {"A", "B"}
    rows = town.rows("select way, weight from assignment order by at, contact_id")
    assert sorted(way for way, _ in rows) == sorted(first)
    assert {weight for _, weight in rows} == {5000}
    town.republish(journey, 2, SPLIT % (1, 9999))
    assert look(town, users) == first
    assert set(look(town, [f"new{n}" for n in range(12)])) == {"B"}


def test_A1_a_way_that_is_gone_is_chosen_anew(town: Town) -> None:
    """And what was recorded stays."""
    journey = town.publish(SPLIT % (9999, 1))
    assert look(town, ["u1"]) == ["A"]
    town.republish(journey, 2, (SPLIT % (9999, 1)).replace("name: A,", "name: C,"))
    assert look(town, ["u1"]) == ["A"]  # the first way's steps, under another name
    assert town.rows("select way from assignment") == [("A",)]


def test_A1_of_a_merge_the_older_choice_holds(town: Town) -> None:
    """The absorbed contact was there first."""
    one, other = add_customer(town), add_customer(town, "Bia", "+5511987650002", "u2")
    journey = town.publish(SPLIT % (9999, 1))
    assert look(town, ["u1"]) == ["A"]
    town.advance(MINUTE)
    town.republish(journey, 2, SPLIT % (1, 9999))
    assert look(town, ["u2"]) == ["B"]
    town.merge(one, other)
    assert look(town, ["u1", "u2"]) == ["A", "A"]


def test_A4_who_was_merged_is_counted_once(town: Town) -> None:
    """With the older choice, and with what either of them reached; apart again when the merge is undone."""
    from tertulia.store.experiments import Counted, count_converted

    people = [add_customer(town, f"C{n}", f"+551198765000{n}", f"u{n}") for n in range(1, 4)]
    journey = town.publish(SPLIT % (9999, 1) + "goal: {event: Bought, within: 1 d}\n")
    experiment = f"{journey.pk}/offer"
    assert look(town, ["u1"]) == ["A"]
    town.advance(MINUTE)
    town.republish(journey, 2, SPLIT % (1, 9999) + "goal: {event: Bought, within: 1 d}\n")
    assert look(town, ["u2", "u3"]) == ["B", "B"]
    town.event("track", user="u2", name="Bought")

    def count() -> list[Counted]:
        now = town.now + timedelta(days=2)
        found = count_converted(town.conn, town.workspace.pk, [experiment], journey.pk, timedelta(days=1), now)
        town.conn.commit()
        return sorted(found, key=lambda one: one.way)

    apart = [Counted(experiment, "A", 9999, 1, 0, 1), Counted(experiment, "B", 9999, 2, 1, 2)]
    assert count() == apart
    town.merge(people[0], people[1])
    assert count() == [Counted(experiment, "A", 9999, 1, 1, 1), Counted(experiment, "B", 9999, 1, 0, 1)]
    town.merge(people[1], people[2])
    assert count() == [Counted(experiment, "A", 9999, 1, 1, 1)]
    town.unmerge(people[1])
    town.unmerge(people[0])
    assert count() == apart


def test_S1_decisions_of_one_instant_are_told_in_their_order(town: Town) -> None:
    """No address on a channel, one that fails, and no address on the next."""
    from tertulia.store.decisions import list_unsent
    from tertulia.store.ledger_read import read_journey_ledger, read_ledger

    contact = add_customer(town)
    way = "steps: [{id: tell, kind: message, channels: [telegram, sms, whatsapp], text: Hi}]"
    journey = town.publish(SPLIT.replace("steps: [{id: a, kind: exit, reason: A}]", way) % (9999, 1))
    look(town, ["u1"])
    [sent] = town.sending("sms")
    town.outcome(sent, "gone", reason="gone.unknown")
    expected = ["not_sent", "failed", "sent", "not_sent"]
    told = read_ledger(town.conn, [contact])
    assert len({row.at for row in told}) == 1
    assert [row.outcome for row in told] == expected
    assert [row.outcome for row in read_journey_ledger(town.conn, [contact], journey.pk, 100)] == expected
    assert [row.outcome for row in list_unsent(town.conn, [contact], None, 100)] == [o for o in expected if o != "sent"]


def test_C5_an_erased_person_is_on_no_way(town: Town) -> None:
    """The choice goes with them."""
    contact = add_customer(town)
    town.publish(SPLIT % (1, 1))
    look(town, ["u1"])
    town.erase(contact)
    assert town.rows("select way from assignment") == []
