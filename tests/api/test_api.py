"""The management API: keys, errors, and what a machine can do with it."""

import json
import os
import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.actions.cast import NOW, add_contact, add_identity, values_of
from tests.api.conftest import Ask, make_client, make_visitor

TELEGRAM = {"bot_username": "LojaBot", "token": "123:AAH", "secret_token": "s3cret"}


def new_channel(ask: Ask, kind: str, given: dict[str, str] | None = None, **form: Any) -> dict[str, Any]:
    body = {"kind": kind, "name": kind, "values": values_of(kind, given or {}), **form}
    return ask("POST", "/channels", body, 201)


def test_M6_the_api_marks_attributes_and_carries_the_neutral_text(
    ask: Ask, shop: Any, conn: psycopg.Connection
) -> None:
    """A change that says nothing of the marks leaves them; a match and its preview have the neutral text."""
    form = {"name": "Loja"}
    assert ask("PUT", "/workspace", {**form, "sensitive_attributes": ["plan"]})["sensitive_attributes"] == ["plan"]
    assert ask("PUT", "/workspace", form)["sensitive_attributes"] == ["plan"]
    assert ask("PUT", "/workspace", {**form, "sensitive_attributes": ["name"]}, 400)["problems"][0]["field"]
    ana = add_contact(conn, shop, 1, attributes='{"plan": "gold"}')
    conn.commit()
    text, neutral = "Your plan is {{ contact.plan }}: {{ link }}", "News: {{ link }}"
    match = ask("POST", "/matches", {"name": "Spring", "text": text, "neutral": neutral}, 201)
    assert match["neutral"] == neutral
    shown = ask("POST", f"/matches/{match['id']}/preview", {"contact_id": ana})
    assert (shown["variant"], shown["text"][:6]) == ("neutral", "News: ")
    typed = ask("POST", f"/matches/{match['id']}/preview", {"contact_id": ana, "neutral": ""})
    assert (typed["text"], typed["problem"]["code"]) == ("", "trust")


def test_without_a_key_that_works_nothing_is_told(shop: Any) -> None:
    """No key, a wrong one, a revoked one; and a key that may only read does not write."""
    for headers in ({}, {"authorization": "Bearer tertulia_wrong"}):
        response = make_visitor(headers).get("/api/workspace")
        assert (response.status_code, response.json()["code"]) == (401, "key")
    reader = make_client(shop, ("read",))
    assert reader("GET", "/workspace")["name"] == "Loja"
    assert reader("POST", "/keys", {"name": "x", "scopes": ["read"]}, 403)["code"] == "scope"


def test_while_the_database_is_away_the_answer_is_to_come_again(ask: Ask, shop: Any) -> None:
    """As during its restart: 503 with the seconds to wait, in the one form."""
    from django.db import connection

    headers = {"authorization": f"Bearer {ask('POST', '/keys', {'name': 'CRM', 'scopes': ['read']}, 201)['key']}"}
    client, host = make_visitor(headers), connection.settings_dict["HOST"]
    connection.close()
    connection.settings_dict["HOST"] = "/nowhere"
    try:
        response = client.get("/api/workspace")
    finally:
        connection.close()
        connection.settings_dict["HOST"] = host
    assert (response.status_code, response.json()["code"], response["Retry-After"]) == (503, "busy", "2")
    assert client.get("/api/workspace").status_code == 200


def test_keys_are_shown_once_and_can_be_revoked(ask: Ask) -> None:
    """The text works at once, is in no list, and stops working when revoked."""
    made = ask("POST", "/keys", {"name": "CRM", "scopes": ["read"]}, 201)
    client = make_visitor({"authorization": f"Bearer {made['key']}"})
    assert client.get("/api/workspace").status_code == 200
    assert "key" not in next(key for key in ask("GET", "/keys") if key["id"] == made["id"])
    ask("DELETE", f"/keys/{made['id']}", status=204)
    assert client.get("/api/workspace").status_code == 401


