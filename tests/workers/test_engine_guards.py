"""V3: a journey that pauses itself, through the engine on a real database."""

from datetime import timedelta

from tests.workers.test_engine_budgets import add_customers, order, town
from tests.workers.town import Town

__all__ = ["town"]

MINUTE = timedelta(minutes=1)
SERIES = """
name: Series
entry: {event: Order Completed}
guards: {bounces: 30%, opt_outs: 20%, aborts: 50%, after: 4}
steps:
  - {id: tell, kind: message, channels: [sms], on_missing: fail, text: "Hi {{ contact.nick }}"}
"""


def publish(town: Town, text: str = "Hi") -> int:
    return int(town.publish(SERIES.replace("Hi {{ contact.nick }}", text)).pk)


def state(town: Town) -> tuple[str, dict[str, object]]:
    [row] = town.rows("select state, guard from journey")
    return row


def test_V3_too_many_failed_and_the_journey_pauses_itself(town: Town) -> None:
    """With the figures in the journey, the audit log, a notice and the refusals of those who come; resumed, what was
    before is not judged again."""
    from tertulia.actions.journeys import resume
    from tertulia.data.models import Journey

    add_customers(town, 8)
    journey = publish(town)
    order(town, 0, 1, 2, 3)
    sent = town.sending("sms")
    town.outcome(sent[0], "gone", reason="gone.unknown")
    town.outcome(sent[1], "ok", provider_id="p1")
    town.advance(MINUTE)
    assert state(town) == ("live", {})
    town.outcome(sent[2], "gone", reason="gone.unknown")
    town.outcome(sent[3], "ok", provider_id="p3")
    town.advance(MINUTE)
    fired = {"guard": "bounces", "count": 2, "of": 4, "allowed": "30%"}
    assert state(town) == ("paused", fired)
    assert town.rows("select verb, user_id, facts from audit where verb = 'journey_paused'") == [
        ("journey_paused", None, fired | {"actor": "guard"})
    ]
    told = fired | {"journey": journey, "name": "Series", "kind": "journey"}
    assert town.rows("select kind, facts from notice") == [("journey_paused", told)]
    order(town, 4)
    assert town.rows("select reason, facts -> 'guard' from ledger where outcome = 'not_entered'") == [
        ("entry.paused", fired)
    ]
    resume(Journey.objects.get(pk=journey), None, town.now)
    town.drain()
    town.advance(MINUTE)
    assert state(town) == ("live", {})
    order(town, 5)
    assert len(town.sending("sms")) == 1


def test_V3_people_who_leave_and_texts_that_cannot_be_written_count(town: Town) -> None:
    """An opt-out after a message of the journey; an abort before anything went out."""
    add_customers(town, 8)
    publish(town)
    order(town, 0, 1, 2, 3)
    for n, sent in enumerate(town.sending("sms")):
        town.outcome(sent, "ok", provider_id=f"p{n}")
    town.eyes.execute(
        """insert into consent (shard, contact_id, id, workspace, address, channel, topic, state, source, evidence,
               text_version, actor, at)
           select shard, contact_id, gen_random_uuid(), workspace, '*', 'sms', 'marketing', 'withdrawn', 'opt_word',
                  '{}', '', 'contact', sent_at + interval '1 minute' from delivery limit 1"""
    )
    town.advance(MINUTE)
    assert state(town) == ("paused", {"guard": "opt_outs", "count": 1, "of": 4, "allowed": "20%"})


def test_V3_messages_that_were_held_for_days_count(town: Town) -> None:
    """When they go out at last and come back, as those of the day."""
    add_customers(town, 4)
    publish(town)
    town.pause_channel("sms")
    order(town, 0, 1, 2, 3)
    town.advance(timedelta(days=4))
    town.resume_channel("sms")
    town.advance(MINUTE)
    for sent in town.sending("sms"):
        town.outcome(sent, "gone", reason="gone.unknown")
    town.advance(MINUTE)
    assert state(town) == ("paused", {"guard": "bounces", "count": 4, "of": 4, "allowed": "30%"})


def test_V3_aborts_are_judged_without_a_message(town: Town) -> None:
    """A variable that nobody has."""
    add_customers(town, 4)
    publish(town, "Hi {{ contact.nick }}")
    order(town, 0, 1, 2, 3)
    town.advance(MINUTE)
    assert state(town) == ("paused", {"guard": "aborts", "count": 4, "of": 4, "allowed": "50%"})


CANARY = """
name: Series
entry: {event: Order Completed}
guards: {bounces: 30%, after: 2}
canary: {share: 50%, for: 2 h}
steps:
  - {id: tell, kind: message, channels: [sms], text: "Hi"}
"""


def held(town: Town) -> int:
    [(count,)] = town.rows("select count(*)::int from delivery_open where state = 'queued'")
    return int(count)


def test_V3_what_is_new_goes_to_a_share_first_and_then_to_all(town: Town) -> None:
    """The same customers whatever happens; after its time the others, and who comes later waits no more."""
    add_customers(town, 14)
    town.publish(CANARY)
    order(town, *range(12))
    first = len(town.sending("sms"))
    assert 0 < first < 12
    assert held(town) == 12 - first
    assert town.rows("select distinct reason, facts -> 'used' -> 'canary' from ledger where outcome = 'held'") == [
        ("throttle.canary", {"first": False, "share": "50%"})
    ]
    town.advance(timedelta(hours=1, minutes=59))
    assert len(town.sending("sms")) == first
    town.advance(MINUTE)
    assert (len(town.sending("sms")), held(town)) == (12, 0)
    order(town, 12, 13)
    assert len(town.sending("sms")) == 14


def test_V3_a_person_lets_all_go(town: Town) -> None:
    """At once; a change of its controls begins no canary anew, a new text does."""
    from tertulia.actions.journeys import end_canary, is_canary_on
    from tertulia.data.models import Journey

    add_customers(town, 12)
    journey = town.publish(CANARY)
    order(town, *range(12))
    assert held(town) > 0
    end_canary(Journey.objects.get(pk=journey.pk), None, town.now)
    town.drain()
    assert held(town) == 0
    town.republish(journey, 2, CANARY + "budget: {day: 5}\n")
    assert not is_canary_on(Journey.objects.get(pk=journey.pk), town.now)
    town.republish(journey, 3, CANARY.replace("Hi", "Hello"))
    assert is_canary_on(Journey.objects.get(pk=journey.pk), town.now)


def test_V3_a_guard_stops_what_is_new_before_the_others_have_it(town: Town) -> None:
    """The time that a canary had left when its journey was paused it has again."""
    from tertulia.actions.journeys import resume
    from tertulia.data.models import Journey

    add_customers(town, 12)
    journey = town.publish(CANARY)
    order(town, *range(12))
    first = town.sending("sms")
    for sent in first:
        town.outcome(sent, "gone", reason="gone.unknown")
    town.advance(timedelta(hours=1))
    assert state(town)[0] == "paused"
    town.advance(timedelta(hours=5))
    assert town.sending("sms") == []
    resume(Journey.objects.get(pk=journey.pk), None, town.now, "fire")
    town.drain()
    town.advance(timedelta(minutes=59))
    assert town.sending("sms") == []
    town.advance(MINUTE)
    assert len(town.sending("sms")) == 12 - len(first)
