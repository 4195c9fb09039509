"""The life of a delivery: I4's table, S2's retries, S3's unknown outcomes, S0's classes."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.deliveries import (
    CLASS_RULES,
    RANK,
    RETRY_ATTEMPTS_MAX,
    RETRY_LONGEST_S,
    TABLE,
    UNKNOWN_GIVE_UP_AFTER_S,
    DeliveryEvent,
    DeliveryState,
    Flag,
    IllegalTransition,
    MessageClass,
    Settlement,
    Transition,
    advance,
    retry_delay_s,
    settle_unknown,
)

STATES = st.sampled_from(DeliveryState)
RECEIPTS = st.sampled_from([e for e in DeliveryEvent if e.name.startswith("RECEIPT")])
BACK = {DeliveryEvent.REFUSE, DeliveryEvent.RESEND, DeliveryEvent.HOLD}


def walk(state: DeliveryState, events: list[DeliveryEvent]) -> tuple[DeliveryState, list[Flag]]:
    flags = []
    for event in events:
        step = advance(state, event)
        state = step.new
        flags.append(step.flag)
    return state, flags


def test_I4_the_table_names_every_state() -> None:
    """The states of the rule, and no other."""
    assert set(TABLE) == set(DeliveryState) == set(RANK)
    assert [s.value for s in DeliveryState] == [
        *("held", "queued", "sending", "unknown", "sent", "delivered", "read"),
        *("failed", "revoked", "expired", "dropped"),
    ]


@given(STATES, st.sampled_from(DeliveryEvent))
def test_I4_states_only_move_forward(state: DeliveryState, event: DeliveryEvent) -> None:
    """A transition's rank never falls, but for the steps that lead back before anything was accepted."""
    if event not in TABLE[state]:
        with pytest.raises(IllegalTransition, match=f"{state} cannot {event}"):
            advance(state, event)
        return
    new = advance(state, event).new
    assert RANK[new] >= RANK[state] or (event in BACK and RANK[state] <= RANK[DeliveryState.UNKNOWN])


@given(st.lists(RECEIPTS, max_size=8), st.randoms(use_true_random=False))
def test_I4_receipts_in_any_order_end_alike(receipts: list[DeliveryEvent], chance: object) -> None:
    """Doubled and disordered receipts lead to the same state."""
    shuffled = list(receipts)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert walk(DeliveryState.SENT, receipts)[0] == walk(DeliveryState.SENT, shuffled + receipts)[0]


def test_I4_delivered_after_failed_wins_and_is_flagged() -> None:
    """And a failure after the delivery changes nothing, but is told."""
    state, flags = walk(DeliveryState.SENT, [DeliveryEvent.RECEIPT_FAILED, DeliveryEvent.RECEIPT_DELIVERED])
    assert (state, flags[-1]) == (DeliveryState.DELIVERED, Flag.DELIVERED_AFTER_FAILED)
    assert advance(DeliveryState.READ, DeliveryEvent.RECEIPT_FAILED) == Transition(
        DeliveryState.READ, Flag.FAILED_AFTER_DELIVERED
    )


def test_I4_delivered_never_falls_back_to_sent() -> None:
    """Neither by a late receipt nor by the provider's answer overtaken by its receipt."""
    for event in (DeliveryEvent.RECEIPT_SENT, DeliveryEvent.ACCEPT):
        assert advance(DeliveryState.DELIVERED, event) == Transition(DeliveryState.DELIVERED, Flag.STALE)


def test_I4_illegal_transitions_raise() -> None:
    """What was settled is not claimed again; what is being handed over is not revoked (X2)."""
    for state, event in (
        (DeliveryState.SENT, DeliveryEvent.CLAIM),
        (DeliveryState.HELD, DeliveryEvent.CLAIM),
        (DeliveryState.DROPPED, DeliveryEvent.RELEASE),
        (DeliveryState.SENDING, DeliveryEvent.REVOKE),
        (DeliveryState.SENDING, DeliveryEvent.RESEND),
    ):
        with pytest.raises(IllegalTransition):
            advance(state, event)


