"""Rows as the owner's claim leaves them, for tests of those who take them."""

from datetime import UTC, date, datetime
from uuid import UUID

import psycopg

from tertulia.ids import derive_delivery_id, make_contact_id, shard_of_contact
from tertulia.store.sealing import seal_json

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def add_workspace(conn: psycopg.Connection) -> int:
    return conn.execute(
        """insert into workspace (name, slug, link_domain, country, language, zone, currency, link_key, link_days,
                                  epoch, created_at)
           values ('Verbena', 'verbena', '', 'BR', 'pt', 'UTC', 'BRL', '', 30, 1, %s) returning id""",
        [NOW],
    ).fetchone()[0]


def add_twilio(conn: psycopg.Connection, workspace: int, base_url: str, rate_per_s: float = 1_000) -> int:
    """A Twilio channel whose provider is at `base_url`."""
    settings = {"account_sid": "AC1", "sender": "+12025550123", "base_url": base_url}
    return conn.execute(
        """insert into channel (workspace_id, public_id, kind, name, settings, secrets, cache, state, fault, rate_per_s,
                                greeting, offers_text, first_message, polling, poll_cursor, test_findings, created_at)
           values (%s, 'hook1', 'twilio', 'SMS', %s, %s, '', 'live', '', %s, '', false, '', false, '', '[]', %s)
           returning id""",
        [workspace, psycopg.types.json.Json(settings), seal_json({"auth_token": "tok3n-secret"}), rate_per_s, NOW],
    ).fetchone()[0]


def add_sending(conn: psycopg.Connection, workspace: int, channel: int, count: int, lane: int = 1) -> list[UUID]:
    """Deliveries that were handed over and not yet taken."""
    ids = []
    for number in range(count):
        contact = make_contact_id(1_000 * (lane + 1) + number, number % 256)
        id_ = derive_delivery_id(contact, date(2026, 11, 22), "test", lane, number)
        conn.execute(
            """insert into delivery_open (shard, id, workspace, contact_id, channel_id, match_id, stage, class, lane,
                                          state, attempt, to_kind, to_value, identity_scope, content, cause, not_before,
                                          deadline, made_at, lease_until)
               values (%s, %s, %s, %s, %s, null, 0, 'marketing', %s, 'sending', 1, 'phone', %s, '', %s, 'test', %s,
                       null, %s, null)""",
            [
                *(shard_of_contact(contact), id_, workspace, contact, channel, lane, f"+1202555{number:04d}"),
                *(psycopg.types.json.Json({"text": f"Hello {lane}/{number}"}), NOW, NOW),
            ],
        )
        ids.append(id_)
    return ids


def read_outcomes(conn: psycopg.Connection) -> list[tuple[str, str, bool]]:
    """The outcomes in the log: delivery, outcome, lost."""
    rows = conn.execute("select payload::json from log where kind = 'outcome' order by shard, writer, seq").fetchall()
    conn.rollback()
    return [(row[0]["delivery_id"], row[0]["outcome"], row[0].get("lost", False)) for row in rows]
