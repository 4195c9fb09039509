"""Erasure (C5): the person is removed everywhere, and a proof stays that matches no one unless the same address, or the
same id of an app or site, comes back. Every table that holds a value of a person is named here; a new one belongs
here too.
"""

from typing import Any

from tertulia.core import effects as fx
from tertulia.core.entries import shard_of_address, shard_of_identity
from tertulia.core.events import LISTED, USER
from tertulia.core.identity import IdentityRef
from tertulia.ids import shard_of_contact
from tertulia.store.db import Conn, fetch_one, load, run, write_json
from tertulia.store.sealing import hash_secretly


def erase(conn: Conn, group: list[fx.Erase]) -> None:
    """C5, one contact at a time: it is rare, and every table that holds a value of theirs is named here."""
    for e in group:
        at: dict[str, Any] = {
            "shard": shard_of_contact(e.contact_id),
            "id": e.contact_id,
            "at": e.at,
            "actor": e.actor,
            "workspace": e.workspace,
        }
        at["values"] = [value for value in e.values if value]
        at["needles"] = [value.encode() for value in e.values if value]
        # As the log has an event's ids: with their name, for one may be as short as a number.
        at["named"] = [f'"{name}":{write_json(value)}' for kind, value in e.ids for name in (kind, "previous_id")]
        at["who"] = [value for _, value in e.ids]
        at["quoted"] = [write_json(value) for _, value in e.ids]
        shards = [shard_of_address(e.workspace, kind, canonical) for kind, canonical in e.addresses]
        keys = {
            "shards": shards,
            "kinds": [kind for kind, _ in e.addresses],
            "canonicals": [canonical for _, canonical in e.addresses],
            "proofs": [prove(e.workspace, kind, canonical) for kind, canonical in e.addresses],
        }
        _forget_listed(conn, e)
        for query in _ERASURES:
            run(conn, load("effects")[query], {**at, **keys})
        run(conn, load("effects")["prove_erasure"], {**at, **_prove_ids(e)})


def _forget_listed(conn: Conn, e: fx.Erase) -> None:
    """The business's own ids of the person leave the directory: those of their events, and that of a list."""
    row = fetch_one(conn, load("effects")["external_id"], {"shard": shard_of_contact(e.contact_id), "id": e.contact_id})
    ids = {value for kind, value in e.ids if kind == USER} | ({row[0]} if row and row[0] else set())
    args = {
        "id": e.contact_id,
        "workspace": e.workspace,
        "shards": [shard_of_address(e.workspace, LISTED, value) for value in ids],
        "kinds": [LISTED] * len(ids),
        "canonicals": list(ids),
    }
    run(conn, load("effects")["erase_address_keys"], args)


def _prove_ids(e: fx.Erase) -> dict[str, Any]:
    """The proofs of a person's ids in apps and sites, each where the identity lay."""
    return {
        "shards": [shard_of_identity(e.workspace, IdentityRef(kind, "", value)) for kind, value in e.ids],
        "proofs": [prove(e.workspace, kind, value) for kind, value in e.ids],
    }


_ERASURES = (
    "erase_webhooks",
    "erase_exchanges",
    "erase_log",
    "erase_parked",
    "erase_identities",
    "erase_linked",
    "erase_addresses",
    "erase_address_keys",
    "erase_messages",
    "erase_conversations",
    "erase_events",
    "erase_memberships",
    "erase_moments",
    "erase_session",
    "erase_runs",
    "erase_otps",
    "erase_calls",
    "erase_call_log",
    "erase_slots",
    "erase_coupons",
    "erase_passages",
    "erase_watches",
    "erase_goals",
    "erase_assignments",
    "erase_members",
    "erase_changes",
    "erase_activity",
    "erase_discards",
    "erase_samples",
    "erase_deliveries",
    "erase_open",
    "erase_consents",
    "erase_links",
    "erase_message_links",
    "erase_import_rows",
    "erase_suggestions",
    "erase_contact",
    "prove_erasure",
)


def prove(workspace: int, kind: str, canonical: str) -> bytes:
    """The proof of an erasure: a keyed hash of the address or id, which tells nobody which it was."""
    return hash_secretly("erasure", str(workspace), kind, canonical)
