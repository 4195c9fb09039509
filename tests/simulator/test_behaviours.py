"""Trouble that is switched on: duplicates, disorder, failures, wrong signatures; the same seed repeats it exactly."""

import json
from typing import Any

import pytest
from tests.simulator.rig import Rig

from tertulia.simulator.chance import Chance

pytestmark = pytest.mark.anyio
SID = "AC" + "0" * 32
BEATRIZ = "+5511985550142"


async def send_many(rig: Rig, count: int) -> list[int]:
    """Send `count` SMS to numbers in a row; the statuses of the answers."""
    statuses = []
    for number in range(count):
        form = {"To": f"+55119870{number:05d}", "From": "+15017122661", "Body": "Oi",
                "StatusCallback": f"{rig.platform.url}/s?m={number}"}  # fmt: skip
        answer = await rig.http.post(
            f"/twilio/2010-04-01/Accounts/{SID}/Messages.json", data=form, auth=(SID, "tw-secret")
        )
        statuses.append(answer.status_code)
    return statuses


def read_receipts(rig: Rig) -> list[tuple[str, str]]:
    return [(got.query["m"], got.form["MessageStatus"]) for got in rig.platform.posts("/s")]


async def test_duplicates_are_told_twice_and_marked_in_the_record(rig: Rig) -> None:
    """At 100 % every webhook comes twice, byte for byte; the record knows which is the copy."""
    await rig.sim("behaviours", duplicate_pct=100)
    await send_many(rig, 3)
    await rig.settle()
    told = read_receipts(rig)
    assert len(told) == 12
    assert len(set(told)) == 6
    copies = await rig.sim("record?table=webhooks&copy=True", "GET")
    assert len(copies["rows"]) == 6


async def test_disorder_changes_the_order_but_loses_nothing(rig: Rig) -> None:
    """Some deliveries overtake their own `sent`; every receipt still comes once."""
    await rig.sim("behaviours", disorder_pct=50)
    await send_many(rig, 30)
    await rig.settle()
    told = read_receipts(rig)
    assert sorted(told) == sorted((str(n), state) for n in range(30) for state in ("sent", "delivered"))
    overtaken = [n for n in range(30) if told.index((str(n), "delivered")) < told.index((str(n), "sent"))]
    assert overtaken


async def test_without_disorder_one_persons_receipts_keep_their_order(rig: Rig) -> None:
    """Sent is always told before delivered."""
    await send_many(rig, 50)
    await rig.settle()
    told = read_receipts(rig)
    assert all(told.index((str(n), "sent")) < told.index((str(n), "delivered")) for n in range(50))


async def test_the_same_seed_repeats_every_failure(rig: Rig) -> None:
    """After a reset the same sends meet the same failures and unknown numbers; another seed meets others."""

    async def play(seed: int) -> tuple[list[int], list[tuple[str, str]]]:
        await rig.sim("reset")
        rig.platform.got.clear()
        await rig.sim("behaviours", seed=seed, fail_retryable_pct=20, unknown_number_pct=20, duplicate_pct=20)
        statuses = await send_many(rig, 60)
        await rig.settle()
        return statuses, sorted(read_receipts(rig))

    first = await play(7)
    assert await play(7) == first
    assert await play(8) != first
    assert 429 in first[0]
    assert "undelivered" in {state for _, state in first[1]}


async def test_a_busy_provider_lets_the_same_request_through_later(rig: Rig) -> None:
    """Retryable failures hit each attempt anew, so trying again succeeds."""
    await rig.sim("behaviours", fail_retryable_pct=50)
    url, auth = f"/twilio/2010-04-01/Accounts/{SID}/Messages.json", (SID, "tw-secret")
    form = {"To": BEATRIZ, "From": "+15017122661", "Body": "Oi"}
    statuses = [(await rig.http.post(url, data=form, auth=auth)).status_code for _ in range(20)]
    assert {201, 429} == set(statuses)


