"""The filter of the contact list: it lives in the address, and each part of it is a chip."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tertulia.console.tags import CHANNEL_MARKS
from tertulia.core.country_names import find_country, name_countries
from tertulia.core.import_fields import ATTRIBUTE
from tertulia.core.search import split_words
from tertulia.data.models import Import, Segment, Workspace
from tertulia.store.contacts import Filter

APPS = ("whatsapp", "telegram", "messenger", "viber", "line", "wechat")
CONSENTS: dict[str, str | Promise] = {
    "granted": gettext_lazy("agreed to"),
    "withdrawn": gettext_lazy("refused"),
    "none": gettext_lazy("never asked"),
}
NAMES = ("q", "app", "sms", "consent", "country", "list", "segment", "attribute", "value")
LISTS_MAX = 200
ATTRIBUTES_MAX = 30


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter that is on: its parameter, words, chosen value, and the address without it. Without choices the value
    is written."""

    name: str
    icon: str
    title: str
    operator: str
    value: str
    choices: list[tuple[str, str]]
    drop: str


def read_filter(query: Mapping[str, str]) -> Filter:
    """The filter that an address asks for; values that are no choice are left out."""
    app, consent = query.get("app", ""), query.get("consent", "")
    country, attribute = find_country(query.get("country", "")[:80]), query.get("attribute", "")[:80].replace("\0", "")
    return Filter(
        words=split_words(query.get("q", "")[:200].replace("\0", "")),
        import_id=_read_id(query.get("list", "")),
        app=app if app in (*APPS, "any") else "",
        sms=query.get("sms", "") == "1",
        consent=consent if consent in CONSENTS else "",
        country=country,
        attribute=attribute,
        value=query.get("value", "")[:200].replace("\0", "").strip() if attribute else "",
        segment_id=_read_id(query.get("segment", "")),
    )


def _read_id(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def keep_query(query: Mapping[str, str], **changes: str) -> str:
    """The address of the list with the filter of ``query`` and these changes; an empty value drops a part."""
    kept = {name: query.get(name, "") for name in NAMES} | changes
    return "?" + urlencode({name: value for name, value in kept.items() if value})


def list_chips(workspace: Workspace, query: Mapping[str, str], which: Filter) -> list[Chip]:
    """The filters that are on, in the order in which the page offers them."""
    chips = []
    if which.app:
        apps = [("any", _("any app")), *((app, CHANNEL_MARKS[app][1]) for app in APPS)]
        chips.append(_make_chip(query, "app", "message-circle", _("Reachable"), _("on"), which.app, apps))
    if which.sms:
        chips.append(_make_chip(query, "sms", "smartphone", _("Number"), _("takes"), "1", [("1", _("SMS"))]))
    if which.consent:
        choices = [(name, str(words)) for name, words in CONSENTS.items()]
        chips.append(_make_chip(query, "consent", "shield-check", _("Offers"), _("are"), which.consent, choices))
    if which.country:
        countries = sorted((name, code) for code, name in name_countries().items())
        choices = [(code, name) for name, code in countries]
        chips.append(_make_chip(query, "country", "globe", _("Country"), _("is"), which.country, choices))
    if which.attribute:
        chips.append(_make_chip(query, "value", "tag", which.attribute, _("is"), which.value, []))
    if which.import_id:
        chips.append(
            _make_chip(query, "list", "list", _("List"), _("is"), str(which.import_id), list_imports(workspace))
        )
    if which.segment_id:
        choices = list_live_segments(workspace)
        chips.append(_make_chip(query, "segment", "shapes", _("Segment"), _("is"), str(which.segment_id), choices))
    return chips


def list_offers(workspace: Workspace, query: Mapping[str, str], which: Filter) -> list[tuple[str, str, str]]:
    """The filters that could be added: (icon, words, address)."""
    offers = []
    if not which.app:
        offers.append(("message-circle", _("Reachable on an app"), keep_query(query, app="any")))
    if not which.sms:
        offers.append(("smartphone", _("Number takes SMS"), keep_query(query, sms="1")))
    if not which.consent:
        offers.append(("shield-check", _("Agreed to offers"), keep_query(query, consent="granted")))
    if not which.country and workspace.country:
        offers.append(("globe", _("Of a country"), keep_query(query, country=workspace.country)))
    if not which.attribute:
        offers += [
            ("tag", _("With %(attribute)s") % {"attribute": name}, keep_query(query, attribute=name))
            for name in list_attributes(workspace)
        ]
    imports = [] if which.import_id else list_imports(workspace)
    if imports:
        offers.append(("list", _("Of an imported list"), keep_query(query, list=imports[0][0])))
    segments = [] if which.segment_id else list_live_segments(workspace)
    if segments:
        offers.append(("shapes", _("In a segment"), keep_query(query, segment=segments[0][0])))
    return offers


def list_imports(workspace: Workspace) -> list[tuple[str, str]]:
    """The lists that were imported and stand, the newest first."""
    done = Import.objects.filter(workspace=workspace, state="done", kind="customers").order_by("-id")
    return [(str(pk), name) for pk, name in done.values_list("pk", "name")[:LISTS_MAX]]


def list_live_segments(workspace: Workspace) -> list[tuple[str, str]]:
    """The published segments and lists, by name."""
    live = Segment.objects.filter(workspace=workspace, state="live").order_by("name", "pk")
    return [(str(pk), name) for pk, name in live.values_list("pk", "name")[:LISTS_MAX]]


def list_attributes(workspace: Workspace) -> list[str]:
    """The attributes that imported lists have brought, by name."""
    mappings = Import.objects.filter(workspace=workspace, state="done", kind="customers").values_list(
        "mapping", flat=True
    )
    targets = {target for mapping in mappings for target in mapping.values()}
    return sorted(target.removeprefix(ATTRIBUTE) for target in targets if target.startswith(ATTRIBUTE))[:ATTRIBUTES_MAX]


def _make_chip(
    query: Mapping[str, str],
    name: str,
    icon: str,
    title: str,
    operator: str,
    value: str,
    choices: list[tuple[str, str]],
) -> Chip:
    dropped = {"value": "", "attribute": ""} if name == "value" else {name: ""}
    return Chip(name, icon, title, operator, value, choices, keep_query(query, **dropped))
