"""Broadcasts through the engine: an audience that enters once, and is asked again at every message."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.workers.test_engine_journeys import DAY, HOUR
from tests.workers.test_engine_rounds import add, texts
from tests.workers.town import Town

from tertulia.errors import Conflict

SOON = timedelta(seconds=15)
HEAD = "name: Sale\nkind: broadcast\nzone: UTC\n"
NOW = "entry: {kind: audience, at_launch: true}\n"
HELLO = 'steps: [{id: hello, kind: message, channels: [sms], text: "Hello {{ contact.name }}"}]\n'


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace whose source 1 is its shop's server."""
    from tertulia.data.models import Source

    with Town(empty_database) as made:
        Source.objects.create(id=1, workspace=made.workspace, name="Shop", write_key="wk_1")
        made._change_epoch()
        yield made


def take_back(town: Town, journey: Any, now: datetime) -> None:
    from django.db import transaction

    from tertulia.actions import broadcasts

    with transaction.atomic():
        broadcasts.take_back(journey, None, now)


def test_now_is_a_little_later_and_once(town: Town) -> None:
    """A launch may be taken back for some seconds; then everybody gets it, and nobody who comes later."""
    add(town, "Ana")
    town.publish(HEAD + NOW + HELLO)
    town.advance(timedelta(seconds=10))
    assert texts(town) == []
    town.advance(SOON)
    assert texts(town) == ["Hello Ana"]
    add(town, "Bea")
    town.advance(DAY)
    assert texts(town) == ["Hello Ana"]
    assert town.rows("select kind from journey") == [("broadcast",)]


def test_a_launch_is_taken_back(town: Town) -> None:
    """While nobody has entered: the draft is there again, and can be launched again."""
    add(town, "Ana")
    journey = town.publish(HEAD + NOW + HELLO)
    journey.refresh_from_db()
    take_back(town, journey, town.now + timedelta(seconds=5))
    town.advance(HOUR)
    assert texts(town) == []
    assert journey.state == "draft"
    town.republish(journey, journey.version)
    town.advance(SOON)
    assert texts(town) == ["Hello Ana"]
    with pytest.raises(Conflict):
        take_back(town, journey, town.now)


def test_one_at_a_date_is_taken_back_until_it_begins(town: Town) -> None:
    """Nothing is left of it; a minute before its time it is too late."""
    add(town, "Ana")
    journey = town.publish(HEAD + 'entry: {kind: audience, on: 2026-11-02, time: "12:00"}\n' + HELLO)
    with pytest.raises(Conflict):
        take_back(town, journey, town.now + 3 * HOUR - timedelta(seconds=30))
    take_back(town, journey, town.now + HOUR)
    town.advance(4 * HOUR)
    assert texts(town) == []


def test_it_is_launched_once(town: Town) -> None:
    """Nothing changes it any more."""
    journey = town.publish(HEAD + NOW + HELLO)
    with pytest.raises(Conflict):
        town.republish(journey, journey.version + 1, HEAD + NOW + HELLO + "# again\n")
    with pytest.raises(Conflict):
        town.republish(journey, journey.version)


def test_S1_who_left_the_segment_gets_nothing(town: Town) -> None:
    """Between entering and sending: the message waits for quiet hours, and is asked for once more."""
    add(town, "Ana", "UTC", tier="gold")
    add(town, "Bea", "UTC", tier="gold")
    town.publish_segment("name: Gold\nwhere: {attribute: tier, is: gold}\n")
    window = 'window: {from: "12:00", to: "20:00"}\n'
    town.publish(HEAD + window + "entry: {kind: audience, segment: gold, at_launch: true}\n" + HELLO)
    town.advance(SOON)
    assert len(town.live_runs()) == 2
    town.event("identify", user="bea", traits={"tier": "silver"})
    town.advance(11 * HOUR - timedelta(minutes=1))
    assert texts(town) == ["Hello Ana"]
    assert ("hello", "not_sent", "audience", "audience.left") in town.ledger()


