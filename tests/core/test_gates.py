"""The gates of a send: their order, their reasons, and the facts they leave (S0, S1, S4, C1, C4, M6)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tertulia.core.budgets import FOR_GOOD, Charge, Room, TotalKey
from tertulia.core.canaries import Place
from tertulia.core.caps import AtCap, Cap, Counted, Slot, SlotState
from tertulia.core.consent import Cause, ConsentFact, ConsentState, Given, Source, Suppression
from tertulia.core.coupons import Grant
from tertulia.core.deliveries import MessageClass
from tertulia.core.gates import COUPON, COUPON_AGAIN, NONE_SET, ORDER, Verb, judge
from tertulia.core.identity import IdentityRef, Trust
from tertulia.core.reasons import SENTENCES, Reason, explain
from tertulia.core.render import Abort, Broken, Missing, OnMissing, ProblemCode, Rendered, TemplateProblem
from tertulia.core.send_facts import Audience, Platform, RunState, SendFacts
from tertulia.core.throttles import ThrottleRule, Turn
from tertulia.core.windows import Outside, read_window
from tertulia.core.zones import ZoneChoice, ZoneSource

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PHONE = IdentityRef("phone", "", "+5511987654321")
GRANT = ConsentFact(1, PHONE, "sms", "marketing", Given.GRANTED, Source.FORM, NOW, evidence="form 3", text_version="v2")
STOP = replace(GRANT, given=Given.WITHDRAWN, source=Source.OPT_WORD)
BLOCK = replace(STOP, source=Source.PLATFORM_BLOCK)
MORNING = read_window({"from": "08:00", "to": "12:00"}, name="workspace")
EVENING = read_window({"from": "17:00", "to": "20:00"}, name="journey")
ONE_IN_A_DAY = Cap("one in a day", 1, timedelta(days=1))
EARLIER = Slot(
    *(UUID(int=1), "sms", "marketing", MessageClass.MARKETING, False),
    *(NOW - timedelta(hours=4), SlotState.USED),
)
FULL: dict[str, object] = {"caps": (ONE_IN_A_DAY,), "slots": (EARLIER,)}
DAY_LEFT = Room(
    TotalKey(1, "budget", "2026-11-22"), "workspace", "", "day", 500_000, 100_000, NOW + timedelta(hours=15)
)
TEN_AN_HOUR = ThrottleRule(messages=10, per="1 h")
CHARGE = Charge(60_000, dearest=(80_000, "Spring"), rooms=(DAY_LEFT,))
GOOD = SendFacts(
    delivery_id=UUID(int=7),
    now=NOW,
    message_class=MessageClass.MARKETING,
    topic="marketing",
    run=RunState.LIVE,
    contact_merged=False,
    contact_erased=False,
    audience=Audience.NONE,
    address="+5511987654321",
    mobile_needed=True,
    mobile=True,
    dead_code="",
    trust=Trust.CLAIMED,
    sensitive=(),
    neutral=False,
    consent=ConsentState(Given.GRANTED, GRANT),
    suppression=None,
    deadline=NOW + timedelta(hours=1),
    platform=Platform.FREE,
    window_until=None,
    answers=False,
    windows=(),
    zone=ZoneChoice("America/Sao_Paulo", ZoneSource.CONTACT),
    outside=Outside.HOLD,
    caps=(),
    slots=(),
    message=Counted(UUID(int=7), "sms", "marketing", MessageClass.MARKETING, important=False),
    at_cap=AtCap.DEFER,
    channel_stopped=False,
    charge=lambda: CHARGE,
    turn=None,
    canary=None,
    on_missing=OnMissing.FAIL,
    characters_max=1600,
    render=lambda: Rendered("Hi Ana"),
)


def charged(**change: object) -> dict[str, object]:
    """A charge like the good one but for this."""
    return {"charge": lambda: replace(CHARGE, **change)}


REFUSALS: list[tuple[str, Verb, Reason, dict[str, object]]] = [
    ("run", Verb.DROP, Reason.CONTACT_ERASED, {"contact_erased": True}),
    ("run", Verb.DROP, Reason.CONTACT_MERGED, {"contact_merged": True}),
    ("run", Verb.HOLD, Reason.RUN_PAUSED, {"run": RunState.PAUSED}),
    ("run", Verb.DROP, Reason.RUN_STOPPED, {"run": RunState.STOPPED}),
    ("audience", Verb.DROP, Reason.AUDIENCE_LEFT, {"audience": Audience.LEFT}),
    ("run", Verb.DROP, Reason.RUN_ENDED, {"run": RunState.ENDED}),
    ("address", Verb.DROP, Reason.NO_ADDRESS, {"address": ""}),
    ("address", Verb.DROP, Reason.NOT_MOBILE, {"mobile": False}),
    ("address", Verb.DROP, Reason.ADDRESS_DEAD, {"dead_code": "30005"}),
    ("trust", Verb.DROP, Reason.TRUST_TOO_LOW, {"sensitive": ("plan",)}),
    ("consent", Verb.DROP, Reason.BLOCKED, {"consent": ConsentState(Given.GRANTED, GRANT, BLOCK)}),
    ("consent", Verb.DROP, Reason.WITHDRAWN, {"consent": ConsentState(Given.WITHDRAWN, STOP)}),
    ("consent", Verb.DROP, Reason.NO_CONSENT, {"consent": ConsentState(None)}),
    ("consent", Verb.DROP, Reason.NO_CONSENT, {"consent": ConsentState(None), "answers": True}),
    ("platform_window", Verb.DROP, Reason.COMMENT_REPLIED, {"platform": Platform.REPLIED}),
    *(
        (
            "suppression",
            Verb.DROP,
            Reason(f"suppression.{cause.value}"),
            {"suppression": Suppression(cause, PHONE, "*", NOW)},
        )
        for cause in Cause
    ),
    ("deadline", Verb.DROP, Reason.DEADLINE_PASSED, {"deadline": NOW}),
    ("platform_window", Verb.DROP, Reason.WINDOW_CLOSED, {"platform": Platform.CLOSED}),
    ("platform_window", Verb.DROP, Reason.MUST_WRITE_FIRST, {"platform": Platform.CUSTOMER_FIRST}),
    ("send_window", Verb.HOLD, Reason.OUTSIDE_HOURS, {"windows": (EVENING,)}),
    ("send_window", Verb.DROP, Reason.OUTSIDE_HOURS, {"windows": (EVENING,), "outside": Outside.DROP}),
    ("send_window", Verb.DROP, Reason.OUTSIDE_HOURS, {"windows": (EVENING,), "outside": Outside.NEXT_CHANNEL}),
    ("send_window", Verb.DROP, Reason.NEVER_OPEN, {"windows": (EVENING, MORNING)}),
    ("cap", Verb.HOLD, Reason.CAP_REACHED, FULL),
    ("cap", Verb.DROP, Reason.CAP_REACHED, FULL | {"at_cap": AtCap.DROP}),
    ("cap", Verb.DROP, Reason.CAP_REACHED, FULL | {"at_cap": AtCap.NEXT_CHANNEL}),
    ("throttle", Verb.HOLD, Reason.CHANNEL_STOPPED, {"channel_stopped": True}),
    ("throttle", Verb.HOLD, Reason.BUDGET_SPENT, charged(rooms=(replace(DAY_LEFT, left=59_999),))),
    ("throttle", Verb.HOLD, Reason.THROTTLED, {"turn": Turn(TEN_AN_HOUR, NOW + timedelta(minutes=6), 1, None)}),
    ("throttle", Verb.HOLD, Reason.CANARY, {"canary": Place(False, "5%", NOW + timedelta(hours=2))}),
    ("throttle", Verb.DROP, Reason.MESSAGE_TOO_DEAR, charged(dearest=(59_999, "Spring"))),
    ("coupon", Verb.HOLD, Reason.COUPONS_SPENT, {"coupons": (Grant("gift", "welcome", None),)}),
    ("render", Verb.DROP, Reason.TEMPLATE_ABORTED, {"render": lambda: Abort("enough")}),
    ("render", Verb.DROP, Reason.MISSING_VARIABLE, {"render": lambda: Missing("contact.name", 1)}),
    (
        "render",
        Verb.DROP,
        Reason.MISSING_SKIPPED,
        {"render": lambda: Missing("contact.name", 1), "on_missing": OnMissing.SKIP},
    ),
    (
        "render",
        Verb.DROP,
        Reason.TEMPLATE_BROKEN,
        {"render": lambda: Broken(TemplateProblem(ProblemCode.ENDLESS_LOOP, 1, 1))},
    ),
    ("render", Verb.DROP, Reason.TOO_LONG, {"characters_max": 3}),
]


def test_S1_the_gates_stand_in_their_order() -> None:
    """Run, audience, address, trust, consent, country, suppression, deadline, platform's window, send window, cap,
    throttle and budget, coupons, render, hold-out."""
    assert [name for name, _ in ORDER] == [
        *("run", "audience", "address", "trust", "consent", "country", "suppression", "deadline"),
        *("platform_window", "send_window", "cap", "throttle", "coupon", "render", "hold_out"),
    ]


def test_S5_a_message_for_which_no_code_is_left_is_held_no_longer_than_it_makes_sense() -> None:
    """It asks again after a while, and at its deadline, which drops it. The ledger names the pool, never a code."""
    lacking = (Grant("gift", "welcome", None, "A1"), Grant("more", "spring", None))
    verdict = judge(replace(GOOD, coupons=lacking))
    assert (verdict.outcome, verdict.gate, verdict.until) == (Verb.HOLD, COUPON, NOW + COUPON_AGAIN)
    assert verdict.facts == {"step": "more", "pool": "spring"}
    soon = NOW + timedelta(minutes=1)
    assert judge(replace(GOOD, coupons=lacking, deadline=soon)).until == soon
    passed = dict(judge(replace(GOOD, coupons=lacking[:1])).passed)
    assert passed["coupon"] == {"coupons": [{"step": "gift", "pool": "welcome", "kept": False}]}


def test_S1_a_send_records_every_gate_with_its_facts() -> None:
    """All passed: the text, and what each gate looked at; never the address itself (C5)."""
    verdict = judge(GOOD)
    assert (verdict.outcome, verdict.gate, verdict.reason, verdict.text) == (
        Verb.SEND,
        "provider",
        Reason.PASSED,
        "Hi Ana",
    )
    assert [name for name, _ in verdict.passed] == [name for name, _ in ORDER]
    facts = dict(verdict.passed)
    assert facts["consent"]["evidence"] == "form 3"
    day = {"of": "workspace", "name": "", "per": "day", "limit_micros": 500_000, "left_micros": 100_000}
    assert facts["throttle"] == {"cost_micros": 60_000, "most_micros": 80_000, "most_of": "Spring", "budgets": [day]}
    assert facts["country"] == facts["audience"] == facts["hold_out"] == NONE_SET
    assert facts["cap"] == {**NONE_SET, "exempt": False}
    assert "+5511987654321" not in repr(verdict)


@pytest.mark.parametrize(("gate", "verb", "reason", "change"), REFUSALS, ids=lambda v: getattr(v, "value", ""))
def test_S1_each_gate_refuses_with_its_reason(gate: str, verb: Verb, reason: Reason, change: dict[str, object]) -> None:
    """Held where time may change the answer, dropped where it will not."""
    verdict = judge(replace(GOOD, **change))  # type: ignore[arg-type]
    assert (verdict.gate, verdict.outcome, verdict.reason) == (gate, verb, reason)
    assert verdict.facts
    assert verdict.text == ""
    names = [name for name, _ in ORDER]
    assert [name for name, _ in verdict.passed] == names[: names.index(gate)]


@given(st.lists(st.sampled_from(REFUSALS), min_size=1, max_size=5))
def test_S1_the_first_gate_in_order_decides(chosen: list[tuple[str, Verb, Reason, dict[str, object]]]) -> None:
    """However much is wrong, the ledger names the earliest gate."""
    changes: dict[str, object] = {}
    for _, _, _, change in chosen:
        changes |= change
    names = [name for name, _ in ORDER]
    verdict = judge(replace(GOOD, **changes))  # type: ignore[arg-type]
    assert names.index(verdict.gate) <= min(names.index(gate) for gate, *_ in chosen if _still(gate, changes, chosen))


def _still(gate: str, changes: dict[str, object], chosen: list[tuple[str, Verb, Reason, dict[str, object]]]) -> bool:
    """Whether a refusal's own changes survived those that came after it."""
    return any(all(changes[key] is value for key, value in change.items()) for g, _, _, change in chosen if g == gate)


