"""By whose clock a contact's times are read (T4)."""

from tertulia.core.rows import ContactRow
from tertulia.core.stages import find_number
from tertulia.core.world import World
from tertulia.core.zones import ZoneChoice, choose_zone


def find_zone(world: World, contact: ContactRow, journey_zone: str = "") -> ZoneChoice:
    """Whose clock a contact's times are read by (T4)."""
    number = find_number(contact)
    region = next((row.country for row in contact.addresses if row.value == number), "") if number else ""
    config = world.config
    return choose_zone(contact.zone, region, journey_zone, config.workspaces[contact.workspace].zone, config.zones)
