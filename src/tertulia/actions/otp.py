"""One-time codes over the API: asked for, and given back.

A code is made by the shell (chance is an argument) and kept as a keyed hash, and sealed for as long as it may still
have to be sent. Asking is one transaction: how often that was done lately is counted, older codes for the same purpose
become good for nothing, the row is written, and the log is told that there is something to send; the contact's owner
does the rest (`core.otp`). Giving is one transaction too, with the row locked, so that no two guesses count as one.
"""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _

from tertulia.actions.otp_ways import Ways, find_ways
from tertulia.actions.problems import Problem, refuse
from tertulia.core.entries import Entry, OtpEntry, OtpVerifiedEntry, key_of, route
from tertulia.core.otp_guesses import Guess, judge_guess
from tertulia.data.models import Workspace
from tertulia.errors import NotFound, TooMany
from tertulia.ids import day_of, make_otp_id
from tertulia.store.asks import Asks
from tertulia.store.db import Conn
from tertulia.store.directory import find_by_address
from tertulia.store.log import NewEntry
from tertulia.store.otp import Guessed, NewOtp, add_otp, count_request, lock_otp, settle_otp
from tertulia.store.sealing import hash_secretly, seal_text

LENGTHS: Final = (4, 10)
LIFETIMES_S: Final = (30, 3_600)
ATTEMPTS: Final = (1, 10)
PATIENCES_S: Final = (5, 600)
PURPOSE_CHARACTERS_MAX: Final = 60
CHANNELS_MAX: Final = 5
ADDRESS_STRETCH: Final = timedelta(hours=1)
PER_ADDRESS_MAX: Final = 10  # codes to one number, mailbox or contact in an hour of the clock
KEY_STRETCH: Final = timedelta(minutes=1)
PER_KEY_MAX: Final = 600  # codes that one key asks for in a minute of the clock


@dataclass(frozen=True, slots=True)
class OtpForm:
    """What is asked for. To a contact (`contact_id`, `user_id`), or to `phone` and `email`, one or both. `channels` in
    the order in which they are tried: names, or kinds. `texts` and `subjects` by language, in Liquid. `template`: that
    of the platform for apps in which a business may write first, `template_language` its language."""

    channels: Sequence[str]
    contact_id: int | None = None
    user_id: str = ""
    phone: str = ""
    email: str = ""
    purpose: str = ""
    locale: str = ""
    texts: Mapping[str, str] | None = None
    subjects: Mapping[str, str] | None = None
    template: str = ""
    template_language: str = ""
    length: int = 6
    lifetime_s: int = 600
    attempts: int = 5
    fall_back_s: int = 10


@dataclass(frozen=True, slots=True)
class Chance:
    """What the shell draws for a request: the digits of a code, and bytes that make its id one of a kind."""

    code: str
    salt: bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """A code that is on its way."""

    id: UUID
    contact_id: int
    channels: tuple[str, ...]
    expires_at: datetime


def check_form(form: OtpForm) -> None:
    """Raises Refused with everything that is out of its range."""
    problems = []
    for name, value, (least, most) in (
        ("length", form.length, LENGTHS),
        ("lifetime_s", form.lifetime_s, LIFETIMES_S),
        ("attempts", form.attempts, ATTEMPTS),
        ("fall_back_s", form.fall_back_s, PATIENCES_S),
    ):
        if not least <= value <= most:
            told = {"least": least, "most": most}
            problems.append(Problem("range", _("Give a number from %(least)d to %(most)d.") % told, name))
    if not 0 < len(form.channels) <= CHANNELS_MAX or len(set(form.channels)) < len(form.channels):
        problems.append(Problem("range", _("Give one to five channels, each once."), "channels"))
    if len(form.purpose) > PURPOSE_CHARACTERS_MAX:
        problems.append(Problem("range", _("A purpose has at most 60 characters."), "purpose"))
    refuse(problems)


