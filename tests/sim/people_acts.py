"""What the people of a small world do: tap, write, forward, answer, stop, block; and what providers tell of it.

Everything comes in by the edge's own road (translated, stored and counted as a webhook's), often twice, for providers
repeat themselves.
"""

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Final
from uuid import uuid5

from tests.sim.provider import Taken
from tests.sim.script import Act, Person, has_mobile

from tertulia.actions.receive import ReceivedCall, translate
from tertulia.channels.base import ChannelEvent, ContactEvent, InboundMessage, Receipt
from tertulia.channels.outcomes import make_outcome
from tertulia.core.identity import IdentityRef
from tertulia.core.links import hash_code
from tertulia.core.opt_words import OptAction, classify
from tertulia.core.phones import key_of_e164
from tertulia.edge.clicks import Opening
from tertulia.edge.unsubscribe import Request
from tertulia.ids import shard_of_index
from tertulia.store.webhooks import StoredCall

if TYPE_CHECKING:
    from tests.sim.world import World

NAMESPACE: Final = uuid5(__import__("uuid").NAMESPACE_URL, "sim")
PHONE: Final = "Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/140.0.0.0 Mobile Safari/537.36"
AGENTS: Final = (PHONE, PHONE, PHONE, PHONE, "WhatsApp/2.24.6.77 A", "curl/8.0 Google-Safety")
DOUBLED: Final = 0.2
UNNAMED_RECEIPTS: Final = 0.3
FAILED_CODES: Final = {"sms": "gone.unknown", "whatsapp": "gone.not_on_app", "viber": "gone.undelivered"}


def take_webhook(world: "World", place: str, events: list[ChannelEvent], name: str, times: int = 1) -> None:
    """A webhook with these events comes in, so many times."""
    channel = world.channels[place]
    read = translate(channel.pk, channel.kind, events)
    for _ in range(times):
        world.calls += 1
        stored = StoredCall(
            id=uuid5(NAMESPACE, f"{world.calls}"),
            workspace=world.workspace.pk,
            channel_id=channel.pk,
            method="POST",
            url="/hooks/x",
            headers={},
            body=name.encode(),
            events=len(read.entries),
            unknown=read.unknown,
            parked=read.unreadable,
        )
        world.machine.submit(world.hooks, ReceivedCall(stored, read.entries))
        world.played.received[place] += len(read.entries)


def tell_receipt(world: "World", taken: Taken, state: str) -> None:
    """A receipt of the provider's. Most name our id; WhatsApp's and Twilio's may come without it."""
    chance = Random(f"receipt/{world.script.seed}/{taken.key}/{taken.provider_id}/{state}")
    provider_id = {"sms": "SM", "whatsapp": "wamid."}.get(taken.kind, "") + taken.provider_id
    named = bool(taken.delivery) and chance.random() >= UNNAMED_RECEIPTS
    outcome = make_outcome(FAILED_CODES[taken.kind], "1") if state == "failed" else None
    receipt = Receipt(state, world.now, provider_id, taken.delivery if named else "", outcome=outcome)
    times = 2 if chance.random() < DOUBLED else 1
    take_webhook(world, taken.kind, [receipt], f"receipt/{taken.provider_id}/{state}", times)


def say(world: "World", act: Act, person: Person, app: str, text: str, **more: str) -> str:
    """A person writes in an app, or by SMS; the provider tells it, perhaps twice. The message's id."""
    message_id = f"m{act.n}.{person.label}"
    chance = world.chance(act)
    if app == "sms":
        identity = IdentityRef("phone", "", person.number)
        event = InboundMessage(identity, message_id, world.now, text, phone=person.number)
    else:
        vouched = person.whatsapp_phone if app == "whatsapp" else ""
        event = InboundMessage(
            world.ref(person, app), message_id, world.now, text, phone=vouched, name=f"nick{person.label}", **more
        )
    world.played.messages[message_id] = person.label
    take_webhook(world, app, [event], message_id, 2 if chance.random() < DOUBLED else 1)
    _note_opt_word(world, person, app, text)
    return message_id


def _note_opt_word(world: "World", person: Person, app: str, text: str) -> None:
    """What a word by SMS or "everywhere" means for offers by SMS, as far as it is certain."""
    if app != "sms":
        return
    decision = classify(text, question_waiting=False, country="BR", previously_stopped=False, language="")
    if decision.action in (OptAction.STOP, OptAction.START):
        from tests.sim.world import Said

        given = "withdrawn" if decision.action is OptAction.STOP else "granted"
        world.played.said.append(Said(world.round, given, "word", number=key_of_e164(person.number)))


def tap(world: "World", act: Act) -> bool:
    """Somebody, or their phone's preview, opens a link that they were sent; perhaps the request comes twice."""
    link = world.pick_link(act)
    if link is None:
        return False
    code, chance = link.parse(act.app), world.chance(act)
    app = act.app if chance.random() < 0.7 else "chooser"
    agent = chance.choice(AGENTS)
    for turn in range(act.count):  # the second time it is the page's script, or the same request again
        opening = Opening(
            *(shard_of_index(code.shard_index), hash_code(code.base), app, "GET", agent, "", f"n{act.n}", None),
            beacon=turn > 0 and app in ("chooser", "viber"),
        )
        world.machine.submit(world.links, opening)
    world.played.clicks += 1
    return True


