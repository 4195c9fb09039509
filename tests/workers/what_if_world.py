"""One generated story, played twice: by the engine on the database, and by a simulation in memory."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from hypothesis import strategies as st
from tests.workers.town import NOW, PUBLIC_URL, Town

from tertulia.core import effects as fx
from tertulia.core import run_effects as rx
from tertulia.core.content import mask_links
from tertulia.core.entries import CallEntry, ConsentEntry, Entry, EventEntry
from tertulia.core.rounds import list_rounds
from tertulia.core.rows import OpenDelivery
from tertulia.core.simulation.arrivals import Arrival
from tertulia.core.simulation.play import Player, accept
from tertulia.core.world import World
from tertulia.ids import day_of
from tertulia.store.calls import KeptAnswer, keep_answers

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
Arrivals = list[tuple[datetime, EventEntry]]
NEW_FROM = 1_000_000  # serial numbers of contacts that events make
PEOPLE = (("Ana", "+5511987650001", "u1"), ("Bia", "+5511987650007", "u2"))  # of half of all, Ana is held out
UTC_ZONE = ZoneInfo("UTC")  # the town's, as long as nothing says another

DOCUMENTS = {
    "reminder": """
name: Reminder
throttle: {messages: 2, per: 1 h}
entry: {event: Product Added, where: {property: price, over: 100}, key: cart}
exceptions: [{event: Order Completed, same: cart}]
reentry: {after: 1 d, from: message}
steps:
  - {id: pause, kind: wait, for: 1 h}
  - id: remind
    kind: message
    channels: [telegram, sms]
    text: >-
      {{ contact.name }}, {{ event.cart }} waits: {{ "https://shop.example/cart" | link }} {{ unsubscribe }}
""",
    "best_hour": """
name: Best hour
entry: {event: Product Added, key: cart}
exceptions: [{event: Order Completed, same: cart}]
steps:
  - {id: tell, kind: message, channels: [telegram, sms], text: Now, best_hour: {within: 20 h, otherwise: "15:00"}}
  - {id: rest, kind: wait, for: 1 h}
""",
    "debounce": """
name: Debounce
budget: {day: 0.1}
entry: {event: Product Added, second: parallel}
exceptions: [{event: Product Added}, {event: Order Completed, lookback: 2 h}]
steps:
  - {id: quiet, kind: wait, for: 40 min}
  - {id: tell, kind: message, channels: [sms], class: service, text: "{{ event.cart }}?"}
  - {id: after, kind: wait, at: "09:30"}
""",
    "tree": """
name: Tree
entry: {event: Order Completed}
reentry: never
steps:
  - {id: mark, kind: update, set: {last: {from: cart}, buyer: true}}
  - id: tier
    kind: branch
    branches:
      - when: {attribute: plan, is: gold}
        steps: [{id: thank, kind: message, channels: [sms], class: service, text: "Thanks, {{ contact.last }}"}]
    else:
      - id: rated
        kind: wait_for
        event: Order Rated
        at_most: 5 h
        came: [{id: stop, kind: exit, reason: rated}]
        missed: [{id: ask, kind: message, channels: [sms], class: transactional, text: "How was {{ event.cart }}?"}]
  - {id: rest, kind: wait, for: 1 d}
""",
    "restart": """
name: Restart
entry: {event: Product Added, second: restart}
exceptions: [{event: Order Completed, where: {property: price, at_least: 50}}]
steps:
  - {id: late, kind: wait, until: {property: due}, late: skip}
  - {id: gone, kind: message, channels: [sms], text: "Not reached in time"}
  - {id: nap, kind: wait, for: 3 h}
  - {id: said, kind: message, channels: [sms], class: service, text: "{{ event.nothing }}", on_missing: skip}
""",
    "visit": """
name: Visit
entry: {event: session_ended, where: {property: events, at_least: 2}}
exceptions: [{event: session_started}]
steps:
  - {id: breathe, kind: wait, for: 20 min}
  - {id: back, kind: message, channels: [sms], class: service, text: "{{ event.events }} things"}
