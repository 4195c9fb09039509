"""How far a contact has come in a match: the order of the steps, and what follows a step."""

from dataclasses import dataclass, field

PROGRESS_ORDER = ("waiting", "unreached", "sent", "delivered", "clicked", "wrote", "matched")
"""How far a contact has come in a match. `waiting` lasts until the provider has the message: a hand-over by itself
moves nobody. `unreached` stands low: a later stage or a late receipt goes on from it."""


def next_progress(state: str, step: str) -> str:
    """The state after a step: only forward, except that what was tried and failed is unreached again."""
    if not step or (step == "unreached" and state not in ("waiting", "sent")):
        return state
    if step == "unreached" or PROGRESS_ORDER.index(step) > PROGRESS_ORDER.index(state):
        return step
    return state


@dataclass(slots=True)
class ProgressRow:
    """How far a contact has come, as decisions see it."""

    match_id: int
    contact_id: int
    stage: int
    state: str
    reason: str
    matched_apps: set[str] = field(default_factory=set)
