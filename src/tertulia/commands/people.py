"""What the commands about one person share: the database, the workspace, and who is meant."""

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tertulia.commands.database import open_database
from tertulia.core.phones import Phone, key_of_e164, normalise_phone
from tertulia.errors import Invalid, NotFound

if TYPE_CHECKING:
    from tertulia.data.models import Workspace
    from tertulia.store.db import Conn


def add_workspace(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--workspace", default="", help="the workspace's slug; needed where there are several")


@contextmanager
def open_django() -> Iterator[str]:
    """The database's URL, with Django set up on it."""
    with open_database() as url:
        os.environ["DATABASE_URL"] = url
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tertulia.settings")
        import django

        django.setup()
        try:
            yield url
        finally:
            from django.db import connections

            connections.close_all()


def find_workspace(slug: str) -> "Workspace":
    """The workspace of a slug, or the only one. Raises NotFound, or Invalid where one has to be named."""
    from tertulia.data.models import Workspace

    found = list(Workspace.objects.filter(slug=slug) if slug else Workspace.objects.order_by("id")[:2])
    if len(found) == 1:
        workspace: Workspace = found[0]
        return workspace
    if slug:
        raise NotFound(f"There is no workspace {slug}.")
    raise (
        Invalid("There are several workspaces. Name one with --workspace.")
        if found
        else NotFound("There is no workspace yet. Run `tertulia up` and sign in once.")
    )


def find_contact(conn: "Conn", workspace: "Workspace", who: str) -> int:
    """The contact of an id, a phone number, an e-mail or an external id. Raises NotFound, or Invalid when several
    share it."""
    from tertulia.actions.contacts import access_contact
    from tertulia.core.events import LISTED
    from tertulia.store.directory import find_by_address

    if who.isdecimal():
        try:
            return access_contact(conn, workspace, int(who)).id
        except NotFound:
            pass
    keys = [(LISTED, who), ("email", who.strip().casefold())]
    phone = normalise_phone(who, workspace.country)
    if isinstance(phone, Phone):
        keys.insert(0, ("phone", key_of_e164(phone.e164)))
    for kind, canonical in keys:
        found = find_by_address(conn, workspace.pk, kind, canonical)
        if len(found) > 1:
            raise Invalid(f"Several contacts share that: {', '.join(map(str, found))}. Give one of these ids.")
        if found:
            return found[0]
    raise NotFound("There is no such contact in this workspace.")
