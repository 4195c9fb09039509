"""The page of files: added, refused, offered in forms, kept while something sends them."""

from __future__ import annotations

from datetime import UTC, datetime
from html import unescape

from django.core.files.uploadedfile import SimpleUploadedFile
from tests.console.cast import Cast, make_client

GIF = b"GIF89a" + bytes(40)
BROADCAST = """name: Letter
kind: broadcast
entry: {kind: audience, at_launch: true}
steps: [{id: one, kind: message, channels: [sms], gif: "%s"}]
"""


def add(client, name: str, body: bytes):
    return client.post("/files/", {"file": SimpleUploadedFile(name, body)})


def test_a_file_is_added_once_and_offered_and_kept_while_it_is_sent(cast: Cast) -> None:
    """By its content; its address stands on the page and in the form of a broadcast."""
    from tertulia.actions.files import make_address
    from tertulia.actions.journeys import create_journey
    from tertulia.data.models import Journey, StoredFile

    client = make_client(cast.alice)
    assert "No files yet" in unescape(client.get("/files/").content.decode())
    for name in ("big hat.png", "again.gif"):
        assert add(client, name, GIF).status_code == 302
    file = StoredFile.objects.get()
    assert (file.name, file.form, file.content_type, bytes(file.body)) == ("big-hat.gif", "gif", "image/gif", GIF)
    address = make_address(file, "")
    for page in ("/files/", "/broadcasts/new/"):
        assert address in unescape(client.get(page).content.decode())
    create_journey(cast.workspace, None, datetime.now(UTC), BROADCAST % f"https://t.example{address}", name="Letter")
    client.post(f"/files/{file.pk}/delete/")
    assert StoredFile.objects.exists()
    assert "“Letter” sends this file." in unescape(client.get("/files/").content.decode())
    Journey.objects.all().delete()
    client.post(f"/files/{file.pk}/delete/")
    assert not StoredFile.objects.exists()


def test_what_no_message_carries_is_refused(cast: Cast) -> None:
    """By what it is, by its size, and nothing at all; another workspace's is nobody's."""
    from tertulia.data.models import StoredFile

    client = make_client(cast.alice)
    for name, body, words in (
        ("hat.gif", b"<html><script>alert(1)</script>", "This is no file that messages carry"),
        ("hat.gif", b"GIF89a" + bytes(5_000_000), "at most 5 MB"),
        ("hat.pdf", b"%PDF-" + bytes(16_000_000), "at most 16 MB"),
    ):
        answer = add(client, name, body)
        assert (answer.status_code, words in unescape(answer.content.decode())) == (422, True)
    assert client.post("/files/").status_code == 422
    assert not StoredFile.objects.exists()
    add(client, "hat.gif", GIF)
    file = StoredFile.objects.get()
    assert make_client(cast.charlie).post(f"/files/{file.pk}/delete/").status_code == 404
    assert add(make_client(cast.vera), "x.gif", GIF + b"x").status_code == 403
