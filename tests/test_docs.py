"""The documentation keeps up with the program: what exists has its heading, what is linked exists."""

import re
from pathlib import Path
from textwrap import indent

import jsonschema_rs
import pytest
from docs import generate

from tertulia import config
from tertulia.channels import outcomes, registry
from tertulia.cli import COMMANDS
from tertulia.core import (
    deliveries,
    entries,
    hook_faults,
    import_fields,
    import_reasons,
    ingest_codes,
    past_fields,
    past_reasons,
    reasons,
)
from tertulia.core.journeys import walk_steps
from tertulia.core.segment_document import Known
from tertulia.core.steps.registry import list_kinds
from tertulia.documents import templates
from tertulia.documents.journeys import Around, check_journey, write_schema
from tertulia.documents.lines import read_lines
from tertulia.documents.segments import check_segment
from tertulia.documents.segments import write_schema as write_segment_schema
from tertulia.store import funnel

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "docs" / "reference"
PAGES = [*sorted(ROOT.glob("*.md")), *generate.list_pages()]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
PICTURE_BYTES_MAX = 300_000
MACHINE_WORDS = ("/work/", "/home/", "/tmp/docs", "/root/")


def read(name: str) -> str:
    """A page of the reference."""
    return (REFERENCE / name).read_text(encoding="utf-8")


def headings_of(text: str) -> set[str]:
    """The headings of a page, without their marks."""
    return set(re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE))


def anchors_of(text: str) -> set[str]:
    """The anchors that headings get: lower case, blanks as dashes, punctuation dropped."""
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in headings_of(text)}


