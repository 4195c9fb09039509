"""`tertulia simulate`: customers and events, given or recorded, through a document or a draft; nothing is stored."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.actions.cast import make_channel
from tests.console.cast import make_cast

from tertulia.cli import main

JOURNEY = """name: Cart reminder
entry: {event: Product Added, where: {property: price, over: 100}}
exceptions: [{event: Order Completed}]
steps:
  - {id: pause, kind: wait, for: 1 h}
  - {id: remind, kind: message, channels: [sms], text: "Hi {{ contact.name }}, {{ event.product }} waits."}
"""
PEOPLE = """id,name,phone,opt in
u1,Ana,+55 11 98555-0200,yes
u2,Bia,+55 11 98555-0201,no
u3,Cris,12,yes
"""
EVENTS = """timestamp,userId,event,product,price
2026-11-02T09:00:00Z,u1,Product Added,Coffee,120
2026-11-02T09:10:00Z,u2,Product Added,Tea,130
2026-11-02T09:20:00Z,u1,Product Viewed,Tea,130
"""


@pytest.fixture
def folder(empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace that sends SMS, and a folder with a document, customers and events."""
    monkeypatch.setenv("TERTULIA_DATA", str(tmp_path / "data"))
    make_channel(make_cast().workspace, "twilio", name="SMS")
    for name, text in {"cart.yaml": JOURNEY, "people.csv": PEOPLE, "events.csv": EVENTS}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def run(folder: Path, *options: str, people: str = "people.csv", events: str = "events.csv") -> int:
    given = ["--contacts", str(folder / people), "--events", str(folder / events)]
    return main(["simulate", str(folder / "cart.yaml"), "--workspace", "verbena", *given, *options])


def read(folder: Path, captured: pytest.CaptureFixture[bytes], *options: str, **files: str) -> Any:
    """The document that it prints."""
    assert run(folder, "--json", *options, **files) == 0, captured.readouterr().err
    return json.loads(captured.readouterr().out)


