"""Links by their codes, many at once: those of matches, and those that stand in messages of journeys; and what was
opened."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from tertulia.core import effects as fx
from tertulia.core.entries import LinkedMessage
from tertulia.core.world import World
from tertulia.ids import shard_of_contact
from tertulia.store.db import Conn, fetch_all, fetch_one, load, run


@dataclass(frozen=True, slots=True)
class FoundLink:
    """A personal link as its opening needs it. `language` is the contact's, empty when unknown; `state` the match's, of
    this moment: a match that was stopped ends its links at once. Of a journey's `message` there is no match; its link
    leads to `target`."""

    workspace: int
    contact_id: int
    match_id: int | None
    sent_at: datetime | None
    expires_at: datetime
    language: str = ""
    state: str = ""
    message: LinkedMessage | None = None
    target: str = ""


@dataclass(frozen=True, slots=True)
class MessageLink:
    """A link in a message to a contact: what it is called, and where it leads until when."""

    made_at: datetime
    expires_at: datetime
    journey_id: int
    step: str
    name: str
    target: str
    delivery_id: UUID


@dataclass(frozen=True, slots=True)
class LastClick:
    """When a person opened a link: of the journey with this key, at this step, by the link's name; all three empty of a
    match's."""

    at: datetime
    journey: str
    step: str
    link: str


def find_links(conn: Conn, keys: Sequence[tuple[int, bytes]]) -> list[FoundLink | None]:
    """The link of each (shard, hash of the code), in order; None where there is none."""
    found: list[FoundLink | None] = [None] * len(keys)
    if keys:
        for place, *values in fetch_all(conn, load("clicks")["find_links"], _keys(keys)):
            found[place - 1] = FoundLink(*values)
    return found


def find_message_links(conn: Conn, keys: Sequence[tuple[int, bytes]]) -> list[FoundLink | None]:
    """The same of links in messages of journeys."""
    found: list[FoundLink | None] = [None] * len(keys)
    if keys:
        for place, workspace, contact_id, made_at, expires_at, target, *told in fetch_all(
            conn, load("clicks")["find_message_links"], _keys(keys)
        ):
            link = FoundLink(workspace, contact_id, None, made_at, expires_at)
            found[place - 1] = replace(link, message=LinkedMessage(*told), target=target)
    return found


def list_links(conn: Conn, family: Sequence[int], limit: int) -> list[MessageLink]:
    """The links in messages to a contact and those merged into it, the newest first."""
    args = {"shards": [shard_of_contact(id_) for id_ in family], "ids": list(family), "limit": limit}
    return [MessageLink(*row) for row in fetch_all(conn, load("clicks")["links_of_contact"], args)]


def find_last_click(conn: Conn, family: Sequence[int]) -> LastClick | None:
    """The last opening of a link by a contact, or by those merged into it."""
    args = {"shards": [shard_of_contact(id_) for id_ in family], "ids": list(family)}
    row = fetch_one(conn, load("clicks")["last_click"], args)
    return LastClick(*row) if row is not None else None


def count_clicks(conn: Conn, journey_id: int) -> dict[tuple[str, str], int]:
    """By step and link, in how many of a journey's messages people opened it; under an empty name any link."""
    rows = fetch_all(conn, load("clicks")["counts"], {"journey": journey_id})
    return {(step, link): count for step, link, count in rows}


def load_taken(conn: Conn, world: World, keys: Collection[tuple[int, bytes]]) -> None:
    """Which of these codes links of messages have already."""
    if keys:
        world.taken |= {row[0] for row in fetch_all(conn, load("clicks")["taken"], _keys(keys))}


def mint_message_links(conn: Conn, group: Sequence[fx.MintMessageLink]) -> None:
    """The links of messages that are handed over."""
    names = (
        "code_hash",
        "workspace",
        "contact_id",
        "delivery_id",
        "channel_id",
        "journey_id",
        "run_id",
        "step",
        "name",
    )
    run(conn, load("clicks")["mint_message_links"], _columns(group, *names, "target", "at", "expires_at"))


def store_clicks(conn: Conn, group: Sequence[fx.StoreClick]) -> None:
    """Openings, each once: of one that a beacon confirmed the person's."""
    rows = list({e.id: e for e in sorted(group, key=lambda e: e.class_ == "human")}.values())
    names = (
        "id",
        "workspace",
        "contact_id",
        "match_id",
        "app",
        "at",
        "delivery_id",
        "channel_id",
        "journey_id",
        "step",
    )
    run(conn, load("clicks")["store_clicks"], _columns(rows, *names, "link") | {"class": [e.class_ for e in rows]})


def _keys(keys: Collection[tuple[int, bytes]]) -> dict[str, Any]:
    return {"shards": [shard for shard, _ in keys], "hashes": [code_hash for _, code_hash in keys]}


def _columns(group: Sequence[Any], *names: str) -> dict[str, Any]:
    made: dict[str, Any] = {name: [getattr(e, name) for e in group] for name in names}
    return made | {"shard": [shard_of_contact(e.contact_id) for e in group]}
