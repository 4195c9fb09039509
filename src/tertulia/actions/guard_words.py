"""Which guard paused a journey, in words."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _


def tell_guard(fired: Mapping[str, Any]) -> str:
    """Paused by its guard: 12 of 150 messages failed (8.0 %), allowed 5%."""
    words = {
        "bounces": _("%(count)s of %(of)s messages failed (%(share)s %%), allowed %(allowed)s"),
        "complaints": _("%(count)s of %(of)s customers blocked you (%(share)s %%), allowed %(allowed)s"),
        "opt_outs": _("%(count)s of %(of)s customers opted out (%(share)s %%), allowed %(allowed)s"),
        "aborts": _("%(count)s of %(of)s messages could not be written (%(share)s %%), allowed %(allowed)s"),
    }[str(fired["guard"])]
    count, of = int(fired.get("count", 0)), int(fired.get("of", 0))
    share = f"{count * 100 / (of or 1):.1f}"
    return str(words % {"count": count, "of": of, "share": share, "allowed": fired["allowed"]})
