"""Lists as files: what shape a file has (encoding, delimiter, width), and its records one by one.

Reading streams and holds one block at a time. Two things are guarded beyond Python's csv module. A quotation mark that
is never closed would swallow the rest of the file: a record that runs over several lines is taken only if it looks like
one (strictly quoted, no whole record inside it); otherwise its first line is reported as broken and reading goes on at
the next. And a line without end is cut at `ROW_CHARACTERS_MAX` and reported.

Rows are numbered as a spreadsheet shows them: the head is row 1, blank rows count.
"""

import codecs
import csv
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import BinaryIO

import msgspec

from tertulia.core import spreadsheets
from tertulia.core.import_reasons import FileProblem, FileReason, Reason
from tertulia.core.text_encodings import EncodingScan

COLUMNS_MAX = 200
NUL_SHOWN = "\ufffd"  # what is kept is text, which holds no NUL
ROW_CHARACTERS_MAX = 100_000
RECORD_LINES_MAX = 100
SHOWN_CHARACTERS_MAX = 200
BLOCK_BYTES = 1 << 20
SAMPLE_ROWS = 5
_SNIFF_LINES = 60
_DELIMITERS = (",", ";", "\t", "|")

# What a file is that is no table, by its first bytes.
_MAGIC = (
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"RIFF", "a media file"),
    (b"\x1f\x8b", "a compressed file"),
    (b"7z\xbc\xaf", "a compressed file"),
    (b"Rar!", "a compressed file"),
    (b"BZh", "a compressed file"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"SQLite format 3", "a database"),
    (b"{\\rtf", "a text document"),
    (b"<!DOCTYPE", "a web page"),
    (b"<!doctype", "a web page"),
    (b"<html", "a web page"),
    (b"<HTML", "a web page"),
    (b"<?xml", "an XML document"),
)


class Shape(msgspec.Struct, frozen=True):
    """How a file is to be read. `delimiter` is empty and `sheet` set for spreadsheets; `first` is its first row as it
    stands, which may or may not be a head; `samples` are rows after it."""

    kind: str  # csv | sheet
    encoding: str
    delimiter: str
    sheet: str
    first: tuple[str, ...]
    samples: tuple[tuple[str, ...], ...]
    first_row: int = 1
    rows_skipped: int = 0  # lines before the table: a stated delimiter
    lines: int = 0  # how many line ends the file has: a guess at its rows, 0 for spreadsheets

    def without_people(self, *, has_head: bool) -> "Shape":
        """The shape as it is kept once the rows are imported: nothing that stands in a row, only the columns' names."""
        return msgspec.structs.replace(self, first=self.first if has_head else ("",) * self.width, samples=())

    @property
    def width(self) -> int:
        """How many columns each row has."""
        return len(self.first)


class Plain(msgspec.Struct, frozen=True, tag=True):
    """Rows as they stand, one a line: nearly all of a list. A cut at each delimiter is all that their cells take, so it
    is left to who wants the cells. `row` is the first one's number; no line is blank or ends in a line feed."""

    row: int
    lines: list[str]


class Broken(msgspec.Struct, frozen=True, tag=True):
    """A row that cannot be taken apart: what stands there (cut), and why."""

    row: int
    text: str
    reason: Reason
    params: dict[str, str | int]


Record = tuple[int, list[str]]
Piece = Plain | Record | Broken


def detect_shape(file: BinaryIO, size: int, bytes_max: int, country: str = "") -> Shape:
    """Read a whole file once and say how to read it. `size` in bytes; `country` tips doubtful encodings.

    Raises FileProblem when it is no table, empty, too large or too wide.
    """
    if size > bytes_max:
        raise FileProblem(FileReason.TOO_LARGE, size=size, limit=bytes_max)
    file.seek(0)
    head = file.read(4096)
    if not head.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        raise FileProblem(FileReason.EMPTY)
    if spreadsheets.is_spreadsheet(head):
        sheet, first_row, rows = spreadsheets.preview_sheet(file, SAMPLE_ROWS + 1)
        return _check_width(Shape("sheet", "", "", sheet, tuple(rows[0]), tuple(map(tuple, rows[1:])), first_row))
    for magic, what in _MAGIC:
        if head.lstrip().startswith(magic):
            raise FileProblem(FileReason.NOT_A_TABLE, what=what)
    return _check_width(_detect_csv(file, country))


