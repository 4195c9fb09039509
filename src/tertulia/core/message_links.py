"""Links of journeys' and broadcasts' messages: each web address in a text becomes a code of its own (M4), so that it is
known who opened what of which message.

The filter `link` of a text asks for them while the claim renders it. Text and HTML of one message that lead to the same
address under the same name share a code. A code is derived from the message and the link's place in it, so a claim that
is done again gives the same; its row is written in the transaction of the hand-over.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import Final
from uuid import UUID

from tertulia.core import effects as fx
from tertulia.core.links import WEB, hash_code, mint, with_app
from tertulia.core.render import TemplateProblem, compile_template, count_links
from tertulia.core.render_limits import LINKS_MAX, TooManyLinks
from tertulia.core.rows import OpenDelivery, RunRow
from tertulia.core.web_addresses import name_host
from tertulia.core.world import WorkspaceFacts, World

ATTEMPTS_MAX: Final = 8


@dataclass(slots=True)
class LinkMaker:
    """Makes the links of one message while it is rendered; `made` are those that its hand-over writes."""

    world: World
    delivery: OpenDelivery
    run: RunRow
    made: list[fx.MintMessageLink] = field(default_factory=list)
    urls: dict[tuple[str, str], str] = field(default_factory=dict)

    def track(self, address: str, name: str) -> str:
        """The link in the place of an address. Without a name it is called by its host. Raises TooManyLinks."""
        told = name or name_host(address)
        if (address, told) not in self.urls:
            if len(self.urls) == LINKS_MAX:
                raise TooManyLinks("too many links", token=None)
            self.urls[address, told] = self._mint(address, told)
        return self.urls[address, told]

    def _mint(self, address: str, name: str) -> str:
        delivery, workspace = self.delivery, self.world.config.workspaces[self.delivery.workspace]
        for attempt in range(ATTEMPTS_MAX):
            base = _derive(workspace, delivery.contact_id, delivery.id, len(self.urls), attempt)
            if hash_code(base) in self.world.taken:
                continue
            self.made.append(
                fx.MintMessageLink(
                    workspace=delivery.workspace,
                    contact_id=delivery.contact_id,
                    code_hash=hash_code(base),
                    delivery_id=delivery.id,
                    channel_id=delivery.channel_id,
                    journey_id=self.run.journey_id,
                    run_id=self.run.id,
                    step=delivery.step,
                    name=name,
                    target=address,
                    at=self.world.now,
                    expires_at=self.world.now + timedelta(days=workspace.link_days),
                )
            )
            return f"{workspace.link_base}/l/{with_app(base, WEB)}"
        raise AssertionError("no free link code in eight attempts")


def list_first_hashes(workspace: WorkspaceFacts, contact_id: int, delivery_id: UUID, links: int) -> list[bytes]:
    """The hashes of the codes that a message with so many links asks for first, for the look-up that finds a collision
    before it is written."""
    return [hash_code(_derive(workspace, contact_id, delivery_id, place, 0)) for place in range(links)]


def count_links_of(texts: Iterable[tuple[str, bool]]) -> int:
    """How many codes texts of one message may ask for, each with whether it is HTML."""
    return min(sum(_count(text, is_html) for text, is_html in texts if text), LINKS_MAX)


@lru_cache(maxsize=2_000)
def _count(text: str, is_html: bool) -> int:
    """None in a text that does not compile: it is never sent."""
    try:
        return count_links(compile_template(text, is_html))
    except TemplateProblem:
        return 0


def _derive(workspace: WorkspaceFacts, contact_id: int, delivery_id: UUID, place: int, attempt: int) -> str:
    return mint(workspace.link_key, contact_id & 0xFF, contact_id, f"{delivery_id.hex}.{place}", attempt)
