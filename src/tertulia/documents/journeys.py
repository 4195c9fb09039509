"""Journeys as documents: read, and checked with everything that is wrong in them named by line and column."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, assert_never

import msgspec

from tertulia.core.carriers import EMAIL
from tertulia.core.conditions import Condition, find_faults, list_named
from tertulia.core.deliveries import MessageClass
from tertulia.core.durations import read_duration
from tertulia.core.journeys import (
    ENTRIES_MAX,
    EXCEPTIONS_MAX,
    NAMELESS,
    STEPS_MAX,
    ApiEntry,
    AudienceEntry,
    CommentEntry,
    DateEntry,
    Entry,
    EventEntry,
    EventRule,
    Journey,
    MessageEntry,
    OutcomeEntry,
    Reentry,
    SegmentEntry,
)
from tertulia.core.opt_words import OptAction, classify, normalise
from tertulia.core.reasons import gettext_noop as _
from tertulia.core.render import compile_template, variables
from tertulia.core.shares import read_share
from tertulia.core.steps.base import Step
from tertulia.core.steps.registry import list_kinds
from tertulia.core.windows import HoursRule, WindowProblem, WindowRule, read_window, write_window
from tertulia.documents.bandits import check_bandits
from tertulia.documents.broadcasts import check_broadcast
from tertulia.documents.catalogs import check_catalogs
from tertulia.documents.delivery_control import check_budget, check_canary, check_guards, check_throttle
from tertulia.documents.entries_by_clock import check_round
from tertulia.documents.fields import convert
from tertulia.documents.lines import BadDocument, Path, Place, Problem, Written, read_lines
from tertulia.documents.receipts import check_receipts
from tertulia.documents.results import check_result
from tertulia.documents.texts import check_liquid

ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
TEXTS: Final = {"text": False, "neutral": False, "say": False, "subject": False, "html": True}
"""Fields that are templates, and whether of HTML."""
NOT_ASKED: Final = _("No step before this one asks and is called “%(step)s”.")
NOT_GIVEN: Final = _("No step that everybody passes before this one gives a coupon and is called “%(step)s”.")
NO_CLAIM: Final = _("A coupon is claimed by a message. This text is none: leave the coupon out.")
CLAIMS: Final = frozenset({"text", "neutral", "subject", "html"})
"""Fields of messages: only these may show coupons."""
NAME_CHARACTERS_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Around:
    """What a document may name: the workspace's `channels` by name, with their families, and the IANA `zones`,
    the keys of `journeys`, of published `templates` and `segments`, of `pools` of coupons and of `catalogs`, and
    those of `endpoints` with the methods that they take (None: not known). `mails`: the kinds that send e-mail;
    `silent`: channels, by name and kind, that never tell whether a message was delivered."""

    channels: Mapping[str, str] = field(default_factory=dict)
    zones: frozenset[str] = frozenset()
    journeys: frozenset[str] | None = None
    templates: frozenset[str] | None = None
    segments: frozenset[str] | None = None
    mails: frozenset[str] = frozenset()
    endpoints: Mapping[str, frozenset[str]] | None = None
    pools: frozenset[str] | None = None
    catalogs: frozenset[str] | None = None
    silent: frozenset[str] = frozenset()

    def is_mail(self, name: str) -> bool:
        """Whether a channel's name, kind or family means e-mail."""
        return self.channels.get(name, name) in (EMAIL, *self.mails)


def read_journey(text: str) -> Journey:
    """A journey that was found valid before. Raises BadDocument for what is no journey."""
    written = read_lines(text)
    found = convert(written, _name_entry(written.value), Journey, ())
    if isinstance(found, Problem):
        raise BadDocument([found])
    return found


