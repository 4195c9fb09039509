"""Sources of webhooks with samples of what came."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import psycopg
from tests.shops import CART, CHECKOUT, ORDER, SECRET, write

from tertulia.core.hook_presets import fill_preset
from tertulia.ids import derive_id
from tertulia.store.hook_samples import NewSample, insert_samples
from tertulia.store.sealing import seal


def make_hook(workspace: Any, kind: str = "shopify", name: str = "Verbena shop", **more: Any) -> Any:
    """A source of webhooks, whose key is made from its name."""
    from tertulia.data.models import Source

    key = f"hk_{name.replace(' ', '').ljust(32, 'x')[:32]}"
    told = {"workspace": workspace, "kind": kind, "name": name, "write_key": key, "secret": seal(SECRET.encode())}
    source = Source.objects.create(**told | more)
    if not source.mapping:
        source.mapping = fill_preset(kind, source.pk)
        source.save()
    return source


def add_sample(conn: psycopg.Connection, source: Any, topic: str, body: Any, at: datetime, **more: Any) -> Any:
    """A webhook that came; its id."""
    made = derive_id("sample", source.pk, topic, str(at))
    headers = {"content-type": "application/json", "x-shopify-topic": topic, "x-shopify-event-id": f"e-{made}"}
    told = {"events": 1} | more
    insert_samples(conn, [NewSample(made, source.workspace_id, source.pk, topic, headers, write(body), **told)], at)
    return made


def add_samples(conn: psycopg.Connection, source: Any, now: datetime) -> list[Any]:
    """A cart, a checkout, an order, and one that nothing was made of; their ids."""
    rows = (
        ("carts/update", CART, 1, ""),
        ("checkouts/create", CHECKOUT, 2, ""),
        ("orders/create", ORDER, 2, ""),
        ("draft_orders/create", {"id": 1, "name": "#D1"}, 0, "no_rule"),
    )
    return [
        add_sample(conn, source, topic, body, now - timedelta(minutes=9 - 2 * place), events=events, code=code)
        for place, (topic, body, events, code) in enumerate(rows)
    ]
