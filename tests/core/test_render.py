"""Templates: what they may do, what they may not, and the answers to what is wrong (S4)."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tertulia.core import sms
from tertulia.core.render import (
    SENTENCES,
    Abort,
    Broken,
    Missing,
    OnMissing,
    Outcome,
    ProblemCode,
    Rendered,
    Template,
    TemplateProblem,
    Variable,
    compile_template,
    count_links,
    find_unknown,
    render,
    sample_links,
    variables,
)
from tertulia.core.render_limits import FILTERS, LINKS_MAX, TAGS, strict_sandbox
from tertulia.core.web_addresses import read_address

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
FACTS = {
    "contact": {"name": "Ana", "surname": "", "city": None, "points": 120},
    "links": {"any": "https://l.example/l/x", "whatsapp": "https://l.example/l/w"},
    "link": "https://l.example/l/x",
    "workspace": {"name": "Casa Verde"},
}


def run(source: str, on_missing: OnMissing = OnMissing.FAIL) -> Outcome:
    return render(compile_template(source), FACTS, now=NOW, on_missing=on_missing)


def try_compile(source: str) -> tuple[Template | None, TemplateProblem | None]:
    try:
        return compile_template(source), None
    except TemplateProblem as problem:
        return None, problem


def test_render_fills_in_what_a_contact_has() -> None:
    """Names, links, the workspace, numbers and dates; nothing is escaped."""
    assert run("Hi {{ contact.name }}, {{ workspace.name }}: {{ links.any }} {{ link }}") == Rendered(
        "Hi Ana, Casa Verde: https://l.example/l/x https://l.example/l/x"
    )
    assert run("{{ contact.points | plus: 1 }} <b> & {{ now | date: '%d.%m.%Y' }}") == Rendered("121 <b> & 22.11.2026")
    assert run("{{ today | date: '%Y' }}{{ '2020-02-29' | date: '%-d %b' }}") == Rendered("202629 Feb")


@pytest.mark.parametrize("policy", [OnMissing.FAIL, OnMissing.SKIP])
def test_S4_a_missing_variable_is_named_with_its_line(policy: OnMissing) -> None:
    """Empty, null and unknown attributes alike."""
    assert run("Hi {{ contact.name }}\n{{ contact.surname }}", policy) == Missing("contact.surname", 2)
    assert run("{{ contact.city }}", policy) == Missing("contact.city", 1)
    assert run("{{ contact.nothing.deeper }}", policy).name.startswith("contact.nothing")  # type: ignore[union-attr]
    assert run("{{ links.viber }}", policy) == Missing("links.viber", 1)


def test_S4_default_renders_nothing_and_guards_are_not_missing() -> None:
    """The policy `default`, the filter `default`, and a condition."""
    assert run("Hi {{ contact.surname }}!", OnMissing.DEFAULT) == Rendered("Hi !")
    assert run("Hi {{ contact.surname | default: 'friend' }}!") == Rendered("Hi friend!")
    assert run("{% if contact.city %}{{ contact.city }}{% else %}-{% endif %}") == Rendered("-")
    assert run("{% if contact.city == nil %}-{% endif %}") == Rendered("-")
    assert run("{% unless contact.city %}-{% endunless %}") == Rendered("-")


def test_S4_a_template_may_abort() -> None:
    """With a reason for the ledger, or without."""
    assert run('a{% if contact.points > 100 %}{% abort "rich enough" %}{% endif %}') == Abort("rich enough")
    assert run("{% abort %}") == Abort("")


@pytest.mark.parametrize(
    ("source", "code", "line", "column"),
    [
        ("Hello\n{{ contact.name | | }}", ProblemCode.SYNTAX, 2, 19),
        ("{% include 'x' %}", ProblemCode.UNKNOWN_TAG, 1, 4),
        ("{% render 'x' %}", ProblemCode.UNKNOWN_TAG, 1, 4),
        ("\n {% foo %}", ProblemCode.UNKNOWN_TAG, 2, 5),
        ("a\nbc {% if contact.name %}x", ProblemCode.UNCLOSED_TAG, 2, 4),
        ("{% for a in b %}", ProblemCode.UNCLOSED_TAG, 1, 1),
        ("abc {{ contact.name", ProblemCode.UNCLOSED_OUTPUT, 1, 5),
        ("{{ contact.name | shout }}", ProblemCode.UNKNOWN_FILTER, 1, 19),
        ("{{ contact.name | base64_decode }}", ProblemCode.UNKNOWN_FILTER, 1, 19),
        ("x" * 10_001, ProblemCode.SOURCE_TOO_LONG, 1, 1),
        ("{% abort contact.name %}", ProblemCode.SYNTAX, 1, 4),
    ],
)
def test_S4_a_syntax_error_says_where_and_what_to_do(source: str, code: ProblemCode, line: int, column: int) -> None:
    """Line and column from 1, a sentence, a fix."""
    with pytest.raises(TemplateProblem) as caught:
        compile_template(source)
    problem = caught.value
    assert (problem.code, problem.line, problem.column) == (code, line, column)
    assert problem.sentence.endswith(".")
    assert problem.fix.endswith(".")
    assert "%(" not in problem.sentence + problem.fix


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("{% for i in (1..1000000000) %}a{% endfor %}", ProblemCode.ENDLESS_LOOP),
        ("{% for i in (1..99) %}{% for j in (1..99) %}{% endfor %}{% endfor %}", ProblemCode.ENDLESS_LOOP),
        ("{% for i in (1..1000000000) reversed %}a{% endfor %}", ProblemCode.ENDLESS_LOOP),
        ("{% assign x = (1..1000000000) | join: ',' %}", ProblemCode.FILTER_FAILED),
        ("{{ (1..1000000000) | reverse }}", ProblemCode.FILTER_FAILED),
        ("{% assign r = (1..1000000000) %}{{ r | sum }}", ProblemCode.FILTER_FAILED),
        (
            "{% assign s = 'ab' %}{% for i in (1..60) %}{% assign s = s | append: s %}{% endfor %}",
            ProblemCode.TOO_LARGE,
        ),
        ("{% assign s = 'aaaaaaaaaa' %}" + "{% assign s = s | replace: 'a', s %}" * 6, ProblemCode.TOO_LARGE),
        (
            "{% assign n = 9999999 %}{% for i in (1..99) %}{% assign n = n | times: n %}{% endfor %}",
            ProblemCode.TOO_LARGE,
        ),
        (
            "{% for i in (1..90) %}{% capture s %}{{ s }}{{ s }}aaaaaaaaaaaaaaa{% endcapture %}{% endfor %}",
            ProblemCode.TOO_LARGE,
        ),
        ("{% for i in (1..1000) %}" + "a" * 200 + "{% endfor %}", ProblemCode.TOO_LARGE),
        (
            "{% capture s %}{% for i in (1..900) %}twenty characters..{% endfor %}{% endcapture %}"
            + "{% for i in (1..1000) %}{% assign t = s | upcase | downcase | size %}{% endfor %}" * 50,
            ProblemCode.TOO_LARGE,
        ),
        ("{{ now | date: '%999999999d' }}", ProblemCode.FILTER_FAILED),
        ("{{ 'now' | date: '%Y' }}", ProblemCode.FILTER_FAILED),
        ("{{ contact.points | divided_by: 0 }}", ProblemCode.FILTER_FAILED),
    ],
)
def test_S4_an_endless_or_huge_template_ends_with_a_clear_problem(source: str, code: ProblemCode) -> None:
    """Loops, doubling texts, ranges, numbers, dates: never memory, time or the machine's clock."""
    outcome = run(source, OnMissing.DEFAULT)
    assert isinstance(outcome, Broken)
    assert outcome.problem.code is code


