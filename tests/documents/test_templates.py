"""What is wrong with a template's document is told by line and column, with what to do."""

import jsonschema_rs
import pytest

from tertulia.documents.journeys import Around, check_journey
from tertulia.documents.lines import BadDocument, read_lines
from tertulia.documents.templates import check_template, read_template, write_schema

GOOD = """name: Cart reminder
default: en
on_missing: skip
variants:
  en:
    text: |
      Hello {{ contact.name }},
      your basket waits.
    neutral: Something waits for you.
  pt-BR:
    text: Olá {{ contact.name }}
  ar:
    text: مرحبًا {{ contact.name }}
    subject: سلتك
    html: <p>{{ contact.name }}</p>
"""


def tell(text: str) -> list[tuple[int, int, str]]:
    """Line, column and sentence of everything that is wrong."""
    with pytest.raises(BadDocument) as bad:
        check_template(text)
    return [(p.place.line, p.place.column, p.sentence) for p in bad.value.problems]


def test_a_good_one_has_its_variants() -> None:
    """Texts as they were written; the published schema takes it too."""
    found = check_template(GOOD)
    assert found == read_template(GOOD)
    assert list(found.variants) == ["en", "pt-BR", "ar"]
    assert found.variants["ar"].subject == "سلتك"
    assert jsonschema_rs.validator_for(write_schema()).is_valid(read_lines(GOOD).value)


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("name: Cart reminder", 'name: " "', (1, 1), "Give the template a name of at most 200 characters."),
        ("default: en", "default: fr", (2, 1), "No variant is called “fr”. There are: en, pt-BR, ar."),
        ("default: en\n", "", (1, 1), "Give “default” here."),
        ("skip", "stop", (3, 1), "“stop” is none of the choices."),
        ("  en:\n", "  eng:\n", (5, 3), "Give a language such as en, pt-BR or ar."),
        ("  pt-BR:", "  pt_BR:", (10, 3), "Write the language as pt-BR."),
        ("  ar:", "  Arabic:", (12, 3), "Write the language as ar."),
        ("your basket", "your {{ basket", (8, 5), "A variable or tag is opened and its closing braces are missing."),
        ("your basket", "your {% iff x %}", (8, 5), "There is no tag called “iff”."),
        ("your basket", "your {{ basket }}", (8, 5), "There is nothing called “basket”."),
        ("Olá {{ contact.name }}", '" "', (11, 5), "Give the text of the message."),
        ("    text: Olá {{ contact.name }}", "    neutral: Olá", (10, 3), "Give “text” here."),
        ("    subject:", "    title:", (14, 5), "There is no field “title” here."),
        ("<p>{{ contact.name }}", "<p>{{ contact.name | shout }}", (15, 5), "There is no filter called “shout”."),
    ],
)
def test_what_is_wrong_has_its_place(old: str, new: str, place: tuple[int, int], words: str) -> None:
    """One mistake, one sentence, which says what to do."""
    assert old in GOOD
    assert (*place, words) in tell(GOOD.replace(old, new, 1))


def test_everything_is_told_at_once() -> None:
    """In the order of the lines."""
    text = GOOD.replace("default: en", "default: fr").replace("your basket", "{{ x }}").replace("<p>", "<p>{{")
    assert [line for line, _, _ in tell(text)] == [2, 8, 15]


@pytest.mark.parametrize("text", ["", "[]", "name", "name: x\ndefault: en\nvariants: {}\n"])
def test_what_is_no_template_is_refused(text: str) -> None:
    """With a sentence, not a fault."""
    assert len(tell(text)) == 1


STEP = "name: Cart\nentry: {{event: Added}}\nsteps:\n  - {{id: tell, kind: message, channels: [sms], {more}}}\n"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("name: x", "Give the text of the message, or the key of a template."),
        ("text: Hi, template: cart", "Give a text or a template, not both."),
        ("template: cart, neutral: Hi", "The template has its own neutral text. Leave this one out."),
        ("template: cart, on_missing: skip", "The template says what a variable without a value does. Leave this out."),
        ("template: crat", "No published template has the key “crat”. Publish one, or choose among: cart, hello."),
    ],
)
def test_a_message_says_a_text_or_names_a_template(more: str, words: str) -> None:
    """Exactly one of them; what the template says, the step does not."""
    around = Around({"sms": "sms"}, templates=frozenset({"cart", "hello"}))
    with pytest.raises(BadDocument) as bad:
        check_journey(STEP.format(more=more), around)
    assert [(p.place.line, p.sentence) for p in bad.value.problems] == [(4, words)]
    assert check_journey(STEP.format(more="template: hello"), around)
