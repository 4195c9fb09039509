"""Why is a contact in a journey, was once, or never came in (S1)?

Of who entered the runs tell, and of who was refused for a state that left no trace (a pause, re-entry) the ledger. For
who never met an entry nothing is stored: the entry is asked again of the events that the contact has, by the same core
that decides, and the answer names the comparison that fails, with the value that was there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, assert_never

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from tertulia.actions.call_words import tell_calls
from tertulia.actions.contacts import access_contact
from tertulia.actions.hour_words import tell_hours
from tertulia.actions.run_words import name_cause, name_told_cause
from tertulia.actions.why import explain_reason
from tertulia.core.conditions import Finding, Subject, judge, name_operator, name_subject, read_operand
from tertulia.core.journeys import (
    ApiEntry,
    AudienceEntry,
    CommentEntry,
    DateEntry,
    EventEntry,
    MessageEntry,
    OutcomeEntry,
    SegmentEntry,
)
from tertulia.data.models import Journey, Segment, Workspace
from tertulia.documents.journeys import read_journey
from tertulia.store import contacts as contact_store
from tertulia.store.clicks import LastClick, find_last_click
from tertulia.store.conversations import list_messages
from tertulia.store.db import Conn
from tertulia.store.events import StoredEvent, list_named_events
from tertulia.store.journeys import RunView, list_runs
from tertulia.store.ledger_read import LedgerRow, read_journey_ledger
from tertulia.store.segments import list_changes_of

RUNS_MAX: Final = 200
EVENTS_MAX: Final = 50
ROWS_MAX: Final = 50
TEXT_SHOWN_MAX: Final = 100
MESSAGES_MAX: Final = 50
CHANGES_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class EntryAnswer:
    """The account. `outcome` is in, completed, left, exited, not_entered (refused) or never; `code` the reason's, where
    there is one; `more` what else is to be known. `runs` and `rows` are all there is, the newest first."""

    contact_id: int
    journey_id: int
    outcome: str
    sentence: str
    at: datetime | None
    code: str = ""
    more: str = ""
    runs: tuple[RunView, ...] = ()
    rows: tuple[LedgerRow, ...] = ()

    @property
    def is_in(self) -> bool:
        return self.outcome == "in"


def explain_entry(conn: Conn, workspace: Workspace, contact_id: int, journey: Journey) -> EntryAnswer:
    """The account for one contact and one journey. Raises NotFound for another workspace's contact."""
    contact = access_contact(conn, workspace, contact_id)
    family = (contact.id, *contact_store.read_absorbed(conn, workspace.pk, contact.id))
    runs = tuple(run for run in list_runs(conn, family, RUNS_MAX) if run.journey_id == journey.pk)
    rows = tuple(read_journey_ledger(conn, family, journey.pk, ROWS_MAX))
    refusal = next((row for row in rows if row.outcome == "not_entered"), None)
    if runs and (refusal is None or runs[0].started_at >= refusal.at or runs[0].ended_at is None):
        return _tell_run(contact.id, journey, runs, rows)
    if refusal is not None:
        sentence = _("Did not enter. %(reason)s") % {"reason": explain_reason(refusal.reason)}
        more = _("“%(event)s” was there, and its conditions held.") % {"event": name_told_cause(refusal.facts)}
        told = (contact.id, journey.pk, "not_entered", sentence, refusal.at, refusal.reason, more)
        return EntryAnswer(*told, runs, rows)
    return _tell_never(conn, contact, family, journey)


