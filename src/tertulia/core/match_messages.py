"""What a match's message comes to: its text with the customer's own links, or a first contact by phone number."""

from datetime import timedelta
from typing import Final

from tertulia.core import effects as fx
from tertulia.core.clocks import read_clock
from tertulia.core.content import Content
from tertulia.core.links import hash_code, mint, with_app
from tertulia.core.render import OnMissing, Outcome, Rendered, render_source
from tertulia.core.rows import ContactRow, OpenDelivery
from tertulia.core.template_facts import make_facts
from tertulia.core.world import MatchFacts, World

ATTEMPT_MINTS_MAX: Final = 8


def render_direct(
    world: World, match: MatchFacts, delivery: OpenDelivery, contact: ContactRow, contents: list[Content]
) -> Outcome:
    """A template of the platform's with its parameters filled, or a text by phone number."""
    way = match.direct[delivery.stage]
    facts = template_facts(world, match, contact, {})
    filled = []
    for parameter in way.parameters:
        outcome = render_source(parameter, facts, read_clock(world, contact), OnMissing(match.on_missing))
        if not isinstance(outcome, Rendered):
            return outcome
        filled.append(outcome.text)
    if way.template:
        language = way.language or contact.locale or "en"
        contents.append(Content(template=way.template, language=language, parameters=tuple(filled), direct=True))
    else:
        contents.append(Content(text="\n".join(filled), direct=True))
    return Rendered("\n".join(filled))


def render_links(world: World, match: MatchFacts, text: str, contact: ContactRow) -> tuple[Outcome, fx.MintLink | None]:
    """A text with the customer's links, and the row that is written with it; None where there is one already."""
    workspace = world.config.workspaces[match.workspace]
    base, effect = _mint(world, match, contact.id)
    kinds = [world.config.channels[channel_id].kind for channel_id in match.apps]
    urls = {kind: f"{workspace.link_base}/l/{with_app(base, kind)}" for kind in kinds}
    code = with_app(base, "chooser")
    chooser = f"{workspace.link_base}/l/{code}"
    links: dict[str, object] = {
        "link": chooser,
        "links": {"any": chooser, "chooser": chooser, **urls},
        "unsubscribe": f"{workspace.link_base}/u/{code}",
    }
    facts = template_facts(world, match, contact, links)
    outcome = render_source(text, facts, read_clock(world, contact), OnMissing(match.on_missing))
    return outcome, effect if isinstance(outcome, Rendered) else None


def _mint(world: World, match: MatchFacts, contact_id: int) -> tuple[str, fx.MintLink | None]:
    """The contact's code for this match (M4): derived, so that a replay gives the same again; the attempt rises until
    the code is unique in its shard."""
    workspace = world.config.workspaces[match.workspace]
    known = next((row for row in world.links_of.get(contact_id, ()) if row.match_id == match.id), None)
    for attempt in range(known.attempt if known else 0, ATTEMPT_MINTS_MAX):
        base = mint(workspace.link_key, contact_id & 0xFF, contact_id, match.id, attempt)
        if known:
            return base, None
        if hash_code(base) not in world.links:
            expires_at = world.now + timedelta(days=workspace.link_days)
            made = fx.MintLink(
                *(match.workspace, contact_id, match.id, hash_code(base), attempt, world.now, expires_at)
            )
            return base, made
    raise AssertionError("no free link code in eight attempts")


def first_code_hash(world: World, match_id: int, contact_id: int) -> bytes:
    """The hash of a contact's first code for a match, for the look-up that finds a collision before it is written."""
    workspace = world.config.workspaces[world.config.matches[match_id].workspace]
    return hash_code(mint(workspace.link_key, contact_id & 0xFF, contact_id, match_id, 0))


def template_facts(world: World, match: MatchFacts, contact: ContactRow, links: dict[str, object]) -> dict[str, object]:
    """What the match's template sees of a contact."""
    return make_facts(
        name=contact.name,
        surname=contact.surname,
        locale=contact.locale,
        attributes=contact.attributes,
        workspace=world.config.workspaces[match.workspace].name,
        links=links,
    )
