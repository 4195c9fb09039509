"""Whose clock counts (T4)."""

import zoneinfo

import pytest

from tertulia.core.zones import ZONE_FALLBACK, ZoneChoice, ZoneSource, choose_zone, load_zone

KNOWN = frozenset(zoneinfo.available_timezones())


@pytest.mark.parametrize(
    ("contact", "region", "journey", "expected", "source"),
    [
        ("Asia/Tokyo", "DE", "Europe/Lisbon", "Asia/Tokyo", ZoneSource.CONTACT),
        ("", "DE", "Europe/Lisbon", "Europe/Berlin", ZoneSource.PHONE),
        ("", "BR", "Europe/Lisbon", "Europe/Lisbon", ZoneSource.JOURNEY),  # many zones: a guess would send at night
        ("", "", "Europe/Lisbon", "Europe/Lisbon", ZoneSource.JOURNEY),
        ("", "US", "", "Europe/Prague", ZoneSource.WORKSPACE),
    ],
)
def test_T4_the_first_that_is_known_counts(
    contact: str, region: str, journey: str, expected: str, source: ZoneSource
) -> None:
    """Contact, phone number's region where it has one zone, journey, workspace. Silence is no fault."""
    choice = choose_zone(contact, region, journey, "Europe/Prague", KNOWN)
    assert choice == ZoneChoice(expected, source)
    assert choice.fallback is None


@pytest.mark.parametrize("bad", ["Sao Paulo", "GMT+3 ", "../../etc/passwd", "europe/prague", "\0", "Mars/Olympus"])
def test_T4_an_unknown_zone_is_passed_over_and_told(bad: str) -> None:
    """One bad value costs its contact the finer choice, and nobody else anything."""
    choice = choose_zone(bad, "", "", "Europe/Prague", KNOWN)
    assert (choice.zone, choice.source, choice.fallback) == ("Europe/Prague", ZoneSource.WORKSPACE, ZONE_FALLBACK)
    assert choice.refused == ((ZoneSource.CONTACT, bad),)


def test_T4_a_batch_goes_on_past_its_bad_zones() -> None:
    """Of 600 contacts with one bad zone each has one to be written to in."""
    zones = ["Asia/Tokyo"] * 300 + ["Asia/Tokio"] + ["Asia/Tokyo"] * 299
    choices = [choose_zone(zone, "", "", "Europe/Prague", KNOWN) for zone in zones]
    assert [choice.zone for choice in choices].count("Asia/Tokyo") == 599
    assert [choice.fallback for choice in choices].count(ZONE_FALLBACK) == 1


def test_T4_where_nothing_is_known_it_is_utc() -> None:
    """Every name that was passed over is told, in order."""
    choice = choose_zone("a", "", "b", "c", KNOWN)
    assert (choice.zone, choice.source) == ("UTC", ZoneSource.NOBODY)
    assert [name for _, name in choice.refused] == ["a", "b", "c"]
    assert choose_zone("", "", "", "", KNOWN) == ZoneChoice("UTC", ZoneSource.NOBODY)


def test_T4_a_region_whose_zone_this_database_lacks_is_passed_over() -> None:
    """The table of regions may be newer than the installed names."""
    choice = choose_zone("", "DE", "", "UTC", frozenset({"UTC"}))
    assert (choice.zone, choice.refused) == ("UTC", ((ZoneSource.PHONE, "Europe/Berlin"),))


def test_a_zone_is_read_once() -> None:
    """The same object comes back."""
    assert load_zone("Asia/Tokyo") is load_zone("Asia/Tokyo")
    assert load_zone("Asia/Tokyo").key == "Asia/Tokyo"
