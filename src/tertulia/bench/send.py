"""`send`: texts from the launch of a match to the second receipt of the last one.

Every contact passes the gates, gets a text with a link of their own, is handed over, called for, accepted, and reported
on twice over the webhook; the rate counts until the engine has decided the last report. The provider is a process on
the loopback address that answers at once. The limit is the same traffic with nothing behind it: a bare aiohttp loop
posts texts to the same provider, whose two reports of each a bare Starlette application takes. What the loop does
without any reports stands beside it in the detail.
"""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from urllib.request import urlopen

import aiohttp
import msgspec
import psycopg

from tertulia.bench.harness import (
    Figure,
    Report,
    against,
    await_roles,
    fresh_database,
    read_cpu,
    run_beside,
    serve,
    share_cpu,
)
from tertulia.bench.people import make_gateway
from tertulia.core.entries import shard_of_address
from tertulia.core.phones import key_of_e164
from tertulia.ids import INDEX_OF_SHARD, derive_id, make_contact_id
from tertulia.store.sealing import seal, seal_json

RATE_GOAL_PER_S = 1_200
RATIO_GOAL = 0.20
DELIVERIES = 20_000
BARE_TEXTS = 30_000
BARE_AT_ONCE = 64
CHANNEL_RATE_PER_S = 5_000
LOOK_EVERY_S = 0.25
BARE_LOOK_EVERY_S = 0.02
SEND_LIMIT_S = 240.0
KEY = b"a key of thirty-two bytes or so."
TEXT = "Olá {{ contact.name }}, fale com a Verbena no WhatsApp: {{ link }}"


def run() -> Report:
    """Measure the bare loop, then the whole road, against the same provider."""
    with fresh_database() as url, ExitStack() as stack:
        address = stack.enter_context(serve("tertulia.bench.provider", ready="/counts"))
        posts = _post_bare(address, "")
        with serve("tertulia.bench.bare") as receiver:
            bare = _post_bare(address, f"{receiver}/reports")
        os.environ["ALLOW_PRIVATE_HOSTS"] = address.removeprefix("http://")
        match_id = _make_match(url, f"{address}/send")
        public_url = stack.enter_context(serve("tertulia.cli", "web"))
        os.environ["PUBLIC_URL"] = public_url
        for role in ("engine", "sender", "keeper"):
            stack.enter_context(run_beside("tertulia.cli", role))
        await_roles(url)
        idle = read_cpu(url)
        began = _launch(url, match_id)
        took_s = _await_delivered(url, began)
        counts = Counter(_read_counts(address))
        counts.subtract(taken=2 * BARE_TEXTS, reported=2 * BARE_TEXTS)
        return _report(url, bare, posts, took_s, counts, read_cpu(url) - idle)


def _report(url: str, bare: float, posts: float, took_s: float, counts: Mapping[str, int], cpu: Counter[str]) -> Report:
    rate = DELIVERIES / took_s
    with psycopg.connect(url) as conn:
        states = dict(conn.execute("select state, count(*) from delivery group by state").fetchall())
        tally = conn.execute("select sum(received - processed - parked)::int from channel_tally").fetchone()
        clock = conn.execute("select extract(epoch from max(sent_at) - min(made_at))::float from delivery").fetchone()
    twice = counts["taken"] - DELIVERIES
    met = rate >= RATE_GOAL_PER_S and rate >= RATIO_GOAL * bare
    return Report(
        "send",
        (
            against("deliveries", rate, "1/s", bare, f">= {RATE_GOAL_PER_S}/s and >= {RATIO_GOAL:.0%} of bare", met),
            Figure("sent_twice", twice, "messages", goal="0", met=twice == 0),
            Figure(
                "not_delivered",
                DELIVERIES - states.get("delivered", 0),
                "messages",
                goal="0",
                met=states.get("delivered", 0) == DELIVERIES,
            ),
        ),
        {
            "deliveries": DELIVERIES,
            "seconds": round(took_s, 2),
            "first_made_to_last_accepted_s": round(clock[0], 2) if clock else None,
            "states": states,
            "cpu_ms_per_delivery": share_cpu(cpu, DELIVERIES),
            "bare_posts_per_s": round(posts),
            "receipts": counts["reported"],
            "receipts_refused": counts["refused"],
            "received_minus_processed": tally[0] if tally else None,
        },
    )