def _tell_run(contact_id: int, journey: Journey, runs: tuple[RunView, ...], rows: tuple[LedgerRow, ...]) -> EntryAnswer:
    run = runs[0]
    said = {"event": name_cause(run.event), "step": run.step}
    if run.ended_at is None:
        asked = _("Is in it, at “%(step)s”, where a question waits for the reply; entered by “%(event)s”.")
        sentence = (asked if run.asked else _("Is in it, at “%(step)s”; entered by “%(event)s”.")) % said
        more = " ".join(filter(None, (_tell_revision(journey, run, rows), _tell_exit(run), _tell_more(rows, run))))
        return EntryAnswer(contact_id, journey.pk, "in", sentence, run.started_at, more=more, runs=runs, rows=rows)
    heads = {
        "completed": _("Went to the end of it; entered by “%(event)s”.") % said,
        "left": _("Left it at “%(step)s”; entered by “%(event)s”.") % said,
        "exited": _("It ended at “%(step)s”; entered by “%(event)s”.") % said,
    }
    reason = explain_reason(run.reason) if run.reason else ""
    sentence = heads.get(run.outcome, run.outcome)
    more = " ".join(filter(None, (reason, _tell_more(rows, run))))
    told = (contact_id, journey.pk, run.outcome, sentence, run.ended_at, run.reason, more)
    return EntryAnswer(*told, runs, rows)


def _tell_revision(journey: Journey, run: RunView, rows: Sequence[LedgerRow]) -> str:
    """V1: which revision it goes by, where that is not the newest, or was not the first."""
    said = {"number": run.revision, "newest": journey.revision}
    if journey.revision is not None and run.revision < journey.revision:
        return str(_("It finishes on revision %(number)s; the newest is %(newest)s.") % said)
    changed = next((row for row in rows if row.outcome in ("moved", "restarted") and row.at >= run.started_at), None)
    if changed is None:
        return ""
    words = {
        "moved": _("It moved at “%(step)s” from revision %(from)s to %(to)s."),
        "restarted": _("At “%(step)s” it began again, from revision %(from)s by %(to)s."),
    }
    return str(words[changed.outcome] % {"step": changed.step, **changed.facts})


def _tell_exit(run: RunView) -> str:
    """X5: when time alone will end it."""
    if run.exit_at is None:
        return ""
    said = {"at": date_format(timezone.localtime(run.exit_at), "j M Y H:i")}
    return str(_("Its exit condition ends it at %(at)s, unless the customer changes.") % said)


def _tell_more(rows: Sequence[LedgerRow], run: RunView) -> str:
    """What its calls came to, and which hours were chosen."""
    return " ".join(filter(None, (tell_calls(rows, run), tell_hours(rows, run))))


def _tell_never(conn: Conn, contact: Any, family: Sequence[int], journey: Journey) -> EntryAnswer:
    """The entry, asked again."""
    newest = journey.revisions.filter(number=journey.revision).first()
    first = journey.revisions.order_by("number").first()
    if newest is None or first is None:
        return EntryAnswer(contact.id, journey.pk, "never", _("The journey was never published."), None)
    entry = read_journey(newest.document).entry
    match entry:
        case EventEntry():
            return _tell_no_event(conn, contact, family, journey, entry, first.published_at)
        case MessageEntry():
            return _tell_no_message(conn, contact, family, journey, entry)
        case CommentEntry():
            return _tell_no_comment(contact, journey, entry)
        case OutcomeEntry(outcome="clicked") if (last := find_last_click(conn, family)) is not None:
            return _tell_no_click(contact, journey, entry, last, first.published_at)
        case OutcomeEntry():
            sentence = _("Never entered: no message to this customer came to what starts the journey.")
            return EntryAnswer(contact.id, journey.pk, "never", sentence, None)
        case ApiEntry():
            sentence = _("Never entered: the API was not called for this customer.")
            return EntryAnswer(contact.id, journey.pk, "never", sentence, None)
        case AudienceEntry() | DateEntry():
            return _tell_no_round(contact, journey, entry)
        case SegmentEntry():
            return _tell_no_change(conn, contact, family, journey, entry, first.published_at)
        case _:
            assert_never(entry)


