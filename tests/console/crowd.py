"""A match that has run: contacts at every step of the funnel, in two apps, with reasons for the others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.actions.cast import add_contact, add_progress, make_channel

START = datetime(2026, 11, 17, 10, 0, tzinfo=UTC)
NAMES = ("Beatriz Nunes", "Tomás Figueira", "ليلى حداد", "José Álvares", "王小明", "Inês Prado", "Rui <b>Costa</b>")


@dataclass(frozen=True, slots=True)
class Crowd:
    """The match and its contacts in the order of `STEPS`, the least far first."""

    match: Any
    contacts: tuple[int, ...]


# (reason, valid mobile, sent, delivered, clicked, wrote, matched, app, forwarded), and how many of them
STAGES: tuple[tuple[int, str, int, str, bool], ...] = (
    (2, "address.not_mobile", 0, "", False),
    (3, "consent.withdrawn", 1, "", False),
    (1, "consent.none", 1, "", False),
    (2, "provider.unreachable", 2, "", False),
    (6, "", 3, "", False),
    (3, "", 4, "telegram", False),
    (1, "match.possible_forward", 5, "whatsapp", True),
    (5, "", 6, "whatsapp", False),
    (2, "", 6, "telegram", False),
)
STATES = ("waiting", "waiting", "sent", "delivered", "clicked", "wrote", "matched")


def make_channels(workspace: Any) -> dict[str, Any]:
    """An SMS channel with a price, and two apps."""
    return {
        "sms": make_channel(workspace, "twilio", name="SMS Verbena PT/BR", price_micros=52_000, rate_per_s=20.0),
        "whatsapp": make_channel(workspace, "whatsapp", name="WhatsApp Verbena"),
        "telegram": make_channel(workspace, "telegram", name="Telegram Verbena"),
    }


def make_crowd(conn: Any, workspace: Any, channels: dict[str, Any], times: int = 1, state: str = "live") -> Crowd:
    """The match, launched on START, with its contacts' progress."""
    from tertulia.data.models import Match, MatchChannel

    match = Match.objects.create(
        workspace=workspace, name="November list", state=state, sms_channel=channels["sms"], audience={"all": True},
        text="Olá {{ contact.name }}, escreva-nos: {{ link }}", launched_at=START, rate_per_s=20,
        budget_micros=25_000_000,
    )  # fmt: skip
    for order, kind in enumerate(("whatsapp", "telegram")):
        MatchChannel.objects.create(match=match, channel=channels[kind], order=order)
    contacts, serial = [], 0
    for count, reason, reached, app, forwarded in STAGES:
        for _ in range(count * times):
            serial += 1
            contacts.append(_add_one(conn, workspace, match, serial, reason, reached, app, forwarded))
    Match.objects.filter(pk=match.pk).update(audience_size=len(contacts))
    match.refresh_from_db()
    return Crowd(match, tuple(contacts))


def _add_one(
    conn: Any, workspace: Any, match: Any, serial: int, reason: str, reached: int, app: str, forwarded: bool
) -> int:
    name, _, surname = NAMES[serial % len(NAMES)].partition(" ")
    contact_id = add_contact(conn, workspace, serial, name=name, surname=surname)
    sent = START + timedelta(seconds=serial)
    instants = [sent + timedelta(minutes=serial % 7 * step * step) for step in range(5)]
    names = ("sent_at", "delivered_at", "clicked_at", "wrote_at", "matched_at")
    times = {name: at for number, (name, at) in enumerate(zip(names, instants, strict=True), 2) if number <= reached}
    add_progress(
        conn, workspace, match.pk, contact_id, reason=reason, state=STATES[reached], valid_mobile=reached > 0,
        forwarded=forwarded, matched_app=app if reached == 6 else "", cost_micros=52_000 if reached >= 2 else 0,
        currency="EUR" if reached >= 2 else "", **times,
    )  # fmt: skip
    if app:
        from tertulia.ids import shard_of_contact

        conn.execute(
            "insert into match_app (shard, match_id, contact_id, app, workspace, clicked_at, wrote_at, matched_at)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s)",
            (shard_of_contact(contact_id), match.pk, contact_id, app, workspace.pk, *map(times.get, names[2:])),
        )
    return contact_id
