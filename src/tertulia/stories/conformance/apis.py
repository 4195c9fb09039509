"""A company's own API as a scenario plays it: answers in turn, and remembers what it was asked.

An answer is `{status, json}`, `{status, text}`, each with `headers` where it has some, or `hang_up`: it takes the call
and cuts the line before the answer.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tertulia.stories.conformance.wire import Answer

HANG_UP = "hang_up"


@dataclass(frozen=True, slots=True)
class Asked:
    """One call: `POST /points`, the body as JSON (None without one), and its Idempotency-Key."""

    line: str
    body: Any
    key: str


@dataclass(slots=True)
class CompanyApi:
    """`answers` are given in turn, the last one for ever; without any it says yes."""

    answers: list[Any] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    def take(self, method: str, path: str, body: bytes, key: str) -> Answer:
        """One call and its answer; a status of 0 cuts the line."""
        self.asked.append(Asked(f"{method} {path}", json.loads(body) if body else None, key))
        how = self.answers.pop(0) if len(self.answers) > 1 else next(iter(self.answers), {})
        if how == HANG_UP:
            return Answer(0)
        told: Mapping[str, Any] = how
        text = told["text"] if "text" in told else json.dumps(told.get("json", {"ok": True}))
        kind = "text/html" if "text" in told else "application/json"
        return Answer(told.get("status", 200), text.encode(), {"content-type": kind, **told.get("headers", {})})
