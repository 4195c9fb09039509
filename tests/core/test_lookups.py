"""Asking the provider about a lost message (S3): the pure core against a provider that loses answers."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tertulia.core import effects as fx
from tertulia.core.attempts import settle_lost
from tertulia.core.came import subject_of
from tertulia.core.claim import claim_delivery
from tertulia.core.consent import ConsentFact, Given, Source
from tertulia.core.decide import decide
from tertulia.core.deliveries import (
    RETRY_ATTEMPTS_MAX,
    UNDECIDED,
    DeliveryState,
    MessageClass,
    is_absence_sure,
    list_questions,
    seconds_to_question,
)
from tertulia.core.entries import Entry, LookUpEntry, OutcomeEntry, ReceiptEntry
from tertulia.core.identity import IdentityRef
from tertulia.core.progress import ProgressRow
from tertulia.core.rows import AddressRow, ContactRow
from tertulia.core.world import ChannelFacts, Config, MatchFacts, WorkspaceFacts, World
from tertulia.ids import derive_delivery_id, make_contact_id

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
PHONE = "+5511985550101"
ANA = make_contact_id(1, 3)
SUBJECT = subject_of(IdentityRef("phone", "", PHONE))
SMS, LINE = 1, 2


def make_channel(id_: int, **facts: Any) -> ChannelFacts:
    base: dict[str, Any] = {
        "id": id_, "workspace": 1, "kind": "twilio", "name": "SMS", "state": "live", "app": False, "scope": "",
        "window_s": None, "text_max": 1600, "may_write_first": "phone", "rate_per_s": 10, "prices": {"": (1000, "USD")},
        "retry_safe": False, "can_look_up": True, "greeting": "", "offers_text": False, "first_message": "",
    }  # fmt: skip
    return ChannelFacts(**{**base, **facts})


@dataclass
class Stage:
    """One delivery, its provider, and the clock between them. `taken` counts what the customer really gets."""

    class_: str = "marketing"
    channel: ChannelFacts = field(default_factory=lambda: make_channel(SMS))
    match_state: str = "live"
    content: dict[str, Any] = field(default_factory=dict)
    taken: int = 0

    def __post_init__(self) -> None:
        workspace = WorkspaceFacts(1, "Loja", b"k" * 32, "https://t.example", 30, "BR", "pt", "BRL", 1)
        match = MatchFacts(
            7, 1, "November", "live", self.channel.id, "Hi: {{ link }}", "fail", self.class_, (), (), None, None
        )
        self.world = World(NOW, Config({1: workspace}, {self.channel.id: self.channel}, {7: match}), count(1))
        contact = ContactRow(ANA, 1, "Ana", "", "pt", "BR", "import:1", {}, NOW)
        contact.addresses.append(AddressRow("phone", PHONE, PHONE, "BR", True, "mobile"))
        for topic in ("marketing", "service"):
            contact.consents.append(
                ConsentFact(ANA, SUBJECT, "sms", topic, Given.GRANTED, Source.CUSTOMER_LIST, NOW, "", "", "u")
            )
        self.world.contacts[ANA] = contact
        self.world.progress[(7, ANA)] = ProgressRow(7, ANA, 0, "waiting", "")
        self.id = derive_delivery_id(ANA, NOW.date(), "match", 7, 0)
        self.world.add(
            fx.QueueDelivery(
                *(1, ANA, self.id, self.channel.id, 7, 0, self.class_, 2, "phone", PHONE, "", self.content, "match:7"),
                *(NOW, None, NOW),
            )
        )

    @property
    def state(self) -> str:
        row = self.world.open.get(self.id)
        return row.state if row else self.world.closed[self.id].state

    @property
    def reasons(self) -> list[str]:
        return [effect.reason for effect in self.world.effects if isinstance(effect, fx.Decide)]

    @property
    def question(self) -> fx.AskProvider | None:
        """The question that is due or will be, if the delivery still waits for one."""
        asked = [effect for effect in self.world.effects if isinstance(effect, fx.AskProvider)]
        return asked[-1] if asked and asked[-1].at is not None and self.state == "unknown" else None

    def decide(self, entry: Entry) -> None:
        decide(self.world, entry, 1, 0)

    def stop(self) -> None:
        from dataclasses import replace

        config = self.world.config
        self.world.config = replace(config, matches={7: replace(config.matches[7], state="stopped")})

    def attempt(self, outcome: str, *, taken: bool) -> None:
        """The delivery is handed over; the provider takes it or not, and its answer is heard or not."""
        if self.state != "queued" or not claim_delivery(self.world, self.world.open[self.id]):
            return
        self.taken += taken
        attempt = self.world.open[self.id].attempt
        self.decide(OutcomeEntry(self.channel.id, "twilio", self.id, attempt, self.world.now, outcome, handed_at=NOW))

    def ask(self, finding: str, state: str = "") -> None:
        """Time comes to the question, and the provider answers."""
        if (question := self.question) is None:
            return
        assert question.at is not None
        self.world.now = max(self.world.now, question.at)
        attempt = self.world.open[self.id].attempt
        at, number = self.world.now, question.number
        told = {"provider_ids": ("SM1",), "state": state, "parts": 2} if finding == "found" else {}
        self.decide(LookUpEntry(self.channel.id, "twilio", self.id, attempt, number, at, finding, **told))

    def receive(self, state: str) -> None:
        self.decide(ReceiptEntry(self.channel.id, "twilio", state, self.world.now, "SM1", delivery_id=self.id))

    def wait(self, by: timedelta) -> None:
        """The engine settles what has been unknown long enough."""
        self.world.now += by
        due = [e.not_before for e in self.world.effects if isinstance(e, fx.SetOpenState)]
        if self.state == "unknown" and due[-1] <= self.world.now:
            settle_lost(self.world, self.world.open[self.id])


def test_S3_a_lost_marketing_message_that_the_provider_has_is_sent() -> None:
    """Asked after half a minute: it has the message, so the delivery is sent, with its parts' price, and says why."""
    stage = Stage()
    stage.attempt("ambiguous", taken=True)
    assert stage.question is not None
    assert (stage.question.number, stage.question.at) == (1, NOW + timedelta(seconds=30))
    stage.ask("found")
    assert stage.state == "sent"
    assert stage.reasons == ["passed", "provider.unknown", "provider.found"]
    [closed] = [effect for effect in stage.world.effects if isinstance(effect, fx.CloseDelivery)]
    assert (closed.provider_ids, closed.parts, closed.cost_micros) == (("SM1",), 2, 2000)