def test_S3_a_late_receipt_stops_the_second_copy() -> None:
    """Unknown, queued again, then the first copy's receipt: nothing is sent twice."""
    state, flags = walk(
        DeliveryState.SENDING, [DeliveryEvent.LOSE, DeliveryEvent.RESEND, DeliveryEvent.RECEIPT_DELIVERED]
    )
    assert state is DeliveryState.DELIVERED
    assert flags == [Flag.NONE, Flag.SECOND_COPY, Flag.LATE_RECEIPT]


@given(st.sampled_from(MessageClass), st.booleans(), st.floats(0, 10 * UNKNOWN_GIVE_UP_AFTER_S))
def test_S3_only_transactional_is_ever_copied(kind: MessageClass, can_look_up: bool, waited: float) -> None:
    """Without an idempotency key marketing, service and replies are at most once."""
    chosen = settle_unknown(kind, can_look_up=can_look_up, retry_safe=False, unknown_for_s=waited)
    if kind is not MessageClass.TRANSACTIONAL:
        assert chosen is not Settlement.RESEND
    if can_look_up:
        assert chosen is Settlement.LOOK_UP


def test_S3_unknown_gets_a_verdict() -> None:
    """Marketing waits for a receipt, then expires; transactional goes again after a minute."""

    def settle(kind: MessageClass, waited: float, *, safe: bool = False) -> Settlement:
        return settle_unknown(kind, can_look_up=False, retry_safe=safe, unknown_for_s=waited)

    assert settle(MessageClass.MARKETING, 3600) is Settlement.WAIT
    assert settle(MessageClass.MARKETING, UNKNOWN_GIVE_UP_AFTER_S) is Settlement.GIVE_UP
    assert settle(MessageClass.TRANSACTIONAL, 59) is Settlement.WAIT
    assert settle(MessageClass.TRANSACTIONAL, 60) is Settlement.RESEND
    assert settle(MessageClass.MARKETING, 0, safe=True) is Settlement.RESEND
    assert advance(DeliveryState.UNKNOWN, DeliveryEvent.EXPIRE).new is DeliveryState.EXPIRED


@given(st.uuids(), st.integers(1, 40))
def test_S2_retries_back_off_with_jitter(delivery: UUID, attempt: int) -> None:
    """Doubling, at most 15 minutes, half of it by chance that a replay repeats; the eighth attempt is the last."""
    delay = retry_delay_s(delivery, attempt, throttled=True)
    assert delay is not None
    longest = min(RETRY_LONGEST_S, 2.0 * 2 ** (attempt - 1))
    assert longest / 2 <= delay <= longest
    assert delay == retry_delay_s(delivery, attempt, throttled=True)
    assert (retry_delay_s(delivery, attempt) is None) == (attempt >= RETRY_ATTEMPTS_MAX)


def test_S2_retry_after_is_obeyed_and_throttling_never_fails() -> None:
    """The provider's wish is a minimum; a batch does not come back in one instant."""
    delays = {retry_delay_s(UUID(int=d), 1, throttled=True, retry_after_s=30) for d in range(100)}
    assert all(delay is not None and 30 < delay <= 32 for delay in delays)
    assert len(delays) > 90
    assert retry_delay_s(UUID(int=1), 1000, throttled=True) is not None
    with pytest.raises(ValueError, match="from 1"):
        retry_delay_s(UUID(int=1), 0)


def test_S0_classes_and_their_exemptions() -> None:
    """Replies and transactional messages pass quiet hours, caps and marketing withdrawal; only transactional is at
    least once; service and marketing need a grant."""
    exempt = {k for k, r in CLASS_RULES.items() if r.exempt_from_windows and r.exempt_from_caps}
    assert exempt == {MessageClass.REPLY, MessageClass.TRANSACTIONAL}
    assert exempt == {k for k, r in CLASS_RULES.items() if r.exempt_from_withdrawal}
    assert {k for k, r in CLASS_RULES.items() if r.needs_grant} == set(MessageClass) - exempt
    assert {k for k, r in CLASS_RULES.items() if r.at_least_once} == {MessageClass.TRANSACTIONAL}
