"""What begins a run and is no event, and whether it is what an entry asks for."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.conditions import Condition, Subject
from tertulia.core.journeys import ApiEntry, CommentEntry, EventEntry, MessageEntry
from tertulia.core.occasions import API, CALLED, COMMENT, COMMENTED, MESSAGE, RECEIVED, Occasion, begins
from tertulia.core.opt_words import normalise

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def occur(type_: str = MESSAGE, name: str = RECEIVED, **properties: Any) -> Occasion:
    told = {"text": "hello", "first": False, "channel": "Shop SMS", "channel_kind": "sms", **properties}
    return Occasion(1, 1, UUID(int=1), NOW, type_, name, told)


def ask(entry: Any, occasion: Occasion) -> bool:
    return begins(entry, occasion, Subject(occasion.properties, {"plan": "gold"}, {}))


@pytest.mark.parametrize(
    ("entry", "properties", "right"),
    [
        (MessageEntry(), {}, True),
        (MessageEntry(first=True), {}, False),
        (MessageEntry(first=True), {"first": True}, True),
        (MessageEntry(channel="sms"), {}, True),
        (MessageEntry(channel="Shop SMS"), {}, True),
        (MessageEntry(channel="line"), {}, False),
        (MessageEntry(keyword=("HELLO",)), {}, True),
        (MessageEntry(keyword=("hello",)), {"text": "well, hello"}, False),
        (MessageEntry(where=Condition(attribute="plan", is_="gold")), {}, True),
        (MessageEntry(where=Condition(attribute="plan", is_="free")), {}, False),
        (MessageEntry(where=Condition(property="text", contains="ell")), {}, True),
        (EventEntry(event="message_received"), {}, False),
        (ApiEntry(), {}, False),
    ],
)
def test_R6_what_a_message_starts(entry: Any, properties: dict[str, Any], right: bool) -> None:
    """Keyword, first, channel and condition all hold; what is no message starts nothing here."""
    assert ask(entry, occur(**properties)) is right


@pytest.mark.parametrize(
    ("entry", "properties", "right"),
    [
        (CommentEntry(), {}, True),
        (CommentEntry(keyword=("PREÇO",)), {"text": "Qual é o preço?"}, True),
        (CommentEntry(keyword=("price",)), {"text": "It is priceless"}, False),
        (CommentEntry(keyword=("how much", "cost")), {"text": "How  much!"}, True),
        (CommentEntry(keyword=("价格",)), {"text": "请问价格是多少"}, True),
        (CommentEntry(post="41"), {}, True),
        (CommentEntry(post="9_41"), {}, True),
        (CommentEntry(post="4"), {}, False),
        (CommentEntry(channel="messenger"), {}, True),
        (CommentEntry(channel="line"), {}, False),
        (MessageEntry(), {}, False),
    ],
)
def test_what_a_comment_starts(entry: Any, properties: dict[str, Any], right: bool) -> None:
    """A keyword stands in it as whole words, where the script has blanks between them; post and channel hold too."""
    told = {"text": "hello", "post_id": "9_41", "channel": "page", "channel_kind": "messenger", **properties}
    assert ask(entry, occur(COMMENT, COMMENTED, **told)) is right


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_keyword_is_always_the_whole_message(word: str, said: str) -> None:
    """Compared as opt-out words are."""
    assert ask(MessageEntry(keyword=(word,)), occur(text=said)) is (normalise(word) == normalise(said))


def test_a_call_of_the_api_starts_what_waits_for_one() -> None:
    """And nothing else does."""
    call = occur(API, CALLED, total=3)
    assert ask(ApiEntry(where=Condition(property="total", over=2)), call)
    assert not ask(ApiEntry(where=Condition(property="total", over=3)), call)
    assert not ask(MessageEntry(), call)
