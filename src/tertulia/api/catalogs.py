"""Catalogs, whose items texts show."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status

from tertulia.actions import catalogs as actions
from tertulia.api.shell import conn_of, now, workspace_of, writing
from tertulia.data.models import Catalog
from tertulia.store.catalogs import count_items, list_items

router = Router(tags=["Catalogs"])

PAGE_MAX = 1_000


class CatalogIn(Schema):
    name: str


class NewCatalogIn(CatalogIn):
    """`key`: its name in texts, `catalogs.<key>`; made of `name` where none is given."""

    key: str = ""


class CatalogOut(CatalogIn):
    """`changed_at`: when an item was, null without any."""

    id: int
    key: str
    items: int
    changed_at: datetime | None


class ItemsIn(Schema):
    """Each with its `id`, and up to 50 fields that texts may show."""

    items: list[dict[str, Any]]


class ItemLeftOutOut(Schema):
    """An item that was not taken, by its number in the list from 1."""

    row: int
    sentence: str


class PutOut(Schema):
    """`changed`: those of before that are different now."""

    added: int
    changed: int
    left_out: list[ItemLeftOutOut]


class ItemOut(Schema):
    id: str
    fields: dict[str, Any]
    changed_at: datetime


class ItemsOut(Schema):
    """`next`: what to give as `after` for those that follow, null at the end."""

    items: list[ItemOut]
    next: str | None


class PageIn(Schema):
    after: str = ""
    begin: str = ""
    limit: int = 100


class IdsIn(Schema):
    ids: list[str]


class RemovedOut(Schema):
    removed: int


@router.get("/catalogs", response=list[CatalogOut], summary="Catalogs")
def list_catalogs(request: HttpRequest) -> list[dict[str, Any]]:
    """Every catalog with the number of its items, by name."""
    return _tell(request, actions.list_catalogs(workspace_of(request)))


@router.post("/catalogs", response={201: CatalogOut}, summary="Make a catalog")
def post_catalog(request: HttpRequest, form: NewCatalogIn) -> Status[dict[str, Any]]:
    """Without items. A key that is taken is refused."""
    with writing():
        catalog = actions.create_catalog(workspace_of(request), None, now(), form.name, form.key)
    return Status(201, _tell(request, [catalog])[0])


@router.get("/catalogs/{catalog_id}", response=CatalogOut, summary="A catalog")
def get_catalog(request: HttpRequest, catalog_id: int) -> dict[str, Any]:
    """With the number of its items."""
    return _tell(request, [actions.access_catalog(workspace_of(request), catalog_id)])[0]


@router.put("/catalogs/{catalog_id}", response=CatalogOut, summary="Rename a catalog")
def put_catalog(request: HttpRequest, catalog_id: int, form: CatalogIn) -> dict[str, Any]:
    """Its key stays, for texts name it."""
    catalog = actions.access_catalog(workspace_of(request), catalog_id)
    with writing():
        return _tell(request, [actions.rename_catalog(catalog, None, now(), form.name)])[0]


@router.delete("/catalogs/{catalog_id}", response={204: None}, summary="Delete a catalog")
def delete_catalog(request: HttpRequest, catalog_id: int) -> Status[None]:
    """With its items. Messages whose text names it find nothing there."""
    catalog = actions.access_catalog(workspace_of(request), catalog_id)
    with writing():
        actions.delete_catalog(conn_of(), catalog, None, now())
    return Status(204, None)


@router.get("/catalogs/{catalog_id}/items", response=ItemsOut, summary="Items of a catalog")
def get_items(request: HttpRequest, catalog_id: int, page: Query[PageIn]) -> dict[str, Any]:
    """By id, `limit` at a time (at most 1,000), from the one after `after`; with `begin` those whose ids begin so."""
    catalog = actions.access_catalog(workspace_of(request), catalog_id)
    limit = min(max(page.limit, 1), PAGE_MAX)
    found = list_items(conn_of(), catalog.pk, limit, after=page.after, begin=page.begin)
    items = [{"id": item.id, "fields": dict(item.fields), "changed_at": item.changed_at} for item in found]
    return {"items": items, "next": found[-1].id if len(found) == limit else None}


@router.put("/catalogs/{catalog_id}/items", response=PutOut, summary="Put items into a catalog")
def put_items(request: HttpRequest, catalog_id: int, form: ItemsIn) -> dict[str, Any]:
    """At most 1,000 at a time, each whole as it is from now on; items that are not named stay. What is wrong with one
    is told, and the others are taken."""
    catalog = actions.access_catalog(workspace_of(request), catalog_id)
    with writing():
        put = actions.put_items(conn_of(), catalog, None, now(), form.items)
    told = [{"row": one.row, "sentence": actions.tell_left_out(one)} for one in put.left_out]
    return {"added": put.added, "changed": put.changed, "left_out": told}


@router.delete("/catalogs/{catalog_id}/items", response=RemovedOut, summary="Take items out of a catalog")
def delete_items(request: HttpRequest, catalog_id: int, form: IdsIn) -> dict[str, int]:
    """By id, at most 1,000 at a time. One that is not there is no mistake."""
    catalog = actions.access_catalog(workspace_of(request), catalog_id)
    with writing():
        return {"removed": actions.remove_items(conn_of(), catalog, None, now(), form.ids)}


def _tell(request: HttpRequest, catalogs: list[Catalog]) -> list[dict[str, Any]]:
    counts = count_items(conn_of(), workspace_of(request).pk)
    told = []
    for catalog in catalogs:
        count, changed_at = counts.get(catalog.pk, (0, None))
        head = {name: getattr(catalog, name) for name in ("id", "key", "name")}
        told.append({**head, "items": count, "changed_at": changed_at})
    return told