def iter_pieces(file: BinaryIO, shape: Shape) -> Iterator[Piece]:
    """All rows in their order, the first one included, blank ones left out."""
    if shape.kind == "sheet":
        yield from spreadsheets.iter_rows(file, shape.sheet, shape.width)
        return
    lines = iter_lines(_iter_blocks(file), shape.encoding)
    yield from iter_csv(lines, shape.delimiter, shape.width, shape.rows_skipped)


def split_pieces(pieces: Iterable[Piece], delimiter: str) -> Iterator[Record | Broken]:
    """The rows of pieces one by one, taken apart."""
    for piece in pieces:
        if isinstance(piece, Plain):
            for row, line in enumerate(piece.lines, piece.row):
                yield row, line.split(delimiter)
        else:
            yield piece


def iter_lines(blocks: Iterable[bytes], encoding: str) -> Iterator[list[str]]:
    """Lines of text without their ends, as many at once as a block has; carriage returns alone end lines too. Bytes
    that the encoding does not have become U+FFFD. A line over the limit keeps at least one character behind it."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    carry, cutting = "", False
    for block in blocks:
        carry += decoder.decode(block)
        if "\r" in carry:
            carry = carry.replace("\r\n", "\n")
            carry = carry[:-1].replace("\r", "\n") + carry[-1]
        lines = carry.split("\n")
        carry = lines.pop()
        if cutting and lines:
            del lines[0]
            cutting = False
        yield lines
        if len(carry) > ROW_CHARACTERS_MAX:
            if not cutting:
                yield [carry]
            carry, cutting = "", True
    carry += decoder.decode(b"", final=True)
    if carry and not cutting:
        yield [carry.rstrip("\r")]


class _Feed:
    """Lines for a csv reader, that remembers which the reader has taken since the last record and takes them back."""

    def __init__(self, lists: Iterator[list[str]]) -> None:
        self._lists = lists
        self._lines: list[str] = []
        self._next = 0
        self.taken: list[str] = []

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        if len(self.taken) > RECORD_LINES_MAX:
            raise csv.Error("a record over too many lines")
        if self._next == len(self._lines) and not self._fetch():
            raise StopIteration
        line = self._lines[self._next][: ROW_CHARACTERS_MAX + 1] + "\n"
        self._next += 1
        self.taken.append(line)
        return line

    def take_plain(self) -> list[str] | None:
        """The lines at hand that need no csv reader, up to the first that does or is blank. None: there are no more."""
        if self._next == len(self._lines) and not self._fetch():
            return None
        lines, start = self._lines, self._next
        end = start
        while end < len(lines) and '"' not in (line := lines[end]) and 0 < len(line) <= ROW_CHARACTERS_MAX:
            end += 1
        self._next = end
        return lines[start:end]

    def give_back(self, lines: list[str]) -> None:
        """These lines are read again, before all others."""
        self._lines[: self._next] = [line[:-1] for line in lines]
        self._next = 0

    def _fetch(self) -> bool:
        self._lines, self._next = next((lines for lines in self._lists if lines), []), 0
        return bool(self._lines)


def iter_csv(lines: Iterator[list[str]], delimiter: str, width: int, skipped: int = 0) -> Iterator[Piece]:
    """Take lines of delimited text apart. `width` is the head's; the first `skipped` lines are not of the table."""
    feed = _Feed(lines)
    for _ in range(skipped):
        next(feed, None)
    row = skipped
    reader = csv.reader(feed, delimiter=delimiter)
    while (plain := feed.take_plain()) is not None:
        if plain:
            yield Plain(row + 1, plain)
            row += len(plain)
            continue
        feed.taken = []
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            cells = []
        row += 1
        taken = feed.taken
        if len(taken) == 1:
            if len(taken[0]) > ROW_CHARACTERS_MAX:
                yield _broken(row, taken[0], Reason.ROW_TOO_LONG, limit=ROW_CHARACTERS_MAX)
            elif not _is_quote_open(taken[0], delimiter):
                if cells:
                    yield row, cells
            else:
                yield _broken(row, taken[0], Reason.QUOTE_NEVER_CLOSED)
        elif cells and _is_one_record(taken, cells, delimiter, width):
            yield row, cells
        else:
            feed.give_back(taken[1:])
            yield _broken(row, taken[0], Reason.QUOTE_NEVER_CLOSED)


