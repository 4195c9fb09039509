"""The interface of every channel: pure functions over requests and responses as data (sans-IO).

An adapter never opens a socket, reads a clock or keeps state. `build` turns a message into the first HTTP call,
`next` reads each response and says the next call or the outcome; the workers do the I/O. Webhooks go the other way:
first `handshake` (it answers by itself or returns None), then `verify` over the raw bytes, `parse_webhook` into the
closed union `ChannelEvent`, and `ack`. All instants are aware datetimes in UTC. Where this says request and response,
an e-mail channel has `mail.SmtpSend` and `mail.SmtpAnswer`.

Secrets never show: `HttpRequest.redact` holds every form in which a secret stands in the request (percent-encoded,
inside a Basic header), `repr` of a request or an account masks them, and the channel log keeps `request.masked()`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import msgspec

from tertulia.channels.mail import SmtpAnswer, SmtpSend
from tertulia.channels.masks import mask
from tertulia.core.carriers import name_carried
from tertulia.core.identity import IdentityRef

Headers = tuple[tuple[str, str], ...]


class HttpRequest(msgspec.Struct, frozen=True):
    """One call to a provider. `redact` names the secrets that the channel log must never show; with `secret_answer`
    the answer's body is itself a secret (an access token) and only its status may be logged."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""
    redact: tuple[str, ...] = ()
    secret_answer: bool = False

    def masked(self) -> "HttpRequest":
        """The same request as it may be logged: every secret replaced by `***`."""
        return HttpRequest(
            self.method,
            mask(self.url, self.redact),
            tuple([(name, mask(value, self.redact)) for name, value in self.headers]),
            mask(self.body.decode("utf-8", "replace"), self.redact).encode(),
            secret_answer=self.secret_answer,
        )

    def mask(self, text: str) -> str:
        """A text, such as the answer's, without the secrets of this request."""
        return mask(text, self.redact)

    def __repr__(self) -> str:
        shown = self.masked()
        return f"HttpRequest({shown.method} {shown.url} headers={shown.headers!r} body={shown.body!r})"


class HttpResponse(msgspec.Struct, frozen=True):
    """What a provider answered, or what we answer a provider. Header names in lower case."""

    status: int
    headers: Headers = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Account:
    """One connected channel. `settings` are public, `secrets` decrypted; `hook_url` is the webhook's address as the
    provider calls it; `cache` holds what an earlier `Done.cache` asked to keep (a WeChat token). `derived` holds what
    the kind has worked out from settings and secrets (`kinds.derive`): a changed configuration is another account."""

    channel: str
    kind: str
    settings: Mapping[str, str]
    secrets: Mapping[str, str] = field(repr=False)
    hook_url: str = ""
    cache: Mapping[str, str] = field(default_factory=dict, repr=False)
    derived: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)


class OutcomeKind(StrEnum):
    """The closed catalogue of what can become of a call to a provider."""

    OK = "ok"  # accepted; wait for a receipt
    RETRY = "retry"  # transient or throttled; same idempotency key again
    AMBIGUOUS = "ambiguous"  # perhaps accepted; never resent blindly (S3)
    FIX = "fix"  # our request, content, credentials or account is wrong
    GONE = "gone"  # the recipient does not exist, blocked us or opted out
    WINDOW = "window"  # the platform's free-form window is closed


class Outcome(msgspec.Struct, frozen=True):
    """A verdict on one attempt. `code` is the provider's own; `reason` our stable reason code (`gone.blocked`);
    `account_fault` stops the whole channel (bad token); `withdraws` says the customer opted out at the platform."""

    kind: OutcomeKind
    provider_ids: tuple[str, ...] = ()
    code: str = ""
    reason: str = ""
    detail: str = ""
    retry_after_s: float | None = None
    account_fault: bool = False
    withdraws: bool = False
    parts: int | None = None


