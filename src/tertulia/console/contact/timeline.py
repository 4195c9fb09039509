"""What happened with a contact, in sentences: messages, deliveries, clicks, consent, links, imports and decisions, and
what it did in the business's own apps and sites (`console.contact.doings`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.utils import timezone
from django.utils.translation import gettext as _

from tertulia.actions.contacts import END
from tertulia.actions.hour_words import tell_hour
from tertulia.actions.run_words import name_cause
from tertulia.actions.why import explain_reason
from tertulia.console.channels.words import mark_of
from tertulia.console.contact.doings import Act, fold_views, tell_event
from tertulia.console.contact.words import CONSENT_SOURCES, IDENTITY_NAMES, TOPICS
from tertulia.console.tags import CHANNEL_MARKS, app_name
from tertulia.core.calls import GATE
from tertulia.store.contacts import Happening, read_timeline
from tertulia.store.db import Conn
from tertulia.store.decisions import list_unsent
from tertulia.store.events import list_contact_events
from tertulia.store.journeys import RunView, list_runs
from tertulia.store.ledger_read import LedgerRow

PAGE_ACTS = 60
TEXT_CHARACTERS = 240
SHOWS = ("all", "messages", "decisions", "events")
MESSAGES = frozenset({"message_in", "message_out", "delivery"})
DELIVERY_LOOKS = {
    "queued": ("clock", ""),
    "held": ("clock", "warn"),
    "sending": ("clock", ""),
    "unknown": ("circle-help", "warn"),
    "sent": ("check", ""),
    "delivered": ("check-check", ""),
    "read": ("check-check", "accent"),
    "failed": ("circle-alert", "danger"),
}


@dataclass(frozen=True, slots=True)
class Names:
    """Names of channels (kind, name), matches and sources by id, so that a sentence can say them."""

    channels: Mapping[int, tuple[str, str]]
    matches: Mapping[int, str]
    sources: Mapping[int, str]
    journeys: Mapping[int, str]

    def app(self, channel_id: int | None) -> str:
        """The app's name for people: WhatsApp, SMS, ..."""
        kind = self.channels.get(channel_id or 0, ("", ""))[0]
        return CHANNEL_MARKS[mark_of(kind)][1] if mark_of(kind) in CHANNEL_MARKS else _("an app")

    def cause(self, row: Happening | LedgerRow) -> str:
        """The name of the match or journey that it belongs to, or empty."""
        return self.matches.get(row.match_id or 0, "") or self.journeys.get(row.journey_id or 0, "")


def list_days(
    conn: Conn, workspace: int, family: Sequence[int], names: Names, show: str, before: datetime | None
) -> tuple[list[tuple[date, list[Act]]], datetime | None]:
    """The acts by the reader's days, the newest first, and where the next page begins."""
    happenings = [] if show == "decisions" else read_timeline(conn, workspace, family, before, PAGE_ACTS)
    decisions = [] if show in ("messages", "events") else list_unsent(conn, family, before, PAGE_ACTS)
    if show in ("messages", "events"):
        happenings = [item for item in happenings if (item.what in MESSAGES) == (show == "messages")]
    events = [] if show in ("messages", "decisions") else list_contact_events(conn, family, before or END, PAGE_ACTS)
    acts = [tell_happening(item, names) for item in happenings] + [tell_decision(item, names) for item in decisions]
    if show in ("all", "decisions"):
        acts += [act for run in list_runs(conn, family, PAGE_ACTS) for act in tell_run(run, names, before)]
    acts += [tell_event(event, names.sources.get(event.source_id, "")) for event in events]
    acts.sort(key=lambda act: act.at, reverse=True)
    shown = acts[:PAGE_ACTS]
    on = shown[-1].at if len(acts) >= PAGE_ACTS else None
    days = groupby(shown, key=lambda act: timezone.localtime(act.at).date())
    return [(day, fold_views(found)) for day, found in days], on


def tell_run(run: RunView, names: Names, before: datetime | None) -> list[Act]:
    """A contact entered a journey, and how that ended; of what happened before an instant."""
    subject = names.journeys.get(run.journey_id, "") or _("A journey")
    acts = [Act(run.started_at, "workflow", "accent", _("entered"), subject, fact=name_cause(run.event))]
    if run.ended_at is not None:
        words = {"completed": _("completed"), "left": _("left"), "exited": _("ended at once")}
        reason = explain_reason(run.reason) if run.reason else ""
        acts.append(Act(run.ended_at, "flag", "", words.get(run.outcome, run.outcome), subject, fact=reason))
    return [act for act in acts if before is None or act.at < before]


