"""House rules that imports cannot say."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "src" / "tertulia").rglob("*.py"))
CODE = [path for path in SOURCES if "migrations" not in path.parts]
CORE = [path for path in CODE if path.parts[path.parts.index("tertulia") + 1] in ("core", "channels")]
SHELLS = ("workers", "edge", "api", "console", "commands", "stories", "bench", "simulator", "embedded.py", "cli.py")
FUNCTION_LINES_MAX = 60
FILE_LINES_MAX = 500
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("date", "today"), ("time", "time"), ("uuid", "uuid4")}
BANNED = {
    "recieve": "receive",
    "blacklist": "block list",
    "whitelist": "allow list",
    "campaign_id_": "match",
}


def names_of(node: ast.AST) -> tuple[str, str] | None:
    """`module.attribute` of a call, as a pair."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
        return node.func.value.id, node.func.attr
    return None


@pytest.mark.parametrize("path", CORE, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_core_and_the_channels_know_no_clock_and_no_chance(path: Path) -> None:
    """Time, ids and chance are arguments."""
    calls = [names_of(node) for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    assert [call for call in calls if call in CLOCKS] == []


def test_functions_and_files_stay_small() -> None:
    """Small rooms."""
    long = []
    for path in CODE:
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > FILE_LINES_MAX:
            long.append(f"{path.relative_to(ROOT)}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or 0) - node.lineno + 1
                if size > FUNCTION_LINES_MAX:
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno}: {node.name} has {size} lines")
    assert long == []


def test_sql_never_asks_the_database_for_the_time() -> None:
    """`now` is an argument down into SQL."""
    queries = sorted((ROOT / "src" / "tertulia" / "store").glob("*.sql"))
    hits = [
        path.name for path in queries if re.search(r"\b(now\(\)|current_timestamp|clock_timestamp)", path.read_text())
    ]
    assert hits == []


def test_no_sql_in_f_strings() -> None:
    """SQL lives in `.sql` files; what a user wrote is a parameter, never a part of it."""
    found = []
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                text = "".join(part.value for part in node.values if isinstance(part, ast.Constant))
                if re.search(r"\b(select .+ from|insert into|update \w+ set|delete from)\b", text, re.I | re.S):
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert found == []


def test_only_shells_commit() -> None:
    """Whoever opened a connection ends its transaction."""
    found = []
    for path in CODE:
        inside = path.relative_to(ROOT / "src" / "tertulia").parts[0]
        if inside in SHELLS:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            call = names_of(node)
            if call and call[1] in ("commit", "rollback"):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert found == []


def test_banned_words() -> None:
    """One name per thing, and none that hurts."""
    found = []
    for path in SOURCES:
        text = path.read_text(encoding="utf-8").lower()
        found += [f"{path.relative_to(ROOT)}: {word} ({better})" for word, better in BANNED.items() if word in text]
    assert found == []


def test_the_project_speaks_of_itself_alone() -> None:
    """No path of a machine it was written on, no brief it was written from."""
    words = re.compile(r"\.\./shared|(?<![\w.])/(work|farm)/|index-url|find-links")
    files = [*SOURCES, *(ROOT / "docs").rglob("*.md"), *(ROOT / "tests").rglob("*.py"), *ROOT.glob("*.md")]
    files += [*ROOT.glob("Makefile"), *(ROOT / ".ci").glob("*"), *(ROOT / "requirements").glob("*")]
    hits = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files
        if path.name not in ("test_tidy.py", "test_docs.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if words.search(line) and "--no-emit" not in line
    ]
    assert hits == []


def test_no_two_test_files_share_a_name() -> None:
    """Pytest collects them as modules of one namespace."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(name for name in set(names) if names.count(name) > 1) == []