def test_errors_have_one_form(ask: Ask) -> None:
    """A wrong shape, a wrong value, what does not exist: code, sentence, field; every problem of a form."""
    shape = ask("POST", "/channels", {"kind": "telegram"}, 422)
    assert (shape["code"], shape["field"]) == ("shape", "name")
    refused = ask("POST", "/channels", {"kind": "telegram", "name": "Bot"}, 400)
    assert {problem["field"] for problem in refused["problems"]} == {"bot_username", "token", "secret_token"}
    missing = ask("GET", "/channels/999", status=404)
    assert (missing["code"], missing["sentence"]) == ("not_found", "This channel does not exist in this workspace.")
    assert ask("GET", "/contacts?cursor=nonsense", status=400)["field"] == "cursor"
    assert ask("GET", "/contacts?limit=0", status=400)["field"] == "limit"
    assert ask("GET", "/nothing-here", status=404)


def test_a_channel_is_connected_without_showing_its_secrets(ask: Ask, foreign_ask: Ask) -> None:
    """Created, changed, paused, its webhook address and QR code read; another workspace sees nothing of it."""
    channel = new_channel(ask, "telegram", TELEGRAM)
    path = f"/channels/{channel['id']}"
    assert channel["secrets"] == ["secret_token", "token"]
    assert "AAH" not in str(ask("GET", path))
    assert channel["hook_url"].startswith("http://127.0.0.1:8080/hooks/")
    changed = ask("PUT", path, {"name": "Bot", "values": {"bot_username": "OtherBot"}})
    assert (changed["name"], changed["secrets"]) == ("Bot", ["secret_token", "token"])
    assert ask("POST", f"{path}/pause")["state"] == "paused"
    assert ask("POST", f"{path}/resume")["state"] == "live"
    assert ask("GET", f"{path}/link")["url"] == "https://t.me/OtherBot"
    assert ask("GET", f"{path}/qr.svg").startswith(b"<?xml") or b"<svg" in ask("GET", f"{path}/qr.svg")
    assert ask("GET", f"{path}/log") == []
    assert ask("GET", f"{path}/qr.png").startswith(b"\x89PNG")
    foreign_ask("GET", path, status=404)
    assert foreign_ask("GET", "/channels") == []
    ask("DELETE", path, status=204)
    assert ask("GET", "/channels") == []


def test_every_kind_is_described(ask: Ask) -> None:
    """With the fields of its form, labels and help included."""
    kinds = {kind["kind"]: kind for kind in ask("GET", "/channel-kinds")}
    assert {"twilio", "whatsapp", "messenger", "line", "viber", "telegram", "wechat", "http_sms"} <= set(kinds)
    assert all(field["label"] and field["help"] for kind in kinds.values() for field in kind["fields"])


def test_contacts_are_searched_page_by_page_and_read_whole(ask: Ask, shop: Any, conn: psycopg.Connection) -> None:
    """By name; the cursor leads through; the detail names identities by kind and trust."""
    ids = [add_contact(conn, shop, serial) for serial in range(1, 6)]
    add_identity(conn, shop, ids[0], "telegram", "lojabot", "77")
    conn.commit()
    first = ask("GET", "/contacts?limit=3&q=ana")
    second = ask("GET", f"/contacts?limit=3&q=ana&cursor={first['next']}")
    assert (first["total"], len(first["contacts"]), len(second["contacts"]), second["next"]) == (5, 3, 2, "")
    detail = ask("GET", f"/contacts/{ids[0]}")
    [identity] = detail["identities"]
    assert (identity["kind"], identity["value"], identity["trust"]) == ("telegram", "77", "token_linked")
    assert ask("GET", f"/contacts/{ids[0]}/timeline")[0]["what"] == "linked"
    assert set(ask("GET", f"/contacts/{ids[0]}/export")) >= {"contact", "identities", "consents", "messages"}


