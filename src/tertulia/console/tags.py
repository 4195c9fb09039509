"""Template tags that every page has: icons, channel marks, numbers as doors, bars and sparks as SVG."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path

import phonenumbers
from django import template
from django.conf import settings
from django.template import Context
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tertulia.core.live_tokens import derive_live_key, sign_live_token

CURRENCY_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "BRL": "R$", "CNY": "¥", "JPY": "¥", "CZK": "Kč", "RON": "lei"}

register = template.Library()

STATIC = Path(__file__).parent / "static"
TURNING = frozenset(
    {
        "chevron-right", "chevron-left", "arrow-right", "arrow-left", "undo-2", "redo-2", "send", "reply", "forward",
        "log-out", "log-in", "corner-down-left", "panel-left", "external-link",
    }
)  # fmt: skip
NUMBER_OF = {"whatsapp_phone": "whatsapp"}
"""Identities that are the number behind an app's own id, shown as the app."""

CHANNEL_MARKS: dict[str, tuple[str, str]] = {
    "sms": ("SM", "SMS"),
    "email": ("EM", "E-mail"),
    "whatsapp": ("WA", "WhatsApp"),
    "messenger": ("ME", "Messenger"),
    "telegram": ("TG", "Telegram"),
    "viber": ("VB", "Viber"),
    "line": ("LN", "LINE"),
    "wechat": ("WC", "WeChat"),
    "webchat": ("WB", "Web chat"),
}


@cache
def _fingerprint(name: str) -> str:
    return hashlib.sha256(Path(f"{STATIC}/{name}").read_bytes()).hexdigest()[:12]


@register.simple_tag
def asset(name: str) -> str:
    """The address of one of our static files; it changes with the file, so that it may be cached for ever."""
    return f"{settings.STATIC_URL}{name}?v={_fingerprint(name)}"


@register.simple_tag(takes_context=True)
def live(context: Context, *topics: str) -> SafeString:
    """For the block ``live``: the stream's address with a token for this page's topics and for notices."""
    key = derive_live_key(settings.SECRET_KEY)
    workspace = context["request"].workspace.pk
    token = sign_live_token(key, workspace, (*topics, f"notices:{workspace}"), timezone.now())
    return format_html('data-live-url="/live?token={}"', token)


@register.simple_tag
def icon(name: str, classes: str = "", label: str = "") -> SafeString:
    """An icon of ``icons.svg``. Without a label it is decoration and a word must stand beside it."""
    turn = " icon-turn" if name in TURNING else ""
    spoken = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    return format_html(
        '<svg class="icon{} {}" viewBox="0 0 24 24" {}><use href="{}#{}"/></svg>', turn, classes, spoken,
        asset("icons.svg"), name,
    )  # fmt: skip


@register.simple_tag
def mark(app: str, off: bool = False) -> SafeString:
    """A channel's two letters in its colour; ``off`` draws the outline of an app that does not reach the contact."""
    app = NUMBER_OF.get(app, app)
    letters, name = CHANNEL_MARKS.get(app, (app[:2].upper(), app))
    title = _("not on %(app)s") % {"app": name} if off else name
    state = "mark-off" if off else f"mark-{app}"
    shape = '<span class="mark {}" role="img" aria-label="{}" title="{}">{}</span>'
    return format_html(shape, state, title, title, letters)


@register.filter
def app_name(app: str) -> str:
    """WhatsApp for ``whatsapp``, and so on."""
    return CHANNEL_MARKS.get(NUMBER_OF.get(app, app), ("", app))[1]


@register.filter
def num(value: int | float | None, places: int = 0) -> SafeString:
    """A number in the reader's format, never broken and always left to right; an en dash where there is none."""
    if value is None:
        return SafeString('<bdi class="num">–</bdi>')
    return format_html('<bdi class="num">{}</bdi>', number_format(value, places, force_grouping=True))


@register.filter
def plain_num(value: float, places: int = 0) -> str:
    """A number in the reader's format without markup, for SVG text and attributes."""
    return number_format(value, places, force_grouping=True)


@register.filter
def percent(share: float | None) -> SafeString:
    """A share of 1 as a percentage with one place: ``0.26`` is 26.0 %."""
    if share is None:
        return SafeString('<bdi class="num">–</bdi>')
    return format_html('<bdi class="num">{} %</bdi>', number_format(share * 100, 1))


@register.filter
def plain_money(micros: int, currency: str = "EUR") -> str:
    """Millionths of a currency: cents, and below one a third place where it tells more (an SMS costs 0.052)."""
    return f"{CURRENCY_SIGNS.get(currency, currency)} {plain_amount(micros)}"


def plain_amount(micros: int) -> str:
    """Millionths of a currency that goes without saying, as `plain_money` writes them."""
    places = 2 if abs(micros) >= 1_000_000 or micros % 10_000 == 0 else 3
    return number_format(micros / 1_000_000, places, force_grouping=True)


@register.filter
def money(micros: int | None, currency: str = "EUR") -> SafeString:
    """The same, never broken and always left to right; an en dash where there is none."""
    if micros is None:
        return SafeString('<bdi class="num">–</bdi>')
    return format_html('<bdi class="num">{}</bdi>', plain_money(micros, currency))