def test_S1_rendering_is_asked_only_when_the_rest_passed() -> None:
    """It is the dear gate, and a contact without consent is not rendered."""

    def refuse() -> Rendered:
        raise AssertionError("rendered for nothing")

    render: Callable[[], Rendered] = refuse
    assert judge(replace(GOOD, consent=ConsentState(None), render=render)).reason is Reason.NO_CONSENT


@pytest.mark.parametrize("kind", [MessageClass.REPLY, MessageClass.TRANSACTIONAL])
def test_S0_replies_and_transactional_pass_a_withdrawal_never_a_block(kind: MessageClass) -> None:
    """And their exemption from windows and caps is on record."""
    message = replace(GOOD.message, message_class=kind)
    facts = replace(GOOD, message_class=kind, message=message, consent=ConsentState(Given.WITHDRAWN, STOP))
    verdict = judge(facts)
    assert verdict.outcome is Verb.SEND
    assert dict(verdict.passed)["send_window"]["exempt"] is dict(verdict.passed)["cap"]["exempt"] is True
    assert judge(replace(facts, consent=ConsentState(None, None, BLOCK))).reason is Reason.BLOCKED


def test_M6_sensitive_content_passes_for_a_verified_identity() -> None:
    """Token-linked is not enough."""
    sensitive = replace(GOOD, sensitive=("plan",))
    assert judge(replace(sensitive, trust=Trust.TOKEN_LINKED)).reason is Reason.TRUST_TOO_LOW
    assert judge(replace(sensitive, trust=Trust.VERIFIED)).outcome is Verb.SEND


