"""Link codes: how they are made, and that they are found in whatever people make of them (M4)."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core import links

KEY = b"a workspace's own key of 32 byte"
IDS = st.integers(min_value=0, max_value=2**63 - 1)
PROSE = (
    "Hello, I would like to know more about it! ",
    "Здравствуйте, хочу узнать больше. ",
    "مرحبا، أود معرفة المزيد ",
    "你好，我想了解更多。",
    "สวัสดีค่ะ อยากทราบเพิ่มเติม ",
    "नमस्ते, मैं और जानना चाहता हूँ। ",
    "Olá! Quero saber mais, por favor: ",
    "",
)
WRAPS = ("{}", "[{}]", "({})", "« {} »", "*{}*", "「{}」", "\u200e{}\u200f", "<{}>")
SWAPS = {"0": "0Oo", "1": "1IiLl"}


@st.composite
def codes(draw: st.DrawFn) -> links.Code:
    base = links.mint(KEY, draw(st.integers(0, 255)), draw(IDS), draw(IDS), draw(st.integers(0, 5)))
    return links.Code(base, draw(st.sampled_from(sorted(links.APPS))))


def spoil(draw: st.DrawFn, code: str) -> str:
    """What a person may do to a code: case, look-alikes, blanks and dashes between symbols."""
    symbols = [draw(st.sampled_from(SWAPS.get(s, s + s.lower()))) for s in code]
    gap = draw(st.sampled_from(["", " ", "-", " - ", "\u00a0"]))
    every = draw(st.integers(2, 8))
    return "".join(s + (gap if i % every == every - 1 and i < len(code) - 1 else "") for i, s in enumerate(symbols))


@given(st.data())
def test_M4_a_code_survives_what_people_do_to_it(data: st.DataObject) -> None:
    """Lower case, O for 0, I or l for 1, blanks, dashes, brackets and prose in many scripts around it."""
    code = data.draw(codes())
    text = data.draw(st.sampled_from(WRAPS)).format(spoil(data.draw, code.text))
    before, after = data.draw(st.sampled_from(PROSE)), data.draw(st.sampled_from(PROSE))
    assert code in links.find_codes(f"{before}{text} {after}")


@given(codes(), st.sampled_from(PROSE), st.sampled_from(PROSE), st.booleans())
def test_M4_a_code_glued_to_words_is_found(code: links.Code, before: str, after: str, lower: bool) -> None:
    """People delete the blank before the code."""
    printed = code.text.lower() if lower else code.text
    assert code in links.find_codes(before.strip() + printed + after.strip())


@given(codes())
def test_M4_a_grouped_code_is_found_even_glued(code: links.Code) -> None:
    """The grouping that we print is read back, also right after a word."""
    assert code in links.find_codes("code" + links.group_code(code.text) + "thanks")


@given(codes(), codes())
def test_M4_two_codes_in_one_text_are_both_found(one: links.Code, two: links.Code) -> None:
    """A customer who pastes two messages into one: neither code hides the other."""
    assert {one, two} <= set(links.find_codes(f"{one.text} and {two.text}"))


@given(codes(), codes())
def test_M4_a_code_standing_alone_comes_first(alone: links.Code, glued: links.Code) -> None:
    """Of two candidates the one written plainly is looked at first."""
    found = links.find_codes(f"ref{glued.text}x, {alone.text}")
    assert found[0] == alone


@given(st.text().filter(lambda text: not re.search(r"\d", text) and not any(c.isnumeric() for c in text)))
def test_M4_a_text_without_digits_holds_no_code(text: str) -> None:
    """Ordinary words never match, whatever their script."""
    assert links.find_codes(text) == ()


@given(st.text(alphabet="0123456789 +-().:/"))
def test_M4_numbers_hold_no_code(text: str) -> None:
    """Phone numbers, dates and order numbers never match."""
    assert links.find_codes(text) == ()


def test_M4_business_prose_with_numbers_holds_no_code() -> None:
    """Messages as customers write them."""
    texts = (
        "Oi! Quero 3 pizzas grandes e 2 refrigerantes para as 20h30, entrega na Rua 7 de Setembro 1234",
        "My order 10023418 from 12 October has not come, please ring +44 20 7946 0958 after 5 pm",
        "I live at 221b Baker Street, NW1 6XE, it is the 2nd floor. IBAN DE89 3704 0044 0532 0130 00",
        "Flight LH1234 seat 24C on 2026-11-22, booking ref QX7ZP2, 2 adults and 1 child",
    )
    assert [links.find_codes(text) for text in texts] == [(), (), (), ()]


def test_M4_long_text_is_searched_only_so_far() -> None:
    """A text of a megabyte costs no more than its first 8,192 characters."""
    code = links.Code(links.mint(KEY, 1, 2, 3, 0), "line")
    assert links.find_codes("я" * links.TEXT_CHARACTERS_MAX + code.text) == ()


@given(codes(), st.integers(0, 13), st.sampled_from(links.ALPHABET))
def test_M4_a_wrong_symbol_is_detected(code: links.Code, at: int, symbol: str) -> None:
    """The check symbol detects every substitution of one symbol."""
    text = code.text
    changed = text[:at] + symbol + text[at + 1 :]
    assert links.parse(changed) == (code if changed == text else None)


@given(codes())
def test_M4_a_swap_of_neighbours_is_detected(code: links.Code) -> None:
    """Every adjacent transposition, except 0 with Z, where Luhn mod 32 promises nothing."""
    text = code.text
    for at, (left, right) in enumerate(pairwise(text)):
        if left != right and {left, right} != {"0", "Z"}:
            assert links.parse(text[:at] + right + left + text[at + 2 :]) is None


@given(st.integers(0, 255), IDS, IDS, st.integers(0, 9))
def test_M4_mint_is_a_function_of_its_arguments(shard: int, contact: int, send: int, attempt: int) -> None:
    """A replay mints the same code, another attempt, contact or key another; the first two symbols are the shard."""
    base = links.mint(KEY, shard, contact, send, attempt)
    assert base == links.mint(KEY, shard, contact, send, attempt)
    assert len(base) == 12
    assert links.shard_index(base) == shard
    others = {
        links.mint(KEY, shard, contact, send, attempt + 1),
        links.mint(KEY, shard, contact + 1, send, attempt),
        links.mint(KEY[::-1], shard, contact, send, attempt),
    }
    assert base not in others


@given(codes())
def test_M4_parse_reads_only_a_whole_code(code: links.Code) -> None:
    """In a link's path the code stands by itself, in any case."""
    assert links.parse(code.text) == links.parse(code.text.lower()) == code
    assert links.parse(code.text + "X") is links.parse(code.text[:-1]) is links.parse("") is None
    assert code.shard_index < 256
    assert len(links.hash_code(code.base)) == 16


