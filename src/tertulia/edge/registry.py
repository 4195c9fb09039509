"""The configuration as the public side knows it: a snapshot in memory, read again when it has changed.

A thread looks every 2 s whether anything changed and swaps the whole snapshot; what a request took stays whole. A
request for a channel, match or source that is not known makes the thread look at once, so all are reachable once made.
Before the first snapshot nothing is answered (`ready`).
"""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec
import psycopg
import structlog

from tertulia.channels import registry as kinds
from tertulia.channels.base import Account, Adapter
from tertulia.channels.masks import MASK
from tertulia.core.hook_faults import MappingInvalid
from tertulia.core.hook_mapping import Compiled, compile_mapping
from tertulia.core.hook_presets import SDK
from tertulia.core.hook_signatures import FIXED, Signing
from tertulia.edge.http import LOOPBACK_NAMES, host_of
from tertulia.errors import ConfigError
from tertulia.store.db import Conn
from tertulia.store.front import (
    Front,
    FrontChannel,
    FrontMatch,
    FrontSource,
    FrontWorkspace,
    load_front,
    read_fingerprint,
)
from tertulia.store.sealing import unseal, unseal_json

LOOK_EVERY_S = 2.0
LOOK_AT_ONCE_S = 0.2  # at most so often for what is not known
LOOK_POLL_S = 0.02
LOOK_POLLS = 50
READY_LIMIT_S = 30.0
SECRET_CHARACTERS_MIN = 6

log = structlog.get_logger("edge.registry")


@dataclass(frozen=True, slots=True)
class ChannelView:
    """A channel with its adapter and its account, secrets opened. `hidden` are the secrets as they must never be
    kept."""

    facts: FrontChannel
    account: Account
    adapter: Adapter
    hidden: tuple[str, ...] = field(default=(), repr=False)

    @property
    def id(self) -> int:
        return self.facts.id

    @property
    def workspace(self) -> int:
        return self.facts.workspace

    @property
    def kind(self) -> str:
        return self.facts.kind

    def mask(self, text: str) -> str:
        """A text without the channel's secrets."""
        for secret in self.hidden:
            text = text.replace(secret, MASK)
        return text

    def mask_values(self, texts: Mapping[str, str]) -> Mapping[str, str]:
        """The same of every value; where none holds a secret, which is nearly always, one look finds that out."""
        whole = "\n".join(texts.values())
        if not any(secret in whole for secret in self.hidden):
            return texts
        return {name: self.mask(text) for name, text in texts.items()}


