"""What if on history: a draft beside what the engine sent and was told; and with synthetic customers of that town."""

from datetime import timedelta
from typing import Any

from tests.workers.town import NOW, PUBLIC_URL, Town

from tertulia.core.entries import OccasionEntry
from tertulia.core.occasions import API, CALLED
from tertulia.ids import derive_id

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
LIVE = """
name: Live
entry: {event: Product Added, second: parallel}
steps: [{id: tell, kind: message, channels: [sms], text: Live}]
"""
SAYS = "steps: [{id: tell, kind: message, channels: [sms], text: Draft}]"
ENTRIES = {
    "{kind: outcome, outcome: delivered, journey: journey}": 2,
    "{kind: outcome, outcome: ignored, for: 2 h}": 1,
    "{kind: outcome, outcome: replied}": 1,
    "{kind: outcome, outcome: failed}": 1,
    "{kind: outcome, outcome: opened}": 0,
    "{kind: outcome, outcome: clicked}": 0,
    "{kind: message, keyword: [hello]}": 1,
    "{kind: message, first: true}": 1,
    "{kind: segment, segment: buyers}": 2,
    "{kind: segment, segment: buyers, on: left}": 0,
    '{kind: audience, every: day, time: "12:00"}': 4,
    '{kind: audience, every: day, time: "12:00", segment: buyers}': 4,
    '{kind: date, attribute: joined, time: "09:00"}': 1,
}
"""How a draft begins -> how many runs begin in the two days that were played."""


def make_history(town: Town) -> int:
    """Ana and Bia fill a cart and are told; Ana's message is delivered and she answers, Bia's is delivered and ignored,
    and of a second one nobody is at her number. Ana's id."""
    from tertulia.data.models import Source

    Source.objects.create(id=1, workspace=town.workspace, name="Shop", write_key="wk_1")
    town.publish_segment("name: Buyers\nwhere: {event: Product Added}\n", "buyers")
    ana, bia = town.add_contact("Ana", "+5511987650001"), town.add_contact("Bia", "+5511987650002")
    for user, contact in (("u1", ana), ("u2", bia)):
        town.event("identify", user=user, traits={"joined": "2020-11-04"} if user == "u1" else {})
        absorbed = town.identity("user_id", user)
        assert absorbed is not None
        town.merge(absorbed, contact)
    town.publish(LIVE)
    town.advance(HOUR)
    for user in ("u1", "u2", "u2"):
        town.event("track", user=user, name="Product Added", properties={"price": 5})
        [sent] = town.sending("sms")
        if town.rows("select count(*) from delivery") == [(2,)]:
            town.outcome(sent, "gone")
            continue
        town.outcome(sent, "ok")
        town.receipt(sent, "delivered")
    town.advance(HOUR)
    town.write("sms", "+5511987650001", "Hello", kind="phone", phone="+5511987650001")
    town.advance(2 * DAY - 2 * HOUR)
    return ana


def play(town: Town, document: str, journey: int = 0, **asked: Any) -> dict[str, Any]:
    """What a draft comes to through everything since the town began; nothing of it is stored."""
    from tertulia.actions.config import load_config
    from tertulia.actions.what_if import DRAFT
    from tertulia.actions.what_if_recorded import Limits
    from tertulia.actions.what_if_stage import Variant, set_history, set_synthetic
    from tertulia.core.journeys import compile_journey
    from tertulia.core.simulation.rates import DEFAULTS, set_shares
    from tertulia.documents.journeys import read_journey

    base = load_config(town.conn, PUBLIC_URL)
    variant = Variant("draft", journey or DRAFT, "Draft", compile_journey(read_journey(document)))
    told: dict[str, Any] = {"rates": set_shares(DEFAULTS, refused=0, silent=0), "days": 2.0} | asked
    if "number" in told:
        told["events_max"] = 10_000
        stage = set_synthetic(town.conn, base, town.workspace.pk, [variant], town.now, **told)
    else:
        told = {"run_on": DAY, "limits": Limits(1_000, 100)} | told
        stage = set_history(town.conn, base, town.workspace.pk, [variant], town.now, **told)
    town.conn.rollback()
    return {**stage.describe(), **stage.tell(0, stage.play(0))}


