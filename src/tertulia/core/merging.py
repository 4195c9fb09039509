"""Merges, their undoing, dismissed suggestions, consent by a person, erasure (M8, C1, C5).

A merge is a redirect and an entry in both logs: the absorbed contact's owner redirects it and takes back what was
queued; the owner of the contact that stays unites the consent by the stricter rule. Conversations go on where they
were begun (`talks`): of two on one channel each owner closes its own where the other's is older.
"""

from tertulia.core import effects as fx
from tertulia.core.attempts import revoke_delivery
from tertulia.core.came import match_by_number
from tertulia.core.carriers import EMAIL
from tertulia.core.consent import ANY, MARKETING, Cause, Given, unite_ledgers, write_subject
from tertulia.core.entries import (
    AbsorbEntry,
    ConsentEntry,
    DismissEntry,
    EraseEntry,
    MergeEntry,
    UnmergeEntry,
    key_of,
)
from tertulia.core.events import EVENT_IDENTITIES
from tertulia.core.families import take_over
from tertulia.core.journey import resolve_clocks
from tertulia.core.reasons import Reason
from tertulia.core.rows import ContactRow
from tertulia.core.run_ends import end, leave_where_met
from tertulia.core.sessions import carry_over, leave
from tertulia.core.talks import close_younger, find_family, reopen
from tertulia.core.world import World
from tertulia.ids import derive_id, shard_of_contact


def decide_merge(world: World, entry: MergeEntry, workspace: int) -> None:
    """In the absorbed contact's shard. What can no longer be done is left out: either is gone, merged already, or both
    have a `user_id` of their own and nobody decided it: a person does, or the business's own alias."""
    absorbed, into = world.contacts.get(entry.absorbed), world.contacts.get(world.follow(entry.into))
    if absorbed is None or into is None or absorbed.id == into.id or absorbed.merged_into is not None:
        return
    if absorbed.workspace != workspace or into.workspace != workspace or absorbed.erased or into.erased:
        return
    if entry.actor in ("customer", "event") and entry.rule != "alias" and _has_two_users(absorbed, into):
        world.add(fx.SuggestMerge(workspace, into.id, absorbed.id, entry.rule, {}, world.now))
        return
    merge_id = derive_id("merge", entry.absorbed, into.id, key_of(entry))
    _end_runs(world, absorbed.id, Reason.CONTACT_MERGED)
    _revoke_queued(world, absorbed, Reason.CONTACT_MERGED, replies=False)
    families = find_family(world, absorbed.id), find_family(world, into.id)
    close_younger(world, workspace, *families, merge_id, entry.at)
    world.add(
        fx.MergeContact(workspace, absorbed.id, into.id, merge_id, {"rule": entry.rule}, entry.actor, entry.at),
        fx.SettleSuggestion(workspace, into.id, absorbed.id, "merged", entry.actor),
    )
    take_over(world, absorbed)
    session = leave(world, absorbed.id)
    other = AbsorbEntry(
        *(into.id, absorbed.id, merge_id, entry.actor, entry.at, entry.rule, False),
        *(entry.match_id, entry.member_id, entry.app),
        *((session.id, session.started_at) if session else ()),
    )
    world.forward(workspace, shard_of_contact(into.id), key_of(other), other)


def _revoke_queued(world: World, contact: ContactRow, reason: Reason, *, replies: bool = True) -> None:
    """Take back what is not handed over yet; of a merge the answers still go out, to whom they answer (M8)."""
    for delivery in [d for d in world.open.values() if d.contact_id == contact.id and d.state in ("queued", "held")]:
        if replies or delivery.match_id is not None or delivery.run_id is not None:
            revoke_delivery(world, delivery, reason.value)


def _end_runs(world: World, contact_id: int, reason: Reason) -> None:
    """M8, C5: the runs of who is absorbed or erased are over."""
    for run_id in list(world.runs_of.get(contact_id, ())):
        end(world, world.runs[run_id], "exited", reason.value)


def _has_two_users(one: ContactRow, other: ContactRow) -> bool:
    mine = {row.identity.value for row in one.identities if row.identity.kind == "user_id"}
    theirs = {row.identity.value for row in other.identities if row.identity.kind == "user_id"}
    return bool(mine and theirs and mine != theirs)


