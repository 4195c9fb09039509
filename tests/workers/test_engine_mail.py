"""A journey's e-mails through the engine on a real database: what the sender is given, what follows from an outcome."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from tests.workers.town import PUBLIC_URL, Town

from tertulia.core.leave import is_signed, read_leave

OFFER = """
name: Offer
class: marketing
entry: {event: Ordered}
reentry: always
steps:
  - id: offer
    kind: message
    channels: [email, sms]
    subject: "For {{ contact.name }}: {{ event.product }}"
    text: "{{ event.product }}. Stop: {{ unsubscribe }}"
    neutral: News
    html: "<p onclick=x>{{ event.product }}</p>"
"""
ADDRESS = "Ana@mail.example"


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace with an e-mail channel; Ana agreed to offers by e-mail and by SMS."""
    from tertulia.data.models import Source

    with Town(empty_database) as made:
        made.channels["email"] = made.add_channel("smtp")
        Source.objects.create(id=1, workspace=made.workspace, name="Shop", write_key="wk_1")
        made._change_epoch()
        made.ana = made.add_contact("Ana", "+5511987650001")
        made.event("identify", user="u1", traits={"email": ADDRESS})
        made.merge(made.identity("user_id", "u1"), made.ana)
        made.rows("update consent set address = '*', channel = '*' returning id")
        made.publish(OFFER)
        yield made


def order(town: Town) -> None:
    town.event("track", user="u1", name="Ordered", properties={"product": "Tea <b> & more"})


def content_of(town: Town, sent: Any) -> dict[str, Any]:
    [(content,)] = town.rows("select content from delivery_open where id = %s", sent.id)
    return dict(content)


def test_an_e_mail_has_all_its_parts(town: Town) -> None:
    """Subject, text, safe HTML, and an unsubscribe address that names the contact and this delivery (C3)."""
    order(town)
    [sent] = town.sending("email")
    content = content_of(town, sent)
    assert (sent.to, content["subject"]) == (ADDRESS, "For Ana: Tea <b> & more")
    assert content["html"] == "<p>Tea &lt;b&gt; &amp; more</p>"
    assert content["text"] == f"Tea <b> & more. Stop: {content['unsubscribe']}"
    leave = read_leave(content["unsubscribe"].removeprefix(f"{PUBLIC_URL}/u/"))
    assert leave is not None
    assert (leave.workspace, leave.contact_id, leave.delivery_id) == (town.workspace.pk, town.ana, sent.id)
    assert is_signed(b"k" * 32, leave)
    assert not is_signed(b"l" * 32, leave)


def test_C4_a_dead_mailbox_is_left_alone_and_the_number_tried(town: Town) -> None:
    """The first refusal hands over to the SMS, which has neither subject nor HTML; the next run begins there."""
    order(town)
    [sent] = town.sending("email")
    town.outcome(sent, "gone", reason="gone.unknown", code="550 5.1.1")
    [sms] = town.sending("sms")
    text, _, token = sms.text.partition(f"{PUBLIC_URL}/u/")
    leave = read_leave(token)
    assert text == "Tea <b> & more. Stop: "
    assert leave is not None
    assert is_signed(b"k" * 32, leave)
    assert (leave.contact_id, leave.delivery_id, len(token)) == (town.ana, None, 32)
    assert {"subject", "html", "unsubscribe"}.isdisjoint(content_of(town, sms))
    assert town.rows("select kind, dead_code from address where dead_code <> ''") == [("email", "550 5.1.1")]
    town.outcome(sms, "ok", provider_id="x1")
    order(town)
    assert town.sending("email") == []
    assert len(town.sending("sms")) == 1
    assert ("not_sent", "address", "address.dead") in town.rows("select outcome, gate, reason from ledger")


def test_C3_whoever_stops_in_a_mailbox_stops_it(town: Town) -> None:
    """The contact withdraws everywhere; the mailbox is suppressed for e-mail alone, and a new consent lifts that."""
    from tertulia.core.entries import ConsentEntry

    stop = ConsentEntry(
        *(town.ana, "*", "*", "marketing", "withdrawn", "unsubscribe_link", "customer", town.now),
        evidence={"ref": "delivery:1"},
        mailbox=True,
    )
    town.append(stop, town.ana)
    town.drain()
    query = "select kind, canonical, cause, channel, lifted_at is not null from suppression"
    assert town.rows(query) == [("email", "ana@mail.example", "withdrawn", "email", False)]
    again = msgspec.structs.replace(stop, state="granted", source="person", channel="email", mailbox=False)
    town.append(again, town.ana)
    town.drain()
    assert town.rows(query) == [("email", "ana@mail.example", "withdrawn", "email", True)]


def test_M6_who_is_not_verified_gets_the_neutral_text_alone(town: Town) -> None:
    """No HTML, and a subject that says nothing personal; elsewhere only the text counts."""
    town.rows("""update contact set attributes = '{"plan": "gold"}' returning id""")
    town.workspace.sensitive_attributes = ["plan"]
    town.workspace.save()
    town.publish(OFFER.replace("{{ contact.name }}", "{{ contact.plan }}").replace("name: Offer", "name: Plan"))
    order(town)
    contents = [content_of(town, sent) for sent in town.sending("email")]
    [neutral] = [content for content in contents if content.get("neutral")]
    assert (neutral["text"], neutral["subject"]) == ("News", "Loja")
    assert "html" not in neutral
