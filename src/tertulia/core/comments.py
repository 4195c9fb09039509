"""A customer wrote publicly below a post of ours: who they are, and the journeys that begin by it.

A comment is no message: it opens no window, agrees to nothing, carries no link's code and stands in no conversation.
What no journey asks for leaves nothing behind, not even a contact. One that a journey asks for makes two identities its
contact's: the author's, by the id that the platform gives, and the comment's own, to which one private reply may go.
"""

from typing import Any

from tertulia.core import effects as fx
from tertulia.core.came import Came, find_linked
from tertulia.core.entries import Inbound
from tertulia.core.journeys import CommentEntry
from tertulia.core.occasions import COMMENT, COMMENTED, Occasion, is_comment_asked_for, name_channel
from tertulia.core.opt_words import OptAction, classify
from tertulia.core.private_replies import REPLY_WITHIN
from tertulia.core.triggers import react
from tertulia.core.world import ChannelFacts, World
from tertulia.ids import derive_id


def is_news(world: World, entry: Inbound, workspace: int) -> bool:
    """Whether a journey may begin by this comment, whoever wrote it, and it has not come before (I3). A word that stops
    messages begins nothing."""
    heard = world.config.heard.get((workspace, COMMENT, COMMENTED))
    late = world.now - world.config.workspaces[workspace].horizon
    if heard is None or entry.at < late or _is_kept(world, entry, workspace):
        return False
    said = classify(entry.text, question_waiting=False, country="", previously_stopped=False)
    if said.action is OptAction.STOP:
        return False
    properties = _describe(entry, world.config.channels[entry.channel_id])
    rules = [world.config.journeys[journey_id].program.journey.entry for journey_id in heard.starts]
    return any(isinstance(rule, CommentEntry) and is_comment_asked_for(rule, properties) for rule in rules)


def _is_kept(world: World, entry: Inbound, workspace: int) -> bool:
    row = world.identity(workspace, entry.aliases[0])
    return row is not None and row.contact_id is not None


def hear_comment(world: World, came: Came, contact_id: int) -> None:
    """In the contact's shard: the comment may be replied to once, and journeys begin."""
    entry = came.entry
    row = find_linked(world.contacts[contact_id], entry.aliases[0])
    assert row is not None, "taking the comment home has linked it"
    until, token = entry.at + REPLY_WITHIN, row.identity.value
    world.add(
        fx.TouchIdentity(
            *(came.workspace, row.identity, row.owner, entry.name, "", row.trust, until, "", token, entry.at)
        )
    )
    occasion_id = derive_id("occasion", "comment", came.channel.id, entry.message_id)
    properties = _describe(entry, came.channel)
    react(world, Occasion(came.workspace, contact_id, occasion_id, entry.at, COMMENT, COMMENTED, properties))


def _describe(entry: Inbound, channel: ChannelFacts) -> dict[str, Any]:
    """A comment's properties."""
    return {
        "text": entry.text,
        "comment_id": entry.message_id,
        "post_id": entry.post,
        **name_channel(channel),
    }