def _post_bare(address: str, callback: str) -> float:
    """Texts a second of the bare loop, until the last one is answered and, with a `callback`, reported on twice."""
    reported = _read_counts(address)["reported"] + (2 * BARE_TEXTS if callback else 0)
    began = time.perf_counter()
    asyncio.run(_post_texts(f"{address}/send", callback))
    while _read_counts(address)["reported"] < reported:
        if time.perf_counter() - began > SEND_LIMIT_S:
            raise RuntimeError("the reports of the bare loop did not come")
        time.sleep(BARE_LOOK_EVERY_S)
    return BARE_TEXTS / (time.perf_counter() - began)


async def _post_texts(address: str, callback: str) -> None:
    """Texts over kept-alive connections, some dozens at once; their answers are read and nothing is kept."""
    bodies = iter(range(BARE_TEXTS))

    async def post(session: aiohttp.ClientSession) -> None:
        for number in bodies:
            text = {"to": f"+5511900000{number:05}", "from": "Verbena", "text": "Olá", "reference": str(number)}
            if callback:
                text["callback"] = callback
            async with session.post(address, data=msgspec.json.encode(text)) as answer:
                await answer.read()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(post(session) for _ in range(BARE_AT_ONCE)))


def _make_match(url: str, send_url: str) -> int:
    """A workspace with an SMS gateway and an app, its contacts with their consent, and a match that is ready to go."""
    from tertulia.data.models import Channel, Match, MatchChannel, Workspace

    workspace = Workspace.objects.create(name="Bench", slug="bench", country="BR", currency="BRL", link_key=seal(KEY))
    sms = make_gateway(workspace, send_url, CHANNEL_RATE_PER_S)
    app = Channel.objects.create(
        workspace=workspace,
        public_id="bench-app",
        kind="whatsapp",
        name="WhatsApp",
        settings={"phone": "+5511987654321", "phone_number_id": "77", "waba_id": "w1"},
        secrets=seal_json({}),
        rate_per_s=80,
    )
    match = Match.objects.create(workspace=workspace, name="Bench", sms_channel=sms, text=TEXT, audience={"all": True})
    MatchChannel.objects.create(match=match, channel=app, order=0)
    _copy_contacts(url, workspace.pk)
    return int(match.pk)


def _copy_contacts(url: str, workspace: int) -> None:
    """Contacts with a mobile number each and a granted consent, as an import leaves them."""
    at = datetime.now(UTC)
    contacts, addresses, keys, consents = [], [], [], []
    for number in range(DELIVERIES):
        phone = f"+55119{80_000_000 + number * 7}"
        key = key_of_e164(phone)
        shard = shard_of_address(workspace, "phone", key)
        contact = make_contact_id(number + 1, INDEX_OF_SHARD[shard])
        search = f"ana lima {phone}"
        contacts.append(
            (shard, contact, workspace, "Ana", "Lima", "pt", "", "BR", "", "{}", "{}", search, "import:1", at, at)
        )
        addresses.append(
            (shard, contact, "phone", phone, key, workspace, "mobile", "BR", True, "", None, "import:1", at)
        )
        keys.append((shard, workspace, "phone", key, contact))
        given = ("sms", "marketing", "granted", "customer_list", '{"ref": "import:1"}', "", "user:1")
        consents.append((shard, contact, derive_id("bench", contact), workspace, f"phone:{key}", *given, at))
    columns = "shard, id, workspace, name, surname, locale, zone, country, external_id, attributes, changed, search,"
    tables = {
        f"contact ({columns} source, created_at, updated_at)": contacts,
        "address": addresses,
        "address_key": keys,
        "consent": consents,
    }
    with psycopg.connect(url) as conn:
        for table, rows in tables.items():
            with conn.cursor().copy(f"copy {table} from stdin") as copy:
                for row in rows:
                    copy.write_row(row)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("vacuum analyze")


def _launch(url: str, match_id: int) -> float:
    """Say go; the moment of it."""
    with psycopg.connect(url) as conn:
        conn.execute(
            "update match set state = 'launching', launched_at = %s where id = %s", (datetime.now(UTC), match_id)
        )
        conn.execute("update workspace set epoch = epoch + 1")
    return time.monotonic()


def _await_delivered(url: str, began: float) -> float:
    """Seconds until the engine has decided the last receipt."""
    with psycopg.connect(url, autocommit=True) as conn:
        while time.monotonic() - began < SEND_LIMIT_S:
            row = conn.execute("select count(*) from match_contact where state = 'delivered'").fetchone()
            if row is not None and row[0] >= DELIVERIES:
                break
            time.sleep(LOOK_EVERY_S)
    return time.monotonic() - began


def _read_counts(address: str) -> dict[str, int]:
    with urlopen(f"{address}/counts", timeout=10) as answer:  # noqa: S310 (our own address)
        return msgspec.json.decode(answer.read(), type=dict[str, int])


if __name__ == "__main__":
    print(run().to_json().decode())