def _is_quote_open(line: str, delimiter: str) -> bool:
    """Whether a record that took one line only did so because the file ended inside its quotation marks."""
    return line.count('"') % 2 == 1 and _parse_strictly([line], delimiter) is None


def _is_one_record(lines: list[str], cells: list[str], delimiter: str, width: int) -> bool:
    """Whether several lines are one row with line breaks inside quotes, rather than rows behind a lost quote."""
    if len(cells) != width or _parse_strictly(lines, delimiter) is None:
        return False
    return width == 1 or not any(len(_parse_strictly([line], delimiter) or ()) == width for line in lines[1:-1])


def _parse_strictly(lines: list[str], delimiter: str) -> list[str] | None:
    """The cells of lines that are exactly one well-formed record, else None."""
    try:
        records = list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return records[0] if len(records) == 1 else None


def _broken(row: int, text: str, reason: Reason, **params: str | int) -> Broken:
    return Broken(row, text[:SHOWN_CHARACTERS_MAX].rstrip("\r\n"), reason, params)


def _iter_blocks(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while block := file.read(BLOCK_BYTES):
        yield block


def _detect_csv(file: BinaryIO, country: str) -> Shape:
    scan, line_ends = EncodingScan(), 0
    for block in _iter_blocks(file):
        scan.feed(block)
        line_ends += block.count(b"\n")
    encoding = scan.result(country)
    lines = iter_lines(_iter_blocks(file), encoding)
    opening = [line[: ROW_CHARACTERS_MAX + 1] for line in islice(chain.from_iterable(lines), _SNIFF_LINES)]
    delimiter, skipped = _stated_delimiter(opening[0]), 1
    if not delimiter:
        delimiter, skipped = sniff_delimiter(opening), 0
    sample = split_pieces(iter_csv(iter([opening]), delimiter, 0, skipped), delimiter)
    records = [record for record in sample if not isinstance(record, Broken)][: SAMPLE_ROWS + 1]
    rows = [tuple(cells) for _, cells in records]
    if not rows:
        raise FileProblem(FileReason.NOT_A_TABLE, what="text without rows")
    if any("\x00" in cell for cell in rows[0]):
        raise FileProblem(FileReason.NOT_A_TABLE, what="a file of bytes")
    samples = tuple(tuple(cell.replace("\x00", NUL_SHOWN) for cell in row) for row in rows[1:])
    return Shape("csv", encoding, delimiter, "", rows[0], samples, records[0][0], skipped, line_ends)


def _stated_delimiter(line: str) -> str:
    """Spreadsheets may state it in a first line of its own: `sep=;`."""
    stated = line.strip("\ufeff\n ")
    return stated[4] if len(stated) == 5 and stated.lower().startswith("sep=") else ""


def sniff_delimiter(lines: list[str]) -> str:
    """The character that cuts the most lines into the same number of cells; a comma where none does."""
    best, best_score = ",", (0.0, 0)
    for delimiter in _DELIMITERS:
        counts = [count for line in _single_lines(lines) if (count := _count_cells(line, delimiter))]
        if not counts or counts[0] < 2:
            continue
        score = (counts.count(counts[0]) / len(counts), counts[0])
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _count_cells(line: str, delimiter: str) -> int:
    """None in a line that no reader takes."""
    try:
        return len(next(csv.reader([line], delimiter=delimiter), ()))
    except csv.Error:
        return 0


def _single_lines(lines: list[str]) -> list[str]:
    """Only lines whose quotation marks are in pairs, so that a broken one does not blur the counts."""
    return [line for line in lines if line.count('"') % 2 == 0]


def _check_width(shape: Shape) -> Shape:
    if shape.width > COLUMNS_MAX:
        raise FileProblem(FileReason.TOO_MANY_COLUMNS, columns=shape.width, limit=COLUMNS_MAX)
    return shape
