"""The pages of templates: listed, written, previewed, published; and the journey's message that is made of one."""

from __future__ import annotations

from datetime import timedelta
from html import unescape

import pytest
from tests.actions.cast import make_channel
from tests.console.cast import Cast, make_client
from tests.console.people import NOW, add_contact
from tests.console.tracking import add_event, make_source

CART = """# what a basket says
name: Cart
default: pt
variants:
  pt:
    text: |
      Olá {{ contact.name }},
      o seu {{ event.product }} espera.
  ar:
    text: مرحبًا {{ contact.name }}
"""
JOURNEY = """name: Cart series
entry: {event: Product Added}
steps:
  - {id: tell, kind: message, channels: [sms], template: cart}
"""


def read(client, address: str, status: int = 200) -> str:
    """The page, with its entities read."""
    response = client.get(address)
    assert response.status_code == status, address
    return unescape(response.content.decode())


@pytest.fixture
def template(cast: Cast):
    """A draft in two languages."""
    from tertulia.actions.templates import create_template

    make_channel(cast.workspace, "twilio", name="SMS")
    return create_template(cast.workspace, cast.alice, NOW, CART, name="Cart")


@pytest.fixture
def people(cast: Cast, conn) -> list[int]:
    """Tomás, who put coffee into his basket, and Rui, who did nothing."""
    source = make_source(cast.workspace)
    tomas = add_contact(conn, cast.workspace.pk, 1, "Tomás", "Figueira", "+351912000001", "PT", 1)
    rui = add_contact(conn, cast.workspace.pk, 2, "Rui", "Lopes", "+351912000002", "PT", 1)
    properties = {"product": "Café Chapada"}
    add_event(conn, source, tomas, "Product Added", NOW - timedelta(hours=1), properties=properties)
    conn.commit()
    return [tomas, rui]


def fill(template, **changed: str) -> dict[str, str]:
    """The form as it is drawn, with changes."""
    template.refresh_from_db()
    form = {
        "version": str(template.version), "name": "Cart", "default": "pt", "on_missing": "fail", "note": "",
        "tag.1": "pt", "text.1": "Olá {{ contact.name }},\no seu {{ event.product }} espera.\n", "neutral.1": "",
        "subject.1": "", "html.1": "", "tag.2": "ar", "text.2": "مرحبًا {{ contact.name }}", "neutral.2": "",
        "subject.2": "", "html.2": "",
    }  # fmt: skip
    return form | {name.replace("__", "."): value for name, value in changed.items()}


def test_a_first_template_is_named_and_written(cast: Cast) -> None:
    """From the empty list to a draft with one language, given by its name."""
    alice = make_client(cast.alice)
    assert "No templates yet" in read(alice, "/templates/")
    wrong = alice.post("/templates/new/", {"name": "", "language": "Klingon"})
    assert "Give a language such as pt-BR." in unescape(wrong.content.decode())
    assert alice.post("/templates/new/", {"name": "Olá!", "language": "Portuguese"}).status_code == 302
    page = read(alice, "/templates/")
    assert "Olá!" in page
    assert ">ola<" in page
    assert ">pt<" in page


def test_what_is_typed_is_kept_around_what_others_wrote(cast: Cast, template) -> None:
    """Comments stay, unchanged parts too; an empty neutral text is not written at all."""
    alice = make_client(cast.alice)
    page = read(alice, f"/templates/{template.pk}/")
    assert "العربية" in page
    assert 'dir="rtl"' in page
    form = fill(template, act="save", text__2="أهلًا {{ contact.name }}", neutral__1="Novidades.", on_missing="skip")
    assert alice.post(f"/templates/{template.pk}/", form).status_code == 302
    template.refresh_from_db()
    assert template.document.startswith("# what a basket says\nname: Cart\n")
    assert "أهلًا {{ contact.name }}" in template.document
    assert "    neutral: Novidades.\n" in template.document
    assert "on_missing: skip" in template.document
    assert "subject" not in template.document
    again = fill(template, act="save", text__2="أهلًا {{ contact.name }}", neutral__1="", on_missing="fail")
    alice.post(f"/templates/{template.pk}/", again)
    template.refresh_from_db()
    assert "neutral" not in template.document
    assert "on_missing" not in template.document


