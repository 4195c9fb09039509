"""Endpoints of a company's API as cycles and callers need them: read whole, for there are few, secrets opened."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tertulia.store.db import Conn, fetch_all, fetch_one, load, read_json
from tertulia.store.sealing import unseal_json


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """One endpoint. `base_url` without a slash at its end; `timeout_s` for a whole call."""

    id: int
    workspace: int
    key: str
    base_url: str
    headers: Mapping[str, str]
    secrets: Mapping[str, str] = field(repr=False)
    timeout_s: int
    idempotent: bool
    status_path: str
    status_done: str
    status_failed: str


def load_endpoints(conn: Conn) -> Mapping[int, EndpointRow]:
    """Every endpoint by id. Raises ConfigError when SECRET_KEY cannot open their secrets."""
    rows = fetch_all(conn, load("endpoints")["endpoints"], {})
    return {row[0]: EndpointRow(*(*row[:4], read_json(row[4]), unseal_json(row[5]), *row[6:])) for row in rows}


def has_calls(conn: Conn, endpoint: int) -> bool:
    """Whether any call of an endpoint has no verdict yet."""
    return fetch_one(conn, load("endpoints")["has_calls"], {"endpoint": endpoint}) is not None
