"""A message while a journey's question waits: it is the answer, or asks for a person (C2, E5, I6).

What it does not do is begin a journey by its words. A message that carries a link's code, or opens a chat by the app's
own button, answers nothing; neither does a tap on a button of a question that is over.
"""

from tertulia.core.answers import Reply
from tertulia.core.asking import is_button, read_button
from tertulia.core.came import Came
from tertulia.core.conversation import ConversationRow
from tertulia.core.entries import key_of
from tertulia.core.hand_over import BY_WORD, tell_run
from tertulia.core.human_words import asks_for_human
from tertulia.core.journey import find_program, hear_reply
from tertulia.core.reasons import Reason
from tertulia.core.replies import handed_over_text, queue_reply
from tertulia.core.rows import ContactRow, RunRow
from tertulia.core.run_ends import end
from tertulia.core.steps.sending import SendStep
from tertulia.core.talks import hand_over
from tertulia.core.world import World


def hear(world: World, came: Came, contact: ContactRow, conversation: ConversationRow, asked: RunRow | None) -> bool:
    """Whether the message is one that begins nothing; `asked` is the run whose question waits."""
    entry = came.entry
    tapped = is_button(entry.payload)
    place = read_button(entry.payload, asked) if tapped and asked is not None else None
    if tapped and place is None:
        return True
    if asked is None or came.codes or entry.form == "start":
        return False
    language = _find_language(world, came, contact)
    if place is None and asks_for_human(entry.text) and not _is_choice(world, asked, entry.text, language):
        hand_over(world, came.workspace, conversation, contact.id, tell_run(world, asked, BY_WORD), entry.at)
        cause = f"hand_over:{key_of(entry)}"
        text = handed_over_text(language)
        queue_reply(world, came.channel, contact.id, entry.identity, text, cause=cause, at=entry.at)
        end(world, asked, "left", Reason.HANDED_OVER.value)
        return True
    country = contact.country or world.config.workspaces[came.workspace].country
    reply = Reply(entry.text, entry.form, place, entry.shared_phone, language, country)
    hear_reply(world, asked, reply, entry.identity)
    return True


def name_tapped(world: World, came: Came, contact: ContactRow, asked: RunRow | None) -> str:
    """The label of the button that was tapped, for some apps tell only what it carries; empty for anything else."""
    payload = came.entry.payload
    place = read_button(payload, asked) if asked is not None and is_button(payload) else None
    if asked is None or place is None:
        return ""
    labels = _list_labels(world, asked, _find_language(world, came, contact))
    return labels[place] if place < len(labels) else ""


def _find_language(world: World, came: Came, contact: ContactRow) -> str:
    return contact.locale or came.entry.language or world.config.workspaces[came.workspace].language


def _list_labels(world: World, run: RunRow, language: str) -> tuple[str, ...]:
    step = find_program(world, run).nodes[run.step].step
    return step.list_buttons(language) if isinstance(step, SendStep) else ()


def _is_choice(world: World, run: RunRow, text: str, language: str) -> bool:
    """Whether the word is one of the question's own choices."""
    return any(text.strip().casefold() == label.casefold() for label in _list_labels(world, run, language))
