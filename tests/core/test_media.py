"""What a file is, by its content alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.media import read_media, write_file_name

HEADS = {
    "picture": [b"\xff\xd8\xff\xe0\x00\x10JFIF", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"],
    "gif": [b"GIF87a..", b"GIF89a.."],
    "video": [b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00", b"\x00\x00\x00\x18ftypmp42"],
    "voice": [b"OggS\x00\x02" + bytes(22) + b"OpusHead"],
    "document": [b"%PDF-1.7"],
    "": [
        *(b"", b"<html><script>", b"<svg xmlns=", b"OggS\x00\x02" + bytes(22) + b"\x01vorbis", b"PK\x03\x04", b"MZ"),
        *(b"\x00\x00\x00\x14ftypqt  ", b"\x00\x00\x00\x18ftypheic", b"\x00\x00\x00\x18ftypM4A ", b"RIFF....WEBP"),
    ],
}


@pytest.mark.parametrize(("form", "head"), [(form, head) for form, heads in HEADS.items() for head in heads])
def test_a_file_is_what_it_begins_with(form: str, head: bytes) -> None:
    """Whatever it is called; nothing that a browser would run is taken."""
    media = read_media(head)
    assert (media.form if media else "") == form


@given(st.text(max_size=80))
def test_a_name_always_fits_into_an_address(name: str) -> None:
    """In plain letters, with the suffix of what the file is."""
    made = write_file_name(name, "pdf")
    assert made.endswith(".pdf")
    assert len(made) <= 80
    assert all(sign.isascii() and (sign.isalnum() or sign in "-_.") for sign in made)


def test_a_name_is_kept_as_far_as_it_goes() -> None:
    """Without folders and its own suffix."""
    assert write_file_name("C:\\Temp\\price list (2026).PDF", "pdf") == "price-list-2026.pdf"
    assert write_file_name("../../etc/passwd", "gif") == "passwd.gif"
    assert write_file_name("\u5e3d\u5b50.jpg", "jpg") == "file.jpg"
