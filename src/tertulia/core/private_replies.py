"""The one private reply to a comment (I7): a journey that began by it writes to the comment, for nobody may write to
its author in the app before they do.

A comment is an identity of its own beside its author's. Its window is the seven days in which the platform takes the
reply; its reply token is the comment's id, until a message that is handed over takes it, for good. More goes out only
when the person answers in the app: then to whoever answered, as long as that window is open.
"""

from datetime import timedelta
from typing import Final

from tertulia.core import effects as fx
from tertulia.core.came import subject_of
from tertulia.core.identity import COMMENT_KIND, IdentityRef
from tertulia.core.occasions import COMMENT
from tertulia.core.rows import ClosedDelivery, ContactRow, LinkedIdentity, OpenDelivery, RunRow
from tertulia.core.stages import find_address
from tertulia.core.world import ChannelFacts, World

REPLY_WITHIN: Final = timedelta(days=7)


def find_way(world: World, run: RunRow, contact: ContactRow, channel: ChannelFacts) -> tuple[str, str, str] | None:
    """Kind, value and scope of where a run writes on a channel: to the comment that began it, unless its author
    has an open window in the app, else as `find_address` says."""
    comment = _find_comment(run, contact, channel)
    if comment is None:
        return find_address(contact, channel)
    wrote = [row for row in contact.identities if row.channel_id == channel.id and row.identity.kind == channel.kind]
    opened = (row.identity for row in wrote if row.window_until is not None and row.window_until > world.now)
    to = next(opened, comment)
    return to.kind, to.value, to.scope


def _find_comment(run: RunRow, contact: ContactRow, channel: ChannelFacts) -> IdentityRef | None:
    if run.event.get("type") != COMMENT:
        return None
    value = run.event["properties"].get("comment_id")
    mine = (row.identity for row in contact.identities if row.channel_id == channel.id)
    return next((one for one in mine if (one.kind, one.value) == (COMMENT_KIND, value)), None)


def find_subject(world: World, delivery: OpenDelivery | ClosedDelivery, scope: str) -> IdentityRef:
    """Whose word about messages counts: that of the place, with its scope, or of a comment that of its author."""
    to = (delivery.to_kind, delivery.to_value, scope)
    contact = world.contacts.get(world.follow(delivery.contact_id)) if is_private(delivery) else None
    if contact is not None:
        to = find_address(contact, world.config.channels[delivery.channel_id]) or to
    return subject_of(IdentityRef(to[0], to[2], to[1]))


def is_private(delivery: OpenDelivery | ClosedDelivery) -> bool:
    """Whether a message goes out as the private reply to a comment."""
    return delivery.to_kind == COMMENT_KIND


def is_taken(delivery: OpenDelivery, linked: LinkedIdentity) -> bool:
    """Whether another message is the reply already; one that was handed over before has taken it."""
    return is_private(delivery) and not linked.reply_token and not delivery.attempt


def take_reply(world: World, delivery: OpenDelivery) -> None:
    """A message that is handed over is the comment's reply."""
    rows = world.contacts[delivery.contact_id].identities if is_private(delivery) else []
    row = next((one for one in rows if (one.identity.kind, one.identity.value) == _place(delivery)), None)
    if row is not None and row.reply_token:
        told = (row.name, row.username, row.trust, row.window_until, row.signal, "")
        world.add(fx.TouchIdentity(delivery.workspace, row.identity, row.owner, *told, world.now))


def _place(delivery: OpenDelivery) -> tuple[str, str]:
    return delivery.to_kind, delivery.to_value
