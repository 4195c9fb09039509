"""One scenario's world: a fresh workspace with its channels, the people in it, and what the providers were given.

Names are the scenario's own: `Ana` is whoever was imported or wrote under that name. Ids are looked up over the API at
their first use and kept, so that a merge or an erasure cannot lose them.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import httpx

from tertulia.stories.conformance.apis import CompanyApi
from tertulia.stories.conformance.mail import Mail
from tertulia.stories.conformance.sink import Account, Sink
from tertulia.stories.conformance.wire import Post, Provider, Sent, Writer, make_provider

TIME_LIMIT_S = 180.0
NEVER = datetime.min.replace(tzinfo=UTC)
LINK = re.compile(r"https?://[^\s/]+/l/([0-9A-Z]{14})")
SEEN = re.compile(r'data-seen="([^"]+)" data-nonce="(\w+)"')
APP_SYMBOLS = {
    "chooser": "2",
    "whatsapp": "3",
    "messenger": "4",
    "line": "5",
    "viber": "6",
    "telegram": "7",
    "sms": "9",
    "web": "W",
}
LEAVE = re.compile(r"https?://[^\s/]+(/u/[\w-]+)")
CARRIERS = ("twilio",)
PHONE_AGENT = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"


class Failed(Exception):
    """The scenario cannot go on, or an expectation does not hold. The text is for the report."""


@dataclass(slots=True)
class Channel:
    """A connected channel: its id and webhook address here, its account at the provider."""

    id: int
    kind: str
    hook_url: str
    provider: Provider
    account: Account


@dataclass(frozen=True, slots=True)
class Hook:
    """A source of webhooks: where it posts, and how it signs."""

    id: int
    address: str
    secret: str
    signing: dict[str, Any]


@dataclass(slots=True)
class Stage:
    """Where a scenario plays."""

    http: httpx.Client
    sink: Sink
    number: int
    workspace: dict[str, Any]
    key: str = ""
    now: datetime = NEVER
    channels: dict[str, Channel] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)  # name -> write key
    hooks: dict[str, Hook] = field(default_factory=dict)
    matches: dict[str, int] = field(default_factory=dict)
    journeys: dict[str, int] = field(default_factory=dict)
    templates: dict[str, int] = field(default_factory=dict)
    segments: dict[str, int] = field(default_factory=dict)
    apis: dict[str, CompanyApi] = field(default_factory=dict)
    imports: dict[str, int] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    phones: dict[str, str] = field(default_factory=dict)
    emails: dict[str, str] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    writers: dict[tuple[str, str], Writer] = field(default_factory=dict)
    serial: Any = field(default_factory=lambda: count(1))
    last_status: int = 0
    last_headers: dict[str, str] = field(default_factory=dict)
    last_body: str = ""

    def open(self) -> None:
        """A workspace of the scenario's own, at nine in the morning of a fresh day."""
        today = datetime.fromisoformat(self.http.get("/api/test/clock").json()["now"])
        self.set_clock(today.replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=1))
        made = self.http.post("/api/test/workspace", json={"name": "Loja", **self.workspace})
        self.key = made.raise_for_status().json()["key"]

    def api(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """An answer of the API's. Raises Failed with the error's sentence."""
        headers = {"authorization": f"Bearer {self.key}"}
        sent = {"json": body} if body is not None else {}
        response = self.http.request(method, f"/api{path}", headers=headers, **sent, **more)
        if response.status_code >= 400:
            raise Failed(f"{method} {path}: {response.status_code} {response.text[:500]}")
        return response.json() if response.content else None

    def connect(self, name: str, told: dict[str, Any]) -> None:
        """Connect a channel; its account is answered by the sink."""
        kind = told["kind"]
        mail = Mail(f"mail-password-{self.number}", f"news@shop{self.number}.example")
        provider = mail if kind == "smtp" else make_provider(kind, self.number)
        account_name = f"{kind}-{self.number}-{name}"
        values = provider.settings(self.sink.add(account_name, provider))
        known = next(item for item in self.api("GET", "/channel-kinds") if item["kind"] == kind)
        fields = {item["name"] for item in known["fields"]}
        form = {key: value for key, value in told.items() if key not in ("kind", "settings")}
        values = {key: value for key, value in {**values, **told.get("settings", {})}.items() if key in fields}
        made = self.api("POST", "/channels", {"kind": kind, "name": name, "values": values, **form})
        self.channels[name] = Channel(made["id"], kind, made["hook_url"], provider, self.sink.accounts[account_name])

    def add_source(self, name: str, told: dict[str, Any]) -> None:
        """Add a source of events; of one that posts webhooks its secret, and its `mapping` where it has one."""
        form = {key: value for key, value in told.items() if key != "mapping"}
        made = self.api("POST", "/sources", {"name": name, **form})
        self.sources[name] = made["write_key"]
        if made["kind"] != "sdk":
            path = f"/sources/{made['id']}/hook"
            secret = f"{name}-secret"
            hook = self.api("PUT", f"{path}/secret", {"secret": secret})
            if "mapping" in told:
                self.api("PUT", f"{path}/mapping", {"mapping": told["mapping"]})
            self.hooks[name] = Hook(made["id"], hook["address"], secret, hook["signing"])

    def add_endpoint(self, name: str, told: dict[str, Any]) -> None:
        """Add an endpoint with that key; the sink plays the company's API behind it."""
        url = self.sink.add_api(f"api-{self.number}-{name}")
        self.api("POST", "/endpoints", {"key": name, "name": name, "base_url": url, **told})
        self.apis[name] = self.sink.apis[f"api-{self.number}-{name}"]

    def channel(self, name: str) -> Channel:
        if name not in self.channels:
            raise Failed(f"the scenario has no channel {name!r}")
        return self.channels[name]

    def drain(self) -> None:
        """Wait until the server has nothing left to do."""
        self._post_test("/api/test/drain", None)

    def set_clock(self, at: datetime) -> None:
        """Move the clock; everything due by then has happened."""
        told = self._post_test("/api/test/clock", {"now": at.isoformat()})
        self.now = datetime.fromisoformat(told["now"])

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.set_clock(self.now + timedelta(seconds=seconds))

    def call_hook(self, channel: Channel, post: Post) -> int:
        """Post a webhook; the server's status."""
        url = channel.hook_url + (f"?{post.query}" if post.query else "")
        response = self.http.post(self._here(url), content=post.body, headers=dict(post.headers))
        self.last_status, self.last_body = response.status_code, response.text
        return response.status_code

    def track(self, source: str, body: Any) -> None:
        """Post a batch of calls as a server's SDK does. Raises Failed for a source that the scenario does not have."""
        if source not in self.sources:
            raise Failed(f"the scenario has no source {source!r}")
        response = self.http.post("/v1/batch", json=body, auth=(self.sources[source], ""))
        self.last_status, self.last_body = response.status_code, response.text

    def post_hook(self, source: str, raw: bytes, headers: dict[str, str]) -> None:
        """Post a webhook as a business's own system does. Raises Failed for a source that the scenario has not."""
        if source not in self.hooks:
            raise Failed(f"the scenario has no source of webhooks {source!r}")
        response = self.http.post(urlsplit(self.hooks[source].address).path, content=raw, headers=headers)
        self.last_status, self.last_body = response.status_code, response.text

    def open_url(self, path: str, method: str, agent: str, form: dict[str, str] | None = None, **headers: str) -> None:
        """Open a link as a browser or a program does; nothing is followed."""
        told = {"user-agent": agent, **headers}
        response = self.http.request(method, path, headers=told, data=form, follow_redirects=False)
        self.last_status, self.last_body = response.status_code, response.text
        self.last_headers = dict(response.headers)

    def report_page(self, agent: str) -> None:
        """Run the script of the page that was opened last, as a browser does; nothing where there is none."""
        found = SEEN.search(self.last_body)
        if found is not None:
            self.http.request("POST", found[1], headers={"user-agent": agent}, content=found[2])

    def find_person(self, name: str) -> int:
        """The contact of that name. Raises Failed when there is none, or several."""
        if name not in self.people:
            asked = self.phones.get(name) or self.emails.get(name, name)
            found = self.api("GET", "/contacts", params={"q": asked, "limit": 10})["contacts"]
            exact = [item for item in found if item["name"] == name] or found
            if len(exact) != 1:
                raise Failed(f"{len(exact)} contacts are called {name}")
            self.people[name] = exact[0]["id"]
        return self.people[name]

    def writer(self, channel: str, who: str) -> Writer:
        """Who writes on a channel: told before (`people` of the step), else by the number of the contact."""
        known = self.writers.get((channel, who))
        if known is not None:
            return known
        phone = self.phones.get(who, who if who.startswith("+") else "")
        kind = self.channel(channel).kind
        if kind == "telegram":
            raise Failed(f"say with which id {who} writes on {channel}")
        return Writer("" if kind == "whatsapp" else phone, who, phone)

    def sent_to(self, channel: str, who: str) -> list[Sent]:
        """What the provider was given for a person, refused attempts included."""
        mine = self.channel(channel)
        if mine.kind == "smtp":
            return [sent for sent in mine.account.sent if sent.to == self.emails.get(who, who)]
        writer = self.writers.get((channel, who))
        phone = self.phones.get(who, "")
        names = {
            name.lstrip("+") for name in (writer.id if writer else "", writer.phone if writer else "", phone) if name
        }
        return [sent for sent in mine.account.sent if sent.to.lstrip("+") in names]

    def unsubscribe_address(self, channel: str, who: str) -> str:
        """The path of the one-click address in the newest e-mail to a person, or of the one in the newest text."""
        for sent in reversed(self.sent_to(channel, who)):
            if self.channel(channel).kind == "smtp":
                if sent.echo:
                    return urlsplit(sent.echo).path
            elif found := LEAVE.search(sent.text):
                return found[1]
        raise Failed(f"{who} has got no message on {channel} that can be unsubscribed from")

    def link_code(self, who: str, app: str) -> str:
        """The code of a person's link for an app, from the newest SMS to them."""
        for name, channel in self.channels.items():
            if channel.kind not in CARRIERS:
                continue
            for sent in reversed(self.sent_to(name, who)):
                for code in LINK.findall(sent.text):
                    if code[12] == APP_SYMBOLS[app]:
                        return code
        raise Failed(f"{who} has got no link for {app}")

    def next_id(self) -> str:
        """A provider's message id that was never used."""
        return str(self.number * 1_000 + next(self.serial))

    def _post_test(self, path: str, body: Any) -> Any:
        response = self.http.post(path, json=body)
        if response.status_code != 200:
            raise Failed(f"the server does not come to rest: {response.text[:300]}")
        return response.json()

    def _here(self, url: str) -> str:
        """The webhook's path on the server under test: PUBLIC_URL may be another name for it."""
        return "/hooks/" + url.partition("/hooks/")[2]
