"""Coupon codes in a file, as shops export them: one in each row, of the column that is headed so, else of the first."""

from typing import BinaryIO, Final

from tertulia.core.tabular import Broken, detect_shape, iter_pieces, split_pieces

FILE_BYTES_MAX: Final = 32 << 20
HEADS: Final = frozenset({"code", "codes", "coupon", "coupon code", "discount code", "voucher", "voucher code"})
_UNREADABLE: Final = "\x7f"  # no code: the row is named as one that is none


def read_code_file(file: BinaryIO, size: int) -> tuple[list[str], int]:
    """The codes row by row, and the number of the first row; blank rows are empty. `size` in bytes. Raises FileProblem
    for what is no table."""
    shape = detect_shape(file, size, FILE_BYTES_MAX)
    heads = [cell.strip().casefold() for cell in shape.first]
    column = next((place for place, head in enumerate(heads) if head in HEADS), None)
    begins = shape.first_row if column is None else shape.first_row + 1
    found: dict[int, str] = {}
    for record in split_pieces(iter_pieces(file, shape), shape.delimiter):
        if isinstance(record, Broken):
            found[record.row] = _UNREADABLE
            continue
        row, cells = record
        found[row] = cells[column or 0] if len(cells) > (column or 0) else ""
    return [found.get(row, "") for row in range(begins, max(found, default=0) + 1)], begins
