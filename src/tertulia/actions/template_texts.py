"""A template before it goes out: how it looks for one contact on each channel, and what fails for many (S4).

Both render real contacts with the very functions that the claim uses, each with the newest event that may lead to the
message: of a journey that is made of the template the one that starts it, else whatever the contact did last.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, assert_never

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tertulia.actions.match_texts import make_link_base, read_local, read_marked
from tertulia.actions.problems import Problem, read_problem
from tertulia.actions.templates import Use
from tertulia.channels import registry
from tertulia.core.catalogs import ROOT, ROUNDS, ItemKey, make_shelves, names_catalog
from tertulia.core.coupons import sample_coupons
from tertulia.core.identity import Trust
from tertulia.core.match import Need, is_trusted
from tertulia.core.render import (
    Abort,
    Broken,
    Missing,
    OnMissing,
    Outcome,
    Rendered,
    TemplateProblem,
    compile_template,
    render,
    sample_leave,
    track_sample,
    variables,
)
from tertulia.core.sensitive import Choice, Proof, choose_text, judge_address, list_sensitive
from tertulia.core.sms import Parts, count_parts
from tertulia.core.template_facts import make_facts
from tertulia.core.templates import Template, TemplateFacts, Wording, word
from tertulia.data.models import Channel, Workspace
from tertulia.errors import NotFound
from tertulia.store import contacts as contact_store
from tertulia.store import matches as match_store
from tertulia.store import templates as store
from tertulia.store.catalogs import load_items, read_catalogs
from tertulia.store.db import Conn
from tertulia.store.templates import Reader

READERS_MAX: Final = 500
NAMED_MAX: Final = 3
PARTS_WARNING: Final = 3
SMS: Final = "sms"


@dataclass(frozen=True, slots=True)
class Room:
    """Where a text is rendered: whose it is, where its links begin, and the `catalogs` that it may name, of whose items
    it knows some and notes those that are `asked` for."""

    workspace: Workspace
    link_base: str
    catalogs: Mapping[tuple[int, str], int] = field(default_factory=dict)
    items: dict[ItemKey, Mapping[str, Any]] = field(default_factory=dict)
    asked: set[ItemKey] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Outlet:
    """A kind of channel that is connected, and how many characters it takes."""

    kind: str
    characters_max: int


@dataclass(frozen=True, slots=True)
class Shown:
    """The text as one contact would get it on a kind of channel, or the problem instead. `parts` of an SMS; `variant`
    is main or neutral, and `why` says in words what decided (empty where nothing had to be decided)."""

    kind: str
    text: str
    characters_max: int
    parts: Parts | None = None
    problem: Problem | None = None
    variant: str = "main"
    why: str = ""

    @property
    def characters(self) -> int:
        """How long it is."""
        return len(self.text)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a contact reads: in which variant, after which event (empty without one), on each kind of channel."""

    contact_id: int
    locale: str
    event_name: str
    event_at: datetime | None
    shown: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What rendering many came to: `verdict` is passed, warned or failed. `locale`, `line` and `field` lead to the
    place in the template; `contact_ids` are some of those `count` whom it concerns."""

    verdict: str
    code: str
    sentence: str
    locale: str = ""
    field: str = ""
    line: int = 0
    count: int = 0
    contact_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Checks:
    """How many contacts were rendered, for how many it works, and everything that was found, the worst first."""

    readers: int
    good: int
    findings: tuple[Finding, ...]


def list_outlets(workspace: Workspace) -> list[Outlet]:
    """The kinds of channels that the workspace has, SMS first; SMS alone where nothing is connected yet."""
    found: dict[str, int] = {}
    for kind in Channel.objects.filter(workspace=workspace).exclude(state="archived").values_list("kind", flat=True):
        able = registry.get(kind).capabilities
        name = kind if able.app else SMS
        found[name] = min(found.get(name, able.text_max), able.text_max)
    if not found:
        found[SMS] = registry.get("http_sms").capabilities.text_max
    return [Outlet(kind, found[kind]) for kind in sorted(found, key=lambda kind: (kind != SMS, kind))]


def list_event_names(uses: Sequence[Use]) -> list[str] | None:
    """The events that start the journeys which are made of a template; None where any may."""
    return list(dict.fromkeys(use.event for use in uses if use.event)) or None


def preview(
    conn: Conn,
    workspace: Workspace,
    document: Template,
    contact_id: int,
    public_url: str,
    now: datetime,
    *,
    names: Sequence[str] | None = None,
    locale: str = "",
    outlets: Sequence[Outlet] | None = None,
) -> Preview:
    """The template as this contact would get it, by the very choice of the claim; `locale`: in this language instead
    of the contact's own; `outlets`: on these channels instead of the workspace's. Raises NotFound for a contact of
    nobody or of another workspace."""
    reader = store.read_reader(conn, workspace.pk, contact_id, names)
    if reader is None:
        raise NotFound(_("This contact does not exist in this workspace."))
    wording = word(TemplateFacts("", 0, document), locale or reader.locale)
    sensitive = list_sensitive(wording.text, read_marked(workspace))
    trusts = _read_trusts(conn, workspace, contact_id) if sensitive else {}
    outlets = list_outlets(workspace) if outlets is None else outlets
    room = _open_room(conn, workspace, public_url, document, [reader], now)
    shown = tuple(_show(room, wording, reader, outlet, trusts, now) for outlet in outlets)
    return Preview(contact_id, wording.locale, reader.event_name, reader.event_at, shown)


def check_readers(
    conn: Conn,
    readers: Sequence[Reader],
    workspace: Workspace,
    document: Template,
    outlets: Sequence[Outlet],
    public_url: str,
    now: datetime,
) -> Checks:
    """The template rendered for all of these contacts, and its variants held against each other."""
    tally, room = _Tally(), _open_room(conn, workspace, public_url, document, readers, now)
    facts = TemplateFacts("", 0, document)
    for reader in readers:
        wording = word(facts, reader.locale)
        tally.locales[wording.locale] += 1
        if not _speaks(reader.locale, wording.locale):
            tally.strangers.setdefault(reader.locale.partition("-")[0], []).append(reader.contact_id)
        fails = [_note(tally, room, wording, name, reader, now) for name in ("text", "neutral")]
        tally.good += not any(fails)
    findings = [
        *tally.list_failures(document),
        *_check_sensitive(workspace, document),
        *_compare_variants(document),
        *tally.list_lengths(outlets),
        *tally.list_strangers(document),
    ]
    if readers and tally.good == len(readers):
        findings.append(Finding("passed", "renders", _tell_good(tally.good), count=tally.good))
    order = ("failed", "warned", "passed")
    return Checks(len(readers), tally.good, tuple(sorted(findings, key=lambda f: order.index(f.verdict))))


def _open_room(
    conn: Conn, workspace: Workspace, public_url: str, document: Template, readers: Sequence[Reader], now: datetime
) -> Room:
    """With the items that the document shows these readers: rendered until it asks for no more."""
    room = Room(workspace, make_link_base(workspace, public_url), read_catalogs(conn))
    texts = [text for one in document.variants.values() for text in (one.text, one.neutral) if names_catalog(text)]
    sought: set[ItemKey] = set()
    for _round in range(ROUNDS if texts else 0):
        for reader in readers:
            for text in texts:
                _render(room, text, reader, OnMissing.DEFAULT, now)
        if not (wanted := room.asked - sought):
            break
        sought |= wanted
        room.items.update(load_items(conn, wanted))
    return room


def _show(
    room: Room,
    wording: Wording,
    reader: Reader,
    outlet: Outlet,
    trusts: Mapping[str, Trust],
    now: datetime,
) -> Shown:
    trust = trusts.get(outlet.kind, Trust.CLAIMED)
    choice = choose_text(wording.text, wording.neutral, read_marked(room.workspace), trust)
    blank = Shown(outlet.kind, "", outlet.characters_max, variant="neutral" if choice.neutral else "main")
    blank = replace(blank, why=_tell_choice(choice, trust))
    if choice.used and not choice.neutral and not is_trusted(trust, Need.SENSITIVE):
        return replace(blank, problem=Problem("trust", blank.why, "neutral", warning=True))
    field_name = "neutral" if choice.neutral else "text"
    match _render(room, choice.text, reader, OnMissing(wording.on_missing), now):
        case Rendered(text=text):
            parts = count_parts(text) if outlet.kind == SMS else None
            too_long = len(text) > outlet.characters_max
            sentence = _("The text is longer than the channel takes.")
            problem = Problem("too_long", sentence, field_name) if too_long else None
            return replace(blank, text=text, parts=parts, problem=problem)
        case Missing(name=name, line=line):
            sentence = _("“%(name)s” is missing for this contact.") % {"name": name}
            return replace(blank, problem=Problem("missing", sentence, field_name, line))
        case Broken(problem=broken):
            return replace(blank, problem=read_problem(broken, field_name))
        case Abort(reason=reason):
            sentence = _("The template decides not to send: %(reason)s") % {"reason": reason}
            return replace(blank, problem=Problem("aborted", sentence, field_name, warning=True))
        case never:
            assert_never(never)


def _render(room: Room, text: str, reader: Reader, on_missing: OnMissing, now: datetime) -> Outcome:
    local = read_local(room.workspace, reader.zone, reader.phone_country, now)
    facts = make_facts(
        name=reader.name,
        surname=reader.surname,
        locale=reader.locale,
        attributes=reader.attributes,
        workspace=room.workspace.name,
        links=sample_leave(room.link_base),
        event=reader.event or {},
        coupons=sample_coupons(text, local),
    )
    facts[ROOT] = make_shelves(room.catalogs, room.workspace.pk, room.items, room.asked)
    try:
        track = track_sample(room.link_base)
        return render(compile_template(text), facts, now=local, on_missing=on_missing, track=track)
    except TemplateProblem as problem:
        return Broken(problem)


def _read_trusts(conn: Conn, workspace: Workspace, contact_id: int) -> dict[str, Trust]:
    """How far the contact is verified, by kind of channel: where they wrote from an app, at their number on SMS."""
    family = (contact_id, *contact_store.read_absorbed(conn, workspace.pk, contact_id))
    phones, linked = match_store.read_proofs(conn, family)
    trusts: dict[str, Trust] = {}
    for kind, _value, trust in linked:
        trusts[kind] = max(trust, trusts.get(kind, trust))
    sample = match_store.read_one(conn, workspace.pk, contact_id)
    if sample is not None and sample.phone:
        proofs = [Proof(kind, value, trust) for kind, value, trust in linked]
        trusts[SMS] = judge_address("phone", sample.phone, phones, proofs)
    return trusts


def _tell_choice(choice: Choice, trust: Trust) -> str:
    """Why a contact gets the text that they get; empty where nothing in it is sensitive."""
    if not choice.used:
        return ""
    names = ", ".join(f"“{name}”" for name in choice.used)
    if is_trusted(trust, Need.SENSITIVE):
        sentence = _("The text uses %(names)s; this customer is verified here.")
    elif choice.neutral:
        sentence = _("The text uses %(names)s and this customer is not verified here: the neutral text goes.")
    else:
        sentence = _("The text uses %(names)s and this customer is not verified here: nothing is sent.")
    return str(sentence % {"names": names})


# many contacts


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a text comes to nothing for somebody: missing (`what` is the variable), broken (what is wrong) or aborted
    (the author's reason)."""

    code: str
    locale: str
    field: str
    what: str
    line: int = 0


