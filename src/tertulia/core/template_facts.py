"""What a template sees of a contact, its workspace and its links: one mapping, the same at the claim, in a preview and
in an estimate, so that what is shown before a launch is what goes out.

`contact` has the attributes as the import named them; the contact's own fields stand above attributes of the same
name.
"""

from collections.abc import Mapping
from typing import Any


def make_facts(
    *,
    name: str,
    surname: str,
    locale: str,
    attributes: Mapping[str, Any],
    workspace: str,
    links: Mapping[str, object],
    event: Mapping[str, Any] | None = None,
    answers: Mapping[str, Any] | None = None,
    results: Mapping[str, Any] | None = None,
    coupons: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """The facts for `render`. `links` holds `link` and `links` as `render.sample_links` or the claim made them;
    `event` the properties of the event that began a journey's run, `answers` what was answered in it, `results` what
    its calls saved, by step and name, and `coupons` the codes that the message shows, by their steps."""
    full = f"{name} {surname}".strip()
    own = {"name": name, "surname": surname, "full_name": full, "language": locale}
    return {
        "contact": {**attributes, **own},
        "workspace": {"name": workspace},
        **links,
        **({} if event is None else {"event": dict(event)}),
        **({} if answers is None else {"answers": dict(answers)}),
        **({} if results is None else {"results": dict(results)}),
        **({} if coupons is None else {"coupons": dict(coupons)}),
    }
