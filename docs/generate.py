"""The parts of these pages that the program knows better than anyone: written into the pages by `make docs`.

A part stands between `<!-- begin NAME -->` and `<!-- end NAME -->`; everything around it is written by hand. `PARTS`
gives each name its function. `python docs/generate.py --check` changes nothing and says what is out of date.
"""

import argparse
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import msgspec

from tertulia import config
from tertulia.channels import outcomes
from tertulia.cli import COMMANDS
from tertulia.core import (
    deliveries,
    entries,
    hook_faults,
    hook_mapping,
    hook_presets,
    import_fields,
    import_reasons,
    past_fields,
    past_reasons,
    reasons,
)
from tertulia.core.simulation import rates
from tertulia.documents import journeys, segments, templates

DOCS = Path(__file__).parent
MEANINGS: dict[str, dict[str, str]] = tomllib.loads((DOCS / "journey-fields.toml").read_text(encoding="utf-8"))
DOCUMENT: Mapping[str, Any] = journeys.write_schema()["$defs"] | templates.write_schema()["$defs"]
SEGMENT_MEANINGS: dict[str, dict[str, str]] = tomllib.loads((DOCS / "segment-fields.toml").read_text(encoding="utf-8"))
SEGMENT: Mapping[str, Any] = segments.write_schema()["$defs"]
OF_SEGMENTS = ("Segment", "SegmentCondition", "Occurrence", "Share")
OF_EVERY_STEP = ("id", "kind", "name")
_OF_MESSAGES, _OF_QUESTIONS = (DOCUMENT[step]["properties"].keys() for step in ("MessageStep", "AskStep"))
OF_EVERY_MESSAGE = _OF_MESSAGES & _OF_QUESTIONS - set(OF_EVERY_STEP)
PART = re.compile(r"(<!-- begin ([a-z-]+) -->\n).*?(<!-- end \2 -->)", re.DOTALL)


def write_settings() -> Iterator[str]:
    """A heading for each setting."""
    for setting in config.SETTINGS:
        yield f"### {setting.name}\n"
        yield f"{setting.help}\n"
        default = f"`{setting.default}`" if setting.default else "empty"
        yield f"Default: {default}. Unit: {setting.unit}.\n"


def write_commands() -> Iterator[str]:
    """A heading, the usage and the options of each command."""
    for name, sentence in COMMANDS.items():
        parser = argparse.ArgumentParser(prog=f"tertulia {name}", add_help=False, formatter_class=_Wide)
        import_module(f"tertulia.commands.{name.replace('-', '_')}").add_arguments(parser)
        yield f"## {name}\n"
        yield f"{sentence}\n"
        yield f"```\n{parser.format_usage().removeprefix('usage: ').strip()}\n```\n"
        options = [action for action in parser._actions if action.help != argparse.SUPPRESS]
        if options:
            yield from table(("Option", "Meaning", "Default"), map(_describe_action, options))
            yield ""


def write_reasons() -> Iterator[str]:
    """Why a message was held, dropped or not sent, and why a contact is not matched."""
    yield from table(("Code", "What people read"), ((f"`{r.value}`", reasons.explain(r)) for r in reasons.Reason))


RATES: Mapping[str, str] = {
    "seed": "Of chance: the same seed and rates give the same answer, all day.",
    "event": "How often a customer does what neither `events` nor your last 30 days know, a day.",
    "events": "How often a customer does something a day, by the event's name.",
    "answered": "How many questions of [ask](journeys.md#ask) are answered, a minute after they come.",
    "refused": "Messages for which nobody is at the address.",
    "silent": "Messages that are taken and never delivered.",
    "opened": "Of delivered messages.",
    "opened_soon": "Of opened ones, within five minutes.",
    "clicked": "Of opened ones that have a link.",
    "replied": "Of opened ones.",
    "more_than": "Marketing messages that nobody minds, in so many days.",
    "days": "These days.",
    "from": "Marketing is unwelcome from this time on, by the customer's clock.",
    "to": "Up to this one.",
    "leave": "Customers who leave at the first unwelcome message that they open.",
    "sms": "Of synthetic customers where you have none to model them on: who has a mobile number.",
    "email": "Who has a mailbox.",
    "app": "Who is on each of your messaging apps.",
}
"""What a field of the rates means."""