""",
    "hours": """
name: Hours
entry: {event: Product Added, second: parallel}
window: [{from: "10:00", to: "12:30"}]
steps:
  - {id: first, kind: message, channels: [sms], text: "One {{ event.cart }}"}
  - {id: night, kind: wait, at: "22:00"}
  - {id: second, kind: message, channels: [sms], class: service, text: "Two {{ event.cart }}"}
""",
    "rare": """
name: Rare
entry: {event: Product Added, second: parallel}
entries: {per_day: 2, total: 3}
exit_when: {attribute: plan, is: gold}
steps:
  - {id: while, kind: wait, for: 4 h}
  - {id: offer, kind: message, channels: [sms], class: service, text: "For you: {{ event.cart }}"}
""",
    "tier": """
name: Tier
entry: {event: Product Added, second: restart}
exceptions: [{event: Order Completed}]
steps:
  - id: ask
    kind: call
    endpoint: shop
    path: /tiers/{{ event.cart }}
    body: {price: "{{ event.price }}"}
    save: {tier: tier}
    at_most: 1 h
    sample: {tier: gold}
    done:
      - id: gold
        kind: branch
        branches:
          - when: {result: ask.tier, is: gold}
            steps: [{id: thank, kind: message, channels: [sms], class: service, text: "{{ results.ask.tier }}!"}]
  - {id: keep, kind: update, set: {plan: {result: ask.tier}}}
  - {id: rest, kind: wait, for: 2 h}
  - {id: unsaid, kind: call, endpoint: shop, path: "/{{ event.nothing }}"}
""",
}
DOCUMENTS["held"] = """
name: Held
entry: {event: Product Added, second: parallel}
hold_out: 40%
reentry: {after: 90 min, from: message}
goal: {event: Order Completed, within: 4 h, from: send}
steps:
  - {id: offer, kind: message, channels: [telegram, sms], text: "Try {{ event.cart }}"}
  - {id: nap, kind: wait, for: 3 h}
  - {id: again, kind: message, channels: [sms], text: "Still {{ event.cart }}"}
  - {id: bill, kind: message, channels: [sms], class: service, text: "Bill of {{ event.cart }}"}
"""
DOCUMENTS["bandit"] = """
name: Bandit
entry: {event: Product Added, second: parallel}
goal: {event: Order Completed, within: 2 h}
steps:
  - id: way
    kind: split
    weights: bandit
    ways:
      - {name: x, steps: [{id: x, kind: message, channels: [sms], class: service, text: "X {{ event.cart }}"}]}
      - {name: y, weight: 2, steps: [{id: y, kind: message, channels: [sms], class: service, text: "Y"}]}
"""
SEGMENTS = {
    "keen": "name: Keen\nwhere: {event: Product Added, where: {property: price, over: 50}, within: 2 h, at_least: 2}\n",
    "idle": "name: Idle\nwhere: {all: [{none: [{event: Order Completed, within: 1 d}]}, {event: Product Added}]}\n",
    "told": "name: Told\nwhere: {any: [{message: delivered, within: 5 h}, {attribute: plan, is: gold}]}\n",
    "warm": "name: Warm\nwhere: {all: [{segment: keen}, {event: Seen, last: {within: 3 h}}]}\n",
}
"""By key, in the order in which they may be published."""

for _key in SEGMENTS:
    DOCUMENTS[f"in_{_key}"] = f"""
name: In {_key}
entry: {{kind: segment, segment: {_key}{", already_inside: true" if _key == "idle" else ""}}}
exceptions: [{{event: Order Completed}}]
steps:
  - {{id: note, kind: update, set: {{seen_{_key}: true}}}}
  - {{id: nap, kind: wait, for: 20 min}}
  - {{id: hello, kind: message, channels: [sms], class: service, text: "{{{{ event.segment }}}}"}}
