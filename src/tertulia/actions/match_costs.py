"""What a match's text costs as SMS: parts and money by country, for one chooser link and for a link per app, as typed.

Both variants are shown beside each other. The one that is not written is derived from the one that is, by putting the
links of the other sort in the place of these. Each country's own contacts with the longest and the shortest names are
rendered: the longest is the worst case, the middle of all that were rendered the usual one.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Final

from tertulia.actions.channels import find_adapter
from tertulia.actions.match_texts import Crowd, Setting, list_used, read_setting, render_sample
from tertulia.actions.problems import Problem, read_problem
from tertulia.channels import costs
from tertulia.core.render import OnMissing, TemplateProblem, compile_template
from tertulia.core.sms import Change, Parts, smart_encode
from tertulia.data.models import Channel, Match, Workspace

MICROS: Final = 1_000_000
_ANY_LINK: Final = re.compile(r"\{\{-?\s*(?:link|links\.any|links\.chooser)\s*-?\}\}")
_APP_LINK: Final = re.compile(r"\{\{-?\s*links\.(?!any\b|chooser\b)(\w+)\s*-?\}\}")

Prices = Callable[[str, str], tuple[int, str] | None]
"""(channel kind, country) -> millionths and currency of one SMS part there; None where nothing is known."""


@dataclass(frozen=True, slots=True)
class CountryCost:
    """One country's share. Parts of one message; money in millionths for all its contacts, None without a price."""

    country: str
    contacts: int
    parts_usual: int
    parts_worst: int
    micros_usual: int | None
    micros_worst: int | None


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to write the text. `longest` is the worst case's text with its parts; `changes` would bring it into the
    plain SMS alphabet. `currencies`: millionths (usual, worst) by currency. `problem` when it cannot be rendered."""

    name: str
    text: str
    contacts: int
    longest: str
    parts: Parts | None
    changes: tuple[Change, ...]
    countries: tuple[CountryCost, ...]
    currencies: Mapping[str, tuple[int, int]]
    unpriced: int
    problem: Problem | None = None


def estimate(
    match: Match, text: str, crowd: Crowd, prices: Prices, public_url: str, now: datetime
) -> tuple[Variant, Variant]:
    """The chooser's text and the text with a link per app, each with what it costs."""
    setting = read_setting(match, public_url)
    titles = {kind: find_adapter(kind).title for kind in setting.kinds}
    both = ("chooser", write_chooser(text)), ("per_app", write_per_app(text, titles))
    first, second = (_cost(name, form, match, crowd, setting, prices, now) for name, form in both)
    return first, second


def estimate_neutral(match: Match, crowd: Crowd, prices: Prices, public_url: str, now: datetime) -> Variant | None:
    """What the neutral text would cost if everybody got it (M6); None where the match has no use for one."""
    if not list_used(match) or not match.neutral.strip():
        return None
    return _cost("neutral", match.neutral, match, crowd, read_setting(match, public_url), prices, now)


def write_chooser(text: str) -> str:
    """The text with one chooser link: the first single link becomes it, the lines of the others go."""
    if _ANY_LINK.search(text) or not _APP_LINK.search(text):
        return text
    kept, done = [], False
    for line in text.split("\n"):
        if not _APP_LINK.search(line):
            kept.append(line)
        elif not done:
            done = True
            kept.append(_strip_label(line))
    return "\n".join(kept)


def write_per_app(text: str, titles: Mapping[str, str]) -> str:
    """The text with a line for each app in the place of the chooser link."""
    if _APP_LINK.search(text) or not titles:
        return text
    lines = "\n".join(f"{title}: {{{{ links.{kind} }}}}" for kind, title in titles.items())
    return _ANY_LINK.sub(lambda _found: lines, text, count=1)


def sms_prices(match: Match) -> Prices:
    """What the match's SMS channel charges for a part: the channel's own price, else its own list, else ours."""
    return _channel_prices(match.sms_channel, match.workspace.currency)


def list_prices(workspace: Workspace) -> Prices:
    """What each kind of the workspace's channels charges for a message that nobody asked for."""
    channels = {channel.kind: channel for channel in Channel.objects.filter(workspace=workspace, archived_at=None)}

    def price(kind: str, country: str) -> tuple[int, str] | None:
        return _channel_prices(channels.get(kind), workspace.currency)(kind, country)

    return price


def _channel_prices(channel: Channel | None, currency: str) -> Prices:
    own = channel.settings.get("prices", "") if channel is not None else ""

    def price(kind: str, country: str) -> tuple[int, str] | None:
        if channel is not None and channel.price_micros is not None:
            return channel.price_micros, currency
        if not own and costs.find_cost(kind, country) is None:
            return None
        amount, unit = costs.price(kind, country, own=own)
        return int(amount * MICROS), unit

    return price


def _strip_label(line: str) -> str:
    """`WhatsApp: {{ links.whatsapp }}` becomes the link alone; a sentence around the link stays."""
    found = _APP_LINK.search(line)
    assert found is not None
    before = line[: found.start()]
    label = re.fullmatch(r"\s*[\w ]{1,20}:\s*", before)
    return ("" if label else before) + "{{ link }}" + _APP_LINK.sub("", line[found.end() :]).rstrip()


def _cost(name: str, text: str, match: Match, crowd: Crowd, setting: Setting, prices: Prices, now: datetime) -> Variant:
    try:
        template = compile_template(text)
    except TemplateProblem as error:
        return Variant(name, text, crowd.mobile, "", None, (), (), {}, 0, read_problem(error))
    rendered: dict[str, list[tuple[Parts, str]]] = {}
    problem: Problem | None = None
    for sample in crowd.samples:
        shown = render_sample(template, sample, setting, OnMissing(match.on_missing), now)
        problem = problem or shown.problem
        if shown.parts is not None:
            rendered.setdefault(sample.phone_country, []).append((shown.parts, shown.text))
    kind = match.sms_channel.kind if match.sms_channel else ""
    currencies: dict[str, tuple[int, int]] = {}
    countries = []
    unpriced = 0
    for country, contacts in crowd.counts.items():
        texts = rendered.get(country, [])
        if not country or not texts:
            continue
        price = prices(kind, country)
        cost = _cost_country(country, contacts, [parts.parts for parts, _text in texts], price)
        countries.append(cost)
        if price is None:
            unpriced += contacts
        else:
            usual, worst = currencies.get(price[1], (0, 0))
            currencies[price[1]] = (usual + (cost.micros_usual or 0), worst + (cost.micros_worst or 0))
    parts, longest = _find_longest(rendered.values())
    changes = smart_encode(longest)[1] if parts is not None and parts.encoding == "UCS-2" else ()
    return Variant(name, text, crowd.mobile, longest, parts, changes, tuple(countries), currencies, unpriced, problem)


def _cost_country(country: str, contacts: int, parts: Sequence[int], price: tuple[int, str] | None) -> CountryCost:
    usual, worst = int(median(parts)), max(parts)
    if price is None:
        return CountryCost(country, contacts, usual, worst, None, None)
    return CountryCost(country, contacts, usual, worst, contacts * usual * price[0], contacts * worst * price[0])


def _find_longest(groups: Iterable[Sequence[tuple[Parts, str]]]) -> tuple[Parts | None, str]:
    texts = [item for group in groups for item in group]
    if not texts:
        return None, ""
    return max(texts, key=lambda item: (item[0].parts, item[0].units))
