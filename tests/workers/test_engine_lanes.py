"""Codes go before all else, through the engine on a real database."""

from tests.workers.test_engine_otp import Desk
from tests.workers.town import NOW, Town

from tertulia.core import effects as fx
from tertulia.core import lanes
from tertulia.ids import derive_delivery_id
from tertulia.store import effects as writer


def queue(town: Town, contact: int, lane: int, count: int) -> None:
    """Messages of no journey to one customer, by SMS."""
    channel = town.channels["sms"].pk
    made = [
        fx.QueueDelivery(
            *(town.workspace.pk, contact, derive_delivery_id(contact, NOW.date(), "test", lane, number), channel),
            *(None, 0, "transactional", lane, "phone", "+5511987650001", "", {"text": f"{lane}/{number}"}, "test"),
            *(NOW, None, NOW),
        )
        for number in range(count)
    ]
    writer.write(town.conn, made, NOW)
    town.conn.commit()


def test_X2_a_code_waits_behind_nothing_that_was_claimed(empty_database: str) -> None:
    """A second's work of a broadcast is with the sender and nothing is answered; more waits. Codes go out at once."""
    with Town(empty_database) as town:
        contact = town.add_contact("Ana", "+5511987650001")
        queue(town, contact, lanes.BULK, 150)
        town.drain()
        assert len(town.sending("sms")) == 100
        desk = Desk(town)
        for number in range(2, 5):
            desk.ask(phone=f"+551198765000{number}", locale="en")
        told = [sent.text for sent in town.sending("sms")]
        assert sum(text.startswith("******") for text in told) == 3
        assert len(told) == 103
