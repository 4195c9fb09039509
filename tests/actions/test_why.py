"""Why? The account of one contact and one match."""

from datetime import timedelta
from typing import Any

import psycopg
from tests.actions.cast import NOW, add_contact, add_progress

from tertulia.ids import derive_delivery_id, derive_id, shard_of_contact


def add_decision(
    conn: psycopg.Connection,
    shop: Any,
    match: Any,
    contact_id: int,
    *,
    outcome: str,
    gate: str,
    reason: str,
    facts: str,
    seconds: int = 0,
) -> None:
    at = NOW + timedelta(seconds=seconds)
    conn.execute(
        """insert into ledger (shard, day, id, workspace, contact_id, match_id, delivery_id, at, outcome, gate, reason,
                               facts, epoch)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 7)""",
        (
            *(shard_of_contact(contact_id), at.date(), derive_id("t", contact_id, outcome, gate, seconds), shop.pk),
            *(contact_id, match.pk, derive_delivery_id(contact_id, at.date(), "t"), at, outcome, gate, reason, facts),
        ),
    )


def make_match(shop: Any, **facts: Any) -> Any:
    from tertulia.data.models import Match

    given = {"name": "Spring", "state": "live", "audience": {"all": True}, "launched_at": NOW, **facts}
    return Match.objects.create(workspace=shop, **given)


def test_S1_the_gates_stand_in_their_order_and_one_is_red(conn: psycopg.Connection, shop: Any) -> None:
    """Passed with their facts, the one that refused, and those never asked."""
    from tertulia.actions.why import explain_why

    match, contact_id = make_match(shop), add_contact(conn, shop, 1)
    facts = '{"passed": [["run", {"state": "live"}], ["address", {}]], "used": {"state": "withdrawn"}}'
    decision = {"outcome": "not_sent", "gate": "consent", "reason": "consent.withdrawn", "facts": facts}
    add_decision(conn, shop, match, contact_id, **decision)
    answer = explain_why(conn, shop, contact_id, match)
    assert (answer.outcome, answer.reason) == ("not_sent", "consent.withdrawn")
    assert answer.sentence == "Not sent. This customer asked for no more messages of this kind."
    states = {line.gate: line.state for line in answer.gates}
    assert [gate for gate, state in states.items() if state == "failed"] == ["consent"]
    assert (states["run"], states["render"], next(iter(states))) == ("passed", "not_reached", "run")
    assert answer.rows[0].epoch == 7


def test_S1_what_the_provider_said_later_is_the_verdict(conn: psycopg.Connection, shop: Any) -> None:
    """All gates passed and it went out; then it failed at the provider, in the channel's words."""
    from tertulia.actions.why import explain_why

    match, contact_id = make_match(shop), add_contact(conn, shop, 1)
    sent = {"outcome": "sent", "gate": "provider", "reason": "passed", "facts": '{"passed": [["run", {}]], "used": {}}'}
    add_decision(conn, shop, match, contact_id, **sent)
    failed = {"outcome": "failed", "gate": "provider", "reason": "gone.unknown", "facts": '{"code": "30005"}'}
    add_decision(conn, shop, match, contact_id, **failed, seconds=5)
    answer = explain_why(conn, shop, contact_id, match)
    assert answer.sentence == "Failed. Nobody has this number, address or id."
    assert answer.gates[-1].gate == "provider"
    assert (answer.gates[-1].state, answer.gates[-1].facts) == ("failed", {"code": "30005"})


def test_S1_who_waits_is_told_so(conn: psycopg.Connection, shop: Any) -> None:
    """In the audience, nothing decided yet."""
    from tertulia.actions.why import explain_why

    match, contact_id = make_match(shop), add_contact(conn, shop, 1)
    add_progress(conn, shop, match.pk, contact_id)
    answer = explain_why(conn, shop, contact_id, match)
    assert (answer.outcome, answer.sentence) == ("waiting", "The message has not gone out yet.")


def test_S1_who_never_was_in_the_audience_learns_which_condition_failed(conn: psycopg.Connection, shop: Any) -> None:
    """Came too late; not on the list; not launched: evaluated again, with the value."""
    from tertulia.actions.why import explain_why

    late = add_contact(conn, shop, 1, created_at=NOW + timedelta(hours=1))
    answer = explain_why(conn, shop, late, make_match(shop))
    assert (answer.outcome, answer.reason) == ("not_in_audience", "created")
    assert "2026-11-22T10:00:00" in answer.sentence
    early = add_contact(conn, shop, 2)
    assert explain_why(conn, shop, early, make_match(shop, audience={"imports": [99]})).reason == "imports"
    assert explain_why(conn, shop, early, make_match(shop, audience={"contacts": [late]})).reason == "contacts"
    assert explain_why(conn, shop, early, make_match(shop, launched_at=None)).reason == "launched"


def test_the_funnel_adds_up_and_says_what_is_saved(conn: psycopg.Connection, shop: Any) -> None:
    """Cost per match, the month's saving against SMS less what the app charges, and a point for every period."""
    from tertulia.actions.match_funnel import list_behind, read_funnel

    match = make_match(shop)
    for serial in range(1, 5):
        contact_id = add_contact(conn, shop, serial)
        matched_at = NOW + timedelta(minutes=3) if serial <= 2 else None
        done = {"sent_at": NOW, "cost_micros": 50_000, "currency": "BRL", "matched_at": matched_at}
        add_progress(conn, shop, match.pk, contact_id, **done)
        if matched_at:
            conn.execute(
                """insert into match_app (shard, match_id, contact_id, app, workspace, matched_at)
                   values (%s, %s, %s, 'viber', %s, %s)""",
                (shard_of_contact(contact_id), match.pk, contact_id, shop.pk, matched_at),
            )
    funnel = read_funnel(conn, match, lambda kind, country: (10_000, "BRL"))
    assert funnel.costs == {"BRL": 200_000}
    assert funnel.cost_per_match == {"BRL": 100_000}
    assert funnel.saving is not None
    assert (funnel.saving.sms_micros, funnel.saving.app_micros, funnel.saving.micros) == (400_000, 80_000, 320_000)
    assert [(item.reason, item.contacts) for item in funnel.reasons] == [("match.not_delivered", 2)]
    assert len(list_behind(conn, match, reason="match.not_delivered")) == 2
    assert len(list_behind(conn, match, app="viber", step="matched")) == 2
    assert [dict(point.counts) for point in funnel.points] == [{"sent": 4}, {}, {}, {"matched": 2}]
