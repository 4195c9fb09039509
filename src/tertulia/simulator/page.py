"""The *virtual phones* page: server-rendered, every action a plain form, kept fresh by server-sent events.

Without a script each form answers by leading back to the page. With it, the same forms are sent in the background and
only what changed is put in place (`static/phones.js`). Nothing here decides anything: it calls `people` and `crowd`.
"""

from __future__ import annotations

import gettext
import re
from pathlib import Path
from typing import Any

import msgspec
from liquid import Environment, FileSystemLoader
from liquid.extra import GetText, NGetText
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from tertulia.simulator import crowd, people
from tertulia.simulator.acts import SharePhone
from tertulia.simulator.config import Behaviours, PeopleRates, PersonSpec, WrongConfig, check_percentages
from tertulia.simulator.live import Hub
from tertulia.simulator.people import CannotAct, Opened
from tertulia.simulator.screens import PANELS_MAX, address, choose_panels, read_panels, show_page, write_panels
from tertulia.simulator.world import Account, Person, World

HERE = Path(__file__).parent
RIGHT_TO_LEFT = frozenset({"ar", "he", "fa", "ur"})
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})?$")
_POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; form-action 'self'; base-uri 'none'"
_MAIL_POLICY = (
    "sandbox; default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline'; frame-ancestors 'self'"
)


class PhonesPage:
    """The page of one world. `sheets` holds what a tapped link showed on a phone until something else happens there."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.hub = Hub()
        self.sheets: dict[str, Opened] = {}
        world.notify = self._tell
        self._templates = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True)
        self._templates.add_filter("gettext", GetText(autoescape_message=True))
        self._templates.add_filter("ngettext", NGetText(autoescape_message=True))

    def _tell(self, topic: str) -> None:
        if topic == "reset":
            self.sheets.clear()
        self.hub.tell(topic)

    def routes(self) -> list[Route | Mount]:
        return [
            Route("/phones", self.show),
            Route("/phones/act", self.act, methods=["POST"]),
            Route("/phones/live", self.stream),
            Route("/phones/mail/{message}", self.show_mail),
            Mount("/phones/static", StaticFiles(directory=HERE / "static")),
        ]

    async def show(self, request: Request) -> Response:
        query = dict(request.query_params)
        language, words, direction = choose_language(request)
        page = show_page(self.world, self.sheets, query, words, query.get("problem", ""))
        template = self._templates.get_template("phones.html")
        html = template.render(**page, lang=language, dir=direction, translations=words)
        return HTMLResponse(html, headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"})

    async def show_mail(self, request: Request) -> Response:
        """An e-mail's HTML as it came, for the frame on a phone: it may show itself, and do nothing."""
        message = self.world.messages.get(request.path_params["message"])
        if message is None or message.kind != "smtp":
            return HTMLResponse("", 404)
        headers = {"Content-Security-Policy": _MAIL_POLICY, "Cache-Control": "no-store"}
        return HTMLResponse(message.data["html"], headers=headers)

    async def stream(self, request: Request) -> Response:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self.hub.listen(), media_type="text/event-stream", headers=headers)

    async def act(self, request: Request) -> Response:
        """Do what a form says, then lead back to the page, with a sentence when it could not be done."""
        form = await request.form()
        here = {name: str(form.get(name, "")) for name in ("show", "wire", "lang")}
        try:
            here["show"] = await self._do(form, here["show"])
        except (CannotAct, WrongConfig, msgspec.ValidationError) as error:
            here["problem"] = str(error)
        except KeyError:
            here["problem"] = "This phone or chat is no longer here."
        return RedirectResponse(address(here), 303)

    async def _do(self, form: FormData, show: str) -> str:
        """Carry out one form; returns the panels to show then."""
        what = str(form.get("do", ""))
        if what == "crowd":
            await crowd.let_all_act(self.world)
            return show
        if what in ("behaviours", "rates"):
            (self._set_behaviours if what == "behaviours" else self._set_rates)(form)
            return show
        if what == "add":
            return self._add(form, show)
        person = self.world.people[str(form["person"])]
        if what == "tap":
            return await self._tap(person, str(form.get("url", "")), show)
        if what == "unsubscribe":
            await people.unsubscribe(self.world, person, self.world.messages[str(form["message"])])
        elif what == "power":
            self.world.switch(person, not person.on)
        elif what == "forward":
            return self._forward(person, form, show)
        elif what == "dismiss":
            self.sheets.pop(person.id, None)
        else:
            self._write(what, person, self.world.accounts[str(form["channel"])], form)
        return show

    def _write(self, what: str, person: Person, account: Account, form: FormData) -> None:
        world = self.world
        match what:
            case "send":
                people.send_draft(world, person, account, str(form.get("text", "")))
            case "comment":
                people.comment(world, person, account, str(form.get("post", "")), str(form.get("text", "")))
            case "choose":
                message = world.messages[str(form["message"])]
                people.choose(world, person, account, message, int(str(form["choice"])))
            case "share":
                people.act(world, person, account, SharePhone())
            case "block":
                people.block(world, person, account, not world.bond(person, account).blocked)

    async def _tap(self, person: Person, url: str, show: str) -> str:
        """Tap a link; an app that opens takes its place beside the phone, a page becomes the phone's sheet."""
        opened = await people.tap(self.world, person, url)
        panels = read_panels(self.world, show)
        if opened.account is None:
            self.sheets[person.id] = opened
            return show
        self.sheets.pop(person.id, None)
        return write_panels(_put_beside(panels, person, opened.account))

    def _forward(self, person: Person, form: FormData, show: str) -> str:
        message = self.world.messages[str(form["message"])]
        to = self.world.people[str(form["to"])]
        people.forward(self.world, person, to, message.text)
        panels = [panel for panel in read_panels(self.world, show) if panel[0] != to.id]
        after = max((n for n, panel in enumerate(panels) if panel[0] == person.id), default=-1) + 1
        return write_panels([*panels[:after], (to.id, ""), *panels[after:]][:PANELS_MAX])

    def _add(self, form: FormData, show: str) -> str:
        spec = PersonSpec(
            name=str(form.get("name", ""))[:80], phone=re.sub(r"[\s().-]", "", str(form.get("phone", ""))),
            language=str(form.get("language", "en"))[:12] or "en", apps=tuple(map(str, form.getlist("apps"))),
            hides_phone="hides_phone" in form, username=str(form.get("username", ""))[:40],
        )  # fmt: skip
        person = self.world.add_person(spec)
        panels = read_panels(self.world, show) or choose_panels(self.world)
        return write_panels([(person.id, ""), *[panel for panel in panels if panel[0] != person.id]][:PANELS_MAX])

    def _set_behaviours(self, form: FormData) -> None:
        """A form holds all controls of its group, so a switch that is absent is off."""
        fields: dict[str, Any] = {name: _number(form, name) for name in _NUMBERS}
        fields |= {name: name in form for name in _SWITCHES}
        fields["down"] = tuple(kind for kind in map(str, form.getlist("down")) if kind in self.world.providers)
        behaviours = msgspec.structs.replace(self.world.behaviours, **fields)
        check_percentages(behaviours)
        self.world.set_behaviours(behaviours)

    def _set_rates(self, form: FormData) -> None:
        fields = {name: _number(form, name) for name in ("tap_pct", "send_pct", "forward_pct")}
        rates: PeopleRates = msgspec.structs.replace(self.world.rates, **fields)
        check_percentages(rates)
        self.world.rates = rates


