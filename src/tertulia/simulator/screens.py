"""What the page shows, as plain data for its templates: phones, the wire log, the controls.

A *panel* is one phone as it stands on the page: a person and the chat that is open on it, written `p1.wa-main` in the
address (`p1.` is the phone's list of chats). Everything here is escaped later, by the templates.
"""

from __future__ import annotations

import gettext
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import phonenumbers

from tertulia.simulator.deeplinks import find_links
from tertulia.simulator.people import Opened, inbox, is_on_phone
from tertulia.simulator.record import Row
from tertulia.simulator.sms_parts import count_parts
from tertulia.simulator.world import Account, Bond, Message, Person, World

PANELS_MAX = 6
PANELS_FIRST = 3
MESSAGES_SHOWN = 60
MATCHES_MAX = 9
FRIENDS_SHOWN = 5
WIRE_SHOWN = 40
Panel = tuple[str, str]
Translations = gettext.NullTranslations


def read_panels(world: World, text: str) -> list[Panel]:
    """The panels of an address; unknown people and channels are left out."""
    found: list[Panel] = []
    for piece in text.split(","):
        person, _, channel = piece.partition(".")
        if person in world.people and (not channel or channel in world.accounts) and (person, channel) not in found:
            found.append((person, channel))
    return found[:PANELS_MAX]


def choose_panels(world: World) -> list[Panel]:
    """The panels of a first visit: the chats where something happened last, else the first people's list of chats."""
    latest: dict[Panel, int] = {}
    for (person, channel), bond in world.bonds.items():
        if bond.messages:
            latest[person, channel] = bond.messages[-1].at_ms
    chosen = sorted(latest, key=lambda panel: -latest[panel])[:PANELS_FIRST]
    for person in list(world.people)[:PANELS_FIRST]:
        if len(chosen) < PANELS_FIRST and all(person != shown for shown, _ in chosen):
            chosen.append((person, ""))
    return chosen


def write_panels(panels: Iterable[Panel]) -> str:
    return ",".join(f"{person}.{channel}" for person, channel in panels)


def show_page(
    world: World, sheets: dict[str, Opened], query: dict[str, str], words: Translations, problem: str
) -> dict[str, Any]:
    """Everything the template needs."""
    panels = read_panels(world, query["show"]) if "show" in query else choose_panels(world)
    wanted = query.get("q", "").strip()
    wire = query.get("wire", "all")
    here = {"show": write_panels(panels), "wire": wire, "lang": query.get("lang", "")}
    stays = "show" in query or all(channel for _, channel in panels)  # a first visit waits for the first messages
    return {
        "stays": stays,
        "here": here, "show": here["show"], "problem": problem, "console_url": world.config.console_url,
        "count": len(world.people), "count_text": f"{len(world.people):,}", "shown": len(panels),
        "phones": [_show_phone(world, sheets, panels, panel, here, words) for panel in panels],
        "search": wanted, "matches": _find_people(world, wanted, panels, here) if wanted else [],
        "known": [p.name or p.phone for p in list(world.people.values())[:50]],
        "wire": _show_wire(world, wire, here, words), "controls": _show_controls(world, words),
        "apps": [{"kind": kind, "title": world.providers[kind].title} for kind in world.apps()],
    }  # fmt: skip


def address(here: dict[str, str], **changes: str) -> str:
    """The page's address with some parts changed; empty parts are left out."""
    kept = {name: value for name, value in {**here, **changes}.items() if value and value != "all"}
    return f"/phones?{urlencode(kept)}" if kept else "/phones"


def _find_people(world: World, wanted: str, panels: list[Panel], here: dict[str, str]) -> list[dict[str, str]]:
    text = wanted.casefold()
    found = []
    for person in world.people.values():
        if text in f"{person.name} {person.phone} {person.email} {person.username}".casefold():
            panel = (person.id, _last_channel(world, person))
            show = write_panels([panel, *[shown for shown in panels if shown != panel]][:PANELS_MAX])
            found.append(
                {
                    "name": person.name or person.phone,
                    "phone": group_digits(person.phone),
                    "href": address(here, show=show),
                }
            )
            if len(found) == MATCHES_MAX:
                break
    return found


