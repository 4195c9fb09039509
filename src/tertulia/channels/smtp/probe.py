"""A mail server's *Test*: everything of a conversation but the message."""

from functools import partial

from tertulia.channels import checks
from tertulia.channels.mail import SmtpAnswer, SmtpSend

UNENCRYPTED = checks.failed(
    "User name and password would travel unencrypted. Choose STARTTLS or TLS, unless the server is in your own network."
)
NO_PORT = checks.failed("The port is not a number. Usually it is 587, 465 or 25.")
NO_HTTPS = checks.failed(
    "This server has no public https address yet, so no mail program can unsubscribe with one click. Set PUBLIC_URL."
)
NOTHING_COMES_IN = checks.passed(
    "Nothing is to be entered at the provider: this channel sends, and answers go to the mailbox of the sender."
)
_REFUSED = {
    "connect": "{host} does not talk to this server: {reason}",
    "tls": "{host} does not begin encryption: {reason}",
    "login": "{host} refuses the user name or the password: {reason}",
    "sender": "{host} does not let this user send as {sender}: {reason}",
}
REASON_CHARACTERS_MAX = 200


def make_step(request: SmtpSend) -> checks.Step:
    """The conversation up to the sender's address."""
    return checks.Step(request, partial(_judge, request))


def _judge(request: SmtpSend, answer: SmtpAnswer) -> checks.Judged:
    if answer.status >= 400:
        reason = f"{answer.status} {' '.join(answer.text.split())}"[:REASON_CHARACTERS_MAX]
        return checks.halt(_REFUSED[answer.stage], host=request.host, sender=request.sender, reason=reason)
    if request.user:
        sentence = "{host} takes the user name and the password, and mail from {sender}."
    else:
        sentence = "{host} takes mail from {sender}."
    return checks.found(checks.passed(sentence, host=request.host, sender=request.sender))
