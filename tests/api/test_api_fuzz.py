"""Whatever the schema allows, the API answers in its one form and never fails."""

from functools import cache
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.actions.cast import add_contact
from tests.api.conftest import make_client, make_visitor

ODD = st.one_of(
    st.sampled_from(["", "0", "-1", "9" * 30, "null", "\x00", "%", "' or 1=1 --", "\u202eabc", "é" * 300, "NaN"]),
    st.text(max_size=20),
    st.integers(-(2**70), 2**70).map(str),
)


@cache
def list_reads() -> list[tuple[str, list[str]]]:
    """Every GET of the schema with the names of its query's parameters."""
    from tertulia.api.urls import api

    found = []
    for path, item in api.get_openapi_schema()["paths"].items():
        if "get" in item and "/test/" not in path:
            names = [p["name"] for p in item["get"].get("parameters", ()) if p["in"] == "query"]
            found.append((path, names))
    return found


@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.generate],
)
@given(data=st.data())
def test_odd_addresses_and_parameters_are_answered_in_the_one_form(
    conn: psycopg.Connection, shop: Any, data: st.DataObject
) -> None:
    """A success, or an error with its code and sentence: no failure for anything that can be put into an address."""
    from urllib.parse import quote

    ask = _ask(conn, shop)
    path, names = data.draw(st.sampled_from(list_reads()))
    while "{" in path:
        head, _, rest = path.partition("{")
        path = head + quote(data.draw(ODD) or "x", safe="") + rest.partition("}")[2]
    query = {name: data.draw(ODD) for name in names if data.draw(st.booleans())}
    response = ask.get(path, query)
    assert response.status_code < 500, (path, query)
    if response.status_code >= 400 and response.headers["content-type"].startswith("application/json"):
        told = response.json()
        assert response.status_code == 404 or told["sentence"], (path, query)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b'{"name": 5}', b"\xff\xfe", b'"' * 10, b"[" * 100_000])
def test_odd_bodies_are_refused_with_a_sentence(shop: Any, body: bytes) -> None:
    """Whatever is posted where a form is expected."""
    from tertulia.api.urls import api

    headers = make_client(shop, ("read", "write")).headers
    for path, item in api.get_openapi_schema()["paths"].items():
        if "post" not in item or "/test/" in path or "multipart/form-data" in str(item["post"].get("requestBody")):
            continue
        address = path.replace("{", "1").replace("}", "") if "_id}" not in path else _fill(path)
        response = make_visitor(headers).post(address, body, content_type="application/json")
        assert 400 <= response.status_code < 500 or response.status_code in (200, 204), (path, body)
        if response.status_code >= 400:
            assert response.json()["sentence"], path


def _fill(path: str) -> str:
    import re

    return re.sub(
        r"\{(merge_id|parked_id|delivery_id|call_id)\}",
        "00000000-0000-0000-0000-000000000000",
        re.sub(r"\{(?!merge_id|parked_id|delivery_id|call_id)\w+\}", "1", path),
    )


_clients: dict[int, Any] = {}


def _ask(conn: psycopg.Connection, shop: Any) -> Any:
    """One client a workspace, with a contact to be found."""
    if shop.pk not in _clients:
        add_contact(conn, shop, 1)
        conn.commit()
        _clients[shop.pk] = make_visitor(make_client(shop).headers)
    return _clients[shop.pk]


@pytest.mark.parametrize(
    "path",
    [
        "/api/contacts?q=%00",
        "/api/contacts?q=%F0%9F%98%80%25_%5C",
        "/api/contacts?app=%00&consent=%00",
        "/api/contacts?import_id=99999999999999999999",
        "/api/contacts/99999999999999999999999",
        "/api/contacts/-1",
        "/api/contacts?cursor=MjAyNi0xMS0yMlQwMDowMDowMFp8OTk5OTk5OTk5OTk5OTk5OTk5OTk5",
        "/api/conversations?state=%00&channel_id=99999999999",
        "/api/parked?before=0001-01-01T00:00:00",
        "/api/parked?before=9999-12-31T23:59:59Z",
        "/api/audit?before=-5",
        "/api/audit?before=99999999999999999999",
        "/api/deliveries/ffffffff-ffff-ffff-ffff-ffffffffffff",
        "/api/channels/99999999999999",
        "/api/imports/99999999999999",
        "/api/sources/99999999999999",
        "/api/sources/99999999999999999999999/events",
        "/api/matches/99999999999999/funnel",
    ],
)
def test_values_that_no_column_takes_are_no_failure(shop: Any, path: str) -> None:
    """NULs, numbers beyond every type, instants at the ends of time."""
    response = make_visitor(make_client(shop).headers).get(path)
    assert response.status_code < 500, response.content
