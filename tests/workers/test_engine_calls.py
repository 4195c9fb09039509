"""Calls of journeys to a company's own API (S6), through the engine on a real database; the caller's part is played."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.workers.test_engine_journeys import DAY, HOUR, MINUTE, add_customer, add_to_cart
from tests.workers.town import Town

LOOKUP = """
name: Tier
entry: {event: Product Added}
exceptions: [{event: Order Completed}]
steps:
  - id: ask
    kind: call
    endpoint: shop
    method: METHOD
    path: /customers/{{ contact.name }}/tier
    save: {tier: tier, points: balance.points}
    done:
      - id: gold
        kind: branch
        branches:
          - when: {result: ask.tier, is: gold}
            steps:
              - {id: thank, kind: message, channels: [sms], text: "{{ contact.name }}: {{ results.ask.points }}"}
    failed:
      - {id: sorry, kind: message, channels: [sms], text: "Sorry"}
  - {id: keep, kind: update, set: {tier: {result: ask.tier}}}
  - {id: pause, kind: wait, for: 1 d}
"""
SECOND = timedelta(seconds=1)


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace whose source 1 is its shop's server, and whose API is the endpoint `shop`."""
    from tertulia.data.models import Source

    with Town(empty_database) as made:
        Source.objects.create(id=1, workspace=made.workspace, name="Shop", write_key="wk_1")
        made._change_epoch()
        yield made


def add_endpoint(town: Town, **facts: Any) -> Any:
    from tertulia.actions.endpoints import METHODS, EndpointForm, create_endpoint

    form = EndpointForm("Shop", "https://api.shop.example/v2", METHODS, secrets={"authorization": "Bearer x"}, **facts)
    return create_endpoint(town.workspace, None, town.now, "shop", form)


def enter(town: Town, method: str = "POST", document: str = LOOKUP, **endpoint: Any) -> int:
    """A customer whose run is at its call."""
    add_endpoint(town, **endpoint)
    contact = add_customer(town)
    town.publish(document.replace("METHOD", method))
    add_to_cart(town)
    return contact


def calls(town: Town) -> list[tuple[Any, ...]]:
    """State, attempt and path of every undecided call."""
    return town.rows("select state, attempt, path from call_open order by made_at, id")


def answer(
    town: Town, outcome: str = "ok", *, asked: int = 0, saved: dict[str, Any] | None = None, **facts: Any
) -> None:
    """What the caller tells of the one call there is."""
    from tertulia.core.entries import CallEntry
    from tertulia.store.calls import KeptAnswer, keep_answers

    [(call_id, contact, attempt)] = town.rows("select id, contact_id, attempt from call_open")
    keep_answers(town.conn, [KeptAnswer(contact, call_id, attempt, saved or {})])
    town.append(CallEntry(contact, call_id, attempt, outcome, town.now, asked=asked, **facts), contact)
    town.drain()


def settle(town: Town, verdict: str) -> None:
    from django.db import transaction

    from tertulia.actions.calls import settle_call

    [(call_id,)] = town.rows("select id from call_open")
    with transaction.atomic():
        entry = settle_call(town.conn, town.workspace, None, town.now, call_id, verdict)
    town.append(entry, entry.contact_id)
    town.drain()


def told(town: Town) -> list[tuple[str, str]]:
    """Outcome and reason of every decision about calls, in their order."""
    return town.rows("select outcome, reason from ledger where gate = 'call' order by at, id")


def test_S6_a_call_holds_its_run_and_its_answer_leads_on(town: Town) -> None:
    """What it saved is what conditions, templates and attributes of later steps see."""
    contact = enter(town)
    assert (town.live_runs(), calls(town)) == ([(contact, "ask")], [("calling", 1, "/customers/Ana/tier")])
    answer(town, saved={"tier": "gold", "points": 120}, status=200, reason="call.done")
    [sent] = town.sending("sms")
    assert (sent.text, calls(town)) == ("Ana: 120", [])
    assert told(town) == [("called", "call.done")]
    [(facts,)] = town.rows("select facts from ledger where gate = 'call'")
    assert facts["saved"] == ["points", "tier"]
    assert (facts["endpoint"], facts["method"], facts["status"]) == ("shop", "POST", 200)
    town.outcome(sent, "ok", provider_id="p1")
    assert town.live_runs() == [(contact, "pause")]
    assert town.rows("select attributes ->> 'tier' from contact where id = %s", contact) == [("gold",)]
    assert town.rows("select results from run_open") == [({"ask": {"tier": "gold", "points": 120}},)]


