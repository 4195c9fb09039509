"""What is searched: text folded word by word is what folding all of it gives."""

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from tertulia.core.search import fold

_ODD = "aÉßİſﬁ½¨´´ˆ゛゜ﾞ\u0301\u0345\u0300\u1100\u1161한ΣςЙ٠ﷺ \t\x1c\x85\xa0\u2000\u3000\u200b'"


def fold_whole(text: str) -> str:
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return " ".join("".join(c for c in parts if not unicodedata.combining(c)).split())


@settings(max_examples=1500)
@given(st.text(max_size=30) | st.text(st.sampled_from(_ODD), max_size=12))
def test_words_are_folded_as_the_whole_is(text: str) -> None:
    """Case, accents, width and any blanks go, also where a sign comes apart into a blank and a mark."""
    assert fold(text) == fold_whole(text)


def test_folding_is_for_people() -> None:
    """Names are found however they are typed."""
    assert fold("  Inês\u00a0GONÇALVES ") == fold("ines goncalves") == "ines goncalves"
    assert fold("Ｊｏãｏ ¨ Peña") == "joao pena"