def write_rates() -> Iterator[str]:
    """The fields of the rates with their defaults."""
    rows = []
    for name, value in msgspec.to_builtins(rates.DEFAULTS).items():
        told = value if isinstance(value, dict) and value else {"": value}
        for inner, default in told.items():
            field = f"{name}.{inner}" if inner else name
            shown = msgspec.json.encode(default).decode().removesuffix(".0")
            rows.append((f"`{field}`", RATES[inner or name], f"`{shown}`"))
    yield from table(("Field", "Meaning", "Default"), rows)


def write_outcomes() -> Iterator[str]:
    """What a provider's answer comes to."""
    rows = []
    for code, meaning in outcomes.REASONS.items():
        effects = [
            *(["the address is dead"] if meaning.dead else []),
            *(["consent is withdrawn"] if meaning.withdraws else []),
            *(["the channel stops"] if meaning.account_fault else []),
            *([f"waits {meaning.wait_s / 3600:.0f} h"] if meaning.wait_s else []),
        ]
        rows.append((f"`{code}`", meaning.kind.value, meaning.sentence, ", ".join(effects)))
    yield from table(("Code", "Kind", "What people read", "What follows"), rows)


def write_row_reasons() -> Iterator[str]:
    """What an import says about one row."""
    rows = ((f"`{r.value}`", _plain(import_reasons.SENTENCES[r])) for r in import_reasons.Reason)
    yield from table(("Code", "What people read"), rows)


def write_file_reasons() -> Iterator[str]:
    """Why a file is refused as a whole."""
    rows = ((f"`{r.value}`", _plain(import_reasons.FILE_SENTENCES[r])) for r in import_reasons.FileReason)
    yield from table(("Code", "What people read"), rows)


def write_classes() -> Iterator[str]:
    """What each class of messages is exempt from."""
    exempt = ("Passes send windows", "Passes caps", "Passes a withdrawal")
    heads = ("Class", *exempt, "Passes budgets", "Needs a grant", "Held out", "Handed over")
    rows = (
        (
            f"`{name.value}`",
            _say(rules.exempt_from_windows),
            _say(rules.exempt_from_caps),
            _say(rules.exempt_from_withdrawal),
            _say(rules.exempt_from_budgets),
            _say(rules.needs_grant),
            _say(not rules.exempt_from_hold_outs),
            "at least once" if rules.at_least_once else "at most once",
        )
        for name, rules in deliveries.CLASS_RULES.items()
    )
    yield from table(heads, rows)


def write_columns() -> Iterator[str]:
    """The fields of a list, by its kind, with the heads that are recognised."""
    for kind in import_fields.ListKind:
        yield f"### {kind.value}\n"
        known: dict[import_fields.Field, list[str]] = {}
        for head, field in import_fields._by_head(kind).items():
            known.setdefault(field, []).append(head)
        rows = ((f"`{f.value}`", ", ".join(known[f])) for f in import_fields.targets_of_kind(kind))
        yield from table(("Field", "Heads"), rows)
        yield ""


def write_past_fields() -> Iterator[str]:
    """What a column of past events can be, with the heads that are recognised."""
    known: dict[past_fields.PastField, list[str]] = {}
    for head, field in past_fields._by_head().items():
        known.setdefault(field, []).append(head)
    rows = ((f"`{f.value}`", ", ".join(known.get(f, []))) for f in past_fields.PastField)
    yield from table(("Field", "Heads"), rows)


def write_past_reasons() -> Iterator[str]:
    """Why a row of past events is not taken."""
    rows = ((f"`{r.value}`", _plain(past_reasons.PAST_SENTENCES[r])) for r in past_reasons.PastReason)
    yield from table(("Code", "What people read"), rows)


def write_entries() -> Iterator[str]:
    """Each kind of log entry with its fields."""
    for kind in get_args(entries.Entry):
        yield f"### {kind.__struct_config__.tag}\n"
        yield f"{' '.join((kind.__doc__ or '').split())}\n"
        yield "Fields: " + ", ".join(_name_field(field) for field in msgspec.structs.fields(kind)) + ".\n"


def write_states() -> Iterator[str]:
    """What each event makes of a delivery in each state."""
    rows = []
    for state, row in deliveries.TABLE.items():
        for event, target in row.items():
            if target is not None:
                rows.append((f"`{state.value}`", f"`{event.value}`", f"`{target[0].value}`", target[1].value))
    yield from table(("State", "Event", "New state", "Flag"), rows)