def test_nothing_changes_where_nothing_was_typed(cast: Cast, template) -> None:
    """The form writes back what it read, word for word."""
    make_client(cast.alice).post(f"/templates/{template.pk}/", fill(template, act="save"))
    template.refresh_from_db()
    assert template.document == CART


def test_languages_come_and_go(cast: Cast, template) -> None:
    """By tag or name; twice is refused, and what was taken away comes back by the toast."""
    alice = make_client(cast.alice)
    address = f"/templates/{template.pk}/"
    assert alice.post(address, fill(template, act="add", language="Czech")).status_code == 302
    template.refresh_from_db()
    assert "\n  cs:\n" in template.document
    refused = alice.post(address, fill(template, act="add", language="ar"))
    assert (refused.status_code, "There is a variant for this language." in refused.content.decode()) == (422, True)
    assert "Give the text of the message." in read(alice, address)
    alice.post(address, fill(template, act="drop:ar"))
    template.refresh_from_db()
    assert "ar:" not in template.document
    alice.post(f"{address}undo/")
    template.refresh_from_db()
    assert "  ar:\n" in template.document


def test_who_comes_second_overwrites_nothing(cast: Cast, template) -> None:
    """What they typed is shown with what somebody else saved."""
    alice = make_client(cast.alice)
    stale = fill(template, act="save", text__2="Mine")
    alice.post(f"/templates/{template.pk}/", fill(template, act="save", text__2="Theirs"))
    page = alice.post(f"/templates/{template.pk}/", stale)
    told = unescape(page.content.decode())
    assert page.status_code == 409
    assert "Somebody else has changed this template meanwhile." in told
    assert ">Mine</textarea>" in told
    assert "text: Theirs" in told


def test_the_preview_is_a_real_contact(cast: Cast, template, people) -> None:
    """With their event, on each channel with its length; another language on demand; whom it fails, and where."""
    tomas, rui = people
    alice = make_client(cast.alice)
    address = f"/templates/{template.pk}/"
    page = read(alice, f"{address}?as={tomas}")
    assert "o seu Café Chapada espera." in page
    assert "1 part, " in page
    assert "With the event <bdi>Product Added</bdi>" in page
    assert 'works for <bdi class="num">1</bdi> of <bdi class="num">2</bdi> contacts' in page
    assert "1 of these contacts has no “event.product”, so nothing is sent to them." in page
    assert 'data-goto="text.1" data-line="2"' in page
    failing = read(alice, f"{address}?as={rui}")
    assert "“event.product” is missing for this contact." in failing
    assert "Line <bdi>2</bdi>:" in failing
    assert "Tomás Figueira</option>" in read(alice, f"{address}?as=99999999")
    assert "مرحبًا Tomás" in read(alice, f"{address}?as={tomas}&in=ar")
    typed = alice.post(f"{address}panel/", fill(template, **{"as": str(tomas), "text__1": "Ei {{ contact.name"}))
    told = unescape(typed.content.decode())
    assert "Line <bdi>1</bdi>, column <bdi>4</bdi>" in told
    assert 'id="said-2"' in told
    early = fill(template)
    del early["tag.2"]
    assert 'id="said-2"' not in alice.post(f"{address}panel/", early).content.decode(), "the page has no second yet"
    found = unescape(alice.post(f"{address}panel/", fill(template, find="rui")).content.decode())
    assert "Rui Lopes" in found
    assert "Tomás Figueira</option>" not in found
    template.refresh_from_db()
    assert template.document == CART


