"""Coupons of journeys through the engine on a real database (S5, R5)."""

import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.workers.town import Town

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

GIFT = """
name: Gift
class: transactional
entry: {event: Order Completed}
exceptions: [{event: Order Cancelled}]
steps:
  - {id: gift, kind: coupon, pool: welcome}
  - {id: first, kind: message, channels: [sms], text: "Your code: {{ coupons.gift.code }}"}
  - {id: pause, kind: wait, for: 1 d}
  - {id: again, kind: message, channels: [sms], text: "Still good: {{ coupons.gift.code }}"}
"""


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace whose source 1 is its shop's server."""
    from tertulia.data.models import Source

    with Town(empty_database) as made:
        Source.objects.create(id=1, workspace=made.workspace, name="Shop", write_key="wk_1")
        made._change_epoch()
        yield made


def make_pool(town: Town, codes: Sequence[str] = (), **told: Any) -> Any:
    from tertulia.actions.coupons import PoolForm, create_pool

    pool = create_pool(town.workspace, None, town.now, PoolForm(**({"name": "Welcome"} | told)))
    add_codes(town, pool, codes)
    return pool


def add_codes(town: Town, pool: Any, codes: Sequence[str]) -> Any:
    from django.db import transaction

    from tertulia.actions.coupons import add_codes
    from tertulia.store.db import django_conn

    with transaction.atomic():
        return add_codes(django_conn(), pool, None, town.now, codes) if codes else None


def add_customer(town: Town, number: int = 1) -> int:
    """Somebody whom the shop knows as `u1`."""
    contact = town.add_contact(f"Ana{number}", f"+55119876500{number:02d}")
    town.event("identify", user=f"u{number}", traits={"plan": "free"})
    absorbed = town.identity("user_id", f"u{number}")
    assert absorbed is not None
    town.merge(absorbed, contact)
    return contact


def order(town: Town, number: int = 1) -> None:
    town.event("track", user=f"u{number}", name="Order Completed")


def claims(town: Town) -> list[tuple[str, bool]]:
    """Code and whether it is the customer's for good."""
    return town.rows("select code, given from coupon_claim order by claimed_at, code")


def free(town: Town) -> list[str]:
    return [code for (code,) in town.rows("select code from coupon_code where claimed_at is null order by code")]


def test_S5_a_code_is_claimed_at_the_hand_over_and_kept(town: Town) -> None:
    """Not before: a message that waits has none. A later message of the run, and another run, show the same."""
    make_pool(town, ["A1", "A2"])
    add_customer(town)
    town.publish(GIFT)
    town.pause_channel("sms")
    order(town)
    assert (claims(town), free(town)) == ([], ["A1", "A2"])
    town.resume_channel("sms")
    town.drain()
    [sent] = town.sending("sms")
    assert sent.text == "Your code: A1"
    assert (claims(town), free(town)) == ([("A1", False)], ["A2"])
    town.outcome(sent, "ok", provider_id="p1")
    assert claims(town) == [("A1", True)]
    town.advance(DAY)
    [later] = town.sending("sms")
    assert later.text == "Still good: A1"
    town.outcome(later, "ok", provider_id="p2")
    order(town)
    [again] = town.sending("sms")
    assert again.text == "Your code: A1"
    assert free(town) == ["A2"]


def test_S5_a_retry_keeps_the_code_and_a_failure_returns_it(town: Town) -> None:
    make_pool(town, ["A1"])
    add_customer(town)
    town.publish(GIFT)
    order(town)
    [sent] = town.sending("sms")
    town.outcome(sent, "retry")
    assert claims(town) == [("A1", False)]
    town.advance(HOUR)
    [sent] = town.sending("sms")
    assert (sent.text, sent.attempt) == ("Your code: A1", 2)
    town.outcome(sent, "gone")
    assert (claims(town), free(town)) == ([], ["A1"])
    assert town.rows("select returned from coupon_code") == [(1,)]


