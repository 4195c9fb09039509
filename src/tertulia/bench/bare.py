"""The limits of `links`, `webhooks` and `send`: bare Starlette applications that answer and keep nothing.

`python -m tertulia.bench.bare --port PORT`, on the same server as `tertulia web`.
"""

import argparse
import hashlib
import hmac

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from tertulia.edge.server import run_server

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


async def take_report(request: Request) -> Response:
    """Read what a provider reports."""
    msgspec.json.decode(await request.body())
    return PlainTextResponse("ok")


async def say_ready(request: Request) -> Response:
    return PlainTextResponse("ready")


def create_app() -> Starlette:
    return Starlette(
        routes=[
            Route("/l/{code}", redirect),
            Route("/hooks/{channel}", take_hook, methods=["POST"]),
            Route("/reports", take_report, methods=["POST"]),
            Route("/readyz", say_ready),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    run_server(create_app(), "127.0.0.1", parser.parse_args().port)


if __name__ == "__main__":
    main()
