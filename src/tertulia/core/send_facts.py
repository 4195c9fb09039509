"""What decides about one send: the facts that the claim gathers and the gates are asked with."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from tertulia.core.budgets import Charge
from tertulia.core.canaries import Place
from tertulia.core.caps import AtCap, Cap, Counted, Slot
from tertulia.core.consent import ConsentState, Suppression
from tertulia.core.coupons import Grant
from tertulia.core.deliveries import MessageClass
from tertulia.core.identity import Trust
from tertulia.core.reasons import Reason
from tertulia.core.render import OnMissing, Outcome
from tertulia.core.throttles import Turn
from tertulia.core.windows import Outside, Window
from tertulia.core.zones import ZoneChoice

Facts = Mapping[str, object]


class RunState(StrEnum):
    """What the message belongs to: a match, or nothing (a reply, a test send: always live)."""

    LIVE = "live"
    PAUSED = "paused"
    STOPPED = "stopped"
    ENDED = "ended"
    CODE_OVER = "code_over"  # of a one-time code, which is sent no more


class Audience(StrEnum):
    """Whether the contact is still one of those whom a broadcast is for."""

    NONE = "none"  # it is for nobody in particular, or no broadcast
    INSIDE = "inside"
    LEFT = "left"


class Platform(StrEnum):
    """What the platform's rules let us write now (I7): data about the identity, loaded by the claim."""

    FREE = "free"  # no window (SMS, Telegram), or a template that needs none
    OPEN = "open"  # inside the window
    CLOSED = "closed"
    CUSTOMER_FIRST = "customer_first"  # the customer has never written in this app
    REPLIED = "replied"  # the one private reply to the comment is another message


class Arm(msgspec.Struct, frozen=True):
    """The side of a hold-out that a customer is on: `held` out or not, since when; None: they come to it now. `share`:
    how many of 10000 are held out today; `bucket`: the customer's. `reason`: of not getting the message."""

    experiment: str
    reason: Reason
    held: bool
    bucket: int
    share: int
    since: datetime | None


class SendFacts(msgspec.Struct, frozen=True):
    """Everything that decides one send, as of `now`.

    `audience` is asked again of every message of a broadcast. `trust` is the identity's at the address; `sensitive`
    the marked attributes that the match's text uses, `neutral` whether its neutral text takes that one's place.
    `address` is empty when the contact has none on the channel; `mobile_needed` on SMS. `consent` is derived for
    the address, channel and topic; `answers` says that it is the reply to a comment. `suppression` is the gravest that
    stops this class here (`find_suppression`). `charge` says what this send costs and what its budgets have left; None:
    it is under none. `turn` when its throttle lets it go. `windows` are read in `zone`;
    `outside` what becomes of it while one is closed. `slots` are the contact's other messages as the `caps` count
    them, `message` this one; `at_cap` what becomes of it where there is no room. `template` says which template's
    text it is, if any; `coupons` are the codes that it shows; `arms` the hold-outs that it is under."""

    delivery_id: UUID
    now: datetime
    message_class: MessageClass
    topic: str
    run: RunState
    contact_merged: bool
    contact_erased: bool
    audience: Audience
    address: str
    mobile_needed: bool
    mobile: bool
    dead_code: str
    trust: Trust
    sensitive: tuple[str, ...]
    neutral: bool
    consent: ConsentState
    suppression: Suppression | None
    deadline: datetime | None
    platform: Platform
    window_until: datetime | None
    answers: bool
    windows: tuple[Window, ...]
    zone: ZoneChoice
    outside: Outside
    caps: tuple[Cap, ...]
    slots: tuple[Slot, ...]
    message: Counted
    at_cap: AtCap
    channel_stopped: bool
    charge: Callable[[], Charge] | None
    turn: Turn | None
    canary: Place | None
    on_missing: OnMissing
    characters_max: int
    render: Callable[[], Outcome]
    template: Facts = {}
    coupons: tuple[Grant, ...] = ()
    arms: tuple[Arm, ...] = ()
