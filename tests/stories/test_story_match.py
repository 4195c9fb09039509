"""The story `match`, told by the real command with real processes."""

import json
import subprocess
import sys
from typing import Any

import pytest

ROWS_SMALL = 120
LIMIT_S = 900


def tell(*arguments: str) -> dict[str, Any]:
    """The command's document; standard output must hold nothing else."""
    command = [sys.executable, "-m", "tertulia.cli", "story", "match", "--json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    document: dict[str, Any] = json.loads(done.stdout)
    assert document["failures"] == [], json.dumps(document["failures"])
    assert done.returncode == 0
    return document


def test_a_small_cast_plays_every_role_and_every_trouble_to_the_unit() -> None:
    """All roles and all thirteen kinds of trouble, in a list short enough for every run of the tests."""
    document = tell("--rows", str(ROWS_SMALL))
    assert document["passed"]
    assert document["figures"]["rows"] == ROWS_SMALL


@pytest.mark.soak
def test_a_thousand_rows() -> None:
    """The whole story, with another seed than the small one."""
    assert tell("--seed", "7")["passed"]
