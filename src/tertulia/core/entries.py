"""What the log holds: one entry for everything that happens to a contact.

Entries are made by the edge (webhooks, clicks), by senders (outcomes), by people (merges, consent, erasure) and by
owners for other shards' contacts. `route` says where each belongs; `encode` and `decode` turn them into the log's
payload and back. Instants are aware, in UTC.
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final, assert_never, cast
from uuid import UUID

import msgspec

from tertulia.core.call_entries import CallEntry as CallEntry
from tertulia.core.call_entries import SettleCallEntry as SettleCallEntry
from tertulia.core.identity import IdentityRef
from tertulia.core.otp_entries import OtpEntry as OtpEntry
from tertulia.core.otp_entries import OtpVerifiedEntry as OtpVerifiedEntry
from tertulia.core.talk_entries import HandOverEntry as HandOverEntry
from tertulia.core.talk_entries import TalkEntry as TalkEntry
from tertulia.ids import place_of_delivery, shard_of_contact, shard_of_kind, shard_of_value

FORWARDED = ":to-"  # stands in the key of an entry that an owner handed on to another shard's


class Inbound(msgspec.Struct, frozen=True, tag="inbound", omit_defaults=True):
    """A customer wrote, tapped or shared. Fields as in the channels' InboundMessage. `tried` is set by an owner that
    forwarded the entry: the link code was looked up in this shard's name, so it is not forwarded again."""

    channel_id: int
    channel: str
    identity: IdentityRef
    at: datetime
    message_id: str = ""
    text: str = ""
    aliases: tuple[IdentityRef, ...] = ()
    phone: str = ""
    shared_phone: str = ""
    name: str = ""
    username: str = ""
    language: str = ""
    token: str = ""
    form: str = "text"
    payload: str = ""
    reply_to: str = ""
    reply_token: str = ""
    sequence: int = 0
    forwarded: bool = False
    opt_word: str = ""
    tried: bool = False
    contact_id: int | None = None  # decided by the owner that forwarded (a verified phone's only contact)
    post: str = ""

    @property
    def is_comment(self) -> bool:
        """Whether it stands publicly below the `post`; its alias is then the comment's own identity."""
        return self.form == "comment"


class Signal(msgspec.Struct, frozen=True, tag="signal", omit_defaults=True):
    """A platform's signal about a customer: blocked, unfollowed, followed, opted_out, started, identity_changed..."""

    channel_id: int
    channel: str
    identity: IdentityRef
    at: datetime
    event: str
    event_id: str = ""
    token: str = ""
    name: str = ""
    language: str = ""
    new: IdentityRef | None = None
    tried: bool = False


class ReceiptEntry(msgspec.Struct, frozen=True, tag="receipt", omit_defaults=True):
    """What became of a message of ours: sent, delivered, read or failed. Without `delivery_id` it is settled through
    the provider's id; with `watermark` it means every message up to `at` to `identity`."""

    channel_id: int
    channel: str
    state: str
    at: datetime
    provider_id: str = ""
    delivery_id: UUID | None = None
    identity: IdentityRef | None = None
    watermark: bool = False
    outcome: str = ""  # an OutcomeKind's value, for `failed`
    code: str = ""
    reason: str = ""
    withdraws: bool = False
    price_micros: int | None = None
    currency: str = ""
    parts: int | None = None


class OutcomeEntry(msgspec.Struct, frozen=True, tag="outcome", omit_defaults=True):
    """What a sender's attempt came to. `outcome` is an OutcomeKind's value; `lost` means that the lease ran out and
    nobody knows (S3). `handed_at` is where nobody knows the earliest instant, in real time, at which the provider may
    have taken it."""

    channel_id: int
    channel: str
    delivery_id: UUID
    attempt: int
    at: datetime
    outcome: str
    provider_ids: tuple[str, ...] = ()
    code: str = ""
    reason: str = ""
    retry_after_s: float | None = None
    withdraws: bool = False
    account_fault: bool = False
    parts: int | None = None
    lost: bool = False
    handed_at: datetime | None = None


class LookUpEntry(msgspec.Struct, frozen=True, tag="look_up", omit_defaults=True):
    """What a provider said when it was asked about a message whose outcome was lost (S3). `finding` is found, absent
    or unclear; `number` counts the questions about an attempt from 1. When found, `state` and what follows are as in a
    receipt, `state` empty where the provider has the message and has not sent it yet."""

    channel_id: int
    channel: str
    delivery_id: UUID
    attempt: int
    number: int
    at: datetime
    finding: str
    provider_ids: tuple[str, ...] = ()
    state: str = ""
    outcome: str = ""
    code: str = ""
    reason: str = ""
    withdraws: bool = False
    parts: int | None = None


