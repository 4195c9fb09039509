"""Liquid inside documents: what is wrong with a text, at the line of the document where that stands."""

from collections.abc import Iterator

from tertulia.core.render import TemplateProblem, compile_template
from tertulia.documents.lines import Path, Place, Problem, Written


def check_liquid(written: Written, path: Path, text: str, is_html: bool = False) -> Iterator[Problem]:
    """The one problem that keeps the text from being compiled, if any."""
    try:
        if text:
            compile_template(text, is_html)
    except TemplateProblem as problem:
        place = place_line(written, path, problem.line)
        yield Problem(place, path, problem.message_ids[0], problem.parameters)


def place_line(written: Written, path: Path, line: int) -> Place:
    """Where a line of a text stands. A text of several lines begins below its key."""
    place = written.find(path)
    return Place(place.line + line, place.column) if path in written.places and line > 1 else place
