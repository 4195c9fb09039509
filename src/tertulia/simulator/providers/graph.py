"""What WhatsApp and Messenger share: Meta's Graph host, its errors, its signature and its webhook handshake."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Mapping
from typing import Any
from urllib.parse import urlencode

from tertulia.simulator.outbox import RetryPolicy
from tertulia.simulator.wire import Call, Post, Reply, bearer, reply_json, to_json
from tertulia.simulator.world import Account, World

# Meta tries for up to seven days, ever more rarely.
META_RETRIES = RetryPolicy((1, 2, 5, 10, 30, 60, 300, 900, 3600, 3600, 7200, 14400, 28800, 86400, 86400, 86400, 86400))
CHALLENGE = "1158201444"


def graph_error(status: int, code: int, message: str, details: str = "", subcode: int = 0, product: str = "") -> Reply:
    """An error in Graph's own shape."""
    error: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code}
    if subcode:
        error["error_subcode"] = subcode
    if details:
        error["error_data"] = {"messaging_product": product, "details": details} if product else {"details": details}
    error["fbtrace_id"] = "AsImUlAtEdTrAcE0000"
    return reply_json({"error": error}, status, f"{code}/{subcode}" if subcode else str(code))


def unknown_object(name: str, method: str) -> Reply:
    message = (
        f"Unsupported {method.lower()} request. Object with ID '{name}' does not exist, cannot be loaded due to "
        "missing permissions, or does not support this operation"
    )
    return graph_error(400, 100, message, subcode=33)


def bad_token() -> Reply:
    return graph_error(401, 190, "Invalid OAuth access token - Cannot parse access token")


def split_path(path: str) -> tuple[str, str]:
    """The object and the edge of `/v26.0/{object}/{edge}`; the version may be left out."""
    parts = [part for part in path.split("/") if part]
    if parts and parts[0][:1] == "v" and parts[0][1:].replace(".", "").isdigit():
        parts = parts[1:]
    return (parts[0] if parts else ""), "/".join(parts[1:])


def check_access(account: Account, call: Call, fields: Mapping[str, Any]) -> Reply | None:
    """Refuse a wrong token or a wrong appsecret_proof as Graph does."""
    token = bearer(call) or str(fields.get("access_token", ""))
    if not hmac.compare_digest(token.encode(), account.secret("access_token").encode()):
        return bad_token()
    proof = fields.get("appsecret_proof")
    if proof is not None and proof != sign_proof(account.secret("app_secret"), token):
        return graph_error(400, 100, "Invalid appsecret_proof provided in the API argument")
    return None


def sign_proof(app_secret: str, token: str) -> str:
    return hmac.digest(app_secret.encode(), token.encode(), "sha256").hex()


def sign_body(app_secret: str, body: bytes) -> str:
    """X-Hub-Signature-256: the app secret's HMAC over the raw bytes."""
    return f"sha256={hmac.digest(app_secret.encode(), body, 'sha256').hex()}"


def pack_meta(account: Account, url: str, payload: Any, wrong: bool) -> Post:
    body = to_json(payload)
    secret = account.secret("app_secret") + ("-wrong" if wrong else "")
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "facebookexternalua",
        "X-Hub-Signature": f"sha1={hmac.digest(secret.encode(), body, 'sha1').hex()}",
        "X-Hub-Signature-256": sign_body(secret, body),
    }
    return Post("POST", url, headers, body)


async def verify_callback(world: World, account: Account, url: str, verify_token: str) -> Reply:
    """Meta's GET handshake: the address is taken over only when it answers the challenge."""
    assert world.outbox is not None
    query = urlencode({"hub.mode": "subscribe", "hub.challenge": CHALLENGE, "hub.verify_token": verify_token})
    asked = Post("GET", f"{url}{'&' if '?' in url else '?'}{query}", {"User-Agent": "facebookplatform/1.0"})
    answered = await world.outbox.call(asked, 10)
    if answered.status != 200 or answered.body.decode(errors="replace").strip() != CHALLENGE:
        seen = f"HTTP Status Code = {answered.status}" if answered.status else f"no answer ({answered.cause})"
        message = f"(#2200) Callback verification failed with the following errors: {seen}"
        return graph_error(400, 2200, message)
    account.webhook_url = url
    return reply_json({"success": True}, remark="webhook verified")


def subscribe_app(
    world: World, account: Account, call: Call, fields: Mapping[str, Any], names: Any
) -> Reply | Awaitable[Reply]:
    """`/{object}/subscribed_apps`: read, subscribe (with an override address it is verified first), unsubscribe."""
    if call.method == "POST":
        account.state.subscribed = True
        account.state.fields = str(fields.get("subscribed_fields", "")).split(",")
        url = fields.get("override_callback_uri")
        if url:
            return verify_callback(world, account, str(url), str(fields.get("verify_token", "")))
        return reply_json({"success": True})
    if call.method == "DELETE":
        account.state.subscribed = False
        return reply_json({"success": True})
    return reply_json({"data": names if account.state.subscribed else []})


def manage_app(world: World, call: Call, app_id: str, fields: Mapping[str, Any]) -> Reply | Awaitable[Reply]:
    """`/{app}/subscriptions`: the webhook of a whole app, one address for each kind of object."""
    kinds = {"page": "messenger", "whatsapp_business_account": "whatsapp"}
    accounts = [a for a in world.accounts.values() if a.spec.kind in kinds.values() and a.secret("app_id") == app_id]
    token = bearer(call) or str(fields.get("access_token", ""))
    if not any(token == f"{app_id}|{account.secret('app_secret')}" for account in accounts):
        return bad_token()
    if call.method == "POST":
        kind = kinds.get(str(fields.get("object", "")))
        account = next((account for account in accounts if account.spec.kind == kind), None)
        if account is None:
            return graph_error(400, 100, "(#100) Param object must be one of {page, whatsapp_business_account}")
        url, verify_token = str(fields.get("callback_url", "")), str(fields.get("verify_token", ""))
        return verify_callback(world, account, url, verify_token)
    names = {kind: name for name, kind in kinds.items()}
    rows = [
        {"object": names[a.spec.kind], "callback_url": a.webhook_url, "active": True, "fields": []}
        for a in accounts
        if a.webhook_url
    ]
    return reply_json({"data": rows})