def test_M6_the_neutral_text_needs_no_verified_identity() -> None:
    """It takes the place of the sensitive one; the facts say which was chosen and for what."""
    verdict = judge(replace(GOOD, sensitive=("plan",), neutral=True, trust=Trust.CLAIMED))
    assert verdict.outcome is Verb.SEND
    assert dict(verdict.passed)["trust"] == {"trust": "claimed", "sensitive": ["plan"], "neutral": True}


def test_V3_a_spent_budget_holds_until_the_last_of_its_totals_is_open_again() -> None:
    """A day's until midnight, a month's until the next one; what only a higher budget helps is asked again now and
    then, which is no promise. No longer than the message makes sense."""
    month = replace(DAY_LEFT, per="month", left=0, until=NOW + timedelta(days=8))
    spent = charged(rooms=(replace(DAY_LEFT, left=0), month))
    verdict = judge(replace(GOOD, deadline=None, **spent))
    assert (verdict.until, verdict.promised, verdict.facts["short"]["per"]) == (month.until, True, "month")
    assert judge(replace(GOOD, **spent)).until == GOOD.deadline
    total = judge(replace(GOOD, deadline=None, **charged(rooms=(replace(DAY_LEFT, left=0, until=None),))))
    assert (total.until, total.promised) == (FOR_GOOD, False)


