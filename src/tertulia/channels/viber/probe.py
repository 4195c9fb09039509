"""Viber's *Test* and set-up: whose token this is, and where Viber sends callbacks."""

from tertulia.channels.base import HttpResponse
from tertulia.channels.checks import Judged, failed, found, halt, passed
from tertulia.channels.wire import pick_int, pick_text, read_answer

EVENT_TYPES = ("delivered", "seen", "failed", "subscribed", "unsubscribed", "conversation_started")


def judge_account(response: HttpResponse, bot_uri: str, hook_url: str) -> Judged:
    """get_account_info: the bot's name and its webhook."""
    answer = read_answer(response)
    status = pick_int(answer, "status")
    if status == 2:
        return halt("Viber does not know this authentication token. Copy it again from the Viber admin panel.")
    if status != 0:
        return halt("Viber refused: {reason}", reason=read_reason(response))
    uri, webhook = pick_text(answer, "uri", limit=100), pick_text(answer, "webhook")
    name = pick_text(answer, "name", limit=100)
    if uri.lower() != bot_uri.lower():
        return found(failed("The token belongs to the bot “{uri}”. Correct the bot URI.", uri=uri))
    good = passed("The token is good: this is {name}.", name=name)
    if not webhook:
        return found(good, failed("Viber has no webhook for this bot, so nothing works yet. Press Set up."))
    if webhook != hook_url:
        return found(good, failed("Viber sends callbacks to {url}, not to this server. Press Set up.", url=webhook))
    return found(good, passed("Viber sends callbacks to this server."))


def judge_setup(response: HttpResponse) -> Judged:
    """set_webhook: Viber calls the address before it answers."""
    status = pick_int(read_answer(response), "status")
    if status == 0:
        return found(passed("Viber called this server and got the right answer."))
    if status == 1:
        return halt("Viber could not call this server. It needs a public https address and a public certificate.")
    return halt("Viber did not accept the address: {reason}", reason=read_reason(response))


def read_reason(response: HttpResponse) -> str:
    return pick_text(read_answer(response), "status_message", limit=200) or f"HTTP {response.status}"