def test_S5_the_next_channel_carries_it_on(town: Town) -> None:
    """Refused on the first channel for good; also while nobody else has a code left."""
    make_pool(town, ["A1"])
    add_customer(town)
    second = town.add_channel("twilio")
    town.channels["twilio"] = second
    town.publish(GIFT.replace("channels: [sms]", "channels: [http_sms, twilio]", 1))
    order(town)
    [sent] = town.sending("sms")
    town.outcome(sent, "gone")
    [other] = town.sending("twilio")
    assert (other.text, claims(town), free(town)) == ("Your code: A1", [("A1", False)], [])
    town.outcome(other, "ok", provider_id="p1")
    assert claims(town) == [("A1", True)]


def test_S5_an_exception_before_a_provider_has_it_returns_it(town: Town) -> None:
    """The message waits for its second attempt."""
    make_pool(town, ["A1"])
    add_customer(town)
    town.publish(GIFT)
    order(town)
    [sent] = town.sending("sms")
    town.outcome(sent, "retry")
    town.event("track", user="u1", name="Order Cancelled")
    assert (claims(town), free(town)) == ([], ["A1"])


def test_S5_what_may_have_arrived_never_comes_back(town: Town) -> None:
    """Nobody said what became of it; or the provider took it, and then could not deliver it."""
    make_pool(town, ["A1", "A2"])
    add_customer(town, 1)
    add_customer(town, 2)
    town.publish(GIFT)
    order(town, 1)
    [sent] = town.sending("sms")
    town.outcome(sent, "ambiguous", lost=True)
    assert claims(town) == [("A1", True)]
    town.event("track", user="u1", name="Order Cancelled")
    order(town, 2)
    second = next(one for one in town.sending("sms") if one.text == "Your code: A2")
    town.outcome(second, "ok", provider_id="p2")
    town.receipt(second, "failed", provider_id="p2")
    assert (claims(town), free(town)) == ([("A1", True), ("A2", True)], [])


def test_S5_an_empty_pool_holds_and_tells_once(town: Town) -> None:
    """Nothing is lost: the message goes out when codes are added, and also when one comes back."""
    from tertulia.data.models import CouponPool, Notice

    pool = make_pool(town, ["A1"], warn_at=3)
    for number in (1, 2, 3):
        add_customer(town, number)
    town.publish(GIFT)
    order(town, 1)
    order(town, 2)
    order(town, 3)
    assert [sent.text for sent in town.sending("sms")] == ["Your code: A1"]
    assert town.rows("select held_by from delivery_open where state = 'queued'") == [("coupon",), ("coupon",)]
    assert [row for row in town.ledger() if row[1] == "held"] == [("first", "held", "coupon", "coupon.spent")] * 2
    assert list(Notice.objects.order_by("kind").values_list("kind", flat=True)) == ["coupons_low", "coupons_spent"]
    town.advance(HOUR)
    assert len([row for row in town.ledger() if row[1] == "held"]) == 2
    assert CouponPool.objects.get().empty_at is not None
    [sent] = town.sending("sms")
    town.outcome(sent, "gone")
    town.advance(HOUR)
    assert [sent.text for sent in town.sending("sms")] == ["Your code: A1"]
    add_codes(town, pool, ["B1"])
    town.drain()
    assert sorted(sent.text for sent in town.sending("sms")) == ["Your code: A1", "Your code: B1"]
    assert CouponPool.objects.get().empty_at is None


def test_S5_one_code_for_everybody_and_a_time_to_expire(town: Town) -> None:
    """An expired one gives way to another in a new run."""
    make_pool(town, code="SPRING", expires="2 d")
    add_customer(town)
    text = "{{ coupons.gift.code }} until {{ coupons.gift.expires | date: '%d.%m. %H:%M' }}"
    town.publish(GIFT.replace("Your code: {{ coupons.gift.code }}", text) + "zone: America/Sao_Paulo\n")
    order(town)
    [sent] = town.sending("sms")
    assert sent.text == "SPRING until 04.11. 06:00"  # there
    town.outcome(sent, "ok", provider_id="p1")
    town.advance(DAY)
    [later] = town.sending("sms")
    town.outcome(later, "ok", provider_id="p2")
    town.advance(2 * DAY)
    order(town)
    [again] = town.sending("sms")
    assert again.text == "SPRING until 07.11. 06:00"
    assert len(claims(town)) == 2


