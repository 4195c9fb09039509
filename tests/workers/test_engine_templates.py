"""Templates in the engine: variants, revisions, policies and limits of what messages are made of."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from tests.core.imagined import NOW, SHOP, make_config, make_shop, play, track
from tests.workers.test_engine_journeys import HOUR, MINUTE, add_customer, add_to_cart
from tests.workers.town import Town

from tertulia.core.templates import TemplateFacts
from tertulia.documents.templates import read_template

CART = """name: Cart
entry: {event: Product Added}
steps:
  - {id: pause, kind: wait, for: 1 h}
  - {id: remind, kind: message, class: transactional, channels: [sms], template: cart}
  - {id: mark, kind: update, set: {reminded: true}}
"""
TEMPLATE = """name: Cart
default: en
variants:
  en: {text: "Your {{ event.product }} waits, {{ contact.name }}."}
  pt: {text: "{{ contact.name }}, o seu {{ event.product }} espera."}
"""


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace whose source 1 is its shop's server."""
    from tertulia.data.models import Source

    with Town(empty_database) as made:
        Source.objects.create(id=1, workspace=made.workspace, name="Shop", write_key="wk_1")
        made._change_epoch()
        yield made


def publish(town: Town, text: str = TEMPLATE, key: str = "cart") -> Any:
    """A template's next revision."""
    from django.db import transaction

    from tertulia.actions import templates
    from tertulia.data.models import Template

    with transaction.atomic():
        made = Template.objects.filter(key=key).first()
        if made is None:
            made = templates.create_template(town.workspace, None, town.now, text, name="Cart", key=key)
        else:
            made = templates.save_draft(made, None, town.now, text, version=made.version)
        templates.publish(made, None, town.now, version=made.version)
    return made


def write(text: str, **more: str) -> str:
    """A template of one variant."""
    lines = "".join(f"    {name}: {value}\n" for name, value in more.items())
    return f"name: Cart\ndefault: en\nvariants:\n  en:\n    text: |\n      {text}\n{lines}"


def speak(town: Town, contact: int, locale: str) -> None:
    """The customer's language is known."""
    with psycopg.connect(town.url) as conn:
        conn.execute("update contact set locale = %s where id = %s", (locale, contact))


def facts_of(town: Town, contact: int) -> dict[str, Any]:
    """What the gate that renders used, in the newest decision."""
    [(facts, gate)] = town.rows(
        "select facts, gate from ledger where contact_id = %s and step = 'remind' order by at desc, id limit 1", contact
    )
    used: dict[str, Any] = facts["used"] if gate == "render" else dict(facts["passed"])["render"]
    return used


def test_everybody_reads_their_language(town: Town) -> None:
    """By the tag, its language, or the default; the ledger names key, revision and variant."""
    publish(town)
    ana, bruno = add_customer(town), add_customer(town, "Bruno", "+5511987650002", "u2")
    speak(town, ana, "pt-BR")
    speak(town, bruno, "")
    town.publish(CART)
    add_to_cart(town)
    add_to_cart(town, user="u2")
    town.advance(HOUR)
    texts = {sent.to: sent.text for sent in town.sending("sms")}
    assert texts == {
        "+5511987650001": "Ana, o seu Chapada coffee espera.",
        "+5511987650002": "Your Chapada coffee waits, Bruno.",
    }
    assert facts_of(town, ana).items() >= {"template": "cart", "revision": 1, "locale": "pt"}.items()
    assert facts_of(town, bruno).items() >= {"template": "cart", "revision": 1, "locale": "en"}.items()


def test_V1_a_run_that_began_before_gets_the_newest_revision(town: Town) -> None:
    """A corrected word goes to everybody who waits; what was rendered stays, also when it is tried again."""
    template = publish(town, write("Ypur basket"))
    ana = add_customer(town)
    town.publish(CART)
    add_to_cart(town)
    publish(town, write("Your basket"))
    town.advance(HOUR)
    [first] = town.sending("sms")
    assert first.text.strip() == "Your basket"
    publish(town, write("Your cart"))
    town.outcome(first, "retry", reason="retry.throttled")
    town.advance(5 * MINUTE)
    [again] = town.sending("sms")
    assert (again.attempt, again.text) == (2, first.text)
    assert facts_of(town, ana)["revision"] == 2
    assert template.revisions.count() == 3


def test_a_template_may_decide_not_to_send(town: Town) -> None:
    """With the author's reason in the ledger; the run goes on."""
    publish(town, write('{% if event.product contains "coffee" %}{% abort "no coffee by SMS" %}{% endif %}Hi'))
    ana = add_customer(town)
    town.publish(CART)
    add_to_cart(town)
    town.advance(HOUR)
    assert town.ledger() == [("remind", "not_sent", "render", "render.aborted")]
    assert facts_of(town, ana)["abort"] == "no coffee by SMS"
    assert town.past_runs() == [(ana, "completed", "")]