@pytest.mark.parametrize("page", generate.list_pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_generated_parts_are_current(page: Path) -> None:
    """`make docs` would change nothing."""
    text = page.read_text(encoding="utf-8")
    assert generate.fill_parts(text) == text


def test_every_part_stands_on_a_page() -> None:
    """No part is written for nobody."""
    used = {name for page in generate.list_pages() for _, name, _ in generate.PART.findall(page.read_text("utf-8"))}
    assert used == generate.PARTS.keys()


def test_every_setting_has_its_heading() -> None:
    """Each setting of the table of settings, and no other."""
    assert headings_of(read("settings.md")) - {"Settings"} == {setting.name for setting in config.SETTINGS}


def test_every_command_has_its_heading() -> None:
    """Each command of the command line, and no other."""
    assert headings_of(read("commands.md")) - {"Commands"} == set(COMMANDS)


def test_every_channel_kind_stands_in_the_list() -> None:
    """Each kind links to its page from the index."""
    index = read("channels/index.md")
    missing = [adapter.kind for adapter in registry.kinds() if f"({adapter.kind}.md)" not in index]
    assert missing == []


def test_every_reason_code_has_its_row() -> None:
    """The reasons of messages, matches, providers, rows and files."""
    page = read("reason-codes.md")
    codes = [
        *(reason.value for reason in reasons.Reason),
        *outcomes.REASONS,
        *(reason.value for reason in import_reasons.Reason),
        *(reason.value for reason in import_reasons.FileReason),
        *(reason.value for reason in past_reasons.PastReason),
    ]
    assert [code for code in codes if f"\n| `{code}` |" not in page] == []


def test_classes_columns_entries_and_steps_are_named() -> None:
    """Message classes, fields of a list, kinds of log entries, steps of the funnel."""
    wanted = {
        "message-classes.md": [kind.value for kind in deliveries.MessageClass],
        "import-columns.md": [field.value for field in import_fields.Field],
        "past-events.md": [field.value for field in past_fields.PastField],
        "funnel.md": list(funnel.STEPS),
        "tracking-api.md": [code.value for code in ingest_codes.Code],
        "incoming-webhooks.md": [code.value for code in hook_faults.HookCode],
    }
    missing = [(page, name) for page, names in wanted.items() for name in names if f"\n| `{name}` |" not in read(page)]
    heads = headings_of(read("log-entries.md"))
    missing += [("log-entries.md", kind.__name__) for kind in _entry_kinds() if _tag_of(kind) not in heads]
    assert missing == []


def test_every_table_of_the_schema_has_its_row() -> None:
    """Each table that a migration makes, and each model of the configuration."""
    page = read("data-model.md")
    sql = "\n".join(path.read_text("utf-8") for path in (ROOT / "src/tertulia/data/sql").glob("*.sql"))
    models = "\n".join(path.read_text("utf-8") for path in (ROOT / "src/tertulia/data/models").glob("*.py"))
    names = re.findall(r"^create table (\w+)", sql, re.MULTILINE)
    names += re.findall(r"^class (\w+)\((?:models\.Model|AbstractBaseUser)", models, re.MULTILINE)
    assert [name for name in names if f"\n| `{name}` |" not in page] == []


def test_examples_of_journeys_are_valid() -> None:
    """Every whole document, every step and every condition on the page; each kind of step has one. The published
    schema takes them too."""
    validator = jsonschema_rs.validator_for(write_schema())
    blocks = re.findall(r"^```yaml\n(.*?)^```$", read("journeys.md"), re.MULTILINE | re.DOTALL)
    head = "name: Example\nentry:\n  event: Order Completed\n"
    kinds = set()
    for block in blocks:
        steps = block if block.startswith("- ") else "- {id: end, kind: exit}\n"
        where = "" if block.startswith("- ") else "  where:\n" + indent(block, "    ")
        text = block if block.startswith("name: ") else f"{head}{where}steps:\n{indent(steps, '  ')}"
        assert validator.is_valid(read_lines(text).value), block
        apps = {"sms": "sms", "whatsapp": "whatsapp", "telegram": "telegram", "messenger": "messenger"}
        kinds |= {step.kind for step in walk_steps(check_journey(text, Around(apps)).steps)}
    assert (len(blocks) > 6, kinds) == (True, set(list_kinds()))


def test_the_example_of_a_template_is_valid() -> None:
    """The published schema takes it too."""
    [block] = re.findall(r"^```yaml\n(.*?)^```$", read("templates.md"), re.MULTILINE | re.DOTALL)
    assert list(templates.check_template(block).variants) == ["en", "pt-BR", "ar"]
    assert jsonschema_rs.validator_for(templates.write_schema()).is_valid(read_lines(block).value)


def test_examples_of_segments_are_valid() -> None:
    """Every whole document and every condition on the page; the published schema takes them too."""
    validator = jsonschema_rs.validator_for(write_segment_schema())
    blocks = re.findall(r"^```yaml\n(.*?)^```$", read("segments.md"), re.MULTILINE | re.DOTALL)
    for block in blocks:
        text = block if block.startswith("name: ") else f"name: Example\nwhere:\n{indent(block, '  ')}"
        assert validator.is_valid(read_lines(text).value), block
        check_segment(text, Known())
    assert len(blocks) > 5


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    """Files and their headings exist; pictures too."""
    dead = []
    for target in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        known = path.exists() and path.is_relative_to(ROOT)
        if not known or (anchor and path.suffix == ".md" and anchor not in anchors_of(path.read_text("utf-8"))):
            dead.append(target)
    assert dead == []


def test_pictures_are_used_and_small() -> None:
    """Every picture stands on a page and loads quickly."""
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    pictures = sorted((ROOT / "docs" / "pictures").glob("*"))
    assert [path.name for path in pictures if f"pictures/{path.name}" not in text] == []
    assert [path.name for path in pictures if path.stat().st_size > PICTURE_BYTES_MAX] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_name_no_machine_of_ours(page: Path) -> None:
    """The project speaks of itself alone."""
    text = page.read_text(encoding="utf-8")
    assert [word for word in MACHINE_WORDS if word in text] == []


def _entry_kinds() -> tuple[type, ...]:
    return entries.Entry.__args__  # type: ignore[no-any-return, attr-defined]


def _tag_of(kind: type) -> str:
    return str(kind.__struct_config__.tag)  # type: ignore[attr-defined]
