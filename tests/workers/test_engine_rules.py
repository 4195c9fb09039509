"""Rules of identity, merges, failures and order, through the engine on a real database."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.workers.town import Town

from tertulia.store.log_reader import EACH_LEAST

PHONE = "+5511985550123"


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace with an SMS channel, WhatsApp and Telegram, and an engine on a virtual clock."""
    with Town(empty_database) as made:
        yield made


def test_M1_a_number_that_a_household_shares_goes_to_whom_we_wrote_last(town: Town) -> None:
    """Two contacts with one phone: an SMS from it belongs to the one addressed last, and the number becomes neither's
    identity."""
    town.add_contact("Ana", PHONE)
    bruno = town.add_contact("Bruno", PHONE)
    town.launch("{{ link }}", audience={"contacts": [bruno]})
    town.write("sms", PHONE, "quem fala?", phone=PHONE, kind="phone")
    assert town.rows("select contact_id from message where direction = 'in'") == [(bruno,)]
    assert town.identity("phone", PHONE) is None


def test_C2_a_stop_from_a_shared_number_holds_for_the_number(town: Town) -> None:
    """Nobody behind the number gets an offer by SMS any more."""
    town.add_contact("Ana", PHONE)
    bruno = town.add_contact("Bruno", PHONE)
    town.write("sms", PHONE, "SAIR", phone=PHONE, kind="phone")
    match = town.launch("{{ link }}", audience={"contacts": [bruno]})
    assert town.progress(bruno, match)["state"] == "unreached"
    assert [m for m in town.sending("sms") if "/l/" in m.text] == []


def test_C2_a_stop_that_waits_in_a_long_log_is_obeyed_before_offers_go_on(town: Town) -> None:
    """Under a backlog what people wrote is decided first: nobody is sent an offer past their own stop."""
    ana = town.add_contact("Ana", PHONE)
    town.pause_channel("sms")
    match = town.launch("{{ link }}")
    town.resume_channel("sms")
    for number in range(3 * EACH_LEAST):
        town.append_write("sms", PHONE, f"oi {number}", message_id=f"m{number}", phone=PHONE, kind="phone")
    town.append_write("sms", PHONE, "SAIR", message_id="stop", phone=PHONE, kind="phone")
    town.drain()
    assert town.progress(ana, match)["state"] == "unreached"
    assert [m for m in town.sending("sms") if "/l/" in m.text] == []


def test_M2_an_identity_is_never_stolen_a_suggestion_carries_the_evidence(town: Town) -> None:
    """Somebody who wrote before, as a contact of their own, sends Ana's code: they stay who they are."""
    ana = town.add_contact("Ana", PHONE)
    town.write("telegram", "42", "hello", message_id="early")
    stranger = town.identity("telegram", "42")
    match = town.launch("{{ link }}")
    [sms] = town.sending("sms")
    town.write("telegram", "42", town.code(sms, "telegram"), message_id="later")
    assert town.identity("telegram", "42") == stranger
    pairs = town.rows("select contact_id, other_id from merge_suggestion")
    assert {frozenset(pair) for pair in pairs} == {frozenset((ana, stranger))}
    assert (town.progress(ana, match)["matched_at"], town.progress(ana, match)["reason"]) == (
        None,
        "match.identity_elsewhere",
    )


def test_M5_a_customer_who_is_linked_already_and_taps_again_is_matched_again(town: Town) -> None:
    """A second match to somebody we can write to: the same identity with a new link of their own."""
    ana = town.add_contact("Ana", PHONE)
    first = town.launch("{{ link }}")
    [sms] = town.sending("sms")
    town.outcome(sms, "ok", provider_id="A")
    town.write("telegram", "42", town.code(sms, "telegram"))
    second = town.launch("{{ link }} again")
    [sms] = town.sending("sms")
    town.write("telegram", "42", f"hi {town.code(sms, 'telegram')}")
    assert {town.progress(ana, m)["state"] for m in (first, second)} == {"matched"}
    assert town.rows("select count(*) from contact") == [(1,)]


def test_M8_a_merge_redirects_and_its_undo_brings_everything_back(town: Town) -> None:
    """Children keep their contact; messages go to the one that stays, until the merge is undone."""
    town.write("telegram", "1", "hello from Telegram")
    town.write("whatsapp", "BR.1", "hello from WhatsApp")
    one, other = town.identity("telegram", "1"), town.identity("whatsapp", "BR.1")
    assert one is not None
    assert other is not None
    town.merge(other, into=one)
    town.write("whatsapp", "BR.1", "after the merge")
    assert town.rows("select contact_id from message where text = 'after the merge'") == [(one,)]
    assert town.rows("select contact_id from message where text = 'hello from WhatsApp'") == [(other,)]
    town.unmerge(other)
    town.write("whatsapp", "BR.1", "after the undo")
    assert town.rows("select contact_id from message where text = 'after the undo'") == [(other,)]


