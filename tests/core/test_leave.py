"""Unsubscribe tokens of journeys' messages (C3): believed only with the key that made them."""

from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.leave import (
    SAMPLE_TOKEN,
    SHORT_SYMBOLS,
    TOKEN_SYMBOLS,
    Leave,
    is_signed,
    read_leave,
    sign_leave,
)

WHO = {"workspace": st.integers(0, 2**32 - 1), "contact_id": st.integers(0, 2**64 - 1)}
MESSAGES = st.binary(min_size=16, max_size=16).map(lambda raw: UUID(bytes=raw))
LEAVES = st.builds(Leave, **WHO, delivery_id=MESSAGES) | st.builds(Leave, **WHO, journey_id=st.integers(0, 2**31 - 1))
KEYS = st.binary(min_size=16, max_size=64)


@given(LEAVES, KEYS, KEYS)
def test_C3_a_token_says_whom_and_is_believed_by_its_key_alone(leave: Leave, key: bytes, other: bytes) -> None:
    """It comes back as it was, in symbols of an address, and no other key signs it."""
    token = sign_leave(key, leave)
    assert len(token) == (SHORT_SYMBOLS if leave.delivery_id is None else TOKEN_SYMBOLS)
    assert token.replace("-", "").replace("_", "").isalnum()
    found = read_leave(token)
    assert found is not None
    assert msgspec.structs.replace(found, signature=b"") == leave
    assert is_signed(key, found)
    assert is_signed(other, found) == (key.ljust(64, b"\0") == other.ljust(64, b"\0"))


@given(LEAVES, KEYS, st.integers(0, SHORT_SYMBOLS - 1), st.sampled_from("AZaz09-_"))
def test_C3_another_symbol_is_another_token(leave: Leave, key: bytes, place: int, symbol: str) -> None:
    """Whatever is changed in it, it is refused or says the same."""
    token = sign_leave(key, leave)
    found = read_leave(token[:place] + symbol + token[place + 1 :])
    assert found is None or not is_signed(key, found) or msgspec.structs.replace(found, signature=b"") == leave


@given(st.text(max_size=80))
def test_C3_what_is_no_token_says_nothing(text: str) -> None:
    """Codes of links among them."""
    found = read_leave(text)
    assert found is None or len(text) in (TOKEN_SYMBOLS, SHORT_SYMBOLS)


@given(KEYS)
def test_C3_the_token_of_a_preview_is_believed_by_nobody(key: bytes) -> None:
    """It has the length of a real one."""
    sample = read_leave(SAMPLE_TOKEN)
    assert sample is not None
    assert not is_signed(key, sample)
