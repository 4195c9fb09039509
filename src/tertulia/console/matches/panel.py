"""What a draft would do, shown as it is typed: how many, what it costs, how it looks, what stands in the way.

The draft is built from the form and never stored for it. The audience is counted once and kept for some seconds, so
that a keystroke renders a few hundred contacts and asks the database nothing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tertulia.actions.match_costs import CountryCost, Variant, estimate, estimate_neutral, sms_prices
from tertulia.actions.match_texts import Crowd, Preview, check_match, list_used, preview, read_crowd, read_setting
from tertulia.actions.matches import MatchForm, build_draft
from tertulia.actions.problems import Problem
from tertulia.channels import registry
from tertulia.console.access import get_now
from tertulia.console.contacts.rows import join_name
from tertulia.console.matches.words import fill
from tertulia.console.tags import duration, money, num
from tertulia.core.country_names import name_country
from tertulia.core.render import TemplateProblem, compile_template, variables
from tertulia.data.models import Channel, Match
from tertulia.errors import NotFound
from tertulia.store.db import django_conn
from tertulia.store.matches import Sample

CROWD_KEPT_S = 15
PREVIEWS_MAX = 24
COUNTRIES_SHOWN = 6


@dataclass(frozen=True, slots=True)
class VariantShown:
    """One way to write the text, with its parts and money in words; `written` is the one in the editor."""

    variant: Variant
    title: str
    written: bool
    parts: str
    worst: Sequence[str]
    usual: Sequence[str]
    countries: Sequence[tuple[str, CountryCost, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would happen at a launch now."""

    total: int
    mobile: int
    variants: tuple[VariantShown, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    shown: Preview | None
    shown_as: int
    samples: tuple[tuple[int, str], ...]
    consequences: tuple[str, ...]
    currency: str
    sensitive: tuple[str, ...] = ()
    neutral: VariantShown | None = None

    @property
    def may_launch(self) -> bool:
        """Whether nothing but warnings stands in the way."""
        return not self.problems and self.total > 0


def look_ahead(request: HttpRequest, form: MatchForm, more: Sequence[Problem], shown_as: int) -> Outlook:
    """Everything the panel shows of a form. `more` are problems of its numbers, `shown_as` the contact to preview."""
    match, wrong = build_draft(request.workspace, form)
    return look_at(request, match, [*more, *wrong], shown_as)


def look_at(request: HttpRequest, match: Match, problems: Sequence[Problem], shown_as: int) -> Outlook:
    """The same of a match, stored or not."""
    conn, now = django_conn(), get_now(request)
    crowd = find_crowd(match)
    found = list(problems)
    for problem in check_match(conn, match, settings.PUBLIC_URL, now, crowd):
        if (problem.code, problem.field) not in [(known.code, known.field) for known in found]:
            found.append(problem)
    total = sum(crowd.counts.values())
    variants = estimate(match, match.text, crowd, sms_prices(match), settings.PUBLIC_URL, now)
    shown = tuple(_show_variant(variant, match) for variant in variants)
    second = estimate_neutral(match, crowd, sms_prices(match), settings.PUBLIC_URL, now)
    neutral = _show_variant(second, match) if second is not None else None
    samples = crowd.samples[:PREVIEWS_MAX]
    shown_as = shown_as or (samples[0].contact_id if samples else 0)
    return Outlook(
        total=total,
        mobile=crowd.mobile,
        variants=shown,
        problems=tuple(problem for problem in found if not problem.warning),
        warnings=tuple(problem for problem in found if problem.warning),
        shown=_preview(match, shown_as, now),
        shown_as=shown_as,
        samples=tuple((sample.contact_id, name_sample(sample)) for sample in samples),
        consequences=tuple(_tell(match, crowd, shown, neutral)),
        currency=match.workspace.currency,
        sensitive=list_used(match),
        neutral=neutral,
    )


def find_crowd(match: Match) -> Crowd:
    """The audience's countries and samples, at most CROWD_KEPT_S old."""
    said = json.dumps(match.audience, sort_keys=True).encode()
    key = f"crowd:{match.workspace_id}:{sha256(said).hexdigest()}"
    crowd: Crowd = cache.get_or_set(key, lambda: read_crowd(django_conn(), match), CROWD_KEPT_S)
    return crowd


def name_sample(sample: Sample) -> str:
    """How a contact is offered for the preview: name and country."""
    name = join_name(sample.name, sample.surname) or sample.phone or _("No name")
    country = name_country(sample.phone_country) if sample.phone_country else _("no mobile")
    return f"{name}, {country}"


def list_names(match: Match) -> list[str]:
    """What may be inserted into the text: the contact's own fields, the links of this match's apps."""
    apps = [f"links.{kind}" for kind in read_setting(match, settings.PUBLIC_URL).kinds]
    return ["link", "contact.name", "contact.surname", "contact.full_name", "workspace.name", *apps]


def _preview(match: Match, contact_id: int, now) -> Preview | None:
    if not contact_id:
        return None
    try:
        return preview(django_conn(), match, contact_id, settings.PUBLIC_URL, now)
    except NotFound:
        return None


def _show_variant(variant: Variant, match: Match) -> VariantShown:
    written = variant.name == _name_written(match)
    titles = {
        "chooser": _("One link to a choice of apps"),
        "per_app": ngettext("%(n)d link, one for each app", "%(n)d links, one for each app", _count_apps(match))
        % {"n": _count_apps(match)},
        "neutral": _("If everybody got it"),
    }
    units = variant.parts
    parts = (
        ngettext("%(n)d part", "%(n)d parts", units.parts) % {"n": units.parts}
        if units is not None
        else _("no text yet")
    )
    return VariantShown(
        variant=variant,
        title=titles[variant.name],
        written=written,
        parts=parts,
        worst=[money(worst, currency) for currency, (_usual, worst) in variant.currencies.items()],
        usual=[money(usual, currency) for currency, (usual, _worst) in variant.currencies.items()],
        countries=[
            (name_country(cost.country), cost, _price_country(match, cost))
            for cost in variant.countries[:COUNTRIES_SHOWN]
        ],
    )


def _price_country(match: Match, cost: CountryCost) -> list[str]:
    price = sms_prices(match)(match.sms_channel.kind, cost.country) if match.sms_channel else None
    if price is None or cost.micros_worst is None:
        return []
    return [money(cost.micros_worst, price[1])]


def _name_written(match: Match) -> str:
    """Whether the text in the editor has a chooser link or one for each app."""
    try:
        names = {variable.name for variable in variables(compile_template(match.text))}
    except TemplateProblem:
        return "chooser"
    apps = any(name.startswith("links.") and name not in ("links.any", "links.chooser") for name in names)
    return "per_app" if apps else "chooser"


def _count_apps(match: Match) -> int:
    return len(read_setting(match, settings.PUBLIC_URL).kinds)


def _tell(match: Match, crowd: Crowd, variants: Sequence[VariantShown], neutral: VariantShown | None) -> list[str]:
    """The sentences of the panel: to whom, at most for how much, how long, and who is left out."""
    told = []
    left_out = crowd.counts.get("", 0)
    written = next((variant for variant in variants if variant.written), variants[0])
    people = ngettext("%(n)s person gets the SMS.", "%(n)s people get the SMS.", crowd.mobile)
    told.append(fill(people, n=num(crowd.mobile)))
    if match.direct:
        kinds = ", ".join(_list_direct_kinds(match))
        told.append(fill(_("%(kinds)s is tried first; who is reached there gets no SMS."), kinds=kinds))
    if written.worst:
        told.append(fill(_("It costs %(sum)s at most."), sum=join_sums(_find_worst(written, neutral))))
    if neutral is not None:
        told.append(_("Who is not verified at their number gets the neutral text."))
    if match.budget_micros is not None:
        budget = money(match.budget_micros, match.workspace.currency)
        told.append(fill(_("At %(budget)s it stops and waits for you."), budget=budget))
    if match.sms_channel is not None and crowd.mobile:
        rate = match.rate_per_s or match.sms_channel.rate_per_s
        pace = num(rate, 0 if rate == int(rate) else 1)
        told.append(
            fill(_("Sending takes %(time)s at %(rate)s a second."), time=duration(crowd.mobile / rate), rate=pace)
        )
    if left_out:
        sentence = ngettext(
            "%(n)s has no number that takes an SMS and is left out.",
            "%(n)s have no number that takes an SMS and are left out.",
            left_out,
        )
        told.append(fill(sentence, n=num(left_out)))
    told.append(
        _("Whoever opted out, or never agreed to offers, is left out at their turn, with the reason.")
        if match.message_class == "marketing"
        else _("Whoever opted out of everything is left out at their turn, with the reason.")
    )
    return told


def _find_worst(written: VariantShown, neutral: VariantShown | None) -> list[str]:
    """The dearer of the text and its neutral one, by currency: nobody knows yet how many get which."""
    dearest: dict[str, int] = {}
    for shown in filter(None, (written, neutral)):
        for currency, (_usual, worst) in shown.variant.currencies.items():
            dearest[currency] = max(worst, dearest.get(currency, 0))
    return [money(worst, currency) for currency, worst in dearest.items()]


def join_sums(sums: Sequence[str]) -> SafeString:
    """Sums of several currencies beside each other."""
    return SafeString(" + ".join(conditional_escape(sum_) for sum_ in sums))


def _list_direct_kinds(match: Match) -> list[str]:
    kinds: Mapping[int, str] = dict(
        Channel.objects.filter(pk__in=[way["channel"] for way in match.direct]).values_list("pk", "kind")
    )
    return [registry.get(kinds[way["channel"]]).title for way in match.direct if way["channel"] in kinds]
