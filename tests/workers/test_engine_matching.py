"""What counts in a match though no code came, and receipts that overtake their outcome, through the engine."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.workers.town import Town

PHONE = "+5511985550123"


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace with an SMS channel, WhatsApp and Telegram, and an engine on a virtual clock."""
    with Town(empty_database) as made:
        yield made


def test_M2_who_writes_without_the_code_from_the_number_in_the_list_is_matched(town: Town) -> None:
    """WhatsApp vouches for the number: it says who wrote as well as the code would have."""
    ana = town.add_contact("Ana", PHONE)
    match = town.launch("{{ link }}")
    town.write("whatsapp", "BR.1", "Hello, is anybody there?", phone=PHONE)
    row = town.progress(ana, match)
    assert (row["state"], row["matched_app"], row["reason"]) == ("matched", "whatsapp", "")


def test_M3_who_shares_the_number_of_the_list_is_matched(town: Town) -> None:
    """Neither code nor number came with the first message; the number that the platform's button shares says it."""
    ana = town.add_contact("Ana", PHONE)
    match = town.launch("{{ link }}")
    town.write("whatsapp", "BR.7", "Hello")
    assert town.progress(ana, match)["matched_at"] is None
    town.write("whatsapp", "BR.7", "", shared_phone=PHONE, form="contacts")
    town.drain()
    row = town.progress(ana, match)
    assert (row["state"], row["matched_app"]) == ("matched", "whatsapp")


def test_M2_an_expired_link_is_not_matched_by_its_number(town: Town) -> None:
    """After the link's end nothing more counts in its match, whoever writes."""
    ana = town.add_contact("Ana", PHONE)
    match = town.launch("{{ link }}")
    town.advance(timedelta(days=31))
    town.write("whatsapp", "BR.1", "Hello", phone=PHONE)
    assert town.identity("whatsapp", "BR.1") == ana
    assert town.progress(ana, match)["matched_at"] is None


def test_I4_what_arrived_before_its_outcome_was_sent(town: Town) -> None:
    """A receipt that overtakes the outcome (or whose sender died) leaves no delivery that arrived and was never
    sent."""
    town.add_contact("Ana", PHONE)
    town.launch("{{ link }}")
    [sms] = town.sending("sms")
    town.receipt(sms, "delivered", provider_id="SM1")
    town.outcome(sms, "ok", provider_id="SM1")
    [(state, sent_at, delivered_at)] = town.rows("select state, sent_at, delivered_at from delivery")
    assert (state, sent_at is None, delivered_at is None) == ("delivered", False, False)


def test_I4_what_failed_before_its_outcome_was_sent(town: Town) -> None:
    """The provider's failed receipt says that it had taken the message: it counts as sent, and as failed."""
    ana = town.add_contact("Ana", PHONE)
    match = town.launch("{{ link }}")
    [sms] = town.sending("sms")
    town.receipt(sms, "failed", provider_id="SM1")
    town.outcome(sms, "ok", provider_id="SM1")
    [(state, sent_at, failed_at)] = town.rows("select state, sent_at, failed_at from delivery")
    assert (state, sent_at is None, failed_at is None) == ("failed", False, False)
    assert town.progress(ana, match)["sent_at"] is not None
