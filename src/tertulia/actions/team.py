"""Who works in a workspace.

An owner may do everything; an admin everything but make or unmake owners. A workspace keeps at least one owner. People
are added by their e-mail and sign in by a one-time link that whoever added them hands over, for a machine need not be
able to send mail.
"""

from datetime import datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from tertulia.actions.audit import record_change
from tertulia.data.models import Membership, User, Workspace
from tertulia.errors import Conflict, Invalid, NotFound

NAME_CHARACTERS_MAX: Final = 200
ROLES: Final = tuple(role for role, _words in Membership.ROLES)


def add_member(workspace: Workspace, by: Membership, now: datetime, email: str, name: str, role: str) -> Membership:
    """Add a person by e-mail; a known user joins, an unknown one is made without a password. Raises Invalid or
    Conflict."""
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise Invalid(_("This is not an e-mail address."), field="email") from None
    _check_role(by, role)
    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        user = User.objects.create_user(email, name=name.strip()[:NAME_CHARACTERS_MAX])
    if Membership.objects.filter(workspace=workspace, user=user).exists():
        raise Conflict(_("This person is in the team already."), field="email")
    membership: Membership = Membership.objects.create(workspace=workspace, user=user, role=role)
    record_change(workspace, by.user, now, "member_added", str(user.pk), {"role": role})
    return membership


def change_role(workspace: Workspace, by: Membership, now: datetime, member_id: int, role: str) -> Membership:
    """Give a member another role. Raises NotFound, Invalid, Conflict."""
    member = access_member(workspace, member_id)
    _check_role(by, role)
    _check_role(by, member.role)
    if role != "owner":
        _keep_an_owner(member)
    member.role = role
    member.save(update_fields=["role"])
    record_change(workspace, by.user, now, "role_changed", str(member.user_id), {"role": role})
    return member


def remove_member(workspace: Workspace, by: Membership, now: datetime, member_id: int) -> tuple[int, str]:
    """Take a member out of the workspace; the user stays. Their id and role, which put them back."""
    member = access_member(workspace, member_id)
    _check_role(by, member.role)
    _keep_an_owner(member)
    member.delete()
    record_change(workspace, by.user, now, "member_removed", str(member.user_id))
    return member.user_id, member.role


def access_member(workspace: Workspace, member_id: int) -> Membership:
    """The only way to a membership: one of this workspace. Raises NotFound."""
    try:
        member: Membership = Membership.objects.select_related("user").get(pk=member_id, workspace=workspace)
    except Membership.DoesNotExist:
        raise NotFound(_("This person is not in the team.")) from None
    return member


def _check_role(by: Membership, role: str) -> None:
    if role not in ROLES:
        raise Invalid(_("There is no such role."), field="role")
    if role == "owner" and by.role != "owner":
        raise Invalid(_("Only an owner makes or unmakes owners."), field="role")


def _keep_an_owner(member: Membership) -> None:
    owners = Membership.objects.select_for_update().filter(workspace_id=member.workspace_id, role="owner")
    if member.role == "owner" and len(owners) == 1:
        raise Conflict(_("The workspace needs an owner. Make somebody else one first."), field="role")
