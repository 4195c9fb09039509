"""What becomes of those who are in a journey when it is published anew (V1), through the engine on a real database."""

from datetime import timedelta
from typing import Any

import pytest
from tests.workers.test_engine_journeys import DAY, HOUR, MINUTE, add_customer, town
from tests.workers.town import Town

from tertulia.errors import Conflict
from tertulia.workers.rounds import RoundKeeper

__all__ = ["town"]

CART = """
name: Cart
entry: {event: Added}
reentry: never
goal: {event: Bought, within: 3 d}
steps:
  - {id: pause, kind: wait, for: 2 h}
  - {id: first, kind: message, channels: [sms], text: It waits}
  - {id: rest, kind: wait, for: 1 d}
  - {id: last, kind: message, channels: [sms], text: Last chance}
"""


def begin(town: Town, *users: str) -> Any:
    """A journey with one customer in it for each name."""
    for number, user in enumerate(users):
        add_customer(town, user.title(), f"+551198765000{number + 1}", user)
    journey = town.publish(CART)
    for user in users:
        town.event("track", user=user, name="Added")
    return journey


def publish(town: Town, journey: Any, document: str, runs: str, *, drained: bool = True) -> None:
    from django.db import transaction

    from tertulia.actions.journeys import publish as publish_journey
    from tertulia.actions.journeys import save_draft

    journey.refresh_from_db()
    with transaction.atomic():
        drafted = save_draft(journey, None, town.now, document, version=journey.version)
        publish_journey(drafted, None, town.now, version=drafted.version, runs=runs)
    if drained:
        town.drain()


def count(town: Town, journey: Any, document: str) -> tuple[int, ...]:
    from dataclasses import astuple

    from tertulia.actions.revisions import count_choices
    from tertulia.documents.journeys import read_journey

    town.conn.rollback()
    return astuple(count_choices(town.conn, journey, read_journey(document)))


def stand(town: Town) -> list[tuple[str, int, timedelta | None]]:
    """Step and revision of live runs, and how long until they are due."""
    rows = town.rows("select step, revision, due_at from run_open order by revision, step, id")
    return [(step, revision, due_at - town.now if due_at else None) for step, revision, due_at in rows]


def take(town: Town) -> list[str]:
    """What was handed over, taken by the provider."""
    told = town.sending("sms")
    for sent in told:
        town.outcome(sent, "ok", provider_id=f"p-{sent.id}")
    return [sent.text for sent in told]


def test_V1_who_moves_goes_on_at_the_same_step(town: Town) -> None:
    """Told before, and done: a wait is what it would have been, and whose step is gone finishes on the old revision."""
    journey = begin(town, "ana", "bia")
    town.advance(HOUR)
    longer = CART.replace("for: 2 h", "for: 3 h").replace("It waits", "It still waits")
    assert count(town, journey, longer) == (2, 2, 0, 2, 0, 0)
    gone = longer.replace("id: pause", "id: before")
    assert count(town, journey, gone) == (2, 0, 2, 2, 0, 0)
    publish(town, journey, longer, "move")
    assert stand(town) == [("pause", 2, 2 * HOUR), ("pause", 2, 2 * HOUR)]
    assert ("pause", "moved", "run", "run.moved") in town.ledger()
    publish(town, journey, gone, "move")
    assert stand(town) == [("pause", 2, 2 * HOUR), ("pause", 2, 2 * HOUR)]
    publish(town, journey, CART.replace("for: 2 h", "for: 30 min"), "move")
    assert take(town) == ["It waits"] * 2  # it is over by the new revision
    assert [step for step, _revision, _due in stand(town)] == ["rest", "rest"]


def test_V1_nobody_is_passed_by_while_the_engine_does_not_know_the_new_revision(town: Town) -> None:
    """It was published between the engine's look at the configuration and its look for rounds: the next one moves
    them."""
    journey = begin(town, "u1")
    before = town.engine.config
    assert before is not None
    publish(town, journey, CART.replace("for: 2 h", "for: 4 h"), "move", drained=False)
    asked = (town.engine_conn, before, list(town.engine.epochs), town.now)
    assert RoundKeeper().find_task(*asked) is None
    town.engine_conn.rollback()
    town.drain()
    town.advance(3 * HOUR)
    assert town.sending("sms") == []