def test_S3_a_message_that_the_provider_surely_never_took_is_sent_again() -> None:
    """Ten minutes after the loss its absence is sure: sending it is no second copy, for marketing too."""
    stage = Stage()
    stage.attempt("ambiguous", taken=False)
    stage.ask("absent")
    stage.ask("absent")
    assert stage.state == "unknown", "a list may not show it at once"
    stage.ask("absent")
    assert stage.state == "queued"
    stage.attempt("ok", taken=True)
    assert (stage.state, stage.taken) == ("sent", 1)
    assert "second_copy" not in stage.reasons
    assert stage.reasons.count("provider.not_found") == 1


def test_S3_who_cannot_tell_is_asked_again_until_the_message_expires() -> None:
    """Every question is unclear: after the last one the message waits as if nobody could be asked, and expires."""
    stage = Stage()
    stage.attempt("ambiguous", taken=True)
    asked = 0
    while stage.question is not None:
        stage.ask("unclear")
        asked += 1
    assert asked == len(list_questions(MessageClass.MARKETING))
    stage.wait(timedelta(hours=72))
    assert (stage.state, stage.taken) == ("expired", 1)


def test_S3_a_transactional_message_is_asked_about_before_its_second_copy() -> None:
    """Found within the minute: no second copy. Unclear: the copy goes as it always did, and the ledger says so."""
    found, unclear = Stage("transactional"), Stage("transactional")
    for stage in (found, unclear):
        stage.attempt("ambiguous", taken=True)
    found.ask("found")
    assert found.state == "sent"
    while unclear.question is not None:
        unclear.ask("unclear")
    assert unclear.world.now < NOW + timedelta(seconds=60)
    unclear.wait(timedelta(seconds=60))
    assert unclear.state == "queued"
    assert unclear.reasons[-1] == "second_copy"
    unclear.ask("found")
    unclear.decide(LookUpEntry(SMS, "twilio", unclear.id, 1, 3, unclear.world.now, "found", ("SM1",)))
    assert unclear.state == "sent", "the answer that came too late for the copy stops it before it is handed over"


def test_S3_a_message_that_was_found_failed_has_failed() -> None:
    """The provider has it and could not deliver it: its code counts as in a receipt."""
    stage = Stage()
    stage.attempt("ambiguous", taken=True)
    entry = LookUpEntry(
        *(SMS, "twilio", stage.id, 1, 1, NOW, "found", ("SM1",), "failed", "gone", "30005", "gone.unknown")
    )
    stage.decide(entry)
    assert (stage.state, stage.world.contacts[ANA].addresses[0].dead_code) == ("failed", "30005")


def test_S3_an_answer_about_an_earlier_attempt_sends_nothing() -> None:
    """Absence is told of the attempt that was asked about; the one after it has its own questions."""
    stage = Stage()
    stage.attempt("ambiguous", taken=False)
    for _ in range(3):
        stage.ask("absent")
    stage.attempt("ambiguous", taken=True)
    stage.decide(LookUpEntry(SMS, "twilio", stage.id, 1, 4, stage.world.now, "absent"))
    assert stage.state == "unknown"


def test_S3_absent_after_the_last_attempt_is_a_failure() -> None:
    """Nothing is tried for ever."""
    stage = Stage()
    for _ in range(RETRY_ATTEMPTS_MAX):
        stage.attempt("ambiguous", taken=False)
        for _ in range(3):
            stage.ask("absent")
    assert stage.state == "failed"
    assert stage.reasons[-1] == "provider.retries_spent"