class Text(msgspec.Struct, frozen=True):
    """Plain text, already rendered. `choices` are quick replies (label, payload): an empty payload sends the label,
    one that is an https address opens it where the app can; a channel without buttons renders them as numbered text.
    `ask_phone` adds the app's own button that shares the customer's number, under `ask_phone_label`. An e-mail has a
    `subject`, perhaps `html` beside the text, and the address under which one click unsubscribes."""

    text: str
    choices: tuple[tuple[str, str], ...] = ()
    ask_phone: bool = False
    ask_phone_label: str = "Share my phone number"
    subject: str = ""
    html: str = ""
    unsubscribe: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """A template approved by the platform (WhatsApp): name, language code, body parameters in order."""

    name: str
    language: str
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that the provider fetches from a public https address; `preview_url` a smaller one where wanted."""

    url: str
    caption: str = ""
    preview_url: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """Something else that the provider fetches from a public https address: `form` is video, voice, document or gif."""

    form: str
    url: str
    caption: str = ""

    @property
    def file_name(self) -> str:
        """What a document is called, by the end of its address."""
        return unquote(urlsplit(self.url).path.rsplit("/", 1)[-1]) or "document"


Content = Text | Template | Picture | Attachment


class Outgoing(msgspec.Struct, frozen=True):
    """One message to one recipient. `delivery_id` travels wherever the provider echoes something. `to_kind` is
    `phone` (E.164 with +), `email` or the identity's kind; `direct` marks a first contact by phone number (LINE's push
    by number); `by_person` says that a person wrote it (Messenger's seven days)."""

    delivery_id: str
    to: str
    to_kind: str
    content: Content
    reply_token: str = ""
    direct: bool = False
    by_person: bool = False


Request = HttpRequest | SmtpSend
Response = HttpResponse | SmtpAnswer


class Call(msgspec.Struct, frozen=True):
    """Do this request, then give its response to `next` with this state."""

    request: Request
    state: Any = None


@dataclass(frozen=True, slots=True)
class Done:
    """The attempt is over. `cache` is kept with the account for later calls (short-lived tokens); `moved_to` is the
    recipient's new identity, to be stored (Telegram's `migrate_to_chat_id`); `link` answers `make_link`."""

    outcome: Outcome
    cache: Mapping[str, str] = field(default_factory=dict, repr=False)
    moved_to: IdentityRef | None = None
    link: "DeepLink | None" = None


@dataclass(frozen=True, slots=True)
class LostMessage:
    """A message whose outcome was lost, as the provider is asked about it (S3). `text` as it was sent; `handed_at` is
    the earliest instant at which the provider may have taken it."""

    delivery_id: str
    to: str
    to_kind: str
    text: str
    handed_at: datetime


class Finding(StrEnum):
    """What a provider knows of a lost message. ABSENT only where it says so by itself: a list that is complete and
    holds nothing that could be it. Everything doubtful is UNCLEAR, for after ABSENT the message is sent again."""

    FOUND = "found"
    ABSENT = "absent"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class LookedUp:
    """The end of a look-up. When found, `state` is what a receipt would say (sent, delivered, read, failed with its
    `outcome`), empty while the provider has the message and has not sent it."""

    finding: Finding
    provider_ids: tuple[str, ...] = ()
    state: str = ""
    outcome: Outcome | None = None
    parts: int | None = None


class InboundMessage(msgspec.Struct, frozen=True):
    """Something that a customer wrote, tapped or shared. `identity` is the stable id, `aliases` other identities in the
    *same payload* (M2); `phone` a number that the platform vouches for (E.164), `shared_phone` one that the customer
    sent by the app's button and that the platform proves to be theirs. `token` is what rode on a deep link (ref, start,
    scene); a code inside `text` is found by the core. `message_id` is the provider's, empty where it has none."""

    identity: IdentityRef
    message_id: str
    at: datetime
    text: str = ""
    aliases: tuple[IdentityRef, ...] = ()
    phone: str = ""
    shared_phone: str = ""
    name: str = ""
    username: str = ""
    language: str = ""
    token: str = ""
    form: str = "text"  # text, image, audio, video, document, sticker, location, contacts, choice, start, comment...
    payload: str = ""  # what a tapped button carries
    reply_to: str = ""
    reply_token: str = ""
    sequence: int = 0
    forwarded: bool = False
    post: str = ""  # what a comment stands below; its only alias is then the comment's own identity
    opt_word: str = ""  # the provider's own verdict: stop | start | help (Twilio OptOutType)
    free_reply: bool = False  # answered within the webhook's own response where the platform asks so


class Receipt(msgspec.Struct, frozen=True):
    """What became of a message of ours. `state` is sent | delivered | read | failed. `delivery_id` when echoed;
    `watermark` means every message up to `at` to `identity`."""

    state: str
    at: datetime
    message_id: str = ""
    delivery_id: str = ""
    identity: IdentityRef | None = None
    watermark: bool = False
    outcome: Outcome | None = None
    price: str = ""  # decimal amount with currency, e.g. "0.0625 USD", when the provider states it
    category: str = ""  # what the provider bills it as (WhatsApp: marketing, utility, service), for `costs`


class ContactEvent(msgspec.Struct, frozen=True):
    """A signal about a customer: followed, unfollowed, blocked, unblocked, opted_out, opted_in, marketing_stopped,
    marketing_resumed, identity_changed (`new` holds the new identity), started (opened the chat, wrote nothing)."""

    kind: str
    identity: IdentityRef
    at: datetime
    event_id: str = ""
    token: str = ""
    name: str = ""
    language: str = ""
    new: IdentityRef | None = None


class Unknown(msgspec.Struct, frozen=True):
    """Acknowledged and kept raw: an event kind that we do not act on."""

    kind: str
    detail: str = ""


ChannelEvent = InboundMessage | Receipt | ContactEvent | Unknown


class Rejected(Exception):
    """A webhook that must be refused. `reason` is a code for the channel log; `status` 400, 401, 403 or 413."""

    def __init__(self, reason: str, status: int = 403) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


class WebhookCall(msgspec.Struct, frozen=True):
    """A call from a provider as it arrived. `url` is rebuilt from PUBLIC_URL and includes the query; header names in
    lower case; `body` the raw bytes. A secret may stand in the address or in a header, so neither shows in `repr`."""

    method: str
    url: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    remote_address: str = ""  # the caller's IP address where the edge knows it

    def __repr__(self) -> str:
        return f"WebhookCall({self.method}, {len(self.body)} bytes)"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a channel's form. `secret` values are stored encrypted. `type`: text, secret, url, phone, email,
    choice, lines (several lines of text), secret_lines (several secrets, one a line). `advanced` ones are folded
    away. `label` and `help` are gettext ids."""

    name: str
    label: str
    help: str
    type: str = "text"
    required: bool = True
    default: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    example: str = ""
    advanced: bool = False
    generate: bool = False  # a value of our own making: the form proposes a random one (letters and digits)

    @property
    def secret(self) -> bool:
        return self.type in ("secret", "secret_lines")


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a kind can do, as data (channels' costs are in `costs`, in the currency named there)."""

    app: bool  # a messaging app (a match can lead there), else a carrier of SMS or e-mail
    text_max: int
    text_unit: str  # characters, utf16, bytes
    receipts: frozenset[str]  # of sent, delivered, read
    rate_per_s: float
    window_s: int | None  # free-form window after the customer's message; None: no window
    may_write_first: str  # "" never, "phone" (SMS), "email", "template" (WhatsApp), "phone_push" (LINE)
    retry_safe: bool = False  # an idempotency key, so AMBIGUOUS may be retried (not of a reply token or `direct`)
    deep_link_web: bool = True  # a web address opens the app on the first message in one hop
    token_on_link: bool = False  # the code rides on the link, not only in the text
    qr_only: bool = False  # no link opens a chat: a QR code and a page of ours (WeChat)
    choices_max: int = 0
    choices_carry: bool = True  # what a button carries stays hidden; else it stands in the chat as the customer's words
    caption_max: int = 0  # characters beside a picture that it fetches by its address; 0: it carries no pictures
    attachments: frozenset[str] = frozenset()  # what else it fetches so: video, voice, document, gif
    link_buttons: bool = False  # a button under a text may open an https address
    shares_phone: str = ""  # the app's button that shares a number: "" none, "proven" by the app (`shared_phone`),
    # "claimed" where a forged card looks the same: then the number is only the message's text

    @property
    def tells_delivery(self) -> bool:
        """Whether a receipt says when a message was delivered; that it was read says so too."""
        return bool(self.receipts & {"delivered", "read"})

    @property
    def carries(self) -> str:
        """`sms` or `email` of a carrier; empty of an app."""
        return name_carried(self.app, self.may_write_first)


@dataclass(frozen=True, slots=True)
class DeepLink:
    """How to open the app on a ready first message. `url` empty where no link can (WeChat, SMS to a name)."""

    url: str
    web: bool  # a browser can follow it in one redirect
    shows_code: bool  # the customer must send the code by hand
    qr: str = ""  # what a QR code for this link holds; empty: use `url` or our own short address
    picture_url: str = ""  # a QR picture drawn by the provider (WeChat)
    account_name: str = ""  # what the customer searches for or recognises


@dataclass(frozen=True, slots=True)
class Check:
    """One finding of a channel's *Test*: `ok`, a sentence in words and what to do. `sentence` is a gettext id with
    `{names}` filled from `values`. `waits`: the provider has no check of its own, so the console now waits for the
    provider's first call to the webhook."""

    ok: bool
    sentence: str
    values: Mapping[str, str] = field(default_factory=dict)
    waits: bool = False

    def text(self) -> str:
        """The sentence in English with its values."""
        return self.sentence.format_map(self.values)


class Adapter(Protocol):
    """One channel kind. Found by the registry in `channels/<kind>/adapter.py` under the name `adapter`.
    `kinds.ChannelKind` has the usual answers; a kind overrides what its provider does differently."""

    @property
    def kind(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def mark(self) -> str:
        """Two letters: WA, TG, ..."""
        ...

    @property
    def colour(self) -> str:
        """The name of a design token for the mark: `ch-whatsapp`."""
        ...

    @property
    def capabilities(self) -> Capabilities: ...
    @property
    def fields(self) -> tuple[Field, ...]: ...

    def identity_scope(self, account: Account) -> str: ...
    def list_addresses(self, account: Account) -> Sequence[tuple[str, str]]:
        """What to copy into the provider's form: (label, address); the label is a gettext id."""
        ...

    def build(self, account: Account, message: Outgoing, now: datetime) -> Call | Done: ...
    def next(self, account: Account, state: Any, response: Any, now: datetime) -> Call | Done:
        """`response` is a HttpResponse, of a SmtpSend a SmtpAnswer; so is that of `test_next`."""
        ...

    def failed(self, account: Account, state: Any, error: str, sent: bool) -> Call | Done:
        """No response: `error` is timeout | connect | tls | reset, of a mail server also busy (no connection was free);
        `sent` whether the request may have arrived. A further call is asked for where the platform makes that one
        safe."""
        ...

    def can_look_up(self, account: Account) -> bool:
        """Whether the provider can be asked about a message whose outcome was lost (S3)."""
        ...

    def look_up(self, account: Account, lost: LostMessage) -> Call | LookedUp:
        """The first call of asking; nothing is asked where `can_look_up` is false."""
        ...

    def look_up_next(self, account: Account, state: Any, response: HttpResponse) -> Call | LookedUp: ...

    def handshake(self, account: Account, call: WebhookCall, now: datetime) -> HttpResponse | None:
        """Asked first: the answer to a registration call, or None when this is an ordinary call. Raises Rejected for
        a registration that is not the provider's."""
        ...

    def verify(self, account: Account, call: WebhookCall, now: datetime) -> None:
        """Raise Rejected unless the call is the provider's. `now` is real time, not a test clock's: signatures age."""
        ...

    def find_nonce(self, account: Account, call: WebhookCall) -> str:
        """Of a verified call whose signature does not cover its body: what makes that signature one of a kind, so that
        whoever captured it cannot send another body under it. Empty where the signature covers the body."""
        ...

    def parse_webhook(self, account: Account, call: WebhookCall, now: datetime) -> Sequence[ChannelEvent]:
        """The events of a verified call, in the provider's order. `now` stands in where a provider gives no time.
        Raises nothing but Rejected; what cannot be read becomes Unknown."""
        ...

    def ack(self, account: Account, events: Sequence[ChannelEvent]) -> HttpResponse: ...
    def deep_link(self, account: Account, token: str, text: str) -> DeepLink:
        """The link that opens the app on `text` with `token`. An empty token gives a plain entry link."""
        ...

    def make_link(self, account: Account, token: str, expires_s: int, now: datetime) -> Call | None:
        """Where the provider draws the QR code (WeChat): the call to make, its end is `Done.link`; else None."""
        ...

    def setup(self, account: Account) -> Call | Sequence[Check]:
        """Register our webhook at the provider: the first call, or what a person has to do by hand. Its answers go
        to `test_next` like those of *Test*."""
        ...

    def test(self, account: Account) -> Call | Sequence[Check]:
        """First call of *Test*: credentials, sender, the provider's view of our webhook."""
        ...

    def test_next(self, account: Account, state: Any, response: Any) -> Call | Sequence[Check]: ...
    def test_failed(self, account: Account, state: Any, error: str) -> Sequence[Check]:
        """The findings so far and, in words, that the provider did not answer (`error` as in `failed`)."""
        ...

    def poll(self, account: Account, cursor: str) -> HttpRequest | None:
        """A long-poll request for kinds that can be polled (Telegram), else None."""
        ...

    def parse_poll(self, account: Account, response: HttpResponse, now: datetime) -> tuple[Sequence[ChannelEvent], str]:
        """Events of a poll's answer, and the next cursor (empty: keep the old one)."""
        ...
