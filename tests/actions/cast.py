"""What the tests of actions start from: channels of each kind, contacts with a phone, rows of a running match."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
PUBLIC_URL = "https://t.example"
SAMPLES = {
    "text": "sample",
    "secret": "sample-secret",
    "url": "https://provider.example",
    "phone": "+5511985550100",
    "email": "shop@shop.example",
}


def values_of(kind: str, given: Mapping[str, str]) -> dict[str, str]:
    """Those of `given` that the kind has, and a sample for whatever else it requires."""
    from tertulia.channels import registry

    values = {}
    for item in registry.get(kind).fields:
        sample = SAMPLES.get(item.type, "") if item.required and not item.default else ""
        filled = given.get(item.name) or sample
        if filled:
            values[item.name] = filled
    return values


def make_channel(workspace: Any, kind: str, given: Mapping[str, str] | None = None, **form: Any) -> Any:
    """A connected channel of a kind."""
    from tertulia.actions.channels import ChannelForm, create_channel

    values = values_of(kind, given or {})
    made = ChannelForm(name=form.pop("name", kind), values=values, **form)
    return create_channel(workspace, None, NOW, kind, made, f"{kind}{workspace.pk}")


def add_contact(conn: psycopg.Connection, workspace: Any, serial: int, **facts: Any) -> int:
    """A contact with a mobile number; gives its id. `facts` override columns of `contact`, and `phone`."""
    from tertulia.ids import make_contact_id, shard_of_contact

    contact_id = make_contact_id(serial, serial % 256)
    phone = facts.pop("phone", f"+55119855{serial:05d}")
    row = {
        "shard": shard_of_contact(contact_id),
        "id": contact_id,
        "workspace": workspace.pk,
        "name": f"Ana {serial}",
        "surname": "Silva",
        "locale": "",
        "zone": "",
        "country": "BR",
        "external_id": "",
        "attributes": "{}",
        "changed": "{}",
        "search": f"ana {serial} silva {phone}",
        "source": "import:1",
        "created_at": NOW,
        "updated_at": NOW,
        **facts,
    }
    names = ", ".join(row)
    conn.execute(f"insert into contact ({names}) values ({', '.join(f'%({n})s' for n in row)})", row)
    if phone:
        conn.execute(
            """insert into address (shard, contact_id, kind, value, canonical, workspace, line_type, country, sms,
                                    dead_code, source, added_at)
               values (%s, %s, 'phone', %s, %s, %s, 'mobile', 'BR', true, '', 'import:1', %s)""",
            (row["shard"], contact_id, phone, phone, workspace.pk, NOW),
        )
    return contact_id


def add_progress(conn: psycopg.Connection, workspace: Any, match_id: int, contact_id: int, **facts: Any) -> None:
    """A contact's row in a match; `facts` override columns of `match_contact`."""
    from tertulia.ids import shard_of_contact

    row = {
        "shard": shard_of_contact(contact_id),
        "match_id": match_id,
        "contact_id": contact_id,
        "workspace": workspace.pk,
        "stage": 0,
        "state": "waiting",
        "reason": "",
        "valid_mobile": True,
        "direct": "",
        "cost_micros": 0,
        "currency": "",
        "matched_app": "",
        "forwarded": False,
        **facts,
    }
    names = ", ".join(row)
    conn.execute(f"insert into match_contact ({names}) values ({', '.join(f'%({n})s' for n in row)})", row)


def add_identity(conn: psycopg.Connection, workspace: Any, contact_id: int, kind: str, scope: str, value: str) -> None:
    """An identity that is linked to the contact."""
    from tertulia.ids import shard_of_contact

    conn.execute(
        """insert into contact_identity (shard, contact_id, kind, scope, value, linked_at, workspace, channel_id, name,
                                         username, trust, evidence, signal, reply_token)
           values (%s, %s, %s, %s, %s, %s, %s, null, 'Ana', '', 1, '{}', '', '')""",
        (shard_of_contact(contact_id), contact_id, kind, scope, value, NOW, workspace.pk),
    )


def add_consent(
    conn: psycopg.Connection,
    workspace: Any,
    contact_id: int,
    state: str,
    *,
    at: datetime = NOW,
    address: str = "*",
    channel: str = "sms",
) -> None:
    """A row of the ledger about marketing: granted by a customer list, withdrawn by an opt-out word."""
    from tertulia.ids import derive_id, shard_of_contact

    source = "customer_list" if state == "granted" else "opt_word"
    conn.execute(
        """insert into consent (shard, contact_id, id, workspace, address, channel, topic, state, source, evidence,
                                text_version, actor, at)
           values (%s, %s, %s, %s, %s, %s, 'marketing', %s, %s, '{}', '', 'test', %s)""",
        (
            *(shard_of_contact(contact_id), contact_id, derive_id("test", contact_id, state, str(at)), workspace.pk),
            *(address, channel, state, source, at),
        ),
    )


def add_merge(conn: psycopg.Connection, workspace: Any, absorbed: int, into: int) -> UUID:
    """A merge as the engine writes it; gives its id."""
    from tertulia.ids import derive_id, shard_of_contact

    merge_id = derive_id("merge", absorbed, into)
    conn.execute(
        """insert into merge (shard, id, workspace, contact_id, into_id, evidence, actor, at, undone_by)
           values (%s, %s, %s, %s, %s, '{}', 'test', %s, '')""",
        (shard_of_contact(absorbed), merge_id, workspace.pk, absorbed, into, NOW),
    )
    conn.execute("update contact set merged_into = %s where id = %s", (into, absorbed))
    return merge_id