@pytest.mark.parametrize("free", ["exempt", "reserved"])
def test_V3_what_is_exempt_or_has_its_money_already_passes(free: str) -> None:
    """And the ledger says which."""
    verdict = judge(replace(GOOD, **charged(dearest=(1, "Spring"), rooms=(replace(DAY_LEFT, left=0),), **{free: True})))
    assert verdict.outcome is Verb.SEND
    assert dict(verdict.passed)["throttle"] == {"cost_micros": 60_000, free: True}


def test_S1_without_a_deadline_or_budget_the_gates_say_so() -> None:
    """None set is a fact too."""
    facts = dict(judge(replace(GOOD, deadline=None, charge=None)).passed)
    assert facts["deadline"] == NONE_SET
    assert facts["throttle"] == {"budget": "none set"}


def test_S1_every_reason_has_its_sentence() -> None:
    """One table, no gaps, whole sentences."""
    assert set(SENTENCES) == set(Reason)
    assert all(explain(reason).endswith(".") for reason in Reason)


def test_Q1_the_windows_are_read_by_the_customers_clock() -> None:
    """It is 09:00 in São Paulo and 12:00 in London; the facts say whose clock it was and what it showed."""
    facts = dict(judge(replace(GOOD, windows=(MORNING,))).passed)["send_window"]
    assert facts == {
        "windows": ["workspace"], "zone": "America/Sao_Paulo", "zone_of": "contact", "local": "2026-11-22T09:00"
    }  # fmt: skip
    london = replace(GOOD, windows=(MORNING,), zone=ZoneChoice("Europe/London", ZoneSource.PHONE))
    assert judge(london).reason is Reason.OUTSIDE_HOURS


