"""A contact and those who were merged into it, as decisions see them: one person (M8).

Whoever loads a contact loads its family; here the facts of the absorbed come to the one that they became. What a shell
keeps stays as it was, so that undoing a merge needs no more than taking the redirect away.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from tertulia.core.rows import AssignmentRow, ContactRow, PassageRow
from tertulia.core.traits import unite

if TYPE_CHECKING:
    from tertulia.core.world import World


def join_families(world: "World", fresh: Iterable[ContactRow]) -> None:
    """Contacts that were just loaded, with everybody of their families: addresses, identities, consent, attributes and
    open conversations count as those of the one that stays. In the order of their ids: of two values without a time the
    first counts."""
    for contact in sorted(fresh, key=lambda row: row.id):
        root = world.contacts.get(world.follow(contact.id))
        if root is not None and root is not contact:
            root.addresses += contact.addresses
            root.identities += contact.identities
            root.consents += contact.consents
            unite(root, contact)
            _hand_over_talks(world, contact.id, root.id)


def _hand_over_talks(world: "World", contact_id: int, root_id: int) -> None:
    """The open conversations of a merged contact go on as those of its root; of two on one channel the older."""
    for talk in [row for row in world.talks.values() if row.contact_id == contact_id]:
        place = (root_id, talk.channel_id)
        known = world.conversations.get(place)
        if known is None or talk.age < known.age:
            world.conversations[place] = talk


def take_over(world: "World", absorbed: ContactRow) -> None:
    """A contact was merged just now: what follows in this cycle sees one person, as the next cycle will."""
    join_families(world, [absorbed])
    root_id = world.follow(absorbed.id)
    for passage in [row for row in world.passages.values() if row.contact_id == absorbed.id]:
        take_passage(world, passage)
    for (contact_id, experiment), assignment in list(world.assignments.items()):
        if contact_id == absorbed.id:
            take_assignment(world, root_id, experiment, assignment)
    if recalled := world.recalled.get(absorbed.id):
        world.recalled.setdefault(root_id, []).extend(recalled)


def take_assignment(world: "World", root_id: int, experiment: str, row: AssignmentRow) -> None:
    """Which way a contact went before they became `root_id`, or that one itself: the oldest word holds for all of a
    family (A1). Of two of the same instant that of who stays, then of the lower id."""

    def rank(one: AssignmentRow) -> tuple[datetime, bool, int]:
        return one.at, one.contact_id != root_id, one.contact_id

    world.assignments[(root_id, experiment)] = min(row, world.assignments.get((root_id, experiment), row), key=rank)


def take_passage(world: "World", row: PassageRow) -> None:
    """When a contact was in a journey before; what a merged one was counts for whom it became."""
    place = (row.journey_id, world.follow(row.contact_id), row.key)
    known = world.passages.setdefault(place, PassageRow(*place, row.entry_at, row.message_at))
    known.entry_at = max(known.entry_at, row.entry_at)
    if row.message_at is not None:
        known.message_at = max(row.message_at, known.message_at or row.message_at)