def _last_channel(world: World, person: Person) -> str:
    """The chat that was used last, or the phone's list of chats."""
    for account, _ in reversed(inbox(world, person)):
        if account is not None:
            return account.id
    return ""


# one phone


def _show_phone(
    world: World, sheets: dict[str, Opened], panels: list[Panel], panel: Panel, here: dict[str, str],
    words: Translations,
) -> dict[str, Any]:  # fmt: skip
    person = world.people[panel[0]]
    account = world.accounts.get(panel[1])
    others = [shown for shown in panels if shown != panel]
    home = write_panels((person.id, "") if shown == panel else shown for shown in panels)
    phone: dict[str, Any] = {
        "key": f"{panel[0]}.{panel[1]}", "person": person.id, "name": person.name or group_digits(person.phone),
        "phone": group_digits(person.phone), "on": person.on, "language": person.language,
        "caption": group_digits(person.phone),
        "phone_caption": True, "close_href": address(here, show=write_panels(others) or "none"),
        "home_href": address(here, show=home), "clock": _time(world.clock.now_ms()),
        "others": [{"id": p.id, "name": p.name or p.phone} for p in list(world.people.values())[:200]
                   if p.id != person.id],
    }  # fmt: skip
    caption = _caption(world, panels, panel, person, account, words)
    if caption:
        phone |= {"caption": caption, "phone_caption": False}
    if account is None:
        phone["sheet"] = _show_sheet(world, sheets.get(person.id), person)
        return {**phone, "skin": "home", "chats": _show_chats(world, person, panels, panel, here, words)}
    return {**phone, **_show_chat(world, sheets, person, account, words)}


def _caption(
    world: World, panels: list[Panel], panel: Panel, person: Person, account: Account | None, words: Translations
) -> str:
    """The words beside the name, unless it is the number: whose phone this is already, or whose link they hold."""
    if person.got_from in world.people:
        giver = world.people[person.got_from]
        return words.gettext("got %(name)s's link") % {"name": giver.name or giver.phone}
    first = next(shown for shown in panels if shown[0] == person.id)
    if first != panel and account is not None:
        return words.gettext("same phone, %(app)s") % {"app": account.provider.title}
    return ""


def _show_chats(
    world: World, person: Person, panels: list[Panel], panel: Panel, here: dict[str, str], words: Translations
) -> list[dict[str, Any]]:
    """The phone's list of chats: every account it can reach, the last used first, under what friends forwarded."""
    rows: list[dict[str, Any]] = []
    for account in world.accounts.values():
        if account.provider.app and account.spec.kind not in person.apps:
            continue
        bond = world.bonds.get((person.id, account.id))
        visible = [m for m in bond.messages if is_on_phone(m)] if bond else []
        last = visible[-1] if visible else None
        show = write_panels((person.id, account.id) if shown == panel else shown for shown in panels)
        rows.append({
            "href": address(here, show=show), "mark": account.provider.mark, "kind": account.provider.kind,
            "name": account.name, "title": account.provider.title, "last": _say_briefly(last) if last else "",
            "at": last.at_ms if last else 0, "time": _time(last.at_ms) if last else None,
        })  # fmt: skip
    rows.sort(key=lambda row: -row["at"])
    for message in world.friends.get(person.id, [])[-FRIENDS_SHOWN:]:
        giver = world.people.get(message.friend)
        rows.insert(0, {"friend": True, "name": (giver.name or giver.phone) if giver else "", "message": message.id,
                     "pieces": split_links(message.text), "time": _time(message.at_ms)})  # fmt: skip
    return rows


