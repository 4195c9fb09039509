"""Runs whose message's outcome nobody knows yet, through the engine on a real database."""

from collections.abc import Iterator

import pytest
from tests.workers.test_engine_journeys import DAY, HOUR, MINUTE, add_customer
from tests.workers.town import Town


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace whose source 1 is its shop's server."""
    from tertulia.data.models import Source

    with Town(empty_database) as made:
        Source.objects.create(id=1, workspace=made.workspace, name="Shop", write_key="wk_1")
        made._change_epoch()
        yield made


ORDER = """
name: Order
entry: {event: Order Completed}
exceptions: [{event: Order Cancelled}]
class: CLASS
steps:
  - {id: thank, kind: message, channels: [sms], text: Thank you.}
  - {id: day, kind: wait, for: 1 d}
"""


def lose_message(town: Town, class_: str) -> None:
    """The provider's answer to a journey's message is lost, and nobody can be asked."""
    add_customer(town)
    town.publish(ORDER.replace("CLASS", class_))
    town.event("track", user="u1", name="Order Completed")
    [sent] = town.sending("sms")
    town.outcome(sent, "ambiguous", lost=True)
    assert town.rows("select state from delivery_open") == [("unknown",)]


def test_S3_a_run_stays_until_its_transactional_message_went_out_a_second_time(town: Town) -> None:
    """At least once: the copy after an unknown outcome belongs to a run that is still there."""
    lose_message(town, "transactional")
    assert [step for _contact, step in town.live_runs()] == ["thank"]
    town.advance(2 * MINUTE)
    [again] = town.sending("sms")
    assert again.state == "sending"
    town.outcome(again, "ok", provider_id="p2")
    assert [step for _contact, step in town.live_runs()] == ["day"]
    assert ("thank", "held", "provider", "second_copy") in town.ledger()


def test_S3_a_run_goes_on_where_nobody_knows_for_a_while(town: Town) -> None:
    """A marketing message is not sent twice; its run does not wait the days until it is given up."""
    lose_message(town, "marketing")
    town.advance(14 * MINUTE)
    assert [step for _contact, step in town.live_runs()] == ["thank"]
    town.advance(MINUTE)
    assert [step for _contact, step in town.live_runs()] == ["day"]
    town.advance(4 * DAY)
    assert town.rows("select state from delivery") == [("expired",)]
    assert [run[1] for run in town.past_runs()] == ["completed"]


def test_X2_an_exception_while_nobody_knows_is_noted_and_no_copy_follows(town: Town) -> None:
    """The message was handed over; whether it arrived or not, the run is over."""
    lose_message(town, "transactional")
    town.event("track", user="u1", name="Order Cancelled")
    assert [run[1:] for run in town.past_runs()] == [("exited", "run.exception")]
    assert ("thank", "sent", "run", "run.exception_after_handover") in town.ledger()
    town.advance(DAY)
    assert town.sending("sms") == []


def test_S3_a_copy_that_waits_on_a_paused_channel_is_waited_for(town: Town) -> None:
    """It is on its way again, so its outcome will be known."""
    lose_message(town, "transactional")
    town.pause_channel("sms")
    town.advance(HOUR)
    assert [step for _contact, step in town.live_runs()] == ["thank"]
    town.resume_channel("sms")
    town.advance(HOUR)
    town.outcome(town.sending("sms")[0], "ok", provider_id="p2")
    assert [step for _contact, step in town.live_runs()] == ["day"]
