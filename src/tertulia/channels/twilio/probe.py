"""Twilio's *Test* and set-up: the account, the sender, and the address that Twilio calls for it."""

from collections.abc import Callable

from tertulia.channels.base import HttpRequest, HttpResponse
from tertulia.channels.checks import WAIT_FOR_CALL, Judged, Step, failed, found, halt, passed
from tertulia.channels.wire import path_part, pick, pick_id, pick_maps, pick_text, read_answer

Request = Callable[[str, str, tuple[tuple[str, str], ...]], HttpRequest]
"""Makes a request of a method, an address and form parameters."""


def judge_account(response: HttpResponse) -> Judged:
    """GET the account: the credentials are good and the account is active."""
    if response.status == 401:
        return halt("Twilio refuses the account SID or the auth token. Copy both again from the Twilio console.")
    if response.status != 200:
        return halt("Twilio does not find this account: {reason}", reason=_reason(response))
    status = pick_text(read_answer(response), "status", limit=40)
    if status != "active":
        return halt("The Twilio account is {status}. Twilio's support can lift that.", status=status)
    return found(passed("The credentials are good and the account is active."))


def judge_number(response: HttpResponse, sender: str, hook_url: str) -> Judged:
    """GET the numbers bought: ours is one, and its messages come here."""
    numbers = pick_maps(read_answer(response), "incoming_phone_numbers")
    if response.status != 200:
        return halt("Twilio does not list the numbers: {reason}", reason=_reason(response))
    if not numbers:
        return halt("{number} is not a number of this Twilio account.", number=sender)
    if pick(numbers[0], "capabilities", "sms") is False:
        return halt("{number} cannot send text messages. Choose another number.", number=sender)
    return _judge_address(pick_text(numbers[0], "sms_url"), hook_url)


def judge_service(response: HttpResponse, hook_url: str) -> Judged:
    """GET the messaging service: it exists, and its messages come here."""
    if response.status != 200:
        return halt("Twilio does not find this messaging service: {reason}", reason=_reason(response))
    answer = read_answer(response)
    if pick(answer, "use_inbound_webhook_on_number") is True:
        return found(
            failed("The messaging service leaves replies to each number's own address. Press Set up to change it.")
        )
    return _judge_address(pick_text(answer, "inbound_request_url"), hook_url)


def setup_number(request: Request, numbers_url: str, hook_url: str) -> Callable[[HttpResponse], Judged]:
    """After the look-up: write our address into the number."""

    def judge(response: HttpResponse) -> Judged:
        numbers = pick_maps(read_answer(response), "incoming_phone_numbers")
        sid = pick_id(numbers[0], "sid") if numbers else ""
        if not sid:
            return halt("Twilio does not find the sender among this account's numbers.")
        body = (("SmsUrl", hook_url), ("SmsMethod", "POST"))
        return Judged(then=(Step(request("POST", f"{numbers_url}/{path_part(sid)}.json", body), judge_setup),))

    return judge


def judge_setup(response: HttpResponse) -> Judged:
    if 200 <= response.status < 300:
        return found(passed("Twilio sends replies to this server from now on."))
    return halt("Twilio did not accept the address: {reason}", reason=_reason(response))


def _judge_address(url: str, hook_url: str) -> Judged:
    if not url:
        return found(failed("Twilio has no address for replies. Press Set up, or enter the webhook address there."))
    if url.partition("#")[0] != hook_url:  # behind it stands how often Twilio calls again
        return found(failed("Twilio sends replies to {url}, not to this server. Press Set up.", url=url))
    return found(passed("Twilio sends replies to this server."), WAIT_FOR_CALL)


def _reason(response: HttpResponse) -> str:
    return pick_text(read_answer(response), "message", limit=200) or f"HTTP {response.status}"
