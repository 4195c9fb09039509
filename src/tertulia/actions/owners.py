"""The first person on a fresh installation."""

from datetime import datetime

from tertulia.actions.workspaces import WorkspaceForm, create_workspace
from tertulia.data.models import Membership, User, Workspace

FIRST_EMAIL = "owner@localhost"


def create_owned(owner: User, now: datetime, form: WorkspaceForm, link_key: bytes) -> Workspace:
    """A workspace and its owner."""
    workspace = create_workspace(owner, now, form, link_key)
    Membership.objects.create(workspace=workspace, user=owner, role="owner")
    return workspace


def ensure_first_owner(now: datetime, name: str, link_key: bytes) -> User | None:
    """Someone to begin with: on an empty database a workspace called `name` and its owner. While that owner has never
    signed in they are given back, so that a sign-in link can be shown; afterwards None."""
    first: User | None = User.objects.filter(email=FIRST_EMAIL, last_login=None, is_active=True).first()
    if first is None and not User.objects.exists():
        first = User.objects.create_user(FIRST_EMAIL)
        create_owned(first, now, WorkspaceForm(name), link_key)
    return first
