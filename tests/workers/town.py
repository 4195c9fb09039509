"""A small town for tests of the engine: a workspace, channels, an engine on a virtual clock, and hands to play the
senders, providers and customers through the log, as the real ones do."""

import itertools
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from tertulia.ids import SHARDS

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
PUBLIC_URL = "https://t.example"


@dataclass
class Sending:
    """A delivery that was handed over."""

    id: UUID
    to: str
    text: str
    state: str
    attempt: int
    channel_id: int
    kind: str


class Town:
    """Everything a test of the engine needs; a context manager."""

    def __init__(self, url: str) -> None:
        from tertulia.data.models import Workspace
        from tertulia.store.sealing import seal

        self.url = url
        self.now = NOW
        self.serials = itertools.count(1)
        self.workspace = Workspace.objects.create(
            name="Loja", slug="loja", country="BR", currency="BRL", link_key=seal(b"k" * 32)
        )
        self.channels = {
            "sms": self._channel("http_sms", ""),
            "whatsapp": self._channel("whatsapp", "Welcome to {{ workspace.name }}!"),
            "telegram": self._channel("telegram", "Welcome to {{ workspace.name }}!"),
        }

    def _channel(self, kind: str, greeting: str) -> Any:
        from tertulia.data.models import Channel
        from tertulia.store.sealing import seal_json

        return Channel.objects.create(
            workspace=self.workspace,
            public_id=f"{kind}-1",
            kind=kind,
            name=kind,
            settings={"phone_number_id": "1", "portfolio_id": "P1", "waba_id": "W1", "username": "LojaBot"},
            secrets=seal_json({}),
            rate_per_s=100,
            greeting=greeting,
            price_micros=50_000,
        )

    def __enter__(self) -> "Town":
        from tertulia.store.clock import set_test_clock
        from tertulia.store.db import connect
        from tertulia.store.log import LogWriter
        from tertulia.workers.engine import Engine

        self.conn = connect(self.url)
        set_test_clock(self.conn, NOW)
        self.writer = LogWriter.lease(self.conn, "test", NOW)
        self.conn.commit()
        self.engine_conn = connect(self.url)
        self.eyes = psycopg.connect(self.url, autocommit=True)
        self.engine = Engine(self.engine_conn, PUBLIC_URL, name="test", test_clock=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.conn.close()
        self.engine_conn.close()
        self.eyes.close()

    # the engine

    def drain(self) -> None:
        """Rounds until nothing is left to do now."""
        for _ in range(50):
            if not self.engine.run_round():
                return
        raise AssertionError("the engine never came to rest")

    def advance(self, by: timedelta) -> None:
        from tertulia.store.clock import set_test_clock

        self.now += by
        set_test_clock(self.conn, self.now)
        self.conn.commit()
        self.drain()

    def rows(self, query: str, *args: Any) -> list[tuple[Any, ...]]:
        return self.eyes.execute(query.encode(), args).fetchall()

    def append(self, entry: Any, contact_id: int | None = None) -> None:
        from tertulia.core.entries import key_of, route
        from tertulia.store.log import NewEntry

        known = contact_id
        if known is None and getattr(entry, "identity", None) is not None:
            known = self.identity(entry.identity.kind, entry.identity.value)
        shard = route(self.workspace.pk, entry, known)
        at = getattr(entry, "at", self.now)
        self.writer.append(self.conn, [NewEntry(shard, self.workspace.pk, key_of(entry), entry, at, known)], self.now)
        self.conn.commit()
        self.writer.committed()

    # people and places

    def channel(self, name: str) -> Any:
        return self.channels[name]

    def find_number_apart(self, contact_id: int) -> str:
        """A mobile number whose owner lives on another shard than this contact."""
        from tertulia.core.entries import shard_of_address
        from tertulia.core.phones import key_of_e164
        from tertulia.ids import shard_of_contact

        numbers = (f"+55119855509{serial:02d}" for serial in range(100))
        shards = ((shard_of_address(self.workspace.pk, "phone", key_of_e164(number)), number) for number in numbers)
        return next(number for shard, number in shards if shard != shard_of_contact(contact_id))

    def add_contact(self, name: str, phone: str) -> int:
        from tertulia.core.entries import shard_of_address
        from tertulia.core.phones import key_of_e164
        from tertulia.ids import INDEX_OF_SHARD, make_contact_id

        shard = shard_of_address(self.workspace.pk, "phone", key_of_e164(phone))
        contact_id = make_contact_id(900_000 + next(self.serials), INDEX_OF_SHARD[shard])
        with psycopg.connect(self.url) as conn:
            conn.execute(
                """insert into contact (shard, id, workspace, name, surname, locale, zone, country, external_id,
                       attributes, changed, search, source, created_at, updated_at)
                   values (%s, %s, %s, %s, '', 'pt', '', 'BR', '', '{}', '{}', %s, 'import:1', %s, %s)""",
                (shard, contact_id, self.workspace.pk, name, f"{name.lower()} {phone}", self.now, self.now),
            )
            conn.execute(
                """insert into address (shard, contact_id, kind, value, canonical, workspace, line_type, country, sms,
                       dead_code, source, added_at)
                   values (%s, %s, 'phone', %s, %s, %s, 'mobile', 'BR', true, '', 'import:1', %s)""",
                (shard, contact_id, phone, key_of_e164(phone), self.workspace.pk, self.now),
            )
            conn.execute(
                "insert into address_key values (%s, %s, 'phone', %s, %s)",
                (shard, self.workspace.pk, key_of_e164(phone), contact_id),
            )
            conn.execute(
                """insert into consent (shard, contact_id, id, workspace, address, channel, topic, state, source,
                       evidence, text_version, actor, at)
                   values (%s, %s, gen_random_uuid(), %s, %s, 'sms', 'marketing', 'granted', 'customer_list',
                           '{"ref": "import:1"}', '', 'user:1', %s)""",
                (shard, contact_id, self.workspace.pk, f"phone:{key_of_e164(phone)}", self.now),
            )
        return contact_id

    def list_contact(self, contact_id: int, external_id: str) -> None:
        """A list has named the contact by an id of the business's own."""
        from tertulia.core.entries import shard_of_address
        from tertulia.ids import shard_of_contact

        shard = shard_of_address(self.workspace.pk, "external_id", external_id)
        with psycopg.connect(self.url) as conn:
            conn.execute(
                "insert into address_key values (%s, %s, 'external_id', %s, %s)",
                (shard, self.workspace.pk, external_id, contact_id),
            )
            conn.execute(
                "update contact set external_id = %s where shard = %s and id = %s",
                (external_id, shard_of_contact(contact_id), contact_id),
            )

    def suppress(self, phone: str, cause: str) -> None:
        from tertulia.core.entries import shard_of_address
        from tertulia.core.phones import key_of_e164

        key = key_of_e164(phone)
        with psycopg.connect(self.url) as conn:
            conn.execute(
                """insert into suppression (shard, workspace, kind, canonical, cause, channel, source, evidence, at)
                   values (%s, %s, 'phone', %s, %s, '*', 'import:2', '{}', %s)""",
                (shard_of_address(self.workspace.pk, "phone", key), self.workspace.pk, key, cause, self.now),
            )

    def pause_channel(self, name: str) -> None:
        self._set_channel(name, "paused")

    def resume_channel(self, name: str) -> None:
        self._set_channel(name, "live")

    def _set_channel(self, name: str, state: str) -> None:
        self.channels[name].state = state
        self.channels[name].save()
        self._change_epoch()

    def _change_epoch(self) -> None:
        from django.db.models import F

        from tertulia.data.models import Workspace

        Workspace.objects.update(epoch=F("epoch") + 1)

    def add_channel(self, kind: str) -> Any:
        """Another channel, connected while the engine runs."""
        made = self._channel(kind, "")
        self._change_epoch()
        return made

    # matches

    def launch(
        self,
        text: str,
        audience: dict[str, Any] | None = None,
        direct: list[dict[str, Any]] | None = None,
        budget_micros: int | None = None,
    ) -> int:
        from tertulia.data.models import Match, MatchChannel

        match = Match.objects.create(
            workspace=self.workspace,
            name="November",
            state="launching",
            sms_channel=self.channels["sms"],
            text=text,
            audience=audience or {"all": True},
            direct=direct or [],
            budget_micros=budget_micros,
        )
        for order, name in enumerate(("whatsapp", "telegram")):
            MatchChannel.objects.create(match=match, channel=self.channels[name], order=order)
        self._change_epoch()
        self.drain()
        return int(match.pk)

    def stop(self, match: int) -> None:
        from tertulia.data.models import Match

        Match.objects.filter(pk=match).update(state="stopped")
        self._change_epoch()
        self.drain()

    def progress(self, contact: int, match: int) -> dict[str, Any]:
        with psycopg.connect(self.url, row_factory=psycopg.rows.dict_row) as conn:
            row = conn.execute(
                "select * from match_contact where match_id = %s and contact_id = %s", (match, contact)
            ).fetchone()
        assert row is not None
        return row

    # journeys

    def publish(self, document: str) -> Any:
        """A journey, published; people enter it from now on."""
        from tertulia.actions.journeys import create_journey

        journey = create_journey(self.workspace, None, self.now, document, name="Journey")
        self.republish(journey, 1)
        return journey

    def publish_segment(self, document: str, key: str = "") -> Any:
        """A segment, published, and looked at who belongs."""
        from django.db import transaction

        from tertulia.actions.drafts import read_name
        from tertulia.actions.segments import create_segment, publish

        with transaction.atomic():
            segment = create_segment(self.workspace, None, self.now, document, name=read_name(document), key=key)
            publish(segment, None, self.now, version=1)
        self.drain()
        return segment

    def members(self, segment: Any) -> set[int]:
        """Who is in it."""
        rows = self.rows("select contact_id from segment_member where segment_id = %s", segment.pk)
        return {row[0] for row in rows}

    def changes(self, segment: Any) -> list[tuple[int, bool, str, str]]:
        """Contact, entered, cause and event, in their order."""
        return self.rows(
            "select contact_id, entered, cause, name from segment_change where segment_id = %s order by at, contact_id",
            segment.pk,
        )

    def republish(self, journey: Any, version: int, document: str = "") -> None:
        """The next revision."""
        from django.db import transaction

        from tertulia.actions.journeys import publish, save_draft

        with transaction.atomic():
            if document:
                save_draft(journey, None, self.now, document, version=version - 1)
            publish(journey, None, self.now, version=version)

    def live_runs(self) -> list[tuple[int, str]]:
        """Contact and step of every live run."""
        return self.rows("select contact_id, step from run_open order by started_at, id")

    def past_runs(self) -> list[tuple[int, str, str]]:
        """Contact, outcome and reason of every run that is over, in the order of their ends."""
        return self.rows("select contact_id, outcome, reason from run order by ended_at, id")

    def ledger(self) -> list[tuple[str, str, str, str]]:
        """Step, outcome, gate and reason of every decision about journeys."""
        return self.rows(
            """select coalesce(step, ''), outcome, gate, reason from ledger where journey_id is not null
               order by at, outcome, step, id"""
        )

    # the provider's side

    def sending(self, name: str) -> list[Sending]:
        """What was handed over on a channel and is not answered yet."""
        rows = self.rows(
            """select id, to_value, content, state, attempt, channel_id from delivery_open
               where channel_id = %s and state in ('sending', 'unknown') order by made_at""",
            self.channels[name].pk,
        )
        return [Sending(i, to, c.get("text", ""), s, a, ch, name) for i, to, c, s, a, ch in rows]

    def outcome(self, sent: Sending, outcome: str, *, provider_id: str = "", lost: bool = False, **facts: Any) -> None:
        from tertulia.core.entries import OutcomeEntry

        ids = (provider_id,) if provider_id else ()
        self.append(
            OutcomeEntry(
                *(sent.channel_id, sent.kind, sent.id, sent.attempt, self.now, outcome),
                provider_ids=ids,
                lost=lost,
                **facts,
            )
        )
        self.drain()

    def receipt(self, sent: Sending, state: str, *, provider_id: str = "", with_delivery: bool = True) -> None:
        from tertulia.core.entries import ReceiptEntry

        self.append(
            ReceiptEntry(
                *(sent.channel_id, sent.kind, state, self.now, provider_id),
                delivery_id=sent.id if with_delivery else None,
            )
        )
        self.drain()

    # the customer's side

    def code(self, sent: Sending, app: str) -> str:
        """The code that opens `app`, as the customer's link would carry it."""
        from tertulia.core.links import parse, with_app

        found = re.search(r"/l/([0-9A-Z]{14})", sent.text)
        assert found is not None
        parsed = parse(found.group(1))
        assert parsed is not None
        return with_app(parsed.base, app)

    def click(self, contact: int, match: int, app: str) -> None:
        from tertulia.core.entries import ClickEntry

        self.append(
            ClickEntry(contact, match, "00" * 16, app, "human", self.now, nonce=str(next(self.serials))), contact
        )
        self.drain()

    def append_write(self, app: str, who: str, text: str, **facts: Any) -> None:
        from tertulia.core.entries import Inbound
        from tertulia.core.identity import IdentityRef

        facts.setdefault("message_id", f"{app}-{next(self.serials)}")
        kind = facts.pop("kind", app)
        at = facts.pop("at", self.now)
        identity = IdentityRef(kind, "" if kind == "phone" else "scope", who)
        self.append(Inbound(self.channels[app].pk, app, identity, at, text=text, **facts))

    def write(self, app: str, who: str, text: str, **facts: Any) -> None:
        self.append_write(app, who, text, **facts)
        self.drain()

    def append_event(self, call: str, **facts: Any) -> None:
        """An event of source 1, as the edge tells it: `user`, `device`, `previous` and `group` are the ids."""
        from tertulia.core.entries import EventEntry

        ids = {"user": "user_id", "device": "anonymous_id", "previous": "previous_id", "group": "group_id"}
        told = {ids.get(name, name): value for name, value in facts.items()}
        told.setdefault("message_id", f"event-{next(self.serials)}")
        told.setdefault("at", self.now)
        told.setdefault("client_at", told["at"])
        self.append(EventEntry(source_id=1, call=call, **told))

    def event(self, call: str, **facts: Any) -> None:
        self.append_event(call, **facts)
        self.drain()

    def append_raw(self, payload: dict[str, Any], shard: int = SHARDS[0]) -> None:
        with psycopg.connect(self.url) as conn:
            (writer,) = conn.execute(
                "insert into log_writer values (nextval('log_writer_serial'), 'raw', now(), now()) returning id"
            ).fetchone()  # type: ignore[misc]
            conn.execute(
                "insert into log values (%s, %s, 1, %s, %s, 'raw', null, %s, %s, %s)",
                (
                    shard,
                    writer,
                    self.workspace.pk,
                    payload["type"],
                    self.now,
                    self.now,
                    msgspec.json.encode(payload).decode(),
                ),
            )

    def identity(self, kind: str, value: str) -> int | None:
        rows = self.rows("select contact_id from identity where kind = %s and value = %s", kind, value)
        return rows[0][0] if rows else None

    def erase(self, contact: int) -> None:
        from tertulia.core.entries import EraseEntry

        self.append(EraseEntry(contact, "user:1", self.now), contact)
        self.drain()

    def merge(self, absorbed: int, into: int) -> None:
        from tertulia.core.entries import MergeEntry

        self.append(MergeEntry(into, absorbed, "user:1", self.now), absorbed)
        self.drain()

    def unmerge(self, absorbed: int) -> None:
        from tertulia.core.entries import UnmergeEntry

        [(merge_id,)] = self.rows("select id from merge where contact_id = %s and into_id <> 0 limit 1", absorbed)
        self.append(UnmergeEntry(absorbed, merge_id, "user:1", self.now), absorbed)
        self.drain()

    def withdraw(self, contact: int) -> None:
        from tertulia.core.entries import ConsentEntry

        entry = ConsentEntry(contact, "*", "*", "marketing", "withdrawn", "person", "user:1", self.now)
        self.append(entry, contact)
        self.drain()

    def find_text(self, text: str) -> list[str]:
        """The tables that hold a text anywhere in a row."""
        names = self.rows(
            """select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
               where n.nspname = 'public' and c.relkind = 'r'"""
        )
        found = []
        for (name,) in names:
            [(hit,)] = self.rows(f"select count(*) from {name} t where t::text like %s", f"%{text}%")
            if hit:
                found.append(name)
        return found