def test_M8_what_a_merged_contact_was_given_is_inherited(town: Town) -> None:
    make_pool(town, ["A1", "A2"])
    first, second = add_customer(town, 1), add_customer(town, 2)
    town.publish(GIFT)
    order(town, 1)
    [sent] = town.sending("sms")
    town.outcome(sent, "ok", provider_id="p1")
    town.merge(first, second)
    order(town, 2)
    [again] = town.sending("sms")
    assert again.text == "Your code: A1"
    assert free(town) == ["A2"]


def test_C5_whose_a_code_is_goes_with_the_person(town: Town) -> None:
    """That it was given stays counted, and nobody gets it again."""
    make_pool(town, ["A1"])
    contact = add_customer(town)
    town.publish(GIFT)
    order(town)
    [sent] = town.sending("sms")
    town.outcome(sent, "ok", provider_id="p1")
    town.erase(contact)
    assert (claims(town), free(town)) == ([], [])


def test_R5_owners_never_give_one_code_twice(town: Town) -> None:
    """Whoever comes second waits, and reads what the first has left."""
    from tertulia.core import coupon_effects as cx
    from tertulia.core.world import World
    from tertulia.store.coupons import claim_coupons, load_coupons
    from tertulia.store.db import connect

    pool = make_pool(town, [f"A{number}" for number in range(20)])
    contacts = [add_customer(town, number) for number in range(1, 9)]
    town.drain()
    given: list[str] = []

    def take(contact: int) -> None:
        with connect(town.url) as conn:
            world = World(town.now, town.engine.config, iter(()))  # type: ignore[arg-type]
            load_coupons(conn, world, [contact], {pool.pk: 5})
            mine = world.codes[pool.pk][:2]
            for journey, code in enumerate(mine):
                told = (town.workspace.pk, contact, journey, pool.pk, UUID(int=contact), UUID(int=journey))
                claim_coupons(conn, [cx.ClaimCoupon(*told, code, False, town.now, None)])
            conn.commit()
            given.extend(mine)

    threads = [threading.Thread(target=take, args=(contact,)) for contact in contacts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(given) == len(set(given)) == 16
    assert len(free(town)) == 4


def test_S5_a_template_shows_the_code_of_the_journeys_step(town: Town) -> None:
    """And tells in the ledger from which pool, never which code."""
    from django.db import transaction

    from tertulia.actions.templates import create_template, publish

    make_pool(town, ["A1"])
    contact = add_customer(town)
    document = "name: Gift\ndefault: en\nvariants: {en: {text: 'For you: {{ coupons.gift.code }}'}}\n"
    with transaction.atomic():
        template = create_template(town.workspace, None, town.now, document, name="Gift", key="gift")
        publish(template, None, town.now, version=1)
    town.publish(GIFT.replace('text: "Your code: {{ coupons.gift.code }}"', "template: gift"))
    order(town)
    [sent] = town.sending("sms")
    assert sent.text == "For you: A1"
    [(facts,)] = town.rows("select facts from ledger where contact_id = %s and outcome = 'sent'", contact)
    assert dict(facts["passed"])["coupon"] == {"coupons": [{"step": "gift", "pool": "welcome", "kept": False}]}
    assert "A1" not in repr(facts)


def test_a_persons_export_has_their_coupons(town: Town) -> None:
    """With the pool, the journey and until when."""
    from tertulia.actions.erasure import export_contact
    from tertulia.store.db import connect

    make_pool(town, ["A1"])
    contact = add_customer(town)
    town.publish(GIFT)
    order(town)
    with connect(town.url) as conn:
        [told] = export_contact(conn, town.workspace, contact)["coupons"]
    assert (told["code"], told["pool"], told["given"], told["expires_at"]) == ("A1", "welcome", False, None)
