"""Template tags that every page has: icons, channel marks, numbers as doors, bars and sparks as SVG."""

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from django import template
from django.conf import settings
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

register = template.Library()

STATIC = Path(__file__).parent / "static"
TURNING = frozenset(
    {
        "chevron-right", "chevron-left", "arrow-right", "arrow-left", "undo-2", "redo-2", "send", "reply", "forward",
        "log-out", "log-in", "corner-down-left", "panel-left", "external-link",
    }
)  # fmt: skip
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
    letters, name = CHANNEL_MARKS.get(app, (app[:2].upper(), app))
    title = _("not on %(app)s") % {"app": name} if off else name
    state = "mark-off" if off else f"mark-{app}"
    shape = '<span class="mark {}" role="img" aria-label="{}" title="{}">{}</span>'
    return format_html(shape, state, title, title, letters)


@register.filter
def app_name(app: str) -> str:
    """WhatsApp for ``whatsapp``, and so on."""
    return CHANNEL_MARKS.get(app, ("", app))[1]


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
