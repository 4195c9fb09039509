"""Reads of contacts for pages and the API; the one write is the dismissal of a suggestion.

Everything that a decision depends on (merges, consent, erasure) is not written here but asked for through the log. A
contact that others were merged into is read together with them: their children keep their own contact id (M8).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tertulia.core.consent import ConsentFact, Given, Source, read_subject
from tertulia.core.entries import shard_of_address
from tertulia.core.identity import IdentityRef, Trust
from tertulia.core.rows import ContactRow
from tertulia.core.search import make_patterns
from tertulia.ids import shard_of_contact
from tertulia.store.db import Conn, fetch_all, fetch_one, load, read_json, run

ID_MAX = 2**63 - 1
SAMPLE_ROWS = 5_000
SAMPLE_HITS_MIN = 25  # below, the error is larger than a fifth


@dataclass(frozen=True, slots=True)
class Filter:
    """Which contacts: folded `words`, those of an import, reachable in an `app` (channel kind, or `any`), with a
    number that takes SMS, by marketing `consent` (granted, withdrawn, none), of a `country` (ISO 3166), with an
    `attribute` of that `value`, whatever its case, or with any value, and those in a segment. Empty means any."""

    words: tuple[str, ...] = ()
    import_id: int = 0
    app: str = ""
    sms: bool = False
    consent: str = ""
    country: str = ""
    attribute: str = ""
    value: str = ""
    segment_id: int = 0


@dataclass(frozen=True, slots=True)
class ListedContact:
    """A row of the list. `sms`: the phone takes SMS and is not known dead; `apps`: kinds of linked identities."""

    id: int
    name: str
    surname: str
    country: str
    source: str
    created_at: datetime
    active_at: datetime | None
    phone: str
    sms: bool
    apps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact's own facts."""

    id: int
    workspace: int
    name: str
    surname: str
    locale: str
    zone: str
    country: str
    external_id: str
    attributes: dict[str, Any]
    source: str
    created_at: datetime
    updated_at: datetime
    active_at: datetime | None
    merged_into: int | None
    erased_at: datetime | None


@dataclass(frozen=True, slots=True)
class Address:
    contact_id: int
    kind: str
    value: str
    canonical: str
    line_type: str
    country: str
    sms: bool
    dead_code: str
    dead_at: datetime | None
    source: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """An identity with its history: `unlinked_at` when it no longer belongs to the contact."""

    contact_id: int
    ref: IdentityRef
    channel_id: int | None
    name: str
    username: str
    trust: Trust
    evidence: dict[str, Any]
    linked_at: datetime
    unlinked_at: datetime | None
    window_until: datetime | None
    signal: str


@dataclass(frozen=True, slots=True)
class Consent:
    """A row of the ledger as it is shown: the entry that rules read, and its whole proof."""

    id: UUID
    entry: ConsentFact
    address: str
    proof: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Suppressed:
    kind: str
    canonical: str
    cause: str
    channel: str
    source: str
    at: datetime
    lifted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Perhaps the same person; `state` is open, merged or dismissed."""

    contact_id: int
    other_id: int
    rule: str
    evidence: dict[str, Any]
    at: datetime
    state: str
    actor: str


@dataclass(frozen=True, slots=True)
class Merge:
    """One merge, undone or not."""

    id: UUID
    absorbed: int
    into: int
    evidence: dict[str, Any]
    actor: str
    at: datetime
    undone_at: datetime | None
    undone_by: str


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a timeline. `what`: message_in, message_out, delivery, click, consent, linked, unlinked, merged,
    unmerged, imported, event; `ref` leads to it, `fact` is its code, `text` people's own words or a name."""

    at: datetime
    what: str
    contact_id: int
    channel_id: int | None
    ref: str
    fact: str
    text: str
    match_id: int | None
    journey_id: int | None


def list_contacts(
    conn: Conn, workspace: int, which: Filter, before: tuple[datetime, int] | None, limit: int, *, rare: bool = False
) -> list[ListedContact]:
    """One page, the newest first, from after `before` (created_at and id of the page before's last row). `rare` is a
    hint that few contacts of many meet the filter; it changes the way there, never the answer."""
    args = {**_filter_args(workspace, which), "limit": limit}
    args["before_at"], args["before_id"] = before or ("infinity", ID_MAX)
    query = "list_rare" if rare else "list"
    return [ListedContact(*(*row[:9], tuple(row[9]))) for row in fetch_all(conn, load("contacts")[query], args)]