def test_M8_consent_unites_by_the_stricter_rule_and_the_undo_takes_it_back(town: Town) -> None:
    """One said stop: after the merge nobody is written to; after the undo the other is as before."""
    ana = town.add_contact("Ana", PHONE)
    bruno = town.add_contact("Bruno", "+5511985550999")
    town.withdraw(bruno)
    town.merge(bruno, into=ana)
    match = town.launch("{{ link }}", audience={"contacts": [ana]})
    assert town.progress(ana, match)["reason"] == "consent.withdrawn"
    town.unmerge(bruno)
    match = town.launch("{{ link }}", audience={"contacts": [ana]})
    assert town.progress(ana, match)["state"] == "waiting"


def test_S2_a_refused_message_is_tried_again_and_a_failing_recipient_fails_alone(town: Town) -> None:
    """429 goes back to the queue until its time; an unknown number is final, dead, and nobody else's affair."""
    ana = town.add_contact("Ana", PHONE)
    bruno = town.add_contact("Bruno", "+5511985550999")
    match = town.launch("{{ link }}")
    by_number = {sent.to: sent for sent in town.sending("sms")}
    town.outcome(by_number[PHONE], "retry", reason="retry.throttled", retry_after_s=30)
    town.outcome(by_number["+5511985550999"], "gone", reason="gone.unknown", code="30005")
    assert town.progress(bruno, match)["reason"] == "gone.unknown"
    assert town.rows("select dead_code from address where contact_id = %s", bruno) == [("30005",)]
    assert town.sending("sms") == []
    town.advance(timedelta(minutes=5))
    [again] = town.sending("sms")
    assert (again.to, again.attempt) == (PHONE, 2)
    assert again.text == by_number[PHONE].text
    town.outcome(again, "ok", provider_id="SM1")
    assert town.progress(ana, match)["state"] == "sent"


def test_S3_a_lost_outcome_has_its_verdict_after_three_days(town: Town) -> None:
    """Nothing is ever without a verdict: what was never settled expires."""
    ana = town.add_contact("Ana", PHONE)
    match = town.launch("{{ link }}")
    [sms] = town.sending("sms")
    town.outcome(sms, "ambiguous", lost=True)
    town.advance(timedelta(days=4))
    assert town.rows("select state, reason from delivery") == [("expired", "provider.unknown")]
    assert town.progress(ana, match)["state"] == "unreached"


@pytest.mark.parametrize("told", ["sent", "delivered"])
def test_I4_what_was_given_up_and_arrived_after_all_counts_as_sent(town: Town, told: str) -> None:
    """A later step of the funnel implies those before it: nobody is delivered who was not sent anything."""
    ana = town.add_contact("Ana", PHONE)
    match = town.launch("{{ link }}")
    [sms] = town.sending("sms")
    town.outcome(sms, "ambiguous", lost=True)
    town.advance(timedelta(days=4))
    town.receipt(sms, told)
    progress = town.progress(ana, match)
    assert (progress["state"], progress["reason"]) == (told, "")
    assert progress["sent_at"] == town.now
    assert progress["delivered_at"] == (town.now if told == "delivered" else None)


def test_S4_a_missing_variable_fails_only_the_one_who_lacks_it(town: Town) -> None:
    """The policy is `fail`: the ledger names variable and line."""
    ana = town.add_contact("Ana", PHONE)
    nameless = town.add_contact("", "+5511985550999")
    match = town.launch("Oi {{ contact.name }}! {{ link }}")
    assert town.progress(ana, match)["state"] == "waiting"
    [(reason, facts)] = town.rows("select reason, facts from ledger where contact_id = %s", nameless)
    assert reason == "render.missing"
    assert (facts["used"]["variable"], facts["used"]["line"]) == ("contact.name", 1)


def test_I4_delivered_after_failed_wins_and_is_flagged(town: Town) -> None:
    """Receipts come in any order; states only move forward."""
    ana = town.add_contact("Ana", PHONE)
    match = town.launch("{{ link }}")
    [sms] = town.sending("sms")
    town.outcome(sms, "ok", provider_id="SM1")
    town.receipt(sms, "failed")
    town.receipt(sms, "delivered")
    town.receipt(sms, "sent")
    assert town.rows("select state, flags from delivery") == [("delivered", ["delivered_after_failed"])]
    assert town.progress(ana, match)["delivered_at"] is not None


