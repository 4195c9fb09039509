"""Why? For any contact and match: was it sent, and why or why not, gate by gate (S1).

For who was in the audience the ledger tells: its rows carry every gate that was passed and the one that refused, with
the facts used. For who never was, nothing is stored: the audience's conditions are asked again, one by one, and the
answer names the first that fails, with its value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from tertulia.actions.contacts import access_contact
from tertulia.channels.outcomes import REASONS
from tertulia.core.gates import ORDER
from tertulia.core.reasons import Reason, explain
from tertulia.data.models import Match, Workspace
from tertulia.store import contacts as contact_store
from tertulia.store import ledger_read as store
from tertulia.store.db import Conn

ROWS_MAX: Final = 100
GATES: Final = (*(name for name, _gate in ORDER), "provider")


@dataclass(frozen=True, slots=True)
class GateLine:
    """One gate in its fixed order: `passed`, `failed` or `not_reached`, with the facts that it used."""

    gate: str
    state: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of an audience, and whether this contact meets it."""

    name: str
    met: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The account. `sentence` says it in one; `outcome` is sent, held, not_sent, ghost, failed, revoked, waiting or
    not_in_audience; `gates` are those of the newest decision by gates; `conditions` only for who was not in the
    audience. `rows` are all decisions, the newest first."""

    contact_id: int
    match_id: int
    outcome: str
    reason: str
    sentence: str
    at: datetime | None
    gates: tuple[GateLine, ...]
    rows: tuple[store.LedgerRow, ...]
    progress: store.ProgressRow | None
    conditions: tuple[Condition, ...]


def explain_why(conn: Conn, workspace: Workspace, contact_id: int, match: Match) -> Answer:
    """The whole account for one contact and one match. Raises NotFound for another workspace's contact."""
    contact = access_contact(conn, workspace, contact_id)
    family = (contact.id, *contact_store.read_absorbed(conn, workspace.pk, contact.id))
    rows = store.read_ledger(conn, family, match.pk, limit=ROWS_MAX)
    progress = next(iter(store.read_progress(conn, family, match.pk)), None)
    if rows:
        newest = rows[0]
        sentence = tell(newest.outcome, newest.reason)
        gates = read_gates(rows)
        return _answer(contact.id, match, newest.outcome, newest.reason, sentence, newest.at, gates, rows, progress)
    if progress is not None:
        reason = progress.reason or Reason.NOT_SENT_YET.value
        return _answer(contact.id, match, "waiting", reason, explain_reason(reason), None, (), (), progress)
    conditions = judge_audience(conn, contact, family, match)
    failed = next((item for item in conditions if not item.met), None)
    sentence = failed.sentence if failed else _("The contact belongs to the audience.")
    reason = failed.name if failed else ""
    return _answer(contact.id, match, "not_in_audience", reason, sentence, None, (), (), None, conditions)


def read_gates(rows: Sequence[store.LedgerRow]) -> tuple[GateLine, ...]:
    """The gates of the newest decision that asked them, in their fixed order."""
    row = next((row for row in rows if "passed" in row.facts), None)
    if row is None:
        return ()
    passed: dict[str, Mapping[str, Any]] = dict(row.facts["passed"])
    lines = []
    for gate in GATES:
        if gate in passed:
            lines.append(GateLine(gate, "passed", passed[gate]))
        elif gate == row.gate and row.outcome in ("held", "not_sent", "ghost"):
            lines.append(GateLine(gate, "failed", row.facts.get("used", {})))
        elif gate == row.gate:
            lines.append(_provider_line(rows))
        else:
            lines.append(GateLine(gate, "not_reached", {}))
    return tuple(lines)


def judge_audience(
    conn: Conn, contact: contact_store.Contact, family: Sequence[int], match: Match
) -> tuple[Condition, ...]:
    """The audience's conditions for one contact, in the order in which they are asked."""
    launched = match.launched_at
    conditions = [
        Condition("launched", launched is not None, _("The match has not been launched.")),
        Condition("erased", contact.erased_at is None, _("This customer was erased.")),
    ]
    if launched is not None:
        sentence = _("The contact came on %(at)s, after the audience was frozen.") % {
            "at": contact.created_at.isoformat(timespec="seconds")
        }
        conditions.append(Condition("created", contact.created_at <= launched, sentence))
    audience = match.audience
    if "imports" in audience:
        member = store.is_in_imports(conn, family, audience["imports"])
        sentence = _("The contact is in none of the match's lists.")
        conditions.append(Condition("imports", member, sentence))
    if "contacts" in audience:
        member = bool(set(family) & set(audience["contacts"]))
        conditions.append(Condition("contacts", member, _("The contact is not among those chosen for the match.")))
    return tuple(conditions)


def explain_reason(code: str) -> str:
    """A reason code in the reader's language, whether ours or a channel's; the code itself when it is neither."""
    try:
        return str(_(explain(Reason(code))))
    except ValueError:
        reason = REASONS.get(code)
        return str(_(reason.sentence)) if reason else code


def tell(outcome: str, reason: str) -> str:
    """One sentence: what came of it, and why."""
    heads: dict[str, str] = {
        "sent": _("Sent."),
        "held": _("Not sent yet."),
        "not_sent": _("Not sent."),
        "ghost": _("Held out: passed every gate and was not sent."),
        "failed": _("Failed."),
        "revoked": _("Taken back before it was sent."),
        "not_entered": _("Did not enter."),
        "unanswered": _("Not answered."),
        "unconfirmed": _("Delivery not confirmed."),
        "not_handed_over": _("Not handed over."),
        "called": _("Called."),
        "assigned": _("Assigned a way."),
        "timed": _("Its hour was chosen."),
        "moved": _("Goes on by another revision."),
        "restarted": _("Began again."),
    }
    head = heads.get(outcome, outcome)
    return f"{head} {explain_reason(reason)}" if reason else head


def _provider_line(rows: Sequence[store.LedgerRow]) -> GateLine:
    """What the provider made of it: failed when a later row says so."""
    failed = next((row for row in rows if row.gate == "provider" and row.outcome == "failed"), None)
    return GateLine("provider", "failed", failed.facts) if failed else GateLine("provider", "passed", {})


def _answer(
    contact_id: int,
    match: Match,
    outcome: str,
    reason: str,
    sentence: str,
    at: datetime | None,
    gates: tuple[GateLine, ...],
    rows: Sequence[store.LedgerRow],
    progress: store.ProgressRow | None,
    conditions: tuple[Condition, ...] = (),
) -> Answer:
    return Answer(contact_id, match.pk, outcome, reason, sentence, at, gates, tuple(rows), progress, conditions)
