"""Telegram's *Test* and set-up: whose token this is, and where Telegram delivers messages now."""

from collections.abc import Callable

from tertulia.channels.base import HttpRequest, HttpResponse
from tertulia.channels.checks import Judged, Step, failed, found, halt, passed
from tertulia.channels.wire import pick, pick_int, pick_map, pick_text, read_answer

Method = Callable[[str, dict[str, object]], HttpRequest]

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")


def test_steps(method: Method, username: str, hook_url: str, polling: bool) -> tuple[Step, ...]:
    """getMe proves the token, getWebhookInfo the road."""
    return (
        Step(method("getMe", {}), lambda response: _judge_me(response, username)),
        Step(method("getWebhookInfo", {}), lambda response: _judge_hook(response, hook_url, polling)),
    )


def setup_step(method: Method, hook_url: str, secret_token: str, polling: bool) -> Step:
    """Register the webhook, or remove it when this bot is polled."""
    if polling:
        return Step(method("deleteWebhook", {}), _judge_setup)
    body: dict[str, object] = {"url": hook_url, "secret_token": secret_token, "allowed_updates": ALLOWED_UPDATES}
    return Step(method("setWebhook", body), _judge_setup)


def _judge_setup(response: HttpResponse) -> Judged:
    answer = read_answer(response)
    if answer.get("ok") is True:
        return found(passed("Telegram accepted the address for new messages."))
    return halt("Telegram refused: {reason}", reason=_reason(answer, response))


def _judge_me(response: HttpResponse, username: str) -> Judged:
    answer = read_answer(response)
    if response.status in (401, 404):
        return halt("Telegram does not know this bot token. Copy it again from @BotFather: /mybots, API Token.")
    if answer.get("ok") is not True:
        return halt("Telegram refused: {reason}", reason=_reason(answer, response))
    name = pick_text(answer, "result", "username")
    if name.lower() != username.lower():
        return found(failed("The token belongs to @{name}. Enter this name as the bot username.", name=name))
    return found(passed("The token is good: this is @{name}.", name=name))


def _judge_hook(response: HttpResponse, hook_url: str, polling: bool) -> Judged:
    answer = read_answer(response)
    if answer.get("ok") is not True:
        return halt("Telegram refused: {reason}", reason=_reason(answer, response))
    info = pick_map(answer, "result")
    url = pick_text(info, "url")
    if polling:
        if url:
            return found(failed("A webhook is set to {url}, so polling gets nothing. Press Set up.", url=url))
        return found(passed("No webhook is set: this server polls Telegram."))
    if not url:
        return found(failed("No webhook is set at Telegram. Press Set up."))
    if url != hook_url:
        return found(failed("The webhook points to {url}, not to this server. Press Set up.", url=url))
    error = pick_text(info, "last_error_message", limit=200)
    waiting = pick_int(info, "pending_update_count") or 0
    if error and waiting:
        return found(
            failed("Telegram cannot deliver: {error}. {count} messages wait.", error=error, count=str(waiting))
        )
    return found(passed("Telegram delivers to this server."))


def _reason(answer: object, response: HttpResponse) -> str:
    if isinstance(pick(answer, "description"), str):
        return pick_text(answer, "description", limit=200)
    return f"HTTP {response.status}"
