"""Journeys that ask: questions, replies and hand-overs through the engine on a real database."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.workers.test_engine_journeys import add_customer
from tests.workers.town import Sending, Town

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
ANA = "+5511987650001"

RATE = """
name: Rating
entry: {event: Order Completed}
exceptions: [{event: Order Cancelled}]
steps:
  - id: stars
    kind: ask
    channels: [sms]
    text: "How many stars, {{ contact.name }}?"
    answer: number
    save: rating
    at_most: 1 d
    answered: [{id: thank, kind: message, channels: [sms], text: "Thank you for {{ answers.stars }}."}]
    missed: [{id: later, kind: message, channels: [sms], text: "Another time."}]
    not_understood: [{id: help, kind: hand_over, say: "One of us will write."}]
"""

KEYWORD = """
name: Keyword
entry: {kind: message, keyword: ["5"]}
steps: [{id: hello, kind: message, channels: [sms], text: Hello}]
"""


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace whose source 1 is its shop's server."""
    from tertulia.data.models import Source

    with Town(empty_database) as made:
        Source.objects.create(id=1, workspace=made.workspace, name="Shop", write_key="wk_1")
        made._change_epoch()
        yield made


def ask(town: Town, document: str = RATE, event: str = "Order Completed") -> tuple[int, Sending]:
    """Ana, and the question that was handed over to her and taken."""
    contact = add_customer(town)
    town.publish(document)
    town.event("track", user="u1", name=event)
    [sent] = town.sending("sms")
    town.outcome(sent, "ok", provider_id="p1")
    return contact, sent


def write_sms(town: Town, text: str, **facts: Any) -> None:
    town.write("sms", ANA, text, kind="phone", phone=ANA, **facts)


def say(town: Town, text: str, **facts: Any) -> None:
    """Ana answers by SMS, a minute later."""
    town.advance(MINUTE)
    write_sms(town, text, **facts)


def take_all(town: Town) -> list[str]:
    """What goes out now, each taken by the provider."""
    texts = []
    while sent := town.sending("sms"):
        for one in sent:
            texts.append(one.text)
            town.outcome(one, "ok", provider_id=f"p{one.id}")
    return texts


def attribute(town: Town, name: str) -> Any:
    [(found,)] = town.rows("select attributes -> %s from contact where name = 'Ana'", name)
    return found


def hand_overs(town: Town) -> list[dict[str, Any]]:
    return [row[0] for row in town.rows("select hand_over from conversation where handed_at is not null")]


def test_an_answer_is_kept_and_written_and_the_run_goes_on(town: Town) -> None:
    """As a value of its type, for later steps, conditions and the contact."""
    contact, _ = ask(town)
    assert town.live_runs() == [(contact, "stars")]
    say(town, "4,5")
    assert take_all(town) == ["Thank you for 4.5."]
    assert attribute(town, "rating") == 4.5
    assert town.past_runs() == [(contact, "completed", "")]
    assert town.rows("select answers from run") == [({"stars": 4.5},)]
    assert town.rows("select text from message where direction = 'in'") == [("4,5",)]


def test_a_reply_may_come_before_the_providers_answer(town: Town) -> None:
    """The question waits from its hand-over."""
    contact = add_customer(town)
    town.publish(RATE)
    town.event("track", user="u1", name="Order Completed")
    [sent] = town.sending("sms")
    write_sms(town, "5")
    assert [one.text for one in town.sending("sms") if one.id != sent.id] == ["Thank you for 5."]
    town.outcome(sent, "ok", provider_id="p1")
    take_all(town)
    assert town.past_runs() == [(contact, "completed", "")]


def test_E5_what_was_written_before_the_question_is_no_answer(town: Town) -> None:
    """However late the webhook comes."""
    contact, _ = ask(town)
    write_sms(town, "5", at=town.now - HOUR)
    assert town.live_runs() == [(contact, "stars")]
    assert take_all(town) == []


def test_the_same_reply_again_changes_nothing(town: Town) -> None:
    """A provider repeats its webhook."""
    ask(town)
    say(town, "many", message_id="m1")
    assert take_all(town) == ["Desculpe, não entendemos.\nHow many stars, Ana?"]
    say(town, "many", message_id="m1")
    assert take_all(town) == []


