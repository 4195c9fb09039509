"""The engine's cycles on a real database: a match from launch to the linked identity."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from tests.workers.town import NOW, Town

from tertulia.core.entries import Inbound
from tertulia.core.identity import IdentityRef
from tertulia.store.db import connect
from tertulia.workers.engine import LEASE_S, Engine

PHONE = "+5511985550123"


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace with an SMS channel, WhatsApp and Telegram, and an engine on a virtual clock."""
    with Town(empty_database) as made:
        yield made


def test_a_match_goes_from_the_list_to_the_linked_app(town: Town) -> None:
    """Launch, claim, sent, delivered, clicked, wrote, matched: each step is there to the unit, with one ledger row for
    the send, consent with its proof, and one greeting."""
    ana = town.add_contact("Ana", PHONE)
    match = town.launch("Oi {{ contact.name }}! {{ link }}")
    [sms] = town.sending("sms")
    assert sms.to == PHONE
    assert sms.text.startswith("Oi Ana! https://t.example/l/")
    town.outcome(sms, "ok", provider_id="SM1")
    town.receipt(sms, "delivered")
    town.click(ana, match, "whatsapp")
    town.write("whatsapp", "BR.1", f"Olá! {town.code(sms, 'whatsapp')}", name="Ana Lima")
    row = town.progress(ana, match)
    assert (row["state"], row["matched_app"]) == ("matched", "whatsapp")
    assert None not in (row["sent_at"], row["delivered_at"], row["clicked_at"], row["wrote_at"], row["matched_at"])
    assert town.identity("whatsapp", "BR.1") == ana
    assert town.rows("select active_at from contact where id = %s", ana) == [(NOW,)]
    [greeting] = town.sending("whatsapp")
    assert greeting.text == "Welcome to Loja!"
    consents = town.rows("select topic, state, source from consent where contact_id = %s and channel = 'whatsapp'", ana)
    assert ("service", "granted", "first_message") in consents
    [ledger] = town.rows("select outcome, gate from ledger where match_id = %s", match)
    assert ledger == ("sent", "provider")


def test_E1_the_same_webhook_again_has_no_effect(town: Town) -> None:
    """A duplicate is answered as success and changes nothing."""
    for _ in range(3):
        town.write("telegram", "42", "hello", message_id="m1")
    assert town.rows("select count(*) from message") == [(1,)]
    assert town.rows("select count(*) from contact") == [(1,)]


def test_M5_a_second_identity_with_the_same_token_gets_a_contact_of_its_own_and_a_question(town: Town) -> None:
    """A forwarded link never shows or takes the customer's data; the right digits join the two."""
    ana = town.add_contact("Ana", PHONE)
    match = town.launch("{{ link }}")
    [sms] = town.sending("sms")
    town.write("whatsapp", "BR.1", f"oi {town.code(sms, 'whatsapp')}")
    town.write("whatsapp", "BR.2", f"oi {town.code(sms, 'whatsapp')}")
    other = town.identity("whatsapp", "BR.2")
    assert other not in (None, ana)
    assert town.progress(ana, match)["forwarded"]
    question = next(m for m in town.sending("whatsapp") if "4 digits" in m.text or "4 últimos" in m.text)
    assert PHONE[-4:] not in question.text
    town.write("whatsapp", "BR.2", "9999")
    assert town.rows("select merged_into from contact where id = %s", other) == [(None,)]
    town.write("whatsapp", "BR.2", f"it is {PHONE[-4:]}")
    assert town.rows("select merged_into from contact where id = %s", other) == [(ana,)]


def test_C2_a_stop_word_is_obeyed_before_everything_and_confirmed_once(town: Town) -> None:
    """SAIR in WhatsApp withdraws offers there; one confirmation goes out, then silence."""
    town.write("whatsapp", "BR.1", "SAIR", message_id="m1")
    town.write("whatsapp", "BR.1", "sair", message_id="m2")
    contact = town.identity("whatsapp", "BR.1")
    said = town.rows("select topic, state, source from consent where contact_id = %s order by at", contact)
    assert ("marketing", "withdrawn", "opt_word") in said
    assert not [row for row in said if row[2] == "first_message" and row[0] == "marketing"]


