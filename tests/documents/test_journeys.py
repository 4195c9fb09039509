"""What is wrong with a journey's document is told by line and column, with what to do."""

import msgspec
import pytest

from tertulia.core.journeys import compile_journey
from tertulia.core.steps.registry import list_kinds
from tertulia.documents.journeys import Around, check_journey, read_journey, write_schema
from tertulia.documents.lines import BadDocument

AROUND = Around(
    {"Shop SMS": "sms", "WhatsApp": "whatsapp"},
    frozenset({"Europe/Lisbon"}),
    frozenset({"cart"}),
    pools=frozenset({"welcome"}),
)
GOOD = """name: Cart
entry:
  event: Added
  where:
    all:
      - {property: price, over: 100}
steps:
  - id: pause
    kind: wait
    for: 1 h
  - id: tell
    kind: message
    channels: [sms]
    text: Hello {{ contact.name }}
"""


def tell(text: str) -> list[tuple[int, int, str]]:
    """Line, column and sentence of everything that is wrong."""
    with pytest.raises(BadDocument) as bad:
        check_journey(text, AROUND)
    return [(p.place.line, p.place.column, p.sentence) for p in bad.value.problems]


def test_a_good_one_is_a_program() -> None:
    """In which every step knows what comes behind it."""
    program = compile_journey(check_journey(GOOD, AROUND))
    assert program.first == "pause"
    assert [(id_, node.next) for id_, node in program.nodes.items()] == [("pause", "tell"), ("tell", None)]


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("for: 1 h", "for: 1", 10, "This is to be a text, and is a whole number."),
        ("for: 1 h", "for: soon", 10, "Give a duration such as 30 min, 2 h or 7 d."),
        ("for: 1 h", "fro: 1 h", 10, "There is no field “fro” here."),
        ("for: 1 h", "for: 1 h\n    at: 09:00", 11, "A duration has no time of day."),
        ("for: 1 h", "late: skip", 8, "Give exactly one of for, calendar_days, weekdays, at and until."),
        ("kind: wait", "kind: weight", 9, "Say which kind of step it is: ask, branch, call, coupon, exit, hand_over,"),
        ("id: tell", "id: pause", 11, "The step on line 8 is called “pause” too."),
        ("id: tell", "id: Tell me", 11, "An id has small letters, digits, - and _"),
        ("channels: [sms]", "channels: [line]", 13, "No channel is called “line”, and none is of that kind."),
        ("channels: [sms]", "channels: []", 13, "Give at least one channel."),
        ("contact.name }}", "contact.name", 14, "A variable or tag is opened and its closing braces are missing."),
        ("over: 100", "over: a lot", 6, "Compare with a number, or with an instant"),
        ("over: 100", "over: 100, under: 3", 6, "Give exactly one operator"),
        ("property: price", "field: age", 6, "A contact has these fields: name, surname, language, country, zone."),
        ("  event: Added", "  evnt: Added", 3, "There is no field “evnt” here."),
        ("name: Cart", "name: Cart\nzone: Lisbon", 2, "There is no time zone “Lisbon”."),
        ("name: Cart", "name: Cart\nstarts: 2027-01-02T00:00:00Z\nends: 2027-01-01T00:00:00Z", 3, "before it starts"),
        ("name: Cart", "name: Cart\nstarts: 2027-01-02T00:00:00", 2, "Say in which zone"),
        ("name: Cart", "name: Cart\nreentry: {after: 7}", 2, "This is to be a text, and is a whole number."),
        ("event: Added", "kind: eve\n  event: Added", 3, "“eve” is none of the choices."),
        ("event: Added", "kind: message\n  keyword: join", 4, "This is to be a list, and is a text."),
        ("event: Added", "kind: message\n  keyword: [join, Stop!]", 4, "“Stop!” stops messages or asks for help"),
        ("event: Added", "kind: message\n  keyword: ['!']", 4, "Give a word: letters or digits."),
        ("event: Added", "kind: message\n  channel: line", 4, "No channel is called “line”"),
        ("event: Added", "kind: outcome\n  outcome: eaten", 4, "“eaten” is none of the choices."),
        ("event: Added", "kind: outcome\n  outcome: ignored", 2, "Say for how long it is ignored"),
        ("event: Added", "kind: outcome\n  outcome: ignored\n  for: 2", 5, "This is to be a text"),
        ("event: Added", "kind: outcome\n  outcome: ignored\n  for: soon", 5, "Give a duration such as 30 min"),
        ("event: Added", "kind: outcome\n  outcome: opened\n  for: 2 d", 5, "Only ignored has a duration."),
        ("event: Added", "kind: outcome\n  outcome: opened\n  journey: car", 5, "No journey has the key “car”."),
        ("event: Added", "kind: outcome\n  outcome: opened\n  step: tell", 5, "Give the journey too."),
        ("event: Added", "kind: outcome\n  outcome: clicked\n  journey: car", 5, "No journey has the key “car”."),
        ("contact.name }}", "'shop.example' | link }}", 14, "“shop.example” is no web address that a link can"),
        ("contact.name }}", "'https://a.example' | link:'%' }}", 14, "cannot be the name of a link."),
        (
            *("    kind: wait\n    for: 1 h", "    kind: split\n    weights: bandit\n    ways: [{name: a}, {name: b}]"),
            *(10, "needs the journey's goal"),
        ),
        ("name: Cart", "name: Cart\nhold_out: 95%", 2, "Write a share from 0.01% to 90%"),
        ("name: Cart", "name: Cart\nhold_out: 10", 2, "text"),
        ("name: Cart", "name: Cart\nthrottle: {messages: 0, per: 1 h}", 2, "Give a number from 1 to 1000000"),
        ("name: Cart", "name: Cart\nthrottle: {messages: 5, per: 8 d}", 2, "Give a time of at most 7 d"),
        ("name: Cart", "name: Cart\nguards: {after: 5}", 2, "Give one of bounces, complaints"),
        ("name: Cart", "name: Cart\nguards: {bounces: 5}", 2, "text"),
        ("name: Cart", "name: Cart\ncanary: {share: 95%, for: 2 h}", 2, "Write a share from 0.01% to 90%"),
        ("name: Cart", "name: Cart\ncanary: {share: 5%, for: soon}", 2, "Give a duration"),
        ("name: Cart", "name: Cart\nbudget: {}", 2, "Give an amount, or leave the budget out"),
        ("name: Cart", "name: Cart\nbudget: {day: 0}", 2, "Give an amount above 0"),
        ("name: Cart", "name: Cart\nbudget: {day: 10, week: 5}", 2, "week"),
        ("name: Cart", "name: Cart\nentries: {per_day: 0}", 2, "Give a number from 1 to"),
        ("name: Cart", "name: Cart\nentries: {total: many}", 2, "This is to be a whole number"),
        ("name: Cart", "name: Cart\nexit_when: {property: a, is: 1}", 2, "There is no event here."),
        ("name: Cart", "name: Cart\nexit_when: {attribute: a, under: now + 3}", 2, "now + 3 d or now - 30 d."),
        ("kind: wait\n    for: 1 h", "kind: branch\n    branches: [{when: {field: name, over: now}}]", 10, "exit_when"),
        ("kind: wait\n    for: 1 h", "kind: branch\n    branches: [{when: {segment: vip}}]", 10, "may name a segment."),
        ("name: Cart", "name: Cart\nexit_when: {segment: vip, is: gold}", 2, "“segment” has no operator."),
        ("text: Hello", "best_hour: {within: 2 d}\n    text: Hello", 14, "Give 1 h to 24 h"),
        ("text: Hello", "best_hour: {within: 1 d, otherwise: late}\n    text: Hello", 14, "Give a time such as 09:00."),
        ("text: Hello", "best_hour: {within: 9 h}\n    within: 2 h\n    text: Hello", 15, "give at least 9 h"),
        ("name: Cart", "name: Cart\ngoal: {event: Bought}", 2, "Give “within” here."),
        ("name: Cart", "name: Cart\ngoal: {event: Bought, within: soon}", 2, "Give a duration such as"),
        ("name: Cart", "name: Cart\ngoal: {event: '', within: 3 d}", 2, "Give the name of the event that the journey"),
        ("name: Cart", "name: Cart\nhold_out: 5%\ngoal: {event: B, within: 3 d, from: click}", 3, "held out opens"),
        ("name: Cart", "name: Cart\ngoal: {event: B, within: 3 d, from: reply}", 2, "“reply” is none of the choices."),
        ("kind: wait\n    for: 1 h", "kind: start\n    journey: car", 10, "No journey has the key “car”."),
        ("kind: wait\n    for: 1 h", "kind: start\n    journey: ''", 10, "Choose a journey."),
        ("kind: wait\n    for: 1 h", "kind: split\n    ways: [{name: A}]", 10, "Give two to 10 ways."),
        ("kind: wait\n    for: 1 h", "kind: split\n    ways: [{name: A}, {name: A}]", 10, "a name of its own."),
        ("kind: wait\n    for: 1 h", "kind: split\n    ways: [{name: A, weight: 0}, {name: B}]", 10, "a weight from 1"),
        ("kind: wait\n    for: 1 h", "kind: coupon\n    pool: ''", 10, "Choose a pool of codes."),
        ("kind: wait\n    for: 1 h", "kind: coupon\n    pool: gone", 10, "No pool of coupons has the key “gone”."),
        ("contact.name", "coupons.pause.code", 14, "No step that everybody passes before this one gives a coupon"),
        ("event: Added", "kind: api\n  event: Added", 4, "There is no field “event” here."),
        ("name: Cart", "name: Cart\nname: Car", 2, "“name” stands here twice."),
        ("  - id: tell", "  - {id: end, kind: exit}\n  - id: tell", 12, "Nobody comes here"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_where_it_stands(old: str, new: str, line: int, words: str) -> None:
    """One clear sentence with what to do."""
    assert old in GOOD
    [(found, _, sentence)] = tell(GOOD.replace(old, new))
    assert (found, words in sentence) == (line, True), sentence


def test_everything_is_told_at_once() -> None:
    """In the order of the lines."""
    wrong = (
        GOOD.replace("for: 1 h", "for: soon")
        .replace("channels: [sms]", "channels: []")
        .replace("event: Added", "event: 3")
    )
    assert [line for line, _, _ in tell(wrong)] == [3, 10, 13]


def test_times_and_dates_are_texts() -> None:
    """What an older YAML takes for a number of minutes, or for false."""
    text = GOOD.replace("for: 1 h", "at: 10:30").replace("name: Cart", "name: no")
    assert read_journey(text).name == "no"
    assert check_journey(text, AROUND).steps[0]["at"] == "10:30"


@pytest.mark.parametrize(
    "text", ["", "[", "- a", "name: x", "a: &b 1\nc: *b", "a: " + "[" * 60, "[" * 9999, "\0", "x: ? 1"]
)
def test_what_is_no_document_at_all_is_told_too(text: str) -> None:
    """Whatever it is."""
    assert tell(text)


def test_the_schema_has_every_kind_with_its_own_name() -> None:
    """And every list of steps is one."""
    schema = write_schema()
    defs = schema["$defs"]
    names = [ref["$ref"].rpartition("/")[2] for ref in defs["Step"]["oneOf"]]
    kinds = {defs[name]["properties"]["kind"]["const"] for name in names}
    assert kinds == set(list_kinds())
    assert schema["$defs"]["Journey"]["properties"]["steps"]["items"] == {"$ref": "#/$defs/Step"}
    assert schema["$defs"]["BranchStep"]["properties"]["else"]["items"] == {"$ref": "#/$defs/Step"}


@pytest.mark.parametrize(
    ("step", "reached"),
    [
        ("{id: x, kind: exit}", False),
        ("{id: x, kind: split, ways: [{name: A, steps: [EXIT]}, {name: B, steps: [EXIT2]}]}", False),
        ("{id: x, kind: split, ways: [{name: A, steps: [EXIT]}, {name: B}]}", True),
        ("{id: x, kind: branch, branches: [{when: {property: p, is: a}, steps: [EXIT]}], else: [EXIT2]}", False),
        ("{id: x, kind: branch, branches: [{when: {property: p, is: a}, steps: [EXIT]}]}", True),
        ("{id: x, kind: wait_for, event: E, at_most: 1 d, came: [EXIT], missed: [EXIT2]}", False),
        ("{id: x, kind: wait_for, event: E, at_most: 1 d, came: [EXIT]}", True),
    ],
)
def test_a_step_that_nobody_reaches_is_refused(step: str, reached: bool) -> None:
    """Behind the end of the run, and where every way has ended it."""
    step = step.replace("EXIT2", "{id: b, kind: exit}").replace("EXIT", "{id: a, kind: exit}")
    document = GOOD.replace("  - id: pause", f"  - {step}\n  - id: pause")
    if reached:
        assert check_journey(document, AROUND)
    else:
        assert [(line, words[:18]) for line, _, words in tell(document)] == [(9, "Nobody comes here:")]


@pytest.mark.parametrize("kind", list(list_kinds().values()), ids=lambda kind: kind.KIND)
def test_a_new_step_of_every_kind_is_right_as_it_stands(kind: type) -> None:
    """Its sample is valid, and it has words and an icon."""
    step = msgspec.convert({"id": "x", "kind": kind.KIND, **kind.SAMPLE}, kind)
    assert step.find_faults() == []
    assert "" not in (kind.TITLE, kind.ABOUT, kind.ICON)


@pytest.mark.parametrize(
    "entry",
    [
        "kind: message",
        "kind: message\n  keyword: [Join]\n  first: true",
        "kind: api",
        "kind: outcome\n  outcome: ignored\n  for: 2 d\n  journey: cart\n  step: tell",
    ],
)
def test_an_entry_may_be_no_event(entry: str) -> None:
    """Its kind says what it is; without one it is an event."""
    journey = check_journey(GOOD.replace("event: Added", entry), AROUND)
    assert journey.entry.__struct_config__.tag == entry.split()[1]
    assert check_journey(GOOD, AROUND).entry.__struct_config__.tag == "event"


def test_the_schema_knows_the_kinds_of_entries() -> None:
    """An event's kind need not be said."""
    defs = write_schema()["$defs"]
    kinds = {name: defs[name]["properties"]["kind"] for name in defs if name.endswith("Entry")}
    assert {name: kind.get("enum", [kind.get("const")]) for name, kind in kinds.items()} == {
        "EventEntry": ["event"],
        "MessageEntry": ["message"],
        "CommentEntry": ["comment"],
        "OutcomeEntry": ["outcome"],
        "ApiEntry": ["api"],
        "SegmentEntry": ["segment"],
        "AudienceEntry": ["audience"],
        "DateEntry": ["date"],
    }
    assert "kind" not in defs["EventEntry"]["required"]


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("{type: identify, event: Signed Up}", "A call of the type identify has no name. Leave the event out."),
        ("{type: page}", "Give the name of the event that starts the journey."),
        ("{}", "Give the name of the event that starts the journey."),
    ],
)
def test_an_entry_names_its_event_where_it_has_a_name(entry: str, told: str) -> None:
    """Told with its place."""
    found = tell(f"name: X\nentry: {entry}\nsteps:\n  - {{id: end, kind: exit}}\n")
    assert [(line, words) for line, _column, words in found] == [(2, told)]


