"""XLSX, XLS and ODS as rows of text: numbers without `.0`, dates in ISO, the first sheet that has rows.

The reader is calamine. Before it sees a file, the archive is unpacked once into nowhere and its true size counted: a
zip bomb is refused by what it unpacks to, not by what it says of itself.
"""

import datetime
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from tertulia.core.import_reasons import FileProblem, FileReason

UNPACKED_BYTES_MAX = 1 << 30
PARTS_MAX = 5_000
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BLOCK_BYTES = 1 << 20
_ENCRYPTED_PART = "EncryptedPackage".encode("utf-16-le")

Cell = int | float | str | bool | datetime.time | datetime.date | datetime.datetime | datetime.timedelta


def is_spreadsheet(head: bytes) -> bool:
    """Whether a file begins as a spreadsheet does (or as another archive: `preview_sheet` tells)."""
    return head.startswith((_ZIP, _OLE))


def preview_sheet(file: BinaryIO, rows_max: int) -> tuple[str, int, list[list[str]]]:
    """The first sheet that has rows: its name, the number of its first row, its first rows. Raises FileProblem."""
    book = _open_book(file)
    for name in book.sheet_names:
        rows: list[list[str]] = []
        first_row = 1
        for number, row in enumerate(book.get_sheet_by_name(name).iter_rows(), 1):
            cells = [text_of_cell(cell) for cell in row]
            if any(cells):
                first_row = first_row if rows else number
                rows.append(cells)
            if len(rows) == rows_max:
                break
        if rows:
            while len(rows[0]) > 1 and not any(row[-1] for row in rows):
                rows = [row[:-1] for row in rows]
            return name, first_row, rows
    raise FileProblem(FileReason.NO_SHEET)


def iter_rows(file: BinaryIO, sheet: str, width: int) -> Iterator[tuple[int, list[str]]]:
    """(row number, cells) of every row that is not blank; cells are made up to the head's width."""
    blank = [""] * width
    for number, row in enumerate(_open_book(file).get_sheet_by_name(sheet).iter_rows(), 1):
        cells = [text_of_cell(cell) for cell in row]
        if any(cells):
            cells += blank[len(cells) :]
            yield number, cells


def text_of_cell(cell: Cell) -> str:
    """A cell's value as a person would type it."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime.datetime):
        midnight = cell.time() == datetime.time(0)
        return cell.date().isoformat() if midnight else cell.isoformat(sep=" ", timespec="seconds")
    return str(cell)


def _open_book(file: BinaryIO) -> CalamineWorkbook:
    file.seek(0)
    head = file.read(8)
    if head.startswith(_ZIP):
        _check_archive(file)
    elif _is_locked(file):
        raise FileProblem(FileReason.LOCKED)
    file.seek(0)
    try:
        return CalamineWorkbook.from_filelike(file)
    except PasswordError:
        raise FileProblem(FileReason.LOCKED) from None
    except (CalamineError, ValueError, OSError):
        raise FileProblem(FileReason.OLD_OR_DAMAGED) from None


def _is_locked(file: BinaryIO) -> bool:
    """A locked XLSX is an OLE file with the package inside, named in its directory."""
    file.seek(0)
    return any(_ENCRYPTED_PART in block for block in iter(lambda: file.read(_BLOCK_BYTES), b""))


def _check_archive(file: BinaryIO) -> None:
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            if not ({"xl/workbook.xml", "xl/workbook.bin", "content.xml"} & names):
                raise FileProblem(FileReason.NOT_A_TABLE, what="a ZIP archive")
            if len(names) > PARTS_MAX:
                raise FileProblem(FileReason.OLD_OR_DAMAGED)
            _measure_unpacked(archive)
    except (zipfile.BadZipFile, NotImplementedError, EOFError):
        raise FileProblem(FileReason.OLD_OR_DAMAGED) from None
    except RuntimeError:  # zipfile's word for an encrypted member
        raise FileProblem(FileReason.LOCKED) from None


def _measure_unpacked(archive: zipfile.ZipFile) -> None:
    """Raises FileProblem when the parts unpack to more than the limit; zipfile itself stops a part at its stated size
    and then finds the checksum wrong."""
    stated = sum(part.file_size for part in archive.infolist())
    if stated > UNPACKED_BYTES_MAX:
        raise FileProblem(FileReason.UNPACKS_TOO_LARGE, size=stated, limit=UNPACKED_BYTES_MAX)
    for part in archive.infolist():
        with archive.open(part) as stream:
            while stream.read(_BLOCK_BYTES):
                pass