def test_it_is_reviewed_and_published(cast: Cast, template, people) -> None:
    """What changed, what will happen, whom it fails; then it is live, and its revisions are there."""
    alice = make_client(cast.alice)
    address = f"/templates/{template.pk}/"
    assert alice.post(address, fill(template, act="publish")).headers["location"] == f"{address}review/"
    page = read(alice, f"{address}review/")
    assert "is made of revision 1, also for people who are in a journey already" in page
    assert "1 of these contacts has no “event.product”" in page
    template.refresh_from_db()
    assert alice.post(f"{address}review/", {"version": template.version}).status_code == 302
    assert "1 is live" in read(alice, "/templates/")
    assert "What revision 1 changed" in read(alice, f"{address}revisions/?number=1")
    read(alice, f"{address}revisions/?number=9", 404)
    text = CART.replace("  ar:", "  ara:")
    template.refresh_from_db()
    alice.post(f"{address}text/", {"version": template.version, "document": text})
    template.refresh_from_db()
    refused = alice.post(f"{address}review/", {"version": template.version})
    assert refused.status_code == 422
    assert "Give a language such as en, pt-BR or ar." in unescape(refused.content.decode())
    assert "Give a language such as en, pt-BR or ar." in read(alice, address)


def test_a_text_that_is_no_document_is_mended_as_text(cast: Cast, template) -> None:
    """The editor says where, and leads there."""
    alice = make_client(cast.alice)
    address = f"/templates/{template.pk}/"
    alice.post(f"{address}text/", {"version": 1, "document": "name: Cart\nvariants: [}"})
    assert "Mend it as text" in read(alice, address)
    assert "variants: [}" in read(alice, f"{address}text/")
    assert alice.post(f"{address}panel/", fill(template)).status_code == 204
    for odd in ("name: Cart\nvariants: [1]\n", "name: 7\ndefault: [x]\nvariants: {pt: hello}\n", "[]"):
        template.refresh_from_db()
        alice.post(f"{address}text/", {"version": template.version, "document": odd})
        read(alice, address)
        read(alice, f"{address}review/")


def test_a_message_of_a_journey_is_made_of_it(cast: Cast, template) -> None:
    """The journey's panel offers what was published, and the template says who is made of it."""
    from tertulia.actions.journeys import create_journey

    alice = make_client(cast.alice)
    journey = create_journey(cast.workspace, cast.alice, NOW, JOURNEY, name="Cart series")
    page = read(alice, f"/journeys/{journey.pk}/?at=steps.0")
    assert "No published template has the key “cart”." in page
    template.refresh_from_db()
    alice.post(f"/templates/{template.pk}/review/", {"version": template.version})
    page = read(alice, f"/journeys/{journey.pk}/?at=steps.0")
    assert '<option value="cart" selected>Cart</option>' in page
    assert "No published template" not in page
    form = {"version": journey.version, "at": "steps.0", "f.channels": "sms", "f.text": "Hi", "f.template": ""}
    alice.post(f"/journeys/{journey.pk}/part/", form)
    journey.refresh_from_db()
    assert "template" not in journey.document
    used = read(alice, f"/templates/{template.pk}/")
    assert "No journey yet." in used
    form |= {"version": journey.version, "f.text": "", "f.template": "cart"}
    alice.post(f"/journeys/{journey.pk}/part/", form)
    assert "Cart series" in read(alice, f"/templates/{template.pk}/")


def test_why_names_what_a_message_was_made_of(cast: Cast) -> None:
    """Key, revision and variant; what was missing and where, or why it aborted."""
    from tertulia.console.contact.why import describe_facts

    made_of = {"template": "cart", "revision": 3, "locale": "pt"}
    told = describe_facts("render", made_of | {"characters": 37, "characters_max": 160})
    assert told == "template cart, revision 3, pt, 37 of 160 characters"
    told = describe_facts("render", made_of | {"variable": "event.product", "line": 2, "policy": "fail"})
    assert told == "template cart, revision 3, pt, “event.product” is missing, line 2"
    assert describe_facts("render", {"abort": "too cheap"}) == "“too cheap”"


def test_others_see_nothing_and_viewers_change_nothing(cast: Cast, template) -> None:
    """Neither by page nor by post."""
    for path in ("", "text/", "review/", "revisions/"):
        read(make_client(cast.charlie), f"/templates/{template.pk}/{path}", 404)
    vera = make_client(cast.vera)
    assert "Save draft" not in read(vera, f"/templates/{template.pk}/").split("variants-column")[0]
    assert vera.post(f"/templates/{template.pk}/", fill(template, act="save", text__1="x")).status_code == 403
    alice = make_client(cast.alice)
    alice.post(f"/templates/{template.pk}/delete/")
    assert "No templates yet" in read(alice, "/templates/")
