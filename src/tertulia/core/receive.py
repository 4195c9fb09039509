"""In the contact's shard: a message is kept, and what it says is obeyed (C2, M5, M7).

In this order: the conversation, suggestions, opt-out words before all else, consent, progress of matches, the second
question, a journey's question, journeys that a message starts, the greeting.
"""

from datetime import datetime, timedelta
from typing import Any

from tertulia.core import effects as fx
from tertulia.core import talk_effects as tx
from tertulia.core.asking import find_asked
from tertulia.core.came import (
    Came,
    bind_link,
    find_linked,
    has_number,
    match_by_number,
    phone_owners,
    subject_of,
)
from tertulia.core.confirmations import confirm_by_message
from tertulia.core.consent import MARKETING, Given, record_first_message, write_subject
from tertulia.core.entries import Inbound, MergeEntry, TokenEntry, key_of
from tertulia.core.hearing import hear, name_tapped
from tertulia.core.identity import Trust
from tertulia.core.journey import drop_question
from tertulia.core.links import hash_code
from tertulia.core.match import (
    Ambiguous,
    Bound,
    DigitsRight,
    DigitsWrong,
    Elsewhere,
    Expired,
    LinkFacts,
    PossibleForward,
    Resolution,
    Rule,
    Same,
    UnknownCode,
    check_digits,
)
from tertulia.core.message_outcomes import find_depth, tell_outcome
from tertulia.core.occasions import MESSAGE, RECEIVED, Occasion, name_channel
from tertulia.core.opt_texts import confirm
from tertulia.core.opt_words import NOTHING, OptAction, OptDecision, OptScope, classify
from tertulia.core.phones import key_of_e164
from tertulia.core.reasons import Reason
from tertulia.core.replies import answer_text, greet, question_text, queue_reply
from tertulia.core.rows import ContactRow, LinkedIdentity
from tertulia.core.talks import set_question, touch_elsewhere
from tertulia.core.triggers import react
from tertulia.core.world import World
from tertulia.ids import derive_id, shard_of_index

QUESTION_FORWARD = "forward"
AUTO_MERGE_SOURCES = ("inbound:",)
WINDOW_STEP = timedelta(minutes=1)


def receive(world: World, came: Came, contact_id: int, resolution: Resolution) -> None:
    """In the contact's shard: the message is kept, and what it says is obeyed."""
    entry, contact = came.entry, world.contacts[contact_id]
    if (came.channel.id, _message_id(entry)) in world.seen_messages:
        return
    first = _is_first(world, came, contact_id)
    asked = find_asked(world, contact_id, came.channel.id, entry.at)
    conversation = _converse(world, came, contact_id, name_tapped(world, came, contact, asked) or entry.text)
    _touch(world, came, contact)
    confirm_by_message(world, contact_id, came.channel.id, entry.at)
    for suggestion in resolution.suggestions:
        _suggest(world, came, suggestion.one, suggestion.other, suggestion.evidence.value)
    stopped = _has_stopped(contact, came)
    decision = _opt(world, came, contact, bool(conversation.question) or asked is not None, stopped)
    if decision is not NOTHING and decision.action is not OptAction.HELP:
        _obey(world, came, contact, decision)
    elif first:
        _opt_in(world, came, contact, resolution)
    _progress(world, came, contact, resolution)
    if decision is not NOTHING:
        if decision.action is not OptAction.STOP or not stopped:
            _confirm(world, came, contact, decision)
        if asked is not None and decision.action is OptAction.STOP:
            drop_question(world, asked, Reason.REPLY_STOPPED)
        return
    if conversation.question and _answer(world, came, contact):
        return
    heard = hear(world, came, contact, conversation, asked)
    if not heard:
        react(world, tell_message(came, contact_id, first=first))
    _reply(world, came, contact_id)
    if entry.shared_phone:
        _join_by_number(world, came, contact)
    if heard:
        return
    if isinstance(resolution.binding, PossibleForward) and resolution.ask:
        ask_digits(world, came, contact_id, resolution.binding.link)
        return
    if first:
        greet(
            world, came.channel, contact_id, entry.identity, ask_phone=_should_ask_phone(came, resolution), at=entry.at
        )


def _message_id(entry: Inbound) -> str:
    """The provider's id, or the entry's key without one (I3: identity and content within 4 s)."""
    return entry.message_id or key_of(entry)


