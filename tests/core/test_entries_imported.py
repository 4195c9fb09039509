"""The log's codec over releases: entries that wait in the log when a process is replaced."""

from datetime import UTC, datetime

import msgspec

from tertulia.core.entries import EventEntry, decode, encode

AT = datetime(2026, 3, 1, tzinfo=UTC)


def test_an_entry_of_an_earlier_release_is_read() -> None:
    """What was queued before imports of past events existed was not imported."""
    told = msgspec.json.decode(encode(EventEntry(1, "track", "m1", AT, AT, name="Order", user_id="u1")))
    assert "imported" not in told
    entry = decode(told)
    assert isinstance(entry, EventEntry)
    assert not entry.imported


def test_an_imported_entry_keeps_its_flag() -> None:
    """There and back."""
    entry = EventEntry(1, "track", "m1", AT, AT, name="Order", contact_id=7, imported=True)
    assert decode(encode(entry).decode()) == entry