@settings(max_examples=150)
@given(
    st.lists(
        st.sampled_from(
            [
                *("{{", "}}", "{%", "%}", " if ", " endif ", " for i in ", " endfor ", "contact", ".name", ".x", " | "),
                *("(1..3)", "default: 1", "size", "upcase", "'a'", "1", "assign q = ", "abort", "\n", "raw", "endraw"),
            ]
        ),
        max_size=12,
    ),
    st.sampled_from(OnMissing),
)
def test_S4_every_template_has_an_outcome(pieces: list[str], policy: OnMissing) -> None:
    """Whatever people type: a problem with a place, or an outcome."""
    source = "".join(pieces)
    template, problem = try_compile(source)
    if template is None:
        assert problem is not None
        assert min(problem.line, problem.column) >= 1
        return
    assert isinstance(render(template, FACTS, now=NOW, on_missing=policy), Rendered | Abort | Missing | Broken)


def test_T4_one_instant_has_the_hour_of_each_zone() -> None:
    """However often it was written for others before; other filters take it as it is."""
    template = compile_template("{{ now | date: '%H' }} {{ now | append: 'x' | size }}")
    hours = []
    for zone in ("UTC", "Asia/Tokyo", "America/Sao_Paulo", "UTC"):
        outcome = render(template, {}, now=NOW.astimezone(ZoneInfo(zone)))
        assert isinstance(outcome, Rendered)
        hours.append(outcome.text.split()[0])
    assert hours == ["14", "23", "11", "14"]


