"""A journey is started for a contact over the API, once for each key."""

from typing import Any

import pytest
from tests.actions.cast import NOW
from tests.api.conftest import Ask
from tests.console.people import add_contact, insert

from tertulia.core.entries import shard_of_address, shard_of_identity
from tertulia.core.identity import IdentityRef
from tertulia.core.phones import key_of_e164
from tertulia.ids import shard_of_contact
from tertulia.store.db import django_conn

CALLED = """name: Called
entry: {kind: api}
steps:
  - {id: pause, kind: wait, for: 1 h}
"""
PHONE = "+5511985550142"


@pytest.fixture
def journey(shop: Any) -> Any:
    """Published, to be started over the API."""
    return publish(shop, CALLED)


def publish(shop: Any, document: str) -> Any:
    from django.db import transaction

    from tertulia.actions.journeys import create_journey, publish

    with transaction.atomic():
        made = create_journey(shop, None, NOW, document, name="Called")
        publish(made, None, NOW, version=1)
    return made


@pytest.fixture
def contact(shop: Any) -> int:
    """Somebody with a number, and a user id of the shop's."""
    conn = django_conn()
    contact_id = add_contact(conn, shop.pk, 1, "Beatriz", "Nakamura", PHONE, "BR")
    add_key(shop, PHONE, contact_id)
    user = IdentityRef("user_id", "", "u1")
    home = shard_of_identity(shop.pk, user)
    insert(
        conn, "identity", shard=home, workspace=shop.pk, kind="user_id", scope="", value="u1", contact_id=contact_id,
        route=shard_of_contact(contact_id), trust=0, seen_at=NOW,
    )  # fmt: skip
    return contact_id


def add_key(shop: Any, phone: str, contact_id: int) -> None:
    key = key_of_e164(phone)
    shard = shard_of_address(shop.pk, "phone", key)
    columns = {"shard": shard, "workspace": shop.pk, "kind": "phone", "canonical": key, "contact_id": contact_id}
    insert(django_conn(), "address_key", **columns)


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("who", [{"user_id": "u1"}, {"phone": "(11) 98555-0142"}, {"phone": PHONE}, {}])
def test_a_journey_is_started_once_for_each_key(ask: Ask, journey: Any, contact: int, who: dict[str, str]) -> None:
    """By the contact's id, the shop's own, or a number as people write it; the run's event is what was sent."""
    form = {**(who or {"contact_id": contact}), "key": "till-7", "properties": {"order": "A-1"}}
    told = ask("POST", f"/journeys/{journey.pk}/start", form)
    assert told == {"contact_id": contact, "run_id": told["run_id"], "decided": True, "started": True}
    assert ask("POST", f"/journeys/{journey.pk}/start", form) == told
    rows = django_conn().execute("select id, contact_id, event -> 'properties' ->> 'order' from run_open").fetchall()
    assert [(str(id_), contact_id, order) for id_, contact_id, order in rows] == [(told["run_id"], contact, "A-1")]
    again = ask("POST", f"/journeys/{journey.pk}/start", {**form, "key": "till-8"})
    assert (again["decided"], again["started"]) == (True, False)  # one lives


@pytest.mark.parametrize(
    ("form", "status", "field", "words"),
    [
        ({}, 400, "contact_id", "Say who: give exactly one of contact_id, user_id, phone and email."),
        ({"user_id": "u1", "phone": PHONE}, 400, "phone", "Say who: give exactly one"),
        ({"user_id": "u9"}, 400, "user_id", "No contact has this."),
        ({"email": "nobody@example.com"}, 400, "email", "No contact has this."),
        ({"phone": "12"}, 400, "phone", "This is no phone number."),
        ({"contact_id": 5}, 404, "", "This contact does not exist in this workspace."),
        ({"user_id": "u1", "key": "k" * 201}, 400, "key", "A key has at most 200 characters."),
        ({"user_id": "u1", "properties": {"a": "x" * 33_000}}, 400, "properties", "longer than 32 kB"),
    ],
)
def test_who_or_what_cannot_be_meant_is_told(
    ask: Ask, journey: Any, contact: int, form: dict[str, Any], status: int, field: str, words: str
) -> None:
    """By its field, with what to do."""
    told = ask("POST", f"/journeys/{journey.pk}/start", form, status)
    assert told["field"] == field
    assert words in told["sentence"]
    assert contact


def test_a_number_that_a_household_shares_names_nobody(ask: Ask, shop: Any, journey: Any, contact: int) -> None:
    """M1: the caller has to say whom it means."""
    add_key(shop, PHONE, add_contact(django_conn(), shop.pk, 2, "Tomás", "Figueira"))
    told = ask("POST", f"/journeys/{journey.pk}/start", {"phone": PHONE}, 400)
    assert (told["field"], told["sentence"]) == ("phone", "2 contacts have this. Give contact_id or user_id.")
    assert contact


def test_only_a_journey_that_is_for_it_is_started(ask: Ask, foreign_ask: Ask, shop: Any, journey: Any) -> None:
    """Published, of the kind api, and of the key's own workspace."""
    by_event = publish(shop, CALLED.replace("{kind: api}", "{event: Added}"))
    told = ask("POST", f"/journeys/{by_event.pk}/start", {"user_id": "u1"}, 409)
    assert told["sentence"] == "This journey is not started over the API. Write entry: {kind: api} and publish it."
    foreign_ask("POST", f"/journeys/{journey.pk}/start", {"user_id": "u1"}, 404)