def test_M8_merge_undo_consent_and_erasure_are_decided_by_the_engine(
    ask: Ask, foreign_ask: Ask, shop: Any, conn: psycopg.Connection, engine: None
) -> None:
    """Each answers when it was decided, and what came of it is read at once."""
    root, absorbed = add_contact(conn, shop, 1, name="Ana"), add_contact(conn, shop, 2, name="Anna")
    conn.commit()
    preview = ask("GET", f"/contacts/{root}/merge-preview?absorbed={absorbed}")
    assert preview["obstacle"] == ""
    foreign_ask("POST", f"/contacts/{root}/merge", {"absorbed": absorbed}, 404)
    assert ask("POST", f"/contacts/{root}/merge", {"absorbed": absorbed})["decided"]
    merged = ask("GET", f"/contacts/{absorbed}")
    assert (merged["id"], merged["family"]) == (root, [root, absorbed])
    assert ask("POST", f"/merges/{merged['merges'][0]['id']}/undo")["decided"]
    assert ask("GET", f"/contacts/{absorbed}")["id"] == absorbed
    consent = {"state": "withdrawn", "reason": "Asked on the phone"}
    assert ask("POST", f"/contacts/{root}/consents", consent)["decided"]
    [row] = ask("GET", f"/contacts/{root}")["consents"]
    assert (row["state"], row["source"], row["proof"]["reason"]) == ("withdrawn", "person", "Asked on the phone")
    assert ask("POST", f"/contacts/{root}/erase")["decided"]
    gone = ask("GET", f"/contacts/{root}")
    assert (gone["name"], gone["addresses"], gone["erased_at"] is not None) == ("", [], True)


def test_a_match_is_drafted_checked_priced_and_launched(ask: Ask, shop: Any, conn: psycopg.Connection) -> None:
    """What is missing is told before the launch; a launched one is not changed any more."""
    contact_id = add_contact(conn, shop, 1)
    conn.commit()
    sms = new_channel(ask, "twilio", price_micros=50_000)
    app = new_channel(ask, "telegram", TELEGRAM)
    form = {"name": "Spring", "sms_channel_id": sms["id"], "apps": [app["id"]], "text": "Hi {{ contact.city }}"}
    match = ask("POST", "/matches", form, 201)
    path = f"/matches/{match['id']}"
    codes = {problem["code"] for problem in ask("GET", f"{path}/check") if not problem["warning"]}
    assert codes == {"no_link", "required"}
    assert ask("POST", f"{path}/launch", status=400)["problems"]
    form |= {"text": "Hi {{ contact.name }}: {{ link }}", "audience": {"all": True}}
    ask("PUT", path, form)
    assert ask("GET", f"{path}/check") == []
    chooser, per_app = ask("POST", f"{path}/estimate", {})
    assert (chooser["currencies"], per_app["name"]) == ({"BRL": [50_000, 50_000]}, "per_app")
    shown = ask("POST", f"{path}/preview", {"contact_id": contact_id})
    assert shown["text"].startswith("Hi Ana 1: http://127.0.0.1:8080/l/")
    assert ask("POST", f"{path}/launch")["state"] == "launching"
    assert ask("PUT", path, form, 409)["code"] == "conflict"
    assert ask("POST", f"{path}/pause")["state"] == "paused"
    assert ask("POST", f"{path}/stop")["state"] == "stopped"
    why = ask("GET", f"/contacts/{contact_id}/why?match_id={match['id']}")
    assert why["outcome"] in ("not_in_audience", "waiting")


def test_the_funnel_is_told_with_its_people(ask: Ask, shop: Any, conn: psycopg.Connection, engine: None) -> None:
    """Launched with an engine at work: the audience is frozen and every figure has its list."""
    for serial in range(1, 4):
        add_contact(conn, shop, serial)
    conn.commit()
    sms, app = new_channel(ask, "twilio"), new_channel(ask, "telegram", TELEGRAM)
    form = {
        "name": "Spring",
        "sms_channel_id": sms["id"],
        "apps": [app["id"]],
        "text": "Hi: {{ link }}",
        "audience": {"all": True},
    }
    path = f"/matches/{ask('POST', '/matches', form, 201)['id']}"
    ask("POST", f"{path}/launch")
    ask("POST", "/test/drain?limit_s=20")
    funnel = ask("GET", f"{path}/funnel")
    assert (funnel["totals"]["imported"], funnel["totals"]["valid_mobile"]) == (3, 3)
    assert sum(reason["contacts"] for reason in funnel["reasons"]) == 3
    for reason in funnel["reasons"]:
        assert len(ask("GET", f"{path}/contacts?reason={reason['reason']}")) == reason["contacts"]
    assert len(ask("GET", f"{path}/contacts?step=valid_mobile")) == 3


