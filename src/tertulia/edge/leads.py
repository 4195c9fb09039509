"""Where a personal link leads, by the configuration of one moment.

Decided once for each opening, in the group that records it, so that what was counted (M9) is what was answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from tertulia.edge.registry import ChannelView, Snapshot
from tertulia.store.clicks import FoundLink
from tertulia.store.front import FrontWorkspace

STOPPED = frozenset({"stopped"})  # states of a match whose links lead nowhere any more


class Way(Enum):
    """What an opening is answered with."""

    UNKNOWN = auto()  # the configuration that was read does not have this match yet
    APP = auto()  # sent on into the app
    SITE = auto()  # sent on to the address that a link in a message stands for
    PAGE = auto()  # our page of an app that no web address opens
    CHOOSER = auto()
    EXPIRED = auto()
    STOPPED = auto()
    GONE = auto()  # the app is no longer offered

    @property
    def shows_page(self) -> bool:
        """Whether a page with our beacon is shown."""
        return self in (Way.PAGE, Way.CHOOSER)

    @property
    def ended(self) -> bool:
        """Whether the link leads nowhere any more."""
        return self in (Way.EXPIRED, Way.STOPPED, Way.GONE)


@dataclass(frozen=True, slots=True)
class Lead:
    """A link and where it leads. `apps` are what a chooser offers, `channel` the app that is opened."""

    link: FoundLink
    way: Way
    workspace: FrontWorkspace | None = None
    apps: tuple[ChannelView, ...] = ()
    channel: ChannelView | None = None


def find_lead(snapshot: Snapshot, app: str, link: FoundLink, now: datetime) -> Lead:
    """Where a link for `app` (a channel kind, `chooser` or `web`) leads at `now`."""
    if link.message is not None:
        return _find_site(snapshot, link, now)
    workspace, match = snapshot.workspaces.get(link.workspace), snapshot.matches.get(link.match_id or 0)
    if workspace is None or match is None:
        return Lead(link, Way.UNKNOWN)
    if now >= link.expires_at:
        return Lead(link, Way.EXPIRED, workspace)
    if link.state in STOPPED:
        return Lead(link, Way.STOPPED, workspace)
    apps = tuple(snapshot.channels[id_] for id_ in match.apps if id_ in snapshot.channels)
    channel = _pick_channel(apps, app)
    if channel is not None:
        way = Way.APP if channel.adapter.capabilities.deep_link_web else Way.PAGE
        return Lead(link, way, workspace, apps, channel)
    return Lead(link, Way.CHOOSER if apps else Way.GONE, workspace, apps)


def _find_site(snapshot: Snapshot, link: FoundLink, now: datetime) -> Lead:
    workspace = snapshot.workspaces.get(link.workspace)
    if workspace is None:
        return Lead(link, Way.UNKNOWN)
    return Lead(link, Way.EXPIRED if now >= link.expires_at else Way.SITE, workspace)


def _pick_channel(apps: Sequence[ChannelView], app: str) -> ChannelView | None:
    """The channel of the link's app; of a chooser with one app that one; None: the customer chooses."""
    if app == "chooser":
        return apps[0] if len(apps) == 1 else None
    return next((channel for channel in apps if channel.kind == app), None)
