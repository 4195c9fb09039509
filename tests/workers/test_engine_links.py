"""Links in messages of journeys through the engine on a real database (M4, M9, R6)."""

import re
from datetime import timedelta
from typing import Any

import pytest
from tests.workers.test_engine_entries import town
from tests.workers.test_engine_journeys import CART, DAY, HOUR, add_customer, add_to_cart
from tests.workers.test_engine_outcomes import AFTER, begun
from tests.workers.town import Sending, Town

from tertulia.actions.config import load_config
from tertulia.core.entries import ClickEntry, LinkedMessage
from tertulia.core.links import hash_code, parse
from tertulia.core.message_links import list_first_hashes
from tertulia.ids import shard_of_contact
from tertulia.store.db import django_conn

__all__ = ["town"]

TEXT = "{{ event.product }}: {{ 'https://shop.example/cart' | link }} or {{ 'https://shop.example/all' | link: 'all' }}"
LINKED = CART.replace("Hi {{ contact.name }}, {{ event.product }} waits.", f'"{TEXT}"')

LINK_ONLY = """
name: Seen
entry: {event: Seen}
steps: [{id: say, kind: message, channels: [sms], text: Hi, link: {label: Look, to: "{{ event.url }}"}}]
"""


def begin(town: Town, document: str = LINKED) -> tuple[int, Sending]:
    """A customer to whom the cart's journey hands over a message with links."""
    contact = add_customer(town)
    town.publish(document)
    add_to_cart(town)
    town.advance(HOUR)
    [sent] = town.sending("sms")
    return contact, sent


def read_links(town: Town) -> list[tuple[Any, ...]]:
    return town.rows("select code_hash, name, target, step from message_link order by name")


def click(town: Town, contact: int, sent: Sending, class_: str = "human", nonce: str = "n1") -> None:
    """An opening of the first link, as the edge tells it."""
    query = "select code_hash, delivery_id, channel_id, journey_id, run_id, step, name from message_link order by name"
    code_hash, *of = town.rows(query)[-1]
    told = (contact, None, bytes(code_hash).hex(), "web", class_, town.now, nonce, False, LinkedMessage(*of))
    town.append(ClickEntry(*told), contact)
    town.drain()


def test_M4_every_address_of_a_message_is_a_code_of_its_own(town: Town) -> None:
    """Its row is written with the hand-over, found by the code's hash, for as long as links hold; named by its host
    where the text gives no name. What the history keeps of the text has no codes."""
    _contact, sent = begin(town)
    codes = [parse(code) for code in re.findall(r"/l/([0-9A-Z]{14})", sent.text)]
    assert [code.app for code in codes if code] == ["web", "web"]
    hashes = [hash_code(code.base) for code in codes if code]
    rows = read_links(town)
    assert [tuple(row[1:]) for row in rows] == [
        ("all", "https://shop.example/all", "remind"),
        ("shop.example", "https://shop.example/cart", "remind"),
    ]
    assert [bytes(row[0]) for row in rows] == [hashes[1], hashes[0]]
    assert town.rows("select distinct expires_at - made_at from message_link") == [(timedelta(days=30),)]
    town.outcome(sent, "retry")
    town.advance(HOUR)
    assert [again.text for again in town.sending("sms")] == [sent.text]
    town.outcome(town.sending("sms")[0], "ok", provider_id="p1")
    [(kept,)] = town.rows("select content ->> 'text' from delivery")
    assert not re.search(r"[0-9A-Z]{14}", kept)


def test_M4_a_code_that_is_taken_is_not_given_again(town: Town) -> None:
    """The attempt rises; the link that had the code stays what it was."""
    contact = add_customer(town)
    town.publish(LINKED)
    add_to_cart(town)
    town.pause_channel("sms")
    town.advance(HOUR)
    [(delivery,)] = town.rows("select id from delivery_open")
    [workspace] = list(load_config(django_conn(), "https://t.example").workspaces.values())
    taken = list_first_hashes(workspace, contact, delivery, 1)[0]
    town.rows(
        """insert into message_link values (%s, %s, 1, %s, %s, 1, 1, %s, 'x', 'x', 'https://x.example', now(), now())
           returning 1""",
        *(shard_of_contact(contact), taken, contact, delivery, delivery),
    )
    town.resume_channel("sms")
    town.drain()
    rows = town.rows("select target from message_link where code_hash = %s", taken)
    assert rows == [("https://x.example",)]
    assert len(read_links(town)) == 3