def tell_message(came: Came, contact_id: int, *, first: bool) -> Occasion:
    """A message as what may begin a run."""
    entry = came.entry
    properties: dict[str, Any] = {
        "text": entry.text,
        "form": entry.form,
        "first": first,
        "payload": entry.payload,
        **name_channel(came.channel),
    }
    occasion_id = derive_id("occasion", "message", came.channel.id, _message_id(entry))
    return Occasion(came.workspace, contact_id, occasion_id, entry.at, MESSAGE, RECEIVED, properties)


def _reply(world: World, came: Came, contact_id: int) -> None:
    """The first message after one of ours on the channel answers it (R6)."""
    row = world.answered.pop((contact_id, came.channel.id), None)
    if row is not None:
        told = tell_outcome(world, row, "replied", came.entry.at, find_depth(world, row.run_id))
        properties = {**told.properties, "text": came.entry.text}
        occasion = (told.id, told.at, told.kind, told.name, properties, told.depth)
        react(world, Occasion(came.workspace, contact_id, *occasion))


def _is_first(world: World, came: Came, contact_id: int) -> bool:
    """Whether this is the contact's first message on this channel."""
    return (contact_id, came.channel.id) not in world.conversations


def _converse(world: World, came: Came, contact_id: int, text: str) -> Any:
    """The message is kept, with the text that the customer sees of it."""
    entry = came.entry
    key = (contact_id, came.channel.id)
    if key not in world.conversations:
        conversation_id = derive_id("conversation", contact_id, came.channel.id, key_of(entry))
        world.add(tx.OpenConversation(came.workspace, contact_id, came.channel.id, conversation_id, entry.at))
    conversation = world.conversations[key]
    facts: dict[str, Any] = {
        name: value
        for name, value in (
            ("payload", entry.payload),
            ("reply_to", entry.reply_to),
            ("forwarded", entry.forwarded),
            ("token", entry.token),
        )
        if value
    }
    world.add(
        tx.StoreMessage(
            *(came.workspace, contact_id, came.channel.id, conversation.id, "in", _message_id(entry), entry.identity),
            *(entry.form, text, facts, entry.at, entry.sequence, world.now),
        )
    )
    touch_elsewhere(world, came.workspace, conversation, contact_id)
    return conversation


def _touch(world: World, came: Came, contact: ContactRow) -> None:
    """The identity's window, name and reply token, as of this message."""
    entry = came.entry
    row = find_linked(contact, entry.identity)
    until = entry.at + timedelta(seconds=came.channel.window_s) if came.channel.window_s else None
    if row is None:
        return
    if row.window_until and (until is None or until < row.window_until):
        until = row.window_until
    trust = Trust.VERIFIED if came.vouched and has_number(contact, came.vouched) else row.trust
    if _is_known(row, entry, until, trust):
        return
    world.add(
        fx.TouchIdentity(
            *(came.workspace, entry.identity, row.owner, entry.name or row.name, entry.username or row.username),
            *(max(trust, row.trust), until, "", entry.reply_token or row.reply_token, entry.at),
        )
    )


def _is_known(row: LinkedIdentity, entry: Inbound, until: datetime | None, trust: Trust) -> bool:
    """Whether the message says nothing new of its identity. The window is kept to the minute, to its safe side, so that
    a lively conversation does not write one row again and again."""
    same = (not entry.name or entry.name == row.name) and (not entry.username or entry.username == row.username)
    same_way = not row.signal and trust <= row.trust and entry.reply_token in ("", row.reply_token)
    if until is None or row.window_until is None:
        return same and same_way and until == row.window_until
    return same and same_way and until - row.window_until < WINDOW_STEP


def _suggest(world: World, came: Came, one: int, other: int, rule: str) -> None:
    evidence = {"message": came.entry.message_id, "channel": came.channel.id}
    world.add(fx.SuggestMerge(came.workspace, one, other, rule, evidence, world.now))


def _opt(world: World, came: Came, contact: ContactRow, waiting: bool, stopped: bool) -> OptDecision:
    """C2: before everything else."""
    entry = came.entry
    return classify(
        entry.text,
        question_waiting=waiting,
        country=contact.country,
        previously_stopped=stopped,
        language=entry.language or contact.locale,
        provider_word=entry.opt_word,
    )


