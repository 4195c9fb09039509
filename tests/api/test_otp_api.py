"""One-time codes over HTTP: asked for and checked with a key that may do nothing else."""

from typing import Any

import pytest
from tests.actions.cast import add_contact
from tests.api.conftest import Ask, make_client

PHONE = "+5511985550142"


@pytest.fixture
def codes(shop: Any, engine: None) -> Ask:
    """A machine with the scope `otp`, and a channel."""
    from tertulia.data.models import Channel
    from tertulia.store.sealing import seal_json

    told = {"public_id": "sms-1", "kind": "http_sms", "name": "SMS", "settings": {}, "rate_per_s": 10}
    Channel.objects.create(workspace=shop, secrets=seal_json({}), **told)
    return make_client(shop, ("otp",))


def test_a_code_is_asked_for_and_checked(codes: Ask, foreign_ask: Ask) -> None:
    """The answer has no code; wrong ones are counted; another workspace's key finds nothing."""
    asked = codes("POST", "/otp", {"phone": PHONE, "channels": ["sms"], "purpose": "sign_in"}, 202)
    assert set(asked) == {"id", "contact_id", "channels", "expires_at"}
    told = codes("POST", "/otp/verify", {"id": asked["id"], "code": "no"})
    assert (told["result"], told["verified"], told["attempts_left"], told["purpose"]) == ("wrong", False, 4, "sign_in")
    foreign_ask("POST", "/otp/verify", {"id": asked["id"], "code": "no"}, 404)
    codes("POST", "/otp/verify", {"id": "00000000-0000-0000-0000-000000000000", "code": "1"}, 404)


def test_the_key_may_do_nothing_else(shop: Any, codes: Ask) -> None:
    """Neither read nor write; and one that may only read asks for no code."""
    codes("GET", "/contacts", status=403)
    codes("POST", "/segments", {}, 403)
    make_client(shop, ("read",))("POST", "/otp", {"phone": PHONE, "channels": ["sms"]}, 403)


def test_what_is_wrong_is_told_with_its_field(codes: Ask) -> None:
    """As anywhere in the API; too often is 429 with the time to come again."""
    assert codes("POST", "/otp", {"phone": "1", "channels": ["sms"]}, 400)["field"] == "phone"
    assert codes("POST", "/otp", {"phone": PHONE, "channels": ["sms"], "length": 3}, 400)["field"] == "length"
    for _ in range(10):
        codes("POST", "/otp", {"phone": PHONE, "channels": ["sms"]}, 202)
    assert codes("POST", "/otp", {"phone": PHONE, "channels": ["sms"]}, 429)["code"] == "too_many"


def test_codes_go_to_the_countries_that_a_person_named(shop: Any, ask: Ask, codes: Ask) -> None:
    """A number of another one is refused; what became of codes is told without them."""
    assert ask("PUT", "/otp/countries", {"countries": ["PT"]}) == {"countries": ["PT"]}
    assert ask("PUT", "/otp/countries", {"countries": ["XX"]}, 400)["field"] == "countries"
    assert codes("POST", "/otp", {"phone": PHONE, "channels": ["sms"]}, 400)["code"] == "invalid"
    asked = codes("POST", "/otp", {"phone": "+351912345678", "channels": ["sms"]}, 202)
    for guess in "12345":
        codes("POST", "/otp/verify", {"id": asked["id"], "code": guess})
    lately = ask("GET", "/otp")
    assert [(row["state"], row["attempts"]) for row in lately["recent"]] == [("too_many", 5)]
    assert sum(row["asked"] for row in lately["figures"]) == 1
    assert ask("GET", "/otp/countries") == {"countries": ["PT"]}


def test_a_contacts_own_number_is_of_a_country_too(conn: Any, shop: Any, ask: Ask, codes: Ask) -> None:
    """Whoever names the contact in the place of the number reaches no other country by that."""
    known = add_contact(conn, shop, 1, phone=PHONE)
    conn.commit()
    ask("PUT", "/otp/countries", {"countries": ["PT"]})
    refused = codes("POST", "/otp", {"contact_id": known, "channels": ["sms"]}, 400)
    assert (refused["field"], "country" in refused["sentence"]) == ("channels", True)
    ask("PUT", "/otp/countries", {"countries": ["PT", "BR"]})
    codes("POST", "/otp", {"contact_id": known, "channels": ["sms"]}, 202)
