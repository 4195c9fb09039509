"""`tertulia plan` and `tertulia apply`: journeys kept in files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.actions.conftest import shop

from tertulia.cli import main
from tertulia.core.steps.registry import list_kinds

__all__ = ["shop"]

CART = """name: Cart reminder
entry: {event: Product Added}
exceptions:
  - event: Order Completed
steps:
  - id: pause
    kind: wait
    for: 1 h
  - id: mark
    kind: update
    set: {reminded: true}
"""
WELCOME = """name: Welcome
entry: {event: Signed Up}
steps:
  - {id: mark, kind: update, set: {welcomed: true}}
"""

Tell = Callable[..., tuple[int, str, str]]


@pytest.fixture
def tell(shop: Any, capsys: pytest.CaptureFixture[str]) -> Tell:
    """`tell("plan", folder)` gives the status and what was printed on both outputs."""

    def run(*arguments: Any) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two journeys, beside a file of something else."""
    (tmp_path / "journeys").mkdir()
    (tmp_path / "journeys" / "cart.yaml").write_text(CART)
    (tmp_path / "journeys" / "welcome.yaml").write_text(WELCOME)
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    return tmp_path


def read_journeys() -> list[tuple[str, str, int | None]]:
    """Key, state and newest revision of every journey."""
    from tertulia.data.models import Journey

    return list(Journey.objects.order_by("key").values_list("key", "state", "revision"))


def test_a_plan_changes_nothing_and_says_what_would(folder: Path, tell: Tell) -> None:
    """Each document with its diff."""
    status, out, err = tell("plan", folder)
    assert (status, err) == (0, "")
    assert f"{folder / 'journeys' / 'cart.yaml'}: new\n" in out
    assert "  +name: Welcome\n" in out
    assert out.endswith("2 new, 0 changed, 0 unchanged, 0 left alone\n")
    assert read_journeys() == []


def test_what_was_applied_is_unchanged(folder: Path, tell: Tell) -> None:
    """Published at once; applied again nothing happens, and a changed file becomes the next revision; those who are in
    it begin again, where that is said (V1)."""
    from tertulia.data.models import JourneyRound

    assert tell("apply", folder)[0] == 0
    assert read_journeys() == [("cart", "live", 1), ("welcome", "live", 1)]
    assert tell("apply", folder)[1].endswith("0 new, 0 changed, 2 unchanged, 0 left alone\n")
    (folder / "journeys" / "cart.yaml").write_text(CART.replace("for: 1 h", "for: 2 h"))
    _status, out, _err = tell("plan", folder)
    assert "cart.yaml: changed, becomes revision 2\n" in out
    assert "  -    for: 1 h\n  +    for: 2 h\n" in out
    assert "welcome.yaml: unchanged, revision 1\n" in out
    assert tell("apply", folder, "--runs", "restart")[0] == 0
    assert read_journeys() == [("cart", "live", 2), ("welcome", "live", 1)]
    assert list(JourneyRound.objects.values_list("journey__key", "runs")) == [("cart", "restart")]


def test_I11_journeys_of_a_folder_may_start_each_other(folder: Path, tell: Tell) -> None:
    """In a workspace that has neither yet, whichever comes first by name."""
    called = "{kind: api}"
    (folder / "journeys" / "cart.yaml").write_text(f"{CART}  - {{id: on, kind: start, journey: welcome}}\n")
    again = WELCOME.replace("{event: Signed Up}", called) + "  - {id: back, kind: start, journey: cart-2}\n"
    (folder / "journeys" / "welcome.yaml").write_text(again)
    (folder / "journeys" / "cart-2.yaml").write_text(WELCOME.replace("{event: Signed Up}", called))
    assert tell("plan", folder)[0] == 0
    assert tell("apply", folder)[0] == 0
    assert read_journeys() == [("cart", "live", 1), ("cart-2", "live", 1), ("welcome", "live", 1)]


def test_a_journey_may_name_a_template_of_its_folder(folder: Path, tell: Tell) -> None:
    """In a workspace that has neither yet; the template comes first. A template that is in no file and was never
    published is named, with what to do."""
    from tertulia.data.models import Template

    told = "  - {id: tell, kind: message, channels: [sms], template: greeting}\n"
    (folder / "journeys" / "welcome.yaml").write_text(WELCOME + told)
    add_sms()
    status, _out, err = tell("plan", folder)
    sentence = "No published template has the key “greeting”. Publish one, or choose among: -."
    assert (status, err) == (1, f"{folder / 'journeys' / 'welcome.yaml'}:5:48: {sentence}\n")
    (folder / "templates").mkdir()
    greeting = folder / "templates" / "greeting.yaml"
    greeting.write_text("name: Greeting\ndefault: en\nvariants:\n  en:\n    text: Hi {{ contact.nam\n")
    assert tell("apply", folder)[2].startswith(f"{greeting}:5:5: A variable or tag is opened")
    greeting.write_text(greeting.read_text().replace("contact.nam\n", "contact.name }}\n"))
    assert tell("plan", folder)[1].startswith(f"{greeting}: new\n")
    assert tell("apply", folder)[::2] == (0, "")
    assert list(Template.objects.values_list("key", "name", "revision")) == [("greeting", "Greeting", 1)]
    assert read_journeys() == [("cart", "live", 1), ("welcome", "live", 1)]
    told_again = json.loads(tell("plan", folder, "--json")[1])
    assert [(item["key"], item["change"]) for item in told_again["templates"]] == [("greeting", "unchanged")]