def check_journey(text: str, around: Around) -> Journey:
    """The journey, or BadDocument with everything that is wrong with it, in the order of its lines."""
    written = read_lines(text)
    if not isinstance(written.value, dict):
        raise BadDocument([Problem(Place(1, 1), (), _("A journey begins with its name: write name, entry and steps."))])
    journey = convert(written, _name_entry(written.value), Journey, ())
    problems = [journey] if isinstance(journey, Problem) else list(_check_head(written, journey, around))
    steps = written.value.get("steps")
    if isinstance(steps, list):
        checker = _Steps(written, around, str(written.value.get("class", MessageClass.MARKETING.value)))
        checker.check(steps, ("steps",))
        problems += checker.problems
        if len(checker.ids) > STEPS_MAX:
            told = {"most": str(STEPS_MAX)}
            problems.append(Problem(written.find(("steps",)), ("steps",), _("Give at most %(most)s steps."), told))
    if isinstance(journey, Journey) and isinstance(steps, list):
        problems += check_bandits(written, journey, steps)
    if isinstance(journey, Journey) and journey.is_broadcast:
        problems += check_broadcast(written, journey)
    if problems or isinstance(journey, Problem):
        unique = {(p.place.line, p.place.column, p.message): p for p in problems}
        raise BadDocument([unique[key] for key in sorted(unique)])
    return journey


def _name_entry(value: Any) -> Any:
    """An entry that names no kind is one by an event."""
    entry = value.get("entry") if isinstance(value, dict) else None
    return {**value, "entry": {"kind": "event", **entry}} if isinstance(entry, dict) else value


def _check_head(written: Written, journey: Journey, around: Around) -> Iterator[Problem]:
    """What is wrong outside the steps."""

    def problem(path: Path, message: str, **parameters: str) -> Problem:
        return Problem(written.find(path), path, message, parameters)

    if not journey.name.strip():
        yield problem(("name",), _("Give the journey a name."))
    if len(journey.name.strip()) > NAME_CHARACTERS_MAX:
        yield problem(("name",), _("Give the journey a name of at most 200 characters."))
    yield from _check_entry(written, journey.entry, around)
    try:
        read_share(journey.hold_out)
    except ValueError as error:
        yield problem(("hold_out",), str(error))
    yield from check_budget(written, journey.budget)
    yield from check_throttle(written, journey.throttle)
    yield from check_guards(written, journey.guards)
    yield from check_canary(written, journey.canary)
    yield from _check_exit(written, journey.exit_when, around)
    if journey.goal is not None:
        if not journey.goal.event.strip():
            yield problem(("goal", "event"), _("Give the name of the event that the journey is for."))
        yield from _check_condition(written, journey.goal.where, ("goal", "where"))
        if not journey.goal.within.strip():
            yield problem(("goal", "within"), _("Say within what time: write within, such as 3 d."))
        yield from _check_duration(written, journey.goal.within, ("goal", "within"))
        if journey.goal.is_heard_of and journey.hold_out:
            message = _("Who is held out opens nothing, so there would be nobody to compare with: use entry or send.")
            yield problem(("goal", "from"), message)
    if len(journey.exceptions) > EXCEPTIONS_MAX:
        yield problem(("exceptions",), _("Give at most %(most)s exceptions."), most=str(EXCEPTIONS_MAX))
    for place, rule in enumerate(journey.exceptions):
        path: Path = ("exceptions", place)
        yield from _check_event(written, rule, path, _("Give the name of the event that ends the journey."))
        yield from _check_condition(written, rule.where, (*path, "where"))
        yield from _check_duration(written, rule.lookback, (*path, "lookback"))
    for name in ("per_day", "total") if journey.entries is not None else ():
        most = getattr(journey.entries, name)
        if most is not None and not 1 <= most <= ENTRIES_MAX:
            yield problem(("entries", name), _("Give a number from 1 to %(most)s."), most=str(ENTRIES_MAX))
    if isinstance(journey.reentry, Reentry):
        yield from _check_duration(written, journey.reentry.after, ("reentry", "after"))
    if journey.starts and journey.ends and journey.starts >= journey.ends:
        yield problem(("ends",), _("The journey ends before it starts. Give a later end."))
    for name in ("starts", "ends"):
        at = getattr(journey, name)
        if at is not None and at.tzinfo is None:
            yield problem((name,), _("Say in which zone: write Z or an offset such as +01:00 behind the time."))
    if journey.zone and around.zones and journey.zone not in around.zones:
        yield problem(
            ("zone",), _("There is no time zone “%(zone)s”. Write one such as Europe/Lisbon."), zone=journey.zone
        )
    yield from _check_window(written, journey.window, ("window",))
    if not journey.steps:
        yield problem(("steps",), _("Give at least one step."))


