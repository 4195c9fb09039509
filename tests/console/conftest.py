"""A database with the cast, and a browserless client for each of them."""

import pytest
from tests.console.cast import Cast, make_cast, make_client


@pytest.fixture
def cast(empty_database: str) -> Cast:
    """Alice, Bob, Vera and Charlie, written; removed afterwards."""
    return make_cast()


@pytest.fixture
def alice(cast: Cast):
    """A client that Alice is signed in with."""
    return make_client(cast.alice)