def test_S6_what_fails_goes_the_other_way(town: Town) -> None:
    """With its reason in the ledger."""
    enter(town)
    answer(town, "fail", status=404, reason="call.refused")
    [sent] = town.sending("sms")
    assert (sent.text, told(town)) == ("Sorry", [("failed", "call.refused")])


@pytest.mark.parametrize(("method", "idempotent"), [("GET", False), ("POST", True)])
def test_S6_what_is_safe_is_repeated_under_the_same_key(town: Town, method: str, idempotent: bool) -> None:
    """A GET, and whatever its endpoint declares idempotent; longer each time, and at most five times."""
    enter(town, method, idempotent=idempotent)
    [(key,)] = town.rows("select id from call_open")
    for attempt, after in enumerate((10 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE), 1):
        answer(town, "unknown", lost=True)
        assert calls(town)[0][:2] == ("queued", attempt)
        town.advance(after - SECOND)
        assert calls(town)[0][0] == "queued"
        town.advance(SECOND)
        assert calls(town)[0][:2] == ("calling", attempt + 1)
    assert town.rows("select id from call_open") == [(key,)]
    answer(town, "unknown")
    if method == "GET":
        assert calls(town) == []
        assert ("failed", "call.unknown") in told(town)
    else:
        assert calls(town)[0][0] == "unknown"
        assert ("held", "call.waits") in told(town)


def test_S6_an_unsafe_call_is_never_repeated_blindly(town: Town) -> None:
    """Nobody knows: it waits for a person, whatever time passes."""
    contact = enter(town)
    answer(town, "unknown", status=500)
    town.advance(30 * DAY)
    assert (calls(town)[0][:2], town.live_runs()) == (("unknown", 1), [(contact, "ask")])
    assert sorted(told(town)) == [("held", "call.unknown"), ("held", "call.waits")]


@pytest.mark.parametrize(
    ("verdict", "reason", "text"),
    [("worked", ("called", "call.settled"), []), ("failed", ("failed", "call.settled_failed"), ["Sorry"])],
)
def test_S6_a_person_says_what_came_of_it(town: Town, verdict: str, reason: tuple[str, str], text: list[str]) -> None:
    """The run goes on by that, and it is audited."""
    from tertulia.data.models import Audit

    enter(town)
    answer(town, "unknown")
    town.advance(MINUTE)
    settle(town, verdict)
    assert ([sent.text for sent in town.sending("sms")], calls(town), told(town)[-1]) == (text, [], reason)
    assert Audit.objects.get(verb="call_settled").facts["verdict"] == verdict


def test_S6_a_person_may_ask_for_another_try(town: Town) -> None:
    """Under the same key, and with a fresh number of tries."""
    from tertulia.errors import NotFound

    enter(town)
    with pytest.raises(NotFound):
        settle(town, "again")  # it waits for nobody
    answer(town, "unknown")
    settle(town, "again")
    assert calls(town)[0][:2] == ("calling", 2)
    answer(town, "retry", reason="call.unreachable")
    assert calls(town)[0][:2] == ("queued", 2)


def test_S6_the_status_call_settles_an_unknown_outcome(town: Town) -> None:
    """Its path is written with the call's key when the call is queued; what it tells is saved."""
    enter(town, status_path="/calls/{{ call.key }}")
    [(path, call_id)] = town.rows("select status_path, id from call_open")
    assert path == f"/calls/{call_id}"
    answer(town, "unknown")
    assert town.rows("select ask_at from call_open") == [(town.now + 30 * SECOND,)]
    answer(town, "done", asked=1, saved={"tier": "gold", "points": 7}, reason="call.confirmed", status=200)
    assert [sent.text for sent in town.sending("sms")] == ["Ana: 7"]
    assert ("called", "call.confirmed") in told(town)


