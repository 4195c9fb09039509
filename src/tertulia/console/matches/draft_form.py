"""A draft's form: read from what was sent into the action's form, and drawn again from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from tertulia.actions.channels import find_adapter, list_channels
from tertulia.actions.matches import CONTACTS_MAX, DirectForm, MatchForm
from tertulia.actions.problems import Problem
from tertulia.console.channels.form import MICROS, read_decimal, write_number
from tertulia.console.channels.words import mark_of, title_of
from tertulia.console.matches.words import PLATFORM_RULES
from tertulia.core.carriers import SMS
from tertulia.data.models import Channel, Import, Workspace

NUMBERS = {"rate_per_s": "rate_per_s", "budget": "budget_micros"}
NUMBERS_MAX_DIGITS = 19
FIRST_TEXT = gettext_noop(
    "Hello{% if contact.name %} {{ contact.name }}{% endif %}, write to us in your favourite app: {{ link }}"
)


@dataclass(frozen=True, slots=True)
class AppChoice:
    """One app channel in the ordered list."""

    channel: Channel
    mark: str
    kind: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class DirectChoice:
    """One way to write first that the platform allows on a connected channel, with its rule in words."""

    channel: Channel
    mark: str
    kind: str
    by_template: bool
    rule: str
    chosen: bool
    template: str
    language: str
    parameters: str


def read_draft(sent: QueryDict) -> tuple[MatchForm, list[Problem]]:
    """What was sent as the action's form, and the problems of numbers that could not be read."""
    problems: list[Problem] = []
    numbers: dict[str, Decimal | None] = {}
    for name, field in NUMBERS.items():
        try:
            numbers[name] = read_decimal(sent.get(name, ""))
        except ValueError:
            numbers[name] = None
            problems.append(Problem("number", _("Give a number, such as 20 or 0.5."), field))
    rate, budget = numbers["rate_per_s"], numbers["budget"]
    chosen = set(read_ids(sent.getlist("apps")))
    order = read_ids(sent.getlist("order"))
    carrier = read_ids([sent.get("sms_channel_id", "")])
    form = MatchForm(
        name=sent.get("name", ""),
        sms_channel_id=carrier[0] if carrier else None,
        apps=tuple(channel for channel in order if channel in chosen),
        text=sent.get("text", "").replace("\r\n", "\n"),
        neutral=sent.get("neutral", "").replace("\r\n", "\n"),
        on_missing=sent.get("on_missing", "fail"),
        message_class=sent.get("message_class", "marketing"),
        audience=read_audience(sent),
        direct=tuple(_read_direct(sent, channel) for channel in read_ids(sent.getlist("direct"))),
        rate_per_s=None if rate is None else float(rate),
        budget_micros=None if budget is None else int(budget * MICROS),
    )
    return form, problems


def read_audience(sent: QueryDict) -> dict[str, Any]:
    """The audience in its stored form; empty when nothing was chosen yet."""
    match sent.get("audience", ""):
        case "all":
            return {"all": True}
        case "imports" if ids := read_ids(sent.getlist("imports")):
            return {"imports": ids}
        case "contacts" if ids := read_ids(sent.getlist("contacts"))[: CONTACTS_MAX + 1]:
            return {"contacts": ids}
    return {}


def read_ids(texts: Sequence[str]) -> list[int]:
    """The numbers among what was sent, in their order, each once."""
    return list(dict.fromkeys(int(text) for text in texts if text.isdecimal() and len(text) <= NUMBERS_MAX_DIGITS))


def make_empty(workspace: Workspace, now: datetime, contacts: Sequence[int]) -> MatchForm:
    """What a new draft begins with: a name, the workspace's first SMS channel, an app of each kind, a text with one
    link, and whoever was picked in the contact list."""
    carriers, apps = split_channels(workspace)
    first_of_kind = {channel.kind: channel.pk for channel in reversed(apps)}
    return MatchForm(
        name=_("Match of %(day)s") % {"day": date_format(localtime(now), "j F")},
        sms_channel_id=carriers[0].pk if carriers else None,
        apps=tuple(channel.pk for channel in apps if first_of_kind[channel.kind] == channel.pk),
        text=_(FIRST_TEXT),
        audience={"contacts": list(contacts)} if contacts else {},
    )


