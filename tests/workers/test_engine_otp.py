"""One-time codes through the engine on a real database: asked for, sent from way to way, given back."""

import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from tests.workers.town import NOW, Town

from tertulia.core.content import read_content
from tertulia.core.identity import Trust
from tertulia.store.sealing import unseal_text
from tertulia.workers.otp_codes import reveal

ANA = "+5511987650001"
BIA = "+5511987650002"
SECOND = timedelta(seconds=1)
_serials = count(900_000)
_salts = count(1)


class Desk:
    """What asks for codes and gives them back."""

    def __init__(self, town: Town) -> None:
        from tertulia.store.asks import Asks
        from tertulia.store.db import connect

        self.town = town
        self.asks = Asks(connect(town.url, autocommit=True), "api", NOW)

    def ask(self, code: str = "123456", **told: Any) -> Any:
        from tertulia.actions.otp import Chance, OtpForm, ask_otp
        from tertulia.store.db import django_conn

        form = OtpForm(**{"channels": ("http_sms",), "length": len(code), **told})
        chance = Chance(code, next(_salts).to_bytes(13, "big"))
        now = self.town.now
        workspace = self.town.workspace
        asked = ask_otp(
            django_conn(), self.asks, workspace, 1, form, chance, lambda: next(_serials), now, told.pop("real", now)
        )
        self.town.drain()
        return asked

    def give(self, otp_id: UUID, code: str) -> Any:
        from tertulia.actions.otp import verify_otp
        from tertulia.store.db import django_conn

        answered = verify_otp(django_conn(), self.asks, self.town.workspace, otp_id, code, self.town.now)
        self.town.drain()
        return answered


@pytest.fixture
def desk(empty_database: str) -> Iterator[Desk]:
    """A workspace with two SMS channels and an e-mail channel, and Ana, who is known."""
    with Town(empty_database) as town:
        town.channels["second"] = town.add_channel("twilio")
        town.channels["mail"] = town.add_channel("smtp")
        town.add_contact("Ana", ANA)
        yield Desk(town)


def test_the_code_is_sent_and_stands_nowhere(desk: Desk) -> None:
    """What is stored has a mask in its place; the sender alone puts it in."""
    asked = desk.ask("9182736450", phone=ANA, locale="en")
    [sent] = desk.town.sending("sms")
    assert sent.text == "********** is your code for Loja. Valid for 10 min. Give it to nobody."
    [(content,)] = desk.town.rows("select content from delivery_open")
    kept = read_content(content)
    assert reveal(kept, unseal_text(kept.code)).text.startswith("9182736450 is")
    assert desk.town.find_text("9182736450") == []
    desk.town.outcome(sent, "ok", provider_id="p1")
    desk.town.receipt(sent, "delivered", provider_id="p1")
    assert "code" not in desk.town.rows("select content from delivery")[0][0]
    assert desk.town.rows("select state, sealed, open from otp") == [("pending", "", False)]
    assert desk.give(asked.id, "9182736450").result == "verified"
    assert desk.give(asked.id, "9182736450").result == "used"


def test_attempts_are_limited(desk: Desk) -> None:
    """Three wrong ones, and the right one is too late; a code of another length is wrong too."""
    asked = desk.ask(phone=ANA, attempts=3)
    answers = [desk.give(asked.id, guess) for guess in ("000000", "12345", "000001", "123456")]
    assert [(told.result.value, told.attempts_left) for told in answers] == [
        ("wrong", 2),
        ("wrong", 1),
        ("too_many", 0),
        ("too_many", 0),
    ]


def test_a_code_ends_with_its_time_or_with_a_newer_one(desk: Desk) -> None:
    """For the same purpose; one for another purpose stays good."""
    old, other = desk.ask("111111", phone=ANA), desk.ask("222222", phone=ANA, purpose="transfer")
    new = desk.ask("333333", phone=ANA)
    assert desk.give(old.id, "111111").result == "replaced"
    assert desk.give(other.id, "222222").result == "verified"
    desk.town.advance(timedelta(minutes=11))
    assert desk.give(new.id, "333333").result == "expired"


def test_S3_the_next_way_is_tried_without_a_receipt(desk: Desk) -> None:
    """After ten seconds, with the same code; the way after it at once where the second refuses."""
    asked = desk.ask(phone=ANA, email="ana@mail.example", channels=("http_sms", "twilio", "smtp"))
    [first] = desk.town.sending("sms")
    desk.town.outcome(first, "ok", provider_id="p1")
    desk.town.advance(9 * SECOND)
    assert desk.town.sending("second") == []
    desk.town.advance(SECOND)
    [second] = desk.town.sending("second")
    desk.town.outcome(second, "gone", reason="gone.unknown")
    [third] = desk.town.sending("mail")
    desk.town.outcome(third, "ok", provider_id="p3")
    assert desk.town.rows("select place, open, due_at from otp") == [(2, False, None)]
    assert desk.give(asked.id, "123456").result == "verified"