CALL = """
name: Tier
entry: {event: Added}
steps:
  - {id: ask, kind: call, endpoint: shop, method: GET, path: "/{{ contact.name }}", save: {tier: tier}, at_most: 1 d}
  - id: use
    kind: branch
    branches:
      - when: {result: ask.tier, is: gold}
        steps: [{id: tell, kind: message, channels: [sms], text: "{{ results.ask.tier }}"}]
  - {id: keep, kind: update, set: {tier: {result: ask.tier}}}
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("endpoint: shop", "endpoint: till", 5, "No endpoint has the key “till”. There are: shop."),
        ("method: GET", "method: PUT", 5, "“shop” takes no PUT. It takes: GET, POST."),
        ("method: GET", "method: GET, body: {a: 1}", 5, "A GET has no body."),
        ("{{ contact.name }}", "{{ contact.name", 5, "its closing braces are missing"),
        (
            "method: GET",
            'method: POST, body: {a: ["{{ results.use.x }}"]}',
            5,
            "No step before this one is called",
        ),
        ("{tier: tier}", "{tier: 'a b ='}", 5, "this path cannot be read"),
        ("{tier: tier}", "{a.b: tier}", 5, "Give every value a name without dots."),
        ("at_most: 1 d", "at_most: soon", 5, "Give a duration such as"),
        ("at_most: 1 d", "sample: {name: x}", 5, "“name” is not saved."),
        ("at_most: 1 d", 'expect: "=="', 5, "this path cannot be read"),
        ("result: ask.tier, is", "result: ask, is", 9, "Say what of it: ask has ask.tier."),
        ("result: ask.tier, is", "result: ask.name, is", 9, "saves no “name”. It saves: ask.tier."),
        ("results.ask.tier", "results.other.tier", 10, "No step before this one is called “other”"),
        ("{result: ask.tier}}", "{result: ask.points}}", 11, "saves no “points”"),
        ("{result: ask.tier}}", "{result: ask.tier, from: tier}}", 11, "Give either from, a property, or result"),
        ("event: Added}", "event: Added, where: {result: ask.tier, is: x}}", 3, "Only a branch can look at"),
    ],
)
def test_S6_what_is_wrong_with_calls_and_their_results_is_told(old: str, new: str, line: int, words: str) -> None:
    """Where it stands, with what there is."""
    around = Around({"sms": "sms"}, endpoints={"shop": frozenset({"GET", "POST"})})
    check_journey(CALL, around)
    assert old in CALL
    with pytest.raises(BadDocument) as bad:
        check_journey(CALL.replace(old, new), around)
    told = [(problem.place.line, problem.message % problem.parameters) for problem in bad.value.problems]
    assert [sentence for at, sentence in told if at == line and words in sentence], told


def test_an_e_mail_needs_a_subject() -> None:
    """Told once, whether the channel stands there by its name, its kind or as e-mail in general."""
    around = Around({"Post": "email", "smtp": "smtp", "Shop SMS": "sms"}, mails=frozenset({"smtp"}))
    text = "name: x\nentry: {event: e}\nsteps:\n  - {id: a, kind: message, channels: [%s], text: t%s}\n"
    for name in ("Post", "smtp", "email"):
        with pytest.raises(BadDocument) as bad:
            check_journey(text % (f"sms, {name}", ""), around)
        told = [(p.place.line, p.sentence) for p in bad.value.problems]
        assert told == [(4, "Give the subject: the message goes out by e-mail too.")]
        check_journey(text % (name, ", subject: s, html: '<b>{{ contact.name }}</b>'"), around)
    check_journey(text % ("sms", ""), around)


def test_a_subject_and_html_are_templates() -> None:
    """What is wrong in them is told at their place."""
    text = (
        "name: x\nentry: {event: e}\nsteps:\n  - id: a\n    kind: message\n    channels: [sms]\n    text: t\n    %s\n"
    )
    for field in ("subject", "html"):
        with pytest.raises(BadDocument) as bad:
            check_journey(text % f'{field}: "{{{{ contact.name | shout }}}}"', AROUND)
        assert [(p.place.line, p.sentence) for p in bad.value.problems] == [(8, "There is no filter called “shout”.")]


ASKS = """name: Ask
entry: {event: Added}
steps:
  - {id: first, kind: message, channels: [sms], text: "Hello"}
  - id: which
    kind: branch
    branches:
      - when: {property: price, over: 1}
        steps:
          - {id: colour, kind: ask, channels: [sms], text: "Which?", answer: choice, choices: [{label: Blue}],
             at_most: 1 d}
    else:
      - {id: other, kind: message, channels: [sms], text: "Or else"}
  - {id: last, kind: message, channels: [sms], text: "Bye"}
