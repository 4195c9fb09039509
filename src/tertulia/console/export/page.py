"""Contacts as CSV, streamed: the filter of the list, or the rows that were picked.

A cell that a spreadsheet would take for a formula gets an apostrophe before it. Numbers with a leading plus are left
as they are: they can be nothing but numbers, and an apostrophe would spoil them for every other reader.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from io import StringIO

from django.db import transaction
from django.http import HttpRequest, StreamingHttpResponse

from tertulia.console.access import get_now
from tertulia.console.contacts.filters import read_filter
from tertulia.console.contacts.rows import Row, build_rows
from tertulia.console.routes import route
from tertulia.data.models import Workspace
from tertulia.store.contacts import Filter, ListedContact, list_contacts, list_contacts_by_id
from tertulia.store.db import django_conn

BATCH_ROWS = 2_000
PICKED_MAX = 200
HEADS = ("name", "surname", "phone", "country", "apps", "sms", "consent", "source", "added", "last_activity")
FORMULA_START = ("=", "+", "-", "@", "\t", "\r")
PLAIN_NUMBER = re.compile(r"\+?[0-9 ]+")


def export_contacts(request: HttpRequest) -> StreamingHttpResponse:
    """The file. ``ids`` picks rows; without it the filter of the address holds."""
    picked = [int(text) for text in request.GET.getlist("ids")[:PICKED_MAX] if text.isdecimal() and len(text) < 19]
    lines = write_lines(request.workspace, read_filter(request.GET), picked)
    name = f"contacts-{get_now(request):%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


def write_lines(workspace: Workspace, which: Filter, picked: Sequence[int]) -> Iterator[str]:
    """The file in pieces of a batch, with a byte order mark, for spreadsheets know UTF-8 by it."""
    yield "\ufeff" + ",".join(HEADS) + "\r\n"
    for batch in read_batches(workspace, which, picked):
        text = StringIO()
        csv.writer(text).writerows([make_safe(cell) for cell in write_row(row)] for row in batch)
        yield text.getvalue()


def read_batches(workspace: Workspace, which: Filter, picked: Sequence[int]) -> Iterator[list[Row]]:
    """Every row, a batch at a time, each in a short read of its own: the request's transaction has ended by now."""
    before = None
    while True:
        with transaction.atomic():
            conn = django_conn()
            if picked:
                found: list[ListedContact] = list_contacts_by_id(conn, workspace.pk, picked)
            else:
                found = list_contacts(conn, workspace.pk, which, before, BATCH_ROWS)
            rows = build_rows(conn, workspace, found)
        if rows:
            yield rows
        if picked or len(found) < BATCH_ROWS:
            return
        before = (found[-1].created_at, found[-1].id)


def write_row(row: Row) -> list[str]:
    """The cells of one contact, in the order of ``HEADS``."""
    contact = row.contact
    apps = " ".join(app for app, reaches in row.marks if reaches and app != "sms")
    active = contact.active_at.isoformat() if contact.active_at else ""
    return [
        *(contact.name, contact.surname, contact.phone or "", contact.country, apps, "yes" if contact.sms else "no"),
        *(row.consent, contact.source, contact.created_at.isoformat(), active),
    ]


def make_safe(cell: str) -> str:
    """``cell`` so that no spreadsheet runs it."""
    if cell.startswith(FORMULA_START) and not PLAIN_NUMBER.fullmatch(cell):
        return "'" + cell
    return cell


ROUTES = (route("", export_contacts, "export"),)
