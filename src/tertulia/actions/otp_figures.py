"""What became of one-time codes lately, and to which countries they may go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import phonenumbers
from django.utils.translation import gettext as _

from tertulia.actions.audit import record_change
from tertulia.actions.problems import Problem, Refused
from tertulia.data.models import User, Workspace
from tertulia.store.db import Conn
from tertulia.store.otp_read import Figure, Recent, count_otps, list_otps

SPAN: Final = timedelta(days=30)
RECENT_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class Lately:
    """Of the last 30 days: figures by the channel that a code went out on last, and the newest codes."""

    figures: list[Figure]
    recent: list[Recent]


def read_lately(conn: Conn, workspace: Workspace, now: datetime) -> Lately:
    """What people and machines may see of codes: everything but the codes."""
    return Lately(count_otps(conn, workspace.pk, now - SPAN, now), list_otps(conn, workspace.pk, now, RECENT_MAX))


def set_countries(workspace: Workspace, user: User | None, now: datetime, countries: Sequence[str]) -> None:
    """Codes go to numbers of these countries alone, ISO 3166 codes; of none: to all. Raises Refused."""
    wrong = sorted(set(countries) - phonenumbers.SUPPORTED_REGIONS)
    if wrong:
        message = _("“%(code)s” is no country. Give two letters, such as BR.") % {"code": wrong[0]}
        raise Refused([Problem("choice", message, "countries")])
    workspace.otp_countries = sorted(set(countries))
    workspace.save(update_fields=["otp_countries"])
    facts = {"countries": len(workspace.otp_countries)}
    record_change(workspace, user, now, "otp_countries_changed", f"workspace:{workspace.pk}", facts)
