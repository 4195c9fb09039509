"""A journey is started for a contact: by a till, a call centre, or anything else that sends no events."""

from typing import Any
from uuid import uuid4

from django.http import HttpRequest
from ninja import Router, Schema

from tertulia.actions.journey_start import Who, ask_start
from tertulia.actions.journeys import access_journey
from tertulia.api.shell import ask_engine, conn_of, now, workspace_of
from tertulia.core.journey import derive_run_id
from tertulia.store.journeys import find_run

router = Router(tags=["Journeys"])


class StartIn(Schema):
    """Who, in exactly one way, and what templates see as `event`. `key`: the same again begins no second run for this
    contact; without one every call does."""

    contact_id: int | None = None
    user_id: str = ""
    phone: str = ""
    email: str = ""
    key: str = ""
    properties: dict[str, Any] = {}


class StartOut(Schema):
    """`decided` is false when the engine has not come to it yet; it will. `started`: the run began, now or by an
    earlier call with this key; where it did not, the contact's decisions and `why` say for what reason."""

    contact_id: int
    run_id: str
    decided: bool
    started: bool


@router.post("/journeys/{journey_id}/start", response=StartOut, summary="Start a journey")
def start_journey(request: HttpRequest, journey_id: int, form: StartIn) -> dict[str, Any]:
    """For one contact, of a published journey whose entry is of the kind `api`. Its dates, conditions and re-entry
    hold as for anybody else."""
    workspace = workspace_of(request)
    journey = access_journey(workspace, journey_id)
    who = Who(form.contact_id, form.user_id, form.phone, form.email)
    entry = ask_start(conn_of(), journey, now(), who, form.key, form.properties, uuid4())
    decided = ask_engine(workspace, [entry])
    run_id = derive_run_id(journey.pk, entry.contact_id, entry.id)
    started = find_run(conn_of(), entry.contact_id, run_id)
    return {"contact_id": entry.contact_id, "run_id": str(run_id), "decided": decided, "started": started}
