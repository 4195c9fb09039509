"""What may be wrong with a message that waits for its delivery before the next channel is tried."""

from collections.abc import Iterator
from typing import Final

from tertulia.core.deliveries import MessageClass
from tertulia.core.reasons import gettext_noop as _
from tertulia.core.steps.base import Step
from tertulia.core.steps.message.step import MessageStep
from tertulia.documents.lines import Path, Problem, Written

TWICE: Final = _(
    "A message without a receipt may have arrived, so the customer may get it on two channels; nobody gets a marketing"
    " message twice. Leave this out, or give the message the class service or transactional."
)
SILENT: Final = _(
    "“%(name)s” never tells whether a message was delivered, so nothing after it would be tried. Put it last."
)


def check_receipts(written: Written, step: Step, path: Path, class_: str, silent: frozenset[str]) -> Iterator[Problem]:
    """`class_`: the journey's; `silent`: channels that tell of no delivery."""
    if not isinstance(step, MessageStep) or not step.delivered_within:
        return
    if (step.class_ or class_) == MessageClass.MARKETING.value:
        place: Path = (*path, "delivered_within")
        yield Problem(written.find(place), place, TWICE)
    for number, name in enumerate(step.channels[:-1]):
        if name in silent:
            place = (*path, "channels", number)
            yield Problem(written.find(place), place, SILENT, {"name": name})
