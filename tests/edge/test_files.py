"""Files that go with messages over real HTTP."""

import httpx
from tests.edge.conftest import Shop

PATH = "/m/abcdefghijklmnopqrstuv/hat.gif"


def test_a_file_is_fetched_by_whoever_has_its_address(web: httpx.Client, shop: Shop) -> None:
    """Whole, as what it is, and nothing else: no browser runs what stands in it."""
    body = b"GIF89a" + bytes(range(256)) * 40
    shop.run(
        "insert into stored_file (workspace_id, public_id, name, form, content_type, size, sha256, body, made_at)"
        " values (%s, 'abcdefghijklmnopqrstuv', 'hat.gif', 'gif', 'image/gif', 1, 'x', %s, now())",
        shop.workspace,
        body,
    )
    for _again in range(2):
        answer = web.get(PATH)
        assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, body, "image/gif")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert (web.head(PATH).status_code, web.head(PATH).headers["content-length"]) == (200, str(len(body)))
    for path in (f"{PATH}x", "/m/abcdefghijklmnopqrstuv/", "/m/zzz/hat.gif", "/m/", f"/m/{'a' * 999}/hat.gif"):
        assert web.get(path).status_code == 404
    assert web.post(PATH).status_code == 405