def test_S6_a_call_that_never_came_is_made_again(town: Town) -> None:
    """By the first question it may still be at work; from the second on its absence is sure."""
    enter(town, status_path="/calls/{{ call.key }}")
    answer(town, "unknown")
    answer(town, "absent", asked=1, reason="call.absent")
    assert calls(town)[0][0] == "unknown"
    answer(town, "absent", asked=1, reason="call.absent")  # told again, it is no second answer
    assert town.rows("select asked from call_open") == [(2,)]
    answer(town, "absent", asked=2, reason="call.absent")
    town.advance(10 * SECOND)
    assert calls(town)[0][:2] == ("calling", 2)
    assert ("held", "call.absent") in told(town)


def test_S6_a_status_call_that_never_says_leaves_it_to_a_person(town: Town) -> None:
    """After four questions."""
    enter(town, status_path="/calls/{{ call.key }}")
    answer(town, "unknown")
    for asked in (1, 2, 3, 4):
        assert town.rows("select asked, ask_at is null from call_open") == [(asked, False)]
        answer(town, "unclear", asked=asked)
    assert town.rows("select asked, ask_at is null, reason from call_open") == [(4, True, "call.waits")]


def test_S6_a_late_answer_of_an_earlier_attempt_changes_nothing(town: Town) -> None:
    """Its lease was told as lost, and another attempt is under way."""
    from tertulia.core.entries import CallEntry

    contact = enter(town, "GET")
    answer(town, "unknown", lost=True)
    town.advance(10 * SECOND)
    [(call_id,)] = town.rows("select id from call_open")
    town.append(CallEntry(contact, call_id, 1, "ok", town.now), contact)
    town.drain()
    assert calls(town)[0][:2] == ("calling", 2)


@pytest.mark.parametrize(("method", "state"), [("POST", "unknown"), ("GET", "queued")])
def test_S6_an_answer_that_comes_after_all_settles_its_call(town: Town, method: str, state: str) -> None:
    """Its lease had ended, and it had been given up for lost."""
    enter(town, method)
    answer(town, "unknown", lost=True)
    assert calls(town)[0][:2] == (state, 1)
    answer(town, saved={"tier": "gold", "points": 3}, reason="call.done", status=200)
    assert ([sent.text for sent in town.sending("sms")], calls(town)) == (["Ana: 3"], [])


def test_why_tells_what_was_called_and_what_came_back(town: Town) -> None:
    """The endpoint, the attempt and the status from the ledger, the values from the run; an erasure leaves neither."""
    from tertulia.actions.erasure import export_contact
    from tertulia.actions.why_journey import explain_entry
    from tertulia.data.models import Journey

    contact = enter(town, "GET")
    answer(town, "unknown", status=502)
    town.advance(10 * SECOND)
    answer(town, saved={"tier": "platinum"}, reason="call.done", status=200)
    told = explain_entry(town.conn, town.workspace, contact, Journey.objects.get())
    assert told.outcome == "in"
    for words in (
        "ask: GET shop, attempt 1, answered 502: Your API did not say what came of the call.",
        "ask: GET shop, attempt 2, answered 200: Your API said that it worked.",
        "“ask” saved: tier = platinum.",
    ):
        assert words in told.more, told.more
    assert export_contact(town.conn, town.workspace, contact)["journeys"][0]["results"] == {"ask": {"tier": "platinum"}}
    assert "platinum" not in str([row.facts for row in told.rows])
    assert set(town.find_text("platinum")) <= {"run_open", "contact"}
    town.erase(contact)
    assert town.find_text("platinum") == []


def test_X1_a_queued_call_is_revoked_and_one_under_way_is_noted(town: Town) -> None:
    """The exception ends the run either way; what comes back of the second is told and moves nothing."""
    enter(town)
    answer(town, "retry", reason="call.busy")
    town.event("track", user="u1", name="Order Completed")
    assert calls(town) == []
    assert ("revoked", "run.exception") in told(town)
    town.advance(MINUTE)
    add_to_cart(town)
    town.event("track", user="u1", name="Order Completed", at=town.now + SECOND)
    assert calls(town)[0][0] == "calling"
    assert ("called", "call.under_way") in told(town)
    town.advance(MINUTE)
    answer(town, saved={"tier": "gold"}, reason="call.done", status=200)
    assert (calls(town), told(town)[-1], town.live_runs()) == ([], ("called", "call.done"), [])


