"""What the console says about each kind of channel, and about the states a channel can be in."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tertulia.channels import registry
from tertulia.channels.base import Adapter
from tertulia.data.models import Channel


@dataclass(frozen=True, slots=True)
class KindWords:
    """One sentence about a kind, and what somebody needs at hand before they connect it. `carries`: sms or email, empty
    of an app."""

    kind: str
    title: str
    carries: str
    sentence: Promise | str
    needs: Promise | str


_WORDS: dict[str, tuple[Promise, Promise]] = {
    "twilio": (
        gettext_lazy("SMS to any mobile in the world, through Twilio."),
        gettext_lazy("A Twilio account with a number or a messaging service."),
    ),
    "http_sms": (
        gettext_lazy("SMS through any gateway that is called by HTTP: Kannel, Jasmin, or your operator's."),
        gettext_lazy("The gateway's address, its documents, and an account there."),
    ),
    "smtp": (
        gettext_lazy("E-mail through any mail server: your provider's, a relay service's, or your own."),
        gettext_lazy("The server's name, a user and a password there, and an address that it may send as."),
    ),
    "whatsapp": (
        gettext_lazy("Chats on WhatsApp, through Meta's Cloud API."),
        gettext_lazy("A Meta app with a WhatsApp number, and a permanent token of a system user."),
    ),
    "messenger": (
        gettext_lazy("Chats on Facebook Messenger with those who write to your page."),
        gettext_lazy("A Facebook page, a Meta app, and the page's access token."),
    ),
    "line": (
        gettext_lazy("Chats on LINE with those who add your official account."),
        gettext_lazy("A LINE official account with the Messaging API switched on."),
    ),
    "viber": (
        gettext_lazy("Chats on Viber with those who open your bot."),
        gettext_lazy("A Viber bot and its token, from a Viber partner."),
    ),
    "telegram": (
        gettext_lazy("Chats on Telegram with those who start your bot. Works without a public address too."),
        gettext_lazy("A bot of your own: @BotFather makes one in a minute, free of charge."),
    ),
    "wechat": (
        gettext_lazy("Chats on WeChat with those who follow your official account."),
        gettext_lazy("A verified service account, and this server's address on its white list."),
    ),
}
_ORDER = tuple(_WORDS)


def list_kinds() -> list[KindWords]:
    """Every installed kind: ours in their order, then those of outside packages."""
    found = [describe_kind(adapter) for adapter in registry.kinds()]
    return sorted(found, key=lambda item: (_ORDER.index(item.kind) if item.kind in _ORDER else len(_ORDER), item.title))


def describe_kind(adapter: Adapter) -> KindWords:
    """The words of one kind; an outside package's are made from what it can do."""
    sentence, needs = _WORDS.get(adapter.kind, ("", ""))
    carries = adapter.capabilities.carries
    if not sentence:
        carriers = {"sms": _("A carrier that reaches phones."), "email": _("A carrier that reaches mailboxes.")}
        sentence = carriers.get(carries, _("A messaging app."))
        needs = _("An account at the provider.")
    return KindWords(adapter.kind, adapter.title, carries, sentence, needs)


def mark_of(kind: str) -> str:
    """What the tag ``mark`` draws for a kind: every carrier of SMS has the mark of SMS, every one of e-mail its."""
    try:
        return registry.get(kind).capabilities.carries or kind
    except registry.UnknownKind:
        return kind


def title_of(kind: str) -> str:
    """The kind's name; the bare kind when its package is no longer installed."""
    try:
        return registry.get(kind).title
    except registry.UnknownKind:
        return kind


@dataclass(frozen=True, slots=True)
class StateWords:
    """A channel's state: its badge's tone, one word, and a sentence where there is something to say or to do."""

    tone: str
    word: str
    sentence: str = ""


def describe_state(channel: Channel) -> StateWords:
    """In words what the channel does now."""
    if channel.archived_at is not None:
        return StateWords("", _("Archived"), _("It is put away: nothing is sent and nothing is read."))
    if channel.state == "fault":
        fault = _(channel.fault) if channel.fault else _("The provider refuses the account.")
        return StateWords("danger", _("Stopped"), fault)
    if channel.state == "paused":
        return StateWords("warn", _("Paused"), _("Nothing is sent; what waits, waits. Messages still come in."))
    if channel.tested_at is None and channel.last_call_at is None:
        return StateWords("accent", _("Not tested"), _("Press Test to see whether the road is open both ways."))
    return StateWords("ok", _("Live"))
