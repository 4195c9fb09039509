"""Messenger's *Test* and set-up: whose token this is, and whether the Page's events come here."""

from tertulia.channels.base import HttpResponse
from tertulia.channels.checks import WAIT_FOR_CALL, Judged, failed, found, halt, passed
from tertulia.channels.meta import is_bad_token, read_error
from tertulia.channels.wire import pick, pick_id, pick_maps, pick_text, read_answer

SUBSCRIBED_FIELDS = (
    "messages",
    "messaging_postbacks",
    "messaging_referrals",
    "messaging_optins",
    "message_deliveries",
    "message_reads",
    "message_echoes",
    "feed",
)
_TOKEN = "Meta refuses the Page access token. Generate it again in the app dashboard, beside the Page."  # noqa: S105


def judge_page(response: HttpResponse, page_id: str) -> Judged:
    """GET /me: the token belongs to this Page."""
    if is_bad_token(response):
        return halt(_TOKEN)
    if response.status != 200:
        return halt("Meta refused: {reason}", reason=read_error(response))
    answer = read_answer(response)
    name = pick_text(answer, "name", limit=100)
    if pick_id(answer, "id") != page_id:
        return halt("The token belongs to “{name}”, which is not the Page with this ID.", name=name)
    return found(passed("The token is good: this is the Page “{name}”.", name=name))


def judge_fields(response: HttpResponse) -> Judged:
    """GET /{page}/subscribed_apps: the Page gives its events to the app."""
    if response.status != 200:
        return halt("Meta does not show the Page's subscription: {reason}", reason=read_error(response))
    lists = [pick(app, "subscribed_fields") for app in pick_maps(read_answer(response), "data")]
    given = {field for names in lists if isinstance(names, list) for field in names if isinstance(field, str)}
    missing = [field for field in SUBSCRIBED_FIELDS if field not in given]
    if missing:
        fields = ", ".join(missing)
        return found(failed("The Page does not give these events to the app: {fields}. Press Set up.", fields=fields))
    return found(passed("The Page gives its events to the app."))


def judge_app(response: HttpResponse, hook_url: str) -> Judged:
    """GET /{app}/subscriptions: the app calls this server."""
    if response.status != 200:
        return halt("Meta does not show the app's webhook: {reason}", reason=read_error(response))
    pages = [item for item in pick_maps(read_answer(response), "data") if item.get("object") == "page"]
    url = pick_text(pages[0], "callback_url") if pages else ""
    if url == hook_url:
        return found(passed("Meta sends this app's events to this server."))
    if url:
        return found(failed("Meta sends the events to {url}, not to this server. Press Set up.", url=url))
    return found(failed("The app has no webhook for Pages. Press Set up, or enter the address in the app dashboard."))


def judge_start_button(response: HttpResponse, payload: str) -> Judged:
    """GET /me/messenger_profile: a new customer must tap *Get started*, which brings the code of the link."""
    profile = next(iter(pick_maps(read_answer(response), "data")), {})
    if pick(profile, "get_started", "payload") == payload:
        return found(passed("The Get started button is set."))
    return found(failed("The Get started button is missing, so links lose their code. Press Set up."))


def judge_success(response: HttpResponse, done: str) -> Judged:
    if is_bad_token(response):
        return halt(_TOKEN)
    answer = read_answer(response)
    if response.status == 200 and (answer.get("success") is True or answer.get("result") == "success"):
        return found(passed(done))
    return halt("Meta refused: {reason}", reason=read_error(response))


ENTER_ADDRESS = failed(
    "Enter the webhook address and the verify token in the app dashboard: Messenger, Settings, Webhooks. "
    "With an app ID, Set up does it."
)
BY_HAND = Judged((WAIT_FOR_CALL,))
