"""What most channel kinds have in common: the usual answers, which a kind overrides where its provider differs."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar, cast

from tertulia.channels import checks
from tertulia.channels.base import (
    Account,
    Attachment,
    Call,
    Capabilities,
    ChannelEvent,
    Check,
    Content,
    Done,
    Field,
    Finding,
    HttpRequest,
    HttpResponse,
    LookedUp,
    LostMessage,
    Outcome,
    Picture,
    Template,
    Text,
    Unknown,
    WebhookCall,
)
from tertulia.channels.outcomes import make_outcome
from tertulia.channels.wire import Unreadable, utf16_length
from tertulia.core.content import number_choices

Found = TypeVar("Found")


def derive(account: Account, name: str, make: Callable[[Account], Found]) -> Found:
    """What `make` works out from an account's settings, once for each configuration, for every message needs
    it. `name` begins with a colon, where the name of a setting has none. The account's cache of tokens is no part of
    the configuration: `make` must not read it."""
    try:
        return cast(Found, account.derived[name])
    except KeyError:
        return cast(Found, account.derived.setdefault(name, make(account)))


class ChannelKind:
    """Defaults of the Adapter interface. Nothing here keeps state."""

    kind: str
    title: str
    mark: str
    colour: str
    capabilities: Capabilities
    fields: tuple[Field, ...]

    def setting(self, account: Account, name: str) -> str:
        """A setting or secret as the user left it, else the field's default."""
        known: str | None = account.derived.get(name)
        if known is None:
            given = account.settings.get(name) or account.secrets.get(name) or ""
            known = account.derived[name] = given.strip() or self._defaults.get(name, "")
        return known

    @cached_property
    def _defaults(self) -> Mapping[str, str]:
        return {field.name: field.default for field in self.fields}

    def base_url(self, account: Account, name: str = "base_url") -> str:
        return self.setting(account, name).rstrip("/")

    def list_addresses(self, account: Account) -> Sequence[tuple[str, str]]:
        return (("Webhook address", account.hook_url),)

    def failed(self, account: Account, state: Any, error: str, sent: bool) -> Call | Done:
        return self.give_up(error, sent)

    def give_up(self, error: str, sent: bool) -> Done:
        """A request that may have arrived is ambiguous (S3) unless the provider has an idempotency key."""
        if not sent:
            return Done(make_outcome("retry.unreachable", error))
        reason = "retry.unavailable" if self.capabilities.retry_safe else "ambiguous.no_answer"
        return Done(make_outcome(reason, error))

    def can_look_up(self, account: Account) -> bool:
        return False

    def look_up(self, account: Account, lost: LostMessage) -> Call | LookedUp:
        return LookedUp(Finding.UNCLEAR)

    def look_up_next(self, account: Account, state: Any, response: HttpResponse) -> Call | LookedUp:
        return LookedUp(Finding.UNCLEAR)

    def handshake(self, account: Account, call: WebhookCall, now: datetime) -> HttpResponse | None:
        return None

    def find_nonce(self, account: Account, call: WebhookCall) -> str:
        return ""

    def ack(self, account: Account, events: Sequence[ChannelEvent]) -> HttpResponse:
        return HttpResponse(200, (("content-type", "text/plain"),), b"ok")

    def make_link(self, account: Account, token: str, expires_s: int, now: datetime) -> Call | None:
        return None

    def setup(self, account: Account) -> Call | Sequence[Check]:
        return ()

    def test_next(self, account: Account, state: Any, response: Any) -> Call | Sequence[Check]:
        return checks.advance(state, response)

    def test_failed(self, account: Account, state: Any, error: str) -> Sequence[Check]:
        return checks.fail(state, error)

    def poll(self, account: Account, cursor: str) -> HttpRequest | None:
        return None

    def parse_poll(self, account: Account, response: HttpResponse, now: datetime) -> tuple[Sequence[ChannelEvent], str]:
        return (), ""

    def refuse_content(self, content: Content) -> Outcome | None:
        """The outcome for content that this kind cannot carry, known before any call; else None."""
        match content:
            case Text():
                length = self.measure(render_numbered(content) if not self.capabilities.choices_max else content.text)
                if not content.text.strip():
                    return make_outcome("fix.content", detail="The text is empty.")
                if length > self.capabilities.text_max:
                    return make_outcome("fix.too_long", detail=f"{length} of {self.capabilities.text_max}")
            case Template():
                if self.capabilities.may_write_first != "template":
                    return make_outcome("fix.unsupported", detail="This channel has no templates.")
            case Picture():
                if not content.url.startswith("https://"):
                    return make_outcome("fix.content", detail="A picture needs a public https address.")
            case Attachment(form, url, caption):
                if form not in self.capabilities.attachments:
                    return make_outcome("fix.unsupported", detail=f"This channel carries no {form}.")
                if not url.startswith("https://"):
                    return make_outcome("fix.content", detail="What is fetched needs a public https address.")
                if self.measure(caption) > self.capabilities.caption_max:
                    most = self.capabilities.caption_max
                    return make_outcome("fix.too_long", detail=f"A caption has at most {most} characters.")
        return None

    def measure(self, text: str) -> int:
        """Length in the unit in which the platform counts."""
        match self.capabilities.text_unit:
            case "bytes":
                return len(text.encode())
            case "utf16":
                return utf16_length(text)
            case _:
                return len(text)


def render_numbered(content: Text) -> str:
    """The text with its choices as numbered lines, for channels without buttons."""
    return number_choices(content.text, content.choices)


def put_code(text: str, token: str) -> str:
    """The first message with its code in brackets at the end, where people are least likely to edit it."""
    if not token or token.casefold() in text.casefold():
        return text
    return f"{text} [{token}]".strip()


def unreadable(error: Unreadable) -> tuple[ChannelEvent, ...]:
    """A verified call that cannot be read is acknowledged and kept, not asked for again and again."""
    return (Unknown("unreadable", error.reason),)


def need_public_address(account: Account, base_url: str) -> tuple[Check, ...]:
    """The finding that stops a set-up when the provider is out in the world and our webhook is not https."""
    reachable = account.hook_url.startswith("https://") or base_url.startswith("http://")
    return () if reachable else (checks.NO_ADDRESS,)


def first_text(values: Mapping[str, Sequence[str]], *names: str) -> str:
    """The first value of the first of `names` that is present in a form."""
    return next((values[name][0] for name in names if values.get(name)), "")
