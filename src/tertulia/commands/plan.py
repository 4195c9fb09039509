"""`tertulia plan DIR`: what `tertulia apply DIR` would change, as a diff of each document, and what forbids it."""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertulia.commands.people import add_workspace, find_workspace, open_django
from tertulia.errors import Invalid

if TYPE_CHECKING:
    from tertulia.actions.plans import Plan, Planned

SUFFIXES = (".yaml", ".yml", ".json")
FOLDER = "journeys"
TEMPLATES = "templates"
SEGMENTS = "segments"


@dataclass(frozen=True, slots=True)
class Shelf:
    """The documents of one noun: texts by key, and the file of each."""

    texts: dict[str, str]
    files: dict[str, Path]


@dataclass(frozen=True, slots=True)
class Folder:
    """The documents of a folder."""

    journeys: Shelf
    templates: Shelf
    segments: Shelf

    @property
    def shelves(self) -> tuple[Shelf, Shelf, Shelf]:
        """In the order of their fields."""
        return self.journeys, self.templates, self.segments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", type=Path, metavar="DIR", help="with journeys/KEY.yaml, templates/KEY.yaml and segments/KEY.yaml"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    add_workspace(parser)


def run(options: argparse.Namespace) -> int:
    folder = read_folder(options.folder)
    with open_django():
        from tertulia.actions.plans import Texts, plan_documents

        texts = Texts(*(shelf.texts for shelf in folder.shelves))
        plan = plan_documents(find_workspace(options.workspace), texts)
    if options.json:
        sys.stdout.write(json.dumps(write_plan(plan, folder), indent=1, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(describe_plan(plan, folder))
        tell_problems(plan, folder)
    return 0 if plan.is_good else 1


def read_folder(given: Path) -> Folder:
    """The documents of `DIR/journeys`, `DIR/templates` and `DIR/segments`; where none is there, the files of `DIR` are
    journeys. Raises Invalid for a folder without any, a file that is no text, and two files of one name."""
    if not given.is_dir():
        raise Invalid(f"There is no folder {given}.")
    own = [(given / name).is_dir() for name in (FOLDER, TEMPLATES, SEGMENTS)]
    found = Folder(
        _read_shelf(given / FOLDER if any(own) else given, "journey"),
        _read_shelf(given / TEMPLATES, "template"),
        _read_shelf(given / SEGMENTS, "segment"),
    )
    if not any(shelf.texts for shelf in found.shelves):
        place = given / FOLDER if own[0] else given
        raise Invalid(f"There is no document in {place}. A journey is a file such as {given / FOLDER / 'cart.yaml'}.")
    return found


def _read_shelf(place: Path, noun: str) -> Shelf:
    texts: dict[str, str] = {}
    files: dict[str, Path] = {}
    for path in sorted(place.iterdir()) if place.is_dir() else ():
        if path.suffix not in SUFFIXES or not path.is_file():
            continue
        if path.stem in files:
            raise Invalid(f"{files[path.stem]} and {path} are one {noun}: keep one of them.")
        files[path.stem] = path
        texts[path.stem] = _read_text(path)
    return Shelf(texts, files)


def describe_plan(plan: "Plan", folder: Folder) -> str:
    """For people: every document with its diff, then how many of each."""
    lines: list[str] = []
    for item, path in _iter_documents(plan, folder):
        lines.append(f"{path}: {_tell_change(item)}")
        if item.replaces_draft:
            lines.append("  Its draft in the console was never published. Applying replaces it.")
        lines += _tell_runs(item)
        lines += [f"  {line}" for line in item.diff]
    lines += [f"{key}: not in the folder, left alone" for key in _list_left(plan)]
    lines.append(_count(plan))
    return "\n".join(lines) + "\n"


def _list_left(plan: "Plan") -> list[str]:
    return [*plan.templates.left, *plan.segments.left, *plan.journeys.left]


def tell_problems(plan: "Plan", folder: Folder) -> None:
    """On standard error, each as `file:line:column: sentence`."""
    for item, path in _iter_documents(plan, folder):
        for problem in item.problems:
            sys.stderr.write(f"{path}:{problem.line or 1}:{problem.column or 1}: {problem.sentence}\n")


def write_plan(plan: "Plan", folder: Folder) -> dict[str, Any]:
    """For programs."""
    return {
        "good": plan.is_good,
        "templates": [_write_item(item, folder.templates) for item in plan.templates.documents],
        "segments": [_write_item(item, folder.segments) for item in plan.segments.documents],
        "journeys": [_write_item(item, folder.journeys) for item in plan.journeys.documents],
        "left": list(plan.journeys.left),
        "left_templates": list(plan.templates.left),
        "left_segments": list(plan.segments.left),
    }


def _write_item(item: "Planned", shelf: Shelf) -> dict[str, Any]:
    return {
        "key": item.key,
        "file": str(shelf.files[item.key]),
        "name": item.name,
        "change": item.change,
        "revision": item.revision,
        "replaces_draft": item.replaces_draft,
        "diff": list(item.diff),
        "runs": asdict(item.runs) if item.runs is not None else None,
        "problems": [
            {"sentence": p.sentence, "field": p.field, "line": p.line, "column": p.column} for p in item.problems
        ],
    }


def _iter_documents(plan: "Plan", folder: Folder) -> "Iterator[tuple[Planned, Path]]":
    """Each with its file; journeys last, for they name the others."""
    parts = (plan.templates, folder.templates), (plan.segments, folder.segments), (plan.journeys, folder.journeys)
    for part, shelf in parts:
        for item in part.documents:
            yield item, shelf.files[item.key]


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise Invalid(f"{path} is no text in UTF-8.") from None
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}.") from None


def _tell_runs(item: "Planned") -> list[str]:
    """What becomes of those who are in a changed journey, by each choice of `apply --runs` (V1)."""
    told = item.runs
    if told is None or not told.inside:
        return []
    return [
        f"  {told.inside} in it now finish on their revision; with --runs move {told.moves} go on by revision"
        f" {item.revision} and {told.stays} finish; with --runs restart {told.again}, to whom nothing was sent, begin"
        f" again, {told.restart_moves} go on and {told.restart_stays} finish."
    ]


def _tell_change(item: "Planned") -> str:
    match item.change:
        case "new":
            return "new"
        case "changed":
            return f"changed, becomes revision {item.revision}"
        case _:
            return f"unchanged, revision {item.revision}"


def _count(plan: "Plan") -> str:
    counts = {change: sum(item.change == change for item in plan.documents) for change in ("new", "changed")}
    unchanged = len(plan.documents) - sum(counts.values())
    left = len(_list_left(plan))
    return f"{counts['new']} new, {counts['changed']} changed, {unchanged} unchanged, {left} left alone"