@register.filter
def duration(seconds: float | None) -> str:
    """A span of time with its two largest units: 40 s, 3 min, 1 h 20 min, 3 days."""
    if seconds is None:
        return "–"
    total = round(seconds)
    if total < 60:
        return _("%(s)d s") % {"s": total}
    if total < 3600:
        minutes, rest = divmod(total, 60)
        return (
            _("%(m)d min %(s)d s") % {"m": minutes, "s": rest}
            if rest and minutes < 10
            else _("%(m)d min") % {"m": minutes}
        )
    if total < 2 * 86400:
        hours, minutes = divmod(total // 60, 60)
        return _("%(h)d h %(m)d min") % {"h": hours, "m": minutes} if minutes else _("%(h)d h") % {"h": hours}
    days = total // 86400
    return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}


@register.filter
def moment(at: datetime | None) -> SafeString:
    """Date and time in the reader's zone, with the full instant for machines and for hovering."""
    if at is None:
        return SafeString("–")
    local = timezone.localtime(at)
    words = date_format(local, "j M, H:i")
    return format_html(
        '<time datetime="{}" title="{}"><bdi>{}</bdi></time>',
        at.isoformat(),
        date_format(local, "j F Y H:i:s e"),
        words,
    )


@register.filter
def city(zone: str) -> str:
    """The place in a zone's name: Sao Paulo for ``America/Sao_Paulo``."""
    return zone.rsplit("/", 1)[-1].replace("_", " ")


@register.filter
def day_name(day: date, now: datetime) -> str:
    """Today, yesterday with its date, or the date; with the year when it is another one."""
    today = timezone.localtime(now).date()
    if day == today:
        return _("Today")
    words = date_format(day, "j F" if day.year == today.year else "j F Y")
    return _("Yesterday, %(date)s") % {"date": words} if (today - day).days == 1 else words


@register.filter
def age(at: datetime | None, now: datetime) -> SafeString:
    """How long ago, in one word or unit: 2 h, yesterday, 3 days; the instant on hovering."""
    if at is None:
        return SafeString("–")
    seconds = max(0.0, (now - at).total_seconds())
    apart = (timezone.localtime(now).date() - timezone.localtime(at).date()).days
    if seconds < 60:
        words = _("now")
    elif seconds < 3600:
        words = _("%(m)d min") % {"m": seconds // 60}
    elif apart == 0:
        words = _("%(h)d h") % {"h": seconds // 3600}
    elif apart == 1:
        words = _("yesterday")
    else:
        words = ngettext("%(n)d day", "%(n)d days", apart) % {"n": apart}
    exact = date_format(timezone.localtime(at), "j F Y H:i:s e")
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), exact, words)


def format_phone(e164: str) -> str:
    """An E.164 number in groups, as people write it internationally; anything else as it is."""
    try:
        words = phonenumbers.format_number(phonenumbers.parse(e164), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return e164
    return words.replace("-", " ")


@register.filter
def phone(e164: str | None) -> SafeString:
    """A number in groups, never broken and always left to right; nothing for none."""
    return format_html('<bdi class="num">{}</bdi>', format_phone(e164)) if e164 else SafeString("")


@register.filter
def initials(name: str) -> str:
    """Up to two letters for an avatar."""
    words = name.split()
    return (words[0][:1] + (words[-1][:1] if len(words) > 1 else "")).upper() if words else "?"


@register.simple_tag
def bar(share: float, label: str = "") -> SafeString:
    """A bar, ``share`` of 1 filled. Sizes are SVG attributes, for the content policy forbids inline style."""
    width = f"{max(0.0, min(1.0, share)) * 100:.2f}"
    spoken = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    return format_html(
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" {}>'
        '<rect width="{}" height="10" rx="0.4"/></svg>', spoken, width,
    )  # fmt: skip


@register.simple_tag
def bar_parts(parts: Sequence[tuple[float, str]], label: str = "") -> SafeString:
    """One bar of several parts, each ``(count, fill)`` with fill one of 5, 3, 1, grey, danger, warn, ok."""
    total = sum(count for count, _fill in parts) or 1
    placed, at = [], 0.0
    for count, fill in parts:
        width = count / total * 100
        if count:
            placed.append((f"{at:.3f}", f"{max(width - 0.3, 0.4):.3f}", fill))
        at += width
    rects = format_html_join("", '<rect x="{}" width="{}" height="10" class="fill-{}"/>', placed)
    shape = (
        '<svg class="bar bar-parts" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    )
    return format_html(shape, label, rects)


@register.simple_tag
def spark(values: Sequence[float], label: str = "") -> SafeString:
    """A spark line with an end dot; nothing for fewer than three values."""
    if len(values) < 3:
        return SafeString("")
    low, high = min(values), max(values)
    span = (high - low) or 1
    points = [(i * 68 / (len(values) - 1), 21 - (value - low) / span * 18) for i, value in enumerate(values)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    spoken = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    return format_html(
        '<svg class="spark" viewBox="0 0 68 24" {}><polyline points="{}"/><circle cx="{}" cy="{}" r="2"/></svg>',
        spoken, line, f"{points[-1][0]:.1f}", f"{points[-1][1]:.1f}",
    )  # fmt: skip