@dataclass(slots=True)
class _Tally:
    """What rendering many contacts comes to."""

    good: int = 0
    failed: dict[Failure, list[int]] = field(default_factory=dict)  # whose
    strangers: dict[str, list[int]] = field(default_factory=dict)  # by their language
    locales: Counter[str] = field(default_factory=Counter)
    longest: tuple[int, str, int] = (0, "", 0)  # characters, locale, contact
    most_parts: tuple[int, str, int] = (0, "", 0)

    def list_failures(self, document: Template) -> Iterator[Finding]:
        """Whom the template fails, skips or leaves out, by reason."""
        for failure, ids in self.failed.items():
            is_knowing = failure.code == "aborted" or (failure.code == "missing" and document.on_missing == "skip")
            yield Finding(
                "warned" if is_knowing else "failed",
                failure.code,
                _tell_failure(failure, len(ids)),
                failure.locale,
                failure.field,
                failure.line,
                len(ids),
                tuple(ids[:NAMED_MAX]),
            )

    def list_lengths(self, outlets: Sequence[Outlet]) -> Iterator[Finding]:
        """The longest text against what channels take, and in parts of an SMS."""
        characters, locale, contact = self.longest
        for outlet in outlets:
            if characters > outlet.characters_max:
                told = {"count": characters, "most": outlet.characters_max, "kind": outlet.kind}
                sentence = _("The longest has %(count)d characters; %(kind)s takes %(most)d.") % told
                yield Finding("failed", "too_long", sentence, locale, "text", contact_ids=(contact,))
        parts, locale, contact = self.most_parts
        if parts and any(outlet.kind == SMS for outlet in outlets):
            sentence = ngettext(
                "The longest SMS takes %(parts)d part.", "The longest SMS takes %(parts)d parts.", parts
            ) % {"parts": parts}
            verdict = "warned" if parts >= PARTS_WARNING else "passed"
            yield Finding(verdict, "parts", sentence, locale, "text", contact_ids=(contact,))

    def list_strangers(self, document: Template) -> Iterator[Finding]:
        """Who reads the default because their language has no variant."""
        for language, ids in sorted(self.strangers.items(), key=lambda item: -len(item[1]))[:NAMED_MAX]:
            told = {"count": len(ids), "language": language, "default": document.default}
            sentence = ngettext(
                "%(count)d of these contacts reads %(language)s and gets %(default)s.",
                "%(count)d of these contacts read %(language)s and get %(default)s.",
                len(ids),
            )
            named = tuple(ids[:NAMED_MAX])
            yield Finding("warned", "language", sentence % told, count=len(ids), contact_ids=named)


