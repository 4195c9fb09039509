"""The stories that are told on the test clock, by the real command with real processes."""

import json
import subprocess
import sys

import pytest

LIMIT_S = 600


@pytest.mark.parametrize(("story", "rows"), [("four-steps", "9"), ("cart-series", "8"), ("win-back", "7")])
def test_a_small_cast_plays_every_role(story: str, rows: str) -> None:
    """One of each; what they get, and why, is right to the unit."""
    command = [sys.executable, "-m", "tertulia.cli", "story", story, "--json", "--rows", rows]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    document = json.loads(done.stdout)
    assert (document["failures"], document["figures"]["people"]) == ([], int(rows))
    assert done.returncode == 0