def write_diagram() -> Iterator[str]:
    """The steps forward, drawn from the same table: who leads where, by which events."""
    yield "```"
    for state, row in deliveries.TABLE.items():
        targets: dict[str, list[str]] = {}
        for event, target in row.items():
            if target is not None and target[0] is not state:
                targets.setdefault(target[0].value, []).append(event.value)
        for number, (target_name, events) in enumerate(targets.items()):
            left = state.value if number == 0 else ""
            yield f"{left:<10} ──> {target_name:<10} {', '.join(events)}"
    yield "```"


def write_fields(part: str) -> Iterator[str]:
    """The fields of one part of a journey's or template's document. KeyError for a field whose meaning nobody wrote."""
    spec = DOCUMENT["ExitStep" if part == "Step" else part]
    fields, needed = spec["properties"], spec.get("required", ())
    shared = OF_EVERY_STEP if part == "Step" or part.endswith("Step") else ()
    if part != "MessageStep" and fields.keys() >= OF_EVERY_MESSAGE:
        shared = (*shared, *OF_EVERY_MESSAGE)
    named = shared if part == "Step" else [name for name in fields if name not in shared]
    meanings = MEANINGS.get(part, {})
    if wrong := meanings.keys() ^ set(named):
        raise KeyError(f"journey-fields.toml and the program differ about {part}: {', '.join(sorted(wrong))}")
    rows = (
        (f"`{name}`", _name_type(fields[name]), _name_default(fields[name], name in needed), meanings[name])
        for name in named
    )
    yield from table(("Field", "What it is", "Without it", "Meaning"), rows)


def write_segment_fields(part: str) -> Iterator[str]:
    """The fields of one part of a segment's document. KeyError for a field whose meaning nobody wrote."""
    spec, meanings = SEGMENT[part], SEGMENT_MEANINGS.get(part, {})
    fields, needed = spec["properties"], spec.get("required", ())
    if wrong := meanings.keys() ^ fields.keys():
        raise KeyError(f"segment-fields.toml and the program differ about {part}: {', '.join(sorted(wrong))}")
    rows = (
        (f"`{name}`", _name_type(spec), _name_default(spec, name in needed), meanings[name])
        for name, spec in fields.items()
    )
    yield from table(("Field", "What it is", "Without it", "Meaning"), rows)


def write_hook_faults() -> Iterator[str]:
    """What can be wrong with a mapping of webhooks."""
    rows = ((f"`{code.value}`", _plain(hook_faults.SENTENCES[code])) for code in hook_faults.FaultCode)
    yield from table(("Code", "What people read"), rows)


ITEM_WORDS = {"item": "an item of the catalog `products`", "no_item": "the item is taken out"}


def write_hook_presets() -> Iterator[str]:
    """What each topic of a shop comes to, as the presets themselves say."""
    for kind in (hook_presets.SHOPIFY, hook_presets.WOOCOMMERCE):
        yield f"### {kind}\n"
        told: dict[str, list[str]] = {}
        for rule in hook_mapping.compile_mapping(hook_presets.fill_preset(kind, 1)).rules:
            made = rule.event or {"identify": "who it is", "nothing": "", **ITEM_WORDS}.get(rule.do, rule.do)
            for topic in rule.topics:
                told.setdefault(topic, []).append(f"`{made}`" if rule.event or rule.do == "privacy_request" else made)
        rows = ((f"`{topic}`", ", ".join(filter(None, made)) or "nothing") for topic, made in told.items())
        yield from table(("Topic", "What is made of it"), rows)
        yield ""


def write_growth() -> Iterator[str]:
    """What one of its kind costs at each number of contacts: a bar each, the dearest of a bench as long as the others'
    dearest."""
    for bench in tomllib.loads((DOCS / "growth.toml").read_text(encoding="utf-8"))["bench"]:
        yield f"**{bench['what']}** (`tertulia bench {bench['name']}`)\n"
        yield "```"
        most = max(bench["costs"].values())
        for contacts, cost in bench["costs"].items():
            bar = "█" * round(40 * cost / most)
            yield f"{int(contacts):>9,}  {bar:<40}  {cost:g} {bench['unit']}"
        yield "```\n"


PARTS: dict[str, Callable[[], Iterator[str]]] = {
    "settings": write_settings,
    "commands": write_commands,
    "reasons": write_reasons,
    "rates": write_rates,
    "outcomes": write_outcomes,
    "row-reasons": write_row_reasons,
    "file-reasons": write_file_reasons,
    "classes": write_classes,
    "columns": write_columns,
    "past-fields": write_past_fields,
    "past-reasons": write_past_reasons,
    "entries": write_entries,
    "states": write_states,
    "diagram": write_diagram,
    **{f"fields-{name.lower()}": partial(write_fields, name) for name in DOCUMENT},
    **{f"fields-{name.lower()}": partial(write_segment_fields, name) for name in OF_SEGMENTS},
    "hook-faults": write_hook_faults,
    "hook-presets": write_hook_presets,
    "growth": write_growth,
}


