"""Reads of a match's progress: the funnel's figures, and the contacts behind each.

Figures count rows of `match_contact`, one per contact of the frozen audience; `People` names the same conditions, so
that a figure equals the length of its list.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tertulia.store.db import Conn, fetch_all, fetch_one, load

STEPS: Final = ("imported", "valid_mobile", "sent", "delivered", "clicked", "wrote", "matched")
_BITS: Final = {
    "imported": 0,
    "valid_mobile": 1,
    "sent": 2,
    "delivered": 4,
    "clicked": 8,
    "wrote": 16,
    "matched": 32,
    "forwarded": 64,
    "direct": 128,
}


@dataclass(frozen=True, slots=True)
class Totals:
    """Contacts of the audience that reached each step. `median_s`: from the SMS's hand-over to the match. `lost`: for
    each step but the first, those that reached the step before and not this one."""

    imported: int
    valid_mobile: int
    sent: int
    delivered: int
    clicked: int
    wrote: int
    matched: int
    forwarded: int
    median_s: float | None
    lost: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DirectRow:
    """Contacts that a platform let us write to first, by channel kind."""

    kind: str
    sent: int
    delivered: int
    wrote: int
    matched: int


@dataclass(frozen=True, slots=True)
class AppRow:
    """Contacts by the app whose link they opened, wrote in and were matched in."""

    app: str
    clicked: int
    wrote: int
    matched: int
    median_s: float | None


@dataclass(frozen=True, slots=True)
class OpeningRow:
    """Openings that are not a person's click (M9), by what they were taken for, and whose links they opened."""

    taken_for: str
    openings: int
    contacts: int


@dataclass(frozen=True, slots=True)
class People:
    """Which contacts of a match: `having` and `lacking` are steps of STEPS, or `forwarded` or `direct`; `reason` of
    those not matched; `app` with the step reached in it (`clicked`, `wrote`, `matched`); `opening`: whose link was
    opened by what was taken for that (a class of core/clicks)."""

    having: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    reason: str = ""
    direct: str = ""
    app: str = ""
    app_step: str = ""
    opening: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """One contact behind a figure. `why`: of one not matched, the reason; `phone` in E.164 or empty."""

    contact_id: int
    name: str
    surname: str
    phone: str
    state: str
    why: str
    matched_app: str
    direct: str
    sent_at: datetime | None
    delivered_at: datetime | None
    clicked_at: datetime | None
    wrote_at: datetime | None
    matched_at: datetime | None


def read_totals(conn: Conn, match_id: int) -> Totals:
    """The funnel's main row."""
    row = fetch_one(conn, load("funnel")["totals"], {"match": match_id})
    assert row is not None
    *figures, forwarded, median_s = row[: len(STEPS) + 2]
    return Totals(**dict(zip(STEPS, figures, strict=True)), forwarded=forwarded, median_s=median_s, lost=row[-6:])


def read_direct(conn: Conn, match_id: int) -> list[DirectRow]:
    """Direct reach, by channel kind."""
    return [DirectRow(*row) for row in fetch_all(conn, load("funnel")["direct"], {"match": match_id})]


def read_costs(conn: Conn, match_id: int) -> dict[str, int]:
    """Millionths of each currency spent on the match so far."""
    rows = fetch_all(conn, load("funnel")["costs"], {"match": match_id})
    return {row[0]: row[1] for row in rows}


def read_apps(conn: Conn, match_id: int) -> list[AppRow]:
    """The per-app table, the most successful app first."""
    return [AppRow(*row) for row in fetch_all(conn, load("funnel")["apps"], {"match": match_id})]


def read_openings(conn: Conn, match_id: int) -> list[OpeningRow]:
    """What opened links and was no person, by class."""
    return [OpeningRow(*row) for row in fetch_all(conn, load("funnel")["openings"], {"match": match_id})]


def read_reasons(conn: Conn, match_id: int) -> list[tuple[str, int]]:
    """Why contacts are not matched: (reason code, contacts), the commonest first. They add up to imported - matched."""
    return [(row[0], row[1]) for row in fetch_all(conn, load("funnel")["reasons"], {"match": match_id})]


def read_span(conn: Conn, match_id: int) -> tuple[datetime, datetime] | None:
    """When the first message went out and when something last happened; None before the first."""
    row = fetch_one(conn, load("funnel")["span"], {"match": match_id})
    return None if row is None or row[0] is None else (row[0], row[1])


def read_over_time(conn: Conn, match_id: int, width_s: int) -> list[tuple[datetime, str, int]]:
    """(start of the period, step, contacts that reached it in that period) for periods of `width_s` seconds."""
    query = load("funnel")["over_time"]
    return [(row[0], row[1], row[2]) for row in fetch_all(conn, query, {"match": match_id, "width": width_s})]


def read_matched_over_time(conn: Conn, match_id: int, width_s: int) -> list[tuple[datetime, str, int]]:
    """(start of the period, app, contacts matched in that app in that period); they add up to `read_apps`."""
    query = load("funnel")["matched_over_time"]
    return [(row[0], row[1], row[2]) for row in fetch_all(conn, query, {"match": match_id, "width": width_s})]


def count_states(conn: Conn, matches: Sequence[int]) -> dict[int, dict[str, int]]:
    """Contacts by state (`match_contact.state`), for each of several matches."""
    counts: dict[int, dict[str, int]] = {}
    for match_id, state, count in fetch_all(conn, load("funnel")["states"], {"matches": list(matches)}):
        counts.setdefault(match_id, {})[state] = count
    return counts


def list_people(conn: Conn, match_id: int, who: People, after: int = 0, limit: int = 50) -> list[Person]:
    """The contacts behind a figure, by id, from after `after`. Raises KeyError for an unknown step."""
    args = {
        "match": match_id,
        "having": _sum_bits(who.having),
        "lacking": _sum_bits(who.lacking),
        "reason": who.reason,
        "direct": who.direct,
        "app": who.app,
        "app_step": who.app_step,
        "opening": who.opening,
        "after": after,
        "limit": limit,
    }
    return [Person(*row) for row in fetch_all(conn, load("funnel")["people"], args)]


def _sum_bits(steps: Sequence[str]) -> int:
    return sum({_BITS[step] for step in steps})