def test_what_is_not_understood_is_asked_again_and_then_goes_its_way(town: Town) -> None:
    """Twice, if nothing else is said; the conversation is handed over with what failed."""
    contact, _ = ask(town)
    for text in ("many", "so many"):
        say(town, text)
        assert take_all(town) == ["Desculpe, não entendemos.\nHow many stars, Ana?"]
        assert town.live_runs() == [(contact, "stars")]
    say(town, "lots")
    assert take_all(town) == ["One of us will write."]
    assert ("stars", "unanswered", "reply", "reply.not_understood") in town.ledger()
    [facts] = hand_overs(town)
    assert facts["reason"] == "step"
    assert facts["failed_question"] == "How many stars, Ana?"
    assert (facts["journey"], facts["step"]) == ("Rating", "help")


def test_a_repetition_begins_the_time_anew_and_no_reply_goes_its_way(town: Town) -> None:
    """A day after the last thing that was said."""
    ask(town)
    town.advance(20 * HOUR)
    say(town, "many")
    take_all(town)
    town.advance(23 * HOUR)
    assert town.sending("sms") == []
    town.advance(HOUR)
    assert take_all(town) == ["Another time."]
    assert ("stars", "unanswered", "reply", "reply.missed") in town.ledger()


def test_C2_only_clear_words_stop_while_a_question_waits(town: Town) -> None:
    """CANCEL is a reply; STOP stops, is confirmed once, and the question waits no more."""
    ask(town)
    say(town, "CANCEL")
    assert take_all(town) == ["Desculpe, não entendemos.\nHow many stars, Ana?"]
    assert town.rows("select count(*) from consent where source = 'opt_word'") == [(0,)]
    say(town, "STOP")
    [confirmed, *_] = take_all(town)
    assert "stars" not in confirmed
    assert town.rows("select state from consent where source = 'opt_word'") == [("withdrawn",)]
    assert ("stars", "unanswered", "reply", "reply.stopped") in town.ledger()
    say(town, "ok")
    assert take_all(town) == []


def test_a_reply_starts_no_journey_by_its_words(town: Town) -> None:
    """Where no question waits the same word does."""
    ask(town)
    town.publish(KEYWORD)
    say(town, "5")
    assert take_all(town) == ["Thank you for 5."]
    say(town, "5")
    assert take_all(town) == ["Hello"]


def test_I6_a_word_for_a_person_hands_over(town: Town) -> None:
    """With the answers so far and the question; the customer is told, and the run is over."""
    contact, _ = ask(town)
    say(town, "Atendente!")
    assert take_all(town) == ["Obrigado. Uma pessoa vai responder por aqui."]
    assert town.past_runs() == [(contact, "left", "run.handed_over")]
    [facts] = hand_overs(town)
    assert facts["reason"] == "word"
    assert facts["failed_question"] == "How many stars, Ana?"
    assert facts["language"] == "pt"


def test_X1_an_exception_ends_a_question(town: Town) -> None:
    """What is written then answers nothing."""
    contact, _ = ask(town)
    town.event("track", user="u1", name="Order Cancelled")
    assert town.past_runs() == [(contact, "exited", "run.exception")]
    say(town, "5")
    assert take_all(town) == []


def test_X1_a_queued_repetition_is_taken_back(town: Town) -> None:
    """It is a message of the run."""
    ask(town)
    town.pause_channel("sms")
    say(town, "many")
    town.event("track", user="u1", name="Order Cancelled")
    town.resume_channel("sms")
    town.advance(HOUR)
    assert take_all(town) == []


def test_M8_a_merge_ends_a_question(town: Town) -> None:
    """The absorbed contact's run is over."""
    contact, _ = ask(town)
    town.merge(contact, town.add_contact("Bea", "+5511987650002"))
    assert town.past_runs() == [(contact, "exited", "run.contact_merged")]
    say(town, "5")
    assert "Thank you for 5." not in take_all(town)


def test_a_newer_question_takes_the_place_of_an_older_one(town: Town) -> None:
    """The older run goes the way of no answer, and the ledger says why."""
    ask(town)
    town.publish(RATE.replace("Order Completed", "Order Returned").replace("How many stars", "How many boxes"))
    town.event("track", user="u1", name="Order Returned")
    assert sorted(take_all(town)) == ["Another time.", "How many boxes, Ana?"]
    assert ("stars", "unanswered", "reply", "reply.replaced") in town.ledger()
    say(town, "3")
    assert take_all(town) == ["Thank you for 3."]
    assert len(town.past_runs()) == 2


