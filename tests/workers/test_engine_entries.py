"""Journeys that begin by something else than an event, through the engine on a real database."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from tests.workers.test_engine_journeys import DAY, HOUR, add_customer
from tests.workers.town import Town

JOIN = """
name: Club
entry:
  kind: message
  keyword: [Join, "Quero entrar!"]
steps:
  - id: welcome
    kind: message
    channels: [sms]
    class: service
    text: "Welcome, {{ contact.name }}: you wrote {{ event.text }} on {{ event.channel_kind }}"
"""
CALLED = """
name: Called
entry: {kind: api, key: order, where: {property: total, over: 10}}
steps:
  - {id: pause, kind: wait, for: 1 h}
  - {id: tell, kind: message, channels: [sms], text: "Order {{ event.order }}"}
"""
PHONE = "+5511987650001"


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace whose source 1 is its shop's server."""
    from tertulia.data.models import Source

    with Town(empty_database) as made:
        Source.objects.create(id=1, workspace=made.workspace, name="Shop", write_key="wk_1")
        made._change_epoch()
        yield made


def call(town: Town, journey: Any, contact: int, number: int = 1, **properties: Any) -> None:
    """The API asks for a start; `number` stands for its key."""
    from tertulia.core.entries import OccasionEntry

    told = {"order": "A-1", "total": 20} | properties
    town.append(OccasionEntry(contact, UUID(int=number), "api", "api_call", town.now, told, journey.pk), contact)
    town.drain()


def text(town: Town, words: str, **facts: Any) -> None:
    """The customer writes an SMS."""
    town.write("sms", PHONE, words, kind="phone", phone=PHONE, **facts)


@pytest.mark.parametrize(
    ("words", "began"),
    [("join", 1), (" JÓIN!! ", 1), ("quero entrar", 1), ("I want to join", 0), ("joint", 0), ("", 0)],
)
def test_R6_a_keyword_starts_a_run(town: Town, words: str, began: int) -> None:
    """The whole message, without regard to case, accents and punctuation."""
    contact = add_customer(town)
    town.publish(JOIN)
    text(town, words)
    assert [c for c, _ in town.live_runs()] == [contact] * began


def test_R6_what_was_written_stands_in_the_template(town: Town) -> None:
    """As `event`, like an event's properties."""
    add_customer(town)
    town.publish(JOIN)
    text(town, "Join")
    [sent] = town.sending("sms")
    assert sent.text == "Welcome, Ana: you wrote Join on sms"


def test_C2_a_word_that_stops_starts_nothing(town: Town) -> None:
    """Though any message would: it is obeyed first."""
    add_customer(town)
    town.publish(JOIN.replace('  keyword: [Join, "Quero entrar!"]\n', ""))
    text(town, "STOP")
    assert town.live_runs() == town.past_runs() == []
    text(town, "hello")
    assert len(town.past_runs()) == 1


def test_R6_only_the_first_message_of_a_customer(town: Town) -> None:
    """On that channel; a stranger's too."""
    town.publish(JOIN.replace('  keyword: [Join, "Quero entrar!"]\n', "  first: true\n  second: parallel\n"))
    for words in ("hello", "again"):
        town.write("telegram", "tg-1", words)
    began = town.rows("select event from run union all select event from run_open")
    assert [event["properties"]["text"] for (event,) in began] == ["hello"]


@pytest.mark.parametrize(("channel", "began"), [("telegram", 1), ("whatsapp", 0), ("sms", 0)])
def test_R6_a_message_on_one_channel(town: Town, channel: str, began: int) -> None:
    """By its name or its kind."""
    town.publish(JOIN.replace("  kind: message\n", f"  kind: message\n  channel: {channel}\n", 1))
    town.write("telegram", "tg-1", "join")
    assert len(town.rows("select id from run_open union all select id from run")) == began


def test_R6_a_message_that_comes_twice_begins_one_run(town: Town) -> None:
    """By the provider's id."""
    add_customer(town)
    town.publish(JOIN.replace("  kind: message\n", "  kind: message\n  second: parallel\n", 1))
    for _ in range(2):
        text(town, "join", message_id="m1")
    assert len(town.live_runs()) == 1


def test_R1_a_second_message_while_one_run_lives(town: Town) -> None:
    """Is refused, and the ledger says so."""
    add_customer(town)
    town.publish(JOIN)
    text(town, "join")
    text(town, "join")
    assert town.ledger()[0] == ("", "not_entered", "entry", "entry.live_run")