def list_contacts_by_id(conn: Conn, workspace: int, ids: Sequence[int]) -> list[ListedContact]:
    """These contacts, as they are listed, the newest first; ids of other workspaces are left out."""
    args = {**_family_args(ids), "workspace": workspace}
    return [ListedContact(*(*row[:9], tuple(row[9]))) for row in fetch_all(conn, load("contacts")["list_by_id"], args)]


def count_contacts(conn: Conn, workspace: int, which: Filter) -> int:
    """How many contacts the filter finds, exactly."""
    row = fetch_one(conn, load("contacts")["count"], _filter_args(workspace, which))
    return int(row[0]) if row else 0


def estimate_contacts(conn: Conn, workspace: int, which: Filter, total: int) -> int | None:
    """About how many of the workspace's `total` contacts the filter finds, from a sample of them; None where too few of
    the sample do to say."""
    args = {**_filter_args(workspace, which), "percent": min(100.0, 100.0 * SAMPLE_ROWS / max(total, 1))}
    row = fetch_one(conn, load("contacts")["estimate"], args)
    if row is None or row[0] < SAMPLE_HITS_MIN:
        return None
    return round(total * float(row[0]) / float(row[1]))


def read_contact(conn: Conn, workspace: int, contact_id: int) -> Contact | None:
    """The contact itself, wherever it was merged to since; None when this workspace has none of that id."""
    if not 0 <= contact_id <= ID_MAX:
        return None
    args = {"shard": shard_of_contact(contact_id), "id": contact_id, "workspace": workspace}
    row = fetch_one(conn, load("contacts")["get"], args)
    return None if row is None else Contact(*(*row[:8], read_json(row[8]), *row[9:]))


def read_profiles(conn: Conn, family: Sequence[int]) -> dict[int, ContactRow]:
    """Fields and attributes of contacts with the times of their writes, as a merge unites them; by id."""
    rows = _of_family(conn, "profiles", family)
    return {
        id_: ContactRow(
            *(id_, workspace, name, surname, locale, country, source, read_json(attributes)),
            created_at=created_at,
            zone=zone,
            changed=read_json(changed),
        )
        for id_, workspace, name, surname, locale, country, source, attributes, created_at, zone, changed in rows
    }


def read_absorbed(conn: Conn, workspace: int, contact_id: int) -> list[int]:
    """Ids of the contacts that were merged into this one, directly or through others."""
    return [row[0] for row in fetch_all(conn, load("contacts")["absorbed"], {"workspace": workspace, "id": contact_id})]


def read_addresses(conn: Conn, family: Sequence[int]) -> list[Address]:
    """Where the contacts may be written to, oldest first."""
    return [Address(*row) for row in _of_family(conn, "addresses", family)]


def read_identities(conn: Conn, family: Sequence[int]) -> list[Identity]:
    """Who writes to us as these contacts; linked ones first."""
    rows = _of_family(conn, "identities", family)
    return [
        Identity(r[0], IdentityRef(r[1], r[2], r[3]), r[4], r[5], r[6], Trust(r[7]), read_json(r[8]), *r[9:])
        for r in rows
    ]


def read_consents(conn: Conn, family: Sequence[int]) -> list[Consent]:
    """The consent ledger, the newest entry first."""
    found = []
    for row in _of_family(conn, "consents", family):
        contact_id, consent_id, address, channel, topic, state, source, evidence, text_version, actor, at = row
        proof = read_json(evidence)
        entry = ConsentFact(
            *(contact_id, read_subject(address), channel, topic, Given(state), Source(source), at),
            *(str(proof.get("ref", "")), text_version, actor),
        )
        found.append(Consent(consent_id, entry, address, proof))
    return found


def read_undone_evidence(conn: Conn, workspace: int) -> frozenset[str]:
    """Evidence that no longer counts: of undone imports and merges."""
    return frozenset(row[0] for row in fetch_all(conn, load("contacts")["undone_evidence"], {"workspace": workspace}))