def table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """A Markdown table."""
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


def fill_parts(text: str) -> str:
    """A page with its parts written anew. KeyError for a part that nobody writes."""

    def fill(match: re.Match[str]) -> str:
        body = "\n".join(PARTS[match[2]]()).strip("\n")
        return f"{match[1]}\n{body}\n\n{match[3]}"

    return PART.sub(fill, text)


def list_pages() -> list[Path]:
    """Every page of the documentation."""
    return sorted(DOCS.rglob("*.md"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; status 1 when a page is out of date")
    check = parser.parse_args().check
    stale = 0
    for page in list_pages():
        text = page.read_text(encoding="utf-8")
        filled = fill_parts(text)
        if filled == text:
            continue
        stale += 1
        name = page.relative_to(DOCS)
        sys.stdout.write(f"{name} is out of date\n" if check else f"{name} is written\n")
        if not check:
            page.write_text(filled, encoding="utf-8")
    return 1 if check and stale else 0


class _Wide(argparse.HelpFormatter):
    """Usage in lines of one width, whatever the terminal's."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=100)


def _describe_action(action: argparse.Action) -> tuple[str, str, str]:
    names = ", ".join(action.option_strings) or action.metavar or action.dest
    if action.option_strings and action.nargs != 0:
        names += f" {action.metavar or action.dest.upper()}"
    help_text = action.help or ""
    if action.choices:
        help_text += (": " if help_text else "") + ", ".join(f"`{choice}`" for choice in action.choices)
    return f"`{names}`", help_text, _describe_default(action)


def _describe_default(action: argparse.Action) -> str:
    if action.nargs == 0 or action.default in (None, "", []):
        return ""
    if isinstance(action.default, Path):
        return f"`{action.default.name}/`"
    return f"`{action.default}`"


def _name_field(field: msgspec.structs.FieldInfo) -> str:
    return f"`{field.encode_name}`"


def _name_type(spec: Mapping[str, Any]) -> str:
    """A type of a JSON Schema in words."""
    if "$ref" in spec:
        return _PART_WORDS.get(str(spec["$ref"]).rpartition("/")[2], "object")
    if not spec:
        return "anything"
    if "const" in spec:
        return "the kind"
    if "enum" in spec:
        return ", ".join(f"`{value}`" for value in spec["enum"])
    if "anyOf" in spec:
        names = [_name_type(item) for item in spec["anyOf"] if item.get("type") != "null"]
        return " or ".join(dict.fromkeys(names))
    match spec.get("type"):
        case "array":
            return f"list of {_name_type(spec['items'])}"
        case "object":
            return f"names, each with {_name_type(spec.get('additionalProperties', {}))}"
        case other:
            return _TYPE_WORDS[str(other)]


def _name_default(spec: Mapping[str, Any], is_needed: bool) -> str:
    if is_needed:
        return "refused"
    default = spec.get("default")
    return f"`{default}`" if default not in (None, "", [], ()) else ""


_TYPE_WORDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "`true` or `false`"}
_PART_WORDS = {
    "Condition": "[condition](#conditions)",
    "EventEntry": "[entry](#entry)",
    "ExceptionRule": "[exceptions](#exceptions)",
    "Reentry": "[a while](#re-entry)",
    "SegmentCondition": "[condition](#conditions)",
    "Occurrence": "[when](#the-first-and-the-last)",
    "Share": "[a share](#a-share-by-chance)",
    "Step": "[steps](#steps)",
    "Branch": "[ways](#branch)",
    "Choice": "[choices](#ask)",
    "LinkButton": "[a label and an address](#a-link)",
    "BestHour": "[how long, and else when](#at-the-customers-best-hour)",
    "Retry": "[what is said then](#ask)",
    "SplitWay": "[ways](#split)",
    "Until": "[an instant](#until)",
    "Value": "[a property](#update)",
    "Variant": "[what they read](#variants)",
}


def _plain(sentence: str) -> str:
    """A sentence with its parameters as words in brackets."""
    return re.sub(r"%\((\w+)\)s", r"[\1]", sentence)


def _say(value: bool) -> str:
    return "yes" if value else "no"


if __name__ == "__main__":
    sys.exit(main())