def test_render_lists_what_a_template_takes() -> None:
    """In order of appearance, without its own assignments."""
    source = (
        "{% assign a = contact.name %}{{ a }}\n{{ links.whatsapp }}{% if contact.city %}{{ contact.city }}{% endif %}"
    )
    assert variables(compile_template(source)) == (
        Variable("contact.name", 1),
        Variable("contact.city", 2),
        Variable("links.whatsapp", 2),
    )


def test_render_finds_variables_that_nobody_has() -> None:
    """A root that does not exist, a link of an app that is not in the match."""
    template = compile_template("{{ customer.name }}{{ links.viber }}{{ links.line }}{{ contact.anything }}{{ now }}")
    assert {v.name for v in find_unknown(template, frozenset({"links.line"}))} == {"customer.name", "links.viber"}


def test_render_sample_links_have_the_real_length() -> None:
    """So the parts shown while typing are the parts paid for."""
    facts = sample_links("https://l.example", ("whatsapp", "line"))
    assert facts["link"] == facts["links"]["any"]  # type: ignore[index]
    outcome = render(compile_template("{{ link }} {{ links.whatsapp }} {{ links.line }}"), facts, now=NOW)
    assert isinstance(outcome, Rendered)
    assert len(outcome.text) == 3 * len("https://l.example/l/" + "0" * 14) + 2
    assert sms.count_parts(outcome.text).encoding == "GSM-7"


def test_render_every_problem_has_its_sentences() -> None:
    """One table, no gaps."""
    assert set(SENTENCES) == set(ProblemCode)


def test_S4_the_sandbox_has_what_it_names_and_no_more() -> None:
    """No file, include or decoding slips in with a new version of the library."""
    sandbox = strict_sandbox()
    assert set(sandbox.tags) == TAGS
    assert set(sandbox.filters) == FILTERS


def track(address: str, name: str) -> str:
    return f"<{name}:{address}>"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ 'https://a.example/x?y=1&z=2' | link }}", "<:https://a.example/x?y=1&z=2>"),
        ("{{ 'https://a.example' | link: 'my shop' }}", "<my shop:https://a.example>"),
        ("{{ event.url | link: 'cart' }}", "<cart:https://b.example/7>"),
        ("{{ 'https://ä.example/ö' | link }}", "<:https://xn--4ca.example/%C3%B6>"),
        ("{{ 'https://a.example/' | append: contact.points | link }}", "<:https://a.example/120>"),
        ("{% for one in event.urls %}{{ one | link }}{% endfor %}", "<:http://c.example><:http://d.example:8080/>"),
    ],
)
def test_M4_a_link_takes_the_place_of_its_address(source: str, expected: str) -> None:
    """Whatever writes it; where nothing tracks, the address stands as it was written."""
    facts = {**FACTS, "event": {"url": " https://b.example/7", "urls": ["http://c.example", "http://d.example:8080/"]}}
    template = compile_template(source)
    assert render(template, facts, now=NOW, track=track) == Rendered(expected)
    plain = render(template, facts, now=NOW)
    assert isinstance(plain, Rendered)
    assert "<" not in plain.text