def test_M4_apps_are_digits_that_no_letter_is_taken_for() -> None:
    """The property on which the search rests."""
    assert set(links.APPS.values()) <= set("23456789")
    assert len(set(links.APPS.values())) == len(links.APPS)


@pytest.mark.parametrize(("shard", "key"), [(256, KEY), (-1, KEY), (0, b"short"), (0, b"x" * 65)])
def test_M4_mint_refuses_what_is_out_of_range(shard: int, key: bytes) -> None:
    """A shard beyond 255 or a key too short is an error, not a weak code."""
    with pytest.raises(ValueError, match=r"shard index|key"):
        links.mint(key, shard, 1, 1, 0)


@given(IDS, st.integers(0, 3), st.integers(6, 8))
def test_M4_campaign_codes_are_read_back(campaign: int, attempt: int, symbols: int) -> None:
    """Short codes: any case, brackets, halves with a dash; never mistaken for a personal code."""
    code = links.mint_campaign(KEY, campaign, attempt, symbols)
    assert len(code) == symbols
    assert set(code) <= set(links.CAMPAIGN_ALPHABET)
    assert links.parse_campaign(f" [{links.group_code(code).lower()}] ") == code
    assert code in links.find_campaign_codes(f"Hi, I saw it on TV ({code.lower()}), tell me more")
    assert links.find_codes(code) == ()


def test_M4_plain_words_are_no_campaign_codes() -> None:
    """No word without a digit, no number without a letter."""
    assert links.find_campaign_codes("please send details 234567 STREET 2345678 BANANAS") == ()
    assert links.parse_campaign("HELLO") is None
    with pytest.raises(ValueError, match="symbols"):
        links.mint_campaign(KEY, 1, 0, 9)


def test_M4_no_two_of_many_codes_are_alike() -> None:
    """100,000 contacts of one shard: 50 bits collide with a chance of 4 in a million."""
    minted = {links.mint(KEY, 7, contact, 1, 0) for contact in range(100_000)}
    assert len(minted) == 100_000