def _check_exit(written: Written, exit_when: Condition | None, around: Around) -> Iterator[Problem]:
    """X5: what is known of a contact at any time, and of segments those that are published."""
    if exit_when is None:
        return
    for fault in find_faults(exit_when, ("exit_when",), events=False, exits=True):
        yield Problem(written.find(fault.path), fault.path, fault.message, fault.parameters)
    yield from _check_answers(written, exit_when, ("exit_when",), frozenset())
    for path, key in list_named(exit_when, "segment", ("exit_when",)):
        yield from _check_segment_key(written, key, path, around.segments)


def _check_event(written: Written, rule: EventRule, path: Path, missing: str) -> Iterator[Problem]:
    """Every call has a name, but identify and group."""
    here = (*path, "event")
    if rule.type in NAMELESS:
        if rule.event:
            message = _("A call of the type %(type)s has no name. Leave the event out.")
            yield Problem(written.find(here), here, message, {"type": rule.type})
    elif not rule.event.strip():
        yield Problem(written.find(here), here, missing)


def _check_entry(written: Written, entry: Entry, around: Around) -> Iterator[Problem]:
    yield from _check_condition(written, entry.where, ("entry", "where"))
    match entry:
        case EventEntry():
            missing = _("Give the name of the event that starts the journey.")
            yield from _check_event(written, entry, ("entry",), missing)
        case MessageEntry() | CommentEntry():
            yield from _check_keywords(written, entry)
            if entry.channel:
                yield from _check_channel(written, entry.channel, ("entry", "channel"), around)
        case OutcomeEntry():
            yield from _check_outcome(written, entry, around)
        case ApiEntry():
            pass
        case SegmentEntry():
            yield from _check_segment(written, entry, around)
        case AudienceEntry() | DateEntry():
            yield from check_round(written, entry, around.segments)
            if channel := getattr(entry, "channel", ""):
                yield from _check_channel(written, channel, ("entry", "channel"), around)
        case _:
            assert_never(entry)


def _check_segment(written: Written, entry: SegmentEntry, around: Around) -> Iterator[Problem]:
    """One that is published; who has left it is not inside at the launch."""
    yield from _check_segment_key(written, entry.segment, ("entry", "segment"), around.segments)
    if entry.key:
        here: Path = ("entry", "key")
        yield Problem(written.find(here), here, _("Of a segment each customer has one run. Leave the key out."))
    if entry.already_inside and entry.on == "left":
        here = ("entry", "already_inside")
        yield Problem(written.find(here), here, _("Who has left is not inside. Leave it out."))


def _check_segment_key(written: Written, key: str, path: Path, known: frozenset[str] | None) -> Iterator[Problem]:
    if known is not None and key not in known:
        message = _("No published segment has the key “%(key)s”. There are: %(known)s.")
        yield Problem(written.find(path), path, message, {"key": key, "known": ", ".join(sorted(known)) or "-"})