def test_R6_a_click_begins_a_journey(town: Town) -> None:
    """Of the journey, step and link that are named; a scanner's opening begins nothing (M9)."""
    from tertulia.data.models import Journey

    contact, sent = begin(town)
    Journey.objects.update(key="cart-reminder")
    right = ("", ", journey: cart-reminder, step: remind", ", where: {property: link, is: shop.example}")
    wrong = (", journey: cart-reminder, step: pause", ", where: {property: link, is: all}")
    journeys = {town.publish(AFTER % f"clicked{of}").pk: of for of in (*right, *wrong)}
    town.outcome(sent, "ok", provider_id="p1")
    click(town, contact, sent, "scanner", "n0")
    assert begun(town) == []
    click(town, contact, sent)
    click(town, contact, sent, nonce="n2")  # a second one finds the runs alive
    rows = town.rows("select journey_id, event -> 'properties' from run_open where step = 'pause'")
    assert {journeys[journey] for journey, _told in rows} == set(right)
    channel = {"channel": town.channel("sms").name, "channel_kind": "sms"}
    assert rows[0][1] == {"journey": "cart-reminder", "step": "remind", "link": "shop.example", **channel}
    assert len(rows) == len(right)


@pytest.mark.parametrize("clicked", [True, False])
def test_R6_who_clicked_did_not_ignore_the_message(town: Town, clicked: bool) -> None:
    """What is watched is the message itself."""
    contact, sent = begin(town)
    town.publish(AFTER % "ignored, for: 2 d")
    town.outcome(sent, "ok", provider_id="p1")
    town.receipt(sent, "delivered")
    if clicked:
        click(town, contact, sent)
    town.advance(3 * DAY)
    assert begun(town) == ([] if clicked else ["message_ignored"])


def test_R4_a_segment_of_who_clicked(town: Town) -> None:
    """Kept up by the click itself, and the same where it is looked for among everybody."""
    from tertulia.data.models import Journey

    contact, sent = begin(town)
    Journey.objects.update(key="cart")
    right, wrong = ("", ", journey: cart", ", channel: sms"), (", journey: cart, step: pause", ", channel: email")
    document = "name: Clickers\nwhere: {message: clicked%s}\n"
    before = {of: town.publish_segment(document % of, f"before{n}") for n, of in enumerate((*right, *wrong))}
    town.outcome(sent, "ok", provider_id="p1")
    click(town, contact, sent)
    after = {of: town.publish_segment(document % of, f"after{n}") for n, of in enumerate((*right, *wrong))}
    town.drain()
    for of in (*right, *wrong):
        members = {contact} if of in right else set()
        assert town.members(before[of]) == town.members(after[of]) == members, of


def test_V3_clicks_are_counted_by_step_and_link(town: Town) -> None:
    """Messages in which a person opened it, however often; for the editor, the API and a broadcast's page."""
    from tertulia.actions.journey_counts import count_journey
    from tertulia.data.models import Journey
    from tertulia.store.broadcasts import list_recipients, read_results

    contact, sent = begin(town)
    town.outcome(sent, "ok", provider_id="p1")
    for nonce in ("n1", "n2"):
        click(town, contact, sent, nonce=nonce)
    click(town, contact, sent, "preview", "n3")
    journey = Journey.objects.get()
    steps = {step.step: (step.clicked, step.links) for step in count_journey(django_conn(), journey).steps}
    assert steps == {"pause": (0, {}), "remind": (1, {"shop.example": 1})}
    [row] = read_results(django_conn(), journey.pk)
    assert (row.sent, row.clicked) == (1, 1)
    [who] = list_recipients(django_conn(), journey.pk, "clicked", None, 10)
    assert (who.contact_id, who.step) == (contact, "remind")


def test_C5_erasure_forgets_where_links_led(town: Town) -> None:
    """An address may be the customer's own, and is exported before; the click stays, for counts."""
    from tertulia.actions.erasure import export_contact

    contact, sent = begin(town)
    town.outcome(sent, "ok", provider_id="p1")
    click(town, contact, sent)
    exported = export_contact(town.conn, town.workspace, contact)
    assert {link["target"] for link in exported["links"]} == {"https://shop.example/all", "https://shop.example/cart"}
    town.erase(contact)
    assert read_links(town) == []
    assert town.rows("select link, class from click") == [("shop.example", "human")]


def test_M4_a_link_below_a_text_is_known_by_its_label(town: Town) -> None:
    """A line in an SMS; its address is rendered. A wrong one ends the message (S4)."""
    button = 'Cart\n    link: {label: To the cart, to: "https://shop.example/{{ event.product | url_encode }}"}'
    contact, sent = begin(town, CART.replace("Hi {{ contact.name }}, {{ event.product }} waits.", button))
    assert re.fullmatch(r"Cart\nTo the cart: https://t\.example/l/[0-9A-Z]{14}", sent.text)
    [(_hash, name, target, _step)] = read_links(town)
    assert (name, target) == ("To the cart", "https://shop.example/Chapada+coffee")
    town.outcome(sent, "ok", provider_id="p1")
    click(town, contact, sent)
    assert town.rows("select link from click") == [("To the cart",)]
    town.publish(LINK_ONLY)
    town.event("track", user="u1", name="Seen", properties={"url": "shop.example"})
    assert [row[3] for row in town.ledger() if row[1] == "not_sent"] == ["render.broken"]
