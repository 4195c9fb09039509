"""Files that go with messages, as they are served."""

from dataclasses import dataclass

from tertulia.store.db import Conn, fetch_one, load


@dataclass(frozen=True, slots=True)
class ServedFile:
    """A file's content, and what it is."""

    name: str
    content_type: str
    body: bytes


def read_file(conn: Conn, public_id: str) -> ServedFile | None:
    """The file under an address; None where there is none."""
    row = fetch_one(conn, load("files")["read"], {"public_id": public_id})
    return ServedFile(row[0], row[1], bytes(row[2])) if row is not None else None
