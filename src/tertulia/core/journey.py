"""A run goes on: from step to step until one holds it, and what ends it (X1, X2, R3).

`advance` is what the engine, a trigger and the verdict about a message call: it asks the step where the run is what to
do, and follows. Nothing here knows kinds of steps: each says its `Move`. A run stays at a message until that has its
verdict, so that an exception finds it live and takes the message back (X1).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from tertulia.core import event_effects as ev
from tertulia.core import slot_effects as sx
from tertulia.core.answers import Reply
from tertulia.core.asking import ask_again, begin_question, is_asked, list_asked
from tertulia.core.attempts import decide_row, revoke_delivery
from tertulia.core.calls import GATE, queue_call, take_back_call
from tertulia.core.clocks import find_zone
from tertulia.core.durations import write_duration
from tertulia.core.entries import key_of
from tertulia.core.goals import credit_message, open_goal
from tertulia.core.hand_over import make_entry
from tertulia.core.identity import IdentityRef
from tertulia.core.journeys import AudienceEntry, DateEntry, Node
from tertulia.core.private_replies import find_way
from tertulia.core.reasons import Reason
from tertulia.core.rounds import find_begin, is_still_meant
from tertulia.core.rows import ClosedDelivery, ContactRow, OpenDelivery, RunRow
from tertulia.core.run_ends import HANDED_OVER, end, leave_in_time, leave_where_met, note_passage, take_back, watch_exit
from tertulia.core.run_messages import (
    ARRIVED,
    MAY_HAVE_ARRIVED,
    find_place,
    has_way,
    is_earlier,
    queue_attempt,
)
from tertulia.core.run_notes import decide_step, keep, tally
from tertulia.core.run_notes import find_program as find_program
from tertulia.core.run_starts import begin_other
from tertulia.core.run_texts import write_text
from tertulia.core.send_times import ask_for_hour, has_best_hour, has_hour_come, waits_for_hour
from tertulia.core.splits import choose_way
from tertulia.core.stages import find_channel
from tertulia.core.steps.base import (
    Answer,
    AskAgain,
    Begin,
    Call,
    Change,
    Divide,
    GoOn,
    HandOver,
    Leave,
    Move,
    Send,
    Skip,
    Step,
    View,
    WaitUntil,
    Woken,
)
from tertulia.core.steps.sending import SendStep
from tertulia.core.subjects import make_subject
from tertulia.core.world import World
from tertulia.core.zones import load_zone
from tertulia.ids import derive_id, shard_of_contact

RUNNING: Final = ("live", "closed")  # journeys whose runs go on
UNKNOWN_PATIENCE: Final = timedelta(minutes=15)  # by then a provider that can be asked has said what it does not have


def derive_run_id(journey_id: int, contact_id: int, event_id: UUID) -> UUID:
    """The same again for what began the run."""
    return derive_id("run", journey_id, contact_id, str(event_id))


def begin(world: World, run: RunRow) -> None:
    """A run that has just entered, or begins again, goes to the journey's first step."""
    watch_exit(world, run)
    keep(world, run)
    tally(world, run, "", "entered")
    open_goal(world, find_program(world, run).journey, run)
    _go(world, run, find_program(world, run).first)


def put_off_begin(world: World, run: RunRow, at: datetime) -> None:
    """A run that has entered waits for its customer's hour before it begins; a change of clock changes it (T5)."""
    run.due_at = at
    watch_exit(world, run)
    keep(world, run)


def begin_at_last(world: World, run: RunRow) -> None:
    """Its hour has come: it begins, where the customer is still whom the round was for."""
    if is_still_meant(world, run, find_program(world, run).journey.entry):
        run.since = world.now
        begin(world, run)
        return
    decide_step(world, run, "", "not_entered", "entry", Reason.ENTRY_AUDIENCE_LEFT.value, {})
    run.withheld = True  # nothing came of it, so it counts for no re-entry (R3)
    end(world, run, "left", Reason.ENTRY_AUDIENCE_LEFT.value)


def advance(world: World, run: RunRow, woken: Woken) -> None:
    """A run that waited goes on. By a clock that no event has changed, such as an import's, it may have to wait on: the
    time that it waits for is still to come there (T5)."""
    if leave_in_time(world, run):
        return
    if not run.step:
        begin_at_last(world, run)
        return
    node = find_program(world, run).nodes.get(run.step)
    if node is None:
        _go(world, run, None)
        return
    if run.delivery_id is not None:
        _lose_patience(world, run, node)
        return
    if isinstance(node.step, SendStep) and waits_for_hour(run, node.step):
        if has_hour_come(world, run, node.step, _look(world, run, woken).zone):
            _send(world, run, node.step, 0)
        return
    if woken is Woken.TIMER and node.step.is_wall_clock:
        move = node.step.resolve(_look(world, run, woken), run.since)
        if isinstance(move, WaitUntil):
            _do(world, run, node, move)
            return
    if is_asked(run):
        drop_question(world, run, Reason.REPLY_MISSED)
    else:
        _follow(world, run, node, woken)


