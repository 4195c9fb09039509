"""The e-mail channel against the simulator's mail server, over real SMTP: what one side writes, the other reads."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from tests.simulator.rig import Platform, Rig, make_config

from tertulia.channels import registry
from tertulia.channels.base import Account, Call, Check, Done, Outgoing, Text
from tertulia.simulator.app import create_app, create_world
from tertulia.simulator.clock import Clock
from tertulia.simulator.mail import MailServer
from tertulia.workers.guard import Guard
from tertulia.workers.http import CallFailed
from tertulia.workers.smtp import MailClient

BEATRIZ = "beatriz@mail.example"
ADAPTER = registry.get("smtp")


@dataclass
class Side:
    """Our side, the simulator's control API, and the platform that its one click calls."""

    rig: Rig
    account: Account
    client: MailClient

    async def send(self, to: str = BEATRIZ, **parts: str) -> Done:
        content = Text(parts.pop("text", "Olá, 您好!"), subject=parts.pop("subject", "Carrinho à espera"), **parts)
        step = ADAPTER.build(self.account, Outgoing("d-1", to, "email", content), datetime.now(UTC))
        while isinstance(step, Call):
            try:
                answer = await self.client.send(step.request)
            except CallFailed as failed:
                step = ADAPTER.failed(self.account, step.state, failed.error, failed.sent)
                continue
            step = ADAPTER.next(self.account, step.state, answer, datetime.now(UTC))
        return step

    async def test(self) -> list[Check]:
        step = ADAPTER.test(self.account)
        while isinstance(step, Call):
            step = ADAPTER.test_next(self.account, step.state, await self.client.send(step.request))
        return list(step)

    async def inbox(self, who: str = BEATRIZ) -> list[dict[str, Any]]:
        await self.rig.settle()
        return [row for row in await self.rig.sim(f"people/{who}/inbox", "GET") if row["kind"] == "smtp"]


@asynccontextmanager
async def open_side(**values: str) -> AsyncIterator[Side]:
    platform = Platform()
    server = await asyncio.start_server(platform.serve, "127.0.0.1", 0)
    platform.port = server.sockets[0].getsockname()[1]
    people = [{"name": "Beatriz", "phone": "+5511985550142", "email": BEATRIZ}]
    world = create_world(make_config(platform.url, people=people), Clock())
    app, mail = create_app(world), MailServer(world)
    port = await mail.listen("127.0.0.1", 0)
    settings = {"host": "127.0.0.1", "port": str(port), "security": "none", "username": "shop"}
    settings |= {"from_address": "news@verbena.example", **values}
    secrets = {"password": settings.pop("password", "mail-secret")}
    client = MailClient(Guard(frozenset({"127.0.0.1"})))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sim") as http:
        yield Side(Rig(world, app, http, platform), Account("ch1", "smtp", settings, secrets), client)
    await client.close()
    mail.close()
    assert world.outbox is not None
    await world.outbox.client.close()
    server.close()


def test_an_e_mail_arrives_with_all_its_parts() -> None:
    """Subject, text and HTML in any script, in the mailbox of whoever has the address in any spelling."""

    async def work() -> None:
        async with open_side() as side:
            done = await side.send("Beatriz@Mail.example", html="<p>Olá, <b>您好</b></p>")
            assert (done.outcome.reason, done.outcome.provider_ids) == ("ok", ("<d-1@verbena.example>",))
            [message] = await side.inbox()
            assert (message["subject"], message["text"]) == ("Carrinho à espera", "Olá, 您好!")
            assert "<p>Olá, <b>您好</b></p>" in message["html"]
            assert (message["state"], message["unsubscribe"]) == ("delivered", "")
            await side.send("stranger@mail.example")
            assert len(await side.inbox("stranger@mail.example")) == 1

    asyncio.run(work())


def test_C3_the_mail_programs_button_posts_one_click() -> None:
    """To the address of the header, with the body of RFC 8058."""

    async def work() -> None:
        async with open_side() as side:
            await side.send(unsubscribe=f"{side.rig.platform.url}/u/token")
            [message] = await side.inbox()
            answered = await side.rig.sim(f"people/{BEATRIZ}/unsubscribe", message=message["id"])
            assert answered == {"status": 200}
            [post] = side.rig.platform.posts("/u/token")
            assert post.form == {"List-Unsubscribe": "One-Click"}
            assert (await side.inbox())[0]["unsubscribed"] is True

    asyncio.run(work())


def test_the_test_names_what_is_wrong() -> None:
    """Good; a wrong password; an address that is not the account's."""

    async def work() -> None:
        for values, good, words in (
            ({}, True, "takes the user name"),
            ({"password": "wrong"}, False, "refuses the user name"),
            ({"from_address": "ceo@bank.example"}, False, "does not let this user send as ceo@bank.example"),
            ({"username": ""}, False, "Authentication required"),
        ):
            async with open_side(**values) as side:
                found = await side.test()
                assert (found[0].ok, words in found[0].text()) == (good, True), found
                if not good:
                    assert (await side.send()).outcome.account_fault
                    assert await side.inbox() == []

    asyncio.run(work())


def test_the_switched_on_failures() -> None:
    """Each is what its outcome says, and the next message goes out when it is over."""

    async def work() -> None:
        async with open_side() as side:
            await side.rig.sim("behaviours", fail_retryable_pct=100)
            assert (await side.send()).outcome.reason == "retry.unavailable"
            await side.rig.sim("behaviours", fail_retryable_pct=0, unknown_number_pct=100)
            assert (await side.send()).outcome.reason == "gone.unknown"
            await side.rig.sim("behaviours", unknown_number_pct=0)
            await side.rig.sim(f"people/{BEATRIZ}/block", channel="smtp-1")
            assert (await side.send()).outcome.reason == "fix.policy"
            await side.rig.sim(f"people/{BEATRIZ}/unblock", channel="smtp-1")
            await side.client.close()
            await side.rig.sim("behaviours", down=["smtp"])
            assert (await side.send()).outcome.reason == "retry.throttled"
            await side.rig.sim("behaviours", down=[])
            assert await side.inbox() == []
            await side.rig.sim("behaviours", mail_reset_pct=100)
            assert (await side.send()).outcome.reason == "ambiguous.no_answer"
            assert len(await side.inbox()) == 1
            await side.rig.sim("behaviours", mail_reset_pct=0)
            assert (await side.send()).outcome.reason == "ok"

    asyncio.run(work())
