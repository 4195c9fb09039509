"""WhatsApp's *Test* and set-up: the number behind the id, and whether Meta sends this account's calls to us."""

from tertulia.channels.base import HttpRequest, HttpResponse
from tertulia.channels.checks import Judged, Step, failed, found, halt, passed
from tertulia.channels.meta import is_bad_token, read_error
from tertulia.channels.wire import pick_maps, pick_text, read_answer

_TOKEN = "Meta refuses the access token. Make a permanent one for a system user and enter it again."  # noqa: S105


def judge_number(response: HttpResponse, phone: str) -> Judged:
    """GET /{phone_number_id}: does the token see the number, and is it the one that customers see?"""
    if is_bad_token(response):
        return halt(_TOKEN)
    if response.status != 200:
        return halt("Meta does not find the phone number ID: {reason}", reason=read_error(response))
    shown = pick_text(read_answer(response), "display_phone_number", limit=40)
    digits = "".join(filter(str.isdecimal, shown))
    if digits != "".join(filter(str.isdecimal, phone)):
        return found(failed("The phone number ID belongs to {number}, not to the number entered.", number=shown))
    quality = pick_text(read_answer(response), "quality_rating", limit=40).upper()
    if quality == "RED":
        return found(failed("The number is right, but Meta rates its quality as low and may limit it."))
    return found(passed("The token and the number {number} are good.", number=shown))


def judge_subscription(response: HttpResponse, hook_url: str) -> Judged:
    """GET /{waba_id}/subscribed_apps: an override of ours, or the app's own address."""
    if is_bad_token(response):
        return halt(_TOKEN)
    if response.status != 200:
        return halt("Meta does not find the WhatsApp Business account: {reason}", reason=read_error(response))
    apps = pick_maps(read_answer(response), "data")
    if not apps:
        return found(failed("No app is subscribed to this WhatsApp account, so no message arrives. Press Set up."))
    overrides = [pick_text(app, "override_callback_uri") for app in apps]
    if hook_url in overrides:
        return found(passed("Meta sends the messages of this account to this server."))
    elsewhere = next(filter(None, overrides), "")
    if elsewhere:
        return found(failed("Meta sends the messages to {url}, not to this server. Press Set up.", url=elsewhere))
    return found(
        failed("The app is subscribed, but not with this server's address. Press Set up, or enter it in the app.")
    )


def subscribe_step(request: HttpRequest) -> Step:
    """POST /{waba_id}/subscribed_apps with our address: Meta calls it at once with a challenge."""
    return Step(request, _judge_subscribe)


def _judge_subscribe(response: HttpResponse) -> Judged:
    if is_bad_token(response):
        return halt(_TOKEN)
    if read_answer(response).get("success") is True:
        return found(passed("Meta called this server, got the right answer and will send all messages here."))
    return halt("Meta did not accept the address: {reason}", reason=read_error(response))
