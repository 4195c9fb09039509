"""A platform for the simulator to call: a real HTTP server on the loopback address that remembers what it got."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from tertulia.simulator.app import Simulator
from tertulia.simulator.config import Config, read_config
from tertulia.simulator.wire import to_json
from tertulia.simulator.world import World

AES_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"


@dataclass(frozen=True)
class Got:
    """One request that the platform received."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Platform:
    """The platform's stand-in. `answer` may be replaced by a test."""

    port: int = 0
    got: list[Got] = field(default_factory=list)
    answer: Callable[[Got], Answer] = lambda got: (200, {}, b"ok")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def posts(self, path: str) -> list[Got]:
        return [got for got in self.got if got.path == path and got.method == "POST"]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode("latin-1").split("\r\n")
                method, target, _ = lines[0].split(" ")
                headers = dict(line.lower().split(": ", 1)[:1] + line.split(": ", 1)[1:] for line in lines[1:] if line)
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                got = Got(method, target, headers, body)
                self.got.append(got)
                status, extra, content = self.answer(got)
                fields = {"Content-Length": str(len(content)), **extra}
                answer = f"HTTP/1.1 {status} X\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items()) + "\r\n"
                writer.write(answer.encode() + (b"" if method == "HEAD" else content))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


def make_config(url: str, **more: Any) -> Config:
    """One account of every kind, all calling the platform at `url`."""
    credentials: dict[str, dict[str, Any]] = {
        "twilio": {"account_sid": "AC" + "0" * 32, "auth_token": "tw-secret", "sender": "+15017122661"},
        "http_sms": {"api_key": "sms-token", "sender": "+351910000000", "verify_secret": "sms-secret"},
        "smtp": {"username": "shop", "password": "mail-secret", "from_address": "news@verbena.example"},
        "whatsapp": {
            "access_token": "EAAwa", "app_secret": "wa-secret", "phone_number_id": "105558", "waba_id": "W1",
            "phone": "+15550001111", "app_id": "A1",
        },
        "messenger": {
            "access_token": "EAApage", "app_secret": "me-secret", "page_id": "PAGE1", "page_name": "verbena",
            "app_id": "A1",
        },
        "line": {"access_token": "line-token", "channel_secret": "line-secret", "basic_id": "@verbena"},
        "viber": {"auth_token": "viber-token", "bot_uri": "verbena"},
        "telegram": {"token": "123456789:AAHtest", "bot_username": "VerbenaBot", "secret_token": "tg-secret"},
        "wechat": {
            "app_id": "wx01", "app_secret": "wx-secret", "token": "wx-token", "account_id": "gh_1",
            "encoding_aes_key": AES_KEY,
        },
    }  # fmt: skip
    templates = [
        {"name": "hello", "language": "en", "category": "marketing", "body": "Hi {{1}}, write to us here."},
        {"name": "code", "language": "en", "category": "utility", "body": "Your code is {{1}}."},
    ]
    accounts = [
        {
            "id": f"{kind}-1", "kind": kind, "name": "Verbena Market", "webhook_url": f"{url}/hooks/{kind}-1",
            "credentials": values, "settings": {"templates": templates} if kind == "whatsapp" else {},
        }
        for kind, values in credentials.items()
    ]  # fmt: skip
    people = [
        {"name": "Beatriz Almeida", "phone": "+5511985550142", "language": "pt"},
        {"name": "Jurema", "phone": "+5511985550199", "language": "pt"},
    ]
    return read_config(to_json({"accounts": accounts, "people": people, **more}))


@dataclass
class Rig:
    """A simulator under test, with its client."""

    world: World
    app: Simulator
    http: httpx.AsyncClient
    platform: Platform

    async def sim(self, path: str, method: str = "POST", **fields: Any) -> Any:
        """Call the control API and expect success."""
        answer = await self.http.request(method, f"/sim/{path}", json=fields if method != "GET" else None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def settle(self) -> None:
        assert (await self.sim("settle", timeout_s=10))["idle"]
