"""A person's profile: their contact's fields and attributes, and what is known of those merged into it (M8)."""

from collections.abc import Sequence
from dataclasses import replace

from tertulia.core.traits import FIELDS, unite
from tertulia.store.contacts import Contact, read_profiles
from tertulia.store.db import Conn


def unite_family(conn: Conn, contact: Contact, family: Sequence[int]) -> Contact:
    """The contact as decisions and templates see it: of each field and attribute the later write."""
    if len(family) < 2:
        return contact
    profiles = read_profiles(conn, family)
    root = profiles[contact.id]
    for absorbed in family:
        if absorbed != contact.id and absorbed in profiles:
            unite(root, profiles[absorbed])
    return replace(contact, attributes=root.attributes, **{name: getattr(root, name) for name in FIELDS})
