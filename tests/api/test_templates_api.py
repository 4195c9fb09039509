"""Templates by the API: drafted, checked, published, previewed as a contact and rendered for many."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from tests.api.conftest import Ask, make_client
from tests.workers.test_engine_journeys import add_customer, add_to_cart
from tests.workers.test_engine_templates import CART, TEMPLATE, speak
from tests.workers.town import Town

WRONG = """name: Cart
default: en
variants:
  pt: {text: "Olá {{ contact.name"}
"""


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace whose source 1 is its shop's server."""
    from tertulia.data.models import Source

    with Town(empty_database) as made:
        Source.objects.create(id=1, workspace=made.workspace, name="Shop", write_key="wk_1")
        made._change_epoch()
        yield made


@pytest.fixture
def mine(town: Town) -> Ask:
    """A machine of the town's."""
    return make_client(town.workspace)


def publish(mine: Ask, document: str = TEMPLATE, **form: Any) -> dict[str, Any]:
    """A template that messages are made of; as the API tells it."""
    made = mine("POST", "/templates", {"document": document, **form}, 201)
    told: dict[str, Any] = mine("POST", f"/templates/{made['id']}/publish", {"version": made["version"]})
    return told


def test_a_draft_is_kept_with_everything_that_is_wrong(mine: Ask) -> None:
    """Each with its line and column; it cannot be published."""
    made = mine("POST", "/templates", {"document": WRONG}, 201)
    assert (made["name"], made["key"], made["version"], made["revision"]) == ("Cart", "cart", 1, None)
    places = [(problem["field"], problem["line"], problem["column"]) for problem in made["problems"]]
    assert places == [("default", 2, 1), ("variants.pt.text", 4, 8)]
    assert mine("POST", "/templates/check", {"document": WRONG}) == made["problems"]
    refused = mine("POST", f"/templates/{made['id']}/publish", {"version": 1}, 400)
    assert refused["problems"] == made["problems"]
    mine("DELETE", f"/templates/{made['id']}", status=204)
    assert mine("GET", "/templates") == []


def test_a_published_template_keeps_its_revisions(mine: Ask) -> None:
    """Drafts change under their version alone; what was published stays, and cannot be deleted."""
    told = publish(mine)
    path = f"/templates/{told['id']}"
    assert (told["revision"], told["published"], told["used_by"]) == (1, True, [])
    changed = mine("PUT", path, {"document": TEMPLATE + "note: new\n", "version": 1})
    assert (changed["version"], changed["published"]) == (2, False)
    assert mine("PUT", path, {"document": TEMPLATE, "version": 1}, 409)["code"] == "conflict"
    assert mine("POST", f"{path}/publish", {"version": 1}, 409)["code"] == "conflict"
    assert mine("POST", f"{path}/publish", {"version": 2})["revision"] == 2
    assert [row["number"] for row in mine("GET", f"{path}/revisions")] == [2, 1]
    assert mine("GET", f"{path}/revisions/1")["document"] == TEMPLATE
    mine("GET", f"{path}/revisions/3", status=404)
    assert mine("DELETE", path, status=409)["code"] == "conflict"
    assert mine("POST", "/templates", {"document": TEMPLATE, "key": "cart"}, 409)["code"] == "conflict"
    assert mine("POST", "/templates", {"document": TEMPLATE}, 201)["key"] == "cart-2"
    verbs = {row["verb"] for row in mine("GET", "/audit")}
    assert {"template_created", "template_published"} <= verbs


def test_a_journey_names_only_what_was_published(mine: Ask) -> None:
    """And is told with the template that it is made of."""
    document = {"document": CART}
    [problem] = mine("POST", "/journeys/check", document)
    assert (problem["field"], problem["line"], problem["column"]) == ("steps.1.template", 5, 72)
    assert problem["sentence"].startswith("No published template has the key “cart”.")
    template = publish(mine)
    assert mine("POST", "/journeys/check", document) == []
    journey = mine("POST", "/journeys", document, 201)
    [use] = mine("GET", f"/templates/{template['id']}")["used_by"]
    assert use == {"journey_id": journey["id"], "journey": "Cart", "steps": ["remind"], "draft": True}
    mine("POST", f"/journeys/{journey['id']}/publish", {"version": 1})
    assert mine("GET", "/templates")[0]["used_by"] == [use | {"draft": False}]


