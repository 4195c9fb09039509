"""Counting equal rows in little memory."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.ordinals import PLACES_FIRST, Ordinals

DIGESTS = st.lists(st.integers(0, 40).map(lambda n: (n * (PLACES_FIRST - 1)).to_bytes(8)), max_size=200)


@given(DIGESTS)
def test_each_is_counted_as_a_counter_would(digests: list[bytes]) -> None:
    """Also those that belong to one place."""
    ordinals, known = Ordinals(), Counter[bytes]()
    for digest in digests:
        assert ordinals.count(digest) == known[digest]
        known[digest] += 1


def test_it_grows_and_forgets_nothing() -> None:
    """Far beyond the places that it begins with."""
    ordinals, many = Ordinals(), PLACES_FIRST * 20
    assert {ordinals.count((n * 2_654_435_761).to_bytes(8)) for n in range(many)} == {0}
    assert {ordinals.count((n * 2_654_435_761).to_bytes(8)) for n in range(many)} == {1}