@dataclass(frozen=True, slots=True)
class HookView:
    """A source of webhooks with its mapping compiled and its secret opened. `mapping` is None where there is none, or
    none that can be used any more."""

    facts: FrontSource
    signing: Signing
    secret: str = field(repr=False)
    mapping: Compiled | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything at one moment. `hosts` leads from a host name to the workspace whose links it serves, or None where
    it serves all (PUBLIC_URL's own)."""

    workspaces: Mapping[int, FrontWorkspace] = field(default_factory=dict)
    channels: Mapping[int, ChannelView] = field(default_factory=dict)
    by_public_id: Mapping[str, ChannelView] = field(default_factory=dict)
    matches: Mapping[int, FrontMatch] = field(default_factory=dict)
    hosts: Mapping[str, int | None] = field(default_factory=dict)
    by_write_key: Mapping[str, FrontSource] = field(default_factory=dict)
    by_hook_key: Mapping[str, HookView] = field(default_factory=dict)


class Registry:
    """The snapshot of one process and the thread that keeps it fresh."""

    def __init__(self, connect: Callable[[], Conn], public_url: str) -> None:
        self.public_url = public_url
        self.snapshot = Snapshot()
        self._connect = connect
        self._fingerprint = ""
        self._wake = threading.Event()
        self._first = threading.Event()
        self._stop = False
        self._begun = 0  # looks, and the last of them that has ended
        self._ended = 0
        self._looked_at = 0.0
        self._thread = threading.Thread(target=self._run, name="registry", daemon=True)

    def start(self) -> None:
        """Read the first snapshot, then keep it fresh. Waits for the first look."""
        self._thread.start()
        self._first.wait(READY_LIMIT_S)

    def stop(self) -> None:
        self._stop = True
        self._wake.set()
        self._thread.join(READY_LIMIT_S)

    @property
    def ready(self) -> bool:
        return bool(self._fingerprint)

    def find_channel(self, public_id: str) -> ChannelView | None:
        """A channel by the last part of its webhook's address."""
        return self.snapshot.by_public_id.get(public_id)

    def find_source(self, write_key: str) -> FrontSource | None:
        """A source by its write key."""
        return self.snapshot.by_write_key.get(write_key)

    def find_hook(self, key: str) -> HookView | None:
        """A source of webhooks by the last part of its address, which is no write key."""
        return self.snapshot.by_hook_key.get(key)

    async def look_again(self) -> None:
        """Something is asked for that the snapshot does not have: return when the thread has looked once more, from now
        on, for a look under way may have read before it was there. Those who ask at the same time share a look, and
        there are at most five a second."""
        early_s = self._looked_at + LOOK_AT_ONCE_S - time.monotonic()
        wanted = self._begun + 1
        if early_s > 0:
            await asyncio.sleep(early_s)
        if self._begun < wanted:
            self._wake.set()
        for _ in range(LOOK_POLLS):
            if self._ended >= wanted:
                return
            await asyncio.sleep(LOOK_POLL_S)

    def link_base(self, workspace: FrontWorkspace) -> str:
        """Where the links of a workspace begin."""
        return (workspace.link_domain or self.public_url).rstrip("/")

    def _run(self) -> None:
        conn: Conn | None = None
        while not self._stop:
            self._begun += 1
            try:
                conn = conn or self._connect()
                self._look(conn)
            except psycopg.Error as error:
                log.error("registry_unread", error=type(error).__name__)
                if conn is not None:
                    conn.close()
                conn = None
            self._ended = self._begun
            self._looked_at = time.monotonic()
            self._first.set()
            self._wake.wait(LOOK_EVERY_S)
            self._wake.clear()
        if conn is not None:
            conn.close()

    def _look(self, conn: Conn) -> None:
        with conn.transaction():
            fingerprint = read_fingerprint(conn)
            if fingerprint == self._fingerprint:
                return
            front = load_front(conn)
        self.snapshot = make_snapshot(front, self.public_url)
        self._fingerprint = fingerprint


def make_snapshot(front: Front, public_url: str) -> Snapshot:
    """The snapshot of a configuration. A channel whose kind is not installed here, or whose secrets were sealed with
    another key, is left out."""
    channels = {}
    for channel in front.channels.values():
        try:
            account = _open_account(channel, public_url)
            hidden = tuple(text for text in account.secrets.values() if len(text) >= SECRET_CHARACTERS_MIN)
            channels[channel.id] = ChannelView(channel, account, kinds.get(channel.kind), hidden)
        except (kinds.UnknownKind, ConfigError) as error:
            log.error("channel_left_out", channel=channel.id, kind=channel.kind, error=type(error).__name__)
    hosts: dict[str, int | None] = {
        host_of(workspace.link_domain): workspace.id for workspace in front.workspaces.values() if workspace.link_domain
    }
    hosts |= dict.fromkeys([*LOOPBACK_NAMES, host_of(public_url)])
    return Snapshot(
        front.workspaces,
        channels,
        {channel.facts.public_id: channel for channel in channels.values()},
        front.matches,
        hosts,
        {source.write_key: source for source in front.sources.values() if source.kind == SDK},
        {source.write_key: hook for source in front.sources.values() if (hook := _open_hook(source)) is not None},
    )


def _open_hook(source: FrontSource) -> HookView | None:
    if source.kind == SDK:
        return None
    try:
        signing = FIXED.get(source.kind) or msgspec.convert(source.signing, Signing)
        secret = unseal(source.secret).decode() if source.secret else ""
    except (ConfigError, msgspec.ValidationError) as error:
        log.error("hook_left_out", source=source.id, error=type(error).__name__)
        return None
    try:
        mapping = compile_mapping(source.mapping) if source.mapping.strip() else None
    except MappingInvalid:
        log.error("mapping_left_out", source=source.id)
        mapping = None
    return HookView(source, signing, secret, mapping)


def _open_account(channel: FrontChannel, public_url: str) -> Account:
    return Account(
        channel=str(channel.id),
        kind=channel.kind,
        settings=channel.settings,
        secrets=unseal_json(channel.secrets),
        hook_url=f"{public_url}/hooks/{channel.public_id}",
        cache=unseal_json(channel.cache),
    )
