"""Visits: a customer is busy in a business's apps and sites, then leaves (R6).

A session is of a contact, so what one person does in the app and on the site is one session. It begins with the first
thing that they do and ends when nothing was done for `IDLE`, or as soon as the app goes to the background. Both are
events themselves, `session_started` and `session_ended`, of the type `derived`; the second one tells what happened.

A lively visit writes nothing while it goes on: `ends_at` is when it would end if nothing else had been done since it
was set, and is put off when that time has come and something had. So what a session came to is read from the stored
events when it ends. Nothing starts a session that is older than the horizon (E4) or that belongs to a visit which is
over; a merge lets the running session go on at the contact that stays, and starts none (M8).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID

from tertulia.core import event_effects as ev
from tertulia.core.carts import Cart
from tertulia.core.entries import EventEntry
from tertulia.core.rows import ContactRow, Done, SessionRow
from tertulia.core.triggers import react
from tertulia.core.world import Config, World
from tertulia.ids import day_of, derive_id, derive_key, shard_of_contact

IDLE: Final = timedelta(minutes=30)
BACKGROUNDED: Final = "Application Backgrounded"
DERIVED: Final = "derived"  # the type of an event that nobody told: it followed from others
DERIVED_SOURCE: Final = 0
STARTED: Final = "session_started"
ENDED: Final = "session_ended"
ACTS: Final = ("track", "page", "screen")
NAMES_MAX: Final = 50  # different names of events that a session counts
CUSTOMERS_OWN: Final = ("browser", "mobile")  # values of context.channel


class Told(Protocol):
    """An event, stored or just told."""

    @property
    def source_id(self) -> int: ...
    @property
    def properties(self) -> Mapping[str, Any]: ...
    @property
    def context(self) -> Mapping[str, Any]: ...


class Seen(Protocol):
    """A contact, as far as a visit needs it."""

    id: int
    active_at: datetime | None


def is_act(config: Config, call: str, told: Told) -> bool:
    """Whether a customer did it just then, in an app or on a site. A page or screen is seen by somebody, whoever tells
    of it; anything else may be a server's word (an order was shipped), unless the source is a customer's own device or
    the event says that one told it."""
    if call not in ACTS or told.context.get("active") is False:
        return False
    channel = told.context.get("channel")
    if channel in CUSTOMERS_OWN or call != "track":
        return True
    return channel != "server" and told.source_id in config.client_sources


def go_on(world: World, entry: EventEntry, workspace: int, contact: Seen) -> None:
    """An event begins a session where none is running. Before the contact's last activity is moved forward by it. What
    was imported begins none, however young it is, and belongs to none (E4)."""
    horizon = world.config.workspaces[workspace].horizon
    if entry.imported or not is_act(world.config, entry.call, entry) or entry.at < world.now - horizon:
        return
    row = world.sessions.get(contact.id)
    if row is not None and entry.at >= row.ends_at:
        settle(world, row, entry.at)
        row = world.sessions.get(contact.id)
    over = contact.active_at is not None and entry.at < contact.active_at
    if row is None and not over and not goes_to_background(entry):
        session_id = derive_id("session", contact.id, entry.message_id, entry.client_at.isoformat())
        row = SessionRow(contact.id, workspace, session_id, entry.at, entry.at + IDLE)
        _keep(world, row)
        _derive(world, row, STARTED, entry.at, {"session_id": str(session_id), **_find_origin(entry)})


def end_in_background(world: World, entry: EventEntry, contact: ContactRow) -> None:
    """The app went to the background: the session is over. After the event itself is stored, for it is the last one."""
    row = world.sessions.get(contact.id)
    if (
        row is not None
        and not entry.imported
        and goes_to_background(entry)
        and row.started_at <= entry.at < row.ends_at
    ):
        _end(world, row, _list_acts(world, row, entry.at), entry.at, "background")


def goes_to_background(entry: EventEntry) -> bool:
    """Whether an event says that the app is not in front any more."""
    return entry.call == "track" and entry.name == BACKGROUNDED


def settle(world: World, row: SessionRow, until: datetime) -> None:
    """The time at which a session was to end has come: it ends, or is put off because something was done since. Its
    events are loaded. `until` is the instant up to which everything is known."""
    acts, last = [], row.started_at
    for act in _list_acts(world, row, until):
        if act.occurred_at - last >= IDLE:
            break
        acts.append(act)
        last = act.occurred_at
    if last + IDLE > until:
        _keep(world, replace(row, ends_at=last + IDLE))
    else:
        _end(world, row, acts, last, "idle")


def carry_over(world: World, workspace: int, contact_id: int, session_id: UUID, started_at: datetime) -> None:
    """M8: the running session of an absorbed contact goes on at the contact that stays, in its own if there is one."""
    mine = world.sessions.get(contact_id)
    if mine is None:
        _keep(world, SessionRow(contact_id, workspace, session_id, started_at, started_at + IDLE))
    elif started_at < mine.started_at:
        _keep(world, replace(mine, started_at=started_at))


def leave(world: World, contact_id: int) -> SessionRow | None:
    """M8: a contact is absorbed; its running session, which ends without a word, for `carry_over`."""
    row = world.sessions.get(contact_id)
    if row is not None:
        world.add(ev.SetSession(row.workspace, row.contact_id, row.id, row.started_at, None))
    return row


def _keep(world: World, row: SessionRow) -> None:
    world.add(ev.SetSession(row.workspace, row.contact_id, row.id, row.started_at, row.ends_at))


def _list_acts(world: World, row: SessionRow, until: datetime) -> list[Done]:
    """What was done in a session, in its order."""
    acts = [
        act
        for act in world.doings.get(row.contact_id, ())
        if row.started_at <= act.occurred_at <= until and is_act(world.config, act.type, act)
    ]
    return sorted(acts, key=lambda act: act.occurred_at)


def _end(world: World, row: SessionRow, acts: Sequence[Done], at: datetime, reason: str) -> None:
    """The end lies at the last thing that was done, though it is known later: what comes after that comes after the
    session (E5)."""
    world.add(ev.SetSession(row.workspace, row.contact_id, row.id, row.started_at, None))
    contact = world.contacts.get(row.contact_id)
    if contact is not None and (contact.active_at is None or at > contact.active_at):
        world.add(ev.TouchContact(row.workspace, row.contact_id, at))
    properties = {"session_id": str(row.id), "reason": reason, **sum_up(acts, row.started_at, at)}
    _derive(world, row, ENDED, at, properties)


def sum_up(acts: Sequence[Done], started_at: datetime, ended_at: datetime) -> dict[str, Any]:
    """What happened in a session, as the properties of its end; `acts` in their order. What did not happen is left
    out, but for the counts and the cart, which are always there for a filter to compare."""
    pages = [act for act in acts if act.type == "page"]
    counts = Counter(act.name for act in acts if act.type == "track")
    cart = Cart()
    for act in acts:
        if act.type == "track":
            cart.follow(act.name, act.properties)
    told: dict[str, Any] = {
        "started_at": started_at.isoformat(),
        "ended_at": ended_at.isoformat(),
        "duration_s": round((ended_at - started_at).total_seconds()),
        "events": len(acts),
        "pages": len(pages),
        "screens": sum(act.type == "screen" for act in acts),
        "counts": dict(counts.most_common(NAMES_MAX)),
        "platforms": sorted({platform for act in acts if (platform := _find_platform(act))}),
        **cart.sum_up(),
    }
    if pages:
        told |= {"first_page": _find_page(pages[0]), "last_page": _find_page(pages[-1])}
    campaigns = [found for act in acts if (found := act.context.get("campaign")) and isinstance(found, dict)]
    return told | ({"campaign": campaigns[0]} if campaigns else {})


def _find_origin(entry: EventEntry) -> dict[str, Any]:
    """Where a session came from, as its first event tells it."""
    campaign, platform = entry.context.get("campaign"), _find_platform(entry)
    told: dict[str, Any] = {"campaign": campaign} if campaign and isinstance(campaign, dict) else {}
    if entry.call == "page":
        told["first_page"] = _find_page(entry)
    return told | ({"platforms": [platform]} if platform else {})


def _find_page(act: Told) -> str:
    """A page's address, as the properties of the call or the context have it."""
    page = act.context.get("page")
    for told in (act.properties, page if isinstance(page, dict) else {}):
        for name in ("url", "path"):
            if isinstance(told.get(name), str):
                return str(told[name])
    return ""


