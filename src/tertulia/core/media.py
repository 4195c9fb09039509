"""What a file that goes with messages is, told by its first bytes and by nothing that anybody says of it, and how large
it may be: what every provider that carries such a file takes."""

from dataclasses import dataclass
from typing import Final

HEAD_BYTES: Final = 64  # that `read_media` looks at
PICTURE_BYTES_MAX: Final = 5_000_000
MEDIA_BYTES_MAX: Final = 16_000_000
NO_VIDEOS: Final = (b"qt  ", b"heic", b"heix", b"mif1", b"avif", b"M4A ", b"M4B ")  # brands of the same container


@dataclass(frozen=True, slots=True)
class Media:
    """`form`: picture, video, voice, document or gif."""

    form: str
    content_type: str
    suffix: str
    bytes_max: int


JPEG: Final = Media("picture", "image/jpeg", "jpg", PICTURE_BYTES_MAX)
PNG: Final = Media("picture", "image/png", "png", PICTURE_BYTES_MAX)
GIF: Final = Media("gif", "image/gif", "gif", PICTURE_BYTES_MAX)
MP4: Final = Media("video", "video/mp4", "mp4", MEDIA_BYTES_MAX)
OGG: Final = Media("voice", "audio/ogg", "ogg", MEDIA_BYTES_MAX)
PDF: Final = Media("document", "application/pdf", "pdf", MEDIA_BYTES_MAX)


def read_media(head: bytes) -> Media | None:
    """What a file is that begins with these bytes; None for what no message carries."""
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith((b"GIF87a", b"GIF89a")):
        return GIF
    if head[4:8] == b"ftyp" and head[8:12] not in NO_VIDEOS:
        return MP4
    if head.startswith(b"OggS") and b"OpusHead" in head[:HEAD_BYTES]:
        return OGG
    return PDF if head.startswith(b"%PDF-") else None


def write_file_name(name: str, suffix: str) -> str:
    """The last part of a file's address: its own name in letters that every provider takes, and what it is."""
    stem = name.rpartition("/")[2].rpartition("\\")[2]
    stem = stem[: stem.rindex(".")] if "." in stem[1:] else stem
    kept = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_") else "-" for sign in stem[:60])
    return f"{'-'.join(filter(None, kept.split('-'))) or 'file'}.{suffix}"
