"""Slots at work, from the claim to the outcome (F2, F3, F6): whatever happens in whatever order, no cap is exceeded."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core import effects as fx
from tertulia.core import slot_effects as sx
from tertulia.core.came import subject_of
from tertulia.core.caps import Cap
from tertulia.core.claim import claim_delivery
from tertulia.core.consent import ConsentFact, Given, Source
from tertulia.core.decide import decide
from tertulia.core.entries import OutcomeEntry, ReceiptEntry
from tertulia.core.identity import IdentityRef
from tertulia.core.lanes import BULK, URGENT
from tertulia.core.rows import AddressRow, ContactRow
from tertulia.core.slots import wake_deferred
from tertulia.core.world import ChannelFacts, Config, WorkspaceFacts, World
from tertulia.ids import derive_delivery_id, make_contact_id

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PHONE = "+5511985550101"
ANA = make_contact_id(1, 3)
SUBJECT = subject_of(IdentityRef("phone", "", PHONE))
SMS = ChannelFacts(
    id=1, workspace=1, kind="twilio", name="SMS", state="live", app=False, scope="", window_s=None, text_max=1600,
    may_write_first="phone", rate_per_s=10, prices={"": (1000, "USD")}, retry_safe=False, can_look_up=False,
    greeting="", offers_text=False, first_message="",
)  # fmt: skip


@dataclass
class Play:
    """A customer who is sent messages that belong to nothing. `reached` are those that were handed over and have not
    failed, with the instant of it: what a person would count."""

    caps: tuple[Cap, ...]
    reached: dict[UUID, datetime] = field(default_factory=dict)
    deferred: set[UUID] = field(default_factory=set)

    def __post_init__(self) -> None:
        workspace = WorkspaceFacts(1, "Loja", b"k" * 32, "https://t.example", 30, "BR", "pt", "BRL", 1, caps=self.caps)
        self.world = World(NOW, Config({1: workspace}, {1: SMS}, {}), count(1))
        contact = ContactRow(ANA, 1, "Ana", "", "pt", "BR", "import:1", {}, NOW)
        contact.addresses.append(AddressRow("phone", PHONE, PHONE, "BR", True, "mobile"))
        granted = ConsentFact(ANA, SUBJECT, "sms", "marketing", Given.GRANTED, Source.FORM, NOW, "", "", "u")
        contact.consents.append(granted)
        self.world.contacts[ANA] = contact

    def queue(self, number: int, lane: int = 2) -> UUID:
        """A message that has its text."""
        id_ = derive_delivery_id(ANA, NOW.date(), "test", number)
        self.world.add(
            fx.QueueDelivery(
                *(1, ANA, id_, 1, None, 0, "marketing", lane, "phone", PHONE, "", {"text": "Hi."}, "test", NOW),
                *(None, self.world.now),
            )
        )
        return id_

    def claim(self, id_: UUID) -> None:
        row = self.world.open.get(id_)
        if row is not None and row.state == "queued":
            if claim_delivery(self.world, row):
                self.reached[id_] = self.world.now
                self.deferred.discard(id_)
            elif id_ in self.world.open:
                self.deferred.add(id_)

    def answer(self, id_: UUID, outcome: str) -> None:
        """The provider takes it, asks for another attempt, or refuses it for good."""
        row = self.world.open.get(id_)
        if row is not None and row.state == "sending":
            decide(self.world, OutcomeEntry(1, "twilio", id_, row.attempt, self.world.now, outcome), 1, 0)
            if outcome != "ok":
                self.reached.pop(id_, None)
        self.wake()

    def fail(self, id_: UUID) -> None:
        """The provider says later that it did not arrive."""
        if id_ in self.world.closed:
            decide(self.world, ReceiptEntry(1, "twilio", "failed", self.world.now, "SM1", delivery_id=id_), 1, 0)
            self.reached.pop(id_, None)
        self.wake()

    def wake(self) -> None:
        """As the cycle does when a slot was released: who is woken is claimed next."""
        waiting = [self.world.open[id_] for id_ in self.deferred if id_ in self.world.open]
        before = len(self.world.effects)
        wake_deferred(self.world, waiting)
        for effect in list(self.world.effects[before:]):
            if isinstance(effect, fx.SetOpenState):
                self.claim(effect.id)

    def is_kept(self, cap: Cap) -> bool:
        assert isinstance(cap.window, timedelta)
        times = list(self.reached.values())
        return all(sum(at - cap.window < other <= at for other in times) <= cap.limit for at in times)


some_caps = st.lists(
    st.builds(Cap, st.just("cap"), st.integers(1, 3), st.integers(1, 48).map(lambda hours: hours * HOUR)),
    min_size=1,
    max_size=3,
)
some_acts = st.lists(
    st.tuples(
        st.sampled_from(("claim", "ok", "retry", "gone", "fail", "wait")), st.integers(0, 7), st.integers(1, 900)
    ),
    max_size=60,
)


@given(some_caps, some_acts)
def test_F3_no_cap_is_exceeded_whatever_the_order_of_claims_and_outcomes(
    caps: list[Cap], acts: list[tuple[str, int, int]]
) -> None:
    """Eight messages are claimed, tried again, refused and given back in any order and at any time."""
    play = Play(tuple(caps))
    ids = [play.queue(number) for number in range(8)]
    for act, number, minutes in acts:
        match act:
            case "claim":
                play.claim(ids[number])
            case "wait":
                play.world.now += timedelta(minutes=minutes)
            case "fail":
                play.fail(ids[number])
            case _:
                play.answer(ids[number], act)
        assert all(play.is_kept(cap) for cap in caps)
    held = {row.delivery_id for row in play.world.slots.get(ANA, {}).values()}
    assert held >= play.reached.keys()


@given(st.permutations(range(5)), st.lists(st.sampled_from((URGENT, BULK)), min_size=5, max_size=5))
def test_F6_who_waits_is_woken_by_priority_then_by_age(order: list[int], lanes: list[int]) -> None:
    """One slot is released: the most urgent takes it, of two alike the older."""
    play = Play((Cap("one a day", 1, DAY),))
    first = play.queue(99)
    play.claim(first)
    ids = []
    for number in range(5):
        play.world.now += HOUR
        ids.append(play.queue(number, lanes[number]))
    for number in order:
        play.claim(ids[number])
    play.answer(first, "gone")
    [taken] = play.reached
    assert taken == ids[min(range(5), key=lambda number: (lanes[number], number))]


def test_F6_as_many_are_woken_as_fit() -> None:
    """Two slots are released together, four wait, two go out."""
    play = Play((Cap("two a day", 2, DAY),))
    ids = []
    for number in range(6):
        ids.append(play.queue(number))
        play.claim(ids[-1])
        play.world.now += timedelta(minutes=1)
    assert list(play.reached) == ids[:2]
    for id_ in ids[:2]:
        play.answer(id_, "gone")
    assert list(play.reached) == ids[2:4]


@pytest.mark.parametrize("class_", ["reply", "transactional"])
def test_F5_messages_of_exempt_classes_leave_no_slot(class_: str) -> None:
    """Neither when they go out nor when they fail."""
    play = Play((Cap("one a day", 1, DAY),))
    id_ = play.queue(1)
    play.world.open[id_].class_ = class_
    play.claim(id_)
    play.answer(id_, "gone")
    assert not [effect for effect in play.world.effects if isinstance(effect, sx.SetSlot | sx.ReleaseSlot)]


def test_F2_what_comes_after_a_failure_in_the_same_cycle_keeps_the_slot() -> None:
    """Released and taken over at once: nobody else sees room in between."""
    play = Play((Cap("one a day", 1, DAY),))
    first, other = play.queue(1), play.queue(2)
    play.claim(first)
    play.world.add(sx.ReleaseSlot(1, ANA, first), sx.MoveSlot(1, ANA, first, UUID(int=5)))
    play.claim(other)
    assert list(play.reached) == [first]
    assert [row.delivery_id for row in play.world.slots[ANA].values()] == [UUID(int=5)]
