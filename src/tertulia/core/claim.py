"""The claim (X2): in the owner's transaction a queued delivery passes the gates once more, is rendered, and becomes
`sending`; that commit is the hand-over. Whatever is decided is a row of the ledger (S1).
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from tertulia.core import effects as fx
from tertulia.core import lanes
from tertulia.core.asking import write_buttons
from tertulia.core.attempts import decide_row
from tertulia.core.budgets import Charge
from tertulia.core.canaries import find_place
from tertulia.core.caps import AtCap
from tertulia.core.carriers import EMAIL, SMS
from tertulia.core.catalogs import ROOT, make_shelves
from tertulia.core.clocks import find_zone, read_clock
from tertulia.core.consent import Target, derive, find_suppression
from tertulia.core.content import Content, mask_links, read_content, write_content
from tertulia.core.coupons import (
    Grant,
    claim_coupons,
    coupon_facts,
    find_grants,
    list_texts,
    return_coupons,
    tell_run_dry,
)
from tertulia.core.deliveries import DeliveryEvent, DeliveryState, MessageClass, advance
from tertulia.core.gates import COUPON, Verb, Verdict, judge
from tertulia.core.hold_outs import go_on_as_sent, list_arms, record_exposure
from tertulia.core.identity import Trust
from tertulia.core.journey import find_program, follow_delivery, note_message
from tertulia.core.journeys import AudienceEntry
from tertulia.core.leave import Leave, sign_leave
from tertulia.core.mail_html import clean_html
from tertulia.core.match_messages import render_direct, render_links
from tertulia.core.message_links import LinkMaker, count_links_of, list_first_hashes
from tertulia.core.once import Once
from tertulia.core.otp import find_otp, follow_otp
from tertulia.core.placing import Attachment, Placed, carries, place_attachment, place_link
from tertulia.core.private_replies import find_subject, is_private, is_taken, take_reply
from tertulia.core.reasons import Reason
from tertulia.core.render import Broken, OnMissing, Outcome, ProblemCode, Rendered, TemplateProblem, render_source
from tertulia.core.rounds import is_still_meant
from tertulia.core.rows import ContactRow, LinkedIdentity, OpenDelivery, RunRow
from tertulia.core.run_ends import leave_in_time
from tertulia.core.run_texts import run_facts
from tertulia.core.send_facts import Audience, Platform, RunState, SendFacts
from tertulia.core.send_rules import find_journey_zone, find_outside, find_run, find_step, list_windows
from tertulia.core.sensitive import Choice, Proof, judge_address, list_sensitive
from tertulia.core.slots import describe, list_others, release_slot, take_slot
from tertulia.core.spending import find_pots, let_go, make_charge, reserve, tell_run_out
from tertulia.core.stages import queue_next_stage
from tertulia.core.steps.sending import SendStep
from tertulia.core.templates import Wording
from tertulia.core.throttles import draw_number, find_turn, take_turn
from tertulia.core.web_addresses import read_address
from tertulia.core.wordings import choose_wording, find_wording, make_content
from tertulia.core.world import ChannelFacts, MatchFacts, World

HOLD_AGAIN_S: Final = 60.0
NEUTRAL_SUBJECT: Final = "{{ workspace.name }}"  # where the message's own is personal (M6)
Minted = list[fx.MintLink | fx.MintMessageLink]
# A match that is done goes on for whom a receipt, hours later, hands over to the next way of reaching.
_RUN: Final = {
    "live": RunState.LIVE,
    "launching": RunState.LIVE,
    "paused": RunState.PAUSED,
    "stopped": RunState.STOPPED,
    "done": RunState.LIVE,
}


def claim_delivery(world: World, delivery: OpenDelivery) -> bool:
    """Decide one queued delivery. True when it was handed over."""
    world.open[delivery.id] = delivery
    if (run := find_run(world, delivery)) is not None and leave_in_time(world, run):
        return False
    minted: Minted = []
    contents: list[Content] = []
    trust = _judge_trust(world.contacts[delivery.contact_id], delivery)
    wording = find_wording(world, delivery, world.contacts[delivery.contact_id])
    choice = choose_wording(world, delivery, wording, trust)
    grants = _find_grants(world, delivery, wording, choice)
    renderer = Once(_renderer(world, delivery, wording, choice, grants, minted, contents))
    charge = Once(partial(_charge, world, delivery, renderer, contents))
    facts = _gather(world, delivery, trust, wording, choice, grants, renderer, charge)
    verdict = judge(facts)
    if verdict.outcome in (Verb.SEND, Verb.GHOST):
        record_exposure(world, delivery, facts.arms)
    match verdict.outcome:
        case Verb.SEND:
            content = reserve(world, delivery, contents[0], charge()) if facts.charge else contents[0]
            _hand_over(world, delivery, verdict, minted, content)
            if (run := find_run(world, delivery)) is not None:
                claim_coupons(world, run, delivery, grants)
            return True
        case Verb.HOLD:
            _hold(world, delivery, verdict)
            if verdict.gate == COUPON:
                tell_run_dry(world, delivery, grants)
            if verdict.reason is Reason.BUDGET_SPENT:
                tell_run_out(world, charge())
        case Verb.DROP:
            _drop(world, delivery, verdict)
        case Verb.GHOST:
            _hold_out(world, delivery, verdict)
    return False


def _charge(world: World, delivery: OpenDelivery, render: Callable[[], Outcome], contents: list[Content]) -> Charge:
    """What it costs as it is written: how many parts an SMS has is known when it is rendered."""
    render()
    return make_charge(world, delivery, contents[0] if contents else None)


def _hand_over(
    world: World,
    delivery: OpenDelivery,
    verdict: Verdict,
    minted: Minted,
    content: Content,
) -> None:
    world.add(*minted)
    take_turn(world, delivery)
    attempt = delivery.attempt + 1
    world.add(
        fx.SetOpenState(
            *(delivery.workspace, delivery.contact_id, delivery.id, DeliveryState.SENDING.value, attempt),
            *(write_content(content), world.now),
        ),
        decide_row(world, delivery, "sent", verdict.gate, verdict.reason.value, _facts(verdict)),
    )
    step = find_step(world, delivery)
    take_slot(world, delivery, important=step is not None and step.important)
    take_reply(world, delivery)
    if (run := find_run(world, delivery)) is not None:
        note_message(world, run, delivery)


def _hold(world: World, delivery: OpenDelivery, verdict: Verdict) -> None:
    until = verdict.until or world.now + timedelta(seconds=HOLD_AGAIN_S)
    told = verdict.until is not None and verdict.promised
    facts = _facts(verdict) | ({"until": until.isoformat()} if told else {})
    content = draw_number(world, delivery) if verdict.reason is Reason.THROTTLED else delivery.content
    world.add(
        fx.SetOpenState(
            *(delivery.workspace, delivery.contact_id, delivery.id, DeliveryState.QUEUED.value, delivery.attempt),
            *(content, until, verdict.gate if verdict.until else ""),
        ),
        decide_row(world, delivery, "held", verdict.gate, verdict.reason.value, facts),
    )
    if verdict.gate == "cap":
        _give_slot_back(world, delivery)


def _drop(world: World, delivery: OpenDelivery, verdict: Verdict) -> None:
    transition = advance(DeliveryState(delivery.state), DeliveryEvent.DROP)
    world.add(
        _closed(world, delivery, transition.new.value, verdict.reason.value),
        decide_row(world, delivery, "not_sent", verdict.gate, verdict.reason.value, _facts(verdict)),
    )
    _give_slot_back(world, delivery)
    let_go(world, delivery)
    return_coupons(world, delivery)
    if delivery.match_id is not None:
        queue_next_stage(world, delivery, verdict.reason.value, world.now)
    if verdict.gate == "send_window" and (run := find_run(world, delivery)) is not None:
        run.withheld = True
    follow_delivery(world, delivery.id, everywhere=verdict.everywhere)
    follow_otp(world, delivery.id, everywhere=verdict.everywhere)


def _hold_out(world: World, delivery: OpenDelivery, verdict: Verdict) -> None:
    """A3: a ghost send. Nothing is reserved, and what an earlier attempt had is free."""
    transition = advance(DeliveryState(delivery.state), DeliveryEvent.DROP)
    world.add(
        _closed(world, delivery, transition.new.value, verdict.reason.value),
        decide_row(world, delivery, "ghost", verdict.gate, verdict.reason.value, _facts(verdict)),
    )
    _give_slot_back(world, delivery)
    let_go(world, delivery)
    return_coupons(world, delivery)
    if delivery.match_id is not None:
        reason = verdict.reason.value
        world.progress_to(delivery.contact_id, delivery.match_id, "unreached", at=world.now, reason=reason)
    if (run := find_run(world, delivery)) is not None:
        go_on_as_sent(world, run)


def _give_slot_back(world: World, delivery: OpenDelivery) -> None:
    """An earlier attempt, here or on the channel before, may have taken one."""
    if delivery.attempt or delivery.stage:
        release_slot(world, delivery)


def _closed(world: World, delivery: OpenDelivery, state: str, reason: str) -> fx.CloseDelivery:
    masked = mask_links(delivery.content, world.config.workspaces[delivery.workspace].link_base)
    return fx.CloseDelivery(
        *(delivery.workspace, delivery.contact_id, delivery.match_id, delivery.id, state, "", masked, reason),
        *((), 0, 0, "", world.now),
    )


def _facts(verdict: Verdict) -> dict[str, object]:
    """What the ledger keeps: every gate passed with the facts it used, then the one that refused with its own."""
    return {"passed": [[gate, dict(used)] for gate, used in verdict.passed], "used": dict(verdict.facts)}


def _judge_trust(contact: ContactRow, delivery: OpenDelivery) -> Trust:
    """How far it is verified that the contact is where the message goes (M6)."""
    phones = [row.canonical for row in contact.addresses if row.kind == "phone"]
    proofs = [Proof(row.identity.kind, row.identity.value, row.trust) for row in contact.identities]
    return judge_address(delivery.to_kind, delivery.to_value, phones, proofs)


def _is_mail(world: World, delivery: OpenDelivery) -> bool:
    return world.config.channels[delivery.channel_id].carries == EMAIL


def _find_state(world: World, delivery: OpenDelivery, match: MatchFacts | None) -> RunState:
    """Whether what the message belongs to still wants it."""
    if delivery.lane == lanes.CODE:
        return RunState.LIVE if find_otp(world, delivery.id) is not None else RunState.CODE_OVER
    if delivery.run_id is None:
        return _RUN[match.state] if match else RunState.LIVE
    if find_run(world, delivery) is None:
        return RunState.ENDED
    journey = world.config.journeys[delivery.journey_id or 0]
    return RunState.PAUSED if journey.state == "paused" else RunState.LIVE


def _find_audience(world: World, delivery: OpenDelivery) -> Audience:
    """A broadcast to a segment is for those who are in it when a message of it goes out."""
    run = find_run(world, delivery)
    journey = find_program(world, run).journey if run is not None else None
    if run is None or journey is None or not journey.is_broadcast:
        return Audience.NONE
    if not isinstance(journey.entry, AudienceEntry) or not journey.entry.segment:
        return Audience.NONE
    return Audience.INSIDE if is_still_meant(world, run, journey.entry) else Audience.LEFT


def _gather(
    world: World,
    delivery: OpenDelivery,
    trust: Trust,
    wording: Wording,
    choice: Choice,
    grants: tuple[Grant, ...],
    renderer: Callable[[], Outcome],
    charge: Callable[[], Charge],
) -> SendFacts:
    channel = world.config.channels[delivery.channel_id]
    match = world.config.matches.get(delivery.match_id) if delivery.match_id is not None else None
    contact = world.contacts[delivery.contact_id]
    subject = find_subject(world, delivery, delivery.identity_scope)
    step = find_step(world, delivery)
    message = describe(world, delivery, important=step is not None and step.important)
    row = next((a for a in contact.addresses if a.value == delivery.to_value), None)
    linked = next((i for i in contact.identities if i.identity.value == delivery.to_value), None)
    suppressions = world.suppressed.get((delivery.workspace, subject.kind, subject.value), [])
    platform = _platform(world, channel, match, delivery, linked)
    return SendFacts(
        delivery_id=delivery.id,
        now=world.now,
        message_class=message.message_class,
        topic=message.topic,
        run=_find_state(world, delivery, match),
        contact_merged=contact.merged_into is not None and (match is not None or delivery.run_id is not None),
        contact_erased=contact.erased,
        audience=_find_audience(world, delivery),
        address=delivery.to_value,
        mobile_needed=channel.carries == SMS,
        mobile=row.sms if row else delivery.match_id is None and delivery.run_id is None,
        dead_code=row.dead_code if row and not channel.app else "",
        trust=trust,
        sensitive=choice.used,
        neutral=choice.neutral,
        consent=derive(contact.consents, Target(subject, message.channel, message.topic), undone=world.config.undone),
        suppression=find_suppression(suppressions, subject, message.channel, message.message_class),
        deadline=delivery.deadline,
        platform=platform,
        answers=is_private(delivery),
        window_until=linked.window_until if linked else None,
        windows=list_windows(world, delivery),
        zone=find_zone(world, contact, find_journey_zone(world, delivery)),
        outside=find_outside(world, delivery),
        caps=world.config.workspaces[delivery.workspace].caps,
        slots=list_others(world, delivery),
        message=message,
        at_cap=AtCap(step.at_cap) if step is not None else AtCap.DEFER,
        channel_stopped=channel.state != "live",
        charge=charge if find_pots(world, delivery) else None,
        turn=find_turn(world, delivery),
        canary=find_place(world, delivery, find_run(world, delivery)),
        on_missing=OnMissing(wording.on_missing),
        characters_max=_find_room(channel, step),
        render=renderer,
        template=wording.list_facts(),
        coupons=grants,
        arms=list_arms(world, delivery, find_run(world, delivery)),
    )


def _find_room(channel: ChannelFacts, step: SendStep | None) -> int:
    """How many characters go out there: beside what the channel carries with a text, fewer."""
    attachment = _find_attachment(step)
    return channel.caption_max if attachment and carries(channel, attachment.form) else channel.text_max


def _platform(
    world: World, channel: ChannelFacts, match: MatchFacts | None, delivery: OpenDelivery, linked: LinkedIdentity | None
) -> Platform:
    """I7: what the platform lets us write now."""
    direct = (match is not None and delivery.stage < len(match.direct)) or read_content(delivery.content).direct
    if not channel.app or direct:
        return Platform.FREE if channel.may_write_first else Platform.CUSTOMER_FIRST
    if linked is None:
        return Platform.CUSTOMER_FIRST
    if channel.window_s is None:
        return Platform.FREE
    if linked.window_until is None:
        return Platform.CUSTOMER_FIRST
    if is_taken(delivery, linked):
        return Platform.REPLIED
    return Platform.OPEN if linked.window_until > world.now else Platform.CLOSED


def _renderer(
    world: World,
    delivery: OpenDelivery,
    wording: Wording,
    choice: Choice,
    grants: tuple[Grant, ...],
    minted: Minted,
    contents: list[Content],
) -> Callable[[], Outcome]:
    """Renders when the gates before have let the message pass; leaves links and content behind."""

    def call() -> Outcome:
        content = read_content(delivery.content)
        if content.is_rendered:
            contents.append(content)
            return Rendered(content.text)
        contact = world.contacts[delivery.contact_id]
        if (run := find_run(world, delivery)) is not None:
            maker = LinkMaker(world, delivery, run)
            told = _render_step(world, delivery, run, contact, wording, choice, grants, contents, maker)
            minted.extend(maker.made)
            return told
        assert delivery.match_id is not None
        match = world.config.matches[delivery.match_id]
        if delivery.stage < len(match.direct):
            return render_direct(world, match, delivery, contact, contents)
        outcome, link = render_links(world, match, choice.text, contact)
        minted.extend([link] if link is not None else [])
        if isinstance(outcome, Rendered):
            contents.append(make_content(outcome.text, wording, choice))
        return outcome

    return call


def _find_grants(world: World, delivery: OpenDelivery, wording: Wording, choice: Choice) -> tuple[Grant, ...]:
    """S5: the codes that this message shows, if it is not written yet."""
    if read_content(delivery.content).is_rendered:
        return ()
    beside = ((wording.subject, False), (wording.html, True)) if _is_mail(world, delivery) else ()
    return find_grants(world, find_run(world, delivery), ((choice.text, False), *beside))


def _render_step(
    world: World,
    delivery: OpenDelivery,
    run: RunRow,
    contact: ContactRow,
    wording: Wording,
    choice: Choice,
    grants: tuple[Grant, ...],
    contents: list[Content],
    maker: LinkMaker,
) -> Outcome:
    """A journey's message: its text, and of an e-mail the subject and the HTML. A neutral text goes alone."""
    now = read_clock(world, contact, find_journey_zone(world, delivery))
    facts, unsubscribe = run_facts(world, run, contact, coupon_facts(grants, now)), ""
    facts[ROOT] = make_shelves(world.config.catalogs, delivery.workspace, world.items)
    sources = [("text", choice.text, False)]
    if _is_mail(world, delivery):
        leave = _write_leave(world, delivery)
        facts["unsubscribe"], unsubscribe = leave, leave if delivery.class_ == MessageClass.MARKETING.value else ""
        marked = world.config.workspaces[delivery.workspace].sensitive
        personal = choice.neutral and list_sensitive(wording.subject, marked)
        sources.append(("subject", NEUTRAL_SUBJECT if personal or not wording.subject else wording.subject, False))
        sources += [("html", wording.html, True)] if wording.html and not choice.neutral else []
    step, made = find_step(world, delivery), {}
    channel, attachment = world.config.channels[delivery.channel_id], _find_attachment(step)
    for name, source, is_html in sources:
        outcome = render_source(source, facts, now, OnMissing(wording.on_missing), is_html, maker.track)
        if not isinstance(outcome, Rendered):
            return outcome
        made[name] = clean_html(outcome.text) if is_html else outcome.text
    beside = {"subject": made.get("subject", ""), "html": made.get("html", ""), "unsubscribe": unsubscribe}
    choices = _write_buttons(world, delivery, contact)
    label, link = _render_link(None if choice.neutral else step, facts, now, wording, maker)
    if label and not isinstance(link, Rendered):
        return link
    placed = Placed(made["text"], {}, choices)
    if attachment is not None:
        placed = place_attachment(channel, made, attachment)
    elif label and isinstance(link, Rendered):
        placed = place_link(channel, made, label, link.text)
    made["text"], choices = placed.text, placed.choices
    beside |= placed.beside
    contents.append(make_content(made["text"], wording, choice, choices=choices, **beside))
    return Rendered(made["text"])