def test_S3_nobody_is_asked_where_nobody_can_be() -> None:
    """A channel without a look-up waits for a receipt as before."""
    stage = Stage(channel=make_channel(SMS, can_look_up=False))
    stage.attempt("ambiguous", taken=True)
    assert stage.question is None
    stage.wait(timedelta(hours=72))
    assert stage.state == "expired"


def test_S3_a_key_makes_a_retry_safe_but_not_of_a_first_contact_by_number() -> None:
    """LINE's key goes with a push alone: a push by phone number, or an answer under a reply token, is never repeated
    blindly."""
    channel = make_channel(LINE, retry_safe=True, can_look_up=False)
    pushed = Stage(channel=channel, content={"text": "Hi"})
    pushed.attempt("ambiguous", taken=True)
    pushed.wait(timedelta(minutes=15))
    assert pushed.state == "queued"
    assert pushed.reasons[-1] == "provider.safe_retry"
    for content in ({"text": "Hi", "direct": True}, {"text": "Hi", "reply_token": "r1"}):
        stage = Stage(channel=channel, content=content)
        stage.attempt("ambiguous", taken=True)
        stage.wait(timedelta(minutes=15))
        assert stage.state == "unknown"
        stage.wait(timedelta(hours=72))
        assert (stage.state, stage.taken) == ("expired", 1)


@pytest.mark.parametrize("how", ["absent", "refused"])
def test_V2_what_comes_back_after_the_stop_is_taken_back(how: str) -> None:
    """A match was stopped while its message was with the provider; what would be tried again is revoked instead."""
    stage = Stage()
    if how == "absent":
        stage.attempt("ambiguous", taken=False)
        stage.stop()
        for _ in range(3):
            stage.ask("absent")
    else:
        claim_delivery(stage.world, stage.world.open[stage.id])
        stage.stop()
        stage.decide(OutcomeEntry(SMS, "twilio", stage.id, 1, NOW, "retry", reason="retry.throttled"))
    assert stage.state == "revoked"
    assert stage.reasons[-1] == "run.stopped"


def test_questions_are_a_table() -> None:
    """Their times rise, absence becomes sure and stays so, and the last comes before the end of waiting."""
    for class_ in MessageClass:
        questions = list_questions(class_)
        times = [question.after_s for question in questions]
        assert times == sorted(set(times))
        assert [q.sure for q in questions] == sorted(q.sure for q in questions)
        assert times[-1] < (60 if class_ is MessageClass.TRANSACTIONAL else 72 * 3600)
        assert sum(filter(None, (seconds_to_question(class_, n) for n in range(1, len(times) + 1)))) == times[-1]
        assert seconds_to_question(class_, len(times) + 1) is None
        assert not is_absence_sure(class_, 0)
        assert not is_absence_sure(class_, len(times) + 1)


class Provider:
    """Draws what the provider does. It tells the truth: what it took it may not show in the first minutes, but it
    never says surely absent of what it has, and never claims to have what it has not."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data

    def finding(self, stage: Stage) -> str:
        question = stage.question
        if question is None:
            return "unclear"
        if not stage.taken:
            return self.data.draw(st.sampled_from(["absent", "unclear"]))
        hidden = [] if is_absence_sure(MessageClass(stage.class_), question.number) else ["absent"]
        return self.data.draw(st.sampled_from(["found", "unclear", *hidden]))

    def act(self, stage: Stage) -> None:
        match self.data.draw(st.sampled_from(["ok", "lost", "refused", "ask", "ask", "receipt", "wait"])):
            case "ok":
                stage.attempt("ok", taken=True)
            case "lost":
                stage.attempt("ambiguous", taken=self.data.draw(st.booleans()))
            case "refused":
                stage.attempt("retry", taken=False)
            case "ask":
                stage.ask(self.finding(stage), self.data.draw(st.sampled_from(["", "sent", "delivered"])))
            case "receipt" if stage.taken:
                stage.receive(self.data.draw(st.sampled_from(["sent", "delivered", "failed"])))
            case "wait":
                stage.wait(timedelta(hours=self.data.draw(st.sampled_from([1, 24, 72]))))


@given(data=st.data(), class_=st.sampled_from(["marketing", "service", "reply", "transactional"]))
@settings(max_examples=400)
def test_S3_nobody_gets_a_marketing_message_twice_and_nothing_is_without_a_verdict(
    data: st.DataObject, class_: str
) -> None:
    """Any sequence of lost answers, answers to questions, late receipts and time: at most once but for transactional
    messages, whose second copy the ledger names; and in the end every delivery has its verdict."""
    stage, provider = Stage(class_), Provider(data)
    for _ in range(data.draw(st.integers(1, 25))):
        provider.act(stage)
    for _ in range(200):
        if DeliveryState(stage.state) not in UNDECIDED:
            break
        stage.attempt("ok", taken=True)
        stage.ask(provider.finding(stage))
        stage.wait(timedelta(hours=72))
    assert DeliveryState(stage.state) not in UNDECIDED
    copies = stage.reasons.count("second_copy")
    assert stage.taken <= 1 + (copies if class_ == "transactional" else 0)
    assert copies == 0 or class_ == "transactional"
    assert isinstance(stage.id, UUID)
