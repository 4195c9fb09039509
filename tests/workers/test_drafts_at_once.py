"""Two people who draft a document at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from tests.workers.test_engine_entries import town
from tests.workers.test_engine_journeys import CART
from tests.workers.town import Town

__all__ = ["town"]
WAITING = "select count(*) from pg_locks where not granted"


def test_two_who_draft_a_journey_at_once(town: Town) -> None:
    """The second waits for the first: the key that both stated is refused as a conflict, one that the name made is
    another."""
    from django.db import connection, transaction

    from tertulia.actions.journeys import create_journey
    from tertulia.errors import Conflict

    written, go_on = Event(), Event()

    def draft(key: str, *, first: bool) -> Any:
        try:
            with transaction.atomic():
                made = create_journey(town.workspace, None, town.now, CART, name="Cart", key=key)
                if first:
                    written.set()
                    go_on.wait(10)
            return made.key
        finally:
            connection.close()

    with ThreadPoolExecutor() as pool:
        one = pool.submit(draft, "cart", first=True)
        assert written.wait(10)
        others = [pool.submit(draft, key, first=False) for key in ("cart", "")]
        while town.rows(WAITING) < [(2,)]:
            assert not any(other.done() for other in others)
        go_on.set()
        assert one.result(10) == "cart"
        with pytest.raises(Conflict):
            others[0].result(10)
        assert others[1].result(10) == "cart-2"
