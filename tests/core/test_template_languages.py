"""Templates: which variant a customer reads, and what a message remembers of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.templates import Template, TemplateFacts, Variant, find_locale, word


def make_template(*tags: str, default: str = "en") -> Template:
    """Every variant says its own tag."""
    return Template(name="Cart", default=default, variants={tag: Variant(text=tag) for tag in tags})


@pytest.mark.parametrize(
    ("tags", "locale", "expected"),
    [
        ("en pt pt-BR", "pt-BR", "pt-BR"),
        ("en pt pt-BR", "pt_br", "pt-BR"),
        ("en pt pt-BR", "pt-AO", "pt"),
        ("en pt", "pt-BR", "pt"),
        ("en pt-BR", "pt", "pt-BR"),
        ("en pt-BR pt-PT", "pt-AO", "pt-BR"),
        ("en zh-Hant zh", "zh-Hant-TW", "zh-Hant"),
        ("en zh", "zh-Hant-TW", "zh"),
        ("en pt", "ar", "en"),
        ("en pt", "", "en"),
        ("en-GB en", "en-US", "en"),
        ("pt en", "e", "en"),
        ("en est", "es", "en"),
    ],
)
def test_the_nearest_language_is_read(tags: str, locale: str, expected: str) -> None:
    """The very tag, then shorter ones, then another variant of the language, then the default."""
    assert find_locale(make_template(*tags.split()), locale) == expected


def test_of_two_variants_of_a_language_the_default_is_nearer() -> None:
    """Whichever stands first."""
    assert find_locale(make_template("pt-BR", "pt-PT", default="pt-PT"), "pt-AO") == "pt-PT"


TAGS = st.sampled_from(["en", "pt", "pt-BR", "pt-PT", "ar", "zh-Hant", "zh", "es-419"])


@given(st.lists(TAGS, min_size=1, unique=True), st.data(), TAGS | st.text(max_size=12))
def test_everybody_reads_a_variant_that_there_is(tags: list[str], data: st.DataObject, locale: str) -> None:
    """Whatever stands in a list as the language; one's own tag always wins."""
    template = make_template(*tags, default=data.draw(st.sampled_from(tags)))
    found = find_locale(template, locale)
    assert found in tags
    assert locale not in tags or found == locale


def test_the_ledger_names_key_revision_and_variant() -> None:
    """And nothing for a text of the message's own."""
    wording = word(TemplateFacts("cart", 4, make_template("en", "pt")), "pt-BR")
    assert (wording.text, wording.on_missing) == ("pt", "fail")
    assert wording.list_facts() == {"template": "cart", "revision": 4, "locale": "pt"}
