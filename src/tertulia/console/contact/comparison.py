"""Two contacts side by side: what a merge would keep, and where they disagree (M8)."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from tertulia.console.contact.person import Person, list_permissions


@dataclass(frozen=True, slots=True)
class Line:
    """One fact of both. ``differs`` when they disagree; ``holds`` is what the merged contact says."""

    name: str
    kept: str
    absorbed: str
    holds: str
    differs: bool


def compare(kept: Person, absorbed: Person) -> list[Line]:
    """Names, profile, addresses, identities and permissions of both, and what holds afterwards."""
    return [*_compare_profile(kept, absorbed), *_compare_places(kept, absorbed), *_compare_consent(kept, absorbed)]


def _compare_profile(kept: Person, absorbed: Person) -> list[Line]:
    one, other = kept.contact, absorbed.contact
    pairs = [
        (_("Name"), kept.name, absorbed.name),
        (_("Language"), one.locale, other.locale),
        (_("Country"), one.country, other.country),
        (_("Zone"), one.zone, other.zone),
        (_("Own id"), one.external_id, other.external_id),
    ]
    names = sorted({*one.attributes, *other.attributes})
    pairs += [(name, str(one.attributes.get(name, "")), str(other.attributes.get(name, ""))) for name in names]
    newer = other.updated_at > one.updated_at
    lines = []
    for name, mine, theirs in pairs:
        if mine or theirs:
            both = bool(mine and theirs and mine != theirs)
            holds = theirs if not mine or (both and newer) else mine
            lines.append(Line(name, mine, theirs, holds, both))
    return lines


def _compare_places(kept: Person, absorbed: Person) -> list[Line]:
    mine = [address.value for address in kept.addresses]
    theirs = [address.value for address in absorbed.addresses]
    apps = [row.ref.kind for row in kept.identities if row.unlinked_at is None]
    others = [row.ref.kind for row in absorbed.identities if row.unlinked_at is None]
    return [
        Line(_("Addresses"), *_join(mine, theirs), False),
        Line(_("Apps"), *_join(apps, others), False),
    ]


def _compare_consent(kept: Person, absorbed: Person) -> list[Line]:
    mine, theirs = _say_offers(kept), _say_offers(absorbed)
    strict = _("no") if _("no") in (mine, theirs) else mine or theirs
    return [Line(_("Offers"), mine, theirs, strict, mine != theirs)]


def _say_offers(person: Person) -> str:
    tones = {permission.offers[0] for permission in list_permissions(person)}
    if "danger" in tones:
        return _("no")
    return _("yes") if "ok" in tones else _("never asked")


def _join(mine: list[str], theirs: list[str]) -> tuple[str, str, str]:
    return ", ".join(mine), ", ".join(theirs), ", ".join(dict.fromkeys([*mine, *theirs]))
