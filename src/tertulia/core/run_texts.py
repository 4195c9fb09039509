"""What a run's texts see, and what they come to where a message has no verdict to wait for: a repetition of a question,
what is said before people take over."""

from collections.abc import Mapping
from datetime import datetime

from tertulia.core.clocks import read_clock
from tertulia.core.leave import Leave, sign_leave
from tertulia.core.render import OnMissing, Rendered, TemplateProblem, compile_template, render
from tertulia.core.rows import ContactRow, RunRow
from tertulia.core.template_facts import make_facts
from tertulia.core.world import World


def run_facts(
    world: World, run: RunRow, contact: ContactRow, coupons: Mapping[str, object] | None = None
) -> dict[str, object]:
    """What a journey's template sees: the contact, the event that began the run, the answers, what calls saved, where
    they say that they want no more offers (C3), and in a message the codes that it gives."""
    workspace = world.config.workspaces[run.workspace]
    leave = sign_leave(workspace.link_key, Leave(workspace.id, run.contact_id, journey_id=run.journey_id))
    return make_facts(
        name=contact.name,
        surname=contact.surname,
        locale=contact.locale,
        attributes=contact.attributes,
        workspace=workspace.name,
        links={"unsubscribe": f"{workspace.link_base}/u/{leave}"},
        event=run.event.get("properties", {}),
        answers=run.answers,
        results=run.results,
        coupons=coupons,
    )


def read_run_clock(world: World, run: RunRow) -> datetime:
    """What the run's texts call now: the instant of the cycle by the contact's clock (T4)."""
    journey = world.config.journeys[run.journey_id].programs[run.revision].journey
    return read_clock(world, world.contacts[run.contact_id], journey.zone)


def write_text(world: World, run: RunRow, source: str) -> str:
    """A text as this customer reads it, nothing in the place of what they lack; empty where it cannot be rendered."""
    try:
        template = compile_template(source)
    except TemplateProblem:
        return ""
    facts = run_facts(world, run, world.contacts[run.contact_id])
    outcome = render(template, facts, now=read_run_clock(world, run), on_missing=OnMissing.DEFAULT)
    return outcome.text.strip() if isinstance(outcome, Rendered) else ""
