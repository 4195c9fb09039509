"""Hold-outs (A1-A3), through the engine on a real database."""

from collections.abc import Sequence

from tests.workers.test_engine_entries import town
from tests.workers.test_engine_journeys import DAY, HOUR, add_customer
from tests.workers.town import Town

from tertulia.core.splits import find_bucket

__all__ = ["town"]

OFFER = """
name: Offer
entry: {event: Looked, second: parallel}
hold_out: 50%
goal: {event: Bought, within: 2 d, from: send}
steps:
  - {id: code, kind: coupon, pool: gift}
  - {id: tell, kind: message, channels: [sms], text: "Hi {{ contact.name }} {{ coupons.code.code }}"}
  - {id: pause, kind: wait, for: 1 h}
"""


def add_customers(town: Town, experiment: str, salt: str) -> tuple[int, int]:
    """Somebody of each side of a hold-out of half: u0 who is treated, u1 who is held out."""
    found: dict[bool, int] = {}
    for number in range(40):
        contact = town.add_contact(f"Ana{number}", f"+55119876500{number:02d}")
        held = find_bucket(experiment, salt, f"contact:{contact}") < 5_000
        if found.setdefault(held, contact) != contact:
            continue
        town.event("identify", user=f"u{int(held)}", traits={"plan": "free"})
        absorbed = town.identity("user_id", f"u{int(held)}")
        assert absorbed is not None
        town.merge(absorbed, contact)
        if len(found) == 2:
            return found[False], found[True]
    raise AssertionError("forty customers are on one side")


def look(town: Town, users: Sequence[str] = ("u0", "u1")) -> None:
    for user in users:
        town.event("track", user=user, name="Looked")


def test_A3_a_ghost_reserves_nothing_and_goes_on(town: Town) -> None:
    """No slot under the caps and no coupon; the ledger has its row at the same instant, the run waits as the other
    does, its goal's window is open, and it is counted apart."""
    from tertulia.actions.caps import create_cap
    from tertulia.actions.coupons import PoolForm, add_codes, create_pool
    from tertulia.actions.erasure import export_contact
    from tertulia.actions.journey_counts import count_journey

    create_cap(town.workspace, None, town.now, "one a day", {"limit": 1, "per": "24 h"})
    pool = create_pool(town.workspace, None, town.now, PoolForm("Gift", key="gift"))
    add_codes(town.conn, pool, None, town.now, ["A1", "B2"])
    town.conn.commit()
    journey = town.publish(OFFER)
    treated, held = add_customers(town, str(journey.pk), "hold_out")
    look(town)
    [sent] = town.sending("sms")
    town.outcome(sent, "ok")
    assert town.rows("select contact_id, outcome, gate, reason, at from ledger where outcome = 'ghost'") == [
        (held, "ghost", "hold_out", "hold_out.journey", town.now)
    ]
    assert town.rows("select contact_id, experiment, way, weight from assignment order by way") == [
        (held, str(journey.pk), "held_out", 5_000),
        (treated, str(journey.pk), "treated", 5_000),
    ]
    assert town.rows("select distinct contact_id from slot") == [(treated,)]
    assert town.rows("select contact_id from coupon_claim") == [(treated,)]
    assert town.rows("select state, reason, sent_at from delivery where contact_id = %s", held) == [
        ("dropped", "hold_out.journey", None)
    ]
    assert town.rows("select count(*), count(distinct due_at) from run_open where step = 'pause'") == [(2, 1)]
    assert town.rows("select contact_id, step from goal_open order by step") == [(held, ""), (treated, "tell")]
    [exported] = export_contact(town.conn, town.workspace, held)["experiments"]
    assert (exported["experiment"], exported["way"], exported["weight"]) == (str(journey.pk), "held_out", 5_000)
    told = count_journey(town.conn, journey)
    [step] = [one for one in told.steps if one.step == "tell"]
    assert step.messages == {"ghost": 1, "sent": 1}
    assert [(one.reason, one.count) for one in step.unsent] == [("hold_out.journey", 1)]


def test_A1_a_side_is_kept_through_a_merge_and_another_share(town: Town) -> None:
    """The older one holds, and is read from the database again."""
    document = OFFER.replace("  - {id: code, kind: coupon, pool: gift}\n", "").replace("{{ coupons.code.code }}", "")
    journey = town.publish(document)
    treated, held = add_customers(town, str(journey.pk), "hold_out")
    look(town, ["u1"])
    town.advance(HOUR)
    look(town, ["u0"])
    assert len(town.sending("sms")) == 1
    town.republish(journey, 2, document.replace("50%", "1%"))
    town.advance(DAY)
    look(town, ["u1"])
    town.merge(held, treated)
    look(town, ["u0"])
    assert town.rows("select contact_id, outcome from ledger where gate in ('hold_out', 'provider') order by at") == [
        (held, "ghost"),
        (treated, "sent"),
        (held, "ghost"),
        (treated, "ghost"),
    ]


def test_A2_the_workspaces_hold_out_covers_matches(town: Town) -> None:
    """Who is held out has no link; the others have."""
    from tertulia.actions.hold_out import set_hold_out

    set_hold_out(town.workspace, None, town.now, "50%")
    treated, held = add_customers(town, "hold_out", f"workspace:{town.workspace.pk}")
    match = town.launch("Hi {{ link }}", {"contacts": [treated, held]})
    assert len(town.sending("sms")) == 1
    assert town.rows("select contact_id, state, reason from match_contact where match_id = %s order by 2", match) == [
        (held, "unreached", "hold_out.workspace"),
        (treated, "waiting", ""),
    ]
    assert town.rows("select distinct contact_id from link") == [(treated,)]
    add_customer(town, "Bia", "+5511987659999", "u9")
    assert town.rows("select count(*) from assignment") == [(2,)]
