"""Asks a gateway's status address about a message by our reference. The answer is read like a delivery report.

That the gateway has no such message counts only where the user has said how it says so: an address that answers 404 to
everything must not send everything a second time.
"""

from collections.abc import Mapping
from dataclasses import replace

from tertulia.channels import checks
from tertulia.channels.base import Finding, HttpRequest, HttpResponse, LookedUp, LostMessage, Receipt
from tertulia.channels.http_sms.inbound import parse_report
from tertulia.channels.http_sms.outbound import fits, write_auth
from tertulia.channels.http_sms.profile import Profile, fill, read_pairs
from tertulia.channels.wire import NOTHING, clean_text, path_part, read_answer, with_query

NOBODYS_REF = "00000000-0000-5000-8000-000000000000"  # no message of ours has it
_UNCLEAR = LookedUp(Finding.UNCLEAR)


def write_request(profile: Profile, url: str, values: Mapping[str, str], redact: tuple[str, ...]) -> HttpRequest:
    """The request that asks about one message."""
    headers, query = write_auth(profile, values)
    filled = fill(url, {name: path_part(value) for name, value in values.items()})
    return HttpRequest("GET", with_query(filled, query), headers, redact=redact)


def judge(profile: Profile, fields: str, absent: str, lost: LostMessage, response: HttpResponse) -> LookedUp:
    """What the answer says."""
    if is_absent(absent, response):
        return LookedUp(Finding.ABSENT)
    if not 200 <= response.status < 300:
        return _UNCLEAR
    read = replace(profile, report_fields=dict(read_pairs(fields))) if fields else profile
    report = parse_report(read, read_answer(response) or NOTHING, lost.delivery_id, lost.handed_at)
    if not isinstance(report, Receipt):
        return _UNCLEAR
    ids = (report.message_id,) if report.message_id else ()
    return LookedUp(Finding.FOUND, ids, report.state, report.outcome)


def is_absent(rule: str, response: HttpResponse) -> bool:
    """Whether the gateway says that it has no such message, by the user's rule; never by a fault of its own."""
    told = 200 <= response.status < 300 or response.status in (404, 410)
    text = clean_text(response.body[:65_536].decode("utf-8", "replace"))
    return bool(rule) and told and fits(rule, text)


def judge_probe(rule: str, response: HttpResponse) -> checks.Judged:
    """The finding about a question for a message that never was."""
    if is_absent(rule, response):
        return checks.found(checks.passed("The status address says so when it has no such message."))
    return checks.found(
        checks.failed(
            "The status address does not say so when it has no such message. Look at “Has no such message when”."
        )
    )
