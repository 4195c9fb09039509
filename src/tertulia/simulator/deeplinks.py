"""Where a link leads: the apps' own addresses, as phones understand them, and the pages that offer them.

A phone does not ask a server what `https://wa.me/...` is: the app claims it. So does the simulator, which therefore
never leaves the machine however a link ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import parse_qs, unquote, urljoin, urlsplit

_CODE = re.compile(r"(?<![0-9A-Za-z])([0-9A-HJKMNP-TV-Z]{4})[- ]?([0-9A-HJKMNP-TV-Z]{4})[- ]?([0-9A-HJKMNP-TV-Z]{4})"
                   r"[- ]?([0-9A-HJKMNP-TV-Z]{2})(?![0-9A-Za-z])")  # fmt: skip
_LINK = re.compile(r"""(?:https?://|(?<![\w@.])(?=[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}/))[^\s<>"'\u200e\u200f]+""",
                   re.IGNORECASE)  # fmt: skip
PAGE_LINKS_MAX = 40
_VOID = frozenset({"br", "img", "input", "hr", "meta", "link", "wbr"})


@dataclass(frozen=True, slots=True)
class AppLink:
    """An address that an app claims. `account` is the credential that names the account there (a number, a page, a
    user name), `token` what rides on the link, `text` the ready first message."""

    app: str
    account: str
    token: str = ""
    text: str = ""


def find_links(text: str) -> list[str]:
    """The web addresses in a text as a phone underlines them, scheme or not, without the punctuation after them."""
    return [link.rstrip(".,;:!?)]}»”'") for link in _LINK.findall(text)]


def read_app_link(url: str) -> AppLink | None:
    """What app opens for this address and how, or None for an ordinary page."""
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    host = (parts.hostname or "").removeprefix("www.")
    first = parts.path.strip("/").split("/")[0]
    match (parts.scheme, host):
        case ("http" | "https", "wa.me"):
            return AppLink("whatsapp", f"+{first.lstrip('+')}", text=query.get("text", ""))
        case ("http" | "https", "api.whatsapp.com") | ("whatsapp", _):
            return AppLink("whatsapp", "+" + query.get("phone", "").strip().lstrip("+"), text=query.get("text", ""))
        case ("http" | "https", "m.me"):
            return AppLink("messenger", first, query.get("ref", ""), query.get("text", ""))
        case ("http" | "https", "t.me" | "telegram.me"):
            return AppLink("telegram", first, query.get("start", ""))
        case ("tg", _):
            return AppLink("telegram", query.get("domain", ""), query.get("start", ""))
        case ("viber", _):
            account = query.get("chatURI") or query.get("uri", "")
            return AppLink("viber", account, query.get("context", ""), query.get("text", ""))
        case ("http" | "https", "line.me"):
            return _read_line(parts.path, parts.query)
        case ("http" | "https", "mp.weixin.qq.com") if "ticket" in query:
            return AppLink("wechat", "", f"ticket:{query['ticket']}")
        case ("http" | "https", "weixin.qq.com") if first == "q":
            return AppLink("wechat", "", f"url:{url}")
        case ("sms" | "smsto", _):
            body = parse_qs(parts.query.lstrip("&")).get("body", [""])[-1]
            return AppLink("sms", parts.path, text=body)
    if parts.path.endswith("/cgi-bin/showqrcode") and "ticket" in query:
        return AppLink("wechat", "", f"ticket:{query['ticket']}")
    return None


def _read_line(path: str, query: str) -> AppLink | None:
    pieces = [unquote(piece) for piece in path.strip("/").split("/")]
    if pieces[:2] == ["R", "oaMessage"] and len(pieces) > 2:
        return AppLink("line", pieces[2], text=unquote(query))
    if pieces[:3] == ["R", "ti", "p"] and len(pieces) > 3:
        return AppLink("line", pieces[3])
    return None


@dataclass(frozen=True, slots=True)
class PageLink:
    """A link on a page that the person may tap next; `app` is empty when it leads to another page."""

    url: str
    label: str
    app: str = ""


class _PageReader(HTMLParser):
    """Collects links, pictures of QR codes and the visible text."""

    def __init__(self, base: str) -> None:
        super().__init__(convert_charrefs=True)
        self.base = base
        self.links: list[PageLink] = []
        self.texts: list[str] = []
        self._open = ""
        self._label: list[str] = []
        self._silent = 0
        self._unseen: list[str] = []  # open tags from one on that is only drawn, such as an app's two letters
        self.seen = ""
        self.nonce = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in ("script", "style", "template"):
            self._silent += 1
        if (self._unseen or values.get("aria-hidden") == "true") and tag not in _VOID:
            self._unseen.append(tag)
        if tag == "body" and values.get("data-seen"):
            self.seen, self.nonce = urljoin(self.base, values["data-seen"]), values.get("data-nonce", "")
        if tag == "a" and values.get("href"):
            self._open, self._label = values["href"], []
        if tag == "img":
            self._add(values.get("src", ""), values.get("alt", ""), only_apps=True)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style", "template"):
            self._silent = max(0, self._silent - 1)
        if tag in self._unseen:
            while self._unseen.pop() != tag:
                pass
        if tag == "a" and self._open:
            self._add(self._open, " ".join(" ".join(self._label).split()), only_apps=False)
            self._open = ""

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        self.texts.append(data)
        if self._open and not self._unseen:
            self._label.append(data)

    def _add(self, address: str, label: str, *, only_apps: bool) -> None:
        url = urljoin(self.base, address)
        app_link = read_app_link(url)
        if len(self.links) >= PAGE_LINKS_MAX or urlsplit(url).scheme in ("javascript", "data", "mailto", "tel"):
            return
        if app_link or not only_apps:
            self.links.append(PageLink(url, label[:120], app_link.app if app_link else ""))


@dataclass(frozen=True, slots=True)
class Page:
    """What a person sees on a page: its links, and the code it asks them to send. `seen` is where the page's script
    reports that a browser shows it, and `nonce` what it says there; both empty where the page has no such script."""

    links: tuple[PageLink, ...]
    code: str
    text: str
    seen: str = ""
    nonce: str = ""


def read_page(url: str, body: bytes) -> Page:
    """Read a page of the platform's as a person would. Never raises for bad HTML."""
    reader = _PageReader(url)
    reader.feed(body.decode("utf-8", "replace"))
    reader.close()
    text = " ".join(" ".join(reader.texts).split())
    found = _CODE.search(text)
    return Page(tuple(reader.links), "".join(found.groups()) if found else "", text[:2000], reader.seen, reader.nonce)
