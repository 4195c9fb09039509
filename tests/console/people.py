"""Customers to look at: the people of the design's pictures, with apps, consent and a little history."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from tertulia.core.phones import key_of_e164
from tertulia.core.search import make_line
from tertulia.ids import derive_id, make_contact_id, shard_of_contact

NOW = datetime(2026, 11, 19, 9, 14, tzinfo=UTC)
PEOPLE: tuple[tuple[str, str, str, str, str, str, float], ...] = (
    # name, surname, phone, country, apps, consent, hours since the last activity
    ("Beatriz", "Nakamura Lopes", "+5511985550142", "BR", "whatsapp", "marketing", 2),
    ("Tomás", "Figueira", "+351912555014", "PT", "whatsapp telegram", "marketing", 5),
    ("Jurema", "Okonkwo", "+5571995550107", "BR", "whatsapp", "service", 26),
    ("Rodrigo", "Sánchez Prado", "+5541985550119", "BR", "whatsapp messenger", "marketing", 30),
    ("Helena", "Dvořáková", "+351936555027", "PT", "viber", "withdrawn", 49),
    ("Cauã", "Tukano", "+5592995550163", "BR", "", "marketing", 50),
    ("منى", "الشريف", "+351910555040", "PT", "messenger", "service", 74),
    ("佳怡", "林", "+5511975550188", "BR", "wechat", "marketing", 75),
    ("Ileana", "Popescu", "+351925555033", "PT", "line", "", 96),
    ("Davi", "Albuquerque", "+5581985550174", "BR", "telegram", "marketing", 120),
    ("Aoife", "Brennan", "+351918555052", "PT", "", "marketing", 144),
    ("Yara", "Montenegro", "+5521995550125", "BR", "whatsapp", "marketing", 146),
    ("Nuno", "Sarmento", "+351961555061", "PT", "", "", 190),
    ("=cmd|' /C calc'!A0", "", "+351914555078", "PT", "", "", 215),
)


def insert(conn: psycopg.Connection, table: str, **columns: Any) -> None:
    """One row. Dictionaries are written as JSON."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    query = sql.SQL("insert into {} ({}) values ({})").format(
        sql.Identifier(table), names, sql.SQL(", ").join(sql.Placeholder() * len(columns))
    )
    conn.execute(query, [Jsonb(value) if isinstance(value, dict) else value for value in columns.values()])


def add_contact(
    conn: psycopg.Connection,
    workspace: int,
    serial: int,
    name: str,
    surname: str = "",
    phone: str = "",
    country: str = "",
    active_h: float | None = None,
) -> int:
    """A contact with its number; its id."""
    contact_id = make_contact_id(serial, serial * 37 % 256)
    shard = shard_of_contact(contact_id)
    made_at = NOW - timedelta(days=9, minutes=serial)
    insert(
        conn, "contact", shard=shard, id=contact_id, workspace=workspace, name=name, surname=surname, locale="pt",
        zone="America/Sao_Paulo" if country == "BR" else "Europe/Lisbon", country=country, external_id="",
        attributes={"birthday": "1988-02-14"}, changed={}, search=make_line(name, surname, phone), source="import:1",
        created_at=made_at, updated_at=made_at, active_at=None if active_h is None else NOW - timedelta(hours=active_h),
    )  # fmt: skip
    if phone:
        insert(
            conn, "address", shard=shard, contact_id=contact_id, kind="phone", value=phone,
            canonical=key_of_e164(phone), workspace=workspace, line_type="mobile", country=country, sms=True,
            dead_code="", source="import:1", added_at=made_at,
        )  # fmt: skip
    return contact_id


def add_identity(
    conn: psycopg.Connection, workspace: int, contact_id: int, kind: str, value: str, trust: int = 1, **more: Any
) -> None:
    """A linked identity."""
    columns = {
        "scope": "main", "linked_at": NOW - timedelta(days=2), "channel_id": None, "name": "", "username": "",
        "evidence": {"rule": "token"}, "signal": "", "reply_token": "",
    } | more  # fmt: skip
    insert(
        conn, "contact_identity", shard=shard_of_contact(contact_id), contact_id=contact_id, kind=kind, value=value,
        workspace=workspace, trust=trust, **columns,
    )  # fmt: skip


def add_consent(
    conn: psycopg.Connection, workspace: int, contact_id: int, address: str, channel: str, topic: str, state: str,
    source: str, hours_ago: float = 48, **evidence: Any,
) -> None:  # fmt: skip
    """A row of the consent ledger."""
    insert(
        conn, "consent", shard=shard_of_contact(contact_id), contact_id=contact_id,
        id=derive_id(contact_id, address, channel, topic, state, source, str(hours_ago)), workspace=workspace,
        address=address, channel=channel, topic=topic, state=state, source=source,
        evidence={"ref": "import:1", **evidence}, text_version="v3", actor="customer",
        at=NOW - timedelta(hours=hours_ago),
    )  # fmt: skip


def add_people(conn: psycopg.Connection, workspace: int, people: Iterable[tuple] = PEOPLE) -> list[int]:
    """All of the people above, newest first; their ids."""
    ids = []
    for serial, (name, surname, phone, country, apps, consent, active_h) in enumerate(people, 1):
        contact_id = add_contact(conn, workspace, serial, name, surname, phone, country, active_h)
        for app in apps.split():
            add_identity(conn, workspace, contact_id, app, f"{app}-{serial}")
        where = (conn, workspace, contact_id, f"phone:{phone}", "sms")
        if consent in ("marketing", "service", "withdrawn"):
            add_consent(*where, "service", "granted", "customer_list", 96)
        if consent in ("marketing", "withdrawn"):
            add_consent(*where, "marketing", "granted", "customer_list", 95)
        if consent == "withdrawn":
            add_consent(*where, "marketing", "withdrawn", "opt_word", 47, text="SAIR")
        ids.append(contact_id)
    return ids
