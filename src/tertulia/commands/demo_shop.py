"""Verbena Market: a workspace whose nine channels are connected to the simulator over real HTTP and SMTP, and a source
that waits for the events of its web shop.

The simulator's accounts and our channels get the same credentials, derived from this installation's own secret, so that
they agree after every start and nobody else knows them.
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from tertulia import config
from tertulia.actions.channels import ChannelForm, create_channel
from tertulia.actions.owners import create_owned
from tertulia.actions.sources import SourceForm, create_source, make_write_key
from tertulia.actions.workspaces import WorkspaceForm
from tertulia.commands.demo_people import Customer
from tertulia.data.models import Channel, Source, User, Workspace

NAME = "Verbena Market"
SOURCE_NAME = "Verbena Market web shop"
EMAIL = "marta@verbena.example"
GREETING = "Hi {{ contact.name | default: 'there' }}! You are now in touch with Verbena Market. How can we help?"
FIRST_MESSAGE = "Hello Verbena Market! Please write to me here, with your offers too."
TEMPLATES = (
    {"name": "hello", "language": "en", "category": "marketing", "body": "Hi {{1}}, Verbena Market is now here too."},
    {
        "name": "ola",
        "language": "pt_BR",
        "category": "marketing",
        "body": "Oi {{1}}, a Verbena Market agora está aqui.",
    },
)


@dataclass(frozen=True, slots=True)
class DemoChannel:
    """One channel on both sides: what only our form asks for, and the credentials that both know."""

    kind: str
    name: str
    settings: Mapping[str, str]
    credentials: Mapping[str, str]
    price_micros: int | None = None


def open_shop(now: datetime, phones_url: str, mail_port: int) -> tuple[User, Workspace]:
    """The demo's workspace and its owner; made at the first start, found at the next ones."""
    with transaction.atomic():
        owner, made = User.objects.get_or_create(email=EMAIL, defaults={"name": "Marta Oliveira"})
        if made:
            form = WorkspaceForm(NAME, country="BR", currency="BRL", zone="America/Sao_Paulo")
            workspace = create_owned(owner, now, form, secrets.token_bytes(32))
        else:
            workspace = Workspace.objects.get(membership__user=owner, name=NAME)
        known = set(Channel.objects.filter(workspace=workspace).values_list("kind", flat=True))
        for channel in describe_channels(phones_url, mail_port):
            if channel.kind not in known:
                values = ChannelForm(
                    name=channel.name,
                    values={**channel.credentials, **channel.settings},
                    rate_per_s=50,
                    price_micros=channel.price_micros,
                    greeting=GREETING,
                    offers_text=True,
                    first_message=FIRST_MESSAGE,
                )
                create_channel(workspace, owner, now, channel.kind, values, secrets.token_urlsafe(12))
        if not Source.objects.filter(workspace=workspace).exists():
            create_source(workspace, owner, now, SourceForm(SOURCE_NAME, client_side=True), make_write_key())
    return owner, workspace


def describe_simulator(
    workspace: Workspace, customers: list[Customer], phones_url: str, mail_port: int, public_url: str
) -> dict[str, Any]:
    """The simulator's configuration: the other side of every channel, and the people."""
    by_kind = {channel.kind: channel for channel in describe_channels(phones_url, mail_port)}
    accounts = [
        {
            "id": str(row.pk),
            "kind": row.kind,
            "name": NAME,
            "webhook_url": f"{public_url}/hooks/{row.public_id}",
            "credentials": dict(by_kind[row.kind].credentials),
            "settings": {"templates": list(TEMPLATES)} if row.kind == "whatsapp" else {},
        }
        for row in Channel.objects.filter(workspace=workspace, archived_at=None, kind__in=by_kind).order_by("id")
    ]
    people = [
        {
            "name": f"{c.name} {c.surname}".strip(),
            "phone": c.phone,
            "email": c.email,
            "language": c.language,
            "apps": list(c.apps),
        }
        for c in customers
    ]
    behaviours = {"receipt_delay_s": 0.4, "read_pct": 60}
    return {"accounts": accounts, "people": people, "behaviours": behaviours, "console_url": public_url}


def describe_channels(base: str, mail_port: int) -> list[DemoChannel]:
    """The nine channels; `base` is where the simulator answers, `mail_port` where its mail server does."""
    mail = {"host": "127.0.0.1", "port": str(mail_port), "security": "none", "from_name": NAME}
    return [
        *_describe_sms(base),
        *_describe_meta(f"{base}/graph"),
        DemoChannel("smtp", "E-mail", mail, {
            "username": "verbena", "password": _secret("smtp"), "from_address": "news@verbena.example",
        }),
        DemoChannel("line", "LINE", {"channel_id": "1", "base_url": f"{base}/line"}, {
            "access_token": _secret("line"), "channel_secret": _secret("line.secret"), "basic_id": "@verbena",
        }),
        DemoChannel("viber", "Viber", {"sender_name": "Verbena", "base_url": f"{base}/viber"}, {
            "auth_token": _secret("viber"), "bot_uri": "verbena",
        }),
        DemoChannel("telegram", "Telegram", {"base_url": f"{base}/telegram"}, {
            "token": f"123456789:{_secret('tg')}", "bot_username": "VerbenaBot", "secret_token": _secret("tg.secret"),
        }),
        DemoChannel("wechat", "WeChat", {
            "account_name": "Verbena", "base_url": f"{base}/wechat", "picture_url": f"{base}/wechat",
            "qr_content": "https://weixin.qq.com/r/verbena",
        }, {
            "app_id": "wx0f1e2d3c4b5a6978", "app_secret": _secret("wx"), "token": _secret("wx.token")[:32],
            "account_id": "gh_verbena", "encoding_aes_key": _secret("wx.aes")[:43],
        }),
    ]  # fmt: skip


def _describe_sms(base: str) -> list[DemoChannel]:
    twilio = {"account_sid": f"AC{_secret('sid')[:32]}", "auth_token": _secret("twilio"), "sender": "+15017122661"}
    gateway = {"api_key": _secret("sms"), "sender": "+551130710000", "verify_secret": _secret("sms.verify")}
    signed = {"verification": "hmac", "verify_name": "X-Signature", "hmac_prefix": "sha256="}
    asked = {"status_url": f"{base}/sms/status?reference={{ref}}", "status_absent": "error = no_such_message"}
    return [
        DemoChannel("twilio", "SMS", {"base_url": f"{base}/twilio"}, twilio, 250_000),
        DemoChannel("http_sms", "SMS gateway", {"send_url": f"{base}/sms/send", **signed, **asked}, gateway, 220_000),
    ]


def _describe_meta(base: str) -> list[DemoChannel]:
    return [
        DemoChannel("whatsapp", "WhatsApp", {"base_url": base}, {
            "access_token": _secret("wa"), "app_secret": _secret("wa.app"), "verify_token": _secret("wa.verify"),
            "phone_number_id": "105558", "waba_id": "20771", "phone": "+5511940028922",
        }),
        DemoChannel("messenger", "Messenger", {"base_url": base}, {
            "access_token": _secret("me"), "app_secret": _secret("me.app"), "verify_token": _secret("me.verify"),
            "page_id": "301", "page_name": "verbena",
        }),
    ]  # fmt: skip


def _secret(name: str) -> str:
    """64 hexadecimal digits that only this installation knows."""
    return hmac.digest(config.secret_key().encode(), f"demo.{name}".encode(), "sha256").hex()
