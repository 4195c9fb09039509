"""The business: its channels, the same credentials on both sides, and what it writes."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from tertulia.stories.place import Api, Sim

NAME: Final = "Verbena Market"
TEXT: Final = "Hi {{ contact.name | default: 'there' }}, Verbena Market is in your favourite app now: {{ link }}"
SECOND_TEXT: Final = "Hi {{ contact.name }}, this is the second round of Verbena Market: {{ link }}"
GREETING: Final = "Welcome to Verbena Market! How can we help?"
FIRST_MESSAGE: Final = "Hello Verbena Market! Please write to me here, with your offers too."
RATE_PER_S: Final = 80.0
TITLES: Final = {
    "whatsapp": "WhatsApp", "messenger": "Messenger", "line": "LINE", "viber": "Viber", "telegram": "Telegram",
    "wechat": "WeChat",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One channel: what only our form asks for, and the credentials that both sides know."""

    kind: str
    settings: Mapping[str, str]
    credentials: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Shop:
    """The connected channels: kind -> the platform's id of it."""

    channels: Mapping[str, int]

    def account(self, kind: str) -> str:
        """The simulator's name of a channel."""
        return str(self.channels[kind])

    @property
    def sms(self) -> int:
        return self.channels["twilio"]

    @property
    def apps(self) -> list[int]:
        return [self.channels[kind] for kind in TITLES]


def open_shop(api: Api, sim: Sim, phones_url: str, random: Random) -> Shop:
    """Connect an SMS channel and six apps through the API, and open the accounts at the providers."""
    channels = {}
    for line in describe_lines(phones_url, random):
        form = {
            "kind": line.kind,
            "name": TITLES.get(line.kind, "SMS"),
            "values": {**line.credentials, **line.settings},
            "rate_per_s": RATE_PER_S,
            "price_micros": 250_000 if line.kind == "twilio" else None,
            "greeting": GREETING if line.kind in TITLES else "",
            "offers_text": line.kind in TITLES,
            "first_message": FIRST_MESSAGE if line.kind in TITLES else "",
        }
        made = api.post("/channels", form)
        channels[line.kind] = int(made["id"])
        account = {"id": str(made["id"]), "kind": line.kind, "name": NAME, "webhook_url": made["hook_url"]}
        sim.post("/accounts", {**account, "credentials": dict(line.credentials)})
    return Shop(channels)


def describe_lines(base: str, random: Random) -> list[Line]:
    """The channels; `base` is where the simulator answers, in place of the providers' own addresses."""

    def secret(digits: int = 32) -> str:
        return f"{random.getrandbits(4 * digits):0{digits}x}"

    meta: dict[str, Any] = {"base_url": f"{base}/graph"}
    return [
        Line("twilio", {"base_url": f"{base}/twilio"}, {
            "account_sid": f"AC{secret()}", "auth_token": secret(), "sender": "+15017122661",
        }),
        Line("whatsapp", meta, {
            "access_token": secret(), "app_secret": secret(), "verify_token": secret(), "phone_number_id": "105558",
            "waba_id": "20771", "phone": "+5511940028922",
        }),
        Line("messenger", meta, {
            "access_token": secret(), "app_secret": secret(), "verify_token": secret(), "page_id": "301",
            "page_name": "verbena",
        }),
        Line("line", {"channel_id": "1", "base_url": f"{base}/line"}, {
            "access_token": secret(), "channel_secret": secret(), "basic_id": "@verbena",
        }),
        Line("viber", {"sender_name": "Verbena", "base_url": f"{base}/viber"}, {
            "auth_token": secret(), "bot_uri": "verbena",
        }),
        Line("telegram", {"base_url": f"{base}/telegram"}, {
            "token": f"123456789:{secret()}", "bot_username": "VerbenaBot", "secret_token": secret(),
        }),
        Line("wechat", {
            "account_name": "Verbena", "base_url": f"{base}/wechat", "picture_url": f"{base}/wechat",
        }, {
            "app_id": "wx0f1e2d3c4b5a6978", "app_secret": secret(), "token": secret(), "account_id": "gh_verbena",
            "encoding_aes_key": secret(43),
        }),
    ]  # fmt: skip
