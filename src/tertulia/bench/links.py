"""`links`: how fast a link leads on, its click committed before the redirect.

Every request opens another contact's link. The limit is a bare Starlette redirect on the same server with the same
load, measured in turn with it; latency is measured with an open loop, so that a stall counts for all who wait in it.
"""

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from tertulia.bench.harness import Figure, Load, Report, against, fresh_database, generate_load, median, serve
from tertulia.bench.load import write_requests
from tertulia.core.links import hash_code, mint, with_app
from tertulia.ids import make_contact_id, shard_of_index

RATE_GOAL_PER_S = 5_000
RATIO_GOAL = 0.15
OPEN_RATE_PER_S = 2_000
P99_GOAL_S = 0.020
LINKS = 200_000
ROUNDS = 3
ROUND_S = 5.0
OPEN_S = 15.0
CONNECTIONS = 128
KEY = b"a key of thirty-two bytes or so."
AGENT = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36"


def run() -> Report:
    """Measure rate and latency; every redirect's click is looked for in the log afterwards."""
    with fresh_database() as url, tempfile.TemporaryDirectory() as folder:
        requests = Path(folder) / "requests"
        write_requests(requests, [_write_request(code) for code in _make_links(url)])
        bare, ours, clicks = [], [], 0
        for _ in range(ROUNDS):
            with serve("tertulia.bench.bare") as address:
                generate_load(address, requests, seconds=1, connections=CONNECTIONS)
                bare.append(generate_load(address, requests, seconds=ROUND_S, connections=CONNECTIONS))
            with serve("tertulia.cli", "web") as address:
                warm = generate_load(address, requests, seconds=1, connections=CONNECTIONS)
                ours.append(generate_load(address, requests, seconds=ROUND_S, connections=CONNECTIONS))
                clicks += warm.answered + ours[-1].answered
        with serve("tertulia.cli", "web") as address:
            generate_load(address, requests, seconds=1, connections=CONNECTIONS)
            open_loop = generate_load(
                address, requests, seconds=OPEN_S, connections=CONNECTIONS, rate_per_s=OPEN_RATE_PER_S
            )
        return _report(bare, ours, open_loop, clicks, _count_clicks(url))


def _report(bare: list[Load], ours: list[Load], open_loop: Load, clicks: int, kept: int) -> Report:
    rate, limit = median([load.rate_per_s for load in ours]), median([load.rate_per_s for load in bare])
    good = all(set(load.statuses) == {"302"} for load in [*bare, *ours, open_loop])
    met = rate >= RATE_GOAL_PER_S and rate >= RATIO_GOAL * limit and good
    return Report(
        "links",
        (
            against("redirects", rate, "1/s", limit, f">= {RATE_GOAL_PER_S}/s and >= {RATIO_GOAL:.0%} of bare", met),
            Figure(
                "p99_at_2000_per_s",
                round(open_loop.p99_s, 5),
                "s",
                goal=f"<= {P99_GOAL_S} s",
                met=open_loop.p99_s <= P99_GOAL_S and good,
            ),
            Figure("clicks_missing", max(0, clicks - kept), "clicks", goal="0", met=kept >= clicks),
        ),
        {
            "rates_per_s": [round(load.rate_per_s) for load in ours],
            "bare_rates_per_s": [round(load.rate_per_s) for load in bare],
            "p50_at_2000_per_s": round(open_loop.p50_s, 5),
            "max_at_2000_per_s": round(open_loop.max_s, 5),
            "statuses": [load.statuses for load in [*ours, open_loop]],
        },
    )


def _make_links(url: str) -> list[str]:
    """A match over WhatsApp with its links, sent an hour ago; their codes."""
    from tertulia.data.models import Channel, Match, MatchChannel, Workspace
    from tertulia.store.sealing import seal

    workspace = Workspace.objects.create(name="Bench", slug="bench", link_key=seal(KEY))
    channel = Channel.objects.create(
        workspace=workspace,
        public_id="bench",
        kind="whatsapp",
        name="WhatsApp",
        settings={"phone": "+5511987654321"},
        rate_per_s=80,
    )
    match = Match.objects.create(workspace=workspace, name="Bench", state="live")
    MatchChannel.objects.create(match=match, channel=channel, order=0)
    now = datetime.now(UTC)
    times = (now - timedelta(hours=1), now + timedelta(days=30), now - timedelta(hours=1))
    codes = []
    with psycopg.connect(url) as conn, conn.cursor().copy("copy link from stdin") as rows:
        for serial in range(1, LINKS + 1):
            contact_id = make_contact_id(serial, serial % 256)
            base = mint(KEY, serial % 256, contact_id, match.pk, 0)
            shard = shard_of_index(serial % 256)
            head = (shard, hash_code(base), workspace.pk, contact_id, match.pk, 0)
            rows.write_row((*head, *times, "", "", "", None))
            codes.append(with_app(base, "whatsapp"))
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("analyze")
    return codes


def _write_request(code: str) -> bytes:
    return f"GET /l/{code} HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: {AGENT}\r\naccept: */*\r\n\r\n".encode()


def _count_clicks(url: str) -> int:
    with psycopg.connect(url) as conn:
        row = conn.execute("select count(*) from log where kind = 'click'").fetchone()
    return int(row[0]) if row else 0


if __name__ == "__main__":
    print(run().to_json().decode())
