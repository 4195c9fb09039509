"""Ids and shards: where a contact lives, and ids that a replay derives again.

A contact lives in one of 256 shards for ever; its 64-bit id carries the shard's index in its low 8 bits. The column
`shard` holds `SHARDS[index]`: smallints chosen so that each lies in its own 1/256 of the hash ring of PostgreSQL's
hash of a smallint, which is Citus's too; so the shards spread evenly over any cluster.
Other ids are 128-bit hashes of what caused them: the same cause gives the same id.
"""

import hashlib
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from uuid import UUID

SHARD_COUNT = 256
_DIGEST_BYTES = 16
_EPOCH = date(2020, 1, 1)

# fmt: off
SHARDS: tuple[int, ...] = (
    354, 298, 60, 146, 443, 8, 132, 20, 230, 303, 259, 82, 118, 205, 1, 15, 291, 155, 344, 31, 119, 88, 311,
    458, 412, 148, 79, 94, 26, 33, 340, 24, 520, 35, 157, 10, 115, 129, 598, 92, 104, 198, 579, 48, 109, 234,
    466, 516, 5, 53, 208, 652, 290, 323, 928, 112, 196, 50, 77, 200, 166, 178, 504, 632, 61, 912, 93, 4, 141, 7,
    215, 228, 368, 17, 416, 51, 729, 172, 689, 287, 133, 162, 16, 187, 111, 295, 747, 96, 564, 269, 170, 492,
    217, 324, 375, 85, 302, 36, 202, 191, 89, 1487, 271, 619, 110, 174, 453, 19, 106, 55, 64, 0, 37, 40, 262,
    65, 45, 633, 264, 103, 656, 158, 101, 261, 117, 121, 3, 439, 161, 293, 232, 113, 406, 366, 57, 52, 160, 62,
    501, 353, 99, 422, 480, 367, 522, 165, 731, 136, 525, 168, 645, 509, 102, 357, 413, 46, 140, 28, 186, 154,
    86, 6, 73, 192, 144, 66, 71, 356, 1512, 335, 70, 184, 21, 278, 477, 34, 749, 83, 194, 124, 49, 265, 39, 574,
    43, 56, 167, 249, 454, 371, 126, 13, 387, 47, 308, 2, 426, 382, 388, 351, 349, 27, 199, 846, 95, 300, 114,
    552, 1101, 333, 134, 58, 314, 149, 481, 1004, 307, 41, 490, 219, 224, 631, 179, 185, 479, 131, 30, 9, 116,
    80, 81, 90, 59, 515, 72, 128, 260, 190, 22, 233, 381, 29, 517, 12, 275, 78, 195, 11, 67, 726, 169, 44, 240,
    107, 75, 18,
)
# fmt: on
INDEX_OF_SHARD: dict[int, int] = {shard: index for index, shard in enumerate(SHARDS)}


def shard_of_contact(contact_id: int) -> int:
    """The value of the column `shard` for a contact."""
    return SHARDS[contact_id & 0xFF]


def shard_of_index(index: int) -> int:
    """The value of the column `shard` for a shard's index, 0 to 255."""
    return SHARDS[index]


def shard_of_value(workspace: int, *parts: str) -> int:
    """The shard of a looked-up value (an identity, an address, a provider's message id)."""
    return SHARDS[index_of_value(workspace, *parts)]


def shard_of_kind(workspace: int, family: str, kind: str, value: str) -> int:
    """`shard_of_value` of these parts, at 1.1 us for 2.4: what all values of a kind begin with is hashed once."""
    hashed = _begin_value(workspace, family, kind).copy()
    hashed.update(value.encode())
    return SHARDS[hashed.digest()[0]]


@lru_cache(maxsize=256)
def _begin_value(workspace: int, family: str, kind: str) -> hashlib.blake2b:
    return hashlib.blake2b(f"{workspace}\x1f{family}\x1f{kind}\x1f".encode(), digest_size=_DIGEST_BYTES)


def index_of_value(workspace: int, *parts: str) -> int:
    """The index, 0 to 255, of the shard of a looked-up value."""
    return _digest(str(workspace), *parts)[0]


def make_contact_id(serial: int, index: int) -> int:
    """A contact's id from a serial number (below 2**55) and the index of its home shard."""
    return (serial << 8) | index


def derive_id(*cause: str | int) -> UUID:
    """The id of what `cause` brings about: the same cause, the same id."""
    return UUID(bytes=derive_key(*cause))


def derive_key(*cause: str | int) -> bytes:
    """The 16 bytes of `derive_id`, where there are so many that nobody makes a UUID of each."""
    return _digest(*map(str, cause))


def derive_delivery_id(contact_id: int, day: date, *cause: str | int) -> UUID:
    """A delivery's id: two bytes of day, one of the shard's index, thirteen of the cause. Whoever echoes the id tells
    us where the delivery lies."""
    head = (day - _EPOCH).days.to_bytes(2, "big") + bytes([contact_id & 0xFF])
    return UUID(bytes=head + _digest(str(contact_id), *map(str, cause))[:13])


def make_otp_id(contact_id: int, day: date, chance: bytes) -> UUID:
    """A one-time code's id: as a delivery's, with thirteen bytes of chance in the place of the cause."""
    head = (day - _EPOCH).days.to_bytes(2, "big") + bytes([contact_id & 0xFF])
    return UUID(bytes=head + chance[:13])


def place_of_delivery(delivery_id: UUID) -> tuple[int, date]:
    """Shard and day of a delivery, read from its id."""
    raw = delivery_id.bytes
    return SHARDS[raw[2]], _EPOCH + timedelta(days=int.from_bytes(raw[:2], "big"))


def day_of(instant: datetime) -> date:
    """The UTC day of an aware instant."""
    return (instant if instant.tzinfo is UTC else instant.astimezone(UTC)).date()


def _digest(*parts: str) -> bytes:
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=_DIGEST_BYTES).digest()
