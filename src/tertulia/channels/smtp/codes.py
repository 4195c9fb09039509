"""What a mail server's answers mean (RFC 5321, RFC 3463). The enhanced code tells most; where a server gives none, the
stage at which it refused and a few words of its text do.

A refusal of one recipient fails that one alone (S2). What concerns the sender, the user or the server itself stops the
channel. An address is dead only where the server says that nobody is there: a bare 550 may as well be a policy.
"""

import re

from tertulia.channels.base import Outcome
from tertulia.channels.mail import SmtpAnswer
from tertulia.channels.outcomes import make_outcome

GREYLISTED_S = 300.0  # who is put off on purpose comes back too early for a minute or two

CODES = {
    "5.1.1": "gone.unknown",
    "5.1.2": "gone.unknown",
    "5.1.3": "gone.unknown",
    "5.1.6": "gone.unknown",
    "5.1.7": "fix.sender",
    "5.1.8": "fix.sender",
    "5.1.10": "gone.unknown",
    "5.2.1": "gone.unknown",
    "5.2.2": "gone.for_now",
    "5.2.3": "fix.too_long",
    "5.3.4": "fix.too_long",
    "5.6.7": "fix.address",
    "5.7.8": "fix.credentials",
    "5.7.9": "fix.credentials",
    "5.7.20": "fix.sender",
    "5.7.21": "fix.sender",
    "5.7.22": "fix.sender",
    "5.7.23": "fix.sender",
    "5.7.24": "fix.sender",
    "5.7.25": "fix.sender",
    "5.7.26": "fix.sender",
    "5.7.27": "fix.sender",
    "5.7.60": "fix.sender",
    "5.7.133": "gone.refused",
}
"""Enhanced codes whose meaning does not hang on the stage. 5.7.20 to 5.7.27: SPF, DKIM, DMARC or reverse DNS;
5.7.133: a group that takes mail only from inside."""

_FAMILIES = (("5.2.", "gone.refused"), ("5.4.", "gone.refused"), ("5.6.", "fix.content"))
_ENHANCED = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_NOBODY = re.compile(r"(?i)unknown|no such|n[o']t exist|not found|no mailbox|invalid (user|mailbox|recipient)")
_RELAY = re.compile(r"(?i)relay(ing)?( access)? (is )?(denied|not|prohibited)|authentication (is )?required")
_CREDENTIALS = (530, 534, 535, 538)


def judge(answer: SmtpAnswer, provider_id: str = "") -> Outcome:
    """The outcome of a server's last word. `provider_id`: the id of the message where it was taken."""
    if answer.stage == "message" and 200 <= answer.status < 300:
        return make_outcome("ok", provider_ids=(provider_id,))
    enhanced = find_enhanced(answer.text)
    code = f"{answer.status} {enhanced}".strip()
    if answer.status < 500:
        return _judge_delay(answer, code, enhanced)
    return make_outcome(_find_reason(answer, enhanced), code, answer.text)


def find_enhanced(text: str) -> str:
    """The enhanced code in a reply's text; empty without one."""
    found = _ENHANCED.search(text)
    return found[1] if found else ""


def _judge_delay(answer: SmtpAnswer, code: str, enhanced: str) -> Outcome:
    """421 is the server's own pace; anything else may be about this recipient alone."""
    if answer.status == 421:
        return make_outcome("retry.throttled", code, answer.text)
    greylisted = enhanced in ("4.7.1", "4.2.0") or "greylist" in answer.text.lower()
    wait_s = GREYLISTED_S if greylisted and answer.stage == "recipient" else None
    return make_outcome("retry.unavailable", code, answer.text, retry_after=wait_s)


def _find_reason(answer: SmtpAnswer, enhanced: str) -> str:
    if answer.stage == "login" or answer.status in _CREDENTIALS:
        return "fix.credentials"
    if answer.stage in ("connect", "tls"):
        return "fix.permission" if answer.stage == "connect" else "fix.setup"
    if enhanced in CODES:
        return CODES[enhanced]
    if answer.stage == "sender":
        return "fix.too_long" if answer.status == 552 else "fix.sender"
    if _RELAY.search(answer.text):
        return "fix.permission"
    for family, reason in _FAMILIES:
        if enhanced.startswith(family):
            return reason
    if enhanced.startswith("5.7.") or answer.status == 554:
        return "fix.policy"
    return _judge_recipient(answer) if answer.stage == "recipient" else _judge_message(answer)


def _judge_recipient(answer: SmtpAnswer) -> str:
    match answer.status:
        case 550 | 551 | 553:
            return "gone.unknown" if _NOBODY.search(answer.text) else "gone.refused"
        case 552:
            return "gone.for_now"
        case 501:
            return "fix.address"
        case _:
            return "fix.request"


def _judge_message(answer: SmtpAnswer) -> str:
    match answer.status:
        case 552:
            return "fix.too_long"
        case 550:
            return "gone.unknown" if _NOBODY.search(answer.text) else "fix.policy"
        case _:
            return "fix.content"
