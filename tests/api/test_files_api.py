"""Files that go with messages over the API."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from tests.api.conftest import Ask, make_visitor


def test_a_file_is_added_listed_and_deleted(ask: Ask, foreign_ask: Ask, shop: Any) -> None:
    """With the address that a message names; another workspace sees nothing of it."""
    given = {"file": SimpleUploadedFile("List 1.pdf", b"%PDF-1.7 x")}
    made = make_visitor(ask.headers).post("/api/files", given)
    assert made.status_code == 201, made.content
    told = made.json()
    assert (told["name"], told["form"], told["size"]) == ("List-1.pdf", "document", 10)
    assert told["address"].endswith("/List-1.pdf")
    assert ask("GET", "/files") == [told]
    assert foreign_ask("GET", "/files") == []
    foreign_ask("DELETE", f"/files/{told['id']}", status=404)
    wrong = make_visitor(ask.headers).post("/api/files", {"file": SimpleUploadedFile("a.exe", b"MZ")})
    assert (wrong.status_code, wrong.json()["field"]) == (400, "file")
    ask("DELETE", f"/files/{told['id']}", status=204)
    assert ask("GET", "/files") == []
    assert [row["verb"] for row in ask("GET", "/audit")][:2] == ["file_deleted", "file_added"]
