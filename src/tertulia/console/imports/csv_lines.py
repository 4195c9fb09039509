"""Rows as CSV that is safe to open in a spreadsheet."""

from collections.abc import Iterable, Iterator

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_csv_line(cells: Iterable[str]) -> str:
    """One line; a cell that a spreadsheet would run gets an apostrophe."""
    safe = (f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell for cell in cells)
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in safe) + "\r\n"


def encode_lines(lines: Iterable[str]) -> Iterator[bytes]:
    """Lines in UTF-8, with the mark by which spreadsheets know it."""
    yield "\ufeff".encode()
    for line in lines:
        yield line.encode()
