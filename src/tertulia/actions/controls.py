"""What of a launched broadcast may be changed while it goes out: how its delivery is controlled, and nothing else."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from tertulia.actions import journeys
from tertulia.data.models import Journey, User
from tertulia.documents.edit import remove_part, replace_part
from tertulia.documents.lines import read_lines
from tertulia.errors import Conflict


def set_control(journey: Journey, user: User | None, now: datetime, name: str, value: Any) -> None:
    """Another budget and the like, None or {}: none any more; published at once. Raises Refused, and Conflict for a
    journey whose draft is not the newest revision: what else it changes would be published too."""
    newest = journeys.read_newest(journey)
    if newest is None or newest != journey.document:
        raise Conflict(_("The draft has changes that are not published. Publish it, with this one."))
    before = read_lines(newest).value
    if value:
        text = replace_part(newest, (name,), value)
    else:
        text = remove_part(newest, (name,)) if name in before else newest
    if text != newest:
        journeys.save_draft(journey, user, now, text, version=journey.version)
        journeys.publish(journey, user, now, version=journey.version)
