"""The one application on the one port: the edge's addresses first, everything else the console's.

`granian --interface asgi --factory tertulia.asgi:create_app` serves it, in one worker process or several: each has its
own writers, registry and hub, and they share nothing but the database.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

from tertulia import config
from tertulia.edge.app import Edge
from tertulia.edge.bridge import Bridge
from tertulia.wsgi import create_app as create_wsgi_app


class App:
    """Edge and console under one roof, with their start and end."""

    def __init__(self, edge: Edge, console: Bridge) -> None:
        self.edge = edge
        self.console = console

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                handler = self.edge.find(scope) or self.console
                await handler(scope, receive, send)
            case "lifespan":
                await self._live(receive, send)
            case "websocket":
                await send({"type": "websocket.close", "code": 1000})

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self.edge.start()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.edge.stop()
                self.console.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return


def create_app() -> ASGIApp:
    """The application from the settings (`config`)."""
    wsgi = create_wsgi_app()
    from django.conf import settings

    edge = Edge(
        config.read("DATABASE_URL"),
        settings.PUBLIC_URL,
        settings.SECRET_KEY,
        test_clock=config.read("TEST_CLOCK") == "1",
    )
    spool = config.need_data_dir() / "spool"
    spool.mkdir(mode=0o700, parents=True, exist_ok=True)
    limit = config.read_int("IMPORT_BYTES_MAX") + 1_000_000  # the form around the file
    return App(edge, Bridge(wsgi, config.read_int("CONSOLE_THREADS"), spool, limit, edge.metrics))
