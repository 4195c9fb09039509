"""A small world at play: a business, its people, and the acts of a script upon the machine.

What people can do depends on what they were sent, which is read from the provider's record alone. `Played` keeps what
was said and done, for the invariants to compare with the database afterwards.
"""

import csv
import io
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final
from uuid import UUID

import psycopg
from tests.sim import journey_acts, people_acts, staff_acts
from tests.sim.machine import PUBLIC_URL, Machine
from tests.sim.script import APPS, Act, Person, Script

from tertulia.core.identity import IdentityRef
from tertulia.core.links import Code, parse, with_app

NOW: Final = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
LINK_KEY: Final = b"k" * 32
KINDS: Final = {"sms": "twilio", "whatsapp": "whatsapp", "telegram": "telegram", "viber": "viber"}
GREETING: Final = "Welcome to {{ workspace.name }}!"
BETWEEN_ACTS: Final = timedelta(milliseconds=20)
END_ROUNDS_MAX: Final = 60
ROUNDS_AT_ONCE: Final = 30
ROUNDS_MAX: Final = 200

RESET = """
do $$
declare t text; names text := '';
begin
  for t in select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
           where n.nspname = 'public' and c.relkind = 'r'
             and c.relname not in ('django_migrations', 'django_content_type', 'auth_permission')
  loop names := names || ', ' || quote_ident(t); end loop;
  execute 'truncate ' || substr(names, 3) || ' restart identity cascade';
end $$;
alter sequence contact_serial restart
"""


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody's word about offers, as the world knows it. `number` for a word that holds for whoever has the number,
    else `contact` (a listed person's label); `round` the count of rounds before it."""

    round: int
    given: str
    why: str
    contact: int | None = None
    number: str = ""


@dataclass(frozen=True, slots=True)
class SentCode:
    """A person sent a code: whose link it was, of which match, from which app; by a message, or (empty `message_id`) by
    opening the chat."""

    writer: int
    app: str
    holder: int
    match: int
    message_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """Somebody's link of a match, from their SMS."""

    holder: int
    match: int
    base: str

    def code(self, app: str) -> str:
        """The code that opens `app`."""
        return with_app(self.base, app)

    def parse(self, app: str) -> Code:
        parsed = parse(self.code(app))
        assert parsed is not None
        return parsed


@dataclass
class Played:
    """What happened, beside what the database says."""

    matches: dict[int, int] = field(default_factory=dict)  # label -> id
    classes: dict[int, str] = field(default_factory=dict)
    audiences: dict[int, set[int]] = field(default_factory=dict)  # labels of people
    contacts: dict[int, int] = field(default_factory=dict)  # label of a listed person -> contact id
    said: list[Said] = field(default_factory=list)
    codes: list[SentCode] = field(default_factory=list)
    messages: dict[str, int] = field(default_factory=dict)  # provider's message id -> who wrote it
    received: Counter[str] = field(default_factory=Counter)  # channel -> entries that webhooks brought
    clicks: int = 0
    events: int = 0
    journeys: dict[int, int] = field(default_factory=dict)  # label -> id
    otps: dict[int, tuple[UUID, str]] = field(default_factory=dict)  # one-time codes, by the act that asked
    merges: list[tuple[int, int]] = field(default_factory=list)
    restored: list[tuple[Any, Any]] = field(default_factory=list)  # pairs before a merge and after its undoing
    erased: set[int] = field(default_factory=set)
    stopped: set[int] = field(default_factory=set)
    digits: set[tuple[int, str, int]] = field(default_factory=set)  # (who, app, whose digits)
    shared: set[tuple[int, str]] = field(default_factory=set)
    import_undone: bool = False
    acts: Counter[str] = field(default_factory=Counter)  # acts that did something


class World:
    """One playing of a script."""

    def __init__(
        self, url: str, folder: Path, script: Script, crashes: frozenset[str] = frozenset(), *, patient: bool = False
    ) -> None:
        """`patient`: the engine works until it rests whenever it works, so that how many rounds something takes (more,
        after a crash) does not change what comes before what."""
        self.patient = patient
        self.url, self.folder, self.script = url, folder, script
        self.played = Played()
        self.calls = 0
        self.list_import: Any = None
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute(RESET)
        self.machine = Machine(url, script.seed, crashes, NOW)
        self.states: dict[UUID, tuple[str, int]] = {}
        self.steps: list[tuple[UUID, tuple[str, int], tuple[str, int]]] = []
        self.claims: list[tuple[UUID, int]] = []

    # set-up

    def __enter__(self) -> "World":
        try:
            self.machine.start()
            self._open_shop()
            self._open_edge()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open_shop(self) -> None:
        from tertulia.actions.endpoints import EndpointForm, create_endpoint
        from tertulia.data.models import Channel, Source, Workspace
        from tertulia.store.sealing import seal, seal_json

        self.workspace = Workspace.objects.create(
            name="Loja", slug="loja", country="BR", currency="BRL", link_key=seal(LINK_KEY)
        )
        base = f"http://127.0.0.1:{self.machine.provider.port}"
        settings = {
            "sms": {"account_sid": "AC1", "sender": "+12025550123", "base_url": base},
            "whatsapp": {
                "phone_number_id": "1",
                "portfolio_id": "P1",
                "waba_id": "W1",
                "phone": "+5511",
                "base_url": base,
            },
            "telegram": {"bot_username": "LojaBot", "base_url": base},
            "viber": {"bot_uri": "loja", "sender_name": "Loja", "base_url": base},
        }
        secrets = {"auth_token": "s3cret-token", "access_token": "s3cret-token", "token": "1:s3cret"}
        create_endpoint(self.workspace, None, NOW, "shop", EndpointForm("Shop", f"{base}/shop"))
        Source.objects.create(id=1, workspace=self.workspace, name="Shop", write_key="wk_sim")
        self.channels = {
            name: Channel.objects.create(
                workspace=self.workspace,
                public_id=f"hook-{name}",
                kind=kind,
                name=name,
                settings=settings[name],
                secrets=seal_json(secrets),
                rate_per_s=1e9,  # a slower one would let real time decide how many are called at once
                greeting=GREETING if name in ("whatsapp", "telegram") else "",
                offers_text=name == "telegram",
                first_message="Hello, send me offers" if name == "telegram" else "",
                price_micros=50_000,
            )
            for name, kind in KINDS.items()
        }

    def _open_edge(self) -> None:
        from tertulia.edge.clicks import ClickWork
        from tertulia.edge.unsubscribe import UnsubscribeWork
        from tertulia.edge.webhooks import WebhookWork

        self.hooks = self.machine.edge("hooks", WebhookWork({}))
        self.links = self.machine.edge("links", ClickWork(self._read_front))
        self.leaving = self.machine.edge("leave", UnsubscribeWork())

    def _read_front(self) -> Any:
        """What the edge knows of matches and channels: always the newest."""
        from tertulia.edge.registry import make_snapshot
        from tertulia.store.front import load_front

        front = load_front(self.machine.conn)
        self.machine.conn.rollback()
        return make_snapshot(front, PUBLIC_URL)

    def close(self) -> None:
        from django.db import connections

        self.machine.stop()
        connections.close_all()

    # play

    def play(self) -> "World":
        """Every act in its turn, then time passes until nothing is left to do."""
        for act in self.script.acts:
            self._do(act)
        self._end()
        return self

    def _do(self, act: Act) -> None:
        self.machine.move_clock(BETWEEN_ACTS)  # what comes later is later, whichever process takes it in
        doing = ACTS[act.kind]
        if doing(self, act):
            self.played.acts[act.kind] += 1

    def _end(self) -> None:
        """Everything is resumed, every receipt comes, providers are calm, and days pass."""
        staff_acts.resume_all(self)
        journey_acts.resume_all(self)
        self.machine.crashes -= {"sender"}
        self.machine.provider.calm = True
        self.machine.tell_late()
        for _ in range(END_ROUNDS_MAX):
            busy = self.run_rounds(ROUNDS_AT_ONCE)
            busy |= bool(self.machine.send() + tell_receipts(self, 1_000) + self.machine.sweep())
            self.machine.move_clock(timedelta(hours=13))
            [(left,)] = self.rows(
                """select (select count(*) from delivery_open) + (select count(*) from run_open)
                          + (select count(*) from call_open)"""
            )
            if not busy and not left:
                return
        raise AssertionError("the world never came to rest")

    def run_rounds(self, count: int) -> bool:
        """At most so many rounds of the engine; after each the states of all deliveries are looked at. Whether any had
        something to do."""
        busy = False
        for _ in range(count):
            worked = self.machine.round()
            self.look()
            busy |= worked
            if not worked:
                break
        return busy

    def drain(self) -> None:
        """The engine works until it rests."""
        self.run_rounds(ROUNDS_MAX)
        assert not self.run_rounds(1), "the engine never came to rest"

    def look(self) -> None:
        """I4: remember every change of state between rounds; and the round of every hand-over."""
        rows = self.rows(
            "select id, state, attempt from delivery_open union all select id, state, attempt from delivery"
        )
        for delivery_id, state, attempt in rows:
            now, before = (state, attempt), self.states.get(delivery_id)
            if before is not None and before != now:
                self.steps.append((delivery_id, before, now))
            if state == "sending" and before != now:
                self.claims.append((delivery_id, self.round))
            self.states[delivery_id] = now

    # what acts need

    @property
    def now(self) -> datetime:
        return self.machine.clock.at

    @property
    def round(self) -> int:
        return self.machine.provider.round

    def rows(self, query: str, *args: Any) -> list[tuple[Any, ...]]:
        found = self.machine.conn.execute(query, args).fetchall()
        self.machine.conn.rollback()
        return found

    def chance(self, act: Act) -> Random:
        """Chance of the act's own."""
        return Random(f"act/{self.script.seed}/{act.n}")

    def person(self, label: int) -> Person:
        return self.script.people[label % len(self.script.people)]

    def contact_of(self, label: int) -> int | None:
        """The contact of a listed person; of a stranger whoever owns one of their identities now."""
        if label in self.played.contacts:
            return self.played.contacts[label]
        person = self.person(label)
        for app in APPS:
            row = self.rows("select contact_id from identity where kind = %s and value = %s", app, person.identity(app))
            if row and row[0][0] is not None:
                return int(row[0][0])
        return None

    def ref(self, person: Person, app: str) -> IdentityRef:
        scope = {"whatsapp": "P1", "telegram": "lojabot", "viber": "loja"}[app]
        return IdentityRef(app, scope, person.identity(app))

    def list_links(self) -> list["Link"]:
        """The links that somebody's phone got, by match and person."""
        found: dict[tuple[int, int], Link] = {}
        names = {person.name: person.label for person in self.script.people}
        for taken in self.machine.provider.taken:
            if taken.kind == "sms" and taken.took and taken.code and taken.text.startswith("M"):
                mark, name = taken.text.split()[:2]
                parsed = parse(taken.code)
                assert parsed is not None
                if name not in names:  # somebody whom only their own message made known
                    continue
                key = (int(mark.removeprefix("M")), names[name])
                found.setdefault(key, Link(key[1], key[0], parsed.base))
        return [found[key] for key in sorted(found)]

    def pick_link(self, act: Act) -> "Link | None":
        """The link that an act is about; None when nobody was sent one."""
        links = self.list_links()
        return self.chance(act).choice(links) if links else None

    def write_csv(self, rows: list[list[str]]) -> bytes:
        out = io.StringIO()
        csv.writer(out).writerows(rows)
        return out.getvalue().encode()


def run_round(world: World, act: Act) -> bool:
    world.run_rounds(ROUNDS_AT_ONCE if world.patient else min(act.count, 3))
    return True


def run_sender(world: World, act: Act) -> bool:
    return bool(world.machine.send())


def run_sweeper(world: World, act: Act) -> bool:
    return bool(world.machine.sweep())


def meet_rival(world: World, act: Act) -> bool:
    world.machine.meet_rival()
    world.look()
    if world.patient:  # a round that died after its commit is made again, and gets further
        world.run_rounds(ROUNDS_AT_ONCE)
    return True


def pass_time(world: World, act: Act) -> bool:
    world.machine.move_clock(timedelta(seconds=act.count))
    return True


def tell_some_receipts(world: World, act: Act) -> bool:
    return bool(tell_receipts(world, act.count, world.chance(act)))


def tell_receipts(world: World, count: int, chance: Random | None = None) -> int:
    """The provider tells what became of messages: the oldest ones, or out of order; now and then without our id."""
    pending = world.machine.provider.pending
    pending.sort(key=lambda item: (item[0].round, item[0].key))  # the order of one round's calls hangs on the database
    told = 0
    while pending and told < count:
        place = chance.randrange(len(pending)) if chance is not None and chance.random() < 0.3 else 0
        taken, state = pending.pop(place)
        people_acts.tell_receipt(world, taken, state)
        told += 1
    return told


ACTS: Final[dict[str, Callable[[World, Act], bool]]] = {
    "round": run_round,
    "send": run_sender,
    "sweep": run_sweeper,
    "rival": meet_rival,
    "clock": pass_time,
    "receipts": tell_some_receipts,
    **people_acts.ACTS,
    **staff_acts.ACTS,
    **journey_acts.ACTS,
}
__all__ = ["PUBLIC_URL", "World"]