def test_only_whom_the_channel_reaches(town: Town) -> None:
    """Who has no address there does not even enter."""
    add(town, "Ana")
    town.event("identify", user="nobody", traits={"firstName": "Nia"})
    journey = town.publish(HEAD + "entry: {kind: audience, channel: sms, at_launch: true}\n" + HELLO)
    town.advance(SOON)
    assert texts(town) == ["Hello Ana"]
    assert len(town.live_runs()) == 1
    answer = why(town, journey, town.identity("user_id", "nobody"))
    assert (answer.outcome, answer.more) == ("never", "Those who can be reached on sms.")


def test_V2_who_was_not_looked_for_yet_enters_after_the_pause(town: Town) -> None:
    """Paused before its people were found: nobody is refused, and they get it when it is resumed."""
    from tertulia.actions.journeys import pause, resume

    add(town, "Ana")
    journey = town.publish(HEAD + NOW + HELLO)
    pause(journey, None, town.now)
    town.advance(HOUR)
    assert texts(town) == []
    assert town.ledger() == []
    resume(journey, None, town.now)
    town.advance(SOON)
    town.advance(SOON)
    assert texts(town) == ["Hello Ana"]


def test_V2_a_cancelled_one_looks_for_nobody(town: Town) -> None:
    """Its round is over too."""
    from tertulia.actions.journeys import cancel

    add(town, "Ana")
    journey = town.publish(HEAD + NOW + HELLO)
    cancel(journey, None, town.now)
    town.advance(HOUR)
    assert (texts(town), town.ledger()) == ([], [])
    assert town.rows("select state from journey_round") == [("skipped",)]


def test_V3_a_hard_limit_of_recipients(town: Town) -> None:
    """The others have their row of the ledger."""
    for name in ("Ana", "Bea", "Cid"):
        add(town, name)
    town.publish(HEAD + "entries: {total: 2}\n" + NOW + HELLO)
    town.advance(SOON)
    assert len(texts(town)) == 2
    assert [row[3] for row in town.ledger() if row[1] == "not_entered"] == ["entry.cap"]


def test_boxes_go_out_one_after_the_other(town: Town) -> None:
    """Each waits for what became of the one before."""
    add(town, "Ana")
    box = "{{id: {0}, kind: message, channels: [sms], text: {0}}}"
    town.publish(f"{HEAD}{NOW}steps: [{box.format('one')}, {box.format('two')}]")
    town.advance(SOON)
    [first] = town.sending("sms")
    assert first.text == "one"
    town.outcome(first, "ok", provider_id="p1")
    town.receipt(first, "delivered")
    assert texts(town) == ["two"]


def why(town: Town, journey: Any, contact: int | None) -> Any:
    """Why a contact was never in it."""
    from django.db import transaction

    from tertulia.actions.why_journey import explain_entry
    from tertulia.store.db import django_conn

    assert contact is not None
    journey.refresh_from_db()
    with transaction.atomic():
        return explain_entry(django_conn(), town.workspace, contact, journey)


def look(town: Town, text: str) -> Any:
    """What a draft would come to."""
    from django.db import transaction

    from tertulia.actions.broadcast_outlook import try_broadcast
    from tertulia.documents.journeys import read_journey
    from tertulia.store.db import django_conn

    with transaction.atomic():
        document, told = read_journey(text), {"public_url": "https://t.example", "elapsed": lambda: 0.0}
        return try_broadcast(django_conn(), town.workspace, document, town.now, **told)


