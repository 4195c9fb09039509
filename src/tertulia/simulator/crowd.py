"""Everybody acts at once, repeatably: who taps, sends, edits, forwards is a keyed hash of the seed and the link.

A person acts once on each link. Those who tap open what it leads to; on a page they choose one of the apps they have.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from urllib.parse import urlsplit

from tertulia.simulator import people
from tertulia.simulator.deeplinks import AppLink, PageLink, find_links
from tertulia.simulator.people import CannotAct, Opened
from tertulia.simulator.world import Account, Person, World

AT_ONCE = 32
APPS = frozenset(("whatsapp", "messenger", "line", "viber", "telegram", "wechat"))
_EDITS = ("Hi! {text}", "{text} Thank you", "Good morning, {text}", "{text} :)")


async def let_all_act(world: World) -> dict[str, int]:
    """Let every person with an unseen link act by the world's rates. Returns how many did what."""
    done: Counter[str] = Counter()
    gate = asyncio.Semaphore(AT_ONCE)
    chances = [(person, link) for person in list(world.people.values()) for link in _unseen(world, person)]

    async def act(person: Person, link: str) -> None:
        async with gate:
            await _act_on(world, person, link, done)

    await asyncio.gather(*(act(person, link) for person, link in chances))
    world.notify("crowd")
    return {"people": len({person.id for person, _ in chances}), "links": len(chances), **dict(sorted(done.items()))}


def _unseen(world: World, person: Person) -> list[str]:
    """One link of each message from the business that this person has not acted on; never one they only forwarded."""
    found = []
    if not person.on:
        return []
    for account, message in people.inbox(world, person):
        by_sms = account is not None and not account.provider.app and message.kind != "smtp"
        links = find_links(message.text) if message.ours and by_sms else []
        key = f"{person.id}|{message.id}"
        if links and key not in world.acted:
            world.acted.add(key)
            found.append(world.chance.pick(sorted(links), "link", person.phone, message.text))
    return found


async def _act_on(world: World, person: Person, link: str, done: Counter[str]) -> None:
    rates, chance = world.rates, world.chance
    about = (person.phone, link)
    if chance.hit(rates.forward_pct, "forward", *about):
        await _forward(world, person, link, done)
    if not chance.hit(rates.tap_pct, "tap", *about):
        return
    await _tap_and_send(world, person, link, done, sends=chance.hit(rates.send_pct, "send", *about))
    if chance.hit(rates.again_pct, "again", *about):
        await _tap_and_send(world, person, link, done, sends=True)
        done["tapped_again"] += 1


async def _forward(world: World, person: Person, link: str, done: Counter[str]) -> None:
    """Pass the link to somebody else, who taps and sends."""
    others = sorted(other for other in world.people if other != person.id)
    if not others:
        return
    to = world.people[world.chance.pick(others, "forward-to", person.phone, link)]
    people.forward(world, person, to, link)
    done["forwarded"] += 1
    await _tap_and_send(world, to, link, done, sends=True)


async def _tap_and_send(world: World, person: Person, link: str, done: Counter[str], *, sends: bool) -> None:
    try:
        first = await people.tap(world, person, link)
        done["tapped"] += 1
        opened = await _choose_app(world, person, link, first)
        if opened is None or opened.account is None or opened.link is None:
            done["stopped_at_page"] += 1
            return
        done[f"opened.{opened.account.spec.kind}"] += 1
        if sends:
            _send(world, person, opened.account, link, done)
    except CannotAct:
        done["could_not"] += 1


async def _choose_app(world: World, person: Person, link: str, opened: Opened) -> Opened | None:
    """On a page, tap one of the links that lead to an app this person has; two pages deep at most."""
    for depth in range(2):
        if opened.account is not None or opened.page is None:
            return opened
        own = {account.spec.kind for account in world.accounts.values()} & set(person.apps)
        choices = sorted(p.url for p in opened.page.links if p.app in own or _may_lead_on(p, link, own))
        if not choices:
            return _type_code(world, person, opened)
        opened = await people.tap(world, person, world.chance.pick(choices, "app", person.phone, link, depth))
    return opened


def _may_lead_on(offer: PageLink, link: str, own: set[str]) -> bool:
    """Whether a page's link leads on to an app that the person has: it stays at the tapped link's address, and its
    label names one of their apps, or none at all."""
    one, other = urlsplit(offer.url), urlsplit(link if "://" in link else f"//{link}")
    if offer.app or one.netloc != other.netloc or one.path.rpartition("/")[0] != other.path.rpartition("/")[0]:
        return False
    named = APPS & set(offer.label.lower().split())
    return not named or bool(named & own)


def _type_code(world: World, person: Person, opened: Opened) -> Opened | None:
    """A page without a link to tap asks for the code: open WeChat and write it there."""
    if opened.page is None or not opened.page.code or "wechat" not in person.apps:
        return None
    for account in world.accounts.values():
        if account.spec.kind == "wechat":
            link = AppLink("wechat", account.id, "", opened.page.code)
            world.bond(person, account).draft = opened.page.code
            return Opened(opened.url, 200, account, link)
    return None


def _send(world: World, person: Person, account: Account, link: str, done: Counter[str]) -> None:
    rates, chance = world.rates, world.chance
    text = world.bond(person, account).draft
    kind = account.spec.kind
    if text and chance.hit(rates.lose_code_pct, "lose", person.phone, link):
        text = "Hello"
        done["lost_code"] += 1
    elif text and kind != "telegram" and chance.hit(rates.edit_pct, "edit", person.phone, link):
        text = chance.pick(list(_EDITS), "how", person.phone, link).format(text=text)
        done["edited"] += 1
    if not text and kind != "messenger":
        text = "Hello"
    people.send_draft(world, person, account, text)
    done[f"sent.{kind}"] += 1