def _tell_no_click(
    contact: Any, journey: Journey, entry: OutcomeEntry, last: LastClick, published_at: datetime
) -> EntryAnswer:
    """The last link that the customer opened, held against what the entry asks for."""
    said = {"link": last.link or _("of a match"), "journey": last.journey, "step": last.step}
    sentence = _("Never entered: this customer last opened the link “%(link)s”, and that started nothing.") % said
    if last.at < published_at:
        more = _("The journey was published later.")
    elif last.journey == journey.key:
        more = _("What becomes of a journey's own message never starts it.")
    elif entry.journey and entry.journey != last.journey:
        more = _("It asks for a link of the journey “%(asked)s”.") % {"asked": entry.journey}
    elif entry.step and entry.step != last.step:
        more = _("It asks for a link of the step “%(asked)s”.") % {"asked": entry.step}
    else:
        more = _("A condition of the entry did not hold.")
    return EntryAnswer(contact.id, journey.pk, "never", sentence, last.at, more=more)


def _tell_no_change(
    conn: Conn, contact: Any, family: Sequence[int], journey: Journey, entry: SegmentEntry, published_at: datetime
) -> EntryAnswer:
    """When the customer last came into the segment, or left it, and what brought that about."""
    segment = Segment.objects.filter(workspace=journey.workspace, key=entry.segment).first()
    changes = list_changes_of(conn, family, segment.pk, CHANGES_MAX) if segment is not None else []
    said = {"segment": segment.name if segment is not None else entry.segment}
    last = next((change for change in changes if change.entered is (entry.on == "entered")), None)
    if last is None:
        asked = {
            "entered": _("Never entered: this customer has not come into “%(segment)s”."),
            "left": _("Never entered: this customer has not left “%(segment)s”."),
        }
        return EntryAnswer(contact.id, journey.pk, "never", asked[entry.on] % said, None)
    told = {
        "entered": _("Never entered: this customer came into “%(segment)s”, and that started nothing."),
        "left": _("Never entered: this customer left “%(segment)s”, and that started nothing."),
    }
    if last.at < published_at:
        more = _("The journey was published later.")
    elif last.cause in ("definition", "import", "merge"):
        more = _("A list, a merge or a new definition of the segment brought it about, which starts no journey.")
    else:
        more = _("A condition of the entry did not hold, or the event behind it was imported.")
    return EntryAnswer(contact.id, journey.pk, "never", told[entry.on] % said, last.at, more=more)


def _tell_no_round(contact: Any, journey: Journey, entry: AudienceEntry | DateEntry) -> EntryAnswer:
    """When the journey last looked for people, and why this one was none of them."""
    last = journey.rounds.filter(runs="").exclude(state="running").first()
    if last is None:
        sentence = _("Never entered: the journey has not looked for people yet.")
        return EntryAnswer(contact.id, journey.pk, "never", sentence, None)
    said = {"day": last.day.isoformat()}
    if last.state == "skipped":
        sentence = _("Never entered: on %(day)s the journey could not look for people in time.") % said
        return EntryAnswer(contact.id, journey.pk, "never", sentence, last.due_at)
    if isinstance(entry, DateEntry):
        value = contact.attributes.get(entry.attribute)
        said |= {"attribute": entry.attribute, "value": "" if value is None else str(value)[:TEXT_SHOWN_MAX]}
        sentence = _("Never entered: “%(attribute)s” was not the date that was looked for on %(day)s.") % said
        more = _("It is “%(value)s” now.") % said if value is not None else _("This customer has no such attribute.")
        return EntryAnswer(contact.id, journey.pk, "never", sentence, last.due_at, more=more)
    sentence = _("Never entered: on %(day)s this customer was not among those whom the journey is for.") % said
    for_whom = [_("Those in the segment “%(segment)s”.") % {"segment": entry.segment}] if entry.segment else []
    if entry.channel:
        for_whom.append(_("Those who can be reached on %(channel)s.") % {"channel": entry.channel})
    return EntryAnswer(contact.id, journey.pk, "never", sentence, last.due_at, more=" ".join(for_whom))


