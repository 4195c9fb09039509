"""`tertulia pull DIR`: write the published documents of a workspace into a folder, as `plan` and `apply` read them."""

import argparse
import sys
from pathlib import Path

from tertulia.commands.people import add_workspace, find_workspace, open_django
from tertulia.commands.plan import FOLDER, SEGMENTS, SUFFIXES, TEMPLATES
from tertulia.errors import Invalid


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="where journeys, templates and segments are written")
    parser.add_argument("--overwrite", action="store_true", help="replace files that say something else")
    add_workspace(parser)


def run(options: argparse.Namespace) -> int:
    """All or none: status 1, and nothing written, where a file would be lost."""
    with open_django():
        from tertulia.actions.plans import list_texts

        texts, left = list_texts(find_workspace(options.workspace))
    shelves = {FOLDER: texts.journeys, TEMPLATES: texts.templates, SEGMENTS: texts.segments}
    documents = [(options.folder / name, key, text) for name, shelf in shelves.items() for key, text in shelf.items()]
    files = {_find_file(folder, key): text for folder, key, text in documents}
    changed = {path: text for path, text in files.items() if _read(path) != text}
    lost = [path for path in changed if path.exists()]
    if lost and not options.overwrite:
        names = ", ".join(map(str, lost))
        raise Invalid(f"Nothing was written, for these files say something else: {names}. --overwrite replaces them.")
    for path, text in changed.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        sys.stdout.write(f"{path}: {'replaced' if path in lost else 'written'}\n")
    for key in left:
        sys.stdout.write(f"{key}: left out (a draft, over, or a broadcast)\n")
    sys.stdout.write(f"{len(changed)} written, {len(files) - len(changed)} as they were, {len(left)} left out\n")
    return 0


def _find_file(folder: Path, key: str) -> Path:
    """Where the document stands already, by whatever ending, or will."""
    there = [path for suffix in SUFFIXES if (path := folder / f"{key}{suffix}").is_file()]
    return there[0] if there else folder / f"{key}{SUFFIXES[0]}"


def _read(path: Path) -> str | None:
    """None for what is not there, or no text."""
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n") if path.exists() else None
    except UnicodeDecodeError:
        return None