def add_sms() -> None:
    """The shop sends SMS."""
    from tertulia.data.models import Channel, Workspace

    shop = Workspace.objects.get()
    Channel.objects.create(workspace=shop, public_id="sms-1", kind="http_sms", name="SMS", rate_per_s=1)


def test_segments_of_a_folder_come_before_its_journeys(folder: Path, tell: Tell) -> None:
    """A journey may name a segment of its folder, a segment another and a journey, whatever their files are called; in
    a workspace that has none of them yet."""
    from tertulia.data.models import Segment

    (folder / "journeys" / "hello.yaml").write_text(
        "name: Hello\nentry: {kind: segment, segment: both}\nsteps: [{id: end, kind: exit}]\n"
    )
    status, _out, err = tell("plan", folder)
    assert (status, "No published segment has the key “both”." in err) == (1, True)
    (folder / "segments").mkdir()
    both, zed = folder / "segments" / "both.yaml", folder / "segments" / "zed.yaml"
    both.write_text("name: Both\nwhere: {all: [{segment: zed}, {message: sent, journey: hello}]}\n")
    zed.write_text("name: Zed\nwhere: {segment: both}\n")
    assert "lead back to itself" in tell("apply", folder)[2]
    zed.write_text("name: Zed\nwhere: {attribute: tier, is: gold}\n")
    assert tell("plan", folder)[1].startswith(f"{both}: new\n")
    assert tell("apply", folder)[::2] == (0, "")
    published = Segment.objects.filter(state="live").order_by("key").values_list("key", "name", "revision")
    assert list(published) == [("both", "Both", 1), ("zed", "Zed", 1)]
    told_again = json.loads(tell("plan", folder, "--json")[1])
    assert [(item["key"], item["change"]) for item in told_again["segments"]] == [
        ("both", "unchanged"),
        ("zed", "unchanged"),
    ]


def test_one_bad_document_keeps_all_from_being_applied(folder: Path, tell: Tell) -> None:
    """Every problem of every file stands on a line with its place."""
    bad = folder / "journeys" / "welcome.yaml"
    text = WELCOME.replace("kind: update", "kind: updat").replace("Signed Up", '""')
    bad.write_text(text.replace("Welcome", "W" * 201))
    status, out, err = tell("apply", folder)
    assert (status, out) == (1, "")
    assert err.splitlines() == [
        f"{bad}:1:1: Give the journey a name of at most 200 characters.",
        f"{bad}:2:9: Give the name of the event that starts the journey.",
        f"{bad}:4:16: Say which kind of step it is: {', '.join(sorted(list_kinds()))}.",
        "Nothing was applied.",
    ]
    assert tell("plan", folder)[0] == 1
    assert read_journeys() == []


def test_all_is_one_transaction(folder: Path, tell: Tell, shop: Any) -> None:
    """What fails on the way takes back what stood before it: here somebody cancels a journey after the plan."""
    from django.db import transaction
    from tests.actions.cast import NOW

    from tertulia.actions.plans import Texts, apply_plan, plan_documents
    from tertulia.data.models import Journey
    from tertulia.errors import Conflict

    tell("apply", folder)
    plan = plan_documents(shop, Texts({"cart": CART + "note: new\n", "welcome": WELCOME + "note: new\n"}, {}, {}))
    assert [item.change for item in plan.documents] == ["changed", "changed"]
    Journey.objects.filter(key="welcome").update(state="cancelled")
    with pytest.raises(Conflict), transaction.atomic():
        apply_plan(shop, NOW, plan)
    assert read_journeys() == [("cart", "live", 1), ("welcome", "cancelled", 1)]


def test_what_is_not_in_the_folder_is_left_alone(folder: Path, tell: Tell) -> None:
    """It is named, and stays as it is."""
    tell("apply", folder)
    (folder / "journeys" / "welcome.yaml").unlink()
    _status, out, _err = tell("apply", folder)
    assert "welcome: not in the folder, left alone\n" in out
    assert read_journeys() == [("cart", "live", 1), ("welcome", "live", 1)]