def test_one_json_document(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Figures with their reasons, samples, and the rows that an import would leave out."""
    told = read(folder, capfdbinary)
    assert (told["events"], told["contacts"], told["cut"]) == (3, 2, "")
    [left_out] = told["left_out"]
    assert left_out.startswith(f"{folder / 'people.csv'}:4: phone: ")
    [one] = told["journeys"]
    assert (one["entered"], one["completed"], one["messages"]) == (2, 2, 1)
    assert one["by_day"] == [{"day": "2026-11-02", "channel": "SMS", "kind": "sms", "count": 1}]
    [refused] = one["not_sent"]
    assert (refused["step"], refused["reason"], refused["count"]) == ("remind", "consent.none", 1)
    assert [(step["step"], step["reached"], step["sent"]) for step in one["steps"]] == [
        ("pause", 2, 0),
        ("remind", 2, 1),
    ]
    [sample] = one["samples"]
    assert (sample["at"], sample["text"]) == ("2026-11-02T10:00:00Z", "Hi Ana, Coffee waits.")


def test_for_people_and_beside_another(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Two journeys stand in two columns."""
    (folder / "dear.yaml").write_text(JOURNEY.replace("over: 100", "over: 125").replace("name: Cart", "name: Dear"))
    assert run(folder, "--compare", str(folder / "dear.yaml")) == 0
    lines = capfdbinary.readouterr().out.decode().splitlines()
    assert lines[0] == "Events: 3, contacts: 2, 2026-11-02 to 2026-12-02, Europe/Lisbon"
    rows = {" ".join(line.split()[:-2]): line.split()[-2:] for line in lines if line}
    assert rows["entered"] == ["2", "1"]
    assert rows["messages"] == ["1", "0"]
    assert rows["2026-11-02 SMS"] == ["1", "0"]
    assert "  2026-11-02 10:00  SMS  Ana: Hi Ana, Coffee waits." in lines


def test_some_messages_reach_nobody(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """As many as are said; a share that is none is refused."""
    [one] = read(folder, capfdbinary, "--refused", "100")["journeys"]
    assert {told["outcome"]: told["count"] for told in one["not_sent"]} == {"not_sent": 1, "failed": 1}
    with pytest.raises(SystemExit):
        run(folder, "--refused", "120")
    assert b"give a number from 0 to 100" in capfdbinary.readouterr().err


def test_json_lines_as_the_tracking_api_takes_them(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """One message a line, one customer a line."""
    message = {"type": "track", "userId": "u9", "event": "Product Added", "timestamp": "2026-11-02T09:00:00Z"}
    message |= {"properties": {"price": 200, "product": "Tea"}}
    (folder / "events.jsonl").write_text(json.dumps(message) + "\n\n")
    (folder / "people.jsonl").write_text(json.dumps({"id": "u9", "name": "Davi", "phone": "+5511985550209"}) + "\n")
    told = read(folder, capfdbinary, people="people.jsonl", events="events.jsonl")
    assert [sample["text"] for sample in told["journeys"][0]["samples"]] == ["Hi Davi, Tea waits."]


def test_between_two_instants(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """What comes before is not played, and the clock stops at the last one."""
    told = read(folder, capfdbinary, "--from", "2026-11-02T09:05Z", "--to", "2026-11-02T09:30Z")
    [one] = told["journeys"]
    assert (told["events"], one["entered"], one["inside"]) == (2, 1, 1)


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("cart.yaml", "name: x\nentry: {event: A}\nsteps: []\n", "cart.yaml:3: Give at least one step."),
        ("events.csv", "userId,event\nu1,A\n", "events.csv:1: Name a column timestamp: when each event happened."),
        ("events.csv", "timestamp,userId,event\nsoon,u1,A\n", "events.csv:2: timestamp: Say when it happened"),
        ("events.csv", "timestamp,userId,event\n2026-11-02,u1\n", "events.csv:2: This row has 2 cells, the head 3."),
        ("events.csv", "timestamp,event\n2026-11-02,A\n", "events.csv:2: Neither userId nor anonymousId is set."),
        ("people.csv", "colour\nred\n", "phone"),
    ],
)
def test_one_clear_line_for_what_cannot_be_read(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes], name: str, text: str, sentence: str
) -> None:
    """File, line, and what to do; nothing on standard output."""
    (folder / name).write_text(text)
    assert run(folder, "--json") == 1
    captured = capfdbinary.readouterr()
    assert captured.out == b""
    assert sentence in captured.err.decode()
    assert captured.err.count(b"\n") == 1


def test_a_journey_that_is_not_there(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Neither a file nor a key."""
    assert main(["simulate", "nothing", "--workspace", "verbena"]) == 1
    assert b"There is no file nothing, and no journey with this key." in capfdbinary.readouterr().err


def test_synthetic_customers_by_a_file_of_rates(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """No real ones; told to be none; the same seed gives the same, and a mistake in the rates its line."""
    cart, rates = str(folder / "cart.yaml"), folder / "rates.yaml"
    rates.write_text("seed: 3\nevents: {Product Added: 0.5}\nsms: {opened: 50, silent: 5}\n")
    asked = ["simulate", cart, "--workspace", "verbena", "--synthetic", "100", "--rates", str(rates)]
    span = ["--from", "2026-11-02T09:00Z", "--to", "2026-11-06T09:00Z"]

    def play(*options: str) -> Any:
        assert main([*asked, *span, "--json", *options]) == 0
        return json.loads(capfdbinary.readouterr().out)

    told = play("--compare", cart)
    assert (told["on"], told["contacts"], told["rates"]["seed"]) == ("synthetic", 100, 3)
    assert told["synthetic"]["modelled_on"] == "rates"
    draft, other = told["journeys"]
    assert {**draft, "journey": ""} == {**other, "journey": ""}
    assert draft["entered"] > 100
    assert 0 < draft["reactions"]["opened"] < draft["messages"]
    assert play()["journeys"][0] == draft != play("--seed", "4")["journeys"][0]
    assert main([*asked, *span]) == 0
    printed = capfdbinary.readouterr().out.decode()
    assert "Synthetic: none of these contacts exists. They are made by the rates, seed 3." in printed
    assert "  Product Added: 0.5 (said)" in printed
    for text, sentence in (
        ("sms: {openned: 5}\n", f"{rates}:1: There is no field “openned” here."),
        ("seed: 1\nsms: {opened: 500}\n", f"{rates}:2: "),
        ("events: {Nobody Hears: 1}\n", "No journey or segment listens to this event of the rates: Nobody Hears."),
    ):
        rates.write_text(text)
        assert main([*asked, *span]) != 0
        assert sentence in capfdbinary.readouterr().err.decode()


def test_a_broadcast_goes_to_given_customers_at_its_time(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Whom it would reach, on which day, at which cost; who did not agree gets none."""
    letter = "name: Letter\nkind: broadcast\nentry: {kind: audience, on: 2026-11-05, time: '10:00'}\nsteps:\n"
    (folder / "letter.yaml").write_text(letter + "  - {id: box, kind: message, channels: [sms], text: Hello}\n")
    span = ["--from", "2026-11-02T09:00Z", "--to", "2026-11-07T09:00Z", "--refused", "0", "--silent", "0"]
    asked = ["simulate", str(folder / "letter.yaml"), "--contacts", str(folder / "people.csv"), "--json", *span]
    assert main([*asked, "--workspace", "verbena"]) == 0
    [told] = json.loads(capfdbinary.readouterr().out)["journeys"]
    assert (told["entered"], told["messages"], [row["day"] for row in told["by_day"]]) == (2, 1, ["2026-11-05"])
    assert [row["reason"] for row in told["not_sent"]] == ["consent.none"]


def test_a_journey_begins_by_what_given_customers_write(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Events of type message, on a channel that is there."""
    answer = "name: Answer\nentry: {kind: message, keyword: [hi], first: true}\nsteps:\n"
    (folder / "cart.yaml").write_text(answer + "  - {id: tell, kind: message, channels: [sms], text: Hello}\n")
    rows = "timestamp,userId,type,channel,text\n2026-11-02T09:00Z,u1,message,SMS,Hi!\n"
    rows += "2026-11-02T10:00Z,u1,message,sms,hi\n"
    (folder / "events.csv").write_text(rows)
    [one] = read(folder, capfdbinary)["journeys"]
    assert (one["entered"], one["messages"]) == (1, 1)
    (folder / "events.csv").write_text(rows.replace("SMS", "Pigeon"))
    assert run(folder) != 0
    assert "events.csv:2: channel: There is no channel “Pigeon”." in capfdbinary.readouterr().err.decode()


def test_a_journey_begins_by_given_calls_and_comments(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Events of type api, about a customer, and of type comment, below a post."""
    for entry, row in {
        "{kind: api, where: {property: tier, is: gold}}": "2026-11-02T09:00Z,u1,api,,,,gold",
        "{kind: comment, post: p1, keyword: [wow]}": "2026-11-02T09:00Z,u1,comment,SMS,p1,Wow!,",
    }.items():
        steps = "steps: [{id: tell, kind: message, channels: [sms], text: Hello}]"
        (folder / "cart.yaml").write_text(f"name: Answer\nentry: {entry}\n{steps}\n")
        (folder / "events.csv").write_text(f"timestamp,userId,type,channel,post,text,tier\n{row}\n")
        [one] = read(folder, capfdbinary)["journeys"]
        assert one["entered"] == 1, entry


def test_a_draft_beside_what_is_live(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Of the journey that has this key; nothing where nothing is."""
    from datetime import UTC, datetime

    from django.db import transaction

    from tertulia.actions.journeys import create_journey, publish
    from tertulia.data.models import Workspace

    assert run(folder, "--compare", "live") != 0
    assert "Nothing is live of" in capfdbinary.readouterr().err.decode()
    now = datetime.now(UTC)
    with transaction.atomic():
        dear = JOURNEY.replace("over: 100", "over: 125")
        made = create_journey(Workspace.objects.get(slug="verbena"), None, now, dear, name="Cart", key="cart")
        publish(made, None, now, version=1)
    told = read(folder, capfdbinary, "--compare", "live")["journeys"]
    assert [(one["journey"].rpartition("/")[2], one["name"], one["entered"]) for one in told] == [
        ("cart.yaml", "Cart reminder", 2),
        ("live", "Cart reminder, live", 1),
    ]


def test_without_files_history_is_played(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Of the last thirty days, in which nothing happened here; and for people."""
    cart = ["simulate", str(folder / "cart.yaml"), "--workspace", "verbena"]
    assert main([*cart, "--json"]) == 0
    told = json.loads(capfdbinary.readouterr().out)
    assert (told["on"], told["events"], told["sent_beside"], told["synthetic"]) == ("history", 0, 0, None)
    assert told["journeys"][0]["entered"] == 0
    assert main([*cart, "--compare", str(folder / "cart.yaml")]) == 0
    assert "Events: 0, contacts: 0" in capfdbinary.readouterr().out.decode()
