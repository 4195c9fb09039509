"""Kept files of imports: what is read is removed."""

from pathlib import Path

from tertulia.actions.import_files import FOLDER, forget_files, save_file


def test_C5_a_list_that_was_applied_does_not_stay_on_the_disk(tmp_path: Path) -> None:
    """Only files that an import has still to read stay, and those that are just being uploaded."""
    read, waiting = save_file([b"a\n"], tmp_path, 100), save_file([b"b\n"], tmp_path, 100)
    assert forget_files(tmp_path, {waiting.path}, before_s=0) == 0
    assert forget_files(tmp_path, {waiting.path}, before_s=float("inf")) == 1
    assert [path.name for path in (tmp_path / FOLDER).iterdir()] == [waiting.path.rpartition("/")[2]]
    assert read.path != waiting.path
