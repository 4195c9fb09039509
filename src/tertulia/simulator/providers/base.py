"""The interface of a provider, and what most have in common. A provider is one object without state of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from typing import Any, Protocol

from tertulia.simulator.acts import Act
from tertulia.simulator.outbox import Event, RetryPolicy
from tertulia.simulator.wire import Call, Post, Reply
from tertulia.simulator.world import Account, Message, Person, World


class Provider(Protocol):
    """One provider. `needs` names the credentials an account must have; `states` what befalls a delivered message;
    `prefix` is the first segment of its address here, in place of the provider's host name."""

    kind: str
    mark: str
    title: str
    prefix: str
    app: bool
    needs: tuple[str, ...]
    states: tuple[str, ...]
    pack_max: int
    timeout_s: float

    def new_state(self) -> Any: ...
    def scope(self, account: Account) -> str: ...
    def handle(self, world: World, account: Account, person: Person) -> str: ...
    def answer(self, world: World, call: Call) -> Reply | Awaitable[Reply]: ...
    def busy(self, world: World) -> Reply:
        """The answer of an overloaded provider: worth trying again."""
        ...

    def is_send(self, call: Call) -> bool:
        """Whether the call would make a message leave; only these meet the switched-on failures."""
        ...

    def receipt(self, world: World, account: Account, message: Message, state: str) -> Event | None: ...
    def tell(self, world: World, account: Account, person: Person, act: Act) -> list[Event]:
        """The webhook events of what a person did, in order; none for what the platform never learns."""
        ...

    def pack(self, world: World, account: Account, events: list[Event], url: str, wrong: bool) -> Post: ...
    def answered(self, world: World, account: Account, events: list[Event], body: bytes) -> None: ...
    def keep(self, world: World, account: Account, event: Event) -> bool:
        """True when the provider keeps the event for a platform that polls."""
        ...

    def retry(self, account: Account, event: Event) -> RetryPolicy: ...


class CommonProvider:
    """What a provider does unless it says otherwise."""

    pack_max = 1
    timeout_s = 10.0
    states: tuple[str, ...] = ("sent", "delivered")
    policy = RetryPolicy()

    def new_state(self) -> Any:
        return None

    def answered(self, world: World, account: Account, events: list[Event], body: bytes) -> None:
        return None

    def keep(self, world: World, account: Account, event: Event) -> bool:
        return False

    def retry(self, account: Account, event: Event) -> RetryPolicy:
        return self.policy


def show_links(text: str, links: Iterable[tuple[object, object]]) -> str:
    """A text with the buttons below it that open an address (label, address), as lines that a person may tap."""
    return "\n".join([text, *(f"{label}: {address}" for label, address in links)])


def arrive(world: World, account: Account, person: Person | None, message: Message) -> Message:
    """Accept a message and let it be delivered and read as the provider's states and the behaviours say."""
    world.accept(account, person, message)
    states = world.settle_states(person, account.provider.states, message.id)
    world.deliver(account, message, person, states)
    return message
