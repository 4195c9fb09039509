"""Kinds from outside: an installed package that names an adapter is found like one of ours."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tertulia.channels import registry

ADAPTER = """
from tertulia.channels.telegram.adapter import Telegram

class Pigeon(Telegram):
    kind = "pigeon"
    title = "Carrier pigeon"
    mark = "PG"

adapter = Pigeon()

class False_(Telegram):
    title = "Not ours"

impostor = False_()
"""


@pytest.fixture
def outside_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package on the path, with the two files that make Python's packaging see it."""
    (tmp_path / "pigeon_channel.py").write_text(ADAPTER)
    info = tmp_path / "pigeon_channel-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pigeon-channel\nVersion: 1.0\n")
    points = "[tertulia.channels]\npigeon = pigeon_channel:adapter\ntelegram = pigeon_channel:impostor\n"
    (info / "entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(tmp_path)
    registry.forget()
    yield
    registry.forget()
    sys.modules.pop("pigeon_channel", None)


@pytest.mark.usefixtures("outside_package")
def test_an_outside_package_adds_a_kind() -> None:
    """Its entry point is enough; a kind of ours cannot be replaced that way."""
    assert registry.get("pigeon").title == "Carrier pigeon"
    assert registry.get("telegram").title == "Telegram"
    assert [adapter.kind for adapter in registry.kinds()] == sorted(adapter.kind for adapter in registry.kinds())
