"""Live figures over real HTTP: a page hears that its topic has changed, and nothing else."""

import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
from tests.edge.conftest import Shop

from tertulia.core.live_tokens import derive_live_key, sign_live_token


def sign(*topics: str, age: timedelta = timedelta(0)) -> str:
    return sign_live_token(derive_live_key(os.environ["SECRET_KEY"]), 1, topics, datetime.now(UTC) - age)


def listen(web: httpx.Client, token: str) -> Iterator[dict]:
    with web.stream("GET", "/live", params={"token": token}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if line.startswith("data: "):
                yield json.loads(line[6:])


def test_a_change_is_told_with_topic_and_version_only(web: httpx.Client, shop: Shop) -> None:
    match = shop.launch()
    events = listen(web, sign(f"match:{match.pk}"))
    first = next(events)
    assert (first["topic"], set(first)) == (f"match:{match.pk}", {"topic", "version"})
    shop.run("update match set state = 'done' where id = %s", match.pk)
    began = time.monotonic()
    second = next(events)
    assert second["topic"] == first["topic"]
    assert second["version"] != first["version"]
    assert time.monotonic() - began < 5
    events.close()


def test_a_token_that_is_forged_or_too_old_opens_nothing(web: httpx.Client, shop: Shop) -> None:
    good = sign("match:1")
    forged = good[:-1] + ("0" if good[-1] != "0" else "1")
    for token in ("", "x", "x.y", forged, sign("match:1", age=timedelta(hours=13))):
        assert web.get("/live", params={"token": token}).status_code == 403


def test_health_readiness_and_metrics(web: httpx.Client, shop: Shop) -> None:
    """Metrics are for this machine: a proxy's callers do not see them."""
    assert web.get("/healthz").text == "ok"
    assert web.get("/readyz").text == "ready"
    assert web.get("/metrics").status_code == 404
    with httpx.Client(base_url=web.base_url) as near:
        assert "tertulia_writer_groups" in near.get("/metrics").text
