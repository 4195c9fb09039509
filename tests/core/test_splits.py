"""A1: the hash divides evenly by weights, and the same customer always the same way."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.splits import BUCKETS, find_bucket, place_bucket

WEIGHTS = st.lists(st.integers(1, 10_000), min_size=2, max_size=10)


@given(WEIGHTS, st.integers(0, BUCKETS - 1))
def test_A1_every_bucket_lies_in_one_way(weights: list[int], bucket: int) -> None:
    """And those of a way lie together, so that more weight takes from the next one only."""
    place = place_bucket(bucket, weights)
    assert 0 <= place < len(weights)
    assert place >= place_bucket(max(bucket - 1, 0), weights)


@given(WEIGHTS)
def test_A1_ways_have_their_share_of_the_buckets(weights: list[int]) -> None:
    """To one bucket."""
    counts = Counter(place_bucket(bucket, weights) for bucket in range(BUCKETS))
    total = sum(weights)
    assert all(abs(counts[n] - weight * BUCKETS / total) <= 1 for n, weight in enumerate(weights))


@given(st.text(), st.text(), st.text())
def test_A1_the_same_customer_has_the_same_bucket(experiment: str, salt: str, key: str) -> None:
    """There is no chance in it."""
    assert 0 <= find_bucket(experiment, salt, key) == find_bucket(experiment, salt, key) < BUCKETS


def test_A1_customers_are_divided_evenly() -> None:
    """And by another salt otherwise."""
    one = [place_bucket(find_bucket("1/offer", "", f"contact:{n}"), [70, 30]) for n in range(10_000)]
    other = [place_bucket(find_bucket("1/offer", "x", f"contact:{n}"), [70, 30]) for n in range(10_000)]
    assert 6_800 < one.count(0) < 7_200
    both = sum(a == b == 1 for a, b in zip(one, other, strict=True))
    assert 750 < both < 1_050  # 9 %, as of two that know nothing of each other
