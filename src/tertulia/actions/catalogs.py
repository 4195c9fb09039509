"""Catalogs: made, named, filled and taken away."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from tertulia.actions.audit import record_change
from tertulia.actions.drafts import NAME_CHARACTERS_MAX, find_free_key
from tertulia.actions.problems import Problem, Refused, refuse
from tertulia.core.catalog_items import Given, LeftOut, read_items
from tertulia.core.catalogs import ITEMS_MAX
from tertulia.data.models import Catalog, User, Workspace
from tertulia.errors import Conflict, NotFound
from tertulia.store import catalogs as store
from tertulia.store.db import Conn

ID_MAX: Final = 2**31 - 1
AT_ONCE: Final = 1_000  # items of one call


@dataclass(frozen=True, slots=True)
class Put:
    """How many items are new, how many of the others are different now, how many were taken out, and the rows that were
    not taken."""

    added: int
    changed: int
    removed: int
    left_out: tuple[LeftOut, ...]


def list_catalogs(workspace: Workspace) -> list[Catalog]:
    """The workspace's catalogs, by their names."""
    return list(Catalog.objects.filter(workspace=workspace).order_by("name", "id"))


def access_catalog(workspace: Workspace, catalog_id: int) -> Catalog:
    """The only way to a catalog: one of this workspace. Raises NotFound."""
    found = Catalog.objects.filter(pk=catalog_id, workspace=workspace) if 0 <= catalog_id <= ID_MAX else None
    catalog: Catalog | None = found.select_related("workspace").first() if found is not None else None
    if catalog is None:
        raise NotFound(_("This catalog does not exist in this workspace."))
    return catalog


def create_catalog(workspace: Workspace, user: User | None, now: datetime, name: str, key: str = "") -> Catalog:
    """A new catalog, without items. `key`: its name in texts; made of `name` where none is given. Raises Refused, and
    Conflict for a key that another catalog has."""
    refuse(_check_name(name))
    taken = set(Catalog.objects.filter(workspace=workspace).values_list("key", flat=True))
    if key and key in taken:
        raise Conflict(_("There is a catalog with this key. Choose another."), field="key")
    free = find_free_key(key, name, taken, "catalog")
    if not free[0].isalpha():
        sentence = _("Texts name it by its key, so give one that begins with a letter.")
        raise Refused([Problem("invalid", sentence, "key")])
    catalog: Catalog = Catalog.objects.create(workspace=workspace, key=free, name=name.strip())
    record_change(workspace, user, now, "catalog_created", f"catalog:{catalog.pk}", {"key": free})
    return catalog


def rename_catalog(catalog: Catalog, user: User | None, now: datetime, name: str) -> Catalog:
    """Its key stays, for texts name it. Raises Refused."""
    refuse(_check_name(name))
    catalog.name = name.strip()
    catalog.save(update_fields=["name"])
    record_change(catalog.workspace, user, now, "catalog_changed", f"catalog:{catalog.pk}", {"key": catalog.key})
    return catalog


def delete_catalog(conn: Conn, catalog: Catalog, user: User | None, now: datetime) -> None:
    """With its items. Messages whose text names it find nothing there."""
    store.drop_all(conn, catalog.pk)
    record_change(catalog.workspace, user, now, "catalog_deleted", f"catalog:{catalog.pk}", {"key": catalog.key})
    catalog.delete()


def put_items(
    conn: Conn, catalog: Catalog, user: User | None, now: datetime, items: Iterable[Mapping[str, Any]]
) -> Put:
    """Items with their ids, each as it is from now on; the others stay. Raises Refused for too many."""
    given = list(items)
    if len(given) > AT_ONCE:
        raise Refused([Problem("range", _("Give at most %(most)d items at a time.") % {"most": AT_ONCE}, "items")])
    return fill(conn, catalog, user, now, read_items(enumerate(given, 1)))


def fill(conn: Conn, catalog: Catalog, user: User | None, now: datetime, given: Given, *, replace: bool = False) -> Put:
    """What was read of a file, or of a call; `replace`: items that are not among these go. Raises Refused, with nothing
    done, where the workspace would have too many, or everything would go for want of a single good row."""
    if replace and not given.items:
        sentence = _("No row of the file is an item, so the catalog was left as it is.")
        raise Refused([Problem("invalid", sentence, "file")])
    with transaction.atomic():
        removed = store.drop_others(conn, catalog.pk, list(given.items)) if replace else 0
        added, changed = store.put_items(conn, catalog.workspace_id, catalog.pk, given.items, now)
        total = sum(count for count, _at in store.count_items(conn, catalog.workspace_id).values())
        if added and total > ITEMS_MAX:
            told = {"most": ITEMS_MAX, "total": total}
            sentence = _("All catalogs have at most %(most)d items together; these would make it %(total)d.") % told
            raise Refused([Problem("range", sentence, "file")])
    if added or changed or removed:
        facts = {"key": catalog.key, "added": added, "changed": changed, "removed": removed}
        record_change(catalog.workspace, user, now, "catalog_items_changed", f"catalog:{catalog.pk}", facts)
    return Put(added, changed, removed, tuple(given.left_out))


def remove_items(conn: Conn, catalog: Catalog, user: User | None, now: datetime, ids: Iterable[str]) -> int:
    """Take items out; how many of them there were. Raises Refused for too many."""
    wanted = list(ids)
    if len(wanted) > AT_ONCE:
        raise Refused([Problem("range", _("Give at most %(most)d items at a time.") % {"most": AT_ONCE}, "ids")])
    removed = store.drop_items(conn, catalog.pk, wanted)
    if removed:
        facts = {"key": catalog.key, "removed": removed}
        record_change(catalog.workspace, user, now, "catalog_items_changed", f"catalog:{catalog.pk}", facts)
    return removed


def tell_left_out(one: LeftOut) -> str:
    """The sentence about a row."""
    sentence: str = _(one.message) % {"row": one.row, **one.parameters}
    return sentence


def _check_name(name: str) -> list[Problem]:
    if 0 < len(name.strip()) <= NAME_CHARACTERS_MAX and name.isprintable():
        return []
    return [Problem("required", _("Give the catalog a name of at most 200 characters."), "name")]