def test_a_draft_begins_by_what_was_recorded(empty_database: str) -> None:
    """Messages' outcomes, customers' messages, who came into a segment, an audience and dates by the clock; and what
    other journeys sent counts under the caps (F1) and was spent of the workspace's budget (V3), of which the customers'
    own past stays as it was."""
    from tertulia.actions.budgets import set_budget
    from tertulia.actions.caps import create_cap

    with Town(empty_database) as town:
        ana = make_history(town)
        for entry, runs in ENTRIES.items():
            told = play(town, f"name: Draft\nentry: {entry}\n{SAYS}\n")
            assert told["entered"] == runs, entry
        [(rows,)] = town.rows("select count(*) from delivery")
        set_budget(town.workspace, None, town.now, {"month": 0.15})
        spent = play(town, LIVE)
        assert (spent["messages"], [row["reason"] for row in spent["held"]]) == (1, ["budget.spent"])
        later = play(town, LIVE, days=1.0)
        began = {"per": "month", "spent_micros": 100_000, "limit_micros": 150_000}
        assert later["budgets"] == {"workspace": [began], "draft": False}
        assert play(town, LIVE, number=10)["budgets"] == {"workspace": [], "draft": False}
        set_budget(town.workspace, None, town.now, {})
        create_cap(town.workspace, None, town.now, "one a month", {"limit": 1, "per": "30 d"})
        capped = play(town, LIVE.replace("second: parallel", "second: ignore"))
        assert (capped["entered"], capped["messages"], capped["sent_beside"]) == (2, 0, 2)
        launch = play(town, "name: B\nkind: broadcast\nentry: {kind: audience, at_launch: true}\n" + SAYS)
        assert (launch["from"], launch["contacts"], launch["entered"]) == (town.now, 2, 2)
        assert {row["reason"] for row in launch["held"]} == {"cap.reached"}
        at = (NOW + 5 * DAY).date()
        dated = f'name: B\nkind: broadcast\nentry: {{kind: audience, segment: buyers, on: {at}, time: "10:00"}}\n{SAYS}'
        told = play(town, dated.replace("channels:", "important: true, channels:"))
        assert (told["entered"], told["messages"], [row["day"] for row in told["by_day"]]) == (2, 2, [at])
        assert town.rows("select count(*) from delivery") == [(rows,)]
        called = town.publish("name: Called\nentry: {kind: api, second: parallel}\nsteps: [{id: w, kind: exit}]").pk
        for number, at in enumerate((town.now, town.now, town.now + HOUR)):
            call_id = derive_id("occasion", "api", called, ana, min(number, 1))
            town.append(OccasionEntry(ana, call_id, API, CALLED, at, {"n": number}, called), ana)
            town.advance(HOUR)
        by_call = play(town, "name: Draft\nentry: {kind: api, second: parallel}\n" + SAYS, journey=called)
        assert (by_call["entered"], by_call["begun"]) == (2, 2)
        assert play(town, "name: Draft\nentry: {kind: api}\n" + SAYS)["begun"] == 0
        town.eyes.execute(
            """update run set event = event || '{"type": "comment", "name": "comment_received",
               "properties": {"text": "Wow", "comment_id": "c1", "post_id": "p1", "channel": "sms"}}'"""
        )
        by_comment = play(town, "name: Draft\nentry: {kind: comment, keyword: [wow], second: parallel}\n" + SAYS)
        assert (by_comment["entered"], by_comment["begun"]) == (2, 2)


def test_synthetic_customers_are_like_the_towns_and_meet_its_journeys(empty_database: str) -> None:
    """They do what was done as often as it was, hear from the live journey too, and the same seed gives the same."""
    from tertulia.core.simulation.rates import DEFAULTS

    draft = f"name: Draft\nentry: {{kind: outcome, outcome: delivered, journey: journey, second: parallel}}\n{SAYS}\n"
    with Town(empty_database) as town:
        make_history(town)
        told = play(town, draft, number=200, days=7.0, rates=DEFAULTS)
        again = play(town, draft, number=200, days=7.0, rates=DEFAULTS)
    assert told == again
    assert (told["on"], told["contacts"], told["synthetic"]["modelled_on"]) == ("synthetic", 200, "customers")
    [added] = [one for one in told["synthetic"]["events"] if one["name"] == "Product Added"]
    assert (added["per_day"], added["known"]) == (3 / 30 / 2, "seen")
    assert told["synthetic"]["mix"]["country"] == {"BR": 200}
    assert 40 < told["entered"] < 100
    assert told["messages"] > 0.9 * told["entered"]
    assert 0 < told["reactions"]["opened_soon"] < told["reactions"]["opened"] < told["messages"]


GOLD = "name: Gold\nwhere: {attribute: plan, is: gold}\n"
UNLESS_GOLD = "name: Draft\nentry: {event: Product Added}\nexit_when: {segment: gold}\nsteps:\n" + (
    "  - {id: rest, kind: wait, for: 6 h}\n  - {id: tell, kind: message, channels: [sms], text: Draft}\n"
)
TO_GOLD = 'name: Draft\nentry: {kind: audience, every: day, time: "12:00", segment: gold}\n' + SAYS


def test_X5_who_was_in_a_segment_when_is_history(empty_database: str) -> None:
    """Ana was in it for some hours and is not any more; Bia came later and stays. A draft that ends for those inside
    ends for Ana alone, and what is for those inside goes to each on their own day."""
    from tertulia.data.models import Source

    with Town(empty_database) as town:
        Source.objects.create(id=1, workspace=town.workspace, name="Shop", write_key="wk_1")
        town.publish_segment(GOLD, "gold")
        for user, phone in (("u1", "+5511987650001"), ("u2", "+5511987650002")):
            contact = town.add_contact(user, phone)
            town.event("identify", user=user, traits={"plan": "free"})
            absorbed = town.identity("user_id", user)
            assert absorbed is not None
            town.merge(absorbed, contact)
        town.publish(LIVE)
        town.advance(HOUR)
        for user in ("u1", "u2"):
            town.event("track", user=user, name="Product Added")
        town.advance(HOUR)
        town.event("identify", user="u1", traits={"plan": "gold"})  # at 11:00
        town.advance(2 * HOUR)
        town.event("identify", user="u1", traits={"plan": "free"})
        town.advance(HOUR * 6)
        town.event("identify", user="u2", traits={"plan": "gold"})
        town.advance(DAY + 14 * HOUR)
        told = play(town, UNLESS_GOLD)
        assert (told["entered"], told["messages"]) == (2, 1)
        told = play(town, TO_GOLD)
        assert [(row["name"], row["at"]) for row in told["samples"]] == [
            ("u1", NOW + 3 * HOUR),
            ("u2", NOW + DAY + 3 * HOUR),
        ]
