"""The limits of `links` and `webhooks`: bare Starlette applications that answer and keep nothing."""

import hashlib
import hmac

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

HOOK_SECRET = b"an app secret of the bench"


async def redirect(request: Request) -> Response:
    return RedirectResponse(f"https://wa.me/5511987654321?text={request.path_params['code']}", 302)


async def take_hook(request: Request) -> Response:
    """Verify a signed webhook, read it and say so."""
    body = await request.body()
    signed = "sha256=" + hmac.new(HOOK_SECRET, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(signed, request.headers.get("x-hub-signature-256", "")):
        return PlainTextResponse("refused", 403)
    msgspec.json.decode(body)
    return PlainTextResponse("ok")


async def say_ready(request: Request) -> Response:
    return PlainTextResponse("ready")


def create_app() -> Starlette:
    return Starlette(
        routes=[
            Route("/l/{code}", redirect),
            Route("/hooks/{channel}", take_hook, methods=["POST"]),
            Route("/readyz", say_ready),
        ]
    )