def test_M4_in_html_an_address_may_be_escaped() -> None:
    """What the text itself writes as &amp; means the sign; what an event says is taken as it is."""
    template = compile_template(
        "<a href=\"{{ 'https://a.example/?b=1&amp;c=2' | link }}\">{{ event.url | link }}</a>", True
    )
    seen: list[str] = []
    facts = {"event": {"url": "https://a.example/?b=1&c=2"}}
    render(template, facts, now=NOW, track=lambda address, _name: seen.append(address) or "https://l.example/l/X")
    assert seen == ["https://a.example/?b=1&c=2"] * 2


@pytest.mark.parametrize(
    ("source", "code", "place"),
    [
        ("Hi\n {{ 'a.example' | link }}", ProblemCode.BAD_ADDRESS, (2, 5)),
        ("{{ 'javascript:alert(1)' | link }}", ProblemCode.BAD_ADDRESS, (1, 4)),
        ("{{ 'https://me@a.example' | link }}", ProblemCode.BAD_ADDRESS, (1, 4)),
        ("{{ 'https://a.example/a b' | link }}", ProblemCode.BAD_ADDRESS, (1, 4)),
        ("{% assign x = 'https://' | link %}", ProblemCode.BAD_ADDRESS, (1, 15)),
        ("{{ event.url | link: contact.name }}", ProblemCode.BAD_LINK_NAME, (1, 16)),
        ("{{ event.url | link: 'a', 'b' }}", ProblemCode.BAD_LINK_NAME, (1, 16)),
        ("{{ event.url | link: '<b>' }}", ProblemCode.BAD_LINK_NAME, (1, 16)),
    ],
)
def test_M4_a_wrong_link_is_told_where_it_stands(source: str, code: ProblemCode, place: tuple[int, int]) -> None:
    """Before anything is sent."""
    _template, problem = try_compile(source)
    assert problem is not None
    assert (problem.code, (problem.line, problem.column)) == (code, place)


@pytest.mark.parametrize("url", ["ftp://a.example", "//a.example", "https://a.example\r\nSet-Cookie: a", "x"])
def test_M4_a_wrong_address_of_an_event_ends_the_message(url: str) -> None:
    """Its line is told; nothing is missing where there is none."""
    template = compile_template("Hi\n{{ event.url | link }}")
    broken = render(template, {"event": {"url": url}}, now=NOW, track=track)
    assert isinstance(broken, Broken)
    assert (broken.problem.code, broken.problem.line) == (ProblemCode.BAD_ADDRESS, 2)
    assert render(template, {"event": {}}, now=NOW, track=track) == Missing("event.url", 2)


def test_M4_links_are_counted_before_they_are_made() -> None:
    """As many as stand there; in a loop as many as a message may have."""
    twice = "{{ 'https://a.example' | link }}{% if contact.vip %}{{ 'https://b.example' | link }}{% endif %}"
    assert count_links(compile_template(twice)) == 2
    assert count_links(compile_template("{% for one in event.urls %}{{ one | link }}{% endfor %}")) == LINKS_MAX
    assert count_links(compile_template("https://a.example {{ link }}")) == 0


@given(st.text(max_size=60))
@example("\u00b8")  # which becomes a blank in a host's name
def test_M4_whatever_is_taken_for_an_address_fits_into_a_header(text: str) -> None:
    """Always plain ASCII from its scheme on, and the same again."""
    for written in (text, f"https://{text}", f"https://a.example/{text}"):
        address = read_address(written)
        assert address == "" or (address.isascii() and address.isprintable() and " " not in address)
        assert read_address(address) == address
