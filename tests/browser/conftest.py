"""A real Chromium against the console on a loopback port, with helpers that every browser test shares.

Playwright drives Debian's Chromium. A page that is opened through ``visit`` notes every console error, every failed
request and every violation of the content policy; ``visit.complaints`` must be empty at the end of the test.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from tests.console.cast import Cast, make_cast, make_client

WIDE = (1280, 800)
NARROW = (390, 844)
LOOK_EVERY_MS = 10
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"
LEAVING = ("htmx:sendAbort", "htmx:afterRequest")  # a page is left while a fragment is on its way


@pytest.fixture(scope="session")
def site(database_url: str) -> Iterator[str]:
    """The console's address on a free loopback port."""
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
    from django.core.wsgi import get_wsgi_application

    class QuietHandler(WSGIRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the tests speak."""

    console = get_wsgi_application()

    def serve(environ, start_response):
        if environ["PATH_INFO"] == "/live":  # the stream, which the edge serves, stays quiet
            start_response("200 OK", [("Content-Type", "text/event-stream")])
            return [b": quiet\n\n"]
        return console(environ, start_response)

    server = ThreadedWSGIServer(("127.0.0.1", 0), QuietHandler)
    server.set_app(serve)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def cast(empty_database: str) -> Cast:
    """Alice, Bob, Vera and Charlie."""
    return make_cast()


@dataclass
class Visit:
    """Opens pages as Alice (or as nobody) and collects what the browser complains about, but what is ``expected``."""

    site: str
    browser: object
    session: str
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    contexts: dict[tuple[object, ...], object] = field(default_factory=dict)

    def __call__(self, path: str, size=WIDE, theme: str = "light", language: str = "en", signed_in: bool = True):
        """The page at ``path``, loaded with all that it asks for by itself. A test's visits that look alike are one
        person's: they share cookies, what the browser keeps, and the files it has already."""
        context = self._open(size, theme, language, signed_in)
        page = context.new_page()
        under_way: set[object] = set()
        page.on("request", lambda request: under_way.add(request))
        page.on("requestfinished", lambda request: under_way.discard(request))
        page.on("requestfailed", lambda request: under_way.discard(request))
        page.on("console", lambda message: self._note(path, message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(f"{path}: {error}"))
        page.on("requestfailed", lambda request: self._note_failure(path, request))
        page.goto(self.site + path)
        page.evaluate(DRAWN)
        while under_way:  # Playwright's "networkidle" is half a second in which nothing happens
            page.wait_for_timeout(LOOK_EVERY_MS)
        page.evaluate(DRAWN)
        return page

    def _open(self, size, theme: str, language: str, signed_in: bool):
        look = (size, theme, language, signed_in)
        if look not in self.contexts:
            self.contexts[look] = self.browser.new_context(
                viewport={"width": size[0], "height": size[1]}, color_scheme=theme, reduced_motion="reduce"
            )
            cookies = [("django_language", language)] + ([("sessionid", self.session)] if signed_in else [])
            self.contexts[look].add_cookies(
                [{"name": name, "value": value, "url": self.site} for name, value in cookies]
            )
        return self.contexts[look]

    def _note_failure(self, path: str, request) -> None:
        if request.failure != "net::ERR_ABORTED":  # the page was left
            self.complaints.append(f"{path}: {request.url} {request.failure}")

    def _note(self, path: str, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not any(words in text for words in (*self.expected, *LEAVING)):
            self.complaints.append(f"{path}: {text}")


@pytest.fixture
def visit(site: str, chromium: object, cast: Cast) -> Iterator[Visit]:
    """Opens pages as Alice; fails the test when the browser complained."""
    session = make_client(cast.alice).cookies["sessionid"].value
    visitor = Visit(site, chromium, session)
    yield visitor
    for context in visitor.contexts.values():
        context.close()
    assert visitor.complaints == []


@pytest.fixture
def overflow() -> Callable[[object], list[str]]:
    """Which elements stick out of the page sideways, outside what may scroll (chips, code, tables, tabs)."""
    return lambda page: page.evaluate(STICKING_OUT)


STICKING_OUT = """() => {
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return [];
  const scrolling = ["auto", "scroll", "hidden", "clip"];
  const scrolls = (e) => e && e !== root && e !== document.body
    && (scrolling.includes(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
  return [...document.body.querySelectorAll("*")].filter((e) => {
    const box = e.getBoundingClientRect();
    return box.width && (box.right > root.clientWidth + 1 || box.left < -1) && !scrolls(e.parentElement);
  }).slice(0, 5).map((e) => e.outerHTML.slice(0, 160));
}"""
