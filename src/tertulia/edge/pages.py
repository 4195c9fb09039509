"""The pages that a customer may see at a link: a choice of apps, how to open one, or why the link leads nowhere.

They stand alone: no resource is fetched, one style and one script whose hashes are all that the content policy admits,
light and dark, in the language of the reader's browser. Nothing on them is about the person whose link it is, for a
link may be passed on; the business's name and the code in the address are all they know.
"""

import base64
import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import segno
from django.conf import settings
from django.template import Context, Engine
from django.utils import translation
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from tertulia.channels.base import Adapter, DeepLink
from tertulia.channels.kinds import put_code

QR_BORDER = 2
QR_SCALE = 8
_PHONE = re.compile(r"Mobi|Android|iPhone|iPad|iPod|HarmonyOS|MicroMessenger", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class App:
    """One app as the pages show it. `href` is our own address for it, `open` what opens the app itself; `picture` a QR
    code as a data address; `drawn` the address of one that the provider draws."""

    title: str
    mark: str
    colour: str
    href: str = ""
    open: str = ""
    picture: str = ""
    drawn: str = ""
    account: str = ""
    text: str = ""
    shows_code: bool = False
    qr_only: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A page with its status."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page has: the reader's language, and where its script reports that a browser shows it."""

    language: str
    seen: str = ""
    nonce: str = ""


def is_phone(user_agent: str, hint: str) -> bool:
    """Whether a page is read on a phone or tablet. `hint` is Sec-CH-UA-Mobile."""
    return hint == "?1" or bool(_PHONE.search(user_agent))


def pick_language(accept_language: str, default: str) -> str:
    """The first of the reader's languages that we speak, else the default."""
    for code, _quality in translation.trans_real.parse_accept_lang_header(accept_language.lower()[:500]):
        if code == "*":
            break
        try:
            return str(translation.get_supported_language_variant(code))
        except LookupError:
            continue
    return default or settings.LANGUAGE_CODE


def show_notice(frame: Frame, status: int, kind: str, business: str = "") -> Page:
    """Why a link leads nowhere: unknown, expired, stopped, sample (of a test message), gone (the app is no longer
    offered), limited, busy; or too_large, why a file is not taken."""
    with translation.override(frame.language):
        title, sentence = _notice_words(kind, business)
        return _render(frame, status, "notice.html", {"title": title, "sentence": sentence})


def show_chooser(frame: Frame, business: str, apps: Sequence[App], *, desktop: bool) -> Page:
    """A button for each app, or on a desktop its QR code."""
    with translation.override(frame.language):
        return _render(frame, 200, "chooser.html", {"business": business, "apps": apps, "desktop": desktop})


def show_app(frame: Frame, business: str, app: App) -> Page:
    """How to open an app that no web address opens (WeChat, Viber)."""
    with translation.override(frame.language):
        return _render(frame, 200, "app.html", {"business": business, "app": app})


def show_unsubscribe(frame: Frame, business: str, *, done: bool) -> Page:
    """The question whether offers are to end, or that they have ended (C3). Its form goes to its own address."""
    with translation.override(frame.language):
        page = _render(frame, 200, "unsubscribe.html", {"business": business, "done": done})
    headers = tuple(
        (name, value.replace("form-action 'none'", "form-action 'self'") if name.startswith("content-sec") else value)
        for name, value in page.headers
    )
    return Page(page.status, page.body, headers)


def make_choice(adapter: Adapter, href: str, *, picture: bool) -> App:
    """An app in the chooser."""
    drawn = draw_qr(href) if picture else ""
    return App(adapter.title, adapter.mark, adapter.colour, href=href, picture=drawn)


def make_app(adapter: Adapter, link: DeepLink, text: str, code: str) -> App:
    """An app's own page: its link, QR code, account name and the message with the code."""
    held = link.qr or link.url
    return App(
        adapter.title,
        adapter.mark,
        adapter.colour,
        open=link.url,
        picture=draw_qr(held) if held else "",
        drawn=link.picture_url if not held and link.picture_url.startswith("https://") else "",
        account=link.account_name,
        text=put_code(text, code),
        shows_code=link.shows_code,
        qr_only=adapter.capabilities.qr_only,
    )


def draw_qr(held: str) -> str:
    """A QR code as the data address of a PNG, which a phone can save."""
    return "data:image/png;base64," + base64.b64encode(make_qr(held, "png")).decode()


def make_qr(held: str, form: str) -> bytes:
    """A QR code as a file, `svg` or `png`. Correction level M bears a fold or a stain."""
    out = io.BytesIO()
    code = segno.make(held, error="m", micro=False)
    code.save(out, kind=form, scale=QR_SCALE, border=QR_BORDER, light="#fff")
    return out.getvalue()


def _notice_words(kind: str, business: str) -> tuple[str, str]:
    match kind:
        case "expired":
            title = _("This link has expired")
            known = _("Ask %(business)s for a new one.") % {"business": business}
            return title, known if business else _("Ask for a new one where you got it.")
        case "stopped":
            title = _("This link is no longer in use")
            known = _("%(business)s has ended it.") % {"business": business}
            return title, known if business else _("It was ended by its sender.")
        case "sample":
            sentence = _("Each customer gets a link of their own, which opens the app on a ready message.")
            return _("This link came with a test message"), sentence
        case "gone":
            title = _("This app is no longer offered here")
            known = _("Ask %(business)s how to reach them.") % {"business": business}
            return title, known if business else _("Ask its sender how to reach them.")
        case "limited":
            return _("Too many wrong links"), _("They came from your network. Try again in a minute.")
        case "too_large":
            return _("This file is too large"), _("Split it into parts and import each of them.")
        case "busy":
            return _("Just a moment"), _("Too many people are here at once. Open the link again in a few seconds.")
        case _:
            return _("This link leads nowhere"), _("Check that it was copied whole, from its first to its last letter.")


def _render(frame: Frame, status: int, name: str, values: dict[str, object]) -> Page:
    style, script, policy = _load_assets()
    context = {
        **values,
        "language": translation.get_language(),
        "direction": "rtl" if translation.get_language_bidi() else "ltr",
        "style": style,
        "script": script,
        "seen": frame.seen,
        "nonce": frame.nonce,
    }
    body = _load_engine().get_template(name).render(Context(context)).encode()
    headers = (
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("content-security-policy", policy),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-robots-tag", "noindex"),
        ("vary", "Accept-Language, User-Agent"),
    )
    return Page(status, body, headers)


@cache
def _load_engine() -> Engine:
    return Engine(
        dirs=[str(Path(str(files("tertulia.edge"))) / "templates")],
        libraries={"i18n": "django.templatetags.i18n"},
        autoescape=True,
    )


@cache
def _load_assets() -> tuple[str, str, str]:
    """Style and script as they stand in a page, and the policy that admits only them."""
    folder = files("tertulia.edge") / "templates"
    style = (folder / "page.css").read_text(encoding="utf-8").strip()
    script = (folder / "seen.js").read_text(encoding="utf-8").strip()
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return mark_safe(style), mark_safe(script), policy  # noqa: S308 (our own files)


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
