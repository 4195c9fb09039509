"""Frequency caps: at most so many messages to a customer in so much time."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status

from tertulia.actions import caps as actions
from tertulia.api.shell import now, workspace_of, writing
from tertulia.data.models import Cap

router = Router(tags=["Caps"])


class CapIn(Schema):
    """At most `limit` messages in the time `per`: `day`, `week` or `month` of the customer's own zone, or a length such
    as `24 h`. `channels` (`sms`, or an app's kind), `topics` and `classes` (marketing, service): left out, all are
    meant. `counts_important`: whether messages that pass because they are important leave less room for others."""

    name: str
    limit: int
    per: str
    channels: list[str] | None = None
    topics: list[str] | None = None
    classes: list[str] | None = None
    counts_important: bool = False


class CapOut(CapIn):
    id: int


@router.get("/caps", response=list[CapOut], summary="Frequency caps")
def list_caps(request: HttpRequest) -> list[dict[str, Any]]:
    """Every cap, in the order in which they were made."""
    return [_tell(cap) for cap in actions.list_caps(workspace_of(request))]


@router.post("/caps", response={201: CapOut}, summary="Make a cap")
def post_cap(request: HttpRequest, form: CapIn) -> Status[dict[str, Any]]:
    """It holds from the next decision on, and counts what was sent before. A name that is taken is refused."""
    with writing():
        cap = actions.create_cap(workspace_of(request), None, now(), form.name, _read(form))
    return Status(201, _tell(cap))


@router.put("/caps/{cap_id}", response=CapOut, summary="Change a cap")
def put_cap(request: HttpRequest, cap_id: int, form: CapIn) -> dict[str, Any]:
    """What waits for it is looked at again."""
    workspace = workspace_of(request)
    cap = actions.access_cap(workspace, cap_id)
    with writing():
        return _tell(actions.change_cap(cap, None, now(), form.name, _read(form)))


@router.delete("/caps/{cap_id}", response={204: None}, summary="Delete a cap")
def delete_cap(request: HttpRequest, cap_id: int) -> Status[None]:
    """It holds nobody back any more."""
    with writing():
        actions.delete_cap(workspace_of(request), None, now(), cap_id)
    return Status(204, None)


def _read(form: CapIn) -> dict[str, Any]:
    """The cap as a document: what is left out is not written."""
    told = form.dict(exclude={"name"}, exclude_none=True)
    if not told["counts_important"]:
        del told["counts_important"]
    return told


def _tell(cap: Cap) -> dict[str, Any]:
    return {"id": cap.pk, "name": cap.name, **cap.document}
