"""WhatsApp's *Test* and set-up: the number behind the id, and whether Meta sends this account's calls to us."""

from collections.abc import Callable

from tertulia.channels.base import Check, HttpResponse
from tertulia.channels.checks import Judged, Step, failed, found, halt, passed
from tertulia.channels.meta import is_bad_token, read_error
from tertulia.channels.wire import JsonMap, pick_maps, pick_text, read_answer

_TOKEN = "Meta refuses the access token. Make a permanent one for a system user and enter it again."  # noqa: S105


def judge_number(response: HttpResponse, phone: str, hook_url: str, apps: Callable[[str], Step]) -> Judged:
    """GET /{phone_number_id}: does the token see the number, is it the one that customers see, and does it have an
    address of its own? Without one the account's subscription decides, which `apps` asks for; it is given the address
    that was entered in the app, empty where Meta names none."""
    if is_bad_token(response):
        return halt(_TOKEN)
    if response.status != 200:
        return halt("Meta does not find the phone number ID: {reason}", reason=read_error(response))
    answer = read_answer(response)
    number = _judge_quality(answer, phone)
    own = pick_text(answer, "webhook_configuration", "phone_number")
    if not own:
        return Judged((number,), then=(apps(pick_text(answer, "webhook_configuration", "application")),))
    return found(number, _judge_address(own, hook_url))


def _judge_quality(answer: JsonMap, phone: str) -> Check:
    shown = pick_text(answer, "display_phone_number", limit=40)
    if "".join(filter(str.isdecimal, shown)) != "".join(filter(str.isdecimal, phone)):
        return failed("The phone number ID belongs to {number}, not to the number entered.", number=shown)
    if pick_text(answer, "quality_rating", limit=40).upper() == "RED":
        return failed("The number is right, but Meta rates its quality as low and may limit it.")
    return passed("The token and the number {number} are good.", number=shown)


def judge_subscription(response: HttpResponse, hook_url: str, application: str) -> Judged:
    """GET /{waba_id}/subscribed_apps: an override of ours, or the app's own address, which is `application`."""
    if response.status != 200:
        return halt("Meta does not find the WhatsApp Business account: {reason}", reason=read_error(response))
    apps = pick_maps(read_answer(response), "data")
    if not apps:
        return found(failed("No app is subscribed to this WhatsApp account, so no message arrives. Press Set up."))
    overrides = [address for app in apps if (address := pick_text(app, "override_callback_uri"))]
    if not overrides and application == hook_url:
        return found(_judge_address(application, hook_url))
    if not overrides:
        return found(
            failed("The app is subscribed, but not with this server's address. Press Set up, or enter it in the app.")
        )
    return found(_judge_address(hook_url if hook_url in overrides else overrides[0], hook_url))


def _judge_address(address: str, hook_url: str) -> Check:
    if address == hook_url:
        return passed("Meta sends the messages of this number to this server.")
    return failed("Meta sends the messages to {url}, not to this server. Press Set up.", url=address)


def judge_subscribe(response: HttpResponse) -> Judged:
    """POST /{waba_id}/subscribed_apps with our address: Meta calls it at once with a challenge."""
    if is_bad_token(response):
        return halt(_TOKEN)
    if read_answer(response).get("success") is True:
        return found(passed("Meta called this server and got the right answer."))
    return halt("Meta did not accept the address: {reason}", reason=read_error(response))


def judge_own_address(response: HttpResponse) -> Judged:
    """POST /{phone_number_id}: an address for this number alone, so that an account's numbers can be channels each."""
    if read_answer(response).get("success") is True:
        return found(passed("Meta sends the messages of this number to this server."))
    return found(
        failed(
            "Meta did not accept an address for this number alone: {reason}. With one number in the account that does "
            "no harm.",
            reason=read_error(response),
        )
    )
