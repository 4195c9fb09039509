"""What a template sees of a contact, its workspace and its links: one mapping, the same at the claim, in a preview and
in an estimate, so that what is shown before a launch is what goes out.

`contact` has the attributes as the import named them; the contact's own fields stand above attributes of the same
name. `channels` gives the display names of the match's channels by kind.
"""

from collections.abc import Mapping
from typing import Any


def make_facts(
    *,
    name: str,
    surname: str,
    country: str,
    locale: str,
    attributes: Mapping[str, Any],
    workspace: str,
    channels: Mapping[str, str],
    links: Mapping[str, object],
) -> dict[str, object]:
    """The facts for `render`. `links` holds `link` and `links` as `render.sample_links` or the claim made them."""
    full = f"{name} {surname}".strip()
    own = {"name": name, "surname": surname, "full_name": full, "country": country, "locale": locale}
    return {
        "contact": {**attributes, **own},
        "workspace": {"name": workspace},
        "channels": dict(channels),
        **links,
    }