def test_S3_a_lost_outcome_of_marketing_is_unknown_and_never_sent_again(town: Town) -> None:
    """The lease ends without an outcome: unknown, no second copy, and a late receipt settles it."""
    ana = town.add_contact("Ana", PHONE)
    match = town.launch("{{ link }}")
    [sms] = town.sending("sms")
    town.outcome(sms, "ambiguous", lost=True)
    town.advance(timedelta(hours=1))
    assert [m for m in town.sending("sms") if m.state == "sending"] == []
    town.receipt(sms, "delivered")
    assert town.progress(ana, match)["state"] == "delivered"


def test_I4_a_receipt_before_its_outcome_waits_for_the_delivery(town: Town) -> None:
    """A status for a provider's id that nobody knows yet is kept and applied when the id is known."""
    ana = town.add_contact("Ana", PHONE)
    match = town.launch("{{ link }}")
    [sms] = town.sending("sms")
    town.receipt(sms, "delivered", provider_id="SM9", with_delivery=False)
    town.outcome(sms, "ok", provider_id="SM9")
    assert town.progress(ana, match)["state"] == "delivered"


def test_C4_an_opt_out_list_wins_over_consent(town: Town) -> None:
    """A suppressed number is not written to, with the gate and reason in the ledger."""
    ana = town.add_contact("Ana", PHONE)
    town.suppress(PHONE, "withdrawn")
    match = town.launch("{{ link }}")
    assert town.sending("sms") == []
    row = town.progress(ana, match)
    assert (row["state"], row["reason"]) == ("unreached", "suppression.withdrawn")


def test_M3_a_username_customer_without_a_number_is_matched_by_the_code(town: Town) -> None:
    """No phone in the payload: the token says who wrote."""
    ana = town.add_contact("Ana", PHONE)
    town.launch("{{ links.whatsapp }}")
    [sms] = town.sending("sms")
    town.write("whatsapp", "BR.777", town.code(sms, "whatsapp").lower())
    assert town.identity("whatsapp", "BR.777") == ana


def test_M2_a_verified_number_in_another_national_spelling_finds_its_contact(town: Town) -> None:
    """Brazil's ninth digit: the number that WhatsApp vouches for lacks it."""
    ana = town.add_contact("Ana", PHONE)
    town.write("whatsapp", "BR.5", "oi", phone="+551185550123")
    assert town.identity("whatsapp", "BR.5") == ana


def test_E6_two_engines_never_decide_for_the_same_shards(town: Town) -> None:
    """Ownership is fenced in the write: who has lost the lease stands down and writes nothing."""
    town.engine.run_round()
    with psycopg.connect(town.url, autocommit=True) as conn:
        conn.execute(
            "update shard_owner set epoch = epoch + 1, owner = 'another', lease_until = now() + interval '1 min'"
        )
    town.append_write("telegram", "42", "hello")
    town.engine.run_round()
    assert town.rows("select count(*) from message") == [(0,)]


def test_E6_a_killed_engines_shards_are_taken_over_at_once(town: Town) -> None:
    """Its lease would hold for seconds; a process of this machine that is gone needs none."""
    gone = f"{socket.gethostname()}:4194305:0"
    town.engine.run_round()
    town.engine.epochs.clear()
    with psycopg.connect(town.url, autocommit=True) as conn:
        conn.execute("update shard_owner set owner = %s, lease_until = now() + interval '1 hour'", (gone,))
    town.write("telegram", "42", "hello")
    assert town.rows("select count(*) from message") == [(1,)]


def test_E6_after_a_lost_connection_an_engine_waits_for_no_lease_of_its_own(town: Town) -> None:
    """It goes on at once on a new connection, and the old one, were it still to write, is refused."""
    town.engine.run_round()
    with connect(town.url) as conn:
        again = Engine(conn, "https://t.example", name=town.engine.name, test_clock=True)
        town.append_write("telegram", "42", "hello")
        again.run_round()
        assert town.rows("select count(*) from message") == [(1,)]
        town.append_write("telegram", "43", "hello")
        town.engine.run_round()
        assert (town.engine.epochs, town.rows("select count(*) from message")) == ({}, [(1,)])
        again.run_round()
    assert town.rows("select count(*) from message") == [(2,)]