def _find_attachment(step: SendStep | None) -> Attachment | None:
    form, address = step.find_attachment() if step is not None else ("", "")
    return Attachment(form, address) if address else None


def _render_link(
    step: SendStep | None, facts: dict[str, object], now: datetime, wording: Wording, maker: LinkMaker
) -> tuple[str, Outcome]:
    """The label of the link below the text and what stands behind it; a label that is empty is no link."""
    label, to = step.find_link() if step is not None else ("", "")
    if not label:
        return "", Rendered("")
    outcome = render_source(to, facts, now, OnMissing(wording.on_missing))
    if not isinstance(outcome, Rendered):
        return label, outcome
    if not (address := read_address(outcome.text.strip())):
        return label, Broken(TemplateProblem(ProblemCode.BAD_ADDRESS, 1, 1, outcome.text.strip()))
    return label, Rendered(maker.track(address, label))


def _write_leave(world: World, delivery: OpenDelivery) -> str:
    """Where this customer says that they want no more offers (C3)."""
    workspace = world.config.workspaces[delivery.workspace]
    token = sign_leave(workspace.link_key, Leave(workspace.id, delivery.contact_id, delivery.id))
    return f"{workspace.link_base}/u/{token}"


def _write_buttons(world: World, delivery: OpenDelivery, contact: ContactRow) -> tuple[tuple[str, str], ...]:
    """What the customer may tap under a message."""
    step = find_step(world, delivery)
    language = contact.locale or world.config.workspaces[delivery.workspace].language
    channel = world.config.channels[delivery.channel_id]
    if step is None:
        return ()
    if not step.ASKS:  # nobody waits for the answer: a tap is what the customer says
        return tuple((label, "") for label in step.list_buttons(language))
    return write_buttons(step, delivery.id, channel, language)


def list_link_hashes(world: World, delivery: OpenDelivery) -> list[bytes]:
    """The hashes of the first codes of the links in a journey's message, for the same look-up."""
    if delivery.run_id is None or read_content(delivery.content).is_rendered:
        return []
    wording = find_wording(world, delivery, world.contacts[delivery.contact_id])
    step = find_step(world, delivery)
    links = count_links_of(list_texts(wording)) + (step is not None and bool(step.find_link()[0]))
    return list_first_hashes(world.config.workspaces[delivery.workspace], delivery.contact_id, delivery.id, links)