def hear_reply(world: World, run: RunRow, reply: Reply, to: IdentityRef) -> None:
    """The customer wrote while the run's question waits: an answer, or the same question again, to where it came from,
    or not understood for good."""
    node = find_program(world, run).nodes[run.step]
    move = node.step.act(_look(world, run, Woken.REPLY, reply))
    if isinstance(move, AskAgain):
        assert isinstance(node.step, SendStep)
        ask_again(world, run, node.step, move.text, to)
        keep(world, run)
        return
    if isinstance(move, GoOn):
        _fail_question(world, run, Reason.REPLY_NOT_UNDERSTOOD)
    _do(world, run, node, move)


def drop_question(world: World, run: RunRow, reason: Reason) -> None:
    """The run's question waits no more, for a reason: on as where nobody answered."""
    node = find_program(world, run).nodes[run.step]
    _fail_question(world, run, reason)
    _follow(world, run, node, Woken.TIMER)


def _fail_question(world: World, run: RunRow, reason: Reason) -> None:
    decide_step(world, run, run.step, "unanswered", "reply", reason.value, {})
    run.question = {"failed": run.step}


def _go(world: World, run: RunRow, step: str | None) -> None:
    """Arrive at a step; without one the run is completed. A call that it does not wait for any longer is taken back."""
    take_back_call(world, run, Reason.CALL_TOO_LATE)
    if step is None:
        end(world, run, "completed", "")
        return
    run.step, run.since, run.due_at, run.delivery_id = step, world.now, None, None
    tally(world, run, step, "reached")
    _follow(world, run, find_program(world, run).nodes[step], Woken.ARRIVED)


def _follow(world: World, run: RunRow, node: Node, woken: Woken) -> None:
    """Ask the step and do what it says."""
    _do(world, run, node, node.step.act(_look(world, run, woken)))


def arrive_again(world: World, run: RunRow) -> None:
    """Ask the step as if the run had just come there: it is another one now (V1)."""
    _follow(world, run, find_program(world, run).nodes[run.step], Woken.ARRIVED)


def find_due(world: World, run: RunRow) -> datetime | None:
    """Until when the run would have to wait at its step, since it came there; None where it waits for no time."""
    view = replace(_look(world, run, Woken.ARRIVED), now=run.since)
    match find_program(world, run).nodes[run.step].step.act(view):
        case WaitUntil(at):
            return max(at, world.now)
        case GoOn() | Skip() | Leave():
            return world.now
        case _:
            return None


def settle_message(world: World, run: RunRow, node: Node, woken: Woken) -> None:
    """The run's message has its verdict, as far as there will be one."""
    run.delivery_id, run.due_at = None, None
    _follow(world, run, node, woken)


def _look(world: World, run: RunRow, woken: Woken, reply: Reply | None = None) -> View:
    contact = world.contacts[run.contact_id]
    zone = find_zone(world, contact, find_program(world, run).journey.zone).zone
    subject = make_subject(run.event.get("properties", {}), contact, run)
    return View(world.now, load_zone(zone), subject, woken, reply, int(run.question.get("tries", 0)))


def _do(world: World, run: RunRow, node: Node, move: Move) -> None:
    """Steps have no way back, so this ends."""
    match move:
        case GoOn(way):
            _go(world, run, node.next if way is None else node.ways[way])
        case Skip(reason):
            skip_next(world, run, node, reason)
        case WaitUntil(at):
            run.due_at = at
            keep(world, run)
        case Send() if has_best_hour(node.step):
            ask_for_hour(world, run)
        case Send():
            _send(world, run, node.step, 0)
        case Change(attributes):
            if _change(world, run, attributes):
                _go(world, run, node.next)
        case Answer(value, attribute, way):
            run.answers, run.question = {**run.answers, node.step.id: value}, {}
            keep(world, run)
            if not attribute or _change(world, run, {attribute: value}):
                _go(world, run, node.ways[way])
        case Begin(key, properties):
            begin_other(world, run, node.step.id, key, properties)
            _go(world, run, node.next)
        case Call():
            _call(world, run, node, move)
        case Divide():
            _go(world, run, node.ways[choose_way(world, run, node.step.id, move)])
        case HandOver(say):
            entry = make_entry(world, run, write_text(world, run, say), world.now)
            world.forward(run.workspace, shard_of_contact(run.contact_id), key_of(entry), entry, run.contact_id)
            _go(world, run, node.next)
        case Leave(reason):
            end(world, run, "left", reason)