def _show_chat(
    world: World, sheets: dict[str, Opened], person: Person, account: Account, words: Translations
) -> dict[str, Any]:
    bond = world.bonds.get((person.id, account.id)) or Bond()
    visible = [message for message in bond.messages if is_on_phone(message)][-MESSAGES_SHOWN:]
    kind = account.provider.kind
    mail = kind == "smtp"
    sms = not account.provider.app and not mail
    subtitle = {"telegram": words.gettext("bot"), "viber": words.gettext("bot"), "whatsapp":
                words.gettext("business account"), "smtp": person.email}.get(kind, account.provider.title)  # fmt: skip
    texts = [message for message in visible if message.ours and not mail and find_links(message.text)]
    starting = kind == "telegram" and not bond.opened and bond.draft.startswith("/start")
    return {
        "skin": "sms" if sms else kind, "sms": sms, "mail": mail, "channel": account.id, "title": account.name,
        "letter": account.name[:1].upper(), "subtitle": subtitle, "messages": _show_messages(visible, sms, words),
        "draft": bond.draft, "blocked": bond.blocked, "forwards": texts[-1].id if texts else "",
        "sheet": _show_sheet(world, sheets.get(person.id), person) if sms else None, "starting": starting,
        "placeholder": "SMS" if sms else words.gettext("Message"), "app": account.provider.title,
        "can_block": True, "can_comment": kind == "messenger",
    }  # fmt: skip


def _show_messages(messages: list[Message], sms: bool, words: Translations) -> list[dict[str, Any]]:
    """Bubbles, oldest first, with a line where the day changes and the parts under the last SMS."""
    shown: list[dict[str, Any]] = []
    day = ""
    for message in messages:
        today = datetime.fromtimestamp(message.at_ms / 1000, UTC).strftime("%Y-%m-%d")
        entry: dict[str, Any] = {
            "id": message.id, "ours": message.ours, "pieces": split_links(message.text), "time": _time(message.at_ms),
            "ticks": message.state in ("delivered", "read"), "asks_phone": message.ask_phone,
            "choices": [{"label": label, "number": n} for n, (label, _) in enumerate(message.choices)],
            "new_day": today if day and today != day else "",
        }  # fmt: skip
        if message.kind == "smtp" and message.ours:
            entry["mail"] = {**message.data, "sender": message.sender, "html": bool(message.data["html"])}
        day = today
        shown.append(entry)
    ours = [message for message in messages if message.ours]
    if sms and ours and shown[-1]["ours"]:
        parts, used, room = count_parts(ours[-1].text)
        facts = {"parts": parts, "used": used, "room": room * parts}
        one, many = (
            "delivered · %(parts)d part, %(used)d of %(room)d",
            "delivered · %(parts)d parts, %(used)d of %(room)d",
        )
        text = words.ngettext(one, many, parts)
        shown[-1]["foot"] = text % facts
    return shown


def _say_briefly(message: Message) -> str:
    return str(message.data["subject"]) if message.kind == "smtp" and message.ours else message.text[:80]


def split_links(text: str) -> list[dict[str, str]]:
    """A text in pieces; a piece with `url` is a link to tap."""
    pieces, rest = [], text
    for link in find_links(text):
        before, _, rest = rest.partition(link)
        if before:
            pieces.append({"text": before})
        pieces.append({"text": link, "url": link})
    if rest:
        pieces.append({"text": rest})
    return pieces


def group_digits(number: str) -> str:
    """A number as people write it; whatever is none stays as it is."""
    try:
        written = phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return number
    return written.replace("-", " ")


def _show_sheet(world: World, opened: Opened | None, person: Person) -> dict[str, Any] | None:
    """The page that a tapped link showed: what it offers, or why nothing opened."""
    if opened is None:
        return None
    links = []
    titles = {provider.title.casefold(): provider for provider in world.providers.values() if provider.app}
    for link in opened.page.links if opened.page else ():
        provider = world.providers.get(link.app) or titles.get(link.label.casefold())
        links.append({
            "url": link.url, "label": provider.title if provider else link.label or link.url,
            "mark": provider.mark if provider else "", "kind": provider.kind if provider else "",
            "missing": provider is not None and provider.kind not in person.apps,
        })  # fmt: skip
    return {"links": links, "status": opened.status, "problem": opened.problem, "url": opened.url,
            "code": opened.page.code if opened.page else ""}  # fmt: skip