BOMBS = (
    "{% for a in (1..900) %}{% for b in (1..900) %}{% for c in (1..900) %}x{% endfor %}{% endfor %}{% endfor %}",
    "{% assign s = 'xxxxxxxxxxxxxxxx' %}{% for i in (1..60) %}{% assign s = s | append: s %}{% endfor %}{{ s }}",
    "{% assign n = 9 %}{% for i in (1..99) %}{% assign n = n | times: n %}{% endfor %}{{ n }}",
)


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_costs_one_message(town: Town, bomb: str) -> None:
    """Whose template it is gets nothing of it and goes on; the engine is at work for the others in the same cycle."""
    publish(town, f'name: Cart\ndefault: en\nvariants:\n  en: {{text: Hi}}\n  pt: {{text: "{bomb}"}}\n')
    ana, bruno = add_customer(town), add_customer(town, "Bruno", "+5511987650002", "u2")
    speak(town, ana, "pt")
    speak(town, bruno, "en")
    town.publish(CART)
    add_to_cart(town)
    add_to_cart(town, user="u2")
    town.advance(HOUR)
    assert [(sent.to, sent.text) for sent in town.sending("sms")] == [("+5511987650002", "Hi")]
    said = town.rows("select gate, reason from ledger where contact_id = %s and step = 'remind'", ana)
    assert said == [("render", "render.broken")]
    assert town.past_runs() == [(ana, "completed", "")]
    assert town.live_runs() == [(bruno, "remind")]


@pytest.mark.parametrize(
    ("policy", "ledger"),
    [
        ("fail", ("remind", "not_sent", "render", "render.missing")),
        ("skip", ("remind", "not_sent", "render", "render.missing_skipped")),
        ("default", ("remind", "sent", "provider", "passed")),
    ],
)
def test_S4_what_is_missing_is_the_templates_matter(town: Town, policy: str, ledger: tuple[str, ...]) -> None:
    """Its policy holds, in every language."""
    publish(town, write("In {{ contact.city }}.") + f"on_missing: {policy}\n")
    add_customer(town)
    town.publish(CART)
    add_to_cart(town)
    town.advance(HOUR)
    assert town.ledger() == [ledger]
    assert [sent.text.strip() for sent in town.sending("sms")] == (["In ."] if policy == "default" else [])


def test_M6_a_variant_has_its_neutral_text(town: Town) -> None:
    """Who is not verified gets it; where a later revision says nothing sensitive any more, a retry still passes the
    gate as what was rendered."""
    town.workspace.sensitive_attributes = ["plan"]
    town.workspace.save()
    publish(town, write("Your plan is {{ contact.plan }}.", neutral="News for you."))
    ana = add_customer(town)
    town.publish(CART)
    add_to_cart(town)
    town.advance(HOUR)
    [first] = town.sending("sms")
    assert first.text == "News for you."
    publish(town, write("Nothing."))
    town.outcome(first, "retry", reason="retry.throttled")
    town.advance(timedelta(minutes=5))
    [again] = town.sending("sms")
    assert again.text == "News for you."
    facts = town.rows("select facts from ledger where contact_id = %s and step = 'remind' order by at", ana)
    trusts = [dict(row[0]["passed"])["trust"] for row in facts if "trust" in dict(row[0]["passed"])]
    assert trusts == [{"trust": "claimed", "sensitive": ["plan"], "neutral": True}] * len(trusts)


def test_T4_now_is_by_the_customers_own_clock(town: Town) -> None:
    """Ten in the morning in UTC is seven in São Paulo."""
    publish(town, write('{{ now | date: "%H:%M" }}'))
    ana = add_customer(town)
    with psycopg.connect(town.url) as conn:
        conn.execute("update contact set zone = 'America/Sao_Paulo' where id = %s", (ana,))
    town.publish(CART)
    add_to_cart(town)
    town.advance(HOUR)
    assert [sent.text for sent in town.sending("sms")] == ["07:00"]


def test_what_if_is_made_of_the_same_templates() -> None:
    """The simulator words a message as the engine does."""
    config = make_config(CART)
    config = replace(config, templates={(SHOP, "cart"): TemplateFacts("cart", 1, read_template(TEMPLATE))})
    report = play(make_shop(config), [track(1, NOW, "Product Added", product="Coffee")], NOW + 2 * HOUR)
    assert [sample.text for sample in report.samples] == ["Ana, o seu Coffee espera."]
