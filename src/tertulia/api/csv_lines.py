"""Rows as CSV, safe to open in a spreadsheet."""

import csv
from collections.abc import Iterable
from io import StringIO

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_line(cells: Iterable[str]) -> str:
    """One line; a cell that a spreadsheet would calculate gets an apostrophe."""
    out = StringIO()
    csv.writer(out).writerow(["'" + cell if cell.startswith(_FORMULA_STARTS) else cell for cell in cells])
    return out.getvalue()