_NUMBERS = (
    *("receipt_delay_s", "duplicate_pct", "disorder_pct", "fail_retryable_pct"),
    *("unknown_number_pct", "mail_reset_pct"),
)
_SWITCHES = ("hide_phone_numbers", "link_previews", "wrong_signatures", "answer_html")
assert set(_NUMBERS + _SWITCHES) <= set(Behaviours.__struct_fields__)


def _number(form: FormData, name: str) -> float:
    try:
        return float(str(form.get(name, "0")))
    except ValueError as error:
        raise WrongConfig(f"{name}: give a number") from error


def _put_beside(panels: list[tuple[str, str]], person: Person, account: Account) -> list[tuple[str, str]]:
    """The opened app takes the place after this person's first panel; what is last gives way."""
    new = (person.id, account.id)
    if new in panels:
        return panels
    position = next((n for n, panel in enumerate(panels) if panel[0] == person.id), -1) + 1
    if panels[position - 1 : position] == [(person.id, "")]:
        return [new if panel == (person.id, "") else panel for panel in panels]
    grown = [*panels[:position], new, *panels[position:]]
    return grown[:PANELS_MAX]


def choose_language(request: Request) -> tuple[str, gettext.NullTranslations, str]:
    """(language of the words, the words, direction): from `?lang=`, else from what the browser accepts."""
    wanted = request.query_params.get("lang") or request.headers.get("accept-language", "en")
    names = [piece.partition(";")[0].strip() for piece in wanted.split(",")]
    names = [name for name in names if _LANGUAGE.match(name)] or ["en"]
    words = gettext.translation("simulator", HERE / "locale", [n.replace("-", "_") for n in names], fallback=True)
    language = words.info().get("language", "en") or "en"
    direction = "rtl" if names[0].partition("-")[0] in RIGHT_TO_LEFT else "ltr"
    return language, words, direction