async def test_wrong_signatures_are_made_right_by_a_retry_after_they_are_switched_off(rig: Rig) -> None:
    """The provider tries again as it documents; the retry is signed anew."""
    await rig.sim("behaviours", wrong_signatures=True, retry_scale=0.2)
    rig.platform.answer = lambda got: (403, {}, b"")
    await rig.sim(f"people/{BEATRIZ}/reply", channel="whatsapp-1", text="Oi")
    assert not (await rig.sim("settle", timeout_s=0.1))["idle"]
    wrong = rig.platform.posts("/hooks/whatsapp-1")[0]
    await rig.sim("behaviours", wrong_signatures=False)
    rig.platform.answer = lambda got: (200, {}, b"")
    await rig.settle()
    right = rig.platform.posts("/hooks/whatsapp-1")[-1]
    assert wrong.headers["x-hub-signature-256"] != right.headers["x-hub-signature-256"]
    assert json.loads(wrong.body) == json.loads(right.body) | {"entry": json.loads(wrong.body)["entry"]}


async def test_down_and_html_answer_as_proxies_do(rig: Rig) -> None:
    """A provider that is down is 503 without a body; a proxy's page is HTML with 502; others go on."""
    await rig.sim("behaviours", down=["twilio"])
    assert await send_many(rig, 1) == [503]
    await rig.sim("behaviours", down=[], answer_html=True)
    assert await send_many(rig, 1) == [502]
    await rig.sim("behaviours", answer_html=False)
    assert await send_many(rig, 1) == [201]


async def test_a_phone_that_is_off_gets_its_messages_when_it_is_on_again(rig: Rig) -> None:
    """Until then the receipt says sent, and the phone shows nothing."""
    await rig.sim("people", phone="+5511987000000")
    await rig.sim("people/+5511987000000/power", on=False)
    await send_many(rig, 1)
    await rig.settle()
    assert read_receipts(rig) == [("0", "sent")]
    assert await rig.sim("people/+5511987000000/inbox", "GET") == []
    await rig.sim("people/+5511987000000/power", on=True)
    await rig.settle()
    assert read_receipts(rig) == [("0", "sent"), ("0", "delivered")]
    assert len(await rig.sim("people/+5511987000000/inbox", "GET")) == 1


async def test_quiet_mode_keeps_counts_only(rig: Rig) -> None:
    """Benchmarks can send for ever: no rows, no phones, exact counts."""
    await rig.sim("behaviours", quiet=True, strangers="accept")
    await send_many(rig, 5)
    await rig.settle()
    counts = await rig.sim("record/counts", "GET")
    assert counts["outgoing.accepted.twilio"] == 5
    assert counts["webhooks.receipt.delivered.twilio"] == 10
    assert (await rig.sim("record?table=outgoing", "GET"))["rows"] == []
    assert len(rig.world.people) == 2


@pytest.mark.parametrize("fields", [{"duplicate_pct": 101}, {"down": ["fax"]}, {"nonsense": 1}, {"retry_scale": 0}])
async def test_impossible_behaviours_are_refused_with_a_sentence(rig: Rig, fields: dict[str, Any]) -> None:
    """400 with what is wrong; nothing changes."""
    before = rig.world.behaviours
    answer = await rig.http.post("/sim/behaviours", json=fields)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert rig.world.behaviours == before


async def test_another_site_cannot_make_a_browser_act(rig: Rig) -> None:
    """A form or a script of a foreign page is refused."""
    answer = await rig.http.post("/sim/reset", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_chance_is_even_and_belongs_to_its_subject() -> None:
    """Draws do not depend on order, and a percentage is met over many subjects."""
    chance = Chance(3)
    assert chance.draw("a", 1) == Chance(3).draw("a", 1)
    hits = sum(chance.hit(20, "x", number) for number in range(5000))
    assert 900 < hits < 1100
    assert not chance.hit(0, "x", 1)
    assert chance.hit(100, "x", 1)