def _check_outcome(written: Written, entry: OutcomeEntry, around: Around) -> Iterator[Problem]:
    """How long only where that means something, and a journey that exists."""
    here = ("entry", "for")
    if entry.outcome == "ignored":
        if not entry.for_.strip():
            yield Problem(written.find(here), here, _("Say for how long it is ignored: write for, such as 2 d."))
        yield from _check_duration(written, entry.for_, here)
    elif entry.for_:
        yield Problem(written.find(here), here, _("Only ignored has a duration. Leave it out."))
    here = ("entry", "journey")
    if entry.journey and around.journeys is not None:
        yield from _check_journey_key(written, entry.journey, here, around.journeys)
    if entry.step and not entry.journey:
        here = ("entry", "step")
        yield Problem(written.find(here), here, _("A step is one of a journey. Give the journey too."))


def _check_journey_key(written: Written, key: str, path: Path, known: frozenset[str]) -> Iterator[Problem]:
    if key not in known:
        message = _("No journey has the key “%(key)s”. There are: %(known)s.")
        yield Problem(written.find(path), path, message, {"key": key, "known": ", ".join(sorted(known)) or "-"})


def _check_template_key(written: Written, key: str, path: Path, known: frozenset[str]) -> Iterator[Problem]:
    if key not in known:
        message = _("No published template has the key “%(key)s”. Publish one, or choose among: %(known)s.")
        yield Problem(written.find(path), path, message, {"key": key, "known": ", ".join(sorted(known)) or "-"})


def _check_pool_key(written: Written, key: str, path: Path, known: frozenset[str]) -> Iterator[Problem]:
    if key not in known:
        message = _("No pool of coupons has the key “%(key)s”. There are: %(known)s.")
        yield Problem(written.find(path), path, message, {"key": key, "known": ", ".join(sorted(known)) or "-"})


def _check_keywords(written: Written, entry: MessageEntry | CommentEntry) -> Iterator[Problem]:
    """Each says something, and none is obeyed before it comes here (C2)."""
    for place, word in enumerate(entry.keyword):
        path: Path = ("entry", "keyword", place)
        said = classify(word, question_waiting=False, country="", previously_stopped=False)
        if not normalise(word):
            yield Problem(written.find(path), path, _("Give a word: letters or digits."))
        elif said.action in (OptAction.STOP, OptAction.HELP):
            message = _("“%(word)s” stops messages or asks for help, and is obeyed as that. Choose another word.")
            yield Problem(written.find(path), path, message, {"word": word})


def _check_channel(written: Written, name: str, path: Path, around: Around) -> Iterator[Problem]:
    known = around.channels
    if name not in known and name not in known.values():
        told = {"name": name, "known": ", ".join(sorted({*known, *known.values()})) or "-"}
        message = _("No channel is called “%(name)s”, and none is of that kind. Connected are: %(known)s.")
        yield Problem(written.find(path), path, message, told)


def _check_condition(written: Written, condition: Condition | None, path: Path) -> Iterator[Problem]:
    if condition is not None:
        for fault in find_faults(condition, path):
            yield Problem(written.find(fault.path), fault.path, fault.message, fault.parameters)
        yield from _check_answers(written, condition, path, frozenset())


def _check_answers(written: Written, condition: Condition, path: Path, asked: frozenset[str]) -> Iterator[Problem]:
    """Only what was asked before may have been answered."""
    for place, step in list_named(condition, "answer", path):
        if step not in asked:
            yield Problem(written.find(place), place, NOT_ASKED, {"step": step})


def _check_duration(written: Written, text: str, path: Path) -> Iterator[Problem]:
    try:
        if text:
            read_duration(text)
    except ValueError as error:
        yield Problem(written.find(path), path, str(error))


def _check_window(written: Written, window: WindowRule | None, path: Path) -> Iterator[Problem]:
    if window is None:
        return
    try:
        read_window(write_window(window))
    except WindowProblem as problem:
        several = () if isinstance(window, HoursRule) else (problem.number - 1,)
        place: Path = (*path, *several, *((problem.field,) if problem.field else ()))
        yield Problem(written.find(place), place, problem.sentence)


