"""The tab What if: the workspace's last days through the draft, against what is live."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from tests.actions.cast import make_channel
from tests.console.cast import Cast, make_client
from tests.console.people import add_consent, add_contact, add_identity
from tests.console.tracking import add_event, make_source

NOW = datetime.now(UTC)
CART = """name: Cart series
entry: {event: Product Added, where: {property: price, over: 100}}
exceptions: [{event: Order Completed}]
steps:
  - {id: pause, kind: wait, for: 1 h}
  - {id: tell, kind: message, channels: [sms], text: "{{ contact.name }}, {{ event.product }} waits."}
"""


def read(client, address: str, status: int = 200) -> str:
    """The page, with its entities read and figures as they are seen."""
    response = client.get(address)
    assert response.status_code == status, address
    return unescape(re.sub(r'</?bdi( class="num")?>', "", response.content.decode()))


def add_shopper(conn, workspace, serial: int, name: str, *, agreed: bool = True) -> int:
    """Somebody whom the shop knows, under the id that `add_event` gives them."""
    phone = f"+55119855501{serial:02d}"
    contact = add_contact(conn, workspace.pk, serial, name, "", phone, "BR", 2)
    add_identity(conn, workspace.pk, contact, "user_id", f"c-{contact >> 8}", 0, scope="")
    if agreed:
        add_consent(conn, workspace.pk, contact, f"phone:{phone}", "sms", "marketing", "granted", "customer_list")
    return contact


@pytest.fixture
def journey(cast: Cast):
    """A draft, and two carts of three days ago; one of the two customers agreed to offers."""
    from django.db import connection, transaction

    from tertulia.actions.journeys import create_journey

    make_channel(cast.workspace, "twilio", name="SMS Verbena")
    source = make_source(cast.workspace)
    with transaction.atomic():
        conn = connection.cursor().connection
        for serial, (name, agreed) in enumerate((("Beatriz", True), ("Tomás", False)), 1):
            contact = add_shopper(conn, cast.workspace, serial, name, agreed=agreed)
            at = NOW - timedelta(days=3, minutes=serial)
            told = {"price": 120, "product": "Chapada <coffee>"}
            add_event(conn, source, contact, "Product Added", at, properties=told)
            add_event(conn, source, contact, "Product Viewed", at + timedelta(minutes=5), properties=told)
    return create_journey(cast.workspace, cast.alice, NOW, CART, name="Cart series")


def publish(journey) -> None:
    from django.db import transaction

    from tertulia.actions import journeys as actions

    with transaction.atomic():
        actions.publish(journey, None, NOW, version=journey.version)


def test_a_period_is_chosen_first(journey, alice) -> None:
    """Nothing is played before."""
    page = read(alice, f"/journeys/{journey.pk}/what-if/")
    assert 'href="?days=7"' in page
    assert "What would this draft have come to?" in page
    assert "Would enter" not in page


def test_a_draft_is_played_through_the_last_days(journey, alice) -> None:
    """Figures in words, messages per day, why others were not written to, and how a message reads."""
    page = read(alice, f"/journeys/{journey.pk}/what-if/?days=7")
    assert "2 runs would have begun. Messages: 1" in page
    assert "history does not answer to messages that were never sent" in page
    for words in ("Would enter", "Held by quiet hours", "Held by a cap", "Went to the end", "SMS Verbena"):
        assert words in page, words
    assert "Beatriz, Chapada <coffee> waits." in page
    assert "Live:" not in page
    assert page.count('<rect class="area-sms"') == 1
    assert "remind" not in page
    raw = alice.get(f"/journeys/{journey.pk}/what-if/?days=7").content.decode()
    assert "Chapada &lt;coffee&gt; waits." in raw


def test_the_figures_stand_against_what_is_live(journey, alice) -> None:
    """The draft asks for less, so more would enter."""
    from tertulia.actions.journeys import save_draft

    journey.document = CART.replace("over: 100", "over: 1000")
    journey.save()
    publish(journey)
    journey.refresh_from_db()
    save_draft(journey, None, NOW, CART, version=journey.version)
    page = read(alice, f"/journeys/{journey.pk}/what-if/?days=30")
    assert "2 runs would have begun" in page
    assert "Live: 0" in page


def test_what_is_wrong_with_a_draft_is_told(journey, alice) -> None:
    """In place of figures."""
    from tertulia.actions.journeys import save_draft

    save_draft(journey, None, NOW, CART.replace("for: 1 h", "for: soon"), version=journey.version)
    page = read(alice, f"/journeys/{journey.pk}/what-if/?days=7")
    assert "Not ready yet" in page
    assert "Would enter" not in page


def test_a_draft_that_no_event_starts_is_told(journey, alice) -> None:
    """What the API starts is not in the history."""
    from tertulia.actions.journeys import save_draft

    by_api = CART.replace("{event: Product Added, where: {property: price, over: 100}}", "{kind: api}")
    save_draft(journey, None, NOW, by_api, version=journey.version)
    assert "and in this time there was none, so nobody enters here" in read(
        alice, f"/journeys/{journey.pk}/what-if/?days=7"
    )


def test_R5_a_draft_for_an_audience_is_played(journey, alice) -> None:
    """Every day for everybody who is there today."""
    from tertulia.actions.journeys import save_draft

    by_clock = 'name: Daily\nentry: {kind: audience, every: day, time: "10:00"}\nsteps:\n'
    by_clock += "  - {id: tell, kind: message, channels: [sms], text: Hello}\n"
    save_draft(journey, None, NOW, by_clock, version=journey.version)
    assert "14 runs would have begun" in read(alice, f"/journeys/{journey.pk}/what-if/?days=7")


def test_synthetic_customers_are_marked_and_their_rates_can_be_changed(journey, alice) -> None:
    """What is wrong with a rate is told in place of figures."""
    address = f"/journeys/{journey.pk}/what-if/?on=synthetic&days=7&customers=500"
    page = read(alice, address + "&events.Product Added=0.2&sms.opened=70")
    assert "None of these 500 customers exists. They are modelled on yours" in page
    assert 'name="sms.opened" inputmode="decimal" value="70"' in page
    assert 'name="events.Product Added" inputmode="decimal" value="0.2"' in page
    wrong = read(alice, address + "&sms.opened=170")
    assert "sms.opened: Give 100 at most." in wrong
    assert "Would enter" not in wrong
    assert "no other journey" in read(alice, address + "&beside=nobody")
    assert "no other journey" in read(alice, address + "&beside=%00")
    assert "This is to be" in read(alice, address + "&sms.opened=nan")
    assert "Write a time such as 21:00." in read(alice, address + "&unwelcome.from=25:00")
    assert "at most 200,000 are played" in read(alice, address + "&events.Product Added=50&customers=5000&days=30")


def test_V3_what_guards_and_canaries_would_do_is_told(journey, cast: Cast, alice) -> None:
    """The moment and the figures; the other customer's message waits for the canary, or goes first."""
    from tertulia.actions.journeys import save_draft

    control = "guards: {bounces: 50%, after: 1}\ncanary: {share: 50%, for: 2 h}\nsteps:"
    save_draft(journey, None, NOW, CART.replace("steps:", control), version=journey.version)
    cast.workspace.budget = {"day": 2}
    cast.workspace.save()
    page = read(alice, f"/journeys/{journey.pk}/what-if/?days=7&sms.refused=100&sms.silent=0")
    assert "0.00 of the workspace's budget of" in page
    assert "Budgets begin unspent." in read(alice, f"/journeys/{journey.pk}/what-if/?on=synthetic&days=7")
    assert "It goes to 50% of the customers first" in page
    assert "1 of 1 messages failed (100.0 %), allowed 50%. Nobody resumes it here" in page