def test_before_the_launch_it_is_played_for_its_audience(town: Town) -> None:
    """By the gates that decide in earnest: consent, suppression, caps with what was sent today; nothing is kept."""
    from tertulia.data.models import Cap

    for name in ("Ana", "Bea", "Cid", "Dia"):
        add(town, name, "UTC", tier="gold")
    town.event("identify", user="nobody", traits={"firstName": "Nia", "tier": "gold"})
    town.suppress("+551198765000" + "2", "complained")
    town.publish_segment("name: Gold\nwhere: {attribute: tier, is: gold}\n")
    Cap.objects.create(workspace=town.workspace, name="Daily", document={"limit": 1, "per": "day"}, window_s=86_400)
    town._change_epoch()
    town.publish_segment("name: Ana\nwhere: {field: name, is: Ana}\n")
    town.publish(HEAD + "entry: {kind: audience, segment: ana, at_launch: true}\n" + HELLO)
    town.advance(SOON)
    [sent] = town.sending("sms")
    town.outcome(sent, "ok", provider_id="p1")
    gold = "entry: {kind: audience, segment: gold, at_launch: true}\n"
    trial = look(town, HEAD + gold + HELLO)
    assert (trial.reach.count, trial.reach.reachable, trial.reach.anywhere) == (5, (("sms", 4),), 4)
    assert (trial.sample, trial.is_sample, trial.whole) == (5, False, True)
    assert trial.told["held_by_cap"] == 1
    reasons = {row["reason"]: row["count"] for row in trial.told["not_sent"]}
    assert reasons == {"address.none": 1, "suppression.complained": 1}
    assert town.rows("select 1 from delivery_open union all select 1 from run_open") == []
    assert len(town.rows("select 1 from delivery")) == 1


def test_the_trial_is_at_each_customers_hour(town: Town) -> None:
    """And counts only who can be reached on the channel."""
    add(town, "Ana", "Asia/Tokyo")
    town.event("identify", user="nobody", traits={"firstName": "Nia"})
    entry = 'entry: {kind: audience, channel: sms, on: 2026-11-05, time: "21:00", clock: customer}\n'
    trial = look(town, HEAD + entry + HELLO)
    assert (trial.reach.count, trial.told["messages"]) == (1, 1)
    assert trial.told["samples"][0]["at"].isoformat() == "2026-11-05T12:00:00+00:00"


def test_a_picture_as_each_channel_carries_it(town: Town) -> None:
    """An SMS has its address in the text; an app has it beside the text."""
    add(town, "Ana")
    url = "https://cdn.example/hat.jpg"
    town.publish(
        HEAD + NOW + f"steps: [{{id: a, kind: message, channels: [sms], picture: '{url}', text: 'A hat'}},"
        " {id: b, kind: message, channels: [sms], text: 'Want it?', buttons: ['Yes', 'No']}]"
    )
    town.advance(SOON)
    [first] = town.sending("sms")
    assert first.text == f"A hat\n{url}"
    town.outcome(first, "ok", provider_id="p1")
    town.receipt(first, "delivered")
    [(content,)] = town.rows("select content from delivery_open")
    assert content["choices"] == [["Yes", ""], ["No", ""]]


TWO = """
  - {id: one, kind: message, channels: [sms], text: "One"}
  - {id: two, kind: message, channels: [sms], text: "Two"}
  - {id: three, kind: message, channels: [sms], text: "Three"}
"""


def test_F2_the_boxes_of_a_broadcast_are_one_message_for_caps(town: Town) -> None:
    """All go out under a cap of one, at the time of the first; another broadcast waits. A box that fails frees nothing
    that another one has; where the first fails, the next has the place."""
    from tertulia.actions.caps import create_cap

    ana = add(town, "Ana")
    create_cap(town.workspace, None, town.now, "one a day", {"limit": 1, "per": "24 h"})
    town.publish(HEAD + NOW + "steps:" + TWO)
    town.advance(SOON)
    began = town.now
    for n, (text, outcome) in enumerate((("One", "gone"), ("Two", "ok"), ("Three", "gone"))):
        [sent] = town.sending("sms")
        assert sent.text == text
        town.outcome(sent, outcome, provider_id=f"p{n}" if outcome == "ok" else "")
        town.advance(timedelta(minutes=10))
    assert town.rows("select contact_id, state, at from slot") == [
        (ana, "used", began)
    ]  # of the second, the first taken
    town.publish((HEAD + NOW + HELLO).replace("Sale", "Again"))
    town.advance(HOUR)
    assert texts(town) == []
    assert [row[3] for row in town.ledger() if row[1] == "held"] == ["cap.reached"]
    town.advance(DAY)
    assert texts(town) == ["Hello Ana"]
