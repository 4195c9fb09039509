"""The fixed cast: Alice owns a workspace, Bob is an agent in it, Vera only looks, Charlie belongs to another one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.test import Client

    from tertulia.data.models import User, Workspace

PASSWORD = "a long enough password"
SETTINGS = {
    "name": "Verbena",
    "zone": "UTC",
    "currency": "EUR",
    "link_days": "30",
    "event_hours": "72",
    "language": "en",
}
"""What the form of a workspace's settings sends."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Ids and e-mails of those who take part; every password is ``PASSWORD``."""

    workspace: Workspace
    other: Workspace
    alice: User
    bob: User
    vera: User
    charlie: User


@cache
def hash_password() -> str:
    """The password of everybody as it is kept. Once for all tests: hashing it takes a third of a second."""
    from django.contrib.auth.hashers import make_password

    return make_password(PASSWORD)


def make_cast() -> Cast:
    """Write the cast to the database."""
    from tertulia.data.models import Membership, User, Workspace
    from tertulia.store.sealing import seal

    workspace = Workspace.objects.create(
        name="Verbena Market", slug="verbena", link_key=seal(b"v" * 32), country="PT", zone="Europe/Lisbon"
    )
    other = Workspace.objects.create(name="Elsewhere", slug="elsewhere", link_key=seal(b"e" * 32))
    people = {}
    for email, name, place, role in (
        ("alice@example.com", "Inês Carvalho", workspace, "owner"),
        ("bob@example.com", "Bob Fernandes", workspace, "agent"),
        ("vera@example.com", "Vera Moura", workspace, "viewer"),
        ("charlie@example.com", "Charlie", other, "owner"),
    ):
        user = User.objects.create_user(email, name=name)
        user.password = hash_password()
        user.save(update_fields=["password"])
        Membership.objects.create(workspace=place, user=user, role=role)
        people[email.split("@")[0]] = user
    return Cast(workspace, other, **people)


def make_client(user: User | None = None, **options: object) -> Client:
    """A browserless client, signed in as ``user`` if one is given."""
    from django.test import Client

    client = Client(SERVER_NAME="localhost", **options)
    if user is not None:
        client.force_login(user)
    return client