def _has_stopped(contact: ContactRow, came: Came) -> bool:
    """Whether the contact's latest word about offers on this channel was to stop them."""
    kind = came.channel.family
    said = [c for c in contact.consents if c.channel in ("*", kind) and c.topic in ("*", MARKETING)]
    return bool(said) and max((c.at, c.given is Given.WITHDRAWN) for c in said)[1]


def _obey(world: World, came: Came, contact: ContactRow, decision: OptDecision) -> None:
    entry = came.entry
    everywhere = decision.scope is OptScope.EVERYWHERE
    state = "withdrawn" if decision.action is OptAction.STOP else "granted"
    kind = "*" if everywhere else came.channel.family
    address = "*" if everywhere else write_subject(subject_of(entry.identity))
    world.add(
        fx.RecordConsent(
            *(came.workspace, contact.id, derive_id("consent", "opt", key_of(entry)), address, kind, MARKETING),
            *(state, "opt_word", {"ref": f"message:{entry.message_id}", "word": decision.word}, "", "customer"),
            entry.at,
        )
    )
    if entry.identity.kind == "phone":
        _obey_number(world, came, decision, kind)


def _obey_number(world: World, came: Came, decision: OptDecision, kind: str) -> None:
    """A number may be shared: its stop holds for the number, whoever else has it."""
    key, cause = key_of_e164(came.entry.identity.value), "withdrawn"
    if decision.action is OptAction.STOP:
        evidence = {"ref": f"message:{came.entry.message_id}", "word": decision.word}
        world.add(
            fx.Suppress(came.workspace, "phone", key, cause, kind, "opt_word", evidence, came.entry.at),
        )
    else:
        world.add(fx.LiftSuppression(came.workspace, "phone", key, cause, kind, came.entry.at))


def _confirm(world: World, came: Came, contact: ContactRow, decision: OptDecision) -> None:
    """One confirmation, then silence. What the provider has already answered is not answered again."""
    if came.entry.opt_word:
        return
    name = world.config.workspaces[came.workspace].name
    text = confirm(decision, name, contact.locale or came.entry.language)
    cause = f"opt:{key_of(came.entry)}"
    if text:
        queue_reply(world, came.channel, contact.id, came.entry.identity, text, cause=cause, at=came.entry.at)


def _opt_in(world: World, came: Came, contact: ContactRow, resolution: Resolution) -> None:
    """M7: the first message is the opt-in for service in this app, and for offers only if the text shown said so."""
    entry = came.entry
    by_link = isinstance(resolution.binding, Bound | Same)
    ref = f"message:{entry.message_id}"
    facts = record_first_message(
        contact.id,
        subject_of(entry.identity),
        came.channel.family,
        marketing_said=came.channel.offers_text and by_link,
        evidence=ref,
        text_version=entry.text[:200],
        at=entry.at,
    )
    evidence: dict[str, Any] = {"ref": ref, "shown": came.channel.first_message[:500], "received": entry.text[:500]}
    if isinstance(resolution.binding, Bound | Same):
        evidence["match"] = resolution.binding.link.match_id
    for fact in facts:
        world.add(
            fx.RecordConsent(
                workspace=came.workspace,
                contact_id=contact.id,
                id=derive_id("consent", fact.topic, key_of(entry)),
                address=write_subject(fact.subject),
                channel=fact.channel,
                topic=fact.topic,
                state=fact.given.value,
                source=fact.source.value,
                evidence=evidence,
                text_version=fact.text_version,
                actor=fact.actor,
                at=fact.at,
            )
        )


def _progress(world: World, came: Came, contact: ContactRow, resolution: Resolution) -> None:
    """How the message moves the matches on that its codes belong to, and those whose link this identity had opened
    before it wrote (Viber and Messenger bind at the opening)."""
    entry = came.entry
    app = came.channel.kind
    match resolution.binding:
        case Bound(link) | Same(link):
            bind_link(world, came.workspace, link, came.codes, entry.identity, entry.at)
            _wrote(world, link.member_id, link.match_id, app, entry, matched=True)
            return
        case PossibleForward(link):
            world.progress_to(
                link.member_id,
                link.match_id,
                "wrote",
                at=entry.at,
                app=app,
                forwarded=True,
                reason=Reason.POSSIBLE_FORWARD.value,
            )
        case Elsewhere(link):
            world.progress_to(
                link.member_id, link.match_id, "wrote", at=entry.at, app=app, reason=Reason.ELSEWHERE.value
            )
        case Expired(link):
            world.progress_to(link.member_id, link.match_id, at=entry.at, reason=Reason.LINK_EXPIRED.value)
        case Ambiguous(links):
            for link in links:
                world.progress_to(link.member_id, link.match_id, at=entry.at, reason=Reason.AMBIGUOUS.value)
        case UnknownCode() | None:
            pass
    _compare_elsewhere(world, came, contact.id)
    for row in world.links_of.get(contact.id, ()):
        progress = world.progress.get((row.match_id, contact.id))
        if row.bound == entry.identity and progress and app not in progress.matched_apps:
            _wrote(world, contact.id, row.match_id, app, entry, matched=True)
    if resolution.rule is Rule.PHONE:
        match_by_number(world, contact.id, app, entry.at)


