"""A person's data, exported whole, and erased (C5)."""

from dataclasses import asdict
from typing import Any, Final

from tertulia.actions.contacts import read_detail
from tertulia.data.models import Workspace
from tertulia.store import contacts as contact_store
from tertulia.store import conversations, ledger_read
from tertulia.store.db import Conn

EXPORT_ROWS_MAX: Final = 100_000


def export_contact(conn: Conn, workspace: Workspace, contact_id: int) -> dict[str, Any]:
    """Everything that is kept of a person, as plain values: contact, addresses, identities with their history, consent
    ledger with its proofs, messages, deliveries, decisions, timeline. Raises NotFound."""
    detail = read_detail(conn, workspace, contact_id)
    family = detail.family
    return {
        "contact": asdict(detail.contact),
        "merged_contacts": list(family[1:]),
        "addresses": [asdict(item) for item in detail.addresses],
        "identities": [asdict(item) for item in detail.identities],
        "consents": [asdict(item) for item in detail.consents],
        "suppressions": [asdict(item) for item in detail.suppressions],
        "merges": [asdict(item) for item in detail.merges],
        "messages": [asdict(m) for m in conversations.list_messages(conn, family, limit=EXPORT_ROWS_MAX)],
        "deliveries": [asdict(d) for d in ledger_read.read_deliveries(conn, family, limit=EXPORT_ROWS_MAX)],
        "decisions": [asdict(r) for r in ledger_read.read_ledger(conn, family, limit=EXPORT_ROWS_MAX)],
        "timeline": [asdict(h) for h in contact_store.read_timeline(conn, workspace.pk, family, None, EXPORT_ROWS_MAX)],
    }
