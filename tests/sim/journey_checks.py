"""What must be true of journeys in a world at rest: every run has an end that its events explain, nothing was sent
after it, nobody got a message of a run twice, and the counts are those of the runs.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from tests.sim.world import World

from tertulia.core.links import hash_code, parse

Finding = Iterator[str]


def check_runs(world: World) -> Finding:
    """Every run has come to an end, with an outcome."""
    for run_id, step in world.rows("select id, step from run_open"):
        yield f"run {run_id} is still at {step!r}"
    for run_id, outcome, reason in world.rows("select id, outcome, reason from run"):
        if outcome not in ("completed", "left", "exited") or (outcome == "exited") != bool(reason.startswith("run.")):
            yield f"run {run_id} ended as {outcome} for {reason!r}"
    for (state,) in world.rows("select state from journey where state not in ('live', 'closed', 'cancelled')"):
        yield f"a journey is {state} at the end"


def check_exceptions(world: World) -> Finding:
    """X1, E5: a run that an exception ended has its event, which did not occur before the one that began it; and no
    message of a run was handed over after its end."""
    rows = world.rows(
        """select r.id, r.entered_at, e.occurred_at, e.name from run r
           left join event e on e.id = r.event_id
           where r.reason = 'run.exception' and r.event <> '{}'"""
    )
    for run_id, entered_at, occurred_at, name in rows:
        if occurred_at is None or occurred_at < entered_at:
            yield f"run {run_id}, entered at {entered_at}, was ended by {name} of {occurred_at}"
    late = world.rows(
        """select l.run_id, l.at, r.ended_at from ledger l join run r on r.id = l.run_id
           where l.outcome = 'sent' and l.gate = 'provider' and l.at > r.ended_at"""
    )
    for run_id, at, ended_at in late:
        yield f"run {run_id} ended at {ended_at}, and a message of it was handed over at {at}"


def check_missed_exceptions(world: World) -> Finding:
    """X1: a run that went on for long enough after its exception was known would have been ended by it. Seen from the
    events alone: an exception of the run's contact, decided between its beginning and its end."""
    rules = {"Order Completed"}
    rows = world.rows(
        """select r.id, r.contact_id, r.entered_at, r.started_at, r.ended_at, r.event ->> 'id', j.name,
                  r.event -> 'properties' ->> 'cart'
           from run r join journey j on j.id = r.journey_id
           where r.outcome <> 'exited' and r.event <> '{}'"""
    )
    for run_id, contact, entered_at, started_at, ended_at, began, name, cart in rows:
        kind = (int(name.removeprefix("J")) + world.script.seed) % 3
        wanted = {0: rules, 1: rules, 2: {"Product Added", "Cart Viewed"}}[kind]
        found = world.rows(
            """select id, name from event where contact_id = %s and name = any(%s) and occurred_at >= %s
                 and received_at > %s and received_at < %s and id::text <> %s
                 and (%s or properties ->> 'cart' = %s)""",
            *(contact, list(wanted), entered_at, started_at, ended_at, began, kind != 1, cart),
        )
        for event_id, event in found:
            if not (kind == 2 and event == "Product Added"):  # a debounce begins it again
                yield f"run {run_id} of {name} went on after {event} {event_id}"


def check_journey_copies(world: World) -> Finding:
    """S3: a message of a run goes out once; a transactional one again only after `unknown`, or on the next channel
    where its step waits for a delivery and none was told, and the ledger says so."""
    taken = (taken for taken in world.machine.provider.taken if taken.took and taken.text.startswith("J"))
    copies = Counter(one.key for one in taken)
    extra = {key: count for key, count in copies.items() if count > 1}
    query = "select 1 from ledger where reason = any(%s) and journey_id is not null"
    allowed = len(world.rows(query, ["second_copy", "receipt.none"]))
    if sum(count - 1 for count in extra.values()) > allowed:
        yield f"{extra} went out more than once, {allowed} second copies are allowed"


def check_tallies(world: World) -> Finding:
    """Counts that are kept as runs go equal a recount of the runs."""
    query = "select journey_id, what, sum(count) from step_tally where what <> 'reached' group by 1, 2"
    kept = Counter({(journey, what): int(count) for journey, what, count in world.rows(query)})
    query = "select journey_id, outcome, count(*) from run group by 1, 2"
    ends = Counter({(journey, outcome): count for journey, outcome, count in world.rows(query)})
    for key in {key for key in kept | ends if key[1] != "entered"}:
        if kept[key] != ends[key]:
            yield f"{key}: counted {kept[key]}, there are {ends[key]}"
    for journey, runs in world.rows("select journey_id, count(*) from run group by 1"):
        if kept[(journey, "entered")] < runs:
            yield f"journey {journey}: {kept[(journey, 'entered')]} entered, {runs} runs"