"""
DOCUMENTS["patient"] = """
name: Patient
entry: {event: Product Added, second: parallel}
exceptions: [{event: Order Completed}]
class: transactional
steps:
  - {id: tell, kind: message, channels: [http_sms, twilio], text: "Quiet {{ event.cart }}", delivered_within: 30 min}
  - {id: rest, kind: wait, for: 1 h}
"""
DOCUMENTS["left_keen"] = """
name: Left
entry: {kind: segment, segment: keen, on: left}
reentry: never
steps:
  - {id: gold, kind: update, set: {plan: gold}}
"""
DOCUMENTS["daily"] = """
name: Daily
entry: {kind: audience, every: day, time: "10:07", channel: sms, where: {attribute: plan, is: free}}
exceptions: [{event: Order Completed}]
steps:
  - {id: nap, kind: wait, for: 50 min}
  - {id: news, kind: message, channels: [sms], text: "News of {{ event.day }}"}
"""
DOCUMENTS["local"] = """
name: Local
entry: {kind: audience, every: day, time: "18:00", clock: customer}
steps:
  - {id: evening, kind: message, channels: [sms], class: service, text: "Good evening"}
"""
DOCUMENTS["launch"] = """
name: Launch
entry: {kind: audience, at_launch: true}
steps:
  - {id: hello, kind: message, channels: [telegram, sms], text: "Hello {{ contact.name }}"}
"""
DOCUMENTS["dated"] = """
name: Dated
entry: {kind: date, attribute: joined, days_after: 1, time: "08:30"}
steps:
  - {id: thanks, kind: message, channels: [sms], class: service, text: "{{ event.years }} years"}
"""
DOCUMENTS["unheeded"] = """
name: Unheeded
entry: {kind: outcome, outcome: ignored, for: 3 h, second: parallel}
steps:
  - {id: nudge, kind: message, channels: [sms], class: service, text: "{{ event.step }}?"}
"""
DOCUMENTS["delivered"] = """
name: Delivered
entry: {kind: outcome, outcome: delivered, second: restart}
steps:
  - {id: rest, kind: wait, for: 2 h}
  - {id: after, kind: message, channels: [sms], class: service, text: "After {{ event.step }}"}