def _call(world: World, run: RunRow, node: Node, move: Call) -> None:
    """S6: stay until the outcome is known. What cannot be written for this customer did not work."""
    unwritten = queue_call(world, run, move)
    if unwritten is not None:
        decide_step(world, run, node.step.id, "failed", GATE, unwritten.reason.value, unwritten.facts)
        _go(world, run, node.ways[1])
        return
    run.due_at = world.now + move.at_most if move.at_most is not None else None
    keep(world, run)


def follow_call(world: World, run: RunRow, way: int) -> None:
    """The outcome of the run's call is known: it goes on."""
    _go(world, run, find_program(world, run).nodes[run.step].ways[way])


def _change(world: World, run: RunRow, attributes: Mapping[str, Any]) -> bool:
    """Write attributes of the contact. False where that ended the run (X5)."""
    changed = dict.fromkeys(attributes, world.now)
    world.add(ev.ChangeContact(run.workspace, run.contact_id, {}, dict(attributes), changed, world.now))
    leave_where_met(world, world.contacts[run.contact_id])
    return run.id in world.runs


def resolve_clocks(world: World, contact: ContactRow) -> None:
    """T5: the contact's clock may be another one now, so waits for a time by it are resolved again, and what waits for
    its hours or for a calendar's cap is looked at again. What is late goes on where the journey runs; one that is
    paused stays as it is until it does."""
    world.add(sx.WakeHeld(contact.workspace, contact.id, world.now))
    for run in [world.runs[run_id] for run_id in world.runs_of.get(contact.id, ())]:
        entry = find_program(world, run).journey.entry
        if not run.step and isinstance(entry, AudienceEntry | DateEntry):
            day = date.fromisoformat(run.event["properties"]["day"])
            put_off_begin(world, run, max(find_begin(entry, day, _look(world, run, Woken.ARRIVED).zone), world.now))
            continue
        node = find_program(world, run).nodes.get(run.step)
        if node is not None and waits_for_hour(run, node.step):
            ask_for_hour(world, run)
            continue
        if node is None or run.due_at is None or not node.step.is_wall_clock:
            continue
        move = node.step.resolve(_look(world, run, Woken.ARRIVED), run.since)
        frozen = world.config.journeys[run.journey_id].state not in RUNNING
        _do(world, run, node, WaitUntil(world.now) if frozen and not isinstance(move, WaitUntil) else move)


def skip_next(world: World, run: RunRow, node: Node, reason: str) -> None:
    """Pass over the step behind a wait (T6, V2)."""
    program = find_program(world, run)
    if node.next is None:
        _go(world, run, None)
        return
    skipped = program.nodes[node.next]
    if isinstance(skipped.step, SendStep):
        decide_step(world, run, skipped.step.id, "not_sent", "run", reason, {})
    _go(world, run, skipped.next)


# messages


def _send(world: World, run: RunRow, step: Step, stage: int) -> None:
    """Queue the message on the next channel on which the customer has an address; without one the run goes on."""
    assert isinstance(step, SendStep)
    contact = world.contacts[run.contact_id]
    for place, name in enumerate(step.channels[stage:], stage):
        channel = find_channel(world, run.workspace, name)
        to = find_way(world, run, contact, channel) if channel is not None else None
        if channel is None or to is None:
            reason = Reason.NO_CHANNEL if channel is None else Reason.NO_ADDRESS
            decide_step(world, run, step.id, "not_sent", "address", reason.value, {"channel": name})
            continue
        class_ = step.class_ or find_program(world, run).journey.class_
        queue_attempt(world, run, step, class_, place, channel, to)
        keep(world, run)
        return
    settle_message(world, run, find_program(world, run).nodes[step.id], Woken.UNSENT)


def follow_delivery(world: World, delivery_id: UUID | None, *, everywhere: bool = False) -> None:
    """What became of a message lets its run go on: one that was taken to what its step does then, one that was not to
    the next channel, unless it was refused `everywhere`. A question that could not be repeated was asked all the same.
    While nobody knows, the run stays for a while: the message may go out again, and an exception has to find its run
    (X2). A run that is elsewhere by now, or over, is not concerned."""
    closed, opened = (world.closed.get(delivery_id), world.open.get(delivery_id)) if delivery_id else (None, None)
    row = closed or opened
    run = world.runs.get(row.run_id) if row is not None and row.run_id is not None else None
    if row is None or run is None:
        return
    if run.delivery_id != delivery_id:
        _hear_late(world, run, row)
        return
    node = find_program(world, run).nodes[run.step]
    if row.state == "unknown":
        if run.due_at is None:
            run.due_at = world.now + UNKNOWN_PATIENCE
            keep(world, run)
    elif closed is None or (closed.state == "sent" and _waits_for_receipt(world, run, node.step, closed)):
        return
    elif row.state in MAY_HAVE_ARRIVED or run.question.get("delivery", str(row.id)) != str(row.id):
        settle_message(world, run, node, Woken.SENT)
    elif everywhere:
        settle_message(world, run, node, Woken.UNSENT)
    else:
        run.question = {}
        _send(world, run, node.step, row.stage + 1)


