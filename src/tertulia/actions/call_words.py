"""Calls to the company's API in words (S6): what was called, when, and what came back. The ledger has names and codes;
values that a call saved stand with its run and go when the person is erased."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.utils.translation import gettext as _

from tertulia.actions.why import explain_reason
from tertulia.core.calls import GATE
from tertulia.store.journeys import RunView
from tertulia.store.ledger_read import LedgerRow

ROWS_MAX: Final = 10
VALUE_SHOWN_MAX: Final = 100


def tell_call(row: LedgerRow) -> str:
    """One decision about a call: `POST shop, attempt 2, 404`, and its reason."""
    facts = row.facts
    parts = [f"{facts.get('method', '')} {facts.get('endpoint', '')}".strip()]
    if facts.get("attempt"):
        parts.append(_("attempt %(n)s") % {"n": facts["attempt"]})
    if facts.get("status"):
        parts.append(_("answered %(status)s") % {"status": facts["status"]})
    told = ", ".join(part for part in parts if part)
    return f"{told}: {explain_reason(row.reason)}" if told else explain_reason(row.reason)


def tell_calls(rows: Sequence[LedgerRow], run: RunView) -> str:
    """What the calls of a run came to, the newest first, and what they saved; empty where it made none."""
    mine = [row for row in rows if row.gate == GATE and row.at >= run.started_at][:ROWS_MAX]
    lines = [f"{row.step}: {tell_call(row)}" for row in mine]
    lines += [
        _("“%(step)s” saved: %(values)s.") % {"step": step, "values": _list_values(values)}
        for step, values in run.results.items()
    ]
    return " ".join(lines)


def _list_values(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {str(value)[:VALUE_SHOWN_MAX]}" for name, value in values.items())