class LinkedMessage(msgspec.Struct, frozen=True):
    """The message of a journey that a link stands in, and what the link is called."""

    delivery_id: UUID
    channel_id: int
    journey_id: int
    run_id: UUID
    step: str
    link: str


class ClickEntry(msgspec.Struct, frozen=True, tag="click", omit_defaults=True):
    """A link was opened: of a match, or of a journey's `message`. `class_` is human, preview, scanner, no_beacon or
    ended (M9); `app` the app symbol's kind, `chooser` or `web`. `beacon` makes an earlier opening of our own page a
    person's: its script runs only in a browser."""

    contact_id: int
    match_id: int | None
    code_hash: str  # hex
    app: str
    class_: str
    at: datetime
    nonce: str = ""
    beacon: bool = False
    message: LinkedMessage | None = None


class TokenEntry(msgspec.Struct, frozen=True, tag="token", omit_defaults=True):
    """A known identity sent a link code whose link lies in another shard: the link's owner compares (M2, M5)."""

    channel_id: int
    channel: str
    identity: IdentityRef
    contact_id: int
    code_hash: str  # hex
    shard: int
    at: datetime


class DismissEntry(msgspec.Struct, frozen=True, tag="dismiss", omit_defaults=True):
    """A person says that two contacts are not the same."""

    contact_id: int
    other_id: int
    actor: str
    at: datetime


class MergeEntry(msgspec.Struct, frozen=True, tag="merge", omit_defaults=True):
    """A person (or a rule that may) decided that `absorbed` is the same person as `into` (M8)."""

    into: int
    absorbed: int
    actor: str
    at: datetime
    rule: str = "person"  # person, digits (M5's answer), shared_phone (M2), user_id (a device's), alias
    match_id: int | None = None  # the match whose second question was answered
    member_id: int | None = None  # whom the match's link was sent to
    app: str = ""  # where the customer proved it, by an answer or a shared number


class AbsorbEntry(msgspec.Struct, frozen=True, tag="absorb", omit_defaults=True):
    """The other half of a merge or of its undoing, in the log of the contact that stays (M8)."""

    into: int
    absorbed: int
    merge_id: UUID
    actor: str
    at: datetime
    rule: str = "person"
    undo: bool = False
    match_id: int | None = None
    member_id: int | None = None
    app: str = ""
    session_id: UUID | None = None  # the absorbed contact's session that was running, and when it began (R6)
    session_at: datetime | None = None


class UnmergeEntry(msgspec.Struct, frozen=True, tag="unmerge", omit_defaults=True):
    """Undo of a merge."""

    absorbed: int
    merge_id: UUID
    actor: str
    at: datetime


class ConsentEntry(msgspec.Struct, frozen=True, tag="consent", omit_defaults=True):
    """A person, a form or a list granted or withdrew for a contact (C1). `address` as in the ledger, `*` everywhere.
    `mailbox`: said in answer to an e-mail, so it holds for the contact's e-mail addresses, whoever else has them."""

    contact_id: int
    address: str
    channel: str
    topic: str
    state: str
    source: str
    actor: str
    at: datetime
    text_version: str = ""
    evidence: dict[str, Any] = {}
    mailbox: bool = False


class EraseEntry(msgspec.Struct, frozen=True, tag="erase", omit_defaults=True):
    """Remove the person everywhere and keep a proof (C5)."""

    contact_id: int
    actor: str
    at: datetime


class EventEntry(msgspec.Struct, frozen=True, tag="event", omit_defaults=True):
    """Something that a customer did in a business's own app or site, as its tracking SDK told it. `call` is identify,
    track, page, screen, group or alias; `name` that of a track call, or of a page or screen. `at` is when it happened,
    corrected (E2); `client_at` the client's own timestamp, whose UTC day is part of what makes the same event the same
    (E1). `traits` of identify and group. `tried`: as in Inbound. `contact_id` is whose it is where it has no id of an
    app or site and was found by an address. `imported`: it is history from a file and starts nothing (E4)."""

    source_id: int
    call: str
    message_id: str
    at: datetime
    client_at: datetime
    name: str = ""
    user_id: str = ""
    anonymous_id: str = ""
    previous_id: str = ""
    group_id: str = ""
    properties: dict[str, Any] = {}
    traits: dict[str, Any] = {}
    context: dict[str, Any] = {}
    tried: bool = False
    contact_id: int | None = None
    imported: bool = False

    @property
    def identity(self) -> IdentityRef:
        """By whom it is resolved first: the user, else the device, else the group."""
        if self.user_id:
            return IdentityRef("user_id", "", self.user_id)
        if self.anonymous_id:
            return IdentityRef("anonymous_id", "", self.anonymous_id)
        return IdentityRef("group_id", "", self.group_id)


