"""What the public side (webhooks, links, events) needs of the configuration, read whole: it is small and
changes seldom."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tertulia.store.db import Conn, fetch_all, fetch_one, load


@dataclass(frozen=True, slots=True)
class FrontWorkspace:
    """A business as its customers see it. `link_domain` is an address without a path, or empty for PUBLIC_URL;
    `link_key`, sealed, signs its unsubscribe addresses."""

    id: int
    name: str
    language: str
    link_domain: str
    link_key: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class FrontChannel:
    """A channel that is not archived. `first_message` is what a customer's app opens on; `secrets` and `cache` are
    sealed."""

    id: int
    workspace: int
    public_id: str
    kind: str
    name: str
    first_message: str
    settings: Mapping[str, str]
    secrets: bytes = field(repr=False)
    cache: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class FrontMatch:
    """A match that was launched; `apps` are its channels in the order in which they are offered."""

    id: int
    workspace: int
    state: str
    apps: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FrontSource:
    """A source of events. `client_side`: its callers are customers' own devices. `state` is live or disabled. Of one
    that posts webhooks (`kind` is not sdk) `secret` is sealed, `signing` and `mapping` as configured."""

    id: int
    workspace: int
    write_key: str
    client_side: bool
    state: str
    kind: str = "sdk"
    secret: bytes = field(default=b"", repr=False)
    signing: Mapping[str, Any] = field(default_factory=dict)
    mapping: str = ""


@dataclass(frozen=True, slots=True)
class Front:
    """The configuration at one moment, each by id."""

    workspaces: Mapping[int, FrontWorkspace]
    channels: Mapping[int, FrontChannel]
    matches: Mapping[int, FrontMatch]
    sources: Mapping[int, FrontSource]


def read_fingerprint(conn: Conn) -> str:
    """A text that changes when the configuration does."""
    row = fetch_one(conn, load("front")["fingerprint"], {})
    assert row is not None
    return str(row[0])


def load_front(conn: Conn) -> Front:
    """The whole of it."""
    queries = load("front")
    workspaces = [FrontWorkspace(*row) for row in fetch_all(conn, queries["workspaces"], {})]
    channels = [FrontChannel(*row) for row in fetch_all(conn, queries["channels"], {})]
    matches = [
        FrontMatch(id_, workspace, state, tuple(apps))
        for id_, workspace, state, apps in fetch_all(conn, queries["matches"], {})
    ]
    sources = [FrontSource(*row) for row in fetch_all(conn, queries["sources"], {})]
    return Front(
        {workspace.id: workspace for workspace in workspaces},
        {channel.id: channel for channel in channels},
        {match.id: match for match in matches},
        {source.id: source for source in sources},
    )