def _note(tally: _Tally, room: Room, wording: Wording, name: str, reader: Reader, now: datetime) -> bool:
    """Render one text for one contact into the tally. Whether it fails."""
    source = getattr(wording, name)
    if not source.strip():
        return False
    match _render(room, source, reader, OnMissing(wording.on_missing), now):
        case Rendered(text=text):
            tally.longest = max(tally.longest, (len(text), wording.locale, reader.contact_id))
            parts = count_parts(text).parts
            tally.most_parts = max(tally.most_parts, (parts, wording.locale, reader.contact_id))
            return False
        case Missing(name=variable, line=line):
            failure = Failure("missing", wording.locale, name, variable, line)
        case Abort(reason=reason):
            failure = Failure("aborted", wording.locale, name, reason)
        case Broken(problem=problem):
            failure = Failure("broken", wording.locale, name, read_problem(problem).sentence, problem.line)
        case never:
            assert_never(never)
    tally.failed.setdefault(failure, []).append(reader.contact_id)
    return failure.code != "aborted"


def _tell_failure(failure: Failure, count: int) -> str:
    match failure.code:
        case "missing":
            sentence = ngettext(
                "%(count)d of these contacts has no “%(what)s”, so nothing is sent to them.",
                "%(count)d of these contacts have no “%(what)s”, so nothing is sent to them.",
                count,
            )
        case "aborted":
            sentence = ngettext(
                "To %(count)d of these contacts the template decides not to send: %(what)s",
                "To %(count)d of these contacts the template decides not to send: %(what)s",
                count,
            )
        case _:
            sentence = ngettext(
                "For %(count)d of these contacts it fails: %(what)s",
                "For %(count)d of these contacts it fails: %(what)s",
                count,
            )
    return str(sentence % {"count": count, "what": failure.what or "-"})


