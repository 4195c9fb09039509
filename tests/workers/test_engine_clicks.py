"""Openings of links through the engine on a real database (M9)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.workers.town import Town

from tertulia.core.entries import ClickEntry

PHONE = "+5511985550123"


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace with an engine on a virtual clock."""
    with Town(empty_database) as made:
        yield made


@pytest.mark.parametrize("order", [("no_beacon", "human"), ("human", "no_beacon")])
@pytest.mark.parametrize("together", [True, False])
def test_M9_an_opening_and_its_beacon_are_one_click(town: Town, order: tuple[str, str], together: bool) -> None:
    """Whichever of the two is decided first, in one cycle or in two: a person's click, which moves the funnel."""
    ana = town.add_contact("Ana", PHONE)
    match = town.launch("{{ link }}")
    for class_ in order:
        beacon = class_ == "human"
        town.append(ClickEntry(ana, match, "00" * 16, "chooser", class_, town.now, "0123456789ab", beacon), ana)
        if not together:
            town.drain()
    town.drain()
    assert town.rows("select class, count(*) from click group by class") == [("human", 1)]
    assert town.progress(ana, match)["state"] == "clicked"


@pytest.mark.parametrize("class_", ["preview", "scanner", "no_beacon", "ended"])
def test_M9_what_is_no_click_moves_nothing(town: Town, class_: str) -> None:
    """It is kept with what it was taken for, and the contact stays where it was."""
    ana = town.add_contact("Ana", PHONE)
    match = town.launch("{{ link }}")
    before = town.progress(ana, match)
    town.append(ClickEntry(ana, match, "00" * 16, "chooser", class_, town.now + timedelta(hours=1), "n1"), ana)
    town.drain()
    assert town.progress(ana, match) == before
    assert town.rows("select class from click") == [(class_,)]