"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"Hello"', '"{{ answers.colour }}"', "No step before this one asks and is called “colour”."),
        ('"Or else"', '"{{ answers.colour }}"', "No step before this one asks and is called “colour”."),
        (
            '"Which?"',
            '"Which?", retry: {text: "{{ answers.size }}"}',
            "No step before this one asks",
        ),
        ("{property: price, over: 1}", "{answer: colour, is: Blue}", "No step before this one asks"),
        ("{event: Added}", "{event: Added, where: {answer: colour, is: Blue}}", "No step before this one asks"),
        ("[{label: Blue}]", "[]", "Give at least one choice."),
        ("[{label: Blue}]", "[{label: Blue}, {label: BLUE}]", "The choice stands here twice."),
        ("[{label: Blue}]", '[{label: " "}]', "Give a label of at most 80 characters."),
        ("answer: choice", "answer: number", "Only a choice or a text has choices. Leave them out."),
        ("at_most: 1 d", "at_most: 1", "This is to be a text, and is a whole number."),
        ("at_most: 1 d", "at_most: 1 d, retry: {times: 9}", "Give a number from 0 to 5."),
    ],
)
def test_what_is_wrong_with_a_question(old: str, new: str, words: str) -> None:
    """An answer is there only behind the step that asks, on the same way or after the ways have met again."""
    check_journey(ASKS.replace('"Bye"', '"{{ answers.colour }}"'), AROUND)
    [(_, _, sentence)] = tell(ASKS.replace(old, new))
    assert sentence.startswith(words)


