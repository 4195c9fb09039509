"""Asks Twilio about a lost message by the list of messages to its number (source: “Read multiple Message resources”).

There is no look-up by a reference of ours, so the text decides: it carries the customer's own link.

Twilio may write a text anew (smart encoding), so a message of another text since then could still be ours. Only a list
that reaches back to the hand-over and holds nothing since then says that ours was never taken.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from tertulia.channels.base import Finding, HttpResponse, LookedUp, LostMessage
from tertulia.channels.twilio.codes import judge_code
from tertulia.channels.twilio.inbound import STATES
from tertulia.channels.wire import pick, pick_id, pick_int, pick_maps, pick_text, read_answer

PAGE_MESSAGES = 100
SKEW = timedelta(minutes=2)  # between our clock and Twilio's
_UNCLEAR = LookedUp(Finding.UNCLEAR)


def judge(lost: LostMessage, response: HttpResponse) -> LookedUp:
    """What the list says."""
    answer = read_answer(response)
    rows, listed = pick_maps(answer, "messages"), pick(answer, "messages")
    if response.status != 200 or not isinstance(listed, list) or len(rows) != len(listed):
        return _UNCLEAR
    dated = [(_read_date(row), row) for row in rows]
    since = lost.handed_at - SKEW
    recent = [row for made_at, row in dated if made_at is None or made_at >= since]
    ours = [row for row in recent if pick_id(row, "sid") and _fold(pick_text(row, "body")) == _fold(lost.text)]
    if ours:
        return _describe(ours[0])
    complete = len(rows) < PAGE_MESSAGES and not pick_text(answer, "next_page_uri")
    reaches_back = complete or any(made_at is not None and made_at < since for made_at, _ in dated)
    return LookedUp(Finding.ABSENT) if not recent and reaches_back else _UNCLEAR


def _describe(row: Mapping[str, Any]) -> LookedUp:
    state = STATES.get(pick_text(row, "status"), "")
    outcome = judge_code(pick_int(row, "error_code") or 30008, "") if state == "failed" else None
    parts = pick_int(row, "num_segments") or None
    return LookedUp(Finding.FOUND, (pick_id(row, "sid"),), state, outcome, parts)


def _fold(text: str) -> str:
    return " ".join(text.split())


def _read_date(row: Mapping[str, Any]) -> datetime | None:
    try:
        read = parsedate_to_datetime(pick_text(row, "date_created", limit=64))
    except (ValueError, OverflowError):
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)
