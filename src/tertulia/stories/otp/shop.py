"""The business: two SMS lines, WhatsApp and e-mail, with the same credentials on both sides, and its customer list."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from tertulia.stories.place import Api, Place, Sim

NAME: Final = "Verbena Market"
TEMPLATE: Final = "sign_in_code"
TEMPLATES: Final = (
    {"name": TEMPLATE, "language": "en", "category": "authentication", "body": "{{1}} is your code for Verbena."},
)
RATE_PER_S: Final = 80.0
BROADCAST_S: Final = 40.0  # so long the slow line takes for the list
SLOWEST_PER_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class Shop:
    """The platform's ids of its channels: `sms`, `whatsapp`, `email`, and `slow`, the line of the broadcast."""

    sms: int
    whatsapp: int
    email: int
    slow: int


def open_shop(api: Api, sim: Sim, place: Place, random: Random, rows: int) -> Shop:
    """Connect the channels through the API, and open the accounts at the providers."""

    def secret(digits: int = 32) -> str:
        return f"{random.getrandbits(4 * digits):0{digits}x}"

    def connect(kind: str, name: str, rate: float, told: Mapping[str, str], own: Mapping[str, str], **more: Any) -> int:
        form = {"kind": kind, "name": name, "values": {**told, **own}, "rate_per_s": rate, "price_micros": 250_000}
        made = api.post("/channels", form)
        account = {"id": str(made["id"]), "kind": kind, "name": name, "webhook_url": made["hook_url"]}
        sim.post("/accounts", {**account, "credentials": dict(told), **more})
        return int(made["id"])

    def line(name: str, rate: float, sender: str) -> int:
        told = {"account_sid": f"AC{secret()}", "auth_token": secret(), "sender": sender}
        return connect("twilio", name, rate, told, {"base_url": f"{place.phones_url}/twilio"})

    meta = {
        **{"access_token": secret(), "app_secret": secret(), "verify_token": secret()},
        **{"phone_number_id": "105558", "waba_id": "20771", "phone": "+5511940028922"},
    }
    mail = {"username": "verbena", "password": secret(), "from_address": "news@verbena.example"}
    host = {"host": "127.0.0.1", "port": str(place.mail_port), "security": "none"}
    return Shop(
        sms=line("SMS", RATE_PER_S, "+15017122661"),
        whatsapp=connect(
            *("whatsapp", "WhatsApp", RATE_PER_S, meta, {"base_url": f"{place.phones_url}/graph"}),
            settings={"templates": list(TEMPLATES)},
        ),
        email=connect("smtp", "E-mail", RATE_PER_S, mail, host),
        slow=line("Slow line", max(rows / BROADCAST_S, SLOWEST_PER_S), "+15017122662"),
    )


def import_list(api: Api, rows: int) -> int:
    """A customer list of so many, checked and applied; the import's id."""
    lines = ["name,phone", *(f"Customer {number},+55119{80_000_000 + 7 * number}" for number in range(rows))]
    made = api.upload("/imports", "customers.csv", "\n".join(lines).encode(), {"kind": "customers"})
    api.put(f"/imports/{made['id']}/columns", {"targets": ["name", "phone"], "basis": "consent", "source": "the story"})
    api.check_import(made["id"])
    api.apply_import(made["id"], keep_series=True)
    return int(made["id"])


def launch_broadcast(api: Api, shop: Shop, import_id: int) -> int:
    """An SMS to everybody on the list, over the slow line; its id."""
    draft = {
        **{"name": "Broadcast", "sms_channel_id": shop.slow, "apps": [shop.whatsapp]},
        **{"text": "Hi {{ contact.name }}, we are here too: {{ link }}", "audience": {"imports": [import_id]}},
    }
    match_id = int(api.post("/matches", draft)["id"])
    api.post(f"/matches/{match_id}/launch")
    return match_id
