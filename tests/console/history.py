"""A little history for the first of the people: a list, an SMS, a click, messages, a decision, a suggestion."""

from __future__ import annotations

from datetime import timedelta

import psycopg
from psycopg.types.json import Jsonb
from tests.console.people import NOW, insert

from tertulia.ids import derive_id, shard_of_contact


def add_channel_and_match(workspace: int) -> tuple[int, int]:
    """A WhatsApp channel and a live match; their ids."""
    from tertulia.data.models import Channel, Match

    channel = Channel.objects.create(
        workspace_id=workspace, public_id="wa-main", kind="whatsapp", name="WhatsApp PT", rate_per_s=20
    )
    match = Match.objects.create(workspace_id=workspace, name="November list", state="live", launched_at=NOW)
    return channel.pk, match.pk


def add_history(conn: psycopg.Connection, workspace: int, ids: list[int]) -> None:
    """Rows as the engine writes them, for the contact ``ids[0]``."""
    contact_id = ids[0]
    shard = shard_of_contact(contact_id)
    channel, match = add_channel_and_match(workspace)
    where = {"shard": shard, "workspace": workspace, "contact_id": contact_id}
    for hours, direction, text in ((0.5, "in", "Chegou tudo certo, obrigada!"), (0.4, "out", "Que bom, Beatriz!")):
        insert(
            conn, "message", **where, channel_id=channel, direction=direction, provider_id=f"m{hours}",
            conversation_id=derive_id("c"), identity_kind="whatsapp", identity_scope="main",
            identity_value="whatsapp-1", form="text", text=text, facts={}, provider_at=NOW - timedelta(hours=hours),
            provider_seq=0, arrived_at=NOW,
        )  # fmt: skip
    sent_at = NOW - timedelta(hours=47)
    insert(
        conn, "delivery", **where, day=sent_at.date(), id=derive_id("d", contact_id), channel_id=channel,
        match_id=match, stage=0, **{"class": "marketing"}, state="delivered", attempt=1, to_kind="phone",
        to_value="+5511985550142", content={"text": "Oi Beatriz! A Verbena agora atende no seu app preferido."},
        cause="match", reason="", provider_ids=["x"], parts=1, cost_micros=52_000, currency="EUR", flags=[],
        made_at=sent_at, sent_at=sent_at, delivered_at=sent_at, read_at=None, failed_at=None,
    )  # fmt: skip
    insert(
        conn, "click", **where, id=derive_id("k", contact_id), match_id=match, app="whatsapp",
        **{"class": "human"}, at=NOW - timedelta(hours=46),
    )  # fmt: skip
    decided_at = NOW - timedelta(hours=19)
    passed = [["run", {"state": "live"}], ["address", {"address": "present"}]]
    used = {"class": "marketing", "topic": "marketing", "state": "withdrawn", "source": "opt_word",
            "at": (NOW - timedelta(hours=30)).isoformat(), "text_version": "v3"}  # fmt: skip
    facts = {"passed": passed, "used": used}
    insert(
        conn, "ledger", **where, day=decided_at.date(), id=derive_id("l", contact_id), match_id=match,
        delivery_id=None, at=decided_at, outcome="not_sent", gate="consent", reason="consent.withdrawn",
        facts=Jsonb(facts), epoch=1,
    )  # fmt: skip
    insert(
        conn, "merge_suggestion", **where, other_id=ids[1], rule="phone",
        evidence={"number": "+55 11 98555 0142"}, at=NOW, state="open", actor="",
    )  # fmt: skip