def test_I3_a_parked_entry_is_shown_and_tried_again(
    ask: Ask, shop: Any, conn: psycopg.Connection, engine: None
) -> None:
    """It is decided at the second try, under a key of its own, and is no longer parked."""
    from tertulia.core.entries import ConsentEntry, encode
    from tertulia.ids import derive_id, shard_of_contact

    contact_id = add_contact(conn, shop, 1)
    entry = ConsentEntry(contact_id, "*", "*", "marketing", "withdrawn", "person", "user:1", NOW)
    parked_id = derive_id("parked", contact_id)
    conn.execute(
        """insert into parked (shard, id, workspace, channel_id, kind, key, reason, payload, at)
           values (%s, %s, %s, null, 'consent', 'consent:k', 'failed', %s, %s)""",
        (shard_of_contact(contact_id), parked_id, shop.pk, encode(entry).decode(), NOW),
    )
    conn.commit()
    assert [row["id"] for row in ask("GET", "/parked")] == [str(parked_id)]
    assert ask("POST", f"/parked/{parked_id}/retry")["decided"]
    assert ask("GET", "/parked") == []
    assert ask("GET", f"/contacts/{contact_id}")["consents"][0]["state"] == "withdrawn"
    ask("POST", f"/parked/{parked_id}/retry", status=409)
    assert ask("GET", "/audit")[0]["verb"] == "parked_retried"


def test_I3_a_call_that_could_not_be_read_is_read_again(
    ask: Ask, foreign_ask: Ask, shop: Any, conn: psycopg.Connection, engine: None
) -> None:
    """By id and all at once: its message is stored, the sum stays right, and another workspace's call is not there."""
    from uuid import uuid4

    from tertulia.store.webhooks import StoredCall, count_received, insert_calls

    channel = new_channel(ask, "telegram", TELEGRAM)
    chat = {"id": 42, "type": "private"}
    message = {"message_id": 70, "date": 1793000000, "chat": chat, "from": {"id": 42, "is_bot": False}, "text": "Oi"}
    good, bad = json.dumps({"update_id": 7, "message": message}).encode(), b"not json"
    ids = [uuid4(), uuid4()]
    kept = [
        StoredCall(id_, shop.pk, channel["id"], "POST", "https://t.example/hooks/x", {}, body, 0, 0, "adapter_failed")
        for id_, body in zip(ids, (good, bad), strict=True)
    ]
    insert_calls(conn, kept, NOW)
    count_received(conn, 1, kept)
    conn.commit()
    assert len(ask("GET", f"/unreadable?channel_id={channel['id']}")) == 2
    foreign_ask("POST", f"/unreadable/{ids[0]}/retry", status=404)
    assert ask("POST", f"/unreadable/{ids[0]}/retry") == {"read": True, "decided": True}
    ask("POST", f"/unreadable/{ids[0]}/retry", status=409)
    told = ask("POST", f"/parked/retry?channel_id={channel['id']}")
    assert told == {"entries": 0, "calls": 0, "still": 1, "more": False, "decided": True}
    assert [row["id"] for row in ask("GET", "/unreadable")] == [str(ids[1])]
    [tally] = [row for row in ask("GET", "/intake") if row["channel_id"] == channel["id"]]
    assert (tally["received"], tally["processed"], tally["parked"], tally["on_the_way"]) == (2, 1, 1, 0)
    assert [row["name"] for row in ask("GET", "/conversations")["conversations"]] == [""]


def test_the_workspace_its_notices_and_its_audit_log(ask: Ask, shop: Any, alice: Any) -> None:
    """Changed with every problem told; what was done stands in the audit log."""
    from tertulia.data.models import Notice

    refused = ask("PUT", "/workspace", {"name": "", "zone": "Moon", "link_domain": "ftp://x/y"}, 400)
    assert {problem["field"] for problem in refused["problems"]} == {"name", "zone", "link_domain"}
    form = {"name": "Loja Nova", "zone": "America/Sao_Paulo", "link_domain": "https://l.example/", "country": "BR"}
    assert ask("PUT", "/workspace", form)["link_domain"] == "https://l.example"
    assert ask("GET", "/audit")[0]["verb"] == "workspace_changed"
    assert [member["role"] for member in ask("GET", "/team")] == ["owner"]
    notice = Notice.objects.create(workspace=shop, kind="import_done", at=NOW)
    assert [item["id"] for item in ask("GET", "/notices?unseen=true")] == [notice.pk]
    ask("POST", f"/notices/{notice.pk}/seen", status=204)
    assert ask("GET", "/notices?unseen=true") == []


