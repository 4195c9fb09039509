"""Which time zone a contact's clock is in (T4), and the zone of a name.

The first that is known counts: the contact's own, that of the phone number's region where it has exactly one, the
journey's, the workspace's. A name that the IANA database does not know is passed over and told, so that one bad value
costs a contact the finer choice and a batch nothing. An empty name is no fault: nothing was said.
"""

from enum import StrEnum
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from tertulia.core.region_zones import zone_of_region

ZONE_FALLBACK: Final = "zone_fallback"  # the name of the fact that a zone was passed over
LAST_RESORT: Final = "UTC"


class ZoneSource(StrEnum):
    """Who said which zone it is."""

    CONTACT = "contact"
    PHONE = "phone"
    JOURNEY = "journey"
    WORKSPACE = "workspace"
    NOBODY = "nobody"


class ZoneChoice(msgspec.Struct, frozen=True):
    """The name of a zone that is known and who said so. `refused` are the names that were passed over, by source, in
    order; `fallback` the reason to record, None where there is none."""

    zone: str
    source: ZoneSource
    refused: tuple[tuple[ZoneSource, str], ...] = ()

    @property
    def fallback(self) -> str | None:
        """`zone_fallback` where a name was passed over."""
        return ZONE_FALLBACK if self.refused else None


def choose_zone(
    contact_zone: str, phone_region: str, journey_zone: str, workspace_zone: str, known: frozenset[str]
) -> ZoneChoice:
    """The zone in which wall times are read for a contact. Names are empty where nothing was said; `phone_region` is
    the ISO 3166 country of the number; `known` are the IANA database's names. Nobody known: UTC."""
    said = (
        (ZoneSource.CONTACT, contact_zone),
        (ZoneSource.PHONE, zone_of_region(phone_region) or ""),
        (ZoneSource.JOURNEY, journey_zone),
        (ZoneSource.WORKSPACE, workspace_zone),
    )
    refused: list[tuple[ZoneSource, str]] = []
    for source, name in said:
        if name in known:
            return ZoneChoice(name, source, tuple(refused))
        if name:
            refused.append((source, name))
    return ZoneChoice(LAST_RESORT, ZoneSource.NOBODY, tuple(refused))


@cache
def load_zone(name: str) -> ZoneInfo:
    """The zone of a name that is known, which `choose_zone` makes sure of: the cache then ends with the six hundred
    that exist. `ZoneInfo` itself keeps eight, and reading one anew takes 0.2 ms.

    Raises ZoneInfoNotFoundError or ValueError for any other name."""
    return ZoneInfo(name)