class _Steps:
    """Checks sequences of steps."""

    def __init__(self, written: Written, around: Around, class_: str) -> None:
        self.written = written
        self.class_ = class_  # of messages that say none themselves
        self.around = around
        self.problems: list[Problem] = []
        self.ids: dict[str, Path] = {}
        self.asked: frozenset[str] = frozenset()  # steps before, whose answers there may be
        self.saved: Mapping[str, tuple[str, ...]] = {}  # the same of those that save results, with their names
        self.given: frozenset[str] = frozenset()  # steps that everybody has passed, whose coupons there are

    def check(self, raws: Iterable[Any], path: Path) -> bool:
        """One sequence, and those inside its steps. Whether no run comes to its end."""
        left = False
        for place, raw in enumerate(raws):
            here = (*path, place)
            if left:
                self._add(here, _("Nobody comes here: the run has ended before. Move or delete this step."))
                left = False
            step = self._read(raw, here)
            if step is not None:
                left = self._check_step(step, here) or step.KIND == "exit"
        return left

    def _add(self, path: Path, message: str, parameters: Mapping[str, str] | None = None) -> None:
        self.problems.append(Problem(self.written.find(path), path, message, parameters or {}))

    def _read(self, raw: Any, path: Path) -> Step | None:
        if not isinstance(raw, dict):
            self._add(path, _("A step has fields: write id and kind."))
            return None
        kind = list_kinds().get(str(raw.get("kind", "")))
        if kind is None:
            kinds = ", ".join(list_kinds())
            self._add((*path, "kind"), _("Say which kind of step it is: %(kinds)s."), {"kinds": kinds})
            return None
        found = convert(self.written, raw, kind, path)
        if isinstance(found, Problem):
            self.problems.append(found)
            return None
        return found

    def _check_step(self, step: Step, path: Path) -> bool:
        """Whether every way of it ends the run."""
        if not ID.fullmatch(step.id):
            self._add((*path, "id"), _("An id has small letters, digits, - and _, and is at most 60 long."))
        elif step.id in self.ids:
            line = str(self.written.find((*self.ids[step.id], "id")).line)
            told = {"id": step.id, "line": line}
            self._add((*path, "id"), _("The step on line %(line)s is called “%(id)s” too. Give each its own."), told)
        else:
            self.ids[step.id] = path
        for complaint in step.find_faults():
            self._add((*path, *complaint.path), complaint.message, complaint.parameters)
        for place, condition in step.list_conditions():
            self.problems += _check_answers(self.written, condition, (*path, *place), self.asked)
        for place, used in step.list_results():
            self.problems += check_result(self.written, (*path, *place), used, self.saved)
        self._check_channels(step, path)
        self._check_texts(step, path)
        if (key := getattr(step, "template", "")) and self.around.templates is not None:
            self.problems += _check_template_key(self.written, key, (*path, "template"), self.around.templates)
        self.problems += _check_window(self.written, getattr(step, "window", None), (*path, "window"))
        if (key := getattr(step, "journey", "")) and self.around.journeys is not None:
            self.problems += _check_journey_key(self.written, key, (*path, "journey"), self.around.journeys)
        if (key := getattr(step, "endpoint", "")) and self.around.endpoints is not None:
            self._check_endpoint(key, getattr(step, "method", ""), path, self.around.endpoints)
        if (pool := getattr(step, "pool", "")) and self.around.pools is not None:
            self.problems += _check_pool_key(self.written, pool, (*path, "pool"), self.around.pools)
        self.asked |= {step.id} if step.ASKS else set()
        self.saved = {**self.saved, **({step.id: names} if (names := step.list_saved()) else {})}
        self.given |= {step.id} if step.KIND == "coupon" else set()
        return self._check_ways(step, path)

    def _check_ways(self, step: Step, path: Path) -> bool:
        """What was asked and saved on a way is known there, and where the ways have met again; a coupon of a way only
        on it. Whether there are ways and all end the run."""
        before, given = (self.asked, self.saved), self.given
        asked, saved = before
        ends = []
        for way in step.list_ways():
            self.asked, self.saved = before
            ends.append(self.check(way.steps, (*path, *way.field)))
            asked, saved = asked | self.asked, {**saved, **self.saved}
            self.given = given
        self.asked, self.saved = asked, saved
        return bool(ends) and all(ends)

    def _check_channels(self, step: Step, path: Path) -> None:
        names = getattr(step, "channels", ())
        for place, name in enumerate(names):
            self.problems += _check_channel(self.written, name, (*path, "channels", place), self.around)
        worded = getattr(step, "subject", "").strip() or getattr(step, "template", "")
        if any(map(self.around.is_mail, names)) and not worded:
            self._add((*path, "subject"), _("Give the subject: the message goes out by e-mail too."))
        self.problems += check_receipts(self.written, step, path, self.class_, self.around.silent)

    def _check_endpoint(self, key: str, method: str, path: Path, known: Mapping[str, frozenset[str]]) -> None:
        if key not in known:
            message = _("No endpoint has the key “%(key)s”. There are: %(known)s.")
            self._add((*path, "endpoint"), message, {"key": key, "known": ", ".join(sorted(known)) or "-"})
        elif method not in known[key]:
            told = {"key": key, "method": method, "known": ", ".join(sorted(known[key]))}
            self._add((*path, "method"), _("“%(key)s” takes no %(method)s. It takes: %(known)s."), told)

    def _check_texts(self, step: Step, path: Path) -> None:
        for name, is_html in TEXTS.items():
            self._check_text(getattr(step, name, ""), (*path, name), is_html)
        for where, text in step.list_templates():
            self._check_text(text, (*path, *where))

    def _check_text(self, text: str, path: Path, is_html: bool = False) -> None:
        problems = list(check_liquid(self.written, path, text, is_html))
        self.problems += problems
        if text and not problems:
            self.problems += check_catalogs(self.written, text, path, self.around.catalogs, is_html=is_html)
        for variable in variables(compile_template(text, is_html)) if text and not problems else ():
            root, _dot, rest = variable.name.partition(".")
            if root == "answers" and rest not in self.asked:
                self._add(path, NOT_ASKED, {"step": rest})
            elif root == "results" and rest:
                self.problems += check_result(self.written, path, rest, self.saved)
            elif root == "coupons":
                self._check_coupon(rest.partition(".")[0], path)

    def _check_coupon(self, step: str, path: Path) -> None:
        if path[-1] not in CLAIMS or "retry" in path:
            self._add(path, NO_CLAIM)
        elif step not in self.given:
            self._add(path, NOT_GIVEN, {"step": step})


def write_schema() -> dict[str, Any]:
    """The JSON Schema of a journey's document, each kind of step with its fields."""
    (schema,), shared = msgspec.json.schema_components([Journey], ref_template="#/$defs/{name}")
    steps, more = msgspec.json.schema_components(list(list_kinds().values()), ref_template="#/$defs/{name}")
    kinds = dict(zip(list_kinds(), steps, strict=True))
    defs = {**shared, **more}
    for kind, ref in kinds.items():
        defs[ref["$ref"].rpartition("/")[2]]["properties"]["kind"] = {"const": kind}
    defs["EventEntry"]["required"].remove("kind")
    defs["EventEntry"]["properties"]["kind"]["default"] = "event"
    defs["Step"] = {"oneOf": list(kinds.values())}
    sequence = {"type": "array", "items": {"$ref": "#/$defs/Step"}}
    for part in defs.values():
        for name, told in part.get("properties", {}).items():
            if told.get("type") == "array" and not told.get("items"):  # lists of anything are sequences of steps
                part["properties"][name] = sequence
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Journey", **schema, "$defs": defs}
