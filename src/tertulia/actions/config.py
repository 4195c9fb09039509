"""The configuration that cycles decide with, as the core's facts (E7)."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import cache, lru_cache
from zoneinfo import available_timezones

from tertulia.channels import costs, registry
from tertulia.channels.base import Account
from tertulia.core.budgets import read_budget, read_rates
from tertulia.core.caps import Cap, read_cap
from tertulia.core.journeys import Program, compile_journey
from tertulia.core.occasions import name_heard
from tertulia.core.segment_document import SegmentCondition
from tertulia.core.segments import EventKey, SegmentFacts, compile_segment, list_keys
from tertulia.core.shares import read_share
from tertulia.core.templates import TemplateFacts
from tertulia.core.windows import read_window
from tertulia.core.world import ChannelFacts, Config, EndpointFacts, Heard, JourneyFacts, WorkspaceFacts
from tertulia.documents.journeys import read_journey
from tertulia.documents.segments import read_segment
from tertulia.documents.templates import read_template
from tertulia.store.bandits import read_newest as read_bandits
from tertulia.store.catalogs import read_catalogs
from tertulia.store.channels import ChannelRow, load_channels
from tertulia.store.coupons import read_pools
from tertulia.store.db import Conn
from tertulia.store.endpoints import load_endpoints
from tertulia.store.guards import read_fired
from tertulia.store.journeys import read_published
from tertulia.store.ownership import read_caps, read_matches, read_undone, read_workspaces
from tertulia.store.sealing import unseal
from tertulia.store.segments import read_keys
from tertulia.store.segments import read_published as read_published_segments
from tertulia.store.sources import read_client_sources
from tertulia.store.templates import read_newest


def load_config(conn: Conn, public_url: str) -> Config:
    """Every workspace, channel and launched match, and which imports were undone. Raises ConfigError when SECRET_KEY
    cannot open what it sealed."""
    caps: dict[int, list[Cap]] = {}
    for workspace, name, document in read_caps(conn):
        caps.setdefault(workspace, []).append(read_cap(name, document))
    workspaces = {
        row.id: WorkspaceFacts(
            id=row.id,
            name=row.name,
            link_key=unseal(bytes(row.link_key)),
            link_base=row.link_domain.rstrip("/") or public_url,
            link_days=row.link_days,
            country=row.country,
            language=row.language,
            currency=row.currency,
            epoch=row.epoch,
            zone=row.zone,
            sensitive=frozenset(row.sensitive),
            window=read_window(list(row.window), name="workspace") if row.window else None,
            caps=tuple(caps.get(row.id, ())),
            hold_out=read_share(row.hold_out),
            typical=tuple(row.typical),
            budget=read_budget(row.budget),
            rates=read_rates(row.budget.get("rates", {})),
            horizon=timedelta(hours=row.event_hours),
        )
        for row in read_workspaces(conn)
    }
    channels = {row.id: _channel_facts(row, workspaces[row.workspace].currency) for row in load_channels(conn).values()}
    matches = {match.id: match for match in read_matches(conn)}
    journeys = load_journeys(conn)
    segments = load_segments(conn)
    return Config(
        *(workspaces, channels, matches, read_undone(conn), list_zones(), read_client_sources(conn)),
        *(journeys, index_journeys(journeys.values())),
        frozenset(row.workspace for row in journeys.values() if row.has_exit_condition),
        frozenset(row.workspace for row in journeys.values() if row.divides)
        | {row.id for row in workspaces.values() if row.hold_out},
        load_templates(conn),
        frozenset(row.workspace for row in journeys.values() if row.asks),
        *(segments, index_counted(segments.values())),
        {
            row.id: EndpointFacts(row.id, row.workspace, row.key, row.idempotent, row.status_path)
            for row in load_endpoints(conn).values()
        },
        pools=read_pools(conn),
        giving=frozenset(row.id for row in journeys.values() if row.gives_coupons),
        limited=frozenset(row.workspace for row in journeys.values() if row.program.journey.entries is not None),
        catalogs=read_catalogs(conn),
        bandits=read_bandits(conn),
        exit_segments=index_exits(journeys.values(), segments.values()),
        goals_heard_of=any(one.hears_of_messages for row in journeys.values() for one in row.programs.values()),
    )


def load_channel_facts(conn: Conn, workspace: int) -> dict[int, ChannelFacts]:
    """The workspace's channels, without what they cost."""
    return {row.id: _channel_facts(row, "") for row in load_channels(conn).values() if row.workspace == workspace}


def load_currencies(conn: Conn, workspace: int, currency: str) -> frozenset[str]:
    """In which currencies the workspace's channels have prices; its own is `currency`."""
    rows = [row for row in load_channels(conn).values() if row.workspace == workspace]
    return frozenset(unit for row in rows for price, unit in _prices(row, currency).values() if price)


def load_journeys(conn: Conn) -> dict[int, JourneyFacts]:
    """Every published journey, with the revisions that somebody may still be in."""
    programs: dict[int, dict[int, Program]] = {}
    facts, fired = {}, read_fired(conn)
    for row in read_published(conn):
        programs.setdefault(row.id, {})[row.number] = _compile(row.id, row.number, row.document)
        told = (row.id, row.workspace, row.name, row.state, row.revision, programs[row.id], row.key, row.since)
        guard, canary = fired.get(row.id, ({}, None))
        facts[row.id] = JourneyFacts(*told, canary, guard)
    return facts


