"""`webhooks`: inbound messages verified, stored and matched, with duplicates and disorder, and how soon they show.

Every contact of a match writes three times over WhatsApp, the first time with the code of its link. One call in twenty
comes twice, and one in twenty of the later messages overtakes the one before it. In the closed run the rate counts
from the first call until the engine has decided the last message. In the open run, at the goal's rate, a message shows
when the cycle that decided it commits: the server keeps commit times, so each message's own lag is known to the
microsecond. Afterwards every message must stand once, with the contact of its link and in its order, and
received = processed + parked.
"""

import hashlib
import hmac
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import psycopg

from tertulia.bench.bare import HOOK_SECRET
from tertulia.bench.harness import (
    Figure,
    Load,
    Report,
    against,
    await_true,
    fresh_database,
    generate_load,
    read_cpu,
    run_beside,
    serve,
    share_cpu,
)
from tertulia.bench.load import write_requests
from tertulia.core.links import hash_code, mint, with_app
from tertulia.ids import make_contact_id, shard_of_index

RATE_GOAL_PER_S = 3_000
LAG_GOAL_S = 1.0
MESSAGES = 3  # of each contact
CLOSED_CONTACTS = 15_000
OPEN_S = 12.0
OPEN_RATE_PER_S = 3_000
CONNECTIONS = 96
DUPLICATES = DISORDER = 0.05
DRAIN_LIMIT_S = 120.0
BEHIND_CALLS = 1_000
SEED = 20_261_122
KEY = b"a key of thirty-two bytes or so."
HOOK = "/hooks/bench"
ALL_DECIDED = """
select not exists (select from (select shard, writer, max(seq) as seq from log group by 1, 2) l
                   left join log_position p using (shard, writer) where l.seq > coalesce(p.seq, 0))
"""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Contacts with a link each, and what they will write."""

    first: int
    count: int
    requests: tuple[bytes, ...]


def run() -> Report:
    """Measure the closed run, then the open one on the same database."""
    chance = random.Random(SEED)  # noqa: S311 (a seed, so that runs can be compared)
    with fresh_database({"track_commit_timestamp": "on"}) as url, tempfile.TemporaryDirectory() as folder:
        match_id, workspace_id = _make_match()
        open_contacts = int(OPEN_S * OPEN_RATE_PER_S / MESSAGES)
        closed = _make_crowd(url, workspace_id, match_id, 1, CLOSED_CONTACTS, chance)
        opened = _make_crowd(url, workspace_id, match_id, 1 + CLOSED_CONTACTS, open_contacts, chance)
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("analyze")
        paths = [_keep(Path(folder) / name, crowd) for name, crowd in (("closed", closed), ("open", opened))]
        with serve("tertulia.bench.bare") as address:
            bare = generate_load(address, paths[0], seconds=5, connections=CONNECTIONS)
        with serve("tertulia.cli", "web") as address, run_beside("tertulia.cli", "engine", PUBLIC_URL=address):
            idle = read_cpu(url)
            began = time.monotonic()
            load = generate_load(address, paths[0], seconds=600, connections=CONNECTIONS)
            _await_decided(url)
            took_s = time.monotonic() - began
            cpu = read_cpu(url) - idle + Counter({"load": round(load.cpu_ms)})
            since = datetime.now(UTC)
            open_s = len(opened.requests) / OPEN_RATE_PER_S
            open_load = generate_load(
                address, paths[1], seconds=open_s, connections=CONNECTIONS, rate_per_s=OPEN_RATE_PER_S
            )
            _await_decided(url)
        return _report(url, (closed, opened), bare, load, took_s, open_load, since, cpu)


def _report(
    url: str,
    crowds: Sequence[Crowd],
    bare: Load,
    load: Load,
    took_s: float,
    open_load: Load,
    since: datetime,
    cpu: Counter[str],
) -> Report:
    sent = sum(len(set(crowd.requests[: by.sent])) for crowd, by in zip(crowds, (load, open_load), strict=True))
    wrong = _check(url, sent)
    rate = MESSAGES * crowds[0].count / took_s
    lag = _read_lag(url, since)
    lag_p99 = lag + open_load.p99_s
    good = set(load.statuses) | set(open_load.statuses) == {"200"}
    goal = f">= {RATE_GOAL_PER_S}/s"
    return Report(
        "webhooks",
        (
            against("messages", rate, "1/s", bare.rate_per_s, goal, rate >= RATE_GOAL_PER_S and good),
            Figure("visible_p99", round(lag_p99, 4), "s", goal=f"<= {LAG_GOAL_S} s", met=lag_p99 <= LAG_GOAL_S),
            *(Figure(name, count, "messages", goal="0", met=count == 0) for name, count in wrong.items()),
        ),
        {
            "acknowledged_per_s": round(load.rate_per_s),
            "acknowledged_p99_s": round(load.p99_s, 4),
            "open_rate_per_s": round(open_load.rate_per_s),
            "open_not_sent": len(crowds[1].requests) - open_load.sent,
            "open_acknowledged_p99_s": round(open_load.p99_s, 4),
            "cpu_ms_per_message": share_cpu(cpu, MESSAGES * crowds[0].count),
            "statuses": [load.statuses, open_load.statuses],
        },
    )


def _check(url: str, sent: int) -> dict[str, int]:
    """Of so many messages that were sent those that are lost, doubled or misplaced, and calls that the tally does not
    account for."""
    with psycopg.connect(url) as conn:
        kept, distinct, misplaced = conn.execute(
            "select count(*), count(distinct provider_id),"
            " count(*) filter (where contact_id >> 8 <> substr(identity_value, 4)::bigint or place <> number)"
            " from (select *, split_part(provider_id, '.', 3)::int as number, row_number() over (partition by"
            " identity_value order by provider_at, provider_seq, arrived_at) as place"
            " from message where direction = 'in') as m"
        ).fetchone() or (0, 0, 0)
        tally = conn.execute(
            "select coalesce(sum(received - processed - parked), 0)::int from channel_tally"
        ).fetchone()
    return {
        "lost": sent - distinct,
        "doubled": kept - distinct,
        "misplaced": misplaced,
        "unaccounted": abs(tally[0]) if tally else 0,
    }


def _read_lag(url: str, since: datetime) -> float:
    """p99 of the time from a message's arrival to the commit that shows it, seconds."""
    with psycopg.connect(url) as conn:
        row = conn.execute(
            "select percentile_cont(0.99) within group (order by"
            " extract(epoch from pg_xact_commit_timestamp(xmin) - arrived_at))"
            " from message where direction = 'in' and arrived_at >= %s",
            (since,),
        ).fetchone()
    return float(row[0]) if row and row[0] is not None else DRAIN_LIMIT_S


