"""Messages that wait for their customer's best hour, through the engine on a real database."""

from datetime import timedelta

from tests.workers.test_engine_journeys import DAY, HOUR, MINUTE, add_customer, town
from tests.workers.town import Town

__all__ = ["town"]

PHONE = "+5511987650001"
BACK = """
name: Back
class: marketing
entry: {event: Asked}
steps:
  - {id: tell, kind: message, channels: [sms], text: Hello, best_hour: {within: 24 h, otherwise: "11:00"}}
"""
RECOUNT = """
select k.contact_id, array_agg(k.moment order by k.moment) from (
    select distinct t.contact_id, floor(extract(epoch from t.at) / 900)::integer as moment from (
        select contact_id, read_at as at from delivery where read_at is not null
        union all select contact_id, at from click where class = 'human'
        union all select contact_id, provider_at from message where direction = 'in'
    ) t
) k group by 1 order by 1
"""


def write(town: Town, phone: str = PHONE) -> None:
    town.write("sms", phone, "Hello?", kind="phone", phone=phone)


def ask(town: Town, user: str = "u1") -> None:
    town.event("track", user=user, name="Asked")


def write_on(town: Town, days: int, hour: int, phone: str = PHONE) -> None:
    """Every day at this hour; the clock stands at 9 in the end."""
    for _ in range(days):
        town.advance(timedelta(hours=hour - 9))
        write(town, phone)
        town.advance(timedelta(hours=33 - hour))


def read_choices(town: Town) -> list[tuple[str, str, int, int]]:
    return town.rows(
        """select reason, facts ->> 'hour', (facts ->> 'came')::int, (facts ->> 'of')::int from ledger
           where outcome = 'timed' order by at, id"""
    )


def test_a_message_waits_for_the_hour_at_which_its_customer_wrote(town: Town) -> None:
    """Chosen by their own moments, in the ledger with its facts; an exception or another clock comes in between."""
    add_customer(town)
    write_on(town, 6, 19)
    town.publish(BACK)
    ask(town)
    assert read_choices(town) == [("best_hour.own", "19:00", 6, 6)]
    town.advance(10 * HOUR - MINUTE)
    assert town.sending("sms") == []
    town.advance(MINUTE)
    [sent] = town.sending("sms")
    town.outcome(sent, "ok", provider_id="p1")
    assert (town.live_runs(), len(read_choices(town))) == ([], 1)


def test_who_is_hardly_known_is_written_to_at_the_stated_hour(town: Town) -> None:
    """Or at once, where their best hour is this one."""
    add_customer(town)
    add_customer(town, "Bia", "+5511987650002", "u2")
    write_on(town, 5, 9, "+5511987650002")
    town.publish(BACK)
    ask(town)
    ask(town, "u2")
    assert [sent.to for sent in town.sending("sms")] == ["+5511987650002"]
    assert sorted(read_choices(town)) == [("best_hour.default", "11:00", 0, 0), ("best_hour.own", "09:00", 5, 5)]
    town.advance(2 * HOUR)
    assert len(town.sending("sms")) == 2


def test_T5_another_clock_is_another_hour(town: Town) -> None:
    """The moments are the same, and the clock they are read by is not; so is the hour."""
    add_customer(town)
    write_on(town, 5, 19)
    town.publish(BACK)
    ask(town)
    town.advance(HOUR / 60)
    town.event("identify", user="u1", traits={"timezone": "Asia/Tokyo"})
    assert [told[:2] for told in read_choices(town)] == [("best_hour.own", "19:00"), ("best_hour.own", "04:00")]
    town.advance(10 * HOUR)
    assert len(town.sending("sms")) == 1


def test_typical_hours_are_looked_at_once_a_day(town: Town) -> None:
    """Of all customers' moments; who is hardly known goes by them where they are enough."""
    add_customer(town)
    for n in range(10):
        town.add_contact(f"C{n}", f"+551198765{n:04}")
    for _ in range(5):
        for n in range(10):
            town.append_write("sms", f"+551198765{n:04}", "Hi", kind="phone", phone=f"+551198765{n:04}")
        town.advance(DAY)
    town.advance(timedelta(hours=3))
    town.publish(BACK)
    town.drain()
    [(counts,)] = town.rows("select typical_hours from workspace")
    assert (counts[9], sum(counts)) == (50, 50)
    ask(town)
    assert read_choices(town) == [("best_hour.typical", "09:00", 50, 50)]
    town.advance(21 * HOUR)
    assert len(town.sending("sms")) == 1


def test_two_roads_moments_are_those_of_the_history(town: Town) -> None:
    """What was read, clicked and written, each once in a quarter of an hour; a scanner's opening is nobody's (M9). A
    merge takes them along, and its undoing gives them back (M8); an erased person's go (C5)."""
    from tests.workers.test_engine_links import click

    bia = town.add_contact("Bia", "+5511987650002")
    ana = add_customer(town)
    town.publish(BACK.replace("text: Hello", "text: \"{{ 'https://shop.example/cart' | link }}\""))
    write_on(town, 2, 19)
    write_on(town, 3, 19, "+5511987650002")
    ask(town)
    town.advance(2 * HOUR)
    [sent] = town.sending("sms")
    town.outcome(sent, "ok", provider_id="p1")
    town.advance(HOUR)
    click(town, ana, sent, class_="scanner", nonce="n0")
    town.receipt(sent, "read", provider_id="p1")
    town.receipt(sent, "read", provider_id="p1")
    town.advance(HOUR)
    click(town, ana, sent)
    kept = town.rows("select contact_id, moments from contact_moments order by 1")
    assert kept == town.rows(RECOUNT)
    assert sorted(len(moments) for _, moments in kept) == [3, 4]
    town.merge(bia, ana)
    town.advance(20 * HOUR)
    ask(town)
    assert read_choices(town)[-1] == ("best_hour.own", "19:00", 5, 7)
    town.erase(ana)
    assert [contact for contact, _ in town.rows("select contact_id, moments from contact_moments")] == [bia]
