"""What calls to a company's API bring about: a closed union, part of `effects.Effect`."""

from datetime import datetime
from uuid import UUID

import msgspec


class QueueCall(msgspec.Struct, frozen=True):
    """A call to be made (S6). Its id is derived from run, step and visit and is its `Idempotency-Key`. `path` is what
    stands behind the endpoint's address, `body` a JSON text or empty, `status_path` where its outcome can be asked for
    (empty: nowhere). `expect` and `save` say how the answer is read."""

    workspace: int
    contact_id: int
    id: UUID
    journey_id: int
    run_id: UUID
    step: str
    visit: int
    endpoint_id: int
    method: str
    path: str
    body: str
    status_path: str
    expect: str
    save: dict[str, str]
    at: datetime


class SetCall(msgspec.Struct, frozen=True):
    """An undecided call goes from one state to another: queued until `not_before`, calling (that commit is the
    hand-over), unknown. `attempt` counts hand-overs, `tries` those since a person last asked for another. Of an unknown
    one question `asked` is due `ask_at`; None: a person decides, for `reason`."""

    workspace: int
    contact_id: int
    id: UUID
    journey_id: int
    state: str
    attempt: int
    tries: int
    asked: int
    not_before: datetime
    ask_at: datetime | None
    reason: str


class EndCall(msgspec.Struct, frozen=True):
    """A call is decided: the ledger has its verdict, the run what was saved of the answer."""

    workspace: int
    contact_id: int
    id: UUID
    journey_id: int


CallEffect = QueueCall | SetCall | EndCall
