"""One-time codes in a small world: asked for, given back, and what must be true of them at rest.

A code hangs on its act, so that a world with crashes has the same ones. Its message names the act too: the provider's
record tells of every copy which code it belongs to.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from tests.sim.script import Act

from tertulia.errors import TertuliaError
from tertulia.ids import make_contact_id

if TYPE_CHECKING:
    from tests.sim.world import World

Finding = Iterator[str]
ASKED_EACH: Final = 5  # of what customers do in the shop
WAYS: Final = (("sms",), ("whatsapp", "sms"), ("sms", "telegram"), ("whatsapp", "sms", "telegram"))
COPY: Final = re.compile(r"Code c(\d+): (\d{6})")


def use_codes(world: "World", act: Act) -> None:
    """Now and then somebody needs a code, or types the newest one."""
    if act.n % ASKED_EACH == 0:
        ask_code(world, act)
    elif act.n % ASKED_EACH == 1 and world.played.otps:
        give_newest(world)


def ask_code(world: "World", act: Act) -> None:
    """For a listed customer, as the business's system does."""
    from tertulia.actions.otp import Chance, OtpForm, ask_otp
    from tertulia.store.asks import Asks
    from tertulia.store.clock import real_now
    from tertulia.store.db import connect, django_conn

    contact = world.played.contacts.get(act.who)
    if contact is None:
        return
    code = f"{(act.n * 7_919 + world.script.seed) % 900_000 + 100_000}"
    texts = {"en": f"Code c{act.n}: {{{{ code }}}}"}
    form = OtpForm(channels=world.chance(act).choice(WAYS), contact_id=contact, texts=texts, lifetime_s=3_600)
    chance = Chance(code, act.n.to_bytes(13, "big"))
    with connect(world.url, autocommit=True) as conn:
        told = (world.workspace, 1, form, chance, lambda: make_contact_id(act.n, 0), world.now, real_now())
        try:
            asked = ask_otp(django_conn(), Asks(conn, "api", real_now()), *told)
        except TertuliaError:
            return  # nobody there any more, or on none of these channels
    world.played.otps[act.n] = (asked.id, code)


def give_newest(world: "World") -> None:
    """Whatever has become of it."""
    from tertulia.actions.otp import verify_otp
    from tertulia.store.asks import Asks
    from tertulia.store.clock import real_now
    from tertulia.store.db import connect, django_conn

    otp_id, code = world.played.otps[max(world.played.otps)]
    with connect(world.url, autocommit=True) as conn:
        try:
            verify_otp(django_conn(), Asks(conn, "api", real_now()), world.workspace, otp_id, code, world.now)
        except TertuliaError:
            return  # its customer was erased


def check_codes(world: "World") -> Finding:
    """One code on all its copies; a way gets a second copy only after `unknown`; nothing waits at the end, and no text
    that is kept has a code."""
    seen = defaultdict(set)
    copies: Counter[tuple[str, str, str]] = Counter()
    for taken in world.machine.provider.taken:
        if found := COPY.search(taken.text):
            seen[found[1]].add(found[2])
            copies[(found[1], taken.kind, taken.to)] += taken.took
    for label, codes in seen.items():
        if codes != {world.played.otps[int(label)][1]}:
            yield f"code c{label} went out as {codes}"
    query = "select count(*) from ledger where reason = 'second_copy' and journey_id is null and match_id is null"
    [(allowed,)] = world.rows(query)
    if sum(count - 1 for count in copies.values() if count > 1) > allowed:
        yield f"{copies} went out, {allowed} second copies are allowed"
    for otp_id, due_at in world.rows("select id, due_at from otp where due_at is not null"):
        yield f"code {otp_id} still waits for {due_at}"
    for (text,) in world.rows("select content ->> 'text' from delivery where content::text ~ 'Code c[0-9]+: [0-9]'"):
        yield f"a code is kept: {text}"
    for (delivery_id,) in world.rows("select id from delivery where content ? 'code'"):
        yield f"delivery {delivery_id} keeps its sealed code"


CHECKS: Final[tuple[Callable[["World"], Finding], ...]] = (check_codes,)
