"""How an app opens: the ready first message and the deep link that carries it.

The words of the first message depend on the channel and the reader's language only, the code on the contact. So the
adapter is asked once for each (channel, language) with a code that stands for all codes, and the answer is a pattern
into which each contact's code is put. A second code proves that the pattern holds; an adapter that does more with a
code than write it down is asked every time.
"""

import re
from dataclasses import replace

from django.utils import translation
from django.utils.translation import gettext as _

from tertulia.channels.base import DeepLink
from tertulia.edge.registry import ChannelView

_PROBE = "ZZZZZZZZZZZZ9Z"
_PROOF = "YYYYYYYYYYYY8Y"
_CODE = re.compile(r"\{\{\s*code\s*\}\}")
PATTERNS_MAX = 5_000

Pattern = tuple[ChannelView, DeepLink | None]


def write_first_message(channel: ChannelView, language: str, code: str) -> str:
    """The ready first message. `{{ code }}` in the channel's own text says where the code stands; else the adapter
    puts it at the end."""
    text = channel.facts.first_message.strip()
    if not text:
        with translation.override(language):
            text = _("Hello, I would like to know more.")
    return _CODE.sub(lambda _match: code, text).strip()


def make_deep_link(channel: ChannelView, language: str, code: str) -> DeepLink:
    """The link that opens the app on its first message with this code; an empty code for nobody's own link."""
    return channel.adapter.deep_link(channel.account, code, write_first_message(channel, language, code))


class Openings:
    """Deep links by pattern."""

    def __init__(self) -> None:
        self._patterns: dict[tuple[int, str], Pattern] = {}

    def find(self, channel: ChannelView, language: str, code: str) -> DeepLink:
        """The deep link of one code. The pattern is made anew when the channel changes."""
        made_for, pattern = self._patterns.get((channel.id, language), (None, None))
        if made_for is not channel:
            pattern = _make_pattern(channel, language)
            if len(self._patterns) >= PATTERNS_MAX:
                self._patterns.clear()
            self._patterns[channel.id, language] = (channel, pattern)
        if pattern is None:
            return make_deep_link(channel, language, code)
        return _fill(pattern, code)


def _make_pattern(channel: ChannelView, language: str) -> DeepLink | None:
    pattern = make_deep_link(channel, language, _PROBE)
    return pattern if _fill(pattern, _PROOF) == make_deep_link(channel, language, _PROOF) else None


def _fill(pattern: DeepLink, code: str) -> DeepLink:
    return replace(pattern, url=pattern.url.replace(_PROBE, code), qr=pattern.qr.replace(_PROBE, code))