def test_an_exception_ends_a_run_that_a_message_began(town: Town) -> None:
    """What begins a run stands in the same place, so nothing else differs."""
    contact = add_customer(town)
    stops = "exceptions:\n  - event: Order Completed\nsteps:\n  - {id: w, kind: wait, for: 1 h}\n"
    town.publish(JOIN.replace("steps:\n", stops))
    text(town, "join")
    town.event("track", user="u1", name="Order Completed")
    assert town.past_runs() == [(contact, "exited", "run.exception")]


def test_the_api_starts_a_run_of_one_journey(town: Town) -> None:
    """With its properties, and its condition asked."""
    contact = add_customer(town)
    journey = town.publish(CALLED)
    town.publish(CALLED)
    call(town, journey, contact, total=5)
    assert town.live_runs() == []
    call(town, journey, contact, 2)
    assert town.rows("select journey_id, key from run_open") == [(journey.pk, "A-1")]
    town.advance(HOUR)
    assert [sent.text for sent in town.sending("sms")] == ["Order A-1"]


def test_the_api_called_twice_with_one_key_begins_one_run(town: Town) -> None:
    """Also on another day, when keys of the log are kept under that."""
    contact = add_customer(town)
    journey = town.publish(CALLED.replace("key: order", "second: parallel"))
    call(town, journey, contact)
    town.advance(HOUR)
    town.outcome(town.sending("sms")[0], "ok", provider_id="p1")
    town.advance(2 * DAY)
    call(town, journey, contact)
    assert (town.live_runs(), len(town.past_runs())) == ([], 1)
    call(town, journey, contact, 2)
    assert len(town.live_runs()) == 1


def test_M8_the_api_means_whom_the_contact_became(town: Town) -> None:
    """Wherever that lives."""
    contact = add_customer(town)
    other = add_customer(town, "Bia", "+5511987650002", "u2")
    journey = town.publish(CALLED)
    town.merge(contact, other)
    call(town, journey, contact)
    assert [c for c, _ in town.live_runs()] == [other]


STARTS = """
name: Starts
entry: {event: Order Completed}
steps:
  - {id: other, kind: start, journey: called, properties: {order: {from: order_id}, total: 99, none: {from: no}}}
  - {id: rest, kind: wait, for: 1 d}
"""


def test_I11_a_step_starts_another_journey(town: Town) -> None:
    """With its properties; its own run goes on."""
    from tertulia.data.models import Journey

    contact = add_customer(town)
    called = town.publish(CALLED)
    Journey.objects.filter(pk=called.pk).update(key="called")
    town.publish(STARTS)
    town.event("track", user="u1", name="Order Completed", properties={"order_id": "A-7"})
    assert sorted(town.live_runs()) == [(contact, "pause"), (contact, "rest")]
    rows = town.rows("select event -> 'properties', event -> 'depth' from run_open where step = 'pause'")
    assert rows == [({"order": "A-7", "total": 99}, 1)]


@pytest.mark.parametrize("change", ["closed", "gone", "event"])
def test_I11_a_journey_that_cannot_be_started_is_told(town: Town, change: str) -> None:
    """The run that was to start it goes on."""
    from tertulia.actions.journeys import close_entry
    from tertulia.data.models import Journey

    add_customer(town)
    called = town.publish(CALLED if change != "event" else CALLED.replace("{kind: api, ", "{event: Called, "))
    Journey.objects.filter(pk=called.pk).update(key="called")
    town.publish(STARTS)
    called.refresh_from_db()
    if change == "closed":
        close_entry(called, None, town.now)
    elif change == "gone":
        Journey.objects.filter(pk=called.pk).update(key="other")
    town._change_epoch()
    town.event("track", user="u1", name="Order Completed", properties={"order_id": "A-7"})
    assert [step for _, step in town.live_runs()] == ["rest"]
    reason = "entry.closed" if change == "closed" else "entry.no_journey"
    assert [row[3] for row in town.ledger()] == [reason]


def test_I11_journeys_that_start_each_other_come_to_an_end(town: Town) -> None:
    """After three, in the ledger."""
    from tertulia.data.models import Journey

    contact = add_customer(town)
    loop = """
name: Loop
entry: {kind: api, second: parallel}
steps:
  - {id: again, kind: start, journey: %s}
"""
    keys = ("one", "two")
    Journey.objects.create(workspace=town.workspace, key="one", name="x", document="")
    two = town.publish(loop % "one")
    Journey.objects.filter(key="one").delete()
    Journey.objects.filter(pk=two.pk).update(key="two")
    one = town.publish(loop % "two")
    Journey.objects.filter(pk=one.pk).update(key="one")
    town._change_epoch()
    call(town, one, contact)
    assert [key for key in keys for _ in range(2)] == [
        key for (key,) in town.rows("select j.key from run r join journey j on j.id = r.journey_id order by 1")
    ]
    assert [row[3] for row in town.ledger()] == ["entry.too_deep"]
