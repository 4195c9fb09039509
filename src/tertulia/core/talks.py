"""Conversations of merged contacts (M8).

A merge moves no conversation: it stays with the contact it was begun by, and goes on there for whoever that contact is
now. So its row may lie in another shard than the contact that stays, and what changes in it is decided by that shard's
owner: at once where it is the cycle's own, else by an entry. Of two open conversations on one channel the older goes on
and the other is closed, pointing to it; undoing the merge opens again what it closed.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from tertulia.core import talk_effects as tx
from tertulia.core.conversation import ConversationRow
from tertulia.core.entries import TalkEntry, key_of
from tertulia.core.world import World
from tertulia.ids import shard_of_contact


def find_family(world: World, contact_id: int) -> set[int]:
    """The contact and all that are merged into it, however far it goes, of those that are loaded."""
    return {member for member in world.contacts if contact_id in _list_redirects(world, member)}


def close_younger(world: World, workspace: int, mine: set[int], theirs: set[int], merge_id: UUID, at: datetime) -> None:
    """Close each open conversation of `mine` for which there is an older one of `theirs` on the same channel."""
    for row in [talk for talk in world.talks.values() if talk.contact_id in mine]:
        older = [
            talk
            for talk in world.talks.values()
            if talk.contact_id in theirs and talk.channel_id == row.channel_id and talk.age < row.age
        ]
        if older:
            goes_on = min(older, key=lambda talk: talk.age)
            if row.hand_over and not goes_on.hand_over:
                hand_over(world, workspace, goes_on, goes_on.contact_id, row.hand_over, at)
            entry = TalkEntry(row.contact_id, row.channel_id, row.id, at, into_id=goes_on.id, merge_id=merge_id)
            tell(world, workspace, entry)


def reopen(world: World, workspace: int, members: Iterable[int], merge_id: UUID, at: datetime) -> None:
    """Open again what a merge closed of these contacts."""
    for member in sorted(members):
        tell(world, workspace, TalkEntry(member, 0, merge_id, at, merge_id=merge_id))


def set_question(
    world: World, workspace: int, talk: ConversationRow, contact_id: int, question: dict[str, Any], at: datetime
) -> None:
    """A question to `contact_id` waits in a conversation, or (empty) waits no more."""
    talk.question = question
    entry = TalkEntry(talk.contact_id, talk.channel_id, talk.id, at, question=question)
    if talk.contact_id == contact_id:
        decide_talk(world, entry, workspace)
    else:
        tell(world, workspace, entry)


def hand_over(
    world: World, workspace: int, talk: ConversationRow, contact_id: int, facts: dict[str, Any], at: datetime
) -> None:
    """A conversation of `contact_id` waits for people (I6), or (without facts) waits no more. One that waits already
    waits since then, with the newer facts."""
    since = datetime.fromisoformat(talk.hand_over["at"]) if facts and talk.hand_over else at
    told = {**facts, "at": since.isoformat()} if facts else {}
    talk.hand_over = told
    entry = TalkEntry(talk.contact_id, talk.channel_id, talk.id, since, hand_over=told)
    if talk.contact_id == contact_id:
        decide_talk(world, entry, workspace)
    else:
        tell(world, workspace, entry)


def touch_elsewhere(world: World, workspace: int, talk: ConversationRow, contact_id: int) -> None:
    """A message of `contact_id` was stored in a conversation that goes on at a merged contact: that one is active."""
    if talk.contact_id != contact_id:
        tell(world, workspace, TalkEntry(talk.contact_id, talk.channel_id, talk.id, world.now))


def tell(world: World, workspace: int, entry: TalkEntry) -> None:
    """Decide about a conversation here where its shard is the cycle's own, else let its owner decide."""
    shard = shard_of_contact(entry.contact_id)
    if shard in world.owned:
        decide_talk(world, entry, workspace)
    else:
        world.forward(workspace, shard, key_of(entry), entry)


def decide_talk(world: World, entry: TalkEntry, workspace: int) -> None:
    """In the shard of the conversation's contact."""
    place = (workspace, entry.contact_id)
    if entry.into_id is not None and entry.merge_id is not None:
        world.add(tx.CloseConversation(*place, entry.channel_id, entry.conversation_id, entry.into_id, entry.merge_id))
    elif entry.merge_id is not None:
        world.add(tx.ReopenConversations(*place, entry.merge_id))
    elif entry.hand_over is not None:
        world.add(tx.HandOver(*place, entry.channel_id, entry.conversation_id, entry.at, entry.hand_over))
    elif entry.question is not None:
        world.add(tx.SetQuestion(*place, entry.channel_id, entry.conversation_id, entry.question))
    else:
        world.add(tx.TouchConversation(*place, entry.conversation_id, entry.at))


def _list_redirects(world: World, contact_id: int) -> list[int]:
    """The contact, whom it was merged into, and so on."""
    path = [contact_id]
    while (row := world.contacts.get(path[-1])) and row.merged_into is not None and row.merged_into not in path:
        path.append(row.merged_into)
    return path
