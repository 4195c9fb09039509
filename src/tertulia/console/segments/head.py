"""What every tab of a segment shows in its head: name, state, draft, how many are in it."""

from django.http import HttpRequest

from tertulia.actions.problems import Problem
from tertulia.actions.segments import check_text, is_list, is_published
from tertulia.console.access import get_now, may_change
from tertulia.console.segments.words import describe_state
from tertulia.data.models import Segment
from tertulia.ids import SHARDS
from tertulia.store.db import django_conn
from tertulia.store.segments import count_members, count_pending


def describe_segment(
    request: HttpRequest, segment: Segment, tab: str, problems: list[Problem] | None = None
) -> dict[str, object]:
    """The context that the tabs share. `counted`: how much of all contacts has been looked through since the last turn,
    in whole per cent; None where nothing is left to do."""
    conn = django_conn()
    if problems is None:
        _document, problems = check_text(segment.workspace, segment.document, segment.key)
    return {
        "segment": segment,
        "state": describe_state(segment),
        "is_list": is_list(segment),
        "same": is_published(segment),
        "problems": problems,
        "tab": tab,
        "topic": f"segment:{segment.pk}",
        "members": count_members(conn, [segment.pk]).get(segment.pk, 0) if segment.state == "live" else 0,
        "counted": find_progress(segment),
        "may_change": may_change(request) and segment.state != "archived",
        "now": get_now(request),
    }


def find_progress(segment: Segment) -> int | None:
    """How much has been looked through since the last turn, in per cent; None where all has."""
    if segment.state != "live":
        return None
    pending = count_pending(django_conn(), segment.pk, segment.turn, len(SHARDS))
    return 100 * (len(SHARDS) - pending) // len(SHARDS) if pending else None
