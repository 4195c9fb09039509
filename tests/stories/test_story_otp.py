"""The story `otp`, told by the real command with real processes."""

import json
import subprocess
import sys

import pytest

ROWS_SMALL = 120
LIMIT_S = 600


@pytest.mark.soak
def test_the_whole_story() -> None:
    """A dead provider, phones that are off, and a broadcast to a thousand."""
    tell("--seed", "7")


def test_codes_by_every_channel_while_providers_fail_and_a_broadcast_runs() -> None:
    """All scenes, with a short list; standard output holds the document alone."""
    document = tell("--rows", str(ROWS_SMALL))
    assert document["figures"]["dead_provider"] == 50


def tell(*arguments: str) -> dict:  # type: ignore[type-arg]
    command = [sys.executable, "-m", "tertulia.cli", "story", "otp", "--json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    document: dict = json.loads(done.stdout)  # type: ignore[type-arg]
    assert document["failures"] == [], json.dumps(document["failures"])
    assert done.returncode == 0
    assert document["passed"]
    return document
