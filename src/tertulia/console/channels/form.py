"""A channel's form: drawn from the adapter's own fields, read into the action's form, with each field's problem.

A secret is never shown again. When it is set, the form says so and offers to replace it; left alone it stays. Secrets
of our own making are proposed by chance and may be changed.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.http import QueryDict
from django.utils.translation import gettext as _

from tertulia.actions.channels import ChannelForm
from tertulia.actions.problems import Problem
from tertulia.channels.base import Adapter, Field
from tertulia.data.models import Channel

MICROS = 1_000_000
PREFIX = "f_"
OWN_SECRET_BYTES = 16


@dataclass(frozen=True, slots=True)
class Shown:
    """One field as the template draws it. `control` is text, password, url, tel, select or lines; `kept` says that a
    secret is stored already."""

    name: str
    label: str
    help: str
    control: str
    value: str
    required: bool
    choices: tuple[tuple[str, str], ...] = ()
    example: str = ""
    error: str = ""
    kept: bool = False


@dataclass(frozen=True, slots=True)
class ShownForm:
    """The whole form: the provider's fields, those that are folded away, and ours."""

    main: tuple[Shown, ...]
    advanced: tuple[Shown, ...]
    advanced_open: bool
    values: Mapping[str, str]
    errors: Mapping[str, str]
    offers_text: bool


_CONTROLS = {
    "secret": "password",
    "url": "url",
    "phone": "tel",
    "email": "email",
    "choice": "select",
    "lines": "lines",
    "secret_lines": "lines",
}


def show_new(adapter: Adapter) -> ShownForm:
    """An empty form, with defaults and with secrets of our own making proposed."""
    values = {
        PREFIX + item.name: secrets.token_hex(OWN_SECRET_BYTES) if item.generate else item.default
        for item in adapter.fields
    }
    own = {"name": adapter.title, "rate_per_s": write_number(adapter.capabilities.rate_per_s)}
    return _show(adapter, {**values, **own}, (), frozenset(), False)


def show_sent(adapter: Adapter, sent: QueryDict, problems: Sequence[Problem], kept: Iterable[str] = ()) -> ShownForm:
    """The form as it was sent, with what is wrong with it."""
    return _show(adapter, sent.dict(), problems, frozenset(kept), "offers_text" in sent)


def show_stored(adapter: Adapter, channel: Channel, kept: Iterable[str]) -> ShownForm:
    """The form of a connected channel; `kept` are the names of its stored secrets."""
    values = {PREFIX + item.name: str(channel.settings.get(item.name) or item.default) for item in adapter.fields}
    own = {
        "name": channel.name,
        "rate_per_s": write_number(channel.rate_per_s),
        "price": "" if channel.price_micros is None else write_number(Decimal(channel.price_micros) / MICROS),
        "greeting": channel.greeting,
        "first_message": channel.first_message,
    }
    return _show(adapter, {**values, **own}, (), frozenset(kept), channel.offers_text)


def read_sent(adapter: Adapter, sent: QueryDict) -> tuple[ChannelForm, list[Problem]]:
    """What was sent as the action's form, and the problems of numbers that could not be read."""
    problems: list[Problem] = []
    rate = _read_decimal(sent, "rate_per_s", problems)
    price = _read_decimal(sent, "price", problems)
    form = ChannelForm(
        name=sent.get("name", ""),
        values={item.name: sent.get(PREFIX + item.name, "") for item in adapter.fields},
        rate_per_s=None if rate is None else float(rate),
        price_micros=None if price is None else int(price * MICROS),
        greeting=sent.get("greeting", "").replace("\r\n", "\n"),
        offers_text="offers_text" in sent,
        first_message=sent.get("first_message", "").replace("\r\n", "\n"),
    )
    return form, problems


def read_decimal(text: str) -> Decimal | None:
    """A number as people type it, with a point or a comma before the decimals. Raises ValueError."""
    text = text.strip().replace("\N{NO-BREAK SPACE}", "").replace(" ", "")
    if not text:
        return None
    try:
        value = Decimal(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
    except InvalidOperation:
        raise ValueError(text) from None
    if not value.is_finite() or abs(value) > 10**12:
        raise ValueError(text)
    return value


def write_number(value: float | Decimal) -> str:
    """A number for an input: no needless zeros, no exponent."""
    return f"{Decimal(str(value)).normalize():f}"


def _read_decimal(sent: QueryDict, name: str, problems: list[Problem]) -> Decimal | None:
    try:
        return read_decimal(sent.get(name, ""))
    except ValueError:
        problems.append(
            Problem("number", _("Give a number, such as 0.05."), "price_micros" if name == "price" else name)
        )
        return None


def _show(
    adapter: Adapter, values: Mapping[str, str], problems: Sequence[Problem], kept: frozenset[str], offers: bool
) -> ShownForm:
    errors: dict[str, str] = {}
    for problem in problems:
        errors.setdefault(problem.field, _place(problem))
    shown = {item.name: _show_field(item, values, errors, item.name in kept) for item in adapter.fields}
    advanced = tuple(shown[item.name] for item in adapter.fields if item.advanced)
    return ShownForm(
        main=tuple(shown[item.name] for item in adapter.fields if not item.advanced),
        advanced=advanced,
        advanced_open=any(field.error for field in advanced),
        values=values,
        errors=errors,
        offers_text=offers,
    )


def _show_field(item: Field, values: Mapping[str, str], errors: Mapping[str, str], kept: bool) -> Shown:
    control = _CONTROLS.get(item.type, "text")
    if item.generate:
        control = "text"  # of our own making: it has to be read to be copied to the provider
    return Shown(
        name=PREFIX + item.name,
        label=_(item.label),
        help=_(item.help),
        control=control,
        value="" if kept else values.get(PREFIX + item.name, ""),
        required=item.required,
        choices=tuple((value, _(label)) for value, label in item.choices),
        example=item.example,
        error=errors.get(item.name, ""),
        kept=kept,
    )


def _place(problem: Problem) -> str:
    if not problem.line:
        return problem.sentence
    return _("Line %(line)d: %(sentence)s") % {"line": problem.line, "sentence": problem.sentence}