def write_code(world: "World", act: Act) -> bool:
    """A person writes the code of their link, or of the one that somebody forwarded, edited as people do."""
    from tests.sim.world import SentCode

    link = world.pick_link(act)
    if link is None:
        return False
    code, more = link.code(act.app), {}
    person = world.person(link.holder if act.kind == "write" else act.who)
    text = edit(code, act.word)
    if act.app == "telegram" and world.chance(act).random() < 0.5:
        text, more = f"/start {code}", {"token": code}
    message_id = say(world, act, person, act.app, text, **more)
    world.played.codes.append(SentCode(person.label, act.app, link.holder, link.match, message_id, world.now))
    return True


def edit(code: str, way: str) -> str:
    """A ready message as people change it, with the code still in it, somehow."""
    match way:
        case "lower":
            return f"hello {code.lower()}!"
        case "grouped":
            return f"({code[:4]} {code[4:9]} {code[9:]})"
        case "words":
            return f"Oi! Quero receber as ofertas {code} obrigado :)"
        case "letters":
            return f"Oi {code.replace('0', 'O').replace('1', 'l')}"
        case "bare":
            return code
        case _:
            return f"Hello, send me offers {code}"


def write_again(world: "World", act: Act) -> bool:
    """The provider tells an old message once more, long after."""
    written = [sent for sent in world.played.codes if sent.message_id]
    if not written:
        return False
    sent = world.chance(act).choice(written)
    person = world.person(sent.writer)
    vouched = person.whatsapp_phone if sent.app == "whatsapp" else ""
    event = InboundMessage(world.ref(person, sent.app), sent.message_id, sent.at, "again", phone=vouched)
    world.played.messages.setdefault(sent.message_id, person.label)
    take_webhook(world, sent.app, [event], f"again/{act.n}")
    return True


def hello(world: "World", act: Act) -> bool:
    say(world, act, world.person(act.who), act.app, "bom dia")
    return True


def write_sms(world: "World", act: Act) -> bool:
    person = world.person(act.who)
    if not has_mobile(person):
        return False
    say(world, act, person, "sms", "quem fala?")
    return True


def say_opt_word(world: "World", act: Act) -> bool:
    person = world.person(act.who)
    if act.app == "sms" and not has_mobile(person):
        return False
    say(world, act, person, act.app, act.word)
    return True


def answer_digits(world: "World", act: Act) -> bool:
    """The answer to the second question, whether it was asked or not."""
    person, holder = world.person(act.who), world.person(act.other)
    digits = holder.number[-4:] if act.word == "right" else "0000"
    say(world, act, person, act.app, f"it is {digits}")
    if act.word == "right":
        world.played.digits.add((person.label, act.app, holder.label))
    return True


def share_number(world: "World", act: Act) -> bool:
    """The platform's own button shares the number."""
    if act.app == "viber":
        return False
    person = world.person(act.who)
    say(world, act, person, act.app, "", shared_phone=person.number, form="contacts")
    world.played.shared.add((person.label, act.app))
    return True


def signal(world: "World", act: Act) -> bool:
    """The platform tells of a block, its end, or a chat opened by the link (Viber)."""
    person = world.person(act.who)
    app, token = act.app, ""
    if act.kind == "started":
        from tests.sim.world import SentCode

        link = world.pick_link(act)
        if link is None:
            return False
        app, token = "viber", link.code("viber")
        if act.who % 2:
            person = world.person(link.holder)
        world.played.codes.append(SentCode(person.label, app, link.holder, link.match, "", world.now))
    kinds = {"block": "blocked", "unblock": "unblocked", "started": "started"}
    event = ContactEvent(kinds[act.kind], world.ref(person, app), world.now, f"s{act.n}", token)
    take_webhook(world, app, [event], f"s{act.n}", 2 if world.chance(act).random() < DOUBLED else 1)
    return True


def change_identity(world: "World", act: Act) -> bool:
    """The platform gives somebody a new id."""
    person = world.person(act.who)
    old = world.ref(person, "whatsapp")
    new = IdentityRef("whatsapp", "P1", f"BR.99{act.n:03d}{person.label:02d}")
    event = ContactEvent("identity_changed", old, world.now, f"s{act.n}", new=new)
    take_webhook(world, "whatsapp", [event], f"s{act.n}")
    return True


def unsubscribe(world: "World", act: Act) -> bool:
    """C3: the page's button, by whoever holds the link."""
    from tests.sim.world import Said

    link = world.pick_link(act)
    if link is None:
        return False
    code = link.parse("whatsapp")
    request = Request(shard_of_index(code.shard_index), hash_code(code.base), withdraws=True)
    if world.machine.submit(world.leaving, request) is not None:
        world.played.said.append(Said(world.round, "withdrawn", "link", contact=link.holder))
    return True


ACTS: Final[dict[str, Callable[["World", Act], bool]]] = {
    "tap": tap,
    "write": write_code,
    "forward": write_code,
    "again": write_again,
    "hello": hello,
    "sms": write_sms,
    "stop": say_opt_word,
    "start": say_opt_word,
    "digits": answer_digits,
    "share": share_number,
    "block": signal,
    "unblock": signal,
    "started": signal,
    "changed": change_identity,
    "unsubscribe": unsubscribe,
}
