"""Merges of contacts who are in conversation, through the engine on a real database (M8)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.workers.town import Town

from tertulia.core.entries import MergeEntry, Signal
from tertulia.core.identity import IdentityRef
from tertulia.ids import shard_of_contact

PHONE = "+5511985550123"
HOUR = timedelta(hours=1)


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace with an engine on a virtual clock."""
    with Town(empty_database) as made:
        yield made


def read_talks(town: Town) -> list[tuple[Any, ...]]:
    """Conversations in the order in which they were opened: (contact, state, place of the one that goes on)."""
    rows = town.rows("select id, contact_id, state, into_id from conversation order by opened_at")
    places = {row[0]: number for number, row in enumerate(rows, 1)}
    return [(row[1], row[2], places.get(row[3])) for row in rows]


def meet_two(town: Town) -> tuple[int, int]:
    """Two who write on Telegram, the second an hour later."""
    town.write("telegram", "1", "hello from the first")
    town.advance(HOUR)
    town.write("telegram", "2", "hello from the second")
    first, second = town.identity("telegram", "1"), town.identity("telegram", "2")
    assert first is not None
    assert second is not None
    return first, second


@pytest.mark.parametrize("older_stays", [True, False])
def test_M8_of_two_open_conversations_the_older_stays(town: Town, older_stays: bool) -> None:
    """Whichever contact stays: the younger conversation is closed with a pointer, and both are open after the undo."""
    first, second = meet_two(town)
    root, absorbed = (first, second) if older_stays else (second, first)
    town.merge(absorbed, into=root)
    assert read_talks(town) == [(first, "open", None), (second, "resolved", 1)]
    town.unmerge(absorbed)
    assert read_talks(town) == [(first, "open", None), (second, "open", None)]


@pytest.mark.parametrize("older_stays", [True, False])
def test_M8_what_is_said_after_a_merge_goes_on_in_the_conversation_that_stays(town: Town, older_stays: bool) -> None:
    """Of either of the two, as the contact that stays; nobody is greeted again; after the undo each has their own."""
    first, second = meet_two(town)
    root, absorbed = (first, second) if older_stays else (second, first)
    town.merge(absorbed, into=root)
    greeted = town.rows("select count(*) from delivery_open")
    town.advance(HOUR)
    town.write("telegram", "1", "after the merge")
    town.write("telegram", "2", "after the merge too")
    [talk] = town.rows("select id, last_at from conversation where contact_id = %s", first)
    said = "select distinct contact_id, conversation_id from message where text like 'after the merge%%'"
    assert town.rows(said) == [(root, talk[0])]
    assert talk[1] == town.now
    assert town.rows("select count(*) from delivery_open") == greeted
    town.unmerge(absorbed)
    town.write("telegram", "1", "after the undo")
    town.write("telegram", "2", "after the undo")
    said = "select contact_id from message where text = 'after the undo' order by contact_id"
    assert town.rows(said) == [(contact,) for contact in sorted((first, second))]
    assert [row[1] for row in read_talks(town)] == ["open", "open"]


def test_M8_a_conversation_of_the_absorbed_alone_goes_on(town: Town) -> None:
    """On a channel where the contact that stays has none, it stays open as it is, and is found by its channel."""
    town.write("whatsapp", "BR.1", "hello")
    absorbed = town.identity("whatsapp", "BR.1")
    root = town.add_contact("Ana", PHONE)
    assert absorbed is not None
    town.merge(absorbed, into=root)
    town.write("whatsapp", "BR.1", "after the merge")
    assert read_talks(town) == [(absorbed, "open", None)]
    assert town.rows("select count(distinct conversation_id), count(*) from message where direction = 'in'") == [(1, 2)]


