"""Words for states, steps, reasons and platform rules, as the pages of matches say them."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tertulia.data.models import Match

STEP_NAMES: dict[str, Promise] = {
    "imported": gettext_lazy("On the list"),
    "valid_mobile": gettext_lazy("Valid mobile"),
    "sent": gettext_lazy("Sent"),
    "delivered": gettext_lazy("Delivered"),
    "clicked": gettext_lazy("Clicked"),
    "wrote": gettext_lazy("Wrote"),
    "matched": gettext_lazy("Matched"),
    "forwarded": gettext_lazy("Possible forwards"),
    "direct": gettext_lazy("Reached directly"),
}
OPENING_NAMES: dict[str, Promise] = {
    "preview": gettext_lazy("Link previews"),
    "scanner": gettext_lazy("Scanners and other programs"),
    "no_beacon": gettext_lazy("Pages that no browser showed"),
    "ended": gettext_lazy("Links that had ended"),
}
CLASS_NAMES: dict[str, Promise] = {
    "marketing": gettext_lazy("Marketing: needs consent to offers"),
    "service": gettext_lazy("Service: about what the customer has with you"),
}
ON_MISSING_NAMES: dict[str, Promise] = {
    "fail": gettext_lazy("do not launch"),
    "default": gettext_lazy("leave the place empty"),
    "skip": gettext_lazy("leave those customers out"),
}
PLATFORM_RULES: dict[str, Promise] = {
    "template": gettext_lazy(
        "Meta lets you write first only with a template that it approved, and only to customers who agreed to get "
        "WhatsApp messages from you. A number without WhatsApp counts as not reachable and gets the SMS."
    ),
    "phone_push": gettext_lazy(
        "LINE lets you write first by phone number only where it agreed so by contract. A number that LINE does not "
        "know counts as not reachable and gets the SMS."
    ),
}
_STATES: dict[str, tuple[str, Promise]] = {
    "draft": ("accent", gettext_lazy("Draft")),
    "launching": ("ok", gettext_lazy("Launching")),
    "live": ("ok", gettext_lazy("Live")),
    "paused": ("warn", gettext_lazy("Paused")),
    "done": ("", gettext_lazy("Done")),
    "stopped": ("", gettext_lazy("Stopped")),
}

_REASON_STEPS = (
    ("address.", "valid_mobile"),
    ("provider.", "delivered"),
    ("gone.", "delivered"),
    ("fix.", "delivered"),
    ("retry.", "delivered"),
    ("window.outside", "delivered"),
    ("match.not_sent_yet", "sent"),
    ("match.not_delivered", "delivered"),
    ("match.not_clicked", "clicked"),
    ("match.not_written", "wrote"),
    ("match.", "matched"),
)
SHORT_REASONS: dict[str, Promise] = {
    "address.none": gettext_lazy("no number"),
    "address.not_mobile": gettext_lazy("landline or not mobile"),
    "address.dead": gettext_lazy("number not in use"),
    "consent.none": gettext_lazy("no consent"),
    "consent.withdrawn": gettext_lazy("opted out"),
    "consent.blocked": gettext_lazy("blocked us"),
    "suppression.withdrawn": gettext_lazy("on an opt-out list"),
    "suppression.dead_number": gettext_lazy("number not in use"),
    "suppression.bounced": gettext_lazy("came back before"),
    "suppression.complained": gettext_lazy("complained"),
    "suppression.legal": gettext_lazy("legal reason"),
    "suppression.manual": gettext_lazy("put on a list by your team"),
    "hold_out.workspace": gettext_lazy("held out"),
    "run.paused": gettext_lazy("match is paused"),
    "run.stopped": gettext_lazy("match was stopped"),
    "throttle.rate": gettext_lazy("waiting for their turn"),
    "throttle.channel_stopped": gettext_lazy("channel is stopped"),
    "budget.spent": gettext_lazy("budget is spent"),
    "render.missing": gettext_lazy("text lacks something"),
    "render.missing_skipped": gettext_lazy("text lacks something"),
    "provider.retries_spent": gettext_lazy("provider did not take it"),
    "provider.rejected": gettext_lazy("provider refused it"),
    "provider.unreachable": gettext_lazy("unknown number"),
    "provider.unknown": gettext_lazy("outcome unknown"),
    "match.not_sent_yet": gettext_lazy("not sent yet"),
    "match.not_delivered": gettext_lazy("no delivery reported"),
    "match.not_clicked": gettext_lazy("not opened yet"),
    "match.not_written": gettext_lazy("opened the link, did not write"),
    "match.wrote_without_code": gettext_lazy("wrote without the code"),
    "match.possible_forward": gettext_lazy("possible forward, asked again"),
    "match.identity_elsewhere": gettext_lazy("app belongs to another contact"),
    "match.ambiguous": gettext_lazy("several codes in one message"),
    "match.link_expired": gettext_lazy("link had expired"),
}


@dataclass(frozen=True, slots=True)
class StateWords:
    """A match's state: the badge's tone and one word; `dot` for what is going on now."""

    tone: str
    word: Promise
    dot: bool


def describe_state(match: Match) -> StateWords:
    """In a word what the match does now."""
    tone, word = _STATES[match.state]
    return StateWords(tone, word, match.state in ("live", "launching"))


def step_of_reason(code: str) -> str:
    """The step of the funnel that a contact with this reason did not reach: gates and everything else, the sending."""
    return next((step for start, step in _REASON_STEPS if code.startswith(start)), "sent")


def shorten_reason(code: str, sentence: str) -> str:
    """The reason in a few words for the funnel's losses; its sentence where there are none."""
    return str(SHORT_REASONS.get(code) or sentence.rstrip("."))


def list_choices(names: dict[str, Promise], chosen: str) -> list[tuple[str, str, bool]]:
    """(value, words, whether chosen), for a select or radios."""
    return [(value, str(words), value == chosen) for value, words in names.items()]


def describe_audience(kind: str) -> str:
    """The audience's form in a word."""
    words = {"all": _("Everyone"), "imports": _("Imported lists"), "contacts": _("Chosen contacts")}
    return words.get(kind, "")


def fill(sentence: str, **values: object) -> SafeString:
    """A translated sentence with its values, which may be figures in their markup; everything else is escaped."""
    return mark_safe(escape(sentence) % {name: conditional_escape(value) for name, value in values.items()})  # noqa: S308
