"""What a message says: its step's own text, its template's variant for the customer, or its match's text; and which of
the two texts it is for a customer who is verified so far (M6). What was rendered for an earlier attempt stays what it
was, whatever was published meanwhile.
"""

from typing import Any

from tertulia.core.carriers import EMAIL
from tertulia.core.content import Content, read_content
from tertulia.core.identity import Trust
from tertulia.core.rows import ContactRow, OpenDelivery
from tertulia.core.send_rules import find_step
from tertulia.core.sensitive import Choice, choose_text, list_sensitive, list_sensitive_of
from tertulia.core.templates import Used, Wording, word
from tertulia.core.world import World

NOTHING = Wording("", "", "fail")


def find_wording(world: World, delivery: OpenDelivery, contact: ContactRow) -> Wording:
    """Of a message of a journey what its step says or names, of a match's its text; nothing of an answer, which is
    written already; of a text that was rendered before, what that was made of."""
    if (used := read_content(delivery.content).used) is not None:
        return Wording("", "", "fail", used.key, used.revision, used.locale)
    if (step := find_step(world, delivery)) is not None:
        if not step.template:
            return Wording(step.text, step.neutral, step.on_missing, subject=step.subject, html=step.html)
        return word(world.config.templates[delivery.workspace, step.template], contact.locale)
    if delivery.match_id is None:
        return NOTHING
    match = world.config.matches[delivery.match_id]
    return Wording(match.text, match.neutral, match.on_missing)


def choose_wording(world: World, delivery: OpenDelivery, wording: Wording, trust: Trust) -> Choice:
    """Which of the texts it is, and what in it is sensitive."""
    marked = world.config.workspaces[delivery.workspace].sensitive
    if delivery.match_id is not None and delivery.stage < len(world.config.matches[delivery.match_id].direct):
        texts = world.config.matches[delivery.match_id].direct[delivery.stage].parameters
        return Choice("", False, tuple(sorted({name for text in texts for name in list_sensitive(text, marked)})))
    content = read_content(delivery.content)
    is_mail = world.config.channels[delivery.channel_id].carries == EMAIL
    step = find_step(world, delivery)
    beside = (*((wording.subject, wording.html) if is_mail else ()), step.find_link()[1] if step else "")
    if content.is_rendered:
        sensitive = (
            list_sensitive_of((wording.text, *beside), marked) if content.used is None else content.used.sensitive
        )
        return Choice(wording.text, content.neutral, sensitive)
    return choose_text(wording.text, wording.neutral, marked, trust, beside)


def make_content(text: str, wording: Wording, choice: Choice, **beside: Any) -> Content:
    """A rendered text with what it was made of. `beside`: other fields of the content."""
    used = None
    if wording.template:
        used = Used(wording.template, wording.revision, wording.locale, choice.used)
    return Content(text=text, neutral=choice.neutral, used=used, **beside)
