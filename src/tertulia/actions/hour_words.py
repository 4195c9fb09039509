"""A choice of hour in words: when a message goes out, and what that was chosen by."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from tertulia.actions.call_words import tell_call
from tertulia.actions.why import tell
from tertulia.core.calls import GATE as CALL_GATE
from tertulia.core.reasons import Reason
from tertulia.core.send_times import GATE
from tertulia.store.journeys import RunView
from tertulia.store.ledger_read import LedgerRow


def tell_hour(row: LedgerRow) -> str:
    """One choice: when, by whose clock, and how often that had been the hour."""
    said = {name: row.facts.get(name, "") for name in ("hour", "zone", "came", "of")}
    match row.reason:
        case Reason.HOUR_OWN:
            why = _("The customer opened, clicked or wrote %(of)s times, %(came)s of them in that hour.")
        case Reason.HOUR_TYPICAL:
            why = _("Too little is known of this customer; all customers did %(came)s of %(of)s times in that hour.")
        case _:
            why = _("Too little is known of when customers look, so it is the hour that is stated.")
    return f"{_('Goes out at %(hour)s in %(zone)s.') % said} {why % said}"


def tell_hours(rows: Sequence[LedgerRow], run: RunView) -> str:
    """The hours that were chosen for messages of a run, the newest first; empty where none was."""
    mine = [row for row in rows if row.gate == GATE and row.at >= run.started_at]
    return " ".join(f"{row.step}: {tell_hour(row)}" for row in mine)


def tell_row(row: LedgerRow) -> str:
    """Any decision in a sentence."""
    if row.gate == GATE:
        return tell_hour(row)
    return tell_call(row) if row.gate == CALL_GATE else tell(row.outcome, row.reason)
