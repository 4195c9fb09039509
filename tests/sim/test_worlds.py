"""Small worlds, generated from seeds, played through the real engine, edge and sender on a real database, with crashes.

A seed that fails is the test's name; `SEEDS=17 .venv/bin/pytest tests/sim` plays it again (`SEEDS=0-40` plays those).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.sim import invariants, journey_checks, otp_acts, recount
from tests.sim.machine import EVERY, HARMLESS
from tests.sim.script import write_script
from tests.sim.world import World

FEW, FEW_TWICE = range(6), range(1)
MANY, MANY_TWICE = range(700), range(1_000, 1_100)


def list_seeds(usual: range) -> list[int]:
    """The seeds of a run: the usual ones, or those of SEEDS (`17` or `0-40`)."""
    first, dash, last = os.environ.get("SEEDS", "").partition("-")
    if not first:
        return list(usual)
    return list(range(int(first), int(last if dash else first) + 1))


@contextmanager
def playing(url: str, folder: Path, seed: int, crashes: frozenset[str], *, patient: bool = False) -> Iterator[World]:
    with World(url, folder, write_script(seed), crashes, patient=patient) as world:
        yield world.play()


def find_faults(world: World) -> list[str]:
    """Everything that is wrong in a world at rest, each with the check that found it."""
    checks = (*invariants.CHECKS, *recount.CHECKS, *journey_checks.CHECKS, *otp_acts.CHECKS)
    return [f"{check.__name__.removeprefix('check_')}: {fault}" for check in checks for fault in check(world)]


def play_with_crashes(url: str, folder: Path, seed: int) -> None:
    """Whatever dies, and whenever: every rule still holds at the end."""
    with playing(url, folder, seed, EVERY) as world:
        assert find_faults(world) == []


def play_twice(url: str, folder: Path, seed: int) -> None:
    """The deaths of an engine, an edge or an outcomes' writer change nothing that anybody could see: the same script
    without them comes to the same decisions, messages, links and consents."""
    ends = []
    for crashes in (HARMLESS, frozenset[str]()):
        with playing(url, folder, seed, crashes, patient=True) as world:
            assert find_faults(world) == []
            ends.append(recount.describe(world))
    assert recount.compare(*ends) == []


@pytest.mark.parametrize("seed", list_seeds(FEW))
def test_everything_holds_in_a_world_with_crashes(empty_database: str, tmp_path: Path, seed: int) -> None:
    play_with_crashes(empty_database, tmp_path, seed)


@pytest.mark.parametrize("seed", list_seeds(FEW_TWICE))
def test_crashes_change_nothing(empty_database: str, tmp_path: Path, seed: int) -> None:
    play_twice(empty_database, tmp_path, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", MANY)
def test_everything_holds_in_many_worlds(empty_database: str, tmp_path: Path, seed: int) -> None:
    play_with_crashes(empty_database, tmp_path, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", MANY_TWICE)
def test_crashes_change_nothing_in_many_worlds(empty_database: str, tmp_path: Path, seed: int) -> None:
    play_twice(empty_database, tmp_path, seed)
