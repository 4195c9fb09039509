"""One contact: found, read whole, and what people ask for it (merge, undo, consent, erasure).

`access_contact` is the only way to a contact that a user or a machine may see; it follows a merge to the contact that
stands for the person now (M8), who is read together with those merged into them. Nothing that a decision depends on is
written here: `ask_*` give the log entries, the shell appends them (`store.asks`) and the contact's owner decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _

from tertulia.actions.profiles import unite_family
from tertulia.core import merge as rules
from tertulia.core.consent import ConsentState, Target, derive_all, read_subject, write_subject
from tertulia.core.entries import ConsentEntry, EraseEntry, MergeEntry, TalkEntry, UnmergeEntry
from tertulia.data.models import User, Workspace
from tertulia.errors import Conflict, Invalid, NotFound
from tertulia.store import contacts as store
from tertulia.store import events
from tertulia.store.conversations import list_handed_over_of
from tertulia.store.db import Conn

HOPS_MAX: Final = 50
END: Final = datetime(9999, 12, 31, tzinfo=UTC)
REASON_CHARACTERS_MAX: Final = 500
TOPICS: Final = ("marketing", "service", "*")
STATES: Final = ("granted", "withdrawn")


@dataclass(frozen=True, slots=True)
class Detail:
    """Everything that is shown of a contact but its timeline. `asked_id` is the id that was asked for, another one
    when it was merged; `family` the contact's id and those merged into it, whose children are read with it.
    `states` is what the ledger says now, for every address, channel and topic that it names."""

    contact: store.Contact
    asked_id: int
    family: tuple[int, ...]
    addresses: tuple[store.Address, ...]
    identities: tuple[store.Identity, ...]
    consents: tuple[store.Consent, ...]
    states: Mapping[Target, ConsentState]
    suppressions: tuple[store.Suppressed, ...]
    suggestions: tuple[store.Suggestion, ...]
    merges: tuple[store.Merge, ...]


def access_contact(conn: Conn, workspace: Workspace, contact_id: int) -> store.Contact:
    """The only way to a contact: one of this workspace, the merges followed. Raises NotFound."""
    for _hop in range(HOPS_MAX):
        contact = store.read_contact(conn, workspace.pk, contact_id)
        if contact is None:
            raise NotFound(_("This contact does not exist in this workspace."))
        if contact.merged_into is None:
            return contact
        contact_id = contact.merged_into
    raise NotFound(_("This contact does not exist in this workspace."))


def read_detail(conn: Conn, workspace: Workspace, contact_id: int) -> Detail:
    """The contact with all that belongs to it. Raises NotFound."""
    contact = access_contact(conn, workspace, contact_id)
    family = (contact.id, *store.read_absorbed(conn, workspace.pk, contact.id))
    addresses = store.read_addresses(conn, family)
    consents = store.read_consents(conn, family)
    undone = store.read_undone_evidence(conn, workspace.pk)
    return Detail(
        contact=unite_family(conn, contact, family),
        asked_id=contact_id,
        family=family,
        addresses=tuple(addresses),
        identities=tuple(store.read_identities(conn, family)),
        consents=tuple(consents),
        states=derive_all([consent.entry for consent in consents], undone=undone),
        suppressions=tuple(store.read_suppressions(conn, workspace.pk, addresses)),
        suggestions=tuple(store.read_suggestions(conn, family)),
        merges=tuple(store.read_merges(conn, workspace.pk, family)),
    )


def read_timeline(
    conn: Conn, workspace: Workspace, family: Sequence[int], before: datetime | None = None, limit: int = 50
) -> list[store.Happening]:
    """What happened with the contact, the newest first, its events in the business's own apps and sites among it."""
    found = store.read_timeline(conn, workspace.pk, family, before, limit)
    found += [tell_event(event) for event in events.list_contact_events(conn, family, before or END, limit)]
    return sorted(found, key=lambda happening: happening.at, reverse=True)[:limit]


def tell_event(event: events.StoredEvent) -> store.Happening:
    """An event as a line of the timeline: `ref` its id, `fact` its type, `text` its name."""
    return store.Happening(
        *(event.occurred_at, "event", event.contact_id, None, str(event.id), event.type, event.name, None, None)
    )


def preview_merge(conn: Conn, workspace: Workspace, into_id: int, absorbed_id: int) -> rules.Preview:
    """Every conflict of a merge and what will hold (M8). Raises NotFound."""
    root, absorbed = (_read_person(conn, workspace, contact_id) for contact_id in (into_id, absorbed_id))
    return rules.preview(root, absorbed)


def ask_merge(
    conn: Conn, workspace: Workspace, user: User | None, now: datetime, into_id: int, absorbed_id: int
) -> MergeEntry:
    """The entry that merges `absorbed_id` into `into_id`. Raises NotFound, or Conflict for what cannot be merged."""
    obstacle = preview_merge(conn, workspace, into_id, absorbed_id).obstacle
    if obstacle is not None:
        raise Conflict(obstacle_sentence(obstacle))
    return MergeEntry(into=into_id, absorbed=absorbed_id, actor=name_actor(user), at=now)


def ask_unmerge(conn: Conn, workspace: Workspace, user: User | None, now: datetime, merge_id: UUID) -> UnmergeEntry:
    """The entry that undoes a merge. Raises NotFound, or Conflict when it was undone already."""
    merge = store.read_merge(conn, workspace.pk, merge_id)
    if merge is None:
        raise NotFound(_("This merge does not exist in this workspace."))
    if merge.undone_at is not None:
        raise Conflict(_("This merge was undone already."))
    return UnmergeEntry(absorbed=merge.absorbed, merge_id=merge_id, actor=name_actor(user), at=now)