def ask_otp(
    conn: Conn,
    asks: Asks,
    workspace: Workspace,
    key_id: int,
    form: OtpForm,
    chance: Chance,
    fresh_serial: Callable[[], int],
    now: datetime,
    real: datetime,
) -> Asked:
    """Ask for a code. `now`: the decision clock's; `real` for how often it was done lately. Raises Refused, NotFound
    and TooMany; nothing is kept then."""
    check_form(form)
    ways = find_ways(conn, workspace, form, fresh_serial, now)
    otp_id = make_otp_id(ways.contact_id, day_of(now), chance.salt)
    expires_at = now + timedelta(seconds=form.lifetime_s)
    row = NewOtp(
        id=otp_id,
        workspace=workspace.pk,
        contact_id=ways.contact_id,
        purpose=form.purpose,
        key_id=key_id,
        code_hash=hash_code(otp_id, chance.code),
        sealed=seal_text(chance.code),
        ways=ways.ways,
        newcomer=ways.newcomer,
        patience_s=form.fall_back_s,
        attempts_max=form.attempts,
        at=now,
        expires_at=expires_at,
    )

    def write(own: Conn, _writer: int) -> Sequence[NewEntry]:
        _count(own, workspace, key_id, ways, real)
        add_otp(own, row)
        return [_append(workspace, OtpEntry(ways.contact_id, otp_id, now), now)]

    asks.act(write, now)
    return Asked(otp_id, ways.contact_id, ways.names, expires_at)


def _count(conn: Conn, workspace: Workspace, key_id: int, ways: Ways, real: datetime) -> None:
    """Each address that the code may go to, its contact, and the key."""
    subjects = {f"{way['kind']}:{way['value']}" for way in ways.ways} | {f"contact:{ways.contact_id}"}
    limits = [(subject, ADDRESS_STRETCH, PER_ADDRESS_MAX) for subject in sorted(subjects)]
    for subject, stretch, most in (*limits, (f"key:{key_id}", KEY_STRETCH, PER_KEY_MAX)):
        since = datetime.fromtimestamp(0, real.tzinfo)
        begins = real - (real - since) % stretch
        if count_request(conn, workspace.pk, subject, begins) > most:
            of_key = subject.startswith("key:")
            sentence = (
                _("This key has asked for too many codes. Wait, or use several keys.")
                if of_key
                else _("Too many codes were asked for this number, address or contact. Wait a while.")
            )
            retry_after_s = int((begins + stretch - real).total_seconds()) + 1
            raise TooMany(sentence, retry_after_s=retry_after_s, field="" if of_key else "to")


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a code that was given, and how many guesses are left."""

    result: Guess
    attempts_left: int
    contact_id: int
    purpose: str


def verify_otp(conn: Conn, asks: Asks, workspace: Workspace, otp_id: UUID, code: str, now: datetime) -> Answered:
    """Judge a code that somebody gave. Raises NotFound for an id that there is not."""
    found: list[Answered] = []

    def write(own: Conn, _writer: int) -> Sequence[NewEntry]:
        row = lock_otp(own, workspace.pk, otp_id)
        if row is None:
            raise NotFound(_("No code was asked for under this id."))
        right = hmac.compare_digest(row.code_hash, hash_code(otp_id, code.strip()))
        told = (row.state, row.expires_at, row.attempts, row.attempts_max, now)
        result, state, attempts = judge_guess(*told, right=right)
        if attempts != row.attempts:
            settle_otp(own, otp_id, state, attempts, now)
        left = row.attempts_max - attempts if result is Guess.WRONG else 0
        found.append(Answered(result, left, row.contact_id, row.purpose))
        return [_prove(conn, workspace, row, otp_id, now)] if result is Guess.VERIFIED else []

    asks.act(write, now)
    return found[-1]


def _prove(conn: Conn, workspace: Workspace, row: Guessed, otp_id: UUID, now: datetime) -> NewEntry:
    """The entry by which the contact's owner learns of it. It names the address only where that is the only one that
    the code went to and, of a number or mailbox, the contact the only one that has it (M1)."""
    places = {(way["kind"], way["value"], way["scope"], way["key"]) for way in row.ways[: row.place + 1]}
    proof = OtpVerifiedEntry(row.contact_id, otp_id, now)
    if len(places) == 1:
        [(kind, value, scope, key)] = places
        owners = find_by_address(conn, workspace.pk, kind, key) if key else []
        if len(set(owners)) <= 1:
            proof = OtpVerifiedEntry(row.contact_id, otp_id, now, kind, value, scope)
    return _append(workspace, proof, now)


def hash_code(otp_id: UUID, code: str) -> bytes:
    """What is kept of a code."""
    return hash_secretly("otp", str(otp_id), code)


def _append(workspace: Workspace, entry: Entry, now: datetime) -> NewEntry:
    return NewEntry(route(workspace.pk, entry), workspace.pk, key_of(entry), entry, now)


def describe(asked: Asked) -> dict[str, Any]:
    """As the API tells it."""
    return {
        "id": asked.id,
        "contact_id": asked.contact_id,
        "channels": list(asked.channels),
        "expires_at": asked.expires_at,
    }