def _find_platform(act: Told) -> str:
    """`web`, or the system of the phone that an app runs on; empty when the event does not tell."""
    if isinstance(act.context.get("page"), dict):
        return "web"
    for place in ("os", "device"):
        known = act.context.get(place)
        name = known.get("name" if place == "os" else "type") if isinstance(known, dict) else None
        if isinstance(name, str) and name.lower() in ("ios", "ipados", "android"):
            return "ios" if name.lower() == "ipados" else name.lower()
    return ""


def _derive(world: World, row: SessionRow, name: str, at: datetime, properties: Mapping[str, Any]) -> None:
    message_id = f"{name}:{row.id}"
    stored = ev.StoreEvent(
        workspace=row.workspace,
        shard=shard_of_contact(row.contact_id),
        contact_id=row.contact_id,
        key=derive_key("event", row.workspace, message_id),
        day=day_of(at),
        source_id=DERIVED_SOURCE,
        type=DERIVED,
        name=name,
        message_id=message_id,
        user_id="",
        anonymous_id="",
        properties=dict(properties),
        context={},
        occurred_at=at,
        received_at=world.now,
    )
    world.add(stored)
    react(world, stored)


def list_due(world: World, events: Iterable[tuple[EventEntry, Iterable[int]]]) -> set[int]:
    """The contacts whose session may end by these events, each with the contacts whom it may concern: what they did is
    needed. Rather one too many, for whose an event is may change while the events are decided."""
    latest, found = None, set()
    for entry, contact_ids in events:
        latest = entry.at if latest is None else max(latest, entry.at)
        if goes_to_background(entry):
            found |= {world.follow(contact_id) for contact_id in contact_ids} & world.sessions.keys()
    if latest is not None:
        found |= {row.contact_id for row in world.sessions.values() if row.ends_at <= latest}
    return found
