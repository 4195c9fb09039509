"""Comparisons of conditions as SQL, over values in JSON: the same rules as `core.conditions` has for one value at a
time, so that a segment counted by the database is the one that the engine decides by.

A condition's texts and numbers are parameters; no part of what somebody wrote becomes a part of the statement.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from psycopg.sql import SQL, Composable, Placeholder

from tertulia.core.conditions import (
    BLANK,
    NUMBER_TEXT,
    Condition,
    fold_text,
    name_operator,
    read_operand,
)
from tertulia.core.instants import INSTANT_TEXT

SIGNS: Final[Mapping[str, str]] = {"over": ">", "under": "<", "at_least": ">=", "at_most": "<="}
TYPES: Final = {str: "text", int: "bigint", float: "float8", bool: "boolean", datetime: "timestamptz"}
FALSE: Final = SQL("false")


class Args:
    """The parameters of a statement, each under a name of its own."""

    def __init__(self, **given: Any) -> None:
        self.values: dict[str, Any] = dict(given)

    def add(self, value: Any) -> Composable:
        """A placeholder for it, of its own type."""
        name = f"v{len(self.values)}"
        self.values[name] = value
        return SQL("{}::{}").format(Placeholder(name), SQL(_name_type(value)))


def _name_type(value: Any) -> str:
    if isinstance(value, list):
        return f"{_name_type(value[0]) if value else 'integer'}[]"
    return TYPES[type(value)]


def text_of(value: Composable) -> Composable:
    """A JSON value's text."""
    return SQL("({} #>> '{{}}')").format(value)


def fold_sql(text: Composable, args: Args) -> Composable:
    """As `fold_text`: small letters one by one, whatever the database's own language."""
    return SQL('lower(btrim({}, {}) collate "pg_c_utf8")').format(text, args.add(BLANK))


def number_sql(value: Composable, args: Args) -> Composable:
    """As `read_number`; null for what is none."""
    text = SQL("btrim({}, {})").format(text_of(value), args.add(BLANK))
    return SQL("(case when jsonb_typeof({}) in ('number', 'string') and {} ~ {} then ({})::float8 end)").format(
        value, text, args.add(f"^{NUMBER_TEXT}$"), text
    )


def instant_sql(value: Composable, args: Args) -> Composable:
    """As `read_instant`; null for what is none."""
    text = text_of(value)
    return SQL(
        "(case when jsonb_typeof({}) = 'string' and {} ~ {} and pg_input_is_valid({}, 'timestamptz')"
        " then ({})::timestamptz end)"
    ).format(value, text, args.add(f"^{INSTANT_TEXT}$"), text, text)


def path_sql(document: Composable, path: str, args: Args) -> Composable:
    """As `read_path`: the value of a name, else of a dotted path into objects; null where there is none."""
    exact = SQL("{} -> {}").format(document, args.add(path))
    if "." not in path:
        return SQL("nullif({}, 'null'::jsonb)").format(exact)
    steps = "".join(f".{_quote(name)}" for name in path.split("."))
    found = SQL("jsonb_path_query_first({}, {}::jsonpath, '{{}}', true)")
    inside = found.format(document, args.add(f"strict ${steps}"))
    return SQL("nullif(case when {} ? {} then {} else {} end, 'null'::jsonb)").format(
        document, args.add(path), exact, inside
    )


def _quote(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def compare_sql(condition: Condition, value: Composable, args: Args) -> Composable:
    """One comparison with a JSON value (null where there is none): never null itself."""
    operator, operand = name_operator(condition), read_operand(condition)
    match operator:
        case "exists":
            return SQL("({} is {})").format(value, SQL("not null") if operand else SQL("null"))
        case "is":
            return _same(value, [operand], args)
        case "is_not":
            return SQL("(not {})").format(_same(value, [operand], args))
        case "in":
            return _same(value, operand, args)
        case "not_in":
            return SQL("(not {})").format(_same(value, operand, args))
        case "contains":
            inside = SQL("position({} in {}) > 0").format(args.add(fold_text(operand)), fold_sql(text_of(value), args))
            return SQL("coalesce(case jsonb_typeof({}) when 'array' then {} when 'string' then {} end, false)").format(
                value, _any_element(value, [operand], args), inside
            )
        case "starts_with":
            begins = SQL("starts_with({}, {})").format(fold_sql(text_of(value), args), args.add(fold_text(operand)))
            return SQL("coalesce(jsonb_typeof({}) = 'string' and {}, false)").format(value, begins)
        case _:
            sign = SQL(SIGNS[operator])
            if isinstance(operand, str):
                left, right = instant_sql(value, args), SQL("{}::timestamptz").format(args.add(operand))
            else:
                left, right = number_sql(value, args), SQL("{}").format(args.add(float(operand)))
            return SQL("coalesce({} {} {}, false)").format(left, sign, right)


def _same(value: Composable, operands: Sequence[Any], args: Args) -> Composable:
    return SQL("coalesce(case when jsonb_typeof({}) = 'array' then {} else {} end, false)").format(
        value, _any_element(value, operands, args), _is(value, operands, args)
    )


def _any_element(value: Composable, operands: Sequence[Any], args: Args) -> Composable:
    one = SQL("x.one")
    return SQL(
        "exists (select 1 from jsonb_array_elements(case when jsonb_typeof({}) = 'array' then {} else '[]' end)"
        " as x (one) where {})"
    ).format(value, value, _is(one, operands, args))


def _is(value: Composable, operands: Sequence[Any], args: Args) -> Composable:
    parts: list[Composable] = []
    flags = [operand for operand in operands if isinstance(operand, bool)]
    texts = [fold_text(operand) for operand in operands if isinstance(operand, str)]
    numbers = [float(one) for one in operands if isinstance(one, int | float) and not isinstance(one, bool)]
    parts += [SQL("{} = {}::jsonb").format(value, args.add("true" if flag else "false")) for flag in flags]
    if texts:
        folded = fold_sql(text_of(value), args)
        parts.append(SQL("(jsonb_typeof({}) = 'string' and {} = any({}))").format(value, folded, args.add(texts)))
    if numbers:
        parts.append(SQL("{} = any({})").format(number_sql(value, args), args.add(numbers)))
    return SQL("({})").format(SQL(" or ").join(parts)) if parts else FALSE


def condition_sql(condition: Condition | None, document: Composable, args: Args) -> Composable:
    """A whole condition on the properties of an event; without one true."""
    if condition is None:
        return SQL("true")
    for name, joint in (("all", " and "), ("any", " or "), ("none", " or ")):
        parts = getattr(condition, name)
        if parts is not None:
            inside = SQL(joint).join([condition_sql(part, document, args) for part in parts])
            return SQL("(not ({}))" if name == "none" else "({})").format(inside)
    return compare_sql(condition, path_sql(document, condition.property or "", args), args)
