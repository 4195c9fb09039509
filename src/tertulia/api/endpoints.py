"""Endpoints of the company's own API that journeys call, their log, and calls that wait for a person."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status

from tertulia.actions import calls
from tertulia.actions import endpoints as actions
from tertulia.api.paging import read_limit
from tertulia.api.shell import ask_engine, conn_of, now, workspace_of, writing
from tertulia.data.models import Endpoint
from tertulia.store.calls import list_call_exchanges

router = Router(tags=["Endpoints"])


class EndpointIn(Schema):
    """`secrets` are headers whose values are sealed and never shown: an empty one keeps what is stored, one that is not
    named is taken away. `idempotent`: the same `Idempotency-Key` again has no second effect, so a call whose outcome is
    not known may be repeated. `status_path`: a path, with `{{ call.key }}`, at which the outcome of a call can be asked
    for; `status_done` and `status_failed` are JMESPath conditions on what it says."""

    name: str
    base_url: str
    methods: list[str] = ["GET", "POST"]
    headers: dict[str, str] = {}
    secrets: dict[str, str] = {}
    timeout_s: int = 10
    idempotent: bool = False
    status_path: str = ""
    status_done: str = ""
    status_failed: str = ""


class NewEndpointIn(EndpointIn):
    """`key` is what journeys call it by; it stays."""

    key: str


class EndpointOut(Schema):
    """An endpoint without its secrets: `secrets` names those that are set."""

    id: int
    key: str
    name: str
    base_url: str
    methods: list[str]
    headers: dict[str, str]
    secrets: list[str]
    timeout_s: int
    idempotent: bool
    status_path: str
    status_done: str
    status_failed: str


class CallExchangeOut(Schema):
    """One call, or (`purpose` status) one question about a call, with secrets masked. `status` 0 and `error` when there
    was no answer. `call_id` is the call's `Idempotency-Key`."""

    id: int
    purpose: str
    at: datetime
    took_ms: int
    method: str
    url: str
    headers: str
    body: str
    status: int
    answer: str
    error: str
    contact_id: int
    call_id: UUID


class WaitingCallOut(Schema):
    """A call of which nobody knows what came of it; its run stays at `step`. `id` is its `Idempotency-Key`."""

    id: UUID
    contact_id: int
    journey_id: int
    step: str
    endpoint_id: int
    method: str
    path: str
    attempt: int
    called_at: datetime


class VerdictIn(Schema):
    """`worked` and `failed` are the ways of the step; `again`: another attempt, with the same key."""

    verdict: Literal["worked", "failed", "again"]


class SettledOut(Schema):
    """`decided` is false when the engine has not come to it yet; it will."""

    decided: bool


@router.get("/endpoints", response=list[EndpointOut], summary="Endpoints")
def list_endpoints(request: HttpRequest) -> list[dict[str, Any]]:
    """The workspace's endpoints, by their keys."""
    return [_tell(endpoint) for endpoint in actions.list_endpoints(workspace_of(request))]


@router.post("/endpoints", response={201: EndpointOut}, summary="Add an endpoint")
def post_endpoint(request: HttpRequest, form: NewEndpointIn) -> Status[dict[str, Any]]:
    """Journeys may call it from now on. A key that is taken is refused."""
    with writing():
        made = actions.create_endpoint(workspace_of(request), None, now(), form.key, _read(form))
    return Status(201, _tell(made))


@router.get("/endpoints/{endpoint_id}", response=EndpointOut, summary="An endpoint")
def get_endpoint(request: HttpRequest, endpoint_id: int) -> dict[str, Any]:
    """As it is."""
    return _tell(actions.access_endpoint(workspace_of(request), endpoint_id))


@router.put("/endpoints/{endpoint_id}", response=EndpointOut, summary="Change an endpoint")
def put_endpoint(request: HttpRequest, endpoint_id: int, form: EndpointIn) -> dict[str, Any]:
    """Calls from now on use it as it is then."""
    endpoint = actions.access_endpoint(workspace_of(request), endpoint_id)
    with writing():
        return _tell(actions.change_endpoint(endpoint, None, now(), _read(form)))


@router.delete("/endpoints/{endpoint_id}", response={204: None}, summary="Delete an endpoint")
def delete_endpoint(request: HttpRequest, endpoint_id: int) -> Status[None]:
    """409 while a published journey calls it, or a call of it has no outcome."""
    endpoint = actions.access_endpoint(workspace_of(request), endpoint_id)
    with writing():
        actions.delete_endpoint(conn_of(), endpoint, None, now())
    return Status(204, None)


@router.get("/endpoints/{endpoint_id}/log", response=list[CallExchangeOut], summary="An endpoint's log")
def get_log(request: HttpRequest, endpoint_id: int, before: int | None = None, limit: int = 50) -> list[Any]:
    """The last exchanges, the newest first; `before` is an id to go on from."""
    endpoint = actions.access_endpoint(workspace_of(request), endpoint_id)
    conn, workspace = conn_of(), endpoint.workspace_id
    return list(list_call_exchanges(conn, workspace, endpoint.pk, before=before, limit=read_limit(limit)))


@router.get("/calls/waiting", response=list[WaitingCallOut], summary="Calls that wait for a person")
def list_waiting(request: HttpRequest, journey_id: int | None = None) -> list[Any]:
    """Of a journey, or all: those of which nobody knows what came of them, the oldest first."""
    return list(calls.list_waiting(conn_of(), workspace_of(request), journey_id))


@router.post("/calls/{call_id}/settle", response=SettledOut, summary="Say what came of a call")
def settle_call(request: HttpRequest, call_id: UUID, form: VerdictIn) -> dict[str, bool]:
    """Its run goes on by it. Audited."""
    workspace = workspace_of(request)
    with writing():
        entry = calls.settle_call(conn_of(), workspace, None, now(), call_id, form.verdict)
    return {"decided": ask_engine(workspace, [entry])}


def _read(form: EndpointIn) -> actions.EndpointForm:
    told = form.dict(exclude={"key", "methods"})
    return actions.EndpointForm(**told, methods=tuple(form.methods))


def _tell(endpoint: Endpoint) -> dict[str, Any]:
    names = [name for name in EndpointOut.model_fields if name != "secrets"]
    return {name: getattr(endpoint, name) for name in names} | {"secrets": actions.list_secrets(endpoint)}