def _speaks(own: str, variant: str) -> bool:
    """Whether the variant is in the contact's language, as far as that is known."""
    return not own or own.partition("-")[0].lower() == variant.partition("-")[0].lower()


def _check_sensitive(workspace: Workspace, document: Template) -> Iterator[Finding]:
    """M6: a text that uses a sensitive attribute has a neutral one beside it, which uses none."""
    marked = read_marked(workspace)
    for locale, variant in document.variants.items():
        used, again = list_sensitive(variant.text, marked), list_sensitive(variant.neutral, marked)
        if again:
            sentence = _("The neutral text uses “%(name)s”, which is sensitive itself. Take it out.")
            yield Finding("failed", "sensitive", sentence % {"name": again[0]}, locale, "neutral")
        elif used and not variant.neutral.strip():
            sentence = _("The text uses “%(name)s”, which is sensitive: who is not verified gets nothing.")
            yield Finding("warned", "sensitive", sentence % {"name": used[0]}, locale, "neutral")


def _compare_variants(document: Template) -> Iterator[Finding]:
    """What the default says and another variant does not."""
    wanted = _list_names(document.variants[document.default].text)
    for locale, variant in document.variants.items():
        if lacking := [name for name in wanted if name not in _list_names(variant.text)]:
            sentence = _("It lacks %(names)s, which %(default)s has.")
            told = {"names": ", ".join(f"“{name}”" for name in lacking), "default": document.default}
            yield Finding("warned", "behind", sentence % told, locale, "text")


def _list_names(text: str) -> list[str]:
    try:
        return [variable.name for variable in variables(compile_template(text))]
    except TemplateProblem:
        return []


def _tell_good(count: int) -> str:
    sentence = ngettext("It works for %(count)d real contact.", "It works for %(count)d real contacts.", count)
    return str(sentence % {"count": count})
