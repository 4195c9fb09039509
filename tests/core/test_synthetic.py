"""Synthetic customers: whom they are like, what they do, and how they take what they are sent, by stated rates."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
from tests.core.imagined import LISBON, NOW, SHOP, SMS, make_config, make_customer, play, track

from tertulia.core.consent import ConsentFact, Given, Source
from tertulia.core.entries import EventEntry, OccasionEntry
from tertulia.core.identity import IdentityRef
from tertulia.core.phones import key_of_e164
from tertulia.core.simulation.arrivals import Arrival
from tertulia.core.simulation.crowd import Crowd, make_provider
from tertulia.core.simulation.happenings import Seen, list_arrivals, list_happenings, make_habits
from tertulia.core.simulation.memory import Memory, make_memory
from tertulia.core.simulation.play import Player
from tertulia.core.simulation.population import Model, count_mix, invent_models, make_people
from tertulia.core.simulation.rates import DEFAULTS, Rates
from tertulia.core.simulation.report import Report
from tertulia.core.world import Config

DAY = timedelta(days=1)
OFFER = """
name: Offer
entry: {event: Product Added, second: parallel}
steps:
  - {id: tell, kind: message, channels: [sms], text: 'See {{ "https://shop.example" | link }}'}
"""
DAILY = """
name: Daily
entry: {kind: audience, every: day, time: "12:00"}
steps: [{id: news, kind: message, channels: [sms], text: News}]
"""
PEOPLE = 200


def make_rates(**sms: float) -> Rates:
    """Everything is delivered and nothing opened, but for what is said."""
    smooth = {"refused": 0, "silent": 0, "opened": 0, "opened_soon": 0, "clicked": 0, "replied": 0}
    return msgspec.structs.replace(DEFAULTS, sms=msgspec.structs.replace(DEFAULTS.sms, **(smooth | sms)))


def make_crowded(config: Config) -> Memory:
    """As many customers, all of whom agreed."""
    memory = make_memory(config, NOW)
    for number in range(1, PEOPLE + 1):
        memory.add_contact(make_customer(number))
    return memory


def play_crowd(
    config: Config, arrivals: list[Arrival], until: datetime, rates: Rates, clock: time = time(12), journey: int = 1
) -> tuple[Report, Crowd]:
    """What a journey came to, and what people did."""
    report, crowd = Report(journey, LISBON), Crowd(rates, config.channels, lambda _contact, _at: clock)
    Player(make_crowded(config), report.watch, make_provider(rates, config.channels), crowd=crowd).play(arrivals, until)
    return report, crowd


def add_to_carts(at: datetime = NOW) -> list[Arrival]:
    return [track(n, at, "Product Added", f"u{n}") for n in range(1, PEOPLE + 1)]


def count(crowd: Crowd, what: str, journey: int = 1) -> int:
    return sum(n for (of, _step, done), n in crowd.done.items() if (of, done) == (journey, what))


def test_people_open_click_and_reply_by_their_rates() -> None:
    """About as many as are said, of those before them; the same ones again with the same seed."""
    rates = make_rates(opened=80, opened_soon=50, clicked=25, replied=10)
    config = make_config(OFFER)
    _report, crowd = play_crowd(config, add_to_carts(), NOW + 2 * DAY, rates)
    opened = count(crowd, "opened")
    assert 0.72 * PEOPLE < opened < 0.88 * PEOPLE
    assert 0.4 * opened < count(crowd, "opened_soon") < 0.6 * opened
    assert 0.15 * opened < count(crowd, "clicked") < 0.35 * opened
    assert 0.04 * opened < count(crowd, "replied") < 0.16 * opened
    again = play_crowd(config, add_to_carts(), NOW + 2 * DAY, rates)[1]
    other = play_crowd(config, add_to_carts(), NOW + 2 * DAY, msgspec.structs.replace(rates, seed=2))[1]
    assert again.done == crowd.done != other.done


def test_R6_what_customers_do_begins_journeys() -> None:
    """A click, a reply, the message that it is, and a message that nobody heeded."""
    after = [
        OFFER.replace("{event: Product Added, second: parallel}", f"{{kind: outcome, outcome: {outcome}{more}}}")
        for outcome, more in (("clicked", ""), ("replied", ""), ("ignored", ", for: 30 h"))
    ]
    wrote = OFFER.replace("{event: Product Added, second: parallel}", "{kind: message, first: true}")
    config = make_config(OFFER, *[one.replace("kind: outcome", "kind: outcome, journey: j1") for one in after], wrote)
    rates = make_rates(opened=60, clicked=40, replied=20)
    config = replace(config, asking=frozenset({SHOP}))
    reports = [Report(journey, LISBON) for journey in (2, 3, 4, 5)]
    crowd = Crowd(rates, config.channels, lambda _contact, _at: time(12))

    def watch(world: object) -> None:
        for report in reports:
            report.watch(world)  # type: ignore[arg-type]

    memory = make_crowded(config)
    Player(memory, watch, make_provider(rates, config.channels), crowd=crowd).play(add_to_carts(), NOW + 3 * DAY)
    clicked, replied = count(crowd, "clicked"), count(crowd, "replied")
    entered = [report.entered for report in reports]
    assert entered[:2] == [clicked, replied]
    assert PEOPLE - clicked - replied <= entered[2] < PEOPLE
    assert entered[3] >= replied
    assert memory.rows.closed == {}


def test_who_finds_messages_unwelcome_leaves_and_gets_no_more() -> None:
    """The fourth offer of a week makes most leave; at night the first one does. Others never leave."""
    rates = make_rates(opened=100)
    until = NOW + 6 * DAY
    report, crowd = play_crowd(make_config(DAILY), [], until, rates)
    left = count(crowd, "left")
    assert 0.7 * PEOPLE < left < 0.86 * PEOPLE
    assert report.messages == 4 * left + 6 * (PEOPLE - left)
    assert report.unsent == {("news", "not_sent", "consent", "consent.withdrawn"): 2 * left}
    by_night, crowd = play_crowd(make_config(DAILY), [], until, rates, time(23))
    assert by_night.messages == count(crowd, "left") + 6 * (PEOPLE - count(crowd, "left"))
    service = DAILY.replace("steps:", "class: service\nsteps:")
    assert count(play_crowd(make_config(service), [], until, rates)[1], "left") == 0


def test_delivered_within_a_message_that_never_arrives_goes_on_to_the_next_channel() -> None:
    """By the shares of the providers; who is not reached does nothing."""
    document = OFFER.replace(
        "channels: [sms]", "channels: [SMS, Second], delivered_within: 10 min, class: transactional"
    )
    config = make_config(document)
    second = replace(config.channels[SMS], id=8, name="Second")
    config = replace(config, channels={**config.channels, 8: second})
    rates = make_rates(silent=30, refused=10, opened=100)
    report, crowd = play_crowd(config, add_to_carts(), NOW + DAY, rates)
    by_channel = Counter[int]()
    for (_day, channel), sent in report.sent.items():
        by_channel[channel] += sent
    assert by_channel[SMS] == PEOPLE
    assert 0.3 * PEOPLE < by_channel[8] < 0.5 * PEOPLE
    reached = count(crowd, "opened")
    assert 0.78 * PEOPLE < reached < 0.9 * PEOPLE


def test_customers_are_like_those_on_whom_they_are_modelled() -> None:
    """Country, zone, language, attributes and consents, these of each address; none of their names or addresses."""
    agreed, stopped = make_customer(1, "Ana"), make_customer(2, "Bia", agreed=False)
    stopped.locale, stopped.attributes = "es", {"plan": "gold"}
    number = stopped.addresses[0].value
    subject = IdentityRef("phone", "", key_of_e164(number))
    said = (2, subject, "sms", "marketing", Given.WITHDRAWN, Source.OPT_WORD, NOW)
    stopped.consents.append(ConsentFact(*said))
    people = make_people(DEFAULTS, SHOP, [Model(agreed), Model(stopped, frozenset({5}))], 400, NOW)
    assert len({person.row.id for person in people}) == len({p.row.addresses[0].value for p in people}) == 400
    spanish = [person for person in people if person.row.locale == "es"]
    assert 150 < len(spanish) < 250
    for person in spanish:
        assert (person.lists, person.row.attributes, person.row.zone) == ({5}, {"plan": "gold"}, stopped.zone)
        [fact] = person.row.consents
        assert fact.subject == IdentityRef("phone", "", key_of_e164(person.row.addresses[0].value))
    assert not {"Ana", "Bia", number} & {p.row.name for p in people} | {p.row.addresses[0].value for p in people} & {
        number
    }
    assert count_mix(people)["language"] == {"pt": 400 - len(spanish), "es": len(spanish)}


def test_a_shop_without_customers_has_them_by_stated_shares() -> None:
    """In its country, and agreed to be written to."""
    rates = msgspec.structs.replace(DEFAULTS, reachable=msgspec.structs.replace(DEFAULTS.reachable, email=40))
    people = make_people(rates, SHOP, invent_models(rates, make_config(OFFER), SHOP, NOW), 500, NOW)
    mix = count_mix(people)
    assert mix["country"] == {"BR": 500}
    assert mix["channel"]["sms"] == 500
    assert 100 < mix["channel"]["email"] < 300


def test_customers_do_what_journeys_listen_to_as_often_as_is_said() -> None:
    """In daylight of their own clock; what was seen is done as it was, what never was fits what is asked, mostly."""
    asks = OFFER.replace(
        "second: parallel", "where: {all: [{property: cart.price, over: 100}, {property: kind, in: [a]}]}"
    )
    asks += "exceptions: [{event: Order Completed}]\n"
    config = make_config(
        asks, OFFER.replace("{event: Product Added, second: parallel}", "{kind: message, keyword: [HI]}")
    )
    seen = {("track", "Order Completed"): Seen(0.5, [{"total": 9}])}
    rates = msgspec.structs.replace(DEFAULTS, events={"Product Added": 2.0})
    habits = make_habits(rates, config, SHOP, seen)
    found = list_happenings(habits)
    assert [(one.key, one.per_day, one.known) for one in found] == [
        ("Order Completed", 0.5, "seen"),
        ("Product Added", 2.0, "said"),
        ("message", 0.1, "assumed"),
    ]
    people = [make_customer(number) for number in range(1, 101)]
    since = datetime(2026, 11, 2, 0, 0, tzinfo=UTC)
    arrivals = list_arrivals(habits, found, people, since, since + 10 * DAY)
    assert arrivals == list_arrivals(habits, found, people, since, since + 10 * DAY)
    events = [told.entry for told in arrivals if isinstance(told.entry, EventEntry)]
    added = [entry for entry in events if entry.name == "Product Added"]
    assert 1_800 < len(added) < 2_200
    assert {told.at.astimezone(ZoneInfo("America/Sao_Paulo")).hour for told in arrivals} == set(range(8, 23))
    fitting = [entry for entry in added if entry.properties.get("cart", {}).get("price", 0) > 100]
    assert 0.62 * len(added) < len(fitting) < 0.78 * len(added)
    assert all(entry.properties["kind"] == "a" for entry in fitting)
    assert {entry.properties["total"] for entry in events if entry.name == "Order Completed"} == {9}
    said = [told.entry for told in arrivals if isinstance(told.entry, OccasionEntry)]
    assert {entry.properties["text"] for entry in said} == {"HI"}
    assert play(make_crowded(config), arrivals, since + 11 * DAY, journey=2).entered > 0


def test_I7_who_writes_in_an_app_may_be_answered_there_for_a_while() -> None:
    """Its window opens with what synthetic customers write, and closes again."""
    answer = "name: Answer\nentry: {kind: message}\nsteps:\n  - {id: now, kind: message, channels: [chat], text: Hi}\n"
    answer += "  - {id: rest, kind: wait, for: 2 d}\n  - {id: late, kind: message, channels: [chat], text: Later}\n"
    config = make_config(answer)
    app = {"kind": "whatsapp", "name": "chat", "app": True, "may_write_first": "", "window_s": 86_400}
    config = replace(config, channels={SMS: replace(config.channels[SMS], **app)})
    customer = make_customer(1)
    linked = replace(customer.identities[0], identity=IdentityRef("whatsapp", "", "55"), channel_id=SMS)
    customer.identities.append(linked)
    habits = make_habits(msgspec.structs.replace(DEFAULTS, event=0.1), config, SHOP, {})
    [wrote, *_] = list_arrivals(habits, list_happenings(habits), [customer], NOW, NOW + 60 * DAY)
    memory = make_memory(config, NOW)
    memory.add_contact(customer)
    report, crowd = Report(1, LISBON), Crowd(make_rates(), config.channels, lambda _contact, _at: time(12))
    Player(memory, report.watch, crowd=crowd).play([wrote], wrote.at + 5 * DAY)
    assert report.sent_by_step == {"now": 1}
    assert [gate for _step, _outcome, gate, _reason in report.unsent] == ["platform_window"]


def test_I7_a_comment_is_replied_to_once_until_its_author_writes() -> None:
    """The second message is refused as the engine refuses it, for nobody has answered."""
    answer = "name: Answer\nclass: service\nentry: {kind: comment, keyword: [price]}\nsteps:\n"
    answer += "  - {id: now, kind: message, channels: [page], text: Hi}\n"
    answer += "  - {id: more, kind: message, channels: [page], text: More}\n"
    config = make_config(answer)
    app = {"kind": "messenger", "name": "page", "app": True, "may_write_first": "", "window_s": 86_400, "scope": "P1"}
    config = replace(config, channels={SMS: replace(config.channels[SMS], **app)})
    customer = make_customer(1)
    linked = replace(customer.identities[0], identity=IdentityRef("messenger", "P1", "55"), channel_id=SMS)
    customer.identities.append(linked)
    habits = make_habits(msgspec.structs.replace(DEFAULTS, event=0.1), config, SHOP, {})
    [wrote, *_] = list_arrivals(habits, list_happenings(habits), [customer], NOW, NOW + 60 * DAY)
    memory = make_memory(config, NOW)
    memory.add_contact(customer)
    report = Report(1, LISBON)
    Player(memory, report.watch).play([wrote], wrote.at + DAY)
    assert report.sent_by_step == {"now": 1}
    assert [reason for _step, _outcome, _gate, reason in report.unsent] == ["window.comment_replied"]