GIFT = """name: Gift
entry: {event: Added}
steps:
  - {id: gift, kind: coupon, pool: welcome}
  - id: which
    kind: branch
    branches:
      - when: {property: price, over: 100}
        steps:
          - {id: more, kind: coupon, pool: welcome}
          - {id: both, kind: message, channels: [sms], text: "{{ coupons.gift.code }} {{ coupons.more.code }}"}
    else:
      - {id: one, kind: message, channels: [sms], text: "{{ coupons.gift.code }}"}
  - {id: tell, kind: message, channels: [sms], text: "{{ coupons.gift.code }} {{ coupons.gift.expires }}"}
"""


def test_S5_a_message_shows_coupons_of_steps_that_everybody_passes_before_it() -> None:
    """Not those of another way, and not in texts that are no messages, which claim nothing."""
    check_journey(GIFT, AROUND)
    for shown in ('text: "{{ coupons.gift.code }}"}', 'text: "{{ coupons.gift.code }} {{ coupons.gift.expires }}"}'):
        [(_, _, sentence)] = tell(GIFT.replace(shown, 'text: "{{ coupons.more.code }}"}'))
        assert "gives a coupon and is called “more”" in sentence
    hands = '  - {id: people, kind: hand_over, say: "{{ coupons.gift.code }}"}\n'
    [(_, _, sentence)] = tell(GIFT + hands)
    assert sentence == "A coupon is claimed by a message. This text is none: leave the coupon out."