def dismiss_suggestion(conn: Conn, workspace: Workspace, user: User | None, contact_id: int, other_id: int) -> None:
    """Say that two contacts are not one person. Raises NotFound, or Conflict when it was settled already."""
    access_contact(conn, workspace, contact_id)
    if not store.settle_suggestion(conn, workspace.pk, contact_id, other_id, name_actor(user)):
        raise Conflict(_("This suggestion was settled already."))


def ask_consent(
    conn: Conn,
    workspace: Workspace,
    user: User | None,
    now: datetime,
    contact_id: int,
    *,
    address: str,
    channel: str,
    topic: str,
    state: str,
    reason: str,
) -> ConsentEntry:
    """The entry that grants or withdraws for a contact by a person's decision, who says why. `address` is an address
    or identity of the contact as the ledger writes it, `*` everywhere; `channel` a kind, `sms`, `email` or `*`. Raises
    Invalid, NotFound."""
    detail = read_detail(conn, workspace, contact_id)
    known = {write_subject(read_subject(f"{item.kind}:{item.value}")) for item in detail.addresses}
    known |= {write_subject(item.ref) for item in detail.identities}
    if address != "*" and address not in known:
        raise Invalid(_("The contact has no such address or app."), field="address")
    if topic not in TOPICS:
        raise Invalid(_("The topic is marketing, service or *."), field="topic")
    if state not in STATES:
        raise Invalid(_("Say granted or withdrawn."), field="state")
    if not reason.strip() or len(reason) > REASON_CHARACTERS_MAX:
        raise Invalid(_("Say in a sentence on what this rests."), field="reason")
    if not channel:
        raise Invalid(_("Name the channel, or * for all."), field="channel")
    evidence: dict[str, Any] = {"ref": f"person:{name_actor(user)}", "reason": reason.strip()}
    return ConsentEntry(
        *(detail.contact.id, address, channel, topic, state, "person", name_actor(user), now),
        evidence=evidence,
    )


def ask_erasure(
    conn: Conn, workspace: Workspace, user: User | None, now: datetime, contact_id: int
) -> list[EraseEntry]:
    """The entries that erase a person: the contact and everyone merged into it (C5). Raises NotFound, or Conflict
    when that was done already."""
    contact = access_contact(conn, workspace, contact_id)
    if contact.erased_at is not None:
        raise Conflict(_("This person was erased already."))
    family = (contact.id, *store.read_absorbed(conn, workspace.pk, contact.id))
    return [EraseEntry(contact_id=member, actor=name_actor(user), at=now) for member in family]


def ask_release(conn: Conn, workspace: Workspace, now: datetime, contact_id: int, conversation_id: UUID) -> TalkEntry:
    """The entry by which a conversation of a contact waits for nobody any more: somebody answered the customer (I6).
    Raises NotFound, or Conflict when it does not wait."""
    contact = access_contact(conn, workspace, contact_id)
    family = (contact.id, *store.read_absorbed(conn, workspace.pk, contact.id))
    found = next((row for row in list_handed_over_of(conn, family) if row.id == conversation_id), None)
    if found is None:
        raise Conflict(_("This conversation waits for nobody."))
    return TalkEntry(found.contact_id, found.channel_id, found.id, now, hand_over={})


def name_actor(user: User | None) -> str:
    """How a ledger names who did it: a user's id, or the API."""
    return f"user:{user.pk}" if user is not None else "api"


def obstacle_sentence(obstacle: rules.Obstacle) -> str:
    """Why two contacts cannot be merged, in the reader's language."""
    sentences: dict[rules.Obstacle, str] = {
        rules.Obstacle.SAME_CONTACT: _("These are the same contact already."),
        rules.Obstacle.ALREADY_MERGED: _("One of the contacts was merged into another one. Undo that first."),
        rules.Obstacle.ERASED: _("One of the contacts was erased."),
    }
    return sentences[obstacle]


def _read_person(conn: Conn, workspace: Workspace, contact_id: int) -> rules.Person:
    """A contact as the merge's rules look at it: itself, not whom it was merged into."""
    contact = store.read_contact(conn, workspace.pk, contact_id)
    if contact is None:
        raise NotFound(_("This contact does not exist in this workspace."))
    family = (contact.id, *store.read_absorbed(conn, workspace.pk, contact.id))
    addresses = store.read_addresses(conn, family)
    identities = [item for item in store.read_identities(conn, family) if item.unlinked_at is None]
    user_ids = [item.ref.value for item in identities if item.ref.kind == "user_id"]
    written = contact.updated_at
    fields = {"name": contact.name, "surname": contact.surname, "locale": contact.locale, **contact.attributes}
    changed = store.read_changed(conn, contact)
    return rules.Person(
        contact_id=contact.id,
        name=f"{contact.name} {contact.surname}".strip(),
        fields={name: (str(value), changed.get(name, written)) for name, value in fields.items() if value},
        phone_keys=frozenset(item.canonical for item in addresses if item.kind == "phone"),
        emails=frozenset(item.canonical for item in addresses if item.kind == "email"),
        user_ids=frozenset(filter(None, [contact.external_id, *user_ids])),
        identities=tuple(
            rules.LinkedIdentity(item.ref, item.trust, item.channel_id or 0, item.linked_at) for item in identities
        ),
        consents=tuple(item.entry for item in store.read_consents(conn, family)),
        conversations=tuple(
            rules.OpenConversation(str(row[0]), row[1], row[2]) for row in store.read_open_conversations(conn, family)
        ),
        queued=store.count_queued(conn, family),
        merged_into=contact.merged_into,
        erased=contact.erased_at is not None,
    )