"""
USERS = ("u1", "u1", "u1", "u2", "u2", "u3", "")
DEVICES = ("d1", "d2", "", "", "", "")


@st.composite
def list_arrivals(draw: st.DrawFn) -> Arrivals:
    """Events as they come in: now and then late, doubled, of a known device, of two people who turn out to be one."""
    now, made = NOW + MINUTE, []
    for number in range(draw(st.integers(4, 16))):
        now += MINUTE * draw(st.sampled_from((1, 3, 11, 29, 37, 61, 190, 700)))
        if made and draw(st.integers(0, 6)) == 0:
            made.append((now, draw(st.sampled_from([entry for _, entry in made]))))
            continue
        made.append((now, draw(make_event(number, now))))
    return made


@st.composite
def make_event(draw: st.DrawFn, number: int, now: datetime) -> EventEntry:
    """One event that arrives at `now`."""
    user, device = draw(st.sampled_from(USERS)), draw(st.sampled_from(DEVICES))
    if not user and not device:
        user = "u1"
    at = now - MINUTE * draw(st.sampled_from((0, 0, 0, 0, 0, 2, 31, 300, 5000)))
    names = (*("Product Added",) * 5, *("Order Completed",) * 2, "Order Rated", "Seen", "Application Backgrounded")
    call = draw(st.sampled_from((*("track",) * 9, "page", "identify", "alias")))
    told: dict[str, Any] = {"user_id": user, "anonymous_id": device}
    if call == "track":
        due = now + MINUTE * draw(st.sampled_from((-90, -5, 30)))
        price, cart = draw(st.sampled_from((20, 60, 120))), draw(st.sampled_from(("a", "b")))
        told["properties"] = {"price": price, "cart": cart, "due": due.isoformat()}
    elif call == "identify":
        told["traits"] = draw(st.sampled_from(({"plan": "gold"}, {"plan": "free"}, {"timezone": "America/Bahia"})))
    elif call == "alias":
        told |= {"user_id": user or "u2", "anonymous_id": "", "previous_id": draw(st.sampled_from(("u3", "d2", "old")))}
    name = draw(st.sampled_from(names)) if call == "track" else ""
    if draw(st.integers(0, 3)) == 0:
        told["context"] = {"timezone": "Europe/Lisbon", "locale": "pt-BR"}
    return EventEntry(1, call, f"m{number}", at, at, name, **told)


def number_anew(url: str) -> None:
    """Of what an empty database stores next the ids begin again: a story that fails is the same story when it is played
    again."""
    with psycopg.connect(url) as conn:
        conn.execute(
            """select setval(format('%I.%I', schemaname, sequencename), start_value, false) from pg_sequences
               where schemaname = 'public' and last_value is not null"""
        )


def settle(town: Town) -> list[int]:
    """Two people whom the shop knows, with a second channel for texts, and its source of events."""
    from tertulia.data.models import Source

    town.channels["second"] = town.add_channel("twilio")
    Source.objects.create(id=1, workspace=town.workspace, name="Shop", write_key="wk_1", client_side=True)
    town._change_epoch()
    known = []
    for name, phone, user in PEOPLE:
        known.append(town.add_contact(name, phone))
        town.append(ConsentEntry(known[-1], "*", "*", "*", "granted", "form", "user:1", town.now), known[-1])
        town.event("identify", user=user, traits={"plan": "free", "joined": "2025-11-02"})
        absorbed = town.identity("user_id", user)
        assert absorbed is not None
        town.merge(absorbed, known[-1])
    return known


@dataclass
class Account:
    """What a story came to, in words that both ways of playing it have."""

    runs: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    rows: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    steps: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    texts: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    written: set[tuple[date, UUID]] = field(default_factory=set)  # rows of the ledger, which has each once a day

    def watch(self, world: World) -> None:
        """Note a simulated decision."""
        for effect in world.effects:
            match effect:
                case rx.EndRun():
                    told = (
                        effect.contact_id,
                        effect.journey_id,
                        effect.key,
                        effect.step,
                        effect.entered_at,
                        effect.started_at,
                    )
                    self.runs[(*told, effect.event["id"], effect.outcome, effect.reason, effect.at)] += 1
                case rx.TallyStep():
                    self.steps[(effect.journey_id, effect.step, effect.what)] += 1
                case fx.Decide() if (
                    effect.journey_id is not None and (day_of(effect.at), effect.id) not in self.written
                ):
                    self.written.add((day_of(effect.at), effect.id))
                    told = (effect.id, effect.contact_id, effect.journey_id, effect.step)
                    self.rows[(*told, effect.outcome, effect.gate, effect.reason, effect.at)] += 1
                case fx.SetOpenState(state="sending"):
                    kept = mask_links(effect.content, PUBLIC_URL)  # as the history keeps it
                    self.texts[(world.open[effect.id].to_value, kept["text"])] += 1
                case _:
                    pass


@dataclass(frozen=True)
class Handed:
    """A message that was handed over, as both ways of playing know it."""

    id: UUID
    contact_id: int
    channel_id: int
    attempt: int
    text: str


Answer = Callable[[Handed, datetime], list[Entry]]


def deliver_all(town: Town) -> Answer:
    """A provider that takes and delivers every message, but for those of which it never tells."""

    def answer(handed: Handed, now: datetime) -> list[Entry]:
        silent = handed.channel_id == town.channels["sms"].pk and handed.text == "Quiet a"
        return accept(handed, now)[: 1 if silent else 2]

    return answer


def run_for_real(town: Town, answer: Answer, arrivals: Arrivals, until: datetime) -> None:
    """By the engine."""
    town.drain()
    for at, entry in arrivals:
        _run_to(town, answer, at)
        _set_clock(town, at)
        town.append(entry, _find_known(town, entry))
        town.drain()
    _run_to(town, answer, until)


def play_for_real(town: Town, arrivals: Arrivals, until: datetime) -> Account:
    """By the engine, with what it came to."""
    run_for_real(town, deliver_all(town), arrivals, until + MINUTE)
    return Account(
        runs=_count(
            town,
            """select contact_id, journey_id, key, step, entered_at, started_at, event ->> 'id',
                      outcome, reason, ended_at
               from run
               where ended_at <= %s""",
            until,
        ),
        rows=_count(
            town,
            """select id, contact_id, journey_id, coalesce(step, ''), outcome, gate, reason, at from ledger
               where journey_id is not null and at <= %s""",
            until,
        ),
        steps=Counter(
            {
                row[:3]: row[3]
                for row in town.rows("select journey_id, step, what, sum(count)::int from step_tally group by 1, 2, 3")
            }
        ),
        texts=_count(town, "select to_value, content ->> 'text' from delivery where state in ('sent', 'delivered')"),
    )


def play_in_memory(player: Player, town: Town, answer: Answer, arrivals: Arrivals, until: datetime) -> None:
    """By a simulation, with the same provider."""

    def tell(of: OpenDelivery, now: datetime) -> list[Entry]:
        return answer(Handed(of.id, of.contact_id, of.channel_id, of.attempt, of.content["text"]), now)

    player.answer = tell
    player.play([Arrival(at, town.workspace.pk, entry) for at, entry in arrivals], until)


def _run_to(town: Town, answer: Answer, until: datetime) -> None:
    """Every instant before then at which something is due, a round too, and where there are segments or bandits every
    hour."""
    [(hourly,)] = town.rows("select (select count(*) from segment) + count(*) from journey where document ~ 'bandit'")
    while True:
        _answer(town, answer)
        [(due,)] = town.rows(
            """select least((select min(due_at) from run_open), (select min(ends_at) from session),
                            (select min(not_before) from delivery_open where state = 'queued'),
                            (select min(due_at) from message_watch))"""
        )
        round_at = _find_round(town, until)
        if round_at is not None and (due is None or round_at <= due):
            due = round_at
            town.engine._rounds.checked = None  # at that instant, and not some seconds later
        if hourly:
            hour = town.now.replace(minute=0, second=0, microsecond=0) + HOUR
            due = min(due or hour, hour)
        if due is None or due >= until:
            return
        _set_clock(town, max(due, town.now))
        town.drain()


def _find_round(town: Town, until: datetime) -> datetime | None:
    """When a journey looks for people next."""
    assert town.engine.config is not None
    journeys = [journey.program.journey for journey in town.engine.config.journeys.values()]
    return min((one.due_at for each in journeys for one in list_rounds(each, town.now, until, UTC_ZONE)), default=None)


def _answer(town: Town, answer: Answer) -> None:
    while (sent := _list_sent(town)) or (called := _list_called(town)):
        for entry in [entry for handed in sent for entry in answer(handed, town.now)]:
            town.append(entry)
            town.drain()
        for call_id, contact, attempt in [] if sent else called:
            keep_answers(town.conn, [KeptAnswer(contact, call_id, attempt, {"tier": "gold"})])
            town.append(CallEntry(contact, call_id, attempt, "ok", town.now, "call.done"), contact)
            town.drain()


def _list_sent(town: Town) -> list[Handed]:
    rows = town.rows(
        """select id, contact_id, channel_id, attempt, content ->> 'text' from delivery_open
           where state = 'sending' order by channel_id, made_at"""
    )
    return [Handed(*row) for row in rows]


def _list_called(town: Town) -> list[tuple[Any, ...]]:
    return town.rows("select id, contact_id, attempt from call_open where state = 'calling' order by id")


def _set_clock(town: Town, at: datetime) -> None:
    from tertulia.store.clock import set_test_clock

    town.now = at
    set_test_clock(town.conn, at)
    town.conn.commit()


def _find_known(town: Town, entry: EventEntry) -> int | None:
    return town.identity(entry.identity.kind, entry.identity.value)


def _count(town: Town, query: str, *args: Any) -> Counter[tuple[Any, ...]]:
    return Counter(town.rows(query, *args))