def _wrote(world: World, contact_id: int, match_id: int, app: str, entry: Inbound, *, matched: bool) -> None:
    world.progress_to(contact_id, match_id, "wrote", at=entry.at, app=app)
    if matched:
        world.progress_to(contact_id, match_id, "matched", at=entry.at, app=app, reason="")


def _compare_elsewhere(world: World, came: Came, contact_id: int) -> None:
    """A known identity sent a code whose link lies in another shard: its owner compares (M2)."""
    for code in came.codes:
        target = shard_of_index(code.shard_index)
        if target == came.shard:
            continue
        entry = TokenEntry(
            *(came.channel.id, came.channel.kind, came.entry.identity, contact_id, hash_code(code.base).hex(), target),
            came.entry.at,
        )
        world.forward(came.workspace, target, key_of(entry), entry)


def ask_digits(world: World, came: Came, contact_id: int, link: LinkFacts) -> None:
    """M5: the second question. It names nothing of the customer's."""
    conversation = world.conversations[(contact_id, came.channel.id)]
    question = {
        "kind": QUESTION_FORWARD,
        "wrong": 0,
        "contact": link.contact_id,
        "member": link.member_id,
        "match": link.match_id,
        "keys": sorted(link.phone_keys),
    }
    set_question(world, came.workspace, conversation, contact_id, question, came.entry.at)
    text = question_text(came.entry.language)
    cause = f"question:{contact_id}:{link.match_id}"
    queue_reply(world, came.channel, contact_id, came.entry.identity, text, cause=cause, at=came.entry.at)


def _answer(world: World, came: Came, contact: ContactRow) -> bool:
    """The answer to the second question: right, the two become one; wrong thrice, the question is closed. True when
    the message was an answer."""
    conversation = world.conversations[(contact.id, came.channel.id)]
    question = conversation.question
    verdict = check_digits(came.entry.text, frozenset(question["keys"]), question["wrong"])
    language, after = came.entry.language or contact.locale, {}
    match verdict:
        case DigitsRight():
            text = answer_text("right", language)
            merge = MergeEntry(
                *(question["contact"], contact.id, "customer", came.entry.at, "digits"),
                *(question["match"], question["member"], came.channel.kind),
            )
            world.forward(came.workspace, came.shard, key_of(merge), merge)
        case DigitsWrong(0):
            text = answer_text("closed", language)
        case DigitsWrong():
            text = answer_text("wrong", language)
            after = {**question, "wrong": question["wrong"] + 1}
        case _:
            return False
    set_question(world, came.workspace, conversation, contact.id, after, came.entry.at)
    cause = f"answer:{key_of(came.entry)}"
    queue_reply(world, came.channel, contact.id, came.entry.identity, text, cause=cause, at=came.entry.at)
    return True


def _join_by_number(world: World, came: Came, contact: ContactRow) -> None:
    """The customer shared their number by the platform's own button: if exactly one other contact has it and this one
    was only made by their message, the two become one (M2, M3); else a suggestion carries it."""
    others = [owner for owner in phone_owners(world, came) if owner != contact.id]
    if len(others) != 1:
        return
    if not contact.source.startswith(AUTO_MERGE_SOURCES):
        _suggest(world, came, contact.id, others[0], "phone")
        return
    merge = MergeEntry(others[0], contact.id, "customer", came.entry.at, rule="shared_phone", app=came.channel.kind)
    world.forward(came.workspace, came.shard, key_of(merge), merge)


def _should_ask_phone(came: Came, resolution: Resolution) -> bool:
    """M3: no number in the payload, no code, nobody we know: the platform's request-contact button."""
    return (
        resolution.rule.value == "new" and not came.vouched and came.channel.kind in ("whatsapp", "telegram", "viber")
    )
