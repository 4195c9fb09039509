"""How far a contact has come in a match: the order of the steps, and what follows a step."""

PROGRESS_ORDER = ("waiting", "unreached", "sending", "sent", "delivered", "clicked", "wrote", "matched")
"""How far a contact has come in a match. `unreached` stands low: a later stage or a late receipt goes on from it."""


def next_progress(state: str, step: str) -> str:
    """The state after a step: only forward, except that what was tried and failed is unreached again."""
    if not step or (step == "unreached" and state not in ("waiting", "sending", "sent")):
        return state
    if step == "unreached" or PROGRESS_ORDER.index(step) > PROGRESS_ORDER.index(state):
        return step
    return state
