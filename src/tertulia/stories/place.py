"""Where a story plays: a running platform and a running simulator, each reached over HTTP and by nothing else.

`Place` is made by the command that started the processes. `kill` takes a role (`engine`, `sender`, ...) and kills its
process with SIGKILL; whoever keeps the processes alive starts it again.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import httpx

TIMEOUT_S = 90.0
HANDS = 8  # how many people act at once
PAGE = 500
RECORD_PAGE = 5_000
POLL_S = 0.1
IMPORT_LIMIT_S = 180.0  # for what never comes; how fast it comes is the benchmarks' affair

T = TypeVar("T")
R = TypeVar("R")


class StoryBroken(Exception):
    """The story cannot go on: something answered what it never should, or never came. The message says what."""


@dataclass(frozen=True, slots=True)
class Place:
    """`base_url` of the platform, `phones_url` and `mail_port` of the simulator, `key` of the workspace in which the
    story plays."""

    base_url: str
    phones_url: str
    mail_port: int
    key: str
    kill: Callable[[str], None]
    say: Callable[[str], None]


class Web:
    """A JSON API over HTTP. Safe for threads."""

    def __init__(self, base: str, headers: Mapping[str, str] | None = None) -> None:
        limits = httpx.Limits(max_connections=2 * HANDS, max_keepalive_connections=HANDS)
        self._client = httpx.Client(base_url=base, headers=dict(headers or {}), timeout=TIMEOUT_S, limits=limits)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, path: str, **query: Any) -> Any:
        return self.ask("GET", path, params=query)

    def post(self, path: str, body: object = None, **more: Any) -> Any:
        return self.ask("POST", path, json={} if body is None else body, **more)

    def put(self, path: str, body: object) -> Any:
        return self.ask("PUT", path, json=body)

    def try_post(self, path: str, body: object) -> tuple[int, Any]:
        """The answer's status and JSON, whatever it is."""
        answer = self._client.post(path, json=body)
        return answer.status_code, answer.json()

    def ask(self, method: str, path: str, **how: Any) -> Any:
        """The answer's JSON; None for an empty one. Raises StoryBroken for any status but a 2xx."""
        try:
            answer = self._client.request(method, path, **how)
        except httpx.TransportError as error:
            raise StoryBroken(f"{method} {path}: {type(error).__name__}") from error
        if not answer.is_success:
            raise StoryBroken(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.content else None


class Api(Web):
    """The platform's public API."""

    def __init__(self, place: Place) -> None:
        super().__init__(f"{place.base_url}/api", {"Authorization": f"Bearer {place.key}"})

    def upload(self, path: str, name: str, content: bytes, fields: Mapping[str, str]) -> Any:
        """A file with its fields, as multipart/form-data."""
        return self.ask("POST", path, data=dict(fields), files={"file": (name, content, "text/csv")})

    def check_import(self, import_id: int) -> dict[str, Any]:
        """Check a list whose columns are told; what the check found. Raises StoryBroken where it is not taken."""
        self.post(f"/imports/{import_id}/check")
        return self._await_import(import_id, "checked")

    def apply_import(self, import_id: int, *, keep_series: bool) -> dict[str, Any]:
        """Take in a list that was checked, numbers in series too or not. Raises StoryBroken where it is not taken."""
        self.post(f"/imports/{import_id}/apply", {"keep_series": keep_series})
        return self._await_import(import_id, "done")

    def _await_import(self, import_id: int, state: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = self.get(f"/imports/{import_id}")
            if found["state"] == "failed":
                raise StoryBroken(f"import {import_id} failed: {found['fault']}")
            return found if found["state"] == state else None

        return wait_for(f"import {import_id} becomes {state}", look, IMPORT_LIMIT_S)

    def list_all(self, path: str, key: str = "contact_id", **query: Any) -> Iterator[dict[str, Any]]:
        """Every row of a list that goes on after the last row's `key`."""
        after: Any = None
        while True:
            place = {} if after is None else {"after": after}
            rows = self.get(path, limit=PAGE, **query, **place)
            yield from rows
            if len(rows) < PAGE:
                return
            after = rows[-1][key]


class Sim(Web):
    """The simulator's control API."""

    def __init__(self, place: Place) -> None:
        super().__init__(f"{place.phones_url}/sim")

    def read_record(self, table: str, **wanted: str) -> list[dict[str, Any]]:
        """Every row of one table of the record, oldest first."""
        rows: list[dict[str, Any]] = []
        while True:
            after = rows[-1]["n"] if rows else 0
            more = self.get("/record", table=table, after=after, limit=RECORD_PAGE, **wanted)["rows"]
            rows += more
            if len(more) < RECORD_PAGE:
                return rows


def all_at_once(do: Callable[[T], R], items: list[T], hands: int = HANDS) -> list[R]:
    """Do something for every item, `hands` at a time; results in the items' order. Raises what the first one raised."""
    with ThreadPoolExecutor(hands) as pool:
        return list(pool.map(do, items))


def wait_for(what: str, ready: Callable[[], R | None], limit_s: float) -> R:
    """Look again and again until `ready` gives something true. Raises StoryBroken with `what` after `limit_s`."""
    until = time.monotonic() + limit_s
    while True:
        found = ready()
        if found:
            return found
        if time.monotonic() > until:
            raise StoryBroken(f"waited {limit_s:g} s in vain: {what}")
        time.sleep(POLL_S)
