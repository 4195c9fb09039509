"""The pages of templates in a real browser: they fit, they complain of nothing, and one is written by hand."""

from datetime import timedelta

import pytest
from tests.browser.conftest import NARROW, WIDE
from tests.browser.screenshots import take_screenshots
from tests.console.crowd import make_channels
from tests.console.people import NOW, add_contact
from tests.console.tracking import add_event, make_source

pytestmark = pytest.mark.browser

LOOKS = [(WIDE, "light", "en"), (NARROW, "light", "en"), (NARROW, "dark", "ar")]
TEXT = """name: Cart reminder
default: pt
variants:
  pt:
    text: |
      Olá {{ contact.name }},
      o seu cesto continua aqui:
      {% for item in event.items %}· {{ item.name }}, {{ item.price }}
      {% endfor %}Com CART10 fica 10 % mais barato até sexta-feira.
    neutral: O seu cesto continua aqui.
  en:
    text: |
      Hello {{ contact.name }},
      your basket is still here:
      {% for item in event.items %}· {{ item.name }}, {{ item.price }}
      {% endfor %}With CART10 it is 10 % less until Friday.
  ar:
    text: |
      مرحبًا {{ contact.name }}،
      سلتك ما زالت محفوظة:
      {% for item in event.items %}· {{ item.name }}
      {% endfor %}مع CART10 ينخفض السعر 10%.
"""
JOURNEY = """name: Cart series
entry: {event: Cart Abandoned}
steps:
  - {id: tell, kind: message, channels: [sms], template: cart-reminder}
"""


@pytest.fixture
def channels(cast):
    """An SMS channel and two apps."""
    return make_channels(cast.workspace)


@pytest.fixture
def template(cast, channels, conn):
    """One in three languages, made known to a journey, and customers of whom one abandoned a basket."""
    from django.db import transaction

    from tertulia.actions.journeys import create_journey
    from tertulia.actions.templates import create_template, publish

    source = make_source(cast.workspace)
    items = [{"name": "Café Chapada, 1 kg", "price": "€ 24,90"}, {"name": "Moinho manual", "price": "€ 39,00"}]
    people = (("Rui", "Lopes"), ("Tomás", "Figueira"))
    for serial, (name, surname) in enumerate(people, 1):
        made = add_contact(conn, cast.workspace.pk, serial, name, surname, f"+35191200000{serial}", "PT", 1)
    add_event(conn, source, made, "Cart Abandoned", NOW - timedelta(hours=1), properties={"items": items})
    conn.commit()
    template = create_template(cast.workspace, cast.alice, NOW, TEXT, name="Cart reminder")
    with transaction.atomic():
        publish(template, cast.alice, NOW, version=1)
    create_journey(cast.workspace, cast.alice, NOW, JOURNEY, name="Cart series")
    return template, made


def list_paths(template) -> list[str]:
    """Every address of these pages."""
    made, contact = template
    own = f"/templates/{made.pk}/"
    return [
        *("/templates/", "/templates/new/", f"{own}?as={contact}", f"{own}?as={contact}&in=ar"),
        *(f"{own}text/", f"{own}review/", f"{own}revisions/"),
    ]


@pytest.mark.parametrize(("size", "theme", "language"), LOOKS)
def test_templates_fit_and_complain_of_nothing(visit, overflow, template, size, theme, language):
    """At 1280 and 390 px, in both directions."""
    for path in list_paths(template):
        page = visit(path, size=size, theme=theme, language=language)
        assert overflow(page) == [], path
        page.close()


def test_a_template_is_written_and_published_by_hand(visit, cast, channels, template):
    """Named, written with an insertion, seen as a contact as it is typed, mended where a check leads, published."""
    from tertulia.data.models import Template

    page = visit("/templates/new/")
    page.get_by_label("Name").fill("Welcome")
    page.get_by_label("First language").fill("pt-BR")
    page.get_by_role("button", name="Write the template").click()
    text = page.get_by_role("textbox", name="Text, português (BR)", exact=True)
    text.fill("Oi ")
    page.get_by_text("Insert", exact=True).click()
    page.get_by_role("button", name="contact.name", exact=True).click()
    assert text.input_value() == "Oi {{ contact.name }}"
    page.locator(".phone-sms .say", has_text="Oi Rui").wait_for()
    page.get_by_text("1 part, 6 of 160").wait_for()
    text.fill("Oi {{ contact.name }},\nem {{ contact.city }}")
    page.locator(".phone-sms + figcaption", has_text="“contact.city” is missing for this contact.").wait_for()
    page.get_by_role("button", name="Line 2", exact=True).first.click()
    assert text.evaluate("area => [area.selectionStart, area.selectionEnd]") == [23, 44]
    text.fill("Oi {{ contact.name")
    page.locator(".said", has_text="Line 1, column 4").wait_for()
    text.fill("Oi {{ 'shop.example' | link }}")
    page.locator(".said", has_text="“shop.example” is no web address").wait_for()
    text.fill("Oi {{ 'https://shop.example/cart' | link: 'cart' }}")
    page.locator(".phone-sms .say", has_text="/l/000000000000WZ").wait_for()
    text.fill("Oi {{ contact.name }}!")
    page.get_by_label("Find a contact").fill("tomas")
    page.locator(".phone-sms .say", has_text="Oi Tomás!").wait_for()
    page.get_by_label("Another language").fill("ar")
    page.get_by_role("button", name="Add the language").click()
    page.get_by_role("textbox", name="Text, العربية", exact=True).fill("مرحبًا {{ contact.name }}")
    page.get_by_role("button", name="Review and publish").click()
    page.get_by_role("button", name="Publish revision 1").click()
    page.get_by_text("1 is live").wait_for()
    made = Template.objects.get(key="welcome")
    assert (made.revision, "مرحبًا {{ contact.name }}" in made.document) == (1, True)


def test_a_message_is_made_of_a_template_by_hand(visit, cast, template):
    """Chosen in the journey's panel, by its name."""
    from tertulia.data.models import Journey

    journey = Journey.objects.get()
    page = visit(f"/journeys/{journey.pk}/?at=steps.0")
    chosen = page.get_by_label("Or a template")
    assert chosen.input_value() == "cart-reminder"
    chosen.select_option("")
    page.get_by_label("Text", exact=True).fill("Hello")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_label("Or a template").select_option(label="Cart reminder")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Give a text or a template, not both.").wait_for()


@pytest.mark.pictures
def test_template_pictures(visit, template):
    """Pictures are taken; people look at them."""
    names = ("list", "new", "editor", "editor-ar", "text", "review", "revisions")
    for name, path in zip(names, list_paths(template), strict=True):
        for picture in take_screenshots(visit, path, f"templates-{name}"):
            assert picture.stat().st_size > 5_000, picture