def split_channels(workspace: Workspace) -> tuple[list[Channel], list[Channel]]:
    """The workspace's carriers of SMS, and its apps."""
    channels = list_channels(workspace)
    carried = {channel: find_adapter(channel.kind).capabilities.carries for channel in channels}
    return [channel for channel in channels if carried[channel] == SMS], [c for c in channels if not carried[c]]


def show_draft(
    workspace: Workspace, form: MatchForm, problems: Sequence[Problem], order: Sequence[int] = ()
) -> dict[str, object]:
    """The form's context. `order` keeps the places of apps that are not chosen."""
    carriers, apps = split_channels(workspace)
    errors: dict[str, list[Problem]] = {}
    for problem in problems:
        errors.setdefault(problem.field, []).append(problem)
    return {
        "form": form,
        "errors": errors,
        "carriers": carriers,
        "apps": _list_apps(apps, form.apps, order),
        "direct": _list_direct(apps, form.direct),
        "audience_kind": next(iter(form.audience), "all"),
        "imports": _list_imports(workspace, form.audience),
        "contact_ids": form.audience.get("contacts", ()),
        "rate": "" if form.rate_per_s is None else write_number(form.rate_per_s),
        "budget": "" if form.budget_micros is None else write_number(Decimal(form.budget_micros) / MICROS),
    }


def move_app(order: list[int], moved: str) -> list[int]:
    """The order after a press of an up or down button (`3:up`), for those without a script."""
    text, _colon, way = moved.partition(":")
    if not text.isdecimal() or int(text) not in order:
        return order
    at = order.index(int(text))
    to = max(0, min(len(order) - 1, at + (-1 if way == "up" else 1)))
    order.insert(to, order.pop(at))
    return order


def _read_direct(sent: QueryDict, channel: int) -> DirectForm:
    lines = sent.get(f"parameters_{channel}", "").replace("\r\n", "\n").split("\n")
    return DirectForm(
        channel,
        sent.get(f"template_{channel}", "").strip(),
        sent.get(f"language_{channel}", "").strip(),
        tuple(line for line in lines if line.strip()),
    )


def _list_apps(apps: Sequence[Channel], chosen: Sequence[int], order: Sequence[int]) -> list[AppChoice]:
    places = {channel_id: place for place, channel_id in enumerate([*order, *chosen])}
    if not order:
        places = {channel_id: place for place, channel_id in enumerate(chosen)}
    ordered = sorted(apps, key=lambda channel: (places.get(channel.pk, len(places)), channel.pk))
    return [
        AppChoice(channel, mark_of(channel.kind), title_of(channel.kind), channel.pk in chosen) for channel in ordered
    ]


def _list_direct(apps: Sequence[Channel], chosen: Sequence[DirectForm]) -> list[DirectChoice]:
    ways: Mapping[int, DirectForm] = {way.channel_id: way for way in chosen}
    offered = []
    for channel in apps:
        first = find_adapter(channel.kind).capabilities.may_write_first
        if first not in PLATFORM_RULES:
            continue
        way = ways.get(channel.pk)
        offered.append(
            DirectChoice(
                channel=channel,
                mark=mark_of(channel.kind),
                kind=title_of(channel.kind),
                by_template=first == "template",
                rule=str(PLATFORM_RULES[first]),
                chosen=way is not None,
                template=way.template if way else "",
                language=way.language if way else "",
                parameters="\n".join(way.parameters) if way else "",
            )
        )
    return offered


def _list_imports(workspace: Workspace, audience: Mapping[str, Any]) -> list[tuple[Import, int, bool]]:
    """Imported customer lists, the newest first: (import, contacts, whether chosen)."""
    chosen = set(audience.get("imports", ()))
    done = Import.objects.filter(workspace=workspace, kind="customers", state="done", undone_at=None).order_by("-id")
    return [
        (item, sum(int(item.counts.get(name, 0)) for name in ("new", "updated", "unchanged")), item.pk in chosen)
        for item in done[:100]
    ]