def read_suppressions(conn: Conn, workspace: int, addresses: Sequence[Address]) -> list[Suppressed]:
    """What stands, or stood, against these addresses."""
    args = {
        "workspace": workspace,
        "shards": [shard_of_address(workspace, address.kind, address.canonical) for address in addresses],
        "kinds": [address.kind for address in addresses],
        "canonicals": [address.canonical for address in addresses],
    }
    return [Suppressed(*row) for row in fetch_all(conn, load("contacts")["suppressions"], args)] if addresses else []


def read_suggestions(conn: Conn, family: Sequence[int]) -> list[Suggestion]:
    """Suggestions raised for these contacts, settled ones included."""
    return [_suggestion(row) for row in _of_family(conn, "suggestions_of", family)]


def list_open_suggestions(conn: Conn, workspace: int, before: datetime | None, limit: int) -> list[Suggestion]:
    """The workspace's open suggestions, the newest first."""
    args = {"workspace": workspace, "before": before or "infinity", "limit": limit}
    return [_suggestion(row) for row in fetch_all(conn, load("contacts")["open_suggestions"], args)]


def settle_suggestion(conn: Conn, workspace: int, contact_id: int, other_id: int, actor: str) -> bool:
    """Dismiss an open suggestion, whichever of the two raised it; False when there is none."""
    touched = 0
    for first, second in ((contact_id, other_id), (other_id, contact_id)):
        args = {
            "shard": shard_of_contact(first),
            "workspace": workspace,
            "id": first,
            "other": second,
            "actor": actor,
        }
        touched += run(conn, load("contacts")["settle_suggestion"], args)
    return touched > 0


def read_merges(conn: Conn, workspace: int, family: Sequence[int]) -> list[Merge]:
    """Every merge that these contacts took part in, oldest first."""
    rows = fetch_all(conn, load("contacts")["merges_of"], {"workspace": workspace, "ids": list(family)})
    return [Merge(*(*row[:3], read_json(row[3]), *row[4:])) for row in rows]


def read_merge(conn: Conn, workspace: int, merge_id: UUID) -> Merge | None:
    """One merge, by its id."""
    row = fetch_one(conn, load("contacts")["merge"], {"workspace": workspace, "id": merge_id})
    return None if row is None else Merge(*(*row[:3], read_json(row[3]), *row[4:]))


def read_changed(conn: Conn, contact: Contact) -> dict[str, datetime]:
    """When each attribute was last written (E2)."""
    args = {"shard": shard_of_contact(contact.id), "id": contact.id}
    row = fetch_one(conn, load("contacts")["changed"], args)
    written = read_json(row[0]) if row else {}
    return {name: datetime.fromisoformat(at) for name, at in written.items()}


def read_open_conversations(conn: Conn, family: Sequence[int]) -> list[tuple[UUID, int, datetime]]:
    """Conversations that are not resolved: id, channel, since when."""
    return [(row[0], row[1], row[2]) for row in _of_family(conn, "open_conversations", family)]


def count_queued(conn: Conn, family: Sequence[int]) -> int:
    """Messages of matches that wait to be handed over: what a merge takes back."""
    return int(_of_family(conn, "queued", family)[0][0])


def read_timeline(
    conn: Conn, workspace: int, family: Sequence[int], before: datetime | None, limit: int
) -> list[Happening]:
    """What happened, the newest first, from before an instant."""
    args = {**_family_args(family), "workspace": workspace, "before": before or "infinity", "limit": limit}
    return [Happening(*row) for row in fetch_all(conn, load("contacts")["timeline"], args)]


def _filter_args(workspace: int, which: Filter) -> dict[str, Any]:
    first, second, third = make_patterns(which.words)
    return {
        "workspace": workspace,
        "first": first,
        "second": second,
        "third": third,
        "import": which.import_id,
        "app": which.app,
        "sms": which.sms,
        "consent": which.consent,
        "country": which.country,
        "attribute": which.attribute,
        "value": which.value,
        "segment": which.segment_id,
    }


def _family_args(family: Sequence[int]) -> dict[str, Any]:
    return {"shards": [shard_of_contact(contact_id) for contact_id in family], "ids": list(family)}


def _of_family(conn: Conn, query: str, family: Sequence[int]) -> list[tuple[Any, ...]]:
    return fetch_all(conn, load("contacts")[query], _family_args(family))


def _suggestion(row: tuple[Any, ...]) -> Suggestion:
    return Suggestion(*(*row[:3], read_json(row[3]), *row[4:]))
