"""The files of imports: kept in the data folder under their hash, read for their shape, offered as a sample."""

import hashlib
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from tertulia.core.import_reasons import FileProblem, FileReason
from tertulia.core.tabular import Shape, detect_shape

FOLDER: Final = "imports"
# Numbers that no one has: Brazil's operators have not given out 98555-02xx.
SAMPLE_NAME: Final = "customers-sample.csv"
SAMPLE: Final = (
    "\ufeffname,surname,phone\r\n"
    "Ana,Carvalho,+55 11 98555-0200\r\n"
    "Bruno,Azevedo,(21) 98555-0211\r\n"
    "Célia,Nogueira,+351 912 345 678\r\n"
).encode()


class SavedFile(msgspec.Struct, frozen=True):
    """A file in the data folder: `path` relative to it, `size` in bytes."""

    path: str
    size: int
    sha256: str


def save_file(blocks: Iterable[bytes], data: Path, bytes_max: int) -> SavedFile:
    """Keep an uploaded file. Raises FileProblem, and keeps nothing, when it is larger than allowed."""
    folder = data / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    partial = folder / f".{id(blocks):x}.part"
    try:
        with partial.open("wb") as out:
            for block in blocks:
                size += len(block)
                if size > bytes_max:
                    raise FileProblem(FileReason.TOO_LARGE, size=size, limit=bytes_max)
                digest.update(block)
                out.write(block)
        name = digest.hexdigest()
        partial.replace(folder / name)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()
    return SavedFile(f"{FOLDER}/{name}", size, name)


def read_shape(data: Path, saved: SavedFile, bytes_max: int, country: str) -> Shape:
    """The shape of a kept file. Raises FileProblem when it is no list."""
    with open_file(data, saved.path) as file:
        return detect_shape(file, saved.size, bytes_max, country)


def open_file(data: Path, path: str) -> BinaryIO:
    """A kept file for reading."""
    return (data / path).open("rb")


def forget_files(data: Path, needed: Collection[str], before_s: float) -> int:
    """Remove kept files that no import needs any more and that were last written before an instant (seconds since the
    epoch, so that an upload under way is left alone); how many. A list is personal data: what was applied is in the
    database, and its file goes."""
    gone = 0
    for path in (data / FOLDER).glob("*"):
        if f"{FOLDER}/{path.name}" not in needed and path.stat().st_mtime < before_s:
            path.unlink()
            gone += 1
    return gone
