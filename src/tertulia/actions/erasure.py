"""A person's data, exported whole, and erased (C5)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from tertulia.actions.contacts import read_detail
from tertulia.core.best_hours import read_moment
from tertulia.data.models import Segment, Workspace
from tertulia.store import contacts as contact_store
from tertulia.store import conversations, ledger_read
from tertulia.store.assignments import list_assignments
from tertulia.store.clicks import list_links
from tertulia.store.coupons import list_coupons
from tertulia.store.db import Conn
from tertulia.store.events import list_contact_events, list_groups
from tertulia.store.journeys import list_runs
from tertulia.store.moments import read_moments
from tertulia.store.segments import list_changes_of, list_segments_of

EXPORT_ROWS_MAX: Final = 100_000
FOREVER: Final = datetime(9999, 1, 1, tzinfo=UTC)


def export_contact(conn: Conn, workspace: Workspace, contact_id: int) -> dict[str, Any]:
    """Everything that is kept of a person, as plain values: contact, addresses, identities with their history, consent
    ledger with its proofs, messages, conversations that wait for a person, runs of journeys with what was answered in
    them and what their calls saved, the sides of experiments that it was on, coupons, links in messages and where they
    lead, deliveries, decisions, events, groups, segments with when and why it came and left, timeline. Raises
    NotFound."""
    detail = read_detail(conn, workspace, contact_id)
    family = detail.family
    found = {
        "contact": detail.contact,
        "merged_contacts": list(family[1:]),
        "addresses": detail.addresses,
        "identities": detail.identities,
        "consents": detail.consents,
        "suppressions": detail.suppressions,
        "merges": detail.merges,
        "messages": conversations.list_messages(conn, family, limit=EXPORT_ROWS_MAX),
        "handed_over": conversations.list_handed_over_of(conn, family),
        "journeys": list_runs(conn, family, EXPORT_ROWS_MAX),
        "experiments": list_assignments(conn, family),
        "moments": [read_moment(moment) for found in read_moments(conn, family).values() for moment in found],
        "coupons": list_coupons(conn, family, EXPORT_ROWS_MAX),
        "links": list_links(conn, family, EXPORT_ROWS_MAX),
        "deliveries": ledger_read.read_deliveries(conn, family, limit=EXPORT_ROWS_MAX),
        "decisions": ledger_read.read_ledger(conn, family, limit=EXPORT_ROWS_MAX),
        "events": list_contact_events(conn, family, FOREVER, EXPORT_ROWS_MAX),
        "groups": list_groups(conn, family),
        "segments": _list_segments(conn, workspace, family),
        "timeline": contact_store.read_timeline(conn, workspace.pk, family, None, EXPORT_ROWS_MAX),
    }
    plain: dict[str, Any] = msgspec.to_builtins(found)
    return plain


def _list_segments(conn: Conn, workspace: Workspace, family: Sequence[int]) -> list[dict[str, Any]]:
    names = dict(Segment.objects.filter(workspace=workspace).values_list("pk", "name"))
    since = dict(list_segments_of(conn, family))
    changes: dict[int, list[dict[str, Any]]] = {segment_id: [] for segment_id in since}
    for change in list_changes_of(conn, family, None, EXPORT_ROWS_MAX):
        told = {"at": change.at, "entered": change.entered, "cause": change.cause, "event": change.name}
        changes.setdefault(change.segment_id, []).append(told)
    return [
        {"name": names.get(segment_id, ""), "since": since.get(segment_id), "changes": rows}
        for segment_id, rows in changes.items()
    ]
