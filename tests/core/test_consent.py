"""The consent ledger: derivation, merges, imports, causes of suppression (C1, C2, C4, M7, M8)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core import consent
from tertulia.core.consent import (
    ANY,
    MARKETING,
    SERVICE,
    Basis,
    Cause,
    ConsentFact,
    ConsentState,
    Given,
    Source,
    Suppression,
    Target,
    derive,
    derive_all,
    find_suppression,
    permits,
    unite,
    unite_ledgers,
)
from tertulia.core.deliveries import MessageClass
from tertulia.core.identity import IdentityRef

T0 = datetime(2026, 11, 1, 12, tzinfo=UTC)
PHONE = IdentityRef("phone", "", "+5511987654321")
CHAT = IdentityRef("telegram", "bot1", "77")
SMS_OFFERS = Target(PHONE, "sms", MARKETING)
NOT_BLOCKS = [s for s in Source if s is not Source.PLATFORM_BLOCK]

entries = st.builds(
    ConsentFact,
    contact_id=st.just(1),
    subject=st.sampled_from([PHONE, CHAT, None]),
    channel=st.sampled_from(["sms", "telegram", ANY]),
    topic=st.sampled_from([MARKETING, SERVICE, "news", ANY]),
    given=st.sampled_from(Given),
    source=st.sampled_from(Source),
    at=st.integers(0, 5).map(lambda h: T0 + timedelta(hours=h)),
    evidence=st.sampled_from(["a", "b"]),
)
ledgers = st.lists(entries, max_size=7)
targets = st.builds(
    Target,
    subject=st.sampled_from([PHONE, CHAT]),
    channel=st.sampled_from(["sms", "telegram"]),
    topic=st.sampled_from([MARKETING, SERVICE, "news"]),
)


def entry(given: Given, source: Source, hour: int, **kw: object) -> ConsentFact:
    values = {"subject": PHONE, "channel": "sms", "topic": MARKETING, "evidence": "e"} | kw
    return ConsentFact(1, given=given, source=source, at=T0 + timedelta(hours=hour), **values)  # type: ignore[arg-type]


def grant(source: Source, hour: int, **kw: object) -> ConsentFact:
    return entry(Given.GRANTED, source, hour, **kw)


def withdraw(source: Source, hour: int, **kw: object) -> ConsentFact:
    return entry(Given.WITHDRAWN, source, hour, **kw)


@given(ledgers, targets, st.randoms(use_true_random=False))
def test_C1_the_order_of_arrival_does_not_matter(ledger: list[ConsentFact], target: Target, chance: object) -> None:
    """The state hangs on the set of entries, doubled or not."""
    shuffled = ledger * 2
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert derive(shuffled, target) == derive(ledger, target)


@given(ledgers, targets, st.lists(entries, max_size=3))
def test_C2_an_import_never_unwithdraws(ledger: list[ConsentFact], target: Target, more: list[ConsentFact]) -> None:
    """Whatever customer lists and first messages add, whenever: withdrawn stays withdrawn."""
    if derive(ledger, target).given is not Given.WITHDRAWN:
        return
    weak = [
        ConsentFact(1, e.subject, e.channel, e.topic, Given.GRANTED, source, e.at)
        for e in more
        for source in consent.WEAK_SOURCES
    ]
    assert derive([*ledger, *weak], target).given is Given.WITHDRAWN


@pytest.mark.parametrize(("list_hour", "opt_out_hour"), [(1, 2), (2, 1), (1, 1)])
def test_C4_an_imported_opt_out_wins_whichever_came_first(list_hour: int, opt_out_hour: int) -> None:
    """And it survives the undo of both imports."""
    ledger = [grant(Source.CUSTOMER_LIST, list_hour), withdraw(Source.OPT_OUT_LIST, opt_out_hour)]
    assert derive(ledger, SMS_OFFERS).given is Given.WITHDRAWN
    assert derive(ledger, SMS_OFFERS, undone={"e"}).given is Given.WITHDRAWN


def test_C4_an_undone_import_takes_its_grants_back() -> None:
    """But not those of another import."""
    one = [grant(Source.CUSTOMER_LIST, 1)]
    two = [*one, grant(Source.CUSTOMER_LIST, 2, evidence="f")]
    assert derive(one, SMS_OFFERS, undone={"e"}) == ConsentState(None)
    assert derive(two, SMS_OFFERS, undone={"e"}).by == two[1]


def test_M8_what_an_undone_merge_wrote_names_no_address() -> None:
    """It was about an address of the other one's, for which a word about everything would otherwise be shown."""
    wide = grant(Source.PERSON, 1, subject=None, channel=ANY)
    own = grant(Source.CUSTOMER_LIST, 1)
    others = withdraw(Source.MERGE, 2, subject=IdentityRef("whatsapp", "P1", "BR.7"), channel="whatsapp", evidence="m")
    assert derive_all([wide, own, others], undone={"m"}) == derive_all([wide, own])
    assert len(derive_all([wide, own, others])) > len(derive_all([wide, own]))


