"""LINE's *Test* and set-up: whose token this is, and LINE's own test of our webhook."""

from tertulia.channels.base import HttpResponse
from tertulia.channels.checks import Judged, failed, found, halt, passed
from tertulia.channels.wire import pick, pick_text, read_answer

_TEST_ERRORS = {
    "COULD_NOT_CONNECT": "LINE could not reach this server. Check PUBLIC_URL, the firewall and the certificate.",
    "REQUEST_TIMEOUT": "This server did not answer LINE in time.",
    "ERROR_STATUS_CODE": "This server refused LINE's test call. Check the channel secret.",
    "UNCLASSIFIED": "LINE's test of the webhook failed for a reason that it does not name.",
}


def judge_info(response: HttpResponse, basic_id: str) -> Judged:
    """GET /v2/bot/info: the token belongs to this account."""
    if response.status == 401:
        return halt("LINE refuses the channel access token. Issue a new one in the LINE Developers console.")
    if response.status != 200:
        return halt("LINE refused: {reason}", reason=read_reason(response))
    answer = read_answer(response)
    names = {pick_text(answer, "basicId", limit=64).lower(), pick_text(answer, "premiumId", limit=64).lower()}
    if basic_id.lower() not in names:
        return found(failed("The token belongs to {name}. Correct the basic ID.", name=pick_text(answer, "basicId")))
    if answer.get("chatMode") == "chat":
        return found(
            failed("The account answers by hand. In LINE Official Account Manager, Response settings, allow webhooks.")
        )
    return found(passed("The token is good: this is {name}.", name=pick_text(answer, "displayName", limit=100)))


def judge_endpoint(response: HttpResponse, hook_url: str) -> Judged:
    """GET the webhook's address at LINE."""
    if response.status == 404:
        return halt("LINE has no webhook address for this account. Press Set up.")
    if response.status != 200:
        return halt("LINE refused: {reason}", reason=read_reason(response))
    answer = read_answer(response)
    url = pick_text(answer, "endpoint")
    if url != hook_url:
        return halt("LINE sends events to {url}, not to this server. Press Set up.", url=url)
    if pick(answer, "active") is not True:
        return halt("The address is right, but “Use webhook” is off. Switch it on: LINE Developers, Messaging API.")
    return found(passed("LINE sends events to this server."))


def judge_test(response: HttpResponse) -> Judged:
    """POST LINE's own test: it calls us and says what came of it."""
    answer = read_answer(response)
    if response.status == 200 and answer.get("success") is True:
        return found(passed("LINE called this server and got the right answer."))
    if response.status != 200:
        return halt("LINE could not run its test: {reason}", reason=read_reason(response))
    reason = pick_text(answer, "reason", limit=64)
    return found(failed(_TEST_ERRORS.get(reason, _TEST_ERRORS["UNCLASSIFIED"])))


def judge_setup(response: HttpResponse) -> Judged:
    if response.status == 200:
        return found(passed("LINE has this server's address. “Use webhook” must be on in the LINE Developers console."))
    return halt("LINE did not accept the address: {reason}", reason=read_reason(response))


def read_reason(response: HttpResponse) -> str:
    return pick_text(read_answer(response), "message", limit=200) or f"HTTP {response.status}"
