"""What conditions and steps look at, of an event, a contact and a run."""

from collections.abc import Mapping
from typing import Any

from tertulia.core.conditions import Subject
from tertulia.core.rows import ContactRow, RunRow


def make_subject(properties: Mapping[str, Any], contact: ContactRow, run: RunRow | None = None) -> Subject:
    """What conditions and steps look at."""
    fields = {
        "name": contact.name,
        "surname": contact.surname,
        "language": contact.locale,
        "country": contact.country,
        "zone": contact.zone,
    }
    of_run = (run.answers, run.results) if run is not None else ()
    return Subject(properties, contact.attributes, fields, *of_run)
