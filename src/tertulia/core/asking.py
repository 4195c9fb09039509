"""A journey's question while it waits: which run it is of, what its buttons carry, and asking it again.

A question waits from its hand-over on, in its run and on its channel. A contact has one on a channel at most: a newer
one takes the place of an older one, for the customer answers what they read last, and the older one's run goes the way
of those who did not answer. A button knows which question it belongs to, so that a tap on an old one answers nothing.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from tertulia.core.identity import IdentityRef
from tertulia.core.replies import not_understood_text, queue_reply
from tertulia.core.rows import OpenDelivery, RunRow
from tertulia.core.run_texts import write_text
from tertulia.core.steps.sending import SendStep
from tertulia.core.world import ChannelFacts, World

BUTTON: Final = "ask:"
BUTTON_SYMBOLS: Final = 12  # of the delivery's id; Telegram has room for 64 bytes in all


def begin_question(run: RunRow, delivery: OpenDelivery, now: datetime) -> None:
    """The run's question waits from now on."""
    run.question = {"channel": delivery.channel_id, "delivery": str(delivery.id), "at": now.isoformat(), "tries": 0}


def is_asked(run: RunRow) -> bool:
    """Whether the run's question waits."""
    return "channel" in run.question


def list_asked(world: World, contact_id: int, channel_id: int) -> list[RunRow]:
    """The contact's runs with a question that waits on a channel."""
    runs = [world.runs[run_id] for run_id in world.runs_of.get(contact_id, ())]
    return [run for run in runs if run.question.get("channel") == channel_id]


def find_asked(world: World, contact_id: int, channel_id: int, at: datetime) -> RunRow | None:
    """The run whose question a message of that instant answers: what was written before it was asked is no answer (E5).
    Providers tell whole seconds, so what came in the second of the question came after it."""
    return next((run for run in list_asked(world, contact_id, channel_id) if at >= _read_second(run)), None)


def _read_second(run: RunRow) -> datetime:
    return datetime.fromisoformat(run.question["at"]).replace(microsecond=0)


def write_buttons(step: SendStep, asking: UUID, channel: ChannelFacts, language: str) -> tuple[tuple[str, str], ...]:
    """Labels with what they carry: nothing but themselves where the customer would read it in the chat."""
    mark = asking.hex[-BUTTON_SYMBOLS:]
    labels = enumerate(step.list_buttons(language))
    return tuple((label, f"{BUTTON}{mark}:{place}" if channel.choices_carry else "") for place, label in labels)


def is_button(payload: str) -> bool:
    """Whether a button of a question was tapped."""
    return payload.startswith(BUTTON)


def read_button(payload: str, run: RunRow) -> int | None:
    """The place of the choice that was tapped; None where the button is another question's."""
    mark, _, place = payload.removeprefix(BUTTON).partition(":")
    mine = UUID(run.question["delivery"]).hex[-BUTTON_SYMBOLS:] == mark
    return int(place) if mine and place.isdecimal() else None


def ask_again(world: World, run: RunRow, step: SendStep, text: str, to: IdentityRef) -> None:
    """Say that it was not understood, and ask the same again. The run stays until that has its verdict."""
    contact = world.contacts[run.contact_id]
    tries = int(run.question["tries"]) + 1
    language = contact.locale or world.config.workspaces[run.workspace].language
    said = write_text(world, run, text) or not_understood_text(language)
    asking, channel = UUID(run.question["delivery"]), world.config.channels[run.question["channel"]]
    run.delivery_id = queue_reply(
        world,
        channel,
        run.contact_id,
        to,
        f"{said}\n{write_text(world, run, step.neutral or step.text)}".strip(),
        cause=f"again:{run.id}:{run.step}:{run.visit}:{tries}",
        at=world.now,
        choices=write_buttons(step, asking, channel, language),
        run=run,
    )
    run.due_at, run.question = None, {**run.question, "tries": tries}
