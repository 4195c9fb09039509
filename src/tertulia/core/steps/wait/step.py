"""Wait: for a duration, for calendar days, until a time of day or a weekday, or until an instant that the contact or
the event names (T3, T5, T6)."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from tertulia.core.conditions import read_path
from tertulia.core.durations import read_duration
from tertulia.core.instants import read_instant
from tertulia.core.reasons import gettext_noop as _
from tertulia.core.steps.base import Complaint, GoOn, Leave, Move, Skip, Step, Summary, View, WaitUntil, Woken
from tertulia.core.wall_clock import Late, add_calendar_days, next_time_of_day, next_weekday, read_time, settle_past

LateName = Literal["run_now", "skip", "exit"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Until(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """An instant that stands in an attribute of the contact or a property of the event, `before` or `after` it by a
    duration."""

    attribute: Annotated[str, Meta(title=_("Attribute of the contact"))] = ""
    property: Annotated[str, Meta(title=_("Property of the event"))] = ""
    before: Annotated[str, Meta(title=_("So long before it"))] = ""
    after: Annotated[str, Meta(title=_("So long after it"))] = ""


class WaitStep(Step, frozen=True, kw_only=True, rename={"for_": "for"}):
    """Exactly one of `for` (a duration: N x 24 h for days), `calendar_days` with `at` (the local date and so many days,
    at a local time), `weekdays` with `at`, `at` alone (the next time that it is so late), and `until`. All local times
    are the contact's, and are resolved again when the contact's zone changes (T5). `late`: what a wait does whose
    instant is past (T6): go on, skip the step behind it, or end."""

    KIND: ClassVar[str] = "wait"
    TITLE: ClassVar[str] = _("Wait")
    ABOUT: ClassVar[str] = _("For a while, until a time of day, a weekday or a date.")
    ICON: ClassVar[str] = "clock"
    WAITS: ClassVar[bool] = True
    ONLY_WAITS: ClassVar[bool] = True
    SAMPLE: ClassVar[Mapping[str, Any]] = {"for": "1 h"}

    for_: Annotated[str, Meta(title=_("For"), description=_("Such as 30 min, 2 h or 7 d. A day is 24 hours here."))] = (
        ""
    )
    calendar_days: Annotated[
        int | None, Meta(title=_("Calendar days"), description=_("The local date and so many days, at a time of day."))
    ] = None
    weekdays: Annotated[tuple[Weekday, ...], Meta(title=_("On one of these days"))] = ()
    at: Annotated[str, Meta(title=_("At"), description=_("The customer's local time, such as 09:00."))] = ""
    until: Annotated[Until | None, Meta(title=_("Until an instant"))] = None
    late: Annotated[LateName | None, Meta(title=_("Where that has passed"))] = None

    def act(self, view: View) -> Move:
        """Wait once; woken, go on."""
        if view.woken is not Woken.ARRIVED:
            return GoOn()
        if self.for_:
            return WaitUntil(view.now + read_duration(self.for_))
        if self.until is None:
            return WaitUntil(self._find_wall(view.now, view.zone))
        return self._wait_until(view, self.until)

    def resolve(self, view: View, since: datetime) -> Move:
        """T5: the same wait by another clock. What is past by it is late (T6)."""
        at = self._find_wall(since, view.zone)
        return WaitUntil(at) if at > view.now else self._settle(at, view.now)

    def _find_wall(self, since: datetime, zone: ZoneInfo) -> datetime:
        """The instant that the contact's clock shows what is waited for."""
        if self.calendar_days is not None:
            return add_calendar_days(since, self.calendar_days, read_time(self.at), zone)
        at = read_time(self.at) or time(0)
        if self.weekdays:
            return next_weekday(since, {WEEKDAYS.index(day) for day in self.weekdays}, at, zone)
        return next_time_of_day(since, at, zone)

    def _wait_until(self, view: View, until: Until) -> Move:
        """T6. An instant that nobody knows counts as past long ago."""
        at = _find_instant(view, until)
        if at is not None and at > view.now:
            return WaitUntil(at)
        return self._settle(at, view.now)

    def _settle(self, at: datetime | None, now: datetime) -> Move:
        policy = Late(self.late) if self.late else None
        match settle_past(at, now, policy) if at is not None else policy or Late.SKIP:
            case Late.RUN_NOW:
                return GoOn()
            case Late.SKIP:
                return Skip("wait.late")
            case Late.EXIT:
                return Leave("wait.late")

    def summarise(self) -> Summary:
        """How long, or until when."""
        if self.for_:
            return Summary("%(time)s", {"time": self.for_})
        if self.calendar_days is not None:
            told = {"days": str(self.calendar_days), "at": self.at or "…"}
            return Summary(_("%(days)s calendar days, at %(at)s"), told)
        if self.weekdays:
            return Summary(_("until %(days)s, %(at)s"), {"days": ", ".join(self.weekdays), "at": self.at})
        if self.until is not None:
            return Summary(_("until %(name)s"), {"name": self.until.attribute or self.until.property})
        return Summary(_("until %(at)s"), {"at": self.at})

    @property
    def is_wall_clock(self) -> bool:
        """Whether the instant hangs on the contact's zone (T5)."""
        return not self.for_ and self.until is None

    def find_longest(self) -> timedelta:
        """Until an instant of the customer's may be any time, and counts as none."""
        if self.for_:
            return read_duration(self.for_)
        if self.calendar_days is not None:
            return timedelta(days=self.calendar_days + 1)
        if self.until is not None:
            return timedelta()
        return timedelta(days=len(WEEKDAYS) if self.weekdays else 1)

    def find_faults(self) -> list[Complaint]:
        """Exactly one way to wait, written so that it can be read."""
        ways = [bool(self.for_), self.calendar_days is not None, bool(self.weekdays), self.until is not None]
        alone = bool(self.at) and not any(ways)
        if sum(ways) + alone != 1:
            return [Complaint((), _("Give exactly one of for, calendar_days, weekdays, at and until."), {})]
        found = []
        if self.at:
            try:
                read_time(self.at)
            except ValueError:
                found.append(Complaint(("at",), _("Give a time such as 09:00."), {}))
        elif self.weekdays:
            found.append(Complaint((), _("Say at which time of the day, such as at: 09:00."), {}))
        if self.for_ and self.at:
            found.append(Complaint(("at",), _("A duration has no time of day. Use calendar_days with at."), {}))
        if self.calendar_days is not None and not 0 <= self.calendar_days <= 1_825:
            found.append(Complaint(("calendar_days",), _("Give 0 to 1825 days."), {}))
        found += _find_duration_faults(("for",), self.for_)
        if self.until is not None:
            found += _find_until_faults(self.until)
        elif self.late is not None and not self.is_wall_clock:
            found.append(Complaint(("late",), _("A duration is never late."), {}))
        return found


def _find_instant(view: View, until: Until) -> datetime | None:
    values = view.subject.attributes if until.attribute else view.subject.properties
    at = read_instant(read_path(values, until.attribute or until.property))
    if at is None:
        return None
    if until.before:
        at -= read_duration(until.before)
    return at + read_duration(until.after) if until.after else at


def _find_until_faults(until: Until) -> list[Complaint]:
    found = []
    if bool(until.attribute) == bool(until.property):
        found.append(Complaint(("until",), _("Give exactly one of attribute and property."), {}))
    if until.before and until.after:
        found.append(Complaint(("until",), _("Give at most one of before and after."), {}))
    for name in ("before", "after"):
        found += _find_duration_faults(("until", name), getattr(until, name))
    return found


def _find_duration_faults(path: tuple[str, ...], text: str) -> list[Complaint]:
    if not text:
        return []
    try:
        read_duration(text)
    except ValueError as error:
        return [Complaint(path, str(error), {})]
    return []