def test_a_preview_is_what_the_customer_would_get(town: Town, mine: Ask) -> None:
    """In their language, after the event that would have started it, with an SMS's parts; of any text, nothing kept."""
    path = f"/templates/{publish(mine)['id']}"
    mine("POST", "/journeys", {"document": CART}, 201)
    ana = add_customer(town)
    town.event("track", user="u1", name="Looked", properties={"product": "Something else"})
    add_to_cart(town, properties={"product": "Coffee"})
    town.event("track", user="u1", name="Looked", properties={"product": "Something else"})
    shown = mine("POST", f"{path}/preview", {"contact_id": ana})
    assert (shown["locale"], shown["event_name"]) == ("pt", "Product Added")
    by_kind = {one["kind"]: one for one in shown["shown"]}
    assert set(by_kind) == {"sms", "whatsapp", "telegram"}
    assert by_kind["sms"]["text"] == "Ana, o seu Coffee espera."
    assert (by_kind["sms"]["parts"]["parts"], by_kind["sms"]["characters"]) == (1, 25)
    english = mine("POST", f"{path}/preview", {"contact_id": ana, "locale": "en", "event": "Looked"})
    assert english["shown"][0]["text"] == "Your Something else waits, Ana."
    document = "name: x\ndefault: pt\nvariants:\n  pt:\n    text: |\n      Hi\n      {{ contact.city }}\n"
    [problem] = {
        one["problem"]["line"]
        for one in mine("POST", f"{path}/preview", {"contact_id": ana, "document": document})["shown"]
    }
    assert problem == 2
    assert mine("POST", f"{path}/preview", {"contact_id": ana, "document": "x"}, 400)["problems"]
    for nobody in (1, -1, 2**80):
        mine("POST", f"{path}/preview", {"contact_id": nobody}, status=404)
    mine("POST", f"{path}/preview", {"contact_id": ana, "event": "a\0b", "locale": "\0"})
    hour = "name: x\ndefault: pt\nvariants:\n  pt: {text: '{{ now | date: \"%H\" }}'}\n"
    hours = []
    for zone in ("UTC", "Asia/Tokyo"):
        with psycopg.connect(town.url) as conn:
            conn.execute("update contact set zone = %s where id = %s", (zone, ana))
        shown = mine("POST", f"{path}/preview", {"contact_id": ana, "document": hour})
        hours.append(int(shown["shown"][0]["text"]))
    assert (hours[1] - hours[0]) % 24 == 9


def test_S4_what_fails_is_found_before_it_goes_out(town: Town, mine: Ask) -> None:
    """Real contacts are rendered: whom it fails, by variable and line, with some of their ids."""
    ana, bruno = add_customer(town), add_customer(town, "Bruno", "+5511987650002", "u2")
    speak(town, bruno, "fr")
    add_to_cart(town)
    path = f"/templates/{publish(mine)['id']}"
    mine("POST", "/journeys", {"document": CART}, 201)
    told = mine("POST", f"{path}/checks", {})
    assert (told["contacts"], told["good"]) == (2, 1)
    missing, language, parts = told["findings"][0], *told["findings"][1:]
    assert (missing["verdict"], missing["code"], missing["locale"], missing["line"]) == ("failed", "missing", "en", 1)
    assert missing["sentence"] == "1 of these contacts has no “event.product”, so nothing is sent to them."
    assert missing["contact_ids"] == [bruno]
    assert (language["code"], language["sentence"]) == ("language", "1 of these contacts reads fr and gets en.")
    assert parts["sentence"] == "The longest SMS takes 1 part."
    document = TEMPLATE.replace("default: en", "default: en\non_missing: default")
    whole = mine("POST", f"{path}/checks", {"document": document})
    assert (whole["good"], whole["findings"][-1]["sentence"]) == (2, "It works for 2 real contacts.")
    assert ana


def test_M6_a_sensitive_text_without_a_neutral_one_is_told(town: Town, mine: Ask) -> None:
    """By variant; the preview sends nothing to who is not verified, and says so."""
    town.workspace.sensitive_attributes = ["plan"]
    town.workspace.save()
    ana = add_customer(town)
    path = f"/templates/{publish(mine)['id']}"
    document = TEMPLATE.replace("{{ contact.name }}, o seu", "{{ contact.plan }} {{ contact.name }}, o seu")
    found = mine("POST", f"{path}/checks", {"document": document})["findings"]
    assert [(one["code"], one["locale"]) for one in found if one["code"] == "sensitive"] == [("sensitive", "pt")]
    shown = mine("POST", f"{path}/preview", {"contact_id": ana, "document": document})["shown"]
    assert {(one["text"], one["problem"]["code"]) for one in shown} == {("", "trust")}
    neutral = document.replace('espera."}', 'espera.", neutral: "Novidades."}')
    shown = mine("POST", f"{path}/preview", {"contact_id": ana, "document": neutral})["shown"]
    assert {(one["text"], one["variant"]) for one in shown} == {("Novidades.", "neutral")}


def test_templates_of_others_do_not_exist(ask: Ask, foreign_ask: Ask) -> None:
    """Neither to be read nor to be changed."""
    path = f"/templates/{publish(ask)['id']}"
    for method, more, body in (
        ("GET", "", None),
        ("PUT", "", {"document": TEMPLATE, "version": 1}),
        ("POST", "/publish", {"version": 1}),
        ("GET", "/revisions", None),
        ("POST", "/preview", {"contact_id": 1}),
        ("POST", "/checks", {}),
        ("DELETE", "", None),
    ):
        foreign_ask(method, path + more, body, 404)
    assert foreign_ask("GET", "/templates") == []
