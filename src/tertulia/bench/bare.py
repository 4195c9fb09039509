"""The limit of `links`: a bare Starlette application that redirects and does nothing else."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route


async def redirect(request: Request) -> Response:
    return RedirectResponse(f"https://wa.me/5511987654321?text={request.path_params['code']}", 302)


async def say_ready(request: Request) -> Response:
    return PlainTextResponse("ready")


def create_app() -> Starlette:
    return Starlette(routes=[Route("/l/{code}", redirect), Route("/readyz", say_ready)])