def test_direct_reach_is_tried_first_and_the_link_after_it(town: Town) -> None:
    """A WhatsApp template without opt-in is not sent, and the SMS with the link follows; the ledger has both."""
    ana = town.add_contact("Ana", PHONE)
    way = {
        "channel": town.channel("whatsapp").pk,
        "template": "hello",
        "language": "pt",
        "parameters": ["{{ contact.name }}"],
    }
    match = town.launch("{{ link }}", direct=[way])
    assert town.sending("whatsapp") == []
    assert [sent.to for sent in town.sending("sms")] == [PHONE]
    said = town.rows("select outcome, reason from ledger where contact_id = %s order by outcome", ana)
    assert said == [("not_sent", "consent.none"), ("sent", "passed")]
    assert town.progress(ana, match)["stage"] == 1


def test_E6_one_contacts_messages_are_decided_in_their_order(town: Town) -> None:
    """Two messages of an unknown customer, the code in the first: the second never makes a contact of its own."""
    ana = town.add_contact("Ana", PHONE)
    town.launch("{{ link }}")
    [sms] = town.sending("sms")
    town.append_write("telegram", "42", f"oi {town.code(sms, 'telegram')}", message_id="1")
    town.append_write("telegram", "42", "tudo bem?", message_id="2")
    town.drain()
    assert town.rows("select distinct contact_id from message where direction = 'in'") == [(ana,)]
    assert town.rows("select count(*) from contact") == [(1,)]


def test_I3_every_entry_of_a_webhook_is_processed_or_parked(town: Town) -> None:
    """The tally of a channel: received = processed + parked."""
    for message in ("a", "b", "a"):
        town.write("telegram", "1", "hello", message_id=message)
    town.append_raw({"type": "inbound", "channel_id": town.channel("telegram").pk, "text": 7})
    town.drain()
    channel = town.channel("telegram").pk
    [(processed, duplicates, parked)] = town.rows(
        "select sum(processed), sum(duplicates), sum(parked) from channel_tally where channel_id = %s", channel
    )
    assert (processed, duplicates, parked) == (3, 1, 1)


def test_C5_an_erasure_leaves_nothing_without_a_verdict(town: Town) -> None:
    """What is queued for the person is taken back with its reason; what was handed over keeps its row, without address
    and text, until its outcome comes."""
    ana, bruno = town.add_contact("Ana", PHONE), town.add_contact("Bruno", "+5511985550999")
    first = town.launch("first {{ link }}")
    town.pause_channel("sms")
    second = town.launch("second {{ link }}", audience={"contacts": [ana]})
    [sms] = [sent for sent in town.sending("sms") if sent.to == PHONE]
    town.erase(ana)
    assert (town.progress(ana, second)["state"], town.progress(ana, second)["reason"]) == (
        "unreached",
        "run.contact_erased",
    )
    assert town.rows("select to_value, content from delivery_open where contact_id = %s", ana) == [("", {})]
    town.outcome(sms, "ok", provider_id="SM1")
    assert town.progress(ana, first)["state"] == "sent"
    assert town.progress(bruno, first)["state"] == "waiting"
    assert town.rows("select count(*) from delivery_open where contact_id = %s", ana) == [(0,)]


def test_a_matched_customer_has_no_reason_why_not(town: Town) -> None:
    """A failure that is told late, or somebody who forwards the link, does not say why they came no further."""
    ana = town.add_contact("Ana", PHONE)
    match = town.launch("{{ link }}")
    [sms] = town.sending("sms")
    town.outcome(sms, "ok", provider_id="SM1")
    town.write("whatsapp", "BR.1", town.code(sms, "whatsapp"))
    town.receipt(sms, "failed", provider_id="SM1")
    town.write("whatsapp", "BR.2", town.code(sms, "whatsapp"))
    row = town.progress(ana, match)
    assert (row["state"], row["reason"], row["forwarded"]) == ("matched", "", True)


def test_M8_a_link_counts_for_whom_it_was_sent_to_whoever_they_were_merged_into(town: Town) -> None:
    """Ana got the link and was merged into Bruno afterwards. Somebody else who uses it, known or not, moves Ana's place
    in the match, for Bruno is not in its audience."""
    ana, bruno = town.add_contact("Ana", PHONE), town.add_contact("Bruno", "+5511985550999")
    town.write("telegram", "77", "hello", message_id="early")
    first = town.launch("{{ link }}", audience={"contacts": [ana]})
    [sms] = town.sending("sms")
    second = town.launch("again {{ link }}", audience={"contacts": [ana]})
    [other] = [sent for sent in town.sending("sms") if "again" in sent.text]
    town.write("whatsapp", "BR.1", town.code(sms, "whatsapp"))
    town.merge(ana, into=bruno)
    town.write("whatsapp", "BR.2", town.code(sms, "whatsapp"))
    town.write("telegram", "77", town.code(other, "telegram"), message_id="later")
    assert town.progress(ana, first)["forwarded"]
    row = town.progress(ana, second)
    assert (row["state"], row["reason"]) == ("wrote", "match.identity_elsewhere")