def test_V1_a_message_that_nobody_has_taken_is_decided_anew(town: Town) -> None:
    """One that was handed over stays what it was, and nobody gets both."""
    journey = begin(town, "ana")
    town.pause_channel("sms")
    town.advance(2 * HOUR)
    publish(
        town,
        journey,
        CART.replace("It waits", "Now by another way").replace(
            "id: first, kind: message, channels: [sms]", "id: first, kind: message, channels: [whatsapp, sms]"
        ),
        "move",
    )
    town.resume_channel("sms")
    town.advance(MINUTE)
    assert [row for row in town.ledger() if row[0] == "first" and row[1] == "revoked"] == [
        ("first", "revoked", "run", "run.moved")
    ]
    [sent] = town.sending("sms")
    assert sent.text == "Now by another way"
    publish(town, journey, CART.replace("It waits", "Too late"), "move")  # its channels are others: held fast
    assert stand(town)[0][:2] == ("first", 2)
    publish(
        town,
        journey,
        CART.replace("It waits", "Still the same").replace(
            "channels: [sms], text: Still", "channels: [whatsapp, sms], text: Still"
        ),
        "move",
    )
    assert stand(town)[0][:2] == ("first", 4)
    town.outcome(sent, "ok", provider_id="p1")
    assert stand(town) == [("rest", 4, DAY)]
    assert town.sending("sms") == []


def test_V1_who_begins_again_has_had_no_message(town: Town) -> None:
    """The others go on where they are; entering once does not stand in the way, and a goal is one's still."""
    journey = begin(town, "ana")
    town.advance(2 * HOUR)
    assert take(town) == ["It waits"]
    add_customer(town, "Bia", "+5511987650002", "bia")
    town.event("track", user="bia", name="Added")
    town.advance(HOUR)
    longer = CART.replace("steps:", "steps:\n  - {id: hello, kind: wait, for: 5 h}")
    assert count(town, journey, longer) == (2, 2, 0, 1, 1, 0)
    publish(town, journey, longer, "restart")
    assert stand(town) == [("hello", 2, 5 * HOUR), ("rest", 2, DAY - HOUR)]
    assert ("pause", "restarted", "run", "run.begun_again") in town.ledger()
    town.event("track", user="bia", name="Bought")
    town.event("track", user="ana", name="Bought")
    assert town.rows("select count(*), count(distinct run_id) from goal") == [(2, 2)]
    town.advance(5 * HOUR)
    town.advance(2 * HOUR)
    assert take(town) == ["It waits"]
    town.advance(DAY)
    assert take(town) == ["Last chance"] * 2


def test_V1_who_is_held_out_does_not_begin_again_either(town: Town) -> None:
    """A ghost send is as good as a message, so that both sides live through the same (A3)."""
    journey = begin(town)
    held = CART.replace("reentry", "hold_out: 90%\nreentry")
    publish(town, journey, held, "finish")
    for number in range(6):
        add_customer(town, f"C{number}", f"+55119876501{number:02}", f"c{number}")
        town.event("track", user=f"c{number}", name="Added")
    town.advance(2 * HOUR)
    take(town)
    assert town.rows("select count(*) > 0 from ledger where outcome = 'ghost'") == [(True,)]
    assert count(town, journey, held)[3] == 0
    publish(town, journey, held + "note: again\n", "restart")
    assert {(step, revision) for step, revision, _due in stand(town)} == {("rest", 3)}


def test_V1_a_paused_journey_moves_and_goes_nowhere(town: Town) -> None:
    """Its waits are changed, and freeze as before; what is published next waits until all have moved."""
    from tertulia.actions.journeys import pause
    from tertulia.data.models import JourneyRound

    journey = begin(town, "ana")
    pause(journey, None, town.now)
    town.engine._config_epochs = None
    publish(town, journey, CART.replace("for: 2 h", "for: 1 min"), "move")
    assert stand(town) == [("pause", 2, MINUTE)]
    town.advance(HOUR)
    assert (stand(town)[0][0], town.sending("sms")) == ("pause", [])
    JourneyRound.objects.update(state="running")
    with pytest.raises(Conflict):
        publish(town, journey, CART, "finish")


@pytest.mark.parametrize(
    ("runs", "said"),
    [("finish", ["Hello", "Bye"]), ("move", ["Good evening", "Bye"]), ("restart", ["Good evening", "Bye"])],
)
def test_V1_who_has_not_begun_yet(town: Town, runs: str, said: list[str]) -> None:
    """Who was found already waits for their own hour: they finish on the old revision, unless they are moved. Who is
    found later has the new one."""
    document = """
name: Evening
entry: {kind: audience, every: day, time: "18:00", clock: customer}
zone: UTC
steps:
  - {id: hello, kind: message, channels: [sms], text: Hello}
  - {id: bye, kind: message, channels: [sms], text: Bye}
"""
    add_customer(town, "Ana", "+5511987650001", "ana")
    town.event("identify", user="ana", traits={"timezone": "America/Sao_Paulo"})
    journey = town.publish(document)
    town.advance(DAY)
    assert [told[:2] for told in stand(town)] == [("", 1)]
    publish(town, journey, document.replace("Hello", "Good evening"), runs)
    assert [told[:2] for told in stand(town)] == [("", 1 if runs == "finish" else 2)]
    town.advance(12 * HOUR)  # 18:00 in São Paulo
    heard = []
    while texts := take(town):
        heard += texts
    assert heard == said
    town.advance(DAY)
    assert take(town) == ["Good evening"]
