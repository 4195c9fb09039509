"""By whose clock a contact's times are read (T4)."""

from datetime import datetime

from tertulia.core.rows import ContactRow
from tertulia.core.stages import find_number
from tertulia.core.world import World
from tertulia.core.zones import ZoneChoice, choose_zone, load_zone


def find_zone(world: World, contact: ContactRow, journey_zone: str = "") -> ZoneChoice:
    """Whose clock a contact's times are read by (T4)."""
    number = find_number(contact)
    region = next((row.country for row in contact.addresses if row.value == number), "") if number else ""
    config = world.config
    return choose_zone(contact.zone, region, journey_zone, config.workspaces[contact.workspace].zone, config.zones)


def read_clock(world: World, contact: ContactRow, journey_zone: str = "") -> datetime:
    """The instant of the cycle by the contact's clock: what a text calls now."""
    return world.now.astimezone(load_zone(find_zone(world, contact, journey_zone).zone))