def test_Q2_a_held_message_is_released_within_the_opening() -> None:
    """Not at its very beginning with all others, the same again on a replay, and no later than its deadline."""
    held = replace(GOOD, windows=(EVENING,), deadline=None)
    verdicts = [judge(replace(held, delivery_id=UUID(int=n))) for n in range(50)]
    opens = datetime(2026, 11, 22, 20, tzinfo=UTC)
    released = [verdict.until for verdict in verdicts if verdict.until]
    assert all(opens <= until < opens + timedelta(minutes=15) for until in released)
    assert len(set(released)) == 50
    assert verdicts[0].facts["closed"] == "journey"
    assert verdicts[0].facts["opens"] == opens.isoformat()
    assert judge(replace(held, delivery_id=UUID(int=3))).until == released[3]
    assert judge(replace(held, deadline=NOW + timedelta(hours=1))).until == NOW + timedelta(hours=1)


def test_Q2_what_is_dropped_is_dropped_on_every_channel_or_tries_the_next() -> None:
    """The document says which."""
    assert judge(replace(GOOD, windows=(EVENING,), outside=Outside.DROP)).everywhere
    assert not judge(replace(GOOD, windows=(EVENING,), outside=Outside.NEXT_CHANNEL)).everywhere


@pytest.mark.parametrize("kind", [MessageClass.REPLY, MessageClass.TRANSACTIONAL])
def test_Q3_replies_and_transactional_messages_pass_at_any_hour(kind: MessageClass) -> None:
    """And the facts say that they are exempt."""
    verdict = judge(replace(GOOD, message_class=kind, windows=(EVENING,)))
    assert verdict.outcome is Verb.SEND
    assert dict(verdict.passed)["send_window"] == {"exempt": True}


def test_T4_a_zone_that_was_refused_is_told() -> None:
    """The contact's own is no zone, so that of the number counts."""
    choice = ZoneChoice("America/Sao_Paulo", ZoneSource.PHONE, ((ZoneSource.CONTACT, "Mars/Olympus"),))
    facts = dict(judge(replace(GOOD, windows=(MORNING,), zone=choice)).passed)["send_window"]
    assert facts["zone_fallback"] == ["contact: Mars/Olympus"]


def test_F6_at_a_cap_it_waits_for_a_slot_or_its_deadline() -> None:
    """The facts name the cap and what it counted; the document may say to drop it, or to try the next channel."""
    full = replace(GOOD, deadline=None, caps=(ONE_IN_A_DAY,), slots=(EARLIER,))
    verdict = judge(full)
    free = NOW + timedelta(hours=20)
    assert verdict.until == free
    assert verdict.facts == {
        "cap": "one in a day", "limit": 1, "per": "1 d", "counted": [str(UUID(int=1))], "free_at": free.isoformat()
    }  # fmt: skip
    assert judge(replace(full, deadline=NOW + timedelta(hours=1))).until == NOW + timedelta(hours=1)
    assert judge(replace(full, at_cap=AtCap.DROP)).everywhere
    assert not judge(replace(full, at_cap=AtCap.NEXT_CHANNEL)).everywhere


def test_F5_an_important_message_passes_the_caps_and_the_facts_say_so() -> None:
    """One that is not important tells how many each cap counted."""
    important = replace(GOOD.message, important=True)
    verdict = judge(replace(GOOD, caps=(ONE_IN_A_DAY,), slots=(EARLIER,), message=important))
    assert dict(verdict.passed)["cap"] == {"exempt": True, "important": True}
    roomy = Cap("three in a day", 3, timedelta(days=1))
    verdict = judge(replace(GOOD, caps=(roomy,), slots=(EARLIER,)))
    assert dict(verdict.passed)["cap"] == {"caps": [{"cap": "three in a day", "counted": 1, "limit": 3}]}
