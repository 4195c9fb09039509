"""Secrets at rest."""

from pathlib import Path

import pytest

from tertulia.errors import ConfigError
from tertulia.store.sealing import seal, seal_json, unseal, unseal_json


def test_a_sealed_table_opens_again_and_shows_nothing(data_folder: Path) -> None:
    """The same values, twice sealed, differ and hold no plain text."""
    first, second = seal_json({"token": "123:AAH"}), seal_json({"token": "123:AAH"})
    assert unseal_json(first) == unseal_json(second) == {"token": "123:AAH"}
    assert first != second
    assert b"AAH" not in first
    assert unseal_json(b"") == {}


def test_a_changed_seal_and_another_key_are_refused(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is opened by half: a flipped bit or a foreign SECRET_KEY is an error with its remedy."""
    sealed = seal(b"secret")
    with pytest.raises(ConfigError):
        unseal(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    monkeypatch.setenv("SECRET_KEY", "another key")
    with pytest.raises(ConfigError):
        unseal(sealed)