CHOICE = """
name: Colours
entry: {event: Order Completed}
steps:
  - id: colour
    kind: ask
    channels: [telegram, sms]
    text: "Which colour?"
    answer: choice
    choices: [{label: Blue, value: b}, {label: Agent, value: a}]
    at_most: 1 d
    answered:
      - id: which
        kind: branch
        branches:
          - when: {answer: colour, is: b}
            steps: [{id: blue, kind: message, channels: [sms], text: "It is {{ answers.colour }}."}]
        else: [{id: other, kind: message, channels: [sms], text: "Other."}]
"""


@pytest.mark.parametrize(
    ("reply", "said"), [("blue.", "It is b."), ("1", "It is b."), ("2)", "Other."), ("agent", "Other.")]
)
def test_a_choice_is_named_or_numbered(town: Town, reply: str, said: str) -> None:
    """By its label or its place; a choice's own word is no call for a person."""
    ask(town, CHOICE)
    say(town, reply)
    assert take_all(town) == [said]


def test_buttons_belong_to_their_question(town: Town) -> None:
    """A tap on an old one is kept and answers nothing."""
    _contact, sent = ask(town, CHOICE)
    [(content,)] = town.rows("select content from delivery where id = %s", sent.id)
    [(blue, payload), _] = content["choices"]
    assert blue == "Blue"
    say(town, "Blue", form="choice", payload="ask:000000000000:0")
    assert take_all(town) == []
    say(town, payload, form="choice", payload=payload)  # as LINE tells it
    assert take_all(town) == ["It is b."]
    assert town.rows("select text from message order by provider_at desc limit 1") == [("Blue",)]
    say(town, "Blue", form="choice", payload=payload)
    assert take_all(town) == []


def test_who_cannot_be_asked_goes_the_way_of_no_answer(town: Town) -> None:
    """On every channel it is refused."""
    add_customer(town)
    town.suppress(ANA, "legal")
    town.publish(RATE)
    town.event("track", user="u1", name="Order Completed")
    town.advance(SECOND)
    assert sorted(row[:2] for row in town.ledger()) == [("later", "not_sent"), ("stars", "not_sent")]


def test_a_hand_over_opens_a_conversation_with_who_never_wrote(town: Town) -> None:
    """Nothing is said there, for nothing is answered."""
    add_customer(town)
    town.publish('name: Help\nentry: {event: Order Completed}\nsteps: [{id: people, kind: hand_over, say: "Hello"}]')
    town.event("track", user="u1", name="Order Completed")
    assert take_all(town) == []
    [facts] = hand_overs(town)
    assert facts["step"] == "people"


def test_C5_an_erasure_leaves_no_answer_and_no_hand_over(town: Town) -> None:
    """In no table."""
    contact, _ = ask(town, RATE.replace("answer: number", "answer: text"))
    say(town, "Fliederbusch")
    take_all(town)
    town.erase(contact)
    assert town.find_text("Fliederbusch") == []


def test_a_repetition_that_is_not_taken_leaves_the_question_waiting(town: Town) -> None:
    """The customer has read it, and may still answer."""
    contact, _ = ask(town)
    say(town, "many")
    [again] = town.sending("sms")
    town.outcome(again, "gone", code="21610", reason="gone.blocked")
    assert town.live_runs() == [(contact, "stars")]
    town.advance(24 * HOUR)
    assert ("stars", "unanswered", "reply", "reply.missed") in town.ledger()


def test_S3_a_question_without_an_outcome_waits_all_the_same(town: Town) -> None:
    """Nobody knows whether it came; the time for a reply begins when nobody will say."""
    contact = add_customer(town)
    town.publish(RATE)
    town.event("track", user="u1", name="Order Completed")
    [sent] = town.sending("sms")
    town.outcome(sent, "ambiguous", lost=True)
    town.advance(16 * MINUTE)
    assert town.live_runs() == [(contact, "stars")]
    town.advance(24 * HOUR)
    assert ("stars", "unanswered", "reply", "reply.missed") in town.ledger()