def test_the_documentation_is_drawn_from_the_schema(shop: Any) -> None:
    """Every operation has a title and a description and stands on the page, which loads nothing from elsewhere."""
    schema = make_visitor().get("/api/openapi.json").json()
    page = make_visitor().get("/api/docs").content.decode()
    operations = [spec for item in schema["paths"].values() for spec in item.values()]
    assert len(operations) > 50
    for spec in operations:
        assert spec["summary"], spec
        assert spec["description"], spec
        assert f'id="{spec["operationId"]}"' in page
    assert "<script" not in page
    assert "//cdn" not in page


def test_no_two_shapes_have_one_name(shop: Any) -> None:
    """The schema knows them by name alone: of two it would tell one for both."""
    from ninja import Schema

    import tertulia.api

    places: dict[str, set[str]] = {}
    for found in pkgutil.iter_modules(tertulia.api.__path__):
        module = import_module(f"tertulia.api.{found.name}")
        for name, shape in vars(module).items():
            if isinstance(shape, type) and issubclass(shape, Schema):
                places.setdefault(name, set()).add(shape.__module__)
    assert len(places) > 50
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_E8_the_clock_moves_forward_only_and_answers_when_all_is_done(ask: Ask, engine: None) -> None:
    """Set, advanced, never back; and a fresh workspace with its key for a scenario."""
    assert ask("POST", "/test/clock", {"now": "2096-11-22T09:00:00Z"})["now"].startswith("2096-11-22T09:00:00")
    assert ask("POST", "/test/clock", {"advance_s": 3600})["now"].startswith("2096-11-22T10:00:00")
    assert ask("POST", "/test/clock", {"now": "2096-11-22T09:00:00Z"}, 400)["field"] == "now"
    assert ask("POST", "/test/workspace", {"name": "Fresh"}, 201)["key"].startswith("tertulia_")


@pytest.mark.parametrize("test_clock", ["", "1"])
def test_the_test_clocks_part_exists_only_under_a_test_clock(database_url: str, test_clock: str) -> None:
    """A server without one has no such addresses."""
    script = (
        "import django; django.setup();"
        "from tertulia.api.urls import api; print(any('/test/' in path for path in api.get_openapi_schema()['paths']))"
    )
    env = {**os.environ, "TEST_CLOCK": test_clock, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=env, check=True)
    assert done.stdout.strip() == str(test_clock == "1")


def test_a_list_is_uploaded_checked_and_applied(
    ask: Ask, shop: Any, conn: psycopg.Connection, data_folder: Path, empty_database: str
) -> None:
    """Columns are proposed, every row gets its outcome, and who is new can be searched; undone, they are gone."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    from tertulia.workers.importer import Setup, work_once

    setup = Setup(empty_database, data_folder)
    upload = SimpleUploadedFile("list.csv", b"name,phone\nAna,+55 11 98555-0200\nRui,000000000\n", "text/csv")
    form = {"file": upload, "basis": "consent", "source": "Shop form"}
    made = make_visitor(ask.headers).post("/api/imports", form).json()
    path = f"/imports/{made['id']}"
    assert (made["state"], made["targets"]) == ("uploaded", ["name", "phone"])
    ask("POST", f"{path}/check")
    work_once(setup)
    checked = ask("GET", path)
    assert (checked["state"], checked["rows_total"]) == ("checked", 2)
    [rejected] = ask("GET", f"{path}/rows")
    assert (rejected["row"], rejected["reason"], rejected["field"]) == (3, "placeholder", "phone")
    assert rejected["sentence"] == "A placeholder, not a number"
    assert ask("GET", f"{path}/rows?listing=new")[0]["outcome"] == "new"
    lines = make_visitor(ask.headers).get(f"/api{path}/rows.csv").getvalue().decode("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines] == ["row", "3"]
    ask("POST", f"{path}/apply", {})
    work_once(setup)
    assert ask("GET", path)["state"] == "done"
    [contact] = ask("GET", "/contacts?q=985550200")["contacts"]
    assert contact["name"] == "Ana"
    assert ask("POST", f"{path}/apply", {}, 409)["code"] == "conflict"
    ask("POST", f"{path}/undo")
    work_once(setup)
    assert ask("GET", "/contacts")["total"] == 0