def test_a_time_limit_ends_the_waiting(town: Town) -> None:
    """The run goes the way of what failed; what is unknown then concerns nobody any more."""
    enter(town, document=LOOKUP.replace("    save:", "    at_most: 2 h\n    save:"))
    answer(town, "unknown")
    town.advance(2 * HOUR)
    assert [sent.text for sent in town.sending("sms")] == ["Sorry"]
    assert calls(town) == []
    assert ("called", "call.under_way") in told(town)


def test_a_paused_journey_makes_no_calls(town: Town) -> None:
    """They wait; and go out when it goes on."""
    from tertulia.actions.journeys import pause, resume
    from tertulia.data.models import Journey

    enter(town)
    answer(town, "retry", reason="call.busy")
    pause(Journey.objects.get(), None, town.now)
    town.advance(HOUR)
    assert calls(town)[0][:2] == ("queued", 1)
    resume(Journey.objects.get(), None, town.now, how="shift")
    town.advance(SECOND)
    assert calls(town)[0][:2] == ("calling", 2)


def test_a_variable_without_a_value_makes_no_call(town: Town) -> None:
    """It goes the way of what failed, with the variable's name in the ledger."""
    enter(town, document=LOOKUP.replace("contact.name }}/tier", "contact.customer_id }}/tier"))
    assert [sent.text for sent in town.sending("sms")] == ["Sorry"]
    assert (calls(town), told(town)) == ([], [("failed", "render.missing")])


def test_C5_an_erasure_removes_the_call_and_what_was_saved(town: Town) -> None:
    """Its answer finds nobody."""
    from tertulia.core.entries import CallEntry

    contact = enter(town)
    [(call_id,)] = town.rows("select id from call_open")
    town.erase(contact)
    assert calls(town) == []
    town.append(CallEntry(contact, UUID(str(call_id)), 1, "ok", town.now), contact)
    town.drain()
    assert town.past_runs()[-1][1:] == ("exited", "run.contact_erased")


def test_M8_the_calls_of_who_is_absorbed_are_taken_back(town: Town) -> None:
    """As its queued messages are."""
    contact = enter(town)
    answer(town, "retry", reason="call.busy")
    other = town.add_contact("Bea", "+5511987650009")
    town.merge(contact, other)
    assert calls(town) == []
    assert ("revoked", "run.contact_merged") in told(town)


def test_V2_a_cancelled_journey_makes_no_more_calls(town: Town) -> None:
    """What is queued is revoked."""
    from tertulia.actions.journeys import cancel
    from tertulia.data.models import Journey

    enter(town)
    answer(town, "retry", reason="call.busy")
    cancel(Journey.objects.get(), None, town.now)
    town.advance(HOUR)
    assert calls(town) == []
    assert ("revoked", "run.cancelled") in told(town)


def test_an_endpoint_is_called_by_no_more_than_its_room(town: Town) -> None:
    """The others wait until answers come."""
    from tertulia.core.entries import CallEntry
    from tertulia.store.calls import AT_ONCE_MAX

    add_endpoint(town)
    town.publish(LOOKUP.replace("METHOD", "GET"))
    for n in range(AT_ONCE_MAX + 3):
        town.append_event("identify", user=f"v{n}", traits={"firstName": f"V{n}"})
        town.append_event("track", user=f"v{n}", name="Product Added", properties={})
    town.drain()
    counted = "select state, count(*) from call_open group by 1 order by 1"
    assert town.rows(counted) == [("calling", AT_ONCE_MAX), ("queued", 3)]
    [(call_id, contact)] = town.rows("select id, contact_id from call_open where state = 'calling' limit 1")
    town.append(CallEntry(contact, call_id, 1, "ok", town.now), contact)
    town.drain()
    assert town.rows(counted) == [("calling", AT_ONCE_MAX), ("queued", 2)]