def test_the_next_channel_asks_where_the_first_fails(town: Town) -> None:
    """The question waits on the one that took it, and what is written on the other is no reply."""
    add_customer(town)
    town.write("telegram", "77", "Hello", phone=ANA)
    document = RATE.replace("channels: [sms]", "channels: [telegram, sms]", 1)
    town.publish(f"class: transactional\n{document}")
    for sent in town.sending("telegram"):
        town.outcome(sent, "ok", provider_id="greeting")
    town.event("track", user="u1", name="Order Completed")
    [sent] = town.sending("telegram")
    town.outcome(sent, "gone", code="403", reason="gone.unreachable")
    [sent] = town.sending("sms")
    [(question,)] = town.rows("select question from run_open")
    assert question["channel"] == town.channels["sms"].pk
    say(town, "5")
    assert ("stars", "unanswered", "reply", "reply.missed") not in town.ledger()
    assert [one.text for one in town.sending("sms") if one.id != sent.id] == ["Thank you for 5."]


def test_V2_a_paused_journey_holds_the_repetition(town: Town) -> None:
    """What was written is heard, what would be said waits."""
    from django.db import transaction

    from tertulia.actions.journeys import pause
    from tertulia.data.models import Journey

    contact, _ = ask(town)
    with transaction.atomic():
        pause(Journey.objects.get(), None, town.now)
    say(town, "many")
    assert take_all(town) == []
    assert town.live_runs() == [(contact, "stars")]


def test_R1_a_run_that_begins_again_knows_no_answers(town: Town) -> None:
    """And asks again."""
    two = RATE.replace("entry: {event", "entry: {second: restart, event").replace(
        "answered: [", "answered: [{id: pause, kind: wait, for: 1 h}, "
    )
    ask(town, two)
    say(town, "4")
    assert town.rows("select answers from run_open") == [({"stars": 4},)]
    town.event("track", user="u1", name="Order Completed")
    assert town.rows("select answers from run_open") == [({},)]
    assert take_all(town) == ["How many stars, Ana?"]


def test_I6_somebody_says_that_it_was_answered(town: Town) -> None:
    """The conversation waits no more, and may be handed over again."""
    from tertulia.core.entries import TalkEntry

    ask(town)
    say(town, "agent")
    take_all(town)
    [(contact, channel, conversation)] = town.rows("select contact_id, channel_id, id from conversation")
    town.append(TalkEntry(contact, channel, conversation, town.now, hand_over={}))
    town.drain()
    assert hand_overs(town) == []
    town.event("track", user="u1", name="Order Completed")
    take_all(town)
    say(town, "agent")
    assert [facts["reason"] for facts in hand_overs(town)] == ["word"]


def test_M8_of_two_conversations_on_one_channel_the_wait_goes_on_in_the_one_that_stays(town: Town) -> None:
    """Closing the younger loses nobody who waits."""
    ask(town)
    bea = town.add_contact("Bea", "+5511987650002")
    town.write("sms", "+5511987650002", "Hello", kind="phone", phone="+5511987650002")
    say(town, "agent")
    [(ana,)] = town.rows("select contact_id from conversation where handed_at is not null")
    town.merge(ana, bea)
    rows = town.rows("select contact_id, state, handed_at is not null from conversation order by opened_at")
    assert rows == [(bea, "open", True), (ana, "resolved", False)]


def test_a_conversation_keeps_waiting_since_the_first_hand_over(town: Town) -> None:
    """A second one brings newer facts along, not a newer place in the queue."""
    ask(town)
    say(town, "agent")
    [(since,)] = town.rows("select handed_at from conversation")
    town.advance(HOUR)
    town.event("track", user="u1", name="Order Completed")
    take_all(town)
    say(town, "human")
    assert town.rows("select handed_at from conversation") == [(since,)]


def test_C5_an_erasure_empties_a_hand_over(town: Town) -> None:
    """What was asked and answered is gone, and nobody waits."""
    contact, _ = ask(town, RATE.replace("How many stars", "How is Fliederbusch"))
    say(town, "agent")
    take_all(town)
    [(home,)] = town.rows("select id from contact where merged_into is null")
    town.erase(home)
    town.erase(contact) if contact != home else None
    assert hand_overs(town) == []
    assert "conversation" not in town.find_text("Fliederbusch")