def test_what_a_provider_never_took_is_not_sent_after_the_next_way(desk: Desk) -> None:
    """It is down: the second way after ten seconds, and no retry of the first."""
    desk.ask(phone=ANA, channels=("http_sms", "twilio"))
    [first] = desk.town.sending("sms")
    desk.town.outcome(first, "retry", retry_after_s=3600.0)
    desk.town.advance(10 * SECOND)
    [second] = desk.town.sending("second")
    desk.town.outcome(second, "ok", provider_id="p2")
    desk.town.receipt(second, "delivered", provider_id="p2")
    desk.town.advance(timedelta(hours=2))
    assert desk.town.sending("sms") == []


def test_nothing_goes_out_any_more_once_the_code_was_given(desk: Desk) -> None:
    """The first way's receipt never came, but the customer had it all the same."""
    asked = desk.ask(phone=ANA, channels=("http_sms", "twilio"))
    desk.town.outcome(desk.town.sending("sms")[0], "ok", provider_id="p1")
    assert desk.give(asked.id, "123456").result == "verified"
    desk.town.advance(timedelta(minutes=1))
    assert desk.town.sending("second") == []


def test_M6_a_right_code_verifies_the_number(desk: Desk) -> None:
    """As the contact's; where two addresses were tried, none is proved."""
    asked = desk.ask(phone=ANA)
    desk.give(asked.id, "123456")
    assert read_trust(desk, "phone", ANA) == Trust.VERIFIED
    asked = desk.ask(phone=BIA, email="bia@mail.example", channels=("http_sms", "smtp"))
    desk.town.advance(10 * SECOND)
    assert [sent.to for sent in desk.town.sending("mail")] == ["bia@mail.example"]
    desk.give(asked.id, "123456")
    assert read_trust(desk, "phone", BIA) is None


def read_trust(desk: Desk, kind: str, value: str) -> int | None:
    found = desk.town.rows("select trust from identity where kind = %s and value = %s", kind, value)
    return found[0][0] if found else None


def test_who_is_not_known_becomes_a_contact(desk: Desk) -> None:
    """With the number, and with nothing agreed to; asked again it is the same contact."""
    first, second = desk.ask(phone=BIA), desk.ask(phone=BIA)
    assert first.contact_id == second.contact_id
    assert desk.give(first.id, "123456").result == "replaced"
    assert desk.town.rows("select count(*) from consent where contact_id = %s", first.contact_id) == [(0,)]


def test_a_number_is_not_flooded(desk: Desk) -> None:
    """Ten codes in an hour; another number has its own."""
    from tertulia.errors import TooMany

    for _ in range(10):
        desk.ask(phone=ANA)
    with pytest.raises(TooMany) as refused:
        desk.ask(phone=ANA)
    assert 0 < refused.value.retry_after_s <= 3_601
    desk.ask(phone=BIA)


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"phone": "12"}, "phone"),
        ({}, "phone"),
        ({"phone": ANA, "channels": ("pigeon",)}, "channels"),
        ({"phone": ANA, "channels": ("smtp", "http_sms")}, "channels"),
        ({"phone": ANA, "channels": ("telegram",)}, "channels"),
        ({"phone": ANA, "channels": ()}, "channels"),
        ({"phone": ANA, "texts": {"en": "no code"}}, "texts"),
        ({"phone": ANA, "texts": {"en": "{{ code }} {{ contact.name }}"}}, "texts"),
        ({"phone": ANA, "attempts": 11}, "attempts"),
        ({"email": "nobody"}, "email"),
    ],
)
def test_what_is_wrong_is_named(desk: Desk, told: dict[str, Any], field: str) -> None:
    """With its field, and nothing is kept."""
    from tertulia.actions.problems import Refused

    with pytest.raises(Refused) as refused:
        desk.ask(**told)
    assert refused.value.field == field
    assert desk.town.rows("select count(*) from otp") == [(0,)]


def test_C5_an_erasure_takes_codes_along(desk: Desk) -> None:
    """Row and address."""
    asked = desk.ask(phone=ANA)
    desk.town.erase(asked.contact_id)
    assert desk.town.rows("select count(*) from otp") == [(0,)]
    assert json.dumps(desk.town.find_text(ANA)) == "[]"