def check_second_starts(world: World) -> Finding:
    """R1: of one key at most one run lives at a time, but where the journey said parallel."""
    rows = world.rows(
        """select a.id, b.id from run a join run b
             on a.journey_id = b.journey_id and a.contact_id = b.contact_id and a.key = b.key and a.id < b.id
            and a.event <> '{}' and b.event <> '{}'
            and a.started_at < b.ended_at and b.started_at < a.ended_at
           where not exists (select 1 from journey_revision r
                             where r.journey_id = a.journey_id and r.document like '%%second: parallel%%')"""
    )
    for one, other in rows:
        yield f"runs {one} and {other} of one key lived at once"


def check_verdicts_of_steps(world: World) -> Finding:
    """S1: whoever came to a message has a row of the ledger about it, unless an end took them away before."""
    rows = world.rows(
        """select r.id from run r
           where r.outcome = 'completed'
             and not exists (select 1 from ledger l
                             where l.run_id = r.id and l.outcome in ('sent', 'not_sent', 'ghost'))"""
    )
    for (run_id,) in rows:
        yield f"run {run_id} was completed, and no decision about a message of it is known"


def check_hold_outs(world: World) -> Finding:
    """A1, A3: who is held out of a journey was sent no marketing of it, and of a ghost no slot is taken. With a merge
    the older side holds, so the merged are left out."""
    rows = world.rows(
        """select d.id, d.contact_id from delivery d
           join assignment a on a.contact_id = d.contact_id and a.experiment = d.journey_id::text
           where a.way = 'held_out' and d.class = 'marketing' and d.sent_at is not null
             and not exists (select 1 from merge m where d.contact_id in (m.contact_id, m.into_id))"""
    )
    for delivery_id, contact in rows:
        yield f"contact {contact} is held out and was sent {delivery_id}"
    rows = world.rows("select s.delivery_id from slot s join ledger l using (delivery_id) where l.outcome = 'ghost'")
    for (delivery_id,) in rows:
        yield f"ghost {delivery_id} has a slot"


def check_calls(world: World) -> Finding:
    """S6: a call that may not be repeated was not, once it may have been taken: whoever died, and whenever. None is
    forgotten: each has left the undecided ones, and its last word stands in the ledger."""
    settled: set[str] = set()
    for call in world.machine.provider.called:
        if call.key in settled:
            yield f"call {call.key} was made again after it may have been taken"
        if call.fate != "busy":
            settled.add(call.key)
    for call_id, state in world.rows("select id, state from call_open"):
        yield f"call {call_id} is still {state}"
    rows = world.rows("select distinct facts ->> 'call' from ledger where gate = 'call' and outcome <> 'held'")
    told = {row[0] for row in rows}
    for key in {call.key for call in world.machine.provider.called} - told:
        yield f"call {key} has no verdict"


def check_links(world: World) -> Finding:
    """M4: a message has the same link however often it was tried, and the link is there as long as it holds."""
    kept = {bytes(row[0]) for row in world.rows("select code_hash from message_link")}
    erased = world.rows("select 1 from contact where erased_at is not null")  # whose links are gone
    codes: dict[str, set[str]] = {}
    for taken in world.machine.provider.taken:
        if taken.text.startswith("J") and taken.code:
            codes.setdefault(taken.delivery, set()).add(taken.code)
    for delivery, found in codes.items():
        parsed = [code for text in found if (code := parse(text)) is not None]
        if len(parsed) != 1:
            yield f"message {delivery} went out with {len(found)} links"
        elif hash_code(parsed[0].base) not in kept and not erased:
            yield f"the link of message {delivery} leads nowhere"


CHECKS: Final[tuple[Callable[[World], Finding], ...]] = (
    check_runs,
    check_exceptions,
    check_missed_exceptions,
    check_journey_copies,
    check_tallies,
    check_second_starts,
    check_hold_outs,
    check_verdicts_of_steps,
    check_calls,
    check_links,
)