def decide_absorb(world: World, entry: AbsorbEntry, workspace: int) -> None:
    """In the shard of the contact that stays."""
    into, absorbed = world.contacts.get(entry.into), world.contacts.get(entry.absorbed)
    if into is None:
        return
    absorption = fx.RecordAbsorption(
        workspace, entry.into, entry.absorbed, entry.merge_id, entry.actor, entry.at, entry.undo
    )
    world.add(absorption)
    _look_again(world, into)
    if entry.undo:
        reopen(world, workspace, find_family(world, into.id), entry.merge_id, entry.at)
        return
    if entry.session_id is not None and entry.session_at is not None:
        carry_over(world, workspace, into.id, entry.session_id, entry.session_at)
    if absorbed is None:
        return
    theirs = find_family(world, absorbed.id)
    close_younger(world, workspace, find_family(world, into.id) - theirs, theirs, entry.merge_id, entry.at)
    facts = unite_ledgers(
        into.consents,
        absorbed.consents,
        root_id=into.id,
        merge_id=f"merge:{entry.merge_id}",
        at=entry.at,
        actor=entry.actor,
    )
    for n, fact in enumerate(facts):
        world.add(
            fx.RecordConsent(
                workspace=workspace,
                contact_id=into.id,
                id=derive_id("consent", "merge", str(entry.merge_id), n),
                address=write_subject(fact.subject),
                channel=fact.channel,
                topic=fact.topic,
                state=fact.given.value,
                source=fact.source.value,
                evidence={"ref": fact.evidence},
                text_version=fact.text_version,
                actor=fact.actor,
                at=fact.at,
            )
        )
    if entry.match_id is not None and entry.member_id is not None:
        world.progress_to(entry.member_id, entry.match_id, "wrote", at=entry.at, app=entry.app)
        world.progress_to(entry.member_id, entry.match_id, "matched", at=entry.at, app=entry.app, reason="")
    elif entry.app:
        match_by_number(world, into.id, entry.app, entry.at)


def _look_again(world: World, contact: ContactRow) -> None:
    """What is known of the one who was absorbed is the contact's own now, or is not any more: it may be what a journey
    ends for (X5), and another clock (T5)."""
    leave_where_met(world, contact)
    resolve_clocks(world, contact)


def decide_unmerge(world: World, entry: UnmergeEntry, workspace: int) -> None:
    """Undo takes the redirect away; what was united stricter is as it was."""
    absorbed = world.contacts.get(entry.absorbed)
    if absorbed is None or absorbed.merged_into is None:
        return
    into = absorbed.merged_into
    reopen(world, workspace, find_family(world, absorbed.id), entry.merge_id, entry.at)
    world.add(fx.UndoMerge(workspace, absorbed.id, entry.merge_id, entry.actor, entry.at))
    other = AbsorbEntry(into, absorbed.id, entry.merge_id, entry.actor, entry.at, undo=True)
    world.forward(workspace, shard_of_contact(into), key_of(other), other)


def decide_dismiss(world: World, entry: DismissEntry, workspace: int) -> None:
    """A person says: not the same."""
    world.add(fx.SettleSuggestion(workspace, entry.contact_id, entry.other_id, "dismissed", entry.actor))


def decide_consent(world: World, entry: ConsentEntry, workspace: int) -> None:
    """A person, a form or a list granted or withdrew (C1)."""
    if entry.contact_id not in world.contacts:
        return
    world.add(
        fx.RecordConsent(
            workspace=workspace,
            contact_id=entry.contact_id,
            id=derive_id("consent", key_of(entry)),
            address=entry.address,
            channel=entry.channel,
            topic=entry.topic,
            state=entry.state,
            source=entry.source,
            evidence={"ref": f"{entry.source}:{entry.actor}", **entry.evidence},
            text_version=entry.text_version,
            actor=entry.actor,
            at=entry.at,
        )
    )
    _obey_mailbox(world, entry, workspace)


def _obey_mailbox(world: World, entry: ConsentEntry, workspace: int) -> None:
    """An e-mail address may be shared: who asks in it for no more offers asks for everybody who has it, until somebody
    agrees to them for it again."""
    contact = world.contacts[world.follow(entry.contact_id)]
    keys = dict.fromkeys(row.canonical for row in contact.addresses if row.kind == "email")
    wide = entry.channel in (ANY, EMAIL) and entry.topic in (ANY, MARKETING)
    cause = Cause.WITHDRAWN.value
    if entry.mailbox:
        for key in keys:
            world.add(fx.Suppress(workspace, "email", key, cause, EMAIL, entry.source, entry.evidence, entry.at))
    elif entry.state == Given.GRANTED.value and wide:
        for key in keys:
            world.add(fx.LiftSuppression(workspace, "email", key, cause, EMAIL, entry.at))


def decide_erase(world: World, entry: EraseEntry, workspace: int) -> None:
    """C5: the person goes, a proof stays that matches no one unless the same address comes back. What is queued for
    them is taken back; what was handed over loses its address and text, and still comes to its verdict."""
    contact = world.contacts.get(entry.contact_id)
    if contact is None or contact.erased:
        return
    _end_runs(world, contact.id, Reason.CONTACT_ERASED)
    _revoke_queued(world, contact, Reason.CONTACT_ERASED)
    proofs = tuple(dict.fromkeys((row.kind, row.canonical) for row in contact.addresses))
    identities = [row.identity for row in contact.identities]
    values = tuple(
        dict.fromkeys(
            [identity.value for identity in identities if identity.kind not in EVENT_IDENTITIES]
            + [row.value.lstrip("+") for row in contact.addresses]
        )
    )
    ids = tuple((identity.kind, identity.value) for identity in identities if identity.kind in EVENT_IDENTITIES)
    world.add(fx.Erase(workspace, contact.id, proofs, values, ids, entry.actor, entry.at))
