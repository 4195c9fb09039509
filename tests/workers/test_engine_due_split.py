"""What is due for many is done by an engine and its helper at once, each for its own shards."""

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from tests.workers.helping_thread import helping
from tests.workers.town import PUBLIC_URL, Town

from tertulia.core.entries import EventEntry, OutcomeEntry
from tertulia.ids import INDEX_OF_SHARD, shard_of_contact
from tertulia.store.db import connect
from tertulia.workers.acts import CLAIM
from tertulia.workers.engine import Engine

REMIND = """
name: Remind
entry: {event: Product Added}
steps:
  - {id: pause, kind: wait, for: 1 h}
  - {id: tell, kind: message, channels: [sms], text: "Hi {{ contact.name }}"}
"""
HOUR = timedelta(hours=1)


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """An engine whose helper takes its half of everything that may be split."""
    from tertulia.data.models import Source

    with Town(empty_database) as made, connect(empty_database) as beside, helping(beside, PUBLIC_URL) as helper:
        Source.objects.create(id=1, workspace=made.workspace, name="Shop", write_key="wk_1")
        made.engine = Engine(made.engine_conn, PUBLIC_URL, name="test", test_clock=True, helpers=[helper])
        made.engine.hands.least_due = 1
        yield made


def place_of(contact_id: int) -> int:
    """0: the engine's own hand decides for the contact; 1: its helper."""
    return INDEX_OF_SHARD[shard_of_contact(contact_id)] % 2


def begin(town: Town, document: str, people: int = 8) -> list[int]:
    """So many contacts wait in the journey, about half of them in shards that the helper has."""
    town.publish(document)
    contacts = [town.add_contact(f"Ana {n}", f"+5511987650{n:03}") for n in range(people)]
    for contact in contacts:
        town.append(
            EventEntry(1, "track", f"m{contact}", town.now, town.now, name="Product Added", contact_id=contact),
            contact,
        )
    town.drain()
    return contacts


def read_due(town: Town, contacts: list[int]) -> list[set[int]]:
    """Whose messages would be claimed together, were they due: the contacts of each part. Nothing of it is kept."""
    from tertulia.store import world as loader

    engine = town.engine
    assert engine.config is not None
    rows = loader.load_queued(
        *(engine.conn,),
        channel=town.channel("sms").pk,
        match=None,
        journeys=[row.id for row in engine.config.journeys.values()],
        now=town.now,
        shards=list(engine.epochs),
        limit=100,
    )
    assert {row.contact_id for row in rows} == set(contacts)
    parts = engine.hands.act(CLAIM, engine.config, rows, town.now, engine.epochs, engine._fence)
    return [{row.contact_id for row in part} for part, _ in parts]


def queue(town: Town, document: str) -> list[int]:
    """Their messages are queued, and the channel is stopped so long."""
    contacts = begin(town, document)
    town.pause_channel("sms")
    town.advance(HOUR)
    town.resume_channel("sms")
    town.engine.decide_log()
    return contacts


def test_X2_each_message_is_handed_over_once_whichever_hand_has_it(town: Town) -> None:
    """Runs are woken and messages claimed by both."""
    contacts = begin(town, REMIND)
    town.advance(HOUR)
    sent = town.sending("sms")
    assert sorted(one.text for one in sent) == sorted(f"Hi Ana {n}" for n in range(len(contacts)))
    assert town.ledger() == [("tell", "sent", "provider", "passed")] * len(contacts)


def test_messages_of_a_part_each_are_claimed_at_once(town: Town) -> None:
    """Both hands have some of them."""
    contacts = queue(town, REMIND)
    parts = read_due(town, contacts)
    assert len(parts) == 2
    assert parts[0] | parts[1] == set(contacts)
    assert len(town.sending("sms")) == len(contacts)


@pytest.mark.parametrize("rule", ["throttle: {messages: 5, per: 1 h}", "budget: {day: 1000}"])
def test_R5_what_takes_of_a_shared_total_is_claimed_in_its_order(town: Town, rule: str) -> None:
    """By one hand, for who comes first is to be told."""
    contacts = queue(town, REMIND + rule)
    assert read_due(town, contacts) == [set(contacts)]


def test_S2_a_message_that_cannot_be_decided_fails_alone(town: Town) -> None:
    """Of either hand's one is broken: it is tried again later, and the others go out."""
    contacts = queue(town, REMIND)
    broken = [contacts[0], next(one for one in contacts if place_of(one) != place_of(contacts[0]))]
    with psycopg.connect(town.url, autocommit=True) as conn:
        conn.execute("""update delivery_open set content = '{"text": 5}' where contact_id = any(%s)""", (broken,))
    town.drain()
    assert len(town.sending("sms")) == len(contacts) - 2
    assert (
        town.rows("select state, not_before > made_at from delivery_open where contact_id = any(%s)", broken)
        == [("queued", True)] * 2
    )


def test_what_either_hand_finds_at_fault_stands_still(town: Town) -> None:
    """A channel whose provider refuses us hands over nothing more, though the other hand has heard of no fault."""
    contacts = queue(town, REMIND)
    town.drain()
    own, helped = (next(one for one in contacts if place_of(one) == place) for place in (0, 1))
    whose = dict(town.rows("select id, contact_id from delivery_open"))
    sent = {whose[one.id]: one for one in town.sending("sms")}
    town.engine.hands.least = 1
    for one, outcome in ((sent[own], "fix"), (sent[helped], "ok")):
        told = (one.channel_id, one.kind, one.id, one.attempt, town.now, outcome)
        town.append(OutcomeEntry(*told, account_fault=outcome == "fix"))
    town.engine.decide_log()
    assert town.engine.config is not None
    assert town.engine.config.channels[town.channel("sms").pk].state == "fault"