class OccasionEntry(msgspec.Struct, frozen=True, tag="occasion", omit_defaults=True):
    """Something that is no event and may begin runs of a contact's journeys, with a name, a type and properties as an
    event has: what became of a message, or a call of the API, which names the journey. `id` is the same when it comes
    again; `depth` counts the journeys through which the customer came here (I11)."""

    contact_id: int
    id: UUID
    kind: str
    name: str
    at: datetime
    properties: dict[str, Any] = {}
    journey_id: int | None = None  # the only one that it may start
    depth: int = 0
    begins_at: datetime | None = None  # when its run begins; None: at once


class ListEntry(msgspec.Struct, frozen=True, tag="list", omit_defaults=True):
    """Somebody puts a contact on a list, or takes them off (`on`). `batch` tells one such act from another."""

    contact_id: int
    segment_id: int
    on: bool
    at: datetime
    batch: UUID


Entry = (
    Inbound
    | Signal
    | ReceiptEntry
    | OutcomeEntry
    | LookUpEntry
    | ClickEntry
    | TokenEntry
    | TalkEntry
    | DismissEntry
    | MergeEntry
    | AbsorbEntry
    | UnmergeEntry
    | ConsentEntry
    | EraseEntry
    | EventEntry
    | OccasionEntry
    | CallEntry
    | SettleCallEntry
    | HandOverEntry
    | ListEntry
    | OtpEntry
    | OtpVerifiedEntry
)


def kind_of(entry: Entry) -> str:
    """The entry's kind as the log names it."""
    return str(entry.__struct_config__.tag)


def encode(entry: Entry) -> bytes:
    """The log's payload: JSON with the entry's kind under `type`."""
    return msgspec.json.encode(entry)


_DECODER: Final[msgspec.json.Decoder[Entry]] = msgspec.json.Decoder(Entry)


def decode(payload: str | Mapping[str, Any]) -> Entry:
    """The entry of a payload read back, as JSON or as its value. Raises msgspec.ValidationError for what never was
    one."""
    return _DECODER.decode(payload) if isinstance(payload, str) else cast(Entry, msgspec.convert(payload, Entry))


def shard_of_identity(workspace: int, identity: IdentityRef) -> int:
    """The shard of an identity's row, home of a contact first seen by it."""
    return shard_of_kind(workspace, "identity", f"{identity.kind}\x1f{identity.scope}", identity.value)


def shard_of_address(workspace: int, kind: str, canonical: str) -> int:
    """The shard of an address's rows in `address_key` and `suppression`."""
    return shard_of_kind(workspace, "address", kind, canonical)


def shard_of_reference(workspace: int, channel_id: int, provider_id: str) -> int:
    """The shard of the row that leads from a provider's message id to our delivery."""
    return shard_of_value(workspace, "reference", str(channel_id), provider_id)


def route(workspace: int, entry: Entry, contact_id: int | None = None) -> int:
    """The shard whose owner decides the entry. `contact_id` is what the edge's look-up of the identity found."""
    match entry:
        case Inbound() | Signal() | EventEntry():
            known = contact_id if contact_id is not None else getattr(entry, "contact_id", None)
            return shard_of_contact(known) if known is not None else shard_of_identity(workspace, entry.identity)
        case ReceiptEntry(delivery_id=None, identity=IdentityRef() as identity, watermark=True):
            return shard_of_contact(contact_id) if contact_id is not None else shard_of_identity(workspace, identity)
        case ReceiptEntry(delivery_id=None):
            return shard_of_reference(workspace, entry.channel_id, entry.provider_id)
        case ReceiptEntry(delivery_id=UUID() as delivery_id) | OutcomeEntry(delivery_id=delivery_id):
            return place_of_delivery(delivery_id)[0]
        case LookUpEntry(delivery_id=delivery_id):
            return place_of_delivery(delivery_id)[0]
        case TokenEntry():
            return entry.shard
        case (
            ClickEntry()
            | ConsentEntry()
            | EraseEntry()
            | DismissEntry()
            | TalkEntry()
            | OccasionEntry()
            | HandOverEntry()
            | ListEntry()
        ):
            return shard_of_contact(entry.contact_id)
        case CallEntry() | SettleCallEntry() | OtpEntry() | OtpVerifiedEntry():
            return shard_of_contact(entry.contact_id)
        case MergeEntry() | UnmergeEntry():
            return shard_of_contact(entry.absorbed)
        case AbsorbEntry():
            return shard_of_contact(entry.into)
        case ReceiptEntry():
            raise AssertionError("a receipt names a delivery, a provider's id or an identity")
        case _:
            assert_never(entry)


