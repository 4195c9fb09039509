"""A message that waits for its delivery before the next channel is tried, on the virtual clock."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.core.imagined import NOW, SHOP, SMS, make_config, make_shop, play, provide, track

from tertulia.core.entries import Entry, OutcomeEntry, ReceiptEntry
from tertulia.core.rows import OpenDelivery
from tertulia.core.simulation.play import accept
from tertulia.documents.journeys import Around, check_journey
from tertulia.documents.lines import BadDocument

SECOND = 8
CODE = """
name: Code
class: service
entry: {event: Asked}
steps:
  - {id: tell, kind: message, channels: [SMS, Second], text: Hello, delivered_within: 2 min}
"""
ASKED = [track(1, NOW, "Asked")]
DAY = timedelta(days=1)


def make_two_channels(*documents: str, **rules: object):  # type: ignore[no-untyped-def]
    """The shop with another SMS channel."""
    config = make_config(*documents, **rules)  # type: ignore[arg-type]
    second = replace(config.channels[SMS], id=SECOND, name="Second")
    return replace(config, channels={**config.channels, SECOND: second})


def count_by_channel(report):  # type: ignore[no-untyped-def]
    return {channel: count for (_day, channel), count in report.sent.items()}


def test_a_message_without_a_receipt_goes_out_on_the_next_channel() -> None:
    """Two minutes after the hand-over, and the ledger says so; of the last channel nothing is waited for."""
    report = play(make_shop(make_two_channels(CODE)), ASKED, NOW + DAY, answer=provide(silent=100))
    assert count_by_channel(report) == {SMS: 1, SECOND: 1}
    assert report.unsent == {("tell", "unconfirmed", "receipt", "receipt.none"): 1}
    assert report.completed == 1


def test_a_receipt_of_the_delivery_ends_the_attempts() -> None:
    """Nothing else goes out, and the run goes on at once."""
    report = play(make_shop(make_two_channels(CODE)), ASKED, NOW + timedelta(seconds=1))
    assert (count_by_channel(report), report.completed) == ({SMS: 1}, 1)


def test_a_channel_that_never_tells_is_believed() -> None:
    """Where a journey was published before its channel changed."""
    config = make_two_channels(CODE)
    silent = replace(config.channels[SMS], tells_delivery=False)
    config = replace(config, channels={**config.channels, SMS: silent})
    report = play(make_shop(config), ASKED, NOW + DAY, answer=provide(silent=100))
    assert (count_by_channel(report), report.completed) == ({SMS: 1}, 1)


@pytest.mark.parametrize(("after", "counts"), [(60, {SMS: 1}), (150, {SMS: 1, SECOND: 1})])
def test_I4_a_late_receipt_is_heard(after: int, counts: dict[int, int]) -> None:
    """Before the time is over it ends the attempts. After it, both went out, and both are known."""
    told: list[OpenDelivery] = []

    def answer(delivery: OpenDelivery, now: datetime) -> list[Entry]:
        told.append(delivery)
        return accept(delivery, now)[: 1 if delivery.channel_id == SMS else 2]

    memory = make_shop(make_two_channels(CODE))
    play(memory, ASKED, NOW + timedelta(seconds=after), answer=answer)
    at = NOW + timedelta(seconds=after)
    memory.forwarded.append((SHOP, 0, ReceiptEntry(SMS, "", "delivered", at, delivery_id=told[0].id)))
    play(memory, [track(2, at, "Nothing")], NOW + DAY, answer=answer)
    assert {row.channel_id: 1 for row in told} == counts
    assert not memory.rows.runs


def test_what_the_provider_does_not_have_is_taken_back() -> None:
    """One that is to be tried again gives way to the next channel."""

    def answer(delivery: OpenDelivery, now: datetime) -> list[Entry]:
        if delivery.channel_id == SECOND:
            return accept(delivery, now)
        return [OutcomeEntry(SMS, "", delivery.id, delivery.attempt, now, "retry")]

    report = play(make_shop(make_two_channels(CODE)), ASKED, NOW + DAY, answer=answer)
    assert report.unsent == {("tell", "revoked", "run", "receipt.none"): 1}
    assert count_by_channel(report)[SECOND] == 1


def test_F2_both_attempts_have_one_slot() -> None:
    """It counts once, and the second one's failure sets nothing free: the first may have arrived."""

    def answer(delivery: OpenDelivery, now: datetime) -> list[Entry]:
        if delivery.channel_id == SMS:
            return accept(delivery, now)[:1]
        return [OutcomeEntry(SECOND, "", delivery.id, delivery.attempt, now, "gone")]

    memory = make_shop(make_two_channels(CODE))
    play(memory, ASKED, NOW + DAY, answer=answer)
    [slots] = memory.rows.slots.values()
    assert len(slots) == 1


def find_complaints(document: str) -> list[tuple[int, str]]:
    around = Around({"SMS": "sms", "Second": "sms", "Bot": "telegram"}, silent=frozenset({"Bot", "telegram"}))
    with pytest.raises(BadDocument) as refused:
        check_journey(document, around)
    return [(problem.place.line, problem.message) for problem in refused.value.problems]


def test_S3_a_marketing_message_has_no_such_wait() -> None:
    """It could arrive twice."""
    [(line, sentence)] = find_complaints(CODE.replace("class: service", "class: marketing"))
    assert (line, "marketing message twice" in sentence) == (6, True)
    assert len(find_complaints(CODE.replace("text:", "class: marketing, text:"))) == 1


def test_a_wait_that_can_bring_nothing_is_named() -> None:
    """No other channel, one that tells nothing, no duration."""
    assert "no channel to try" in find_complaints(CODE.replace("SMS, Second", "SMS"))[0][1]
    assert "never tells" in find_complaints(CODE.replace("SMS, Second", "Bot, SMS"))[0][1]
    assert "duration" in find_complaints(CODE.replace("2 min", "soon"))[0][1]
    check_journey(CODE.replace("SMS, Second", "SMS, Bot"), Around({"SMS": "sms", "Bot": "telegram"}))
