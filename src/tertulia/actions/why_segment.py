"""Why is a contact in a segment, or not (S1)? The conditions that decide it, each with the value that is there.

What is asked is what the engine asks: the same facts, by the same tree. So the answer can only differ from the members
that are kept while a shard is still being looked through, or before the sweep at the turn of an hour; it says so then.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from tertulia.actions.config import load_config
from tertulia.actions.contacts import access_contact
from tertulia.actions.segment_cycle import load_member_facts
from tertulia.actions.segment_words import describe_decider
from tertulia.core.segment_findings import explain
from tertulia.core.world import World
from tertulia.data.models import Segment, Workspace
from tertulia.store import contacts as contact_store
from tertulia.store import world as loader
from tertulia.store.db import Conn
from tertulia.store.segments import Change, list_changes_of, list_segments_of

CHANGES_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class Ground:
    """One condition that decided, in words with what was there, and whether it holds."""

    sentence: str
    holds: bool


@dataclass(frozen=True, slots=True)
class SegmentAnswer:
    """The account. `outcome` is in, out, unpublished (nobody is in it), or counting: what is known says otherwise than
    the members do, which follow. `grounds` suffice for the answer; `changes` are the contact's, the newest first."""

    contact_id: int
    segment_id: int
    outcome: str
    sentence: str
    since: datetime | None = None
    grounds: tuple[Ground, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def is_in(self) -> bool:
        return self.outcome == "in"


def explain_membership(
    conn: Conn, workspace: Workspace, contact_id: int, segment: Segment, now: datetime, public_url: str
) -> SegmentAnswer:
    """The account for one contact and one segment. Raises NotFound for another workspace's contact."""
    contact = access_contact(conn, workspace, contact_id)
    config = load_config(conn, public_url)
    said = {"segment": segment.name}
    found = config.segments.get(segment.pk)
    if found is None:
        sentence = _("“%(segment)s” is not published, so nobody is in it.") % said
        return SegmentAnswer(contact.id, segment.pk, "unpublished", sentence)
    family = (contact.id, *contact_store.read_absorbed(conn, workspace.pk, contact.id))
    since = dict(list_segments_of(conn, family)).get(segment.pk)
    changes = tuple(list_changes_of(conn, family, segment.pk, CHANGES_MAX))
    world = World(now, config, iter(()))
    loader.load_contacts(conn, world, [contact.id])
    members = {member: world.follow(member) for member in world.contacts}
    facts = load_member_facts(conn, world, members, [found]).get(contact.id)
    if facts is None:
        sentence = _("This customer was erased, and is in no segment.")
        return SegmentAnswer(contact.id, segment.pk, "out", sentence)
    verdict = explain(found.node, facts, now)
    lists = {row.id: row.name for row in config.segments.values() if row.workspace == workspace.pk}
    grounds = tuple(Ground(describe_decider(one, lists), one.holds) for one in verdict.deciders)
    if verdict.belongs is not (since is not None):
        outcome = "counting"
        sentence = _("It is still being counted who is in “%(segment)s”. This customer will be in it.") % said
        if not verdict.belongs:
            sentence = _("It is still being counted who is in “%(segment)s”. This customer will not be in it.") % said
    elif verdict.belongs:
        outcome, sentence = "in", _("Is in “%(segment)s”.") % said
    else:
        outcome, sentence = "out", _("Is not in “%(segment)s”.") % said
    return SegmentAnswer(contact.id, segment.pk, outcome, sentence, since, grounds, changes)