def test_a_draft_in_the_console_is_not_replaced_unsaid(folder: Path, tell: Tell, shop: Any) -> None:
    """Somebody works on it there: unchanged files leave it, changed ones say that they replace it."""
    from tests.actions.cast import NOW

    from tertulia.actions.journeys import save_draft
    from tertulia.data.models import Journey

    tell("apply", folder)
    save_draft(Journey.objects.get(key="cart"), None, NOW, CART + "note: mine\n", version=1)
    assert "its draft" not in tell("apply", folder)[1].lower()
    assert Journey.objects.get(key="cart").document.endswith("note: mine\n")
    (folder / "journeys" / "cart.yaml").write_text(CART + "note: ours\n")
    _status, out, _err = tell("apply", folder)
    assert "Its draft in the console was never published. Applying replaces it." in out
    assert Journey.objects.get(key="cart").document.endswith("note: ours\n")


def test_a_cancelled_journey_does_not_come_back(folder: Path, tell: Tell) -> None:
    """Its file needs another name."""
    from tertulia.data.models import Journey

    tell("apply", folder)
    Journey.objects.filter(key="cart").update(state="cancelled")
    status, _out, err = tell("plan", folder)
    assert status == 1
    assert "cart.yaml:1:1: This journey was cancelled." in err


def test_a_broadcast_is_launched_once(folder: Path, tell: Tell) -> None:
    """Applying the folder launches it; the same file again changes nothing, and another text is refused."""
    add_sms()
    path = folder / "journeys" / "letter.yaml"
    path.parent.mkdir(exist_ok=True)
    text = (
        "name: Letter\nkind: broadcast\nentry: {kind: audience, at_launch: true}\n"
        "steps: [{id: m, kind: message, channels: [sms], text: Hello}]\n"
    )
    path.write_text(text)
    assert tell("apply", folder)[0] == 0
    assert ("letter", "live", 1) in read_journeys()
    assert "unchanged, revision 1" in tell("plan", folder)[1]
    path.write_text(text.replace("Hello", "Hello again"))
    status, _out, err = tell("apply", folder)
    assert (status, "This broadcast was launched" in err) == (1, True)


def test_with_json_one_document_is_printed(folder: Path, tell: Tell) -> None:
    """Right or wrong."""
    told = json.loads(tell("apply", folder, "--json")[1])
    assert (told["good"], told["applied"], told["left"]) == (True, True, [])
    assert [(item["key"], item["change"], item["revision"]) for item in told["journeys"]] == [
        ("cart", "new", 1),
        ("welcome", "new", 1),
    ]
    (folder / "journeys" / "cart.yaml").write_text("name: Cart\n")
    status, out, err = tell("apply", folder, "--json")
    told = json.loads(out)
    assert (status, err, told["applied"]) == (1, "", False)
    assert told["journeys"][0]["problems"][0] == {
        "sentence": "Give “entry” here.",
        "field": "",
        "line": 1,
        "column": 1,
    }


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, "There is no document in "),
        ({"cart.yaml": CART, "cart.json": "{}"}, "are one journey: keep one of them."),
        ({"cart.yaml": b"\xff\xfe"}, "is no text in UTF-8."),
        ({"My Cart.yaml": CART}, "The file's name is the journey's key"),
    ],
)
def test_what_is_no_folder_of_documents_is_refused(
    tmp_path: Path, tell: Tell, files: dict[str, str | bytes], told: str
) -> None:
    """With the file and what to do."""
    for name, text in files.items():
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    status, _out, err = tell("apply", tmp_path)
    assert (status, told in err, read_journeys()) == (1, True, [])


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path, tell: Tell) -> None:
    """By its name."""
    missing = tmp_path / "nowhere"
    assert tell("plan", missing) == (1, "", f"There is no folder {missing}.\n")


def test_what_is_pulled_can_be_applied_and_changes_nothing(folder: Path, tmp_path: Path, tell: Tell) -> None:
    """Published documents word for word, the others named; nobody's own file is lost."""
    from tertulia.actions.journeys import create_journey
    from tertulia.data.models import Workspace
    from tertulia.store.clock import real_now

    assert tell("apply", folder)[0] == 0
    create_journey(Workspace.objects.get(), None, real_now(), WELCOME, name="Idea", key="idea")
    there = tmp_path / "pulled"
    status, out, _err = tell("pull", there)
    assert (status, out.splitlines()[-2:]) == (
        0,
        ["idea: left out (a draft, over, or a broadcast)", "2 written, 0 as they were, 1 left out"],
    )
    assert (there / "journeys" / "cart.yaml").read_text() == CART
    assert tell("plan", there)[1].endswith("0 new, 0 changed, 2 unchanged, 1 left alone\n")
    (there / "journeys" / "cart.yaml").write_text("name: mine\n")
    status, out, err = tell("pull", there)
    assert (status, out) == (1, "")
    assert "cart.yaml" in err
    assert (there / "journeys" / "cart.yaml").read_text() == "name: mine\n"
    assert tell("pull", there, "--overwrite")[1].endswith("1 written, 1 as they were, 1 left out\n")
    assert (there / "journeys" / "cart.yaml").read_text() == CART
