"""What changes in a conversation of another shard is told to that shard's owner (M8)."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from tertulia.core import effects as fx
from tertulia.core import talk_effects as tx
from tertulia.core.conversation import ConversationRow
from tertulia.core.entries import TalkEntry, decode, encode, key_of, route
from tertulia.core.talks import decide_talk, set_question, touch_elsewhere
from tertulia.core.world import Config, World
from tertulia.ids import make_contact_id, shard_of_contact

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
ROOT, ABSORBED = make_contact_id(1, 3), make_contact_id(2, 9)
TALK = UUID(int=7)


@pytest.fixture
def world() -> World:
    """An owner of the root's shard alone."""
    return World(NOW, Config({}, {}, {}), iter(range(1, 100)), owned=frozenset({shard_of_contact(ROOT)}))


def talk() -> ConversationRow:
    """A conversation that the absorbed contact began."""
    return ConversationRow(TALK, ABSORBED, 5, {}, NOW, NOW)


def test_M8_another_shards_conversation_is_told_to_its_owner(world: World) -> None:
    """Its activity and its question travel as entries of their own; the question waits here at once."""
    row = talk()
    touch_elsewhere(world, 1, row, ROOT)
    set_question(world, 1, row, ROOT, {"kind": "x"}, NOW)
    entries = [effect.entry for effect in world.effects if isinstance(effect, fx.Forward)]
    assert [(entry.conversation_id, entry.question) for entry in entries] == [(TALK, None), (TALK, {"kind": "x"})]
    assert {route(1, entry) for entry in entries} == {shard_of_contact(ABSORBED)}
    assert len({key_of(entry) for entry in entries}) == 2
    assert row.question == {"kind": "x"}


@pytest.mark.parametrize(
    ("entry", "effect"),
    [
        (TalkEntry(ABSORBED, 5, TALK, NOW), tx.TouchConversation(1, ABSORBED, TALK, NOW)),
        (TalkEntry(ABSORBED, 5, TALK, NOW, question={}), tx.SetQuestion(1, ABSORBED, 5, TALK, {})),
        (
            TalkEntry(ABSORBED, 5, TALK, NOW, into_id=UUID(int=8), merge_id=UUID(int=9)),
            tx.CloseConversation(1, ABSORBED, 5, TALK, UUID(int=8), UUID(int=9)),
        ),
        (
            TalkEntry(ABSORBED, 0, UUID(int=9), NOW, merge_id=UUID(int=9)),
            tx.ReopenConversations(1, ABSORBED, UUID(int=9)),
        ),
    ],
)
def test_M8_the_owner_does_what_it_is_told(world: World, entry: TalkEntry, effect: fx.Effect) -> None:
    """Also when the entry was read back from the log."""
    decide_talk(world, decode(encode(entry).decode()), 1)
    assert list(world.effects) == [effect]