@pytest.mark.parametrize("source", [Source.OPT_WORD, Source.FORM, Source.PLATFORM_CHOICE, Source.PERSON])
def test_C2_only_a_choice_resubscribes(source: Source) -> None:
    """An opt-in word or form after the stop; an ordinary message does not."""
    stopped = withdraw(Source.OPT_WORD, 1)
    assert derive([stopped, grant(source, 2)], SMS_OFFERS).given is Given.GRANTED
    assert derive([stopped, grant(source, 0)], SMS_OFFERS).given is Given.WITHDRAWN
    assert derive([stopped, grant(Source.FIRST_MESSAGE, 2)], SMS_OFFERS).given is Given.WITHDRAWN


def test_C2_a_stop_reaches_its_channel_and_all_its_marketing() -> None:
    """STOP by SMS leaves the app alone and does not end service; STOPALL reaches every channel."""
    granted = [
        grant(Source.CUSTOMER_LIST, 0, topic=MARKETING),
        grant(Source.CUSTOMER_LIST, 0, topic=SERVICE),
        grant(Source.FORM, 0, topic="news"),
        grant(Source.FORM, 0, subject=CHAT, channel="telegram"),
    ]
    chat = Target(CHAT, "telegram", MARKETING)
    stop = [*granted, withdraw(Source.OPT_WORD, 1)]
    assert derive(stop, SMS_OFFERS).given is Given.WITHDRAWN
    assert derive(stop, Target(PHONE, "sms", "news")).given is Given.WITHDRAWN
    assert derive(stop, Target(PHONE, "sms", SERVICE)).given is Given.GRANTED
    assert derive(stop, chat).given is Given.GRANTED
    everywhere = [*granted, withdraw(Source.OPT_WORD, 1, subject=None, channel=ANY)]
    assert derive(everywhere, chat).given is Given.WITHDRAWN
    again = [*everywhere, grant(Source.OPT_WORD, 2)]
    assert derive(again, SMS_OFFERS).given is Given.GRANTED
    assert derive(again, chat).given is Given.WITHDRAWN


def test_C2_a_platform_block_is_kept_apart() -> None:
    """It stops every class, replies too; unblocking ends it and subscribes nobody."""
    blocked = [grant(Source.FORM, 0), withdraw(Source.PLATFORM_BLOCK, 1, topic=ANY)]
    state = derive(blocked, SMS_OFFERS)
    assert state.given is Given.GRANTED
    assert not any(permits(state, kind) for kind in MessageClass)
    back = grant(Source.PLATFORM_BLOCK, 2, topic=ANY)
    assert derive([*blocked, back], SMS_OFFERS).blocked_by is None
    assert derive([withdraw(Source.OPT_WORD, 0), back], SMS_OFFERS).given is Given.WITHDRAWN


def test_S0_withdrawal_spares_replies_and_transactional() -> None:
    """Service and marketing need a grant that stands."""
    assert [k for k in MessageClass if permits(ConsentState(Given.WITHDRAWN), k)] == [
        MessageClass.REPLY,
        MessageClass.TRANSACTIONAL,
    ]
    assert not permits(ConsentState(None), MessageClass.SERVICE)
    assert all(permits(ConsentState(Given.GRANTED), k) for k in MessageClass)


def test_M7_a_first_message_is_the_opt_in_for_service() -> None:
    """For marketing only if the text shown said so; with its proof."""
    kw = {"evidence": "message 9, link 3, send 2", "text_version": "hello v1", "at": T0}
    plain = consent.record_first_message(1, CHAT, "telegram", marketing_said=False, **kw)  # type: ignore[arg-type]
    told = consent.record_first_message(1, CHAT, "telegram", marketing_said=True, **kw)  # type: ignore[arg-type]
    assert derive(plain, Target(CHAT, "telegram", SERVICE)).given is Given.GRANTED
    assert derive(plain, Target(CHAT, "telegram", MARKETING)).given is None
    assert derive(told, Target(CHAT, "telegram", MARKETING)).given is Given.GRANTED
    assert derive(told, SMS_OFFERS).given is None
    assert told[0].evidence == "message 9, link 3, send 2"
    assert told[0].text_version == "hello v1"


@pytest.mark.parametrize(
    ("basis", "topics"),
    [
        (Basis.CONSENT, {SERVICE, MARKETING}),
        (Basis.CUSTOMER, {SERVICE, MARKETING}),
        (Basis.CONTRACT, {SERVICE}),
        (Basis.NONE, set()),
    ],
)
def test_C1_an_import_records_its_basis(basis: Basis, topics: set[str]) -> None:
    """What a customer list grants follows from the basis that the importer stated."""
    rows = consent.record_import(
        1, PHONE, "sms", basis, evidence="import 4", text_version="shop till 2025", actor="user 1", at=T0
    )
    assert {row.topic for row in rows} == topics
    assert all(row.evidence == "import 4" and row.source is Source.CUSTOMER_LIST for row in rows)