def _make_match() -> tuple[int, int]:
    from tertulia.data.models import Channel, Match, MatchChannel, Workspace
    from tertulia.store.sealing import seal, seal_json

    workspace = Workspace.objects.create(name="Bench", slug="bench", link_key=seal(KEY))
    channel = Channel.objects.create(
        workspace=workspace,
        public_id=HOOK.rpartition("/")[2],
        kind="whatsapp",
        name="WhatsApp",
        settings={"phone": "+5511987654321", "phone_number_id": "77", "waba_id": "w1"},
        secrets=seal_json({"app_secret": HOOK_SECRET.decode()}),
        rate_per_s=80,
    )
    match = Match.objects.create(workspace=workspace, name="Bench", state="live")
    MatchChannel.objects.create(match=match, channel=channel, order=0)
    return match.pk, workspace.pk


def _make_crowd(url: str, workspace: int, match_id: int, first: int, count: int, chance: random.Random) -> Crowd:
    """Contacts of these serial numbers, in the match, with their links; and the calls that they cause, in order."""
    now = datetime.now(UTC)
    sent, expires = now - timedelta(hours=1), now + timedelta(days=30)
    codes: list[str] = []
    with psycopg.connect(url) as conn:
        ids = [make_contact_id(serial, serial % 256) for serial in range(first, first + count)]
        with conn.cursor().copy("copy contact from stdin") as rows:
            for contact_id in ids:
                shard = shard_of_index(contact_id & 255)
                head = (shard, contact_id, workspace, "Ana", "Lima", "pt", "", "BR", "", "{}", "{}", "ana lima")
                rows.write_row((*head, "bench", sent, sent, None, None, None))
        with conn.cursor().copy("copy link from stdin") as rows:
            for contact_id in ids:
                base = mint(KEY, contact_id & 255, contact_id, match_id, 0)
                codes.append(with_app(base, "whatsapp"))
                head = (shard_of_index(contact_id & 255), hash_code(base), workspace, contact_id, match_id, 0)
                rows.write_row((*head, sent, expires, sent, "", "", "", None))
        with conn.cursor().copy("copy match_contact from stdin") as rows:
            for contact_id in ids:
                head = (shard_of_index(contact_id & 255), match_id, contact_id, workspace, 0, "sent", "", True, "")
                rows.write_row((*head, 0, "EUR", sent, None, None, None, None, "", False))
        conn.execute("select setval('contact_serial', (%s / 1000 + 1) * 1000)", (first + count,))
    return Crowd(first, count, tuple(_iter_calls(ids, codes, chance)))


def _iter_calls(ids: Sequence[int], codes: Sequence[str], chance: random.Random) -> Iterator[bytes]:
    """First messages and, some hundred calls later, the others; some twice, some the wrong way round."""
    behind: list[bytes] = []
    for contact_id, code in zip(ids, codes, strict=True):
        serial = contact_id >> 8
        yield _write_call(serial, 1, f"Olá, quero saber mais [{code}]")
        later = [_write_call(serial, number, f"Vocês abrem aos sábados? {number}") for number in (2, 3)]
        if chance.random() < DISORDER:
            later.reverse()
        for call in later:
            behind.append(call)
            if chance.random() < DUPLICATES:
                behind.append(call)
        if len(behind) > BEHIND_CALLS:
            yield from behind
            behind.clear()
    yield from behind


def _write_call(serial: int, number: int, text: str) -> bytes:
    """A signed call with one message. The user's id ends in the contact's serial number."""
    user = f"BR.{serial}"
    at = int(time.time()) - 600 + number
    message = {"from_user_id": user, "id": f"wamid.{serial}.{number}", "timestamp": str(at), "type": "text"}
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "5511987654321", "phone_number_id": "77"},
        "contacts": [{"profile": {"name": "Ana"}, "user_id": user}],
        "messages": [{**message, "text": {"body": text}}],
    }
    entry = {"id": "w1", "changes": [{"field": "messages", "value": value}]}
    body = msgspec.json.encode({"object": "whatsapp_business_account", "entry": [entry]})
    signature = hmac.new(HOOK_SECRET, body, hashlib.sha256).hexdigest()
    head = (
        f"POST {HOOK} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        f"x-hub-signature-256: sha256={signature}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _keep(path: Path, crowd: Crowd) -> Path:
    write_requests(path, crowd.requests)
    return path


def _await_decided(url: str) -> None:
    """Return when the engine has decided all that the log holds. Raises RuntimeError when it does not get there."""
    await_true(url, ALL_DECIDED, DRAIN_LIMIT_S, 0.05, "the engine has not decided the bench's messages in time")


if __name__ == "__main__":
    print(run().to_json().decode())
