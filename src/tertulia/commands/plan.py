"""`tertulia plan DIR`: what `tertulia apply DIR` would change, as a diff of each document, and what forbids it."""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertulia.commands.people import add_workspace, find_workspace, open_django
from tertulia.errors import Invalid

if TYPE_CHECKING:
    from tertulia.actions.plans import Plan, Planned

SUFFIXES = (".yaml", ".yml", ".json")
FOLDER = "journeys"


@dataclass(frozen=True, slots=True)
class Folder:
    """The documents of a folder: texts by key, and the file of each."""

    texts: dict[str, str]
    files: dict[str, Path]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="with journeys/KEY.yaml, or KEY.yaml")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    add_workspace(parser)


def run(options: argparse.Namespace) -> int:
    folder = read_folder(options.folder)
    with open_django():
        from tertulia.actions.plans import plan_journeys

        plan = plan_journeys(find_workspace(options.workspace), folder.texts)
    if options.json:
        sys.stdout.write(json.dumps(write_plan(plan, folder), indent=1, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(describe_plan(plan, folder))
        tell_problems(plan, folder)
    return 0 if plan.is_good else 1


def read_folder(given: Path) -> Folder:
    """The documents of `DIR/journeys`, or of `DIR` where there is no such folder. Raises Invalid for a folder without
    any, a file that is no text, and two files of one name."""
    if not given.is_dir():
        raise Invalid(f"There is no folder {given}.")
    place = given / FOLDER if (given / FOLDER).is_dir() else given
    texts: dict[str, str] = {}
    files: dict[str, Path] = {}
    for path in sorted(place.iterdir()):
        if path.suffix not in SUFFIXES or not path.is_file():
            continue
        if path.stem in files:
            raise Invalid(f"{files[path.stem]} and {path} are one journey: keep one of them.")
        files[path.stem] = path
        texts[path.stem] = _read_text(path)
    if not texts:
        raise Invalid(f"There is no document in {place}. A journey is a file such as {given / FOLDER / 'cart.yaml'}.")
    return Folder(texts, files)


def describe_plan(plan: "Plan", folder: Folder) -> str:
    """For people: every document with its diff, then how many of each."""
    lines: list[str] = []
    for item in plan.documents:
        lines.append(f"{folder.files[item.key]}: {_tell_change(item)}")
        if item.replaces_draft:
            lines.append("  Its draft in the console was never published. Applying replaces it.")
        lines += [f"  {line}" for line in item.diff]
    lines += [f"{key}: not in the folder, left alone" for key in plan.left]
    lines.append(_count(plan))
    return "\n".join(lines) + "\n"


def tell_problems(plan: "Plan", folder: Folder) -> None:
    """On standard error, each as `file:line:column: sentence`."""
    for item in plan.documents:
        for problem in item.problems:
            place = f"{folder.files[item.key]}:{problem.line or 1}:{problem.column or 1}"
            sys.stderr.write(f"{place}: {problem.sentence}\n")


def write_plan(plan: "Plan", folder: Folder) -> dict[str, Any]:
    """For programs."""
    return {
        "good": plan.is_good,
        "journeys": [
            {
                "key": item.key,
                "file": str(folder.files[item.key]),
                "name": item.name,
                "change": item.change,
                "revision": item.revision,
                "replaces_draft": item.replaces_draft,
                "diff": list(item.diff),
                "problems": [
                    {"sentence": p.sentence, "field": p.field, "line": p.line, "column": p.column}
                    for p in item.problems
                ],
            }
            for item in plan.documents
        ],
        "left": list(plan.left),
    }


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise Invalid(f"{path} is no text in UTF-8.") from None
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}.") from None


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
    return f"{counts['new']} new, {counts['changed']} changed, {unchanged} unchanged, {len(plan.left)} left alone"