def test_E6_an_idle_engine_keeps_its_shards(town: Town) -> None:
    """Its lease goes on without anything to write; else it would lose the shards to a second engine again and again."""
    town.engine.run_round()
    with psycopg.connect(town.url, autocommit=True) as conn:
        conn.execute("update shard_owner set lease_until = now() + interval '1 second'")
    town.engine.renewed_at -= LEASE_S / 2
    town.engine.run_round()
    [(seconds,)] = town.rows("select extract(epoch from min(lease_until) - now()) from shard_owner")
    assert seconds > LEASE_S / 2


def test_E6_an_idle_engine_that_has_lost_its_shards_stands_down(town: Town) -> None:
    """It notices by itself, and would take them again when they are free."""
    town.engine.run_round()
    with psycopg.connect(town.url, autocommit=True) as conn:
        conn.execute("update shard_owner set epoch = epoch + 1, owner = 'b', lease_until = now() + interval '1 min'")
    town.engine.renewed_at -= LEASE_S / 2
    town.engine.run_round()
    assert town.engine.epochs == {}


def test_I3_a_poison_entry_is_parked_and_the_others_go_on(town: Town) -> None:
    """Tried singly, kept whole, shown."""
    town.append_write("telegram", "1", "before")
    town.append_raw({"type": "nonsense", "channel_id": town.channel("telegram").pk})
    town.append_write("telegram", "2", "after")
    town.drain()
    assert town.rows("select count(*) from message") == [(2,)]
    assert town.rows("select kind from parked") == [("nonsense",)]


def test_C5_erasure_removes_the_person_and_keeps_a_proof(town: Town) -> None:
    """No table holds a value of the erased person any more."""
    ana = town.add_contact("Anabela", PHONE)
    town.launch("Oi {{ contact.name }} {{ link }}")
    [sms] = town.sending("sms")
    town.outcome(sms, "ok", provider_id="SM1")
    town.write("whatsapp", "BR.31337", f"oi {town.code(sms, 'whatsapp')}", phone=PHONE, name="Anabela")
    town.erase(ana)
    assert town.find_text(PHONE.lstrip("+")) == []
    assert town.find_text("Anabela") == []
    assert town.find_text("31337") == []
    assert town.rows("select count(*) from erasure") == [(1,)]


def test_C5_what_could_not_be_decided_is_erased_too(town: Town) -> None:
    """A parked entry of theirs is emptied and settled, and received stays processed + parked (I3)."""
    ana = town.add_contact("Anabela", PHONE)
    town.append(Inbound(999, "whatsapp", IdentityRef("whatsapp", "P1", "BR.1"), NOW, phone=PHONE, name="Anabela"))
    town.append(Inbound(999, "whatsapp", IdentityRef("whatsapp", "P1", "BR.2"), NOW, name="Bruno"))
    town.drain()
    tallies = "select sum(processed)::int, sum(parked)::int from channel_tally"
    assert town.rows(tallies) == [(0, 2)]
    town.erase(ana)
    assert town.find_text("Anabela") == []
    assert town.find_text("Bruno") != []
    assert town.rows(tallies) == [(1, 1)]
    assert town.rows("select count(*) from parked where settled_at is null") == [(1,)]


def test_E8_the_clock_is_the_decisions(town: Town) -> None:
    """E8: instants of decisions are the virtual clock's."""
    town.add_contact("Ana", PHONE)
    match = town.launch("{{ link }}")
    [(at,)] = town.rows("select at from ledger where match_id = %s", match)
    assert at == NOW
    assert abs(datetime.now(UTC) - NOW) > timedelta(seconds=1)


def test_a_stopped_match_takes_back_what_is_queued(town: Town) -> None:
    """Stop revokes: nothing more goes out, and everybody has a verdict."""
    people = [town.add_contact(f"P{n}", f"+55119855501{n:02d}") for n in range(5)]
    town.pause_channel("sms")
    match = town.launch("{{ link }}")
    town.stop(match)
    states: set[Any] = {town.progress(person, match)["reason"] for person in people}
    assert states == {"run.stopped"}
    assert town.rows("select count(*) from delivery_open") == [(0,)]
