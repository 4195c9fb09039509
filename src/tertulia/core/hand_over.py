"""A customer is handed over to people (I6): their conversation waits for somebody, with what was collected so far.

It is the conversation that was active last; who never wrote gets one on the channel that their app or number is on.
What the customer is told answers what they wrote, so it goes out only where they did.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from tertulia.core import effects as fx
from tertulia.core import talk_effects as tx
from tertulia.core.conversation import ConversationRow
from tertulia.core.entries import HandOverEntry, key_of
from tertulia.core.identity import IdentityRef
from tertulia.core.reasons import Reason
from tertulia.core.replies import queue_reply
from tertulia.core.rows import ContactRow, RunRow
from tertulia.core.run_texts import write_text
from tertulia.core.stages import find_address
from tertulia.core.steps.sending import SendStep
from tertulia.core.talks import hand_over
from tertulia.core.world import ChannelFacts, World
from tertulia.ids import derive_id, shard_of_contact

BY_STEP: Final = "step"
BY_WORD: Final = "word"


def tell_run(world: World, run: RunRow, reason: str) -> dict[str, Any]:
    """What people need to know of a run that hands over: why, from where, what was answered, in which language, and
    the question that was asked last without an answer."""
    journey = world.config.journeys[run.journey_id]
    contact = world.contacts[run.contact_id]
    asked = run.step if reason == BY_WORD else run.question.get("failed", "")
    node = journey.programs[run.revision].nodes.get(asked)
    failed = write_text(world, run, node.step.text) if node and isinstance(node.step, SendStep) else ""
    told = {
        "reason": reason,
        "journey_id": run.journey_id,
        "journey": journey.name,
        "run": str(run.id),
        "step": run.step,
        "answers": dict(run.answers),
        "language": contact.locale,
        "failed_question": failed,
    }
    return {name: value for name, value in told.items() if value not in ("", {})}


def decide_hand_over(world: World, entry: HandOverEntry, workspace: int) -> None:
    """In the contact's shard; of one that was merged, at whom it became (M8)."""
    contact_id = world.follow(entry.contact_id)
    contact = world.contacts.get(contact_id)
    if contact_id != entry.contact_id and shard_of_contact(contact_id) != shard_of_contact(entry.contact_id):
        moved = msgspec.structs.replace(entry, contact_id=contact_id)
        world.forward(workspace, shard_of_contact(contact_id), key_of(entry) + ":to-contact", moved, contact_id)
        return
    if contact is None or contact.erased:
        return
    mine = [talk for (owner, _), talk in world.conversations.items() if owner == contact_id]
    talk = max(mine, key=lambda row: (row.last_at, str(row.id)), default=None)
    if talk is not None:
        _say(world, contact, talk, entry)
    else:
        talk = _open(world, contact, workspace, entry)
    if talk is None:
        _refuse(world, contact, workspace, entry)
        return
    hand_over(world, workspace, talk, contact_id, entry.facts, entry.at)


def _say(world: World, contact: ContactRow, talk: ConversationRow, entry: HandOverEntry) -> None:
    """To where the customer wrote from."""
    channel = world.config.channels.get(talk.channel_id)
    identity = _find_identity(contact, channel) if channel is not None else None
    if entry.say and channel is not None and identity is not None:
        queue_reply(world, channel, contact.id, identity, entry.say, cause=key_of(entry), at=entry.at)


def _open(world: World, contact: ContactRow, workspace: int, entry: HandOverEntry) -> ConversationRow | None:
    """A conversation on the first channel that the customer is on, an app before SMS."""
    channels = sorted(
        (row for row in world.config.channels.values() if row.workspace == workspace),
        key=lambda row: (not row.app, row.state != "live", row.id),
    )
    channel = next((row for row in channels if _find_identity(contact, row) is not None), None)
    if channel is None:
        return None
    conversation_id = derive_id("conversation", contact.id, channel.id, key_of(entry))
    world.add(tx.OpenConversation(workspace, contact.id, channel.id, conversation_id, entry.at))
    return world.conversations[(contact.id, channel.id)]


def _find_identity(contact: ContactRow, channel: ChannelFacts) -> IdentityRef | None:
    address = find_address(contact, channel)
    if address is None:
        return None
    kind, value, scope = address
    return IdentityRef(kind, scope, value)


def _refuse(world: World, contact: ContactRow, workspace: int, entry: HandOverEntry) -> None:
    """Nobody could answer there: the ledger says so (S1)."""
    world.add(
        fx.Decide(
            workspace=workspace,
            contact_id=contact.id,
            id=derive_id("ledger", "hand_over", str(entry.id)),
            match_id=None,
            delivery_id=None,
            outcome="not_handed_over",
            gate="address",
            reason=Reason.NO_ADDRESS.value,
            facts={},
            epoch=world.config.epoch(workspace),
            at=world.now,
            journey_id=entry.facts["journey_id"],
            run_id=UUID(entry.facts["run"]),
            step=entry.facts["step"],
        )
    )


def make_entry(world: World, run: RunRow, say: str, at: datetime) -> HandOverEntry:
    """What a step of a run hands over."""
    entry_id = derive_id("hand_over", str(run.id), run.step, run.visit)
    return HandOverEntry(run.contact_id, entry_id, at, tell_run(world, run, BY_STEP), say)