def _tell_no_message(
    conn: Conn, contact: Any, family: Sequence[int], journey: Journey, entry: MessageEntry
) -> EntryAnswer:
    """The last message, asked again; whether it was the first on its channel is not known any more."""
    said = list_messages(conn, family, limit=MESSAGES_MAX)
    last = next((message for message in said if message.direction == "in"), None)
    if last is None:
        sentence = _("Never entered: this customer has not written to you.")
        return EntryAnswer(contact.id, journey.pk, "never", sentence, None)
    asks = [_("the words %(words)s") % {"words": ", ".join(entry.keyword)}] if entry.keyword else []
    asks += [_("the first message on a channel")] if entry.first else []
    asks += [_("the channel %(channel)s") % {"channel": entry.channel}] if entry.channel else []
    sentence = _("Never entered: the last message was “%(text)s”.") % {"text": last.text[:TEXT_SHOWN_MAX]}
    more = _("The journey asks for: %(asks)s.") % {"asks": ", ".join(asks)} if asks else ""
    return EntryAnswer(contact.id, journey.pk, "never", sentence, last.at, more=more)


def _tell_no_comment(contact: Any, journey: Journey, entry: CommentEntry) -> EntryAnswer:
    """Comments that begin nothing are not kept, so what the entry asks for is all there is to tell."""
    asks = [_("the words %(words)s") % {"words": ", ".join(entry.keyword)}] if entry.keyword else []
    asks += [_("the post %(post)s") % {"post": entry.post}] if entry.post else []
    asks += [_("the channel %(channel)s") % {"channel": entry.channel}] if entry.channel else []
    sentence = _("Never entered: no comment of this customer started the journey. Other comments are not kept.")
    more = _("The journey asks for: %(asks)s.") % {"asks": ", ".join(asks)} if asks else ""
    return EntryAnswer(contact.id, journey.pk, "never", sentence, None, more=more)


def _tell_no_event(
    conn: Conn, contact: Any, family: Sequence[int], journey: Journey, entry: EventEntry, published_at: datetime
) -> EntryAnswer:
    events = list_named_events(conn, family, entry.type, entry.event, EVENTS_MAX)
    said = {"event": entry.event or entry.type}
    if not events:
        sentence = _("Never entered: “%(event)s” has not come for this customer since events are kept.") % said
        return EntryAnswer(contact.id, journey.pk, "never", sentence, None)
    for event in events:
        finding = judge(entry.where, _look(contact, event))
        if finding.holds:
            if event.imported:
                sentence = _("Never entered: “%(event)s” was imported, and history starts nothing.") % said
            elif event.received_at < published_at:
                sentence = _("Never entered: “%(event)s” came before the journey was published.") % said
            else:
                sentence = _("Never entered: “%(event)s” was too old when it came.") % said
            return EntryAnswer(contact.id, journey.pk, "never", sentence, event.occurred_at)
    finding = judge(entry.where, _look(contact, events[0]))
    return _tell_condition(contact.id, journey, entry, events[0], finding)


def _look(contact: Any, event: StoredEvent) -> Subject:
    fields = {
        "name": contact.name,
        "surname": contact.surname,
        "language": contact.locale,
        "country": contact.country,
        "zone": contact.zone,
    }
    return Subject(event.properties, contact.attributes, fields)


def _tell_condition(
    contact_id: int, journey: Journey, entry: EventEntry, event: StoredEvent, finding: Finding
) -> EntryAnswer:
    said = {"event": entry.event or entry.type}
    if finding.decided_by is None:
        sentence = _("Never entered: “%(event)s” came, and none of its conditions held.") % said
        return EntryAnswer(contact_id, journey.pk, "never", sentence, event.occurred_at)
    kind, name = name_subject(finding.decided_by)
    operand = read_operand(finding.decided_by)
    said |= {
        "name": name,
        "value": _("nothing") if finding.value is None else str(finding.value),
        "operator": name_operator(finding.decided_by).replace("_", " "),
        "operand": ", ".join(map(str, operand)) if isinstance(operand, tuple) else str(operand),
    }
    sentence = _("Never entered: when “%(event)s” last came, %(name)s was %(value)s.") % said
    asks = _("The journey asks for: %(name)s %(operator)s %(operand)s.") % said
    now = "" if kind == "property" else _("Attributes are looked at as they are now.")
    return EntryAnswer(contact_id, journey.pk, "never", sentence, event.occurred_at, more=f"{asks} {now}".strip())
