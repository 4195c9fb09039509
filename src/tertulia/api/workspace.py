"""The key's workspace, its keys, notices and audit log."""

import secrets
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status

from tertulia.actions import workspaces as actions
from tertulia.api.paging import read_limit
from tertulia.api.shell import now, workspace_of, writing
from tertulia.data.models import ApiKey, Audit, Membership, Notice, Workspace
from tertulia.errors import NotFound

router = Router(tags=["Workspace"])


class WorkspaceIn(Schema):
    """`link_domain`: where short links begin, empty for the server's own address. `link_days`: until a link expires.
    `sensitive_attributes`: attributes of contacts that only a verified customer may be sent. `send_window`: the hours
    in which marketing and service messages may go out, by the customer's clock, as `{"from": "09:00", "to": "21:00",
    "days": ["mon", "tue"]}`; an empty list for always. `hold_out`: the share of customers who get no marketing, such as
    `5%`; empty for none. `event_hours`: how old an event may be that starts something, from 1 to 168. Left out, each of
    these four stays."""

    name: str
    link_domain: str = ""
    country: str = ""
    language: str = "en"
    zone: str = "UTC"
    currency: str = "EUR"
    link_days: int = 30
    sensitive_attributes: list[str] | None = None
    send_window: list[dict[str, Any]] | None = None
    hold_out: str | None = None
    event_hours: int | None = None


class WorkspaceOut(WorkspaceIn):
    """`epoch` rises with every change that a decision depends on."""

    sensitive_attributes: list[str]
    send_window: list[dict[str, Any]]
    hold_out: str
    event_hours: int
    id: int
    slug: str
    epoch: int


class KeyIn(Schema):
    """`scopes`: read, write, otp, test."""

    name: str
    scopes: list[str]


class KeyOut(Schema):
    id: int
    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    last_used_at: datetime | None


class NewKeyOut(KeyOut):
    """`key` is shown this once."""

    key: str


class NoticeOut(Schema):
    id: int
    kind: str
    facts: dict[str, Any]
    link: str
    at: datetime
    seen_at: datetime | None


class AuditOut(Schema):
    id: int
    user_id: int | None
    verb: str
    subject: str
    facts: dict[str, Any]
    at: datetime


class MemberOut(Schema):
    """`role`: owner, admin, marketer, agent or viewer."""

    id: int
    email: str
    name: str
    role: str


@router.get("/workspace", response=WorkspaceOut, summary="The workspace")
def get_workspace(request: HttpRequest) -> Workspace:
    """The workspace that the key works in."""
    return workspace_of(request)


@router.put("/workspace", response=WorkspaceOut, summary="Change the workspace")
def put_workspace(request: HttpRequest, form: WorkspaceIn) -> Workspace:
    """Everything that the workspace says of itself; what may be left out stays then."""
    workspace = workspace_of(request)
    told = form.dict()
    sensitive = told.pop("sensitive_attributes")
    names = None if sensitive is None else tuple(sensitive)
    with writing():
        actions.update_workspace(workspace, None, now(), actions.WorkspaceForm(**told, sensitive=names))
    workspace.refresh_from_db()
    return workspace


@router.get("/keys", response=list[KeyOut], summary="Keys")
def list_keys(request: HttpRequest) -> list[ApiKey]:
    """Keys that work."""
    return actions.list_keys(workspace_of(request))


@router.post("/keys", response={201: NewKeyOut}, summary="Make a key")
def post_key(request: HttpRequest, form: KeyIn) -> Status[dict[str, Any]]:
    """The key's text is in this answer and nowhere else."""
    with writing():
        secret = secrets.token_urlsafe(32)
        key, text = actions.create_key(workspace_of(request), None, now(), form.name, form.scopes, secret)
    return Status(201, {**KeyOut.from_orm(key).dict(), "key": text})


@router.delete("/keys/{key_id}", response={204: None}, summary="Revoke a key")
def delete_key(request: HttpRequest, key_id: int) -> Status[None]:
    """It stops working at once."""
    with writing():
        actions.revoke_key(workspace_of(request), None, now(), key_id)
    return Status(204, None)


@router.get("/notices", response=list[NoticeOut], summary="Notices")
def list_notices(request: HttpRequest, unseen: bool = False, limit: int = 50) -> list[Notice]:
    """What people were told, the newest first."""
    found = Notice.objects.filter(workspace=workspace_of(request))
    if unseen:
        found = found.filter(seen_at=None)
    return list(found.order_by("-at", "-id")[: read_limit(limit)])


@router.post("/notices/{notice_id}/seen", response={204: None}, summary="Mark a notice as seen")
def see_notice(request: HttpRequest, notice_id: int) -> Status[None]:
    """It is no longer shown as new."""
    with writing():
        found = Notice.objects.filter(workspace=workspace_of(request), pk=notice_id)
        if not found.update(seen_at=now()):
            raise NotFound("This notice does not exist in this workspace.")
    return Status(204, None)


@router.get("/team", response=list[MemberOut], summary="The team")
def list_team(request: HttpRequest) -> list[dict[str, Any]]:
    """Who works here, with which role. Machines do not change it: people answer for people."""
    found = Membership.objects.filter(workspace=workspace_of(request)).select_related("user").order_by("id")
    return [{"id": item.pk, "email": item.user.email, "name": item.user.name, "role": item.role} for item in found]


@router.get("/audit", response=list[AuditOut], summary="Audit log")
def list_audit(request: HttpRequest, before: int = 0, limit: int = 100) -> list[Audit]:
    """Who changed what, the newest first, from before an id."""
    found = Audit.objects.filter(workspace=workspace_of(request))
    if before:
        found = found.filter(pk__lt=before)
    return list(found.order_by("-id")[: read_limit(limit)])