def key_of(entry: Entry) -> str:
    """What makes an entry the same entry when it comes again (E1): the provider's id where there is one, else
    identity, content and a time of 4 s (I3). A hash, for it stays longer than the entry and must hold nobody's data."""
    told = blake2b(_describe(entry).encode(), digest_size=18).hexdigest()
    return f"{kind_of(entry)}:{told}"


def is_counted(kind: str, key: str, channel_id: int | None) -> bool:
    """Whether an entry is one that its channel's tally counts (I3): it came from a provider, and it is not one that an
    owner forwarded, for that was counted where it came in. `kind` and `key` as in the log."""
    return kind in ("inbound", "signal", "receipt") and channel_id is not None and FORWARDED not in key


def _describe(entry: Entry) -> str:
    match entry:
        case EventEntry():  # the most frequent
            return f"event:{entry.message_id}"
        case Inbound():
            told = entry.message_id or f"{entry.text}\x1f{entry.payload}\x1f{int(entry.at.timestamp()) // 4}"
            who = "" if entry.message_id else _who(entry.identity)
            return f"in:{entry.channel_id}:{who}:{told}"
        case Signal():
            told = entry.event_id or str(int(entry.at.timestamp() * 1000))
            return f"signal:{entry.channel_id}:{_who(entry.identity)}:{entry.event}:{told}"
        case ReceiptEntry():
            what = str(entry.delivery_id or entry.provider_id or (_who(entry.identity) if entry.identity else ""))
            at = str(int(entry.at.timestamp() * 1000)) if entry.watermark else ""
            return f"receipt:{entry.channel_id}:{what}:{entry.provider_id}:{entry.state}:{at}"
        case OutcomeEntry():
            return f"outcome:{entry.delivery_id}:{entry.attempt}:{'lost' if entry.lost else entry.outcome}"
        case LookUpEntry():
            return f"look_up:{entry.delivery_id}:{entry.attempt}:{entry.number}"
        case ClickEntry():
            return f"click:{entry.code_hash}:{entry.nonce}:{'beacon' if entry.beacon else entry.app}"
        case TokenEntry():
            return f"token:{entry.code_hash}:{_who(entry.identity)}:{entry.contact_id}"
        case TalkEntry():
            changed = entry.hand_over if entry.question is None else entry.question
            told = msgspec.json.encode(changed).decode() if changed is not None else ""
            facts = f"{entry.contact_id}:{entry.conversation_id}:{entry.into_id}:{entry.merge_id}"
            return f"talk:{facts}:{entry.at.isoformat()}:{told}"
        case DismissEntry():
            return f"dismiss:{entry.contact_id}:{entry.other_id}:{entry.at.isoformat()}"
        case MergeEntry():
            return f"merge:{entry.absorbed}:{entry.into}:{entry.at.isoformat()}"
        case AbsorbEntry():
            return f"absorb:{entry.merge_id}:{entry.undo}"
        case UnmergeEntry():
            return f"unmerge:{entry.merge_id}"
        case ConsentEntry():
            facts = f"{entry.address}:{entry.channel}:{entry.topic}:{entry.state}"
            return f"consent:{entry.contact_id}:{facts}:{entry.at.isoformat()}"
        case EraseEntry():
            return f"erase:{entry.contact_id}"
        case OccasionEntry():
            return f"occasion:{entry.id}"
        case CallEntry():
            told = f"asked {entry.asked}" if entry.asked else "lost" if entry.lost else entry.outcome
            return f"call:{entry.call_id}:{entry.attempt}:{told}"
        case SettleCallEntry():
            return f"settle_call:{entry.call_id}:{entry.attempt}"
        case HandOverEntry():
            return f"hand_over:{entry.id}"
        case OtpEntry() | OtpVerifiedEntry():
            return f"{kind_of(entry)}:{entry.otp_id}"
        case ListEntry():
            return f"list:{entry.segment_id}:{entry.contact_id}:{entry.on}:{entry.batch}"
        case _:
            assert_never(entry)


def _who(identity: IdentityRef) -> str:
    return f"{identity.kind}/{identity.scope}/{identity.value}"