def load_templates(conn: Conn) -> dict[tuple[int, str], TemplateFacts]:
    """The newest revision of every published template."""
    return {
        (row.workspace, row.key): TemplateFacts(row.key, row.number, _read_template(row.document))
        for row in read_newest(conn)
    }


_read_template = lru_cache(maxsize=10_000)(read_template)
"""A revision never changes, so it is read once a process."""


@lru_cache(maxsize=10_000)
def _compile(journey_id: int, number: int, document: str) -> Program:
    """A revision never changes, so it is read once a process."""
    return compile_journey(read_journey(document))


def index_exits(journeys: Iterable[JourneyFacts], segments: Iterable[SegmentFacts]) -> dict[int, frozenset[int]]:
    """By segment, the journeys of which a revision ends for who is in it, or is not (X5)."""
    ids = {(row.workspace, row.key): row.id for row in segments}
    found: dict[int, set[int]] = {}
    for journey in journeys:
        for key in {key for program in journey.programs.values() for key in program.exit_segments}:
            if (segment_id := ids.get((journey.workspace, key))) is not None:
                found.setdefault(segment_id, set()).add(journey.id)
    return {segment_id: frozenset(named) for segment_id, named in found.items()}


def index_journeys(journeys: Iterable[JourneyFacts]) -> Mapping[tuple[int, str, str], Heard]:
    """Which journeys an event of a name concerns."""
    starts: dict[tuple[int, str, str], list[int]] = {}
    follows: dict[tuple[int, str, str], set[int]] = {}
    for journey in journeys:
        starts.setdefault((journey.workspace, *name_heard(journey.program.journey.entry)), []).append(journey.id)
        for program in journey.programs.values():
            for type_, name in program.list_heard():
                follows.setdefault((journey.workspace, type_, name), set()).add(journey.id)
    return {
        key: Heard(tuple(sorted(starts.get(key, ()))), frozenset(follows.get(key, ())))
        for key in starts.keys() | follows.keys()
    }


def load_segments(conn: Conn) -> dict[int, SegmentFacts]:
    """Every live segment."""
    rows = read_published_segments(conn)
    ids = read_keys(conn)
    documents: dict[int, dict[str, tuple[int, SegmentCondition | None]]] = {}
    for row in rows:
        documents.setdefault(row.workspace, {})[row.key] = (row.id, _read_where(row.document))
    facts = {}
    for row in rows:
        node = compile_segment(row.key, documents[row.workspace])
        keys = {key: ids[(row.workspace, key)] for key in list_keys(node)}
        facts[row.id] = SegmentFacts(row.id, row.workspace, row.key, row.name, row.turn, row.cause, node, keys)
    return facts


@lru_cache(maxsize=10_000)
def _read_where(document: str) -> SegmentCondition | None:
    return read_segment(document).where


def index_counted(segments: Iterable[SegmentFacts]) -> Mapping[tuple[int, str, str], tuple[tuple[int, EventKey], ...]]:
    """Under which keys an event of a name is counted."""
    found: dict[tuple[int, str, str], dict[int, EventKey]] = {}
    for segment in segments:
        for key, key_id in segment.keys.items():
            found.setdefault((segment.workspace, key.type, key.name), {})[key_id] = key
    return {name: tuple(sorted(keys.items())) for name, keys in found.items()}


@cache
def list_zones() -> frozenset[str]:
    """The IANA database's names."""
    return frozenset(available_timezones())


def _channel_facts(row: ChannelRow, currency: str) -> ChannelFacts:
    adapter = registry.get(row.kind)
    able = adapter.capabilities
    account = Account(row.public_id, row.kind, row.settings, row.secrets)
    return ChannelFacts(
        id=row.id,
        workspace=row.workspace,
        kind=row.kind,
        name=row.name,
        state=row.state,
        app=able.app,
        scope=adapter.identity_scope(account),
        window_s=able.window_s,
        text_max=able.text_max,
        may_write_first=able.may_write_first,
        rate_per_s=row.rate_per_s,
        prices=_prices(row, currency),
        retry_safe=able.retry_safe,
        can_look_up=adapter.can_look_up(account),
        greeting=row.greeting,
        offers_text=row.offers_text,
        first_message=row.first_message,
        choices_carry=able.choices_carry,
        caption_max=able.caption_max,
        attachments=able.attachments,
        link_buttons=able.link_buttons,
        tells_delivery=able.tells_delivery,
        tells_reads="read" in able.receipts,
    )


def _prices(row: ChannelRow, currency: str) -> dict[str, tuple[int, str]]:
    """What one part or one message costs by country: the channel's own price, else its own list, else ours."""
    if row.price_micros is not None:
        return {"": (row.price_micros, currency)}
    own = row.settings.get("prices", "")
    countries = {country for kind, _, country in costs.load_costs() if kind == row.kind} | set(costs.read_prices(own))
    prices = {}
    for country in countries | {""}:
        amount, unit = costs.price(row.kind, "" if country == costs.ANYWHERE else country, own=own)
        prices["" if country == costs.ANYWHERE else country] = (int(amount * 1_000_000), unit)
    return prices