def tell_decision(decision: LedgerRow, names: Names) -> Act:
    """A decision that did not end in a message, or one about a call to the company's API."""
    outcome = {
        "held": (_("is held"), "hourglass", "warn"),
        "not_sent": (_("not sent"), "ban", "warn"),
        "ghost": (_("held out"), "split", ""),
        "assigned": (_("assigned a way by a bandit"), "split", ""),
        "moved": (_("moved to another revision"), "workflow", ""),
        "restarted": (_("began again"), "rotate-cw", ""),
        "timed": (_("its hour was chosen"), "clock", ""),
        "failed": (_("failed"), "circle-alert", "danger"),
        "revoked": (_("revoked"), "undo-2", ""),
        "not_entered": (_("not entered"), "ban", ""),
        "unanswered": (_("question not answered"), "circle-help", ""),
        "unconfirmed": (_("delivery not confirmed"), "hourglass", "warn"),
        "not_handed_over": (_("not handed over"), "ban", "warn"),
    }
    if decision.gate == GATE:
        outcome |= {
            "called": (_("called your API"), "globe", "ok"),
            "held": (_("waits for your API"), "globe", "warn"),
            "failed": (_("called your API without success"), "globe", "danger"),
            "revoked": (_("took its call to your API back"), "globe", ""),
        }
    words, icon, tone = outcome.get(decision.outcome, (decision.outcome, "info", ""))
    subject = names.cause(decision) or _("Message")
    fact = tell_hour(decision) if decision.outcome == "timed" else explain_reason(decision.reason)
    return Act(decision.at, icon, tone, words, subject, "", fact, str(decision.id))


def tell_happening(item: Happening, names: Names) -> Act:
    """The sentence of one happening."""
    app = names.app(item.channel_id)
    match item.what:
        case "message_in" if not item.text:
            return Act(item.at, "message-circle", "ok", _("Opened the chat on %(app)s") % {"app": app})
        case "message_in":
            return Act(item.at, "message-circle", "ok", _("Wrote on %(app)s:") % {"app": app}, said=_cut(item.text))
        case "message_out":
            return Act(item.at, "reply", "", _("Got an answer on %(app)s:") % {"app": app}, said=_cut(item.text))
        case "delivery":
            return _tell_delivery(item, names, app)
        case "click":
            return _tell_click(item, names)
        case "consent":
            return _tell_consent(item)
        case "linked" | "unlinked" if item.fact in IDENTITY_NAMES:
            return _tell_known(item)
        case "linked":
            sentence = _("Linked on %(app)s") % {"app": app_name(item.fact)}
            return Act(item.at, "link", "accent", sentence, fact=f"@{item.text}" if item.text else "")
        case "unlinked":
            sentence = _("No longer linked on %(app)s") % {"app": app_name(item.fact)}
            return Act(item.at, "unlink", "warn", sentence)
        case "merged":
            return Act(item.at, "git-merge", "accent", _("Two contacts were merged"))
        case "unmerged":
            return Act(item.at, "split", "", _("The merge was undone"))
        case "imported":
            return Act(item.at, "upload", "", _("Imported from"), said=item.text)
        case _:
            return Act(item.at, "info", "", item.what)


def _tell_delivery(item: Happening, names: Names, app: str) -> Act:
    icon, tone = DELIVERY_LOOKS.get(item.fact, ("info", ""))
    states = {
        "queued": _("%(app)s message waits for its turn"),
        "held": _("%(app)s message is held"),
        "sending": _("%(app)s message is being handed over"),
        "unknown": _("%(app)s message: no answer, not sent twice"),
        "sent": _("%(app)s message sent"),
        "delivered": _("%(app)s message delivered"),
        "read": _("%(app)s message read"),
        "failed": _("%(app)s message failed"),
        "revoked": _("%(app)s message revoked"),
        "expired": _("%(app)s message expired"),
        "dropped": _("%(app)s message not sent"),
    }
    sentence = states.get(item.fact, "%(app)s: " + item.fact) % {"app": app}
    return Act(item.at, icon, tone, sentence, _as_head(names, item), fact=_cut(item.text), why=item.ref)


def _tell_click(item: Happening, names: Names) -> Act:
    app = CHANNEL_MARKS.get(item.text, ("", ""))[1] if item.journey_id is None else ""
    named = item.text if item.journey_id is not None else ""
    if item.fact != "human":
        apart = {
            "preview": _("a link preview opened the link; it does not count"),
            "scanner": _("a program opened the link; it does not count"),
            "no_beacon": _("the link's page was fetched, but no browser showed it; it does not count"),
            "ended": _("the link was opened when it led nowhere any more; it does not count"),
        }
        return Act(item.at, "eye", "", apart.get(item.fact, item.fact), _as_head(names, item), fact=named)
    sentence = _("opened the link to %(app)s") % {"app": app} if app else _("opened the link")
    return Act(item.at, "mouse-pointer-click", "", sentence, _as_head(names, item), fact=named)


def _tell_consent(item: Happening) -> Act:
    channel, topic, source = (*item.text.split(" "), "", "", "")[:3]
    said = {"topic": TOPICS.get(topic, topic), "app": CHANNEL_MARKS.get(channel, ("", _("every channel")))[1]}
    fact = str(CONSENT_SOURCES.get(source, source))
    if item.fact == "granted":
        return Act(item.at, "shield-check", "ok", _("Agreed to %(topic)s on %(app)s") % said, fact=fact)
    return Act(item.at, "shield-off", "danger", _("Refused %(topic)s on %(app)s") % said, fact=fact)


def _tell_known(item: Happening) -> Act:
    """An id that the business's own apps and sites know the contact by."""
    said = {"id": IDENTITY_NAMES[item.fact]}
    if item.what == "linked":
        return Act(item.at, "link", "", _("Known by its %(id)s") % said, fact=item.ref)
    return Act(item.at, "unlink", "", _("No longer known by its %(id)s") % said, fact=item.ref)


def _as_head(names: Names, item: Happening) -> str:
    name = names.cause(item)
    return f"{name}:" if name else ""


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_CHARACTERS else text[:TEXT_CHARACTERS] + "…"