def test_a_quiet_week_is_told(journey, alice) -> None:
    """No event, no figures to be proud of."""
    from tertulia.actions.journeys import save_draft

    save_draft(journey, None, NOW, CART.replace("Product Added", "Never"), version=journey.version)
    assert "Nothing happened in this time" in read(alice, f"/journeys/{journey.pk}/what-if/?days=7")


def test_imported_history_is_played_as_it_happened(journey, cast: Cast, alice) -> None:
    """Though it came long after, and started nothing then."""
    from django.db import connection, transaction

    with transaction.atomic():
        conn = connection.cursor().connection
        conn.execute("update event set imported = true, received_at = %s", [NOW - timedelta(minutes=1)])
    page = read(alice, f"/journeys/{journey.pk}/what-if/?days=7")
    assert "2 runs would have begun. Messages: 1" in page


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [("events", "only the newest 1 events"), ("contacts", "only the last 1 who did something")],
)
def test_what_was_cut_is_said(journey, alice, monkeypatch: pytest.MonkeyPatch, limit: str, sentence: str) -> None:
    """The newest are played, and from when on."""
    from tertulia.actions import what_if_draft

    monkeypatch.setattr(what_if_draft, "LIMITS", replace(what_if_draft.LIMITS, **{limit: 1}))
    page = read(alice, f"/journeys/{journey.pk}/what-if/?days=7")
    assert sentence in page
    assert "1 run would have begun" in page


def test_what_takes_too_long_is_stopped_and_said(journey, alice, monkeypatch: pytest.MonkeyPatch) -> None:
    """The figures end where it was stopped."""
    from tertulia.actions import what_if_draft

    monkeypatch.setattr(what_if_draft, "DRAFT_S", 0.0)
    assert "It took too long and was stopped" in read(alice, f"/journeys/{journey.pk}/what-if/?days=7")


def test_another_workspace_sees_nothing(journey, cast: Cast) -> None:
    """Charlie owns one; Vera, who only looks, may look."""
    address = f"/journeys/{journey.pk}/what-if/?days=7"
    assert make_client(cast.charlie).get(address).status_code == 404
    assert make_client(cast.vera).get(address).status_code == 200
    assert make_client().get(address).status_code == 302


def test_nothing_is_written(journey, alice) -> None:
    """No run, no message, no row of the ledger."""
    from django.db import connection

    read(alice, f"/journeys/{journey.pk}/what-if/?days=7")
    with connection.cursor() as cursor:
        for table in ("run_open", "run", "delivery_open", "delivery", "ledger"):
            cursor.execute(f"select count(*) from {table}")
            assert cursor.fetchone() == (0,), table