def _waits_for_receipt(world: World, run: RunRow, step: Step, row: ClosedDelivery) -> bool:
    """Whether the run stays until a message that was taken is delivered; a channel that never tells is believed."""
    patient = step.find_patience() is not None
    return patient and run.due_at is not None and world.config.channels[row.channel_id].tells_delivery


def _lose_patience(world: World, run: RunRow, node: Node) -> None:
    """S3: nobody has said for a while what became of the message. Where the step gives a delivery so long, the next
    channel is tried. One that goes out again will have its verdict."""
    delivery = world.open.get(run.delivery_id) if run.delivery_id is not None else None
    step = node.step
    if isinstance(step, SendStep) and step.find_patience() and has_way(world, run, step, find_place(run, step) + 1):
        _fall_back(world, run, step, delivery)
    elif delivery is None or delivery.state == "unknown":
        settle_message(world, run, node, Woken.SENT)
    else:
        run.due_at = None
        keep(world, run)


def _fall_back(world: World, run: RunRow, step: SendStep, delivery: OpenDelivery | None) -> None:
    """Nobody has told in time that the message was delivered: the next channel. What a provider does not have is taken
    back; what it has or may have goes its way, and its receipt is still heard."""
    place = find_place(run, step)
    if delivery is not None and delivery.state not in HANDED_OVER:
        revoke_delivery(world, delivery, Reason.NO_RECEIPT.value)
    else:
        facts = {"channel": step.channels[place], "within": write_duration(step.find_patience() or timedelta())}
        decide_step(world, run, step.id, "unconfirmed", "receipt", Reason.NO_RECEIPT.value, facts)
    _send(world, run, step, place + 1)


def _hear_late(world: World, run: RunRow, row: OpenDelivery | ClosedDelivery) -> None:
    """A message is delivered after the next channel was tried. The attempts end: the one that is not handed over yet is
    taken back, of the others the ledger says that the customer may have both."""
    node = find_program(world, run).nodes.get(run.step)
    if row.state not in ARRIVED or node is None or not isinstance(node.step, SendStep):
        return
    if not node.step.find_patience() or not is_earlier(run, node.step, row):
        return
    later = world.open.get(run.delivery_id) if run.delivery_id is not None else None
    if later is not None and later.state not in HANDED_OVER:
        revoke_delivery(world, later, Reason.ARRIVED_BEFORE.value)
    else:
        world.add(decide_row(world, row, "sent", "receipt", Reason.LATE_RECEIPT.value, {}))
    settle_message(world, run, node, Woken.SENT)


def note_message(world: World, run: RunRow, delivery: OpenDelivery) -> None:
    """A message of the run was handed over: from now on its entry counts (R2, R3), and a question waits. An older one
    on the channel waits no more. Where the step waits for a delivery, its time runs from the first hand-over on."""
    note_passage(world, run, world.now)
    step = find_program(world, run).nodes[run.step].step
    assert isinstance(step, SendStep)
    patience = step.find_patience()
    if patience is not None and run.due_at is None and has_way(world, run, step, delivery.stage + 1):
        run.due_at = world.now + patience
        keep(world, run)
    if step.ASKS and not is_asked(run):
        for older in list_asked(world, run.contact_id, delivery.channel_id):
            drop_question(world, older, Reason.QUESTION_REPLACED)
        begin_question(run, delivery, world.now)
        keep(world, run)
    credit_message(world, find_program(world, run).journey, run)


# the run itself


def restart(
    world: World, run: RunRow, event: dict[str, Any], entered_at: datetime, reason: Reason = Reason.RUN_RESTARTED
) -> None:
    """R1, X4: begin again with a new event's data; what is queued is taken back."""
    take_back(world, run, reason, None)
    run.event, run.entered_at, run.visit, run.step = event, max(entered_at, run.entered_at), run.visit + 1, ""
    run.delivery_id, run.due_at, run.withheld = None, None, False
    run.answers, run.question, run.results = {}, {}, {}
    begin(world, run)