def test_M8_a_chain_of_merges_leaves_one_conversation_open_and_each_undo_its_own(town: Town) -> None:
    """Three on one channel become one; undoing the last merge opens what that merge closed."""
    first, second = meet_two(town)
    town.advance(HOUR)
    town.write("telegram", "3", "hello from the third")
    third = town.identity("telegram", "3")
    assert third is not None
    town.merge(first, into=second)
    assert read_talks(town) == [(first, "open", None), (second, "resolved", 1), (third, "open", None)]
    town.advance(HOUR)
    town.merge(second, into=third)
    assert read_talks(town) == [(first, "open", None), (second, "resolved", 1), (third, "resolved", 1)]
    town.write("telegram", "3", "after both")
    [(contact, talk)] = town.rows("select contact_id, conversation_id from message where text = 'after both'")
    assert (contact, [(talk,)]) == (third, town.rows("select id from conversation where contact_id = %s", first))
    town.unmerge(second)
    assert read_talks(town) == [(first, "open", None), (second, "resolved", 1), (third, "open", None)]


def test_E1_a_message_that_comes_again_after_a_merge_has_no_effect(town: Town) -> None:
    """The ids of both are known to the one that stays, for ever (I3), also when the week of E1 is over."""
    first, second = meet_two(town)
    town.write("telegram", "2", "before", message_id="m1")
    town.merge(second, into=first)
    town.write("telegram", "2", "after", message_id="m2")
    with town.conn.transaction():
        town.conn.execute("delete from entry_seen")
    before = town.rows("select count(*) from message"), town.rows("select count(*) from delivery_open")
    town.write("telegram", "2", "before", message_id="m1")
    town.write("telegram", "2", "after", message_id="m2")
    assert (town.rows("select count(*) from message"), town.rows("select count(*) from delivery_open")) == before


def test_M8_a_merge_starts_nothing_and_takes_back_what_was_queued(town: Town) -> None:
    """The absorbed contact's message of a match is revoked with its row; nobody is written to because of the merge."""
    town.pause_channel("sms")
    ana, anna = town.add_contact("Ana", PHONE), town.add_contact("Anna", "+5511985550124")
    match = town.launch("{{ link }}")
    town.merge(anna, into=ana)
    assert town.progress(anna, match)["reason"] == "run.contact_merged"
    assert town.rows("select contact_id from delivery_open") == [(ana,)]
    assert town.rows("select contact_id, state from delivery") == [(anna, "revoked")]


def test_M8_between_the_two_halves_of_a_merge_no_offer_goes_out(town: Town) -> None:
    """What the absorbed contact withdrew holds for whoever it becomes, from the instant of the merge on."""
    ana = town.add_contact("Ana", PHONE)
    anna = town.add_contact("Anna", town.find_number_apart(ana))
    with town.conn.transaction():
        town.conn.execute(
            """insert into consent (shard, contact_id, id, workspace, address, channel, topic, state, source, evidence,
                   text_version, actor, at)
               values (%s, %s, gen_random_uuid(), %s, '*', '*', 'marketing', 'withdrawn', 'opt_word', '{"ref": "m"}',
                       '', 'customer', %s)""",
            (shard_of_contact(anna), anna, town.workspace.pk, town.now),
        )
    town.pause_channel("sms")
    match = town.launch("{{ link }}", audience={"contacts": [ana]})
    town.append(MergeEntry(ana, anna, "user:1", town.now), anna)
    town.resume_channel("sms")
    town.drain()
    assert town.sending("sms") == []
    assert town.progress(ana, match)["reason"] == "consent.withdrawn"


def test_M5_who_opens_the_chat_by_a_merged_contacts_link_is_known_and_has_written_nothing(town: Town) -> None:
    """The signal goes on as one into the shard of whom the contact was merged into."""
    ana = town.add_contact("Ana", PHONE)
    bruno = town.add_contact("Bruno", town.find_number_apart(ana))
    match = town.launch("{{ link }}", audience={"contacts": [ana]})
    [sms] = town.sending("sms")
    town.outcome(sms, "ok", provider_id="SM1")
    town.merge(ana, into=bruno)
    identity, token = IdentityRef("telegram", "scope", "42"), town.code(sms, "telegram")
    town.append(Signal(town.channels["telegram"].pk, "telegram", identity, town.now, "started", "s1", token))
    town.drain()
    assert town.identity("telegram", "42") == bruno
    assert town.rows("select count(*) from message") == [(0,)]
    assert town.progress(ana, match)["state"] == "sent"
