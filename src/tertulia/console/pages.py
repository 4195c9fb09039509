"""The table of pages: one line gives a page its address, menu place, way back, permission and key.

A page is the folder ``console/<name>/`` with ``page.py`` (its ``ROUTES``) and its templates, plus one line here. Menu,
breadcrumb, command palette, keyboard help and the permission check are all read from this table, so none of them can
disagree and no link can lead nowhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Role(StrEnum):
    """What a member may do in one workspace, widest first. The values are those of ``Membership.role``."""

    OWNER = "owner"
    ADMIN = "admin"
    MARKETER = "marketer"
    AGENT = "agent"
    VIEWER = "viewer"

    @property
    def is_admin(self) -> bool:
        """May change people, settings and what cannot be undone."""
        return self in (Role.OWNER, Role.ADMIN)


ANYONE = frozenset(Role)
EDITORS = frozenset({Role.OWNER, Role.ADMIN, Role.MARKETER})
PEOPLE = frozenset({Role.OWNER, Role.ADMIN, Role.MARKETER, Role.AGENT})
ADMINS = frozenset({Role.OWNER, Role.ADMIN})


class Group(StrEnum):
    """Where in the side navigation a page stands."""

    TOP = "top"
    AUDIENCE = "audience"
    MESSAGES = "messages"
    RESULTS = "results"
    FOOT = "foot"


GROUP_TITLES: dict[Group, Promise] = {
    Group.AUDIENCE: _("Audience"),
    Group.MESSAGES: _("Messages"),
    Group.RESULTS: _("Results"),
}


@dataclass(frozen=True, slots=True)
class Page:
    """One page. ``see`` may read it, ``change`` may send anything but GET to it; no group means not in the menu."""

    name: str
    path: str
    title: Promise
    icon: str
    see: frozenset[Role] = ANYONE
    change: frozenset[Role] = EDITORS
    group: Group | None = None
    parent: str = ""
    key: str = ""
    bottom: bool = False
    rail: bool = False


PAGES: tuple[Page, ...] = (
    Page("home", "", _("Home"), "house", group=Group.TOP, key="h", bottom=True),
    Page("contacts", "contacts/", _("Contacts"), "users", group=Group.AUDIENCE, key="c", bottom=True),
    Page("contact", "contacts/<int:contact_id>/", _("Contact"), "user", parent="contacts", change=PEOPLE),
    Page("suggestions", "contacts/merges/", _("Merge suggestions"), "git-merge", parent="contacts"),
    Page("export", "contacts/export/", _("Export"), "download", see=EDITORS, parent="contacts"),
    Page("imports", "imports/", _("Import"), "upload", parent="contacts"),
    Page("segments", "segments/", _("Segments"), "shapes", group=Group.AUDIENCE, key="s"),
    Page("matches", "matches/", _("Matches"), "link", group=Group.AUDIENCE, key="m", bottom=True),
    Page("sources", "sources/", _("Sources"), "activity", change=ADMINS, group=Group.AUDIENCE, key="e"),
    Page("journeys", "journeys/", _("Journeys"), "workflow", group=Group.MESSAGES, key="j", rail=True),
    Page("calls", "journeys/calls/", _("Calls that wait for you"), "globe", parent="journeys"),
    Page("broadcasts", "broadcasts/", _("Broadcasts"), "megaphone", group=Group.MESSAGES, key="b", rail=True),
    Page("templates", "templates/", _("Templates"), "layout-template", group=Group.MESSAGES, key="t", rail=True),
    Page("coupons", "coupons/", _("Coupons"), "ticket", group=Group.MESSAGES, key="o"),
    Page("catalogs", "catalogs/", _("Catalogs"), "tag", group=Group.MESSAGES, key="g"),
    Page("files", "files/", _("Files"), "image", group=Group.MESSAGES, key="f"),
    Page("past_events", "sources/<int:source_id>/past/", _("Past events"), "history", parent="sources"),
    Page("channels", "channels/", _("Channels"), "radio-tower", change=ADMINS, group=Group.MESSAGES, key="n"),
    Page("parked", "parked/", _("Parked"), "octagon-pause", change=ADMINS, parent="channels"),
    Page("notices", "notices/", _("Notifications"), "bell", change=ANYONE, group=Group.FOOT),
    Page("settings", "settings/", _("Settings"), "settings", change=ADMINS, group=Group.FOOT, key=","),
    Page("limits", "settings/limits/", _("Hours, caps, budget"), "clock", change=ADMINS, parent="settings"),
    Page("hold_out", "settings/hold-out/", _("Hold-out"), "split", change=ADMINS, parent="settings"),
    Page("endpoints", "settings/endpoints/", _("Your API"), "globe", change=ADMINS, parent="settings"),
    Page("codes", "settings/codes/", _("One-time codes"), "shield-check", change=ADMINS, parent="settings"),
    Page("team", "settings/team/", _("Team"), "users", see=ADMINS, change=ADMINS, parent="settings"),
    Page("keys", "settings/keys/", _("Keys"), "key-round", see=ADMINS, change=ADMINS, parent="settings"),
    Page("preferences", "you/", _("Your preferences"), "user", change=ANYONE),
    Page("find", "find/", _("Find or do"), "search"),
)

_BY_NAME = {page.name: page for page in PAGES}


def get_page(name: str) -> Page:
    """The page of that name; KeyError if the table has none."""
    return _BY_NAME[name]


def list_menu(role: Role, pages: Iterable[Page] = PAGES) -> list[tuple[Group, list[Page]]]:
    """The side navigation for one role: groups in their order, only with pages that this role may see."""
    seen = [page for page in pages if page.group is not None and role in page.see]
    return [(group, found) for group in Group if (found := [page for page in seen if page.group is group])]


def list_crumbs(page: Page) -> list[Page]:
    """The pages above this one, outermost first."""
    crumbs: list[Page] = []
    while page.parent:
        page = get_page(page.parent)
        crumbs.insert(0, page)
    return crumbs