def test_M8_a_word_for_everything_is_not_outvoted_by_the_others_grant_for_everything() -> None:
    """Neither names an address or a channel, so the merge's entry names none either, and the undo takes it back."""
    wide = {"subject": None, "channel": ANY}
    root = [entry(Given.WITHDRAWN, Source.UNSUBSCRIBE_LINK, 1, **wide)]
    child = [entry(Given.GRANTED, Source.PERSON, 2, **wide)]
    added = unite_ledgers(root, child, root_id=1, merge_id="m1", at=T0 + timedelta(days=1), actor="user")
    for target in (SMS_OFFERS, Target(CHAT, "telegram", MARKETING)):
        assert derive([*root, *child, *added], target).given is Given.WITHDRAWN
        assert derive([*root, *child, *added], target, undone={"m1"}).given is Given.GRANTED


@given(ledgers, ledgers, targets)
def test_M8_consent_unites_by_the_stricter_rule(
    root: list[ConsentFact], child: list[ConsentFact], target: Target
) -> None:
    """Read together after the merge, no target is freer than either contact's own ledger; undo gives it back."""
    kw = {"root_id": 1, "merge_id": "m1", "at": T0 + timedelta(days=1), "actor": "user"}
    added = unite_ledgers(root, child, **kw)  # type: ignore[arg-type]
    after = derive([*root, *child, *added], target)
    strict = unite(derive(root, target), derive(child, target))
    if strict.given is Given.WITHDRAWN:
        assert after.given is Given.WITHDRAWN
    assert unite(after, strict).given == after.given
    assert derive([*root, *child, *added], target, undone={"m1"}) == derive([*root, *child], target)


def test_M8_a_choice_after_the_merge_counts() -> None:
    """The stricter rule is about the past, not a life sentence."""
    root, child = [withdraw(Source.OPT_WORD, 1)], [grant(Source.FORM, 2)]
    added = unite_ledgers(root, child, root_id=1, merge_id="m1", at=T0 + timedelta(hours=3), actor="u")
    ledger = [*root, *child, *added]
    assert derive(ledger, SMS_OFFERS).given is Given.WITHDRAWN
    assert derive([*ledger, grant(Source.OPT_WORD, 4)], SMS_OFFERS).given is Given.GRANTED


@given(ledgers)
def test_C1_all_states_agree_with_each_state(ledger: list[ConsentFact]) -> None:
    """The list for the console is the same derivation."""
    for target, state in derive_all(ledger).items():
        assert state == derive(ledger, target)


def test_C4_causes_stay_apart() -> None:
    """The gravest is named; a complaint spares what was asked for; a lifted one counts no more."""
    complained = Suppression(Cause.COMPLAINED, PHONE, "sms", T0)
    dead = Suppression(Cause.DEAD_NUMBER, PHONE, ANY, T0)
    legal = Suppression(Cause.LEGAL, None, ANY, T0)

    def find(*rows: Suppression, kind: MessageClass = MessageClass.MARKETING) -> Suppression | None:
        return find_suppression(rows, PHONE, "sms", kind)

    assert find(complained, dead, legal) == legal
    assert find(complained, dead) == dead
    assert find(complained, kind=MessageClass.REPLY) is None
    assert find(dead, kind=MessageClass.REPLY) == dead
    assert find(Suppression(Cause.BOUNCED, PHONE, "sms", T0, lifted=True)) is None
    assert find(Suppression(Cause.BOUNCED, CHAT, "telegram", T0)) is None
    assert set(consent.CAUSE_STOPS) == set(Cause)


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        (PHONE, "phone:+5511987654321"),
        (CHAT, "telegram:bot1:77"),
        (IdentityRef("email", "", "a:b@example.com"), "email:a:b@example.com"),
        (IdentityRef("whatsapp", "p1", "BR.12:3"), "whatsapp:p1:BR.12:3"),
        (None, "*"),
    ],
)
def test_C1_subjects_are_kept_as_text(subject: IdentityRef | None, text: str) -> None:
    """The ledger's column, read back without loss."""
    assert consent.write_subject(subject) == text
    assert consent.read_subject(text) == subject


def test_C3_a_button_to_unsubscribe_is_about_offers_alone() -> None:
    """The mailbox still hears of what was bought; a word to stop, and a list of opt-outs, say more."""
    mailbox = IdentityRef("email", "", "silva@mail.example")
    by_button = Suppression(Cause.WITHDRAWN, mailbox, "email", T0, Source.UNSUBSCRIBE_LINK.value)
    by_word = Suppression(Cause.WITHDRAWN, mailbox, "email", T0, Source.OPT_WORD.value)
    for message_class in MessageClass:
        stopped = find_suppression([by_button], mailbox, "email", message_class)
        assert (stopped is not None) == (message_class is MessageClass.MARKETING)
        assert find_suppression([by_button], mailbox, "sms", message_class) is None
    assert find_suppression([by_word], mailbox, "email", MessageClass.SERVICE) == by_word
