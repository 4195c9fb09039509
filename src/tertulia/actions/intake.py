"""What came in and could not be decided: shown, counted, tried again by hand (I3)."""

from datetime import datetime
from uuid import UUID

import msgspec
from django.utils.translation import gettext as _

from tertulia.core.entries import Entry, decode, key_of
from tertulia.data.models import Workspace
from tertulia.errors import Conflict, NotFound
from tertulia.store import conversations as store
from tertulia.store.db import Conn


def take_parked(conn: Conn, workspace: Workspace, parked_id: UUID, now: datetime) -> tuple[Entry, str]:
    """Take a parked entry to be tried again: the entry, and a key of its own so that it is not taken for the one that
    failed (E1). Marked as settled in the caller's transaction, which appends it. Raises NotFound, or Conflict when it
    was settled already or can no longer be read."""
    parked = store.read_parked(conn, workspace.pk, parked_id)
    if parked is None:
        raise NotFound(_("This entry does not exist in this workspace."))
    try:
        entry = decode(parked.payload)
    except msgspec.ValidationError:
        raise Conflict(_("This entry cannot be read any more. Set it aside.")) from None
    if not store.settle_parked(conn, workspace.pk, parked_id, now):
        raise Conflict(_("This entry was settled already."))
    return entry, f"{key_of(entry)}:again:{parked_id}"


def set_aside(conn: Conn, workspace: Workspace, parked_id: UUID, now: datetime) -> None:
    """Settle a parked entry without trying it again. Raises NotFound, or Conflict when it was settled already."""
    if store.read_parked(conn, workspace.pk, parked_id) is None:
        raise NotFound(_("This entry does not exist in this workspace."))
    if not store.settle_parked(conn, workspace.pk, parked_id, now):
        raise Conflict(_("This entry was settled already."))