def _time(at_ms: int) -> dict[str, str]:
    """A moment for a `time` element: the machine's form, and hours and minutes in UTC until the page localises it."""
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    return {"iso": moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at_ms % 1000:03d}Z", "short": moment.strftime("%H:%M"),
            "exact": moment.strftime("%H:%M:%S.") + f"{at_ms % 1000:03d}"}  # fmt: skip


# the wire log and the controls


def _show_wire(world: World, show: str, here: dict[str, str], words: Translations) -> dict[str, Any]:
    names = (("all", words.gettext("All")), ("out", words.gettext("Out")), ("in", words.gettext("In")),
             ("refused", words.gettext("Refused")))  # fmt: skip
    tabs = [{"href": address({**here, "wire": name}), "label": label, "current": name == show} for name, label in names]
    rows = [_show_wire_row(world, row, words) for row in world.wire.latest(show, WIRE_SHOWN)]
    return {"total": f"{world.wire.total:,}", "tabs": tabs, "rows": rows}


def _show_wire_row(world: World, row: Row, words: Translations) -> dict[str, Any]:
    provider = world.providers.get(row["kind"])
    status = row["status"]
    if row["refused"]:
        tone = "warn" if status in (0, 429) or status >= 500 else "danger"
    else:
        tone = "plain" if row["remark"] == "duplicate" else "ok"
    return {
        "time": _time(row["at"]), "out": row["direction"] == "out", "mark": provider.mark if provider else "",
        "kind": row["kind"], "title": provider.title if provider else words.gettext("Link"),
        "method": row["method"], "path": row["path"], "status": str(status) if status else "", "tone": tone,
        "remark": row["remark"],
    }  # fmt: skip


def _show_controls(world: World, words: Translations) -> dict[str, Any]:
    b, r, _ = world.behaviours, world.rates, words.gettext
    delay = {"name": "receipt_delay_s", "label": _("Receipt delay"), "value": f"{b.receipt_delay_s:g}", "max": "5",
             "step": "0.1", "unit": "s"}  # fmt: skip
    sliders = [delay] + [
        _slider(name, label, value)
        for name, label, value in (
            ("duplicate_pct", _("Duplicated webhooks"), b.duplicate_pct),
            ("disorder_pct", _("Out of order"), b.disorder_pct),
            ("fail_retryable_pct", _("Fail, worth retrying"), b.fail_retryable_pct),
            ("unknown_number_pct", _("Number unknown"), b.unknown_number_pct),
            ("mail_reset_pct", _("E-mail taken, line cut"), b.mail_reset_pct),
        )
    ]
    switches = [
        {"name": "hide_phone_numbers", "label": _("WhatsApp hides phone numbers"), "on": b.hide_phone_numbers},
        {"name": "link_previews", "label": _("Link previews fetch links"), "on": b.link_previews},
        {"name": "wrong_signatures", "label": _("Wrong signatures"), "on": b.wrong_signatures},
        {"name": "answer_html", "label": _("Answer with HTML"), "on": b.answer_html},
    ]
    down = [{"kind": p.kind, "mark": p.mark, "title": p.title if p.kind != "http_sms" else _("SMS over HTTP"),
             "down": p.kind in b.down} for p in world.providers.values()]  # fmt: skip
    people = [
        _slider("tap_pct", _("Tap a link"), r.tap_pct),
        _slider("send_pct", _("Send the message"), r.send_pct),
        _slider("forward_pct", _("Forward the link"), r.forward_pct),
    ]
    return {"sliders": sliders, "switches": switches, "down": down, "people": people, "seed": str(b.seed)}


def _slider(name: str, label: str, value: float) -> dict[str, str]:
    return {"name": name, "label": label, "value": f"{value:g}", "max": "100", "step": "1", "unit": "%"}
