"""Was it a person who opened the link? (M9)

Link previews, scanners and prefetchers open links too; they are counted apart, and none of them consumes a code. A
request is a preview or a scanner by its user agent (`crawlers`), by its method, by saying that it only prefetches, or
by coming sooner after the sending than a person can: the SMS has hardly arrived. Where a page of ours is shown
(WeChat, Viber, the chooser), a script on it reports back that a browser shows it; until it does, nobody has clicked.
A link that had expired or ended leads nowhere, and its openings move nothing either.
"""

from enum import StrEnum
from typing import Final

from tertulia.core.crawlers import PREVIEWS, SCANNERS

HUMAN_AFTER_S: Final = 2.0  # sooner after the hand-over to the provider nobody has read an SMS


class ClickClass(StrEnum):
    """What an opening was taken for. Only `human` counts in the funnel."""

    HUMAN = "human"
    PREVIEW = "preview"
    SCANNER = "scanner"
    NO_BEACON = "no_beacon"  # a page of ours was fetched, and no browser has said that it shows it
    ENDED = "ended"  # the link had expired, its match was stopped, or its app is no longer offered


def name_program(method: str, user_agent: str, purpose: str = "") -> ClickClass | None:
    """PREVIEW or SCANNER for a request that says by itself that no person made it; None for any other. `purpose` is the
    header Sec-Purpose, Purpose or X-Purpose ("prefetch;prerender", "preview")."""
    agent = user_agent.lower()
    if any(name in agent for name in PREVIEWS):
        return ClickClass.PREVIEW
    if method.upper() != "GET" or not agent or any(name in agent for name in SCANNERS):
        return ClickClass.SCANNER
    if any(word in purpose.lower() for word in ("prefetch", "prerender", "preview")):
        return ClickClass.PREVIEW
    return None


def classify_click(
    method: str,
    user_agent: str,
    seconds_since_send: float | None,
    *,
    purpose: str = "",
    page: bool = False,
    beacon: bool = False,
    ended: bool = False,
) -> ClickClass:
    """What an opening of a link was.

    `seconds_since_send` is counted from the hand-over of the message to the provider, None when unknown. `page`: it is
    answered with a page of ours; `beacon`: this is the report of that page's script; `ended`: the link leads nowhere
    any more.
    """
    program = name_program(method, user_agent, purpose)
    if program is not None:
        return program
    if beacon:
        return ClickClass.HUMAN
    if ended:
        return ClickClass.ENDED
    if seconds_since_send is not None and seconds_since_send < HUMAN_AFTER_S:
        return ClickClass.SCANNER
    return ClickClass.NO_BEACON if page else ClickClass.HUMAN
