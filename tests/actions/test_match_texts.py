"""A match's text before its launch: problems, previews, test sends and what it costs."""

from typing import Any

import psycopg
import pytest
from tests.actions.cast import NOW, PUBLIC_URL, add_contact, add_identity, add_merge, make_channel

from tertulia.channels.base import HttpRequest, HttpResponse


@pytest.fixture
def match(shop: Any) -> Any:
    """A draft for all, with WhatsApp and Telegram, over an SMS channel of 0.05 a part."""
    from tertulia.actions.matches import MatchForm, save_draft

    sms = make_channel(shop, "twilio", price_micros=50_000)
    apps = (make_channel(shop, "whatsapp").pk, make_channel(shop, "telegram").pk)
    form = MatchForm("Spring", sms.pk, apps, "Hello {{ contact.name }}: {{ link }}", audience={"all": True})
    return save_draft(shop, None, NOW, form)


def check(conn: psycopg.Connection, match: Any, text: str) -> list[tuple[str, str, int, bool]]:
    from tertulia.actions.match_texts import check_match

    match.text = text
    return [(p.code, p.field, p.line, p.warning) for p in check_match(conn, match, PUBLIC_URL, NOW)]


def test_a_good_draft_has_no_problem(conn: psycopg.Connection, shop: Any, match: Any) -> None:
    """Audience, carrier, apps and text stand."""
    add_contact(conn, shop, 1)
    assert check(conn, match, match.text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("required", "text", 0, False)),
        ("Hello\n{{ contact.name : {{ link }}", ("template.syntax", "text", 2, False)),
        ("Hello {% for i in (1..9999999) %}x{% endfor %}{{ link }}", ("template.endless_loop", "text", 1, False)),
        ("Hello {{ contact.name }}", ("no_link", "text", 0, False)),
        ("Hello {{ links.viber }} {{ link }}", ("unknown_name", "text", 1, False)),
        ("Hello {{ customer.name }} {{ link }}", ("unknown_name", "text", 1, False)),
        ("Hello {{ links.whatsapp }}", ("app_without_link", "text", 0, True)),
        ("Hello {{ contact.city }}: {{ link }}", ("missing", "text", 1, False)),
    ],
)
def test_S4_what_is_wrong_is_found_before_the_launch(
    conn: psycopg.Connection, shop: Any, match: Any, text: str, expected: tuple[str, str, int, bool]
) -> None:
    """Syntax with its line, an endless loop, links against apps, and a variable that real contacts lack."""
    add_contact(conn, shop, 1)
    assert expected in check(conn, match, text)


def test_S4_the_policy_decides_what_a_missing_variable_means(conn: psycopg.Connection, shop: Any, match: Any) -> None:
    """`skip` warns with the number of contacts, `default` says nothing."""
    from tertulia.actions.match_texts import check_match

    add_contact(conn, shop, 1, attributes='{"city": "Recife"}')
    add_contact(conn, shop, 2)
    match.text = "Hello {{ contact.city }}: {{ link }}"
    match.on_missing = "skip"
    [problem] = check_match(conn, match, PUBLIC_URL, NOW)
    assert problem.warning
    assert problem.sentence.startswith("1 contact has no “city”")
    match.on_missing = "default"
    assert check_match(conn, match, PUBLIC_URL, NOW) == []


def test_an_empty_audience_and_one_without_mobiles_are_told(conn: psycopg.Connection, shop: Any, match: Any) -> None:
    """Nobody; then somebody whom no SMS reaches."""
    assert ("audience", "audience", 0, False) in check(conn, match, match.text)
    add_contact(conn, shop, 1, phone="")
    assert ("no_mobile", "audience", 0, False) in check(conn, match, match.text)


def test_a_preview_is_the_text_that_the_contact_would_get(
    conn: psycopg.Connection, shop: Any, foreign_shop: Any, match: Any
) -> None:
    """With a code of the real length; Charlie's contact does not exist for Alice."""
    from tertulia.actions.match_texts import preview
    from tertulia.errors import NotFound

    contact_id = add_contact(conn, shop, 1, name="José")
    shown = preview(conn, match, contact_id, PUBLIC_URL, NOW)
    assert shown.text.startswith("Hello José: https://t.example/l/")
    assert len(shown.text) == len("Hello José: https://t.example/l/") + 14
    assert shown.parts is not None
    assert (shown.parts.parts, shown.parts.encoding) == (1, "GSM-7")
    with pytest.raises(NotFound):
        preview(conn, match, add_contact(conn, foreign_shop, 2), PUBLIC_URL, NOW)


def test_both_variants_are_counted_and_priced(conn: psycopg.Connection, shop: Any, match: Any) -> None:
    """One chooser link and a link per app beside each other; the worst case is the longest name's."""
    from tertulia.actions.match_costs import estimate, sms_prices
    from tertulia.actions.match_texts import read_crowd

    for serial, name in enumerate(["Ana", "Bia", "Maximiliana " * 14], 1):
        add_contact(conn, shop, serial, name=name)
    add_contact(conn, shop, 9, phone="")
    crowd = read_crowd(conn, match)
    chooser, per_app = estimate(match, match.text, crowd, sms_prices(match), PUBLIC_URL, NOW)
    assert (chooser.contacts, per_app.contacts) == (3, 3)
    assert "WhatsApp: {{ links.whatsapp }}\nTelegram: {{ links.telegram }}" in per_app.text
    [country] = chooser.countries
    assert (country.country, country.parts_usual, country.parts_worst) == ("BR", 1, 2)
    assert chooser.currencies == {"BRL": (3 * 50_000, 6 * 50_000)}
    assert per_app.parts.units > chooser.parts.units


def test_each_variant_is_written_from_the_other() -> None:
    """A chooser's text and a text per app lead back to each other."""
    from tertulia.actions.match_costs import write_chooser, write_per_app

    titles = {"whatsapp": "WhatsApp", "line": "LINE"}
    per_app = write_per_app("Hi\n{{ link }}\nBye", titles)
    assert per_app == "Hi\nWhatsApp: {{ links.whatsapp }}\nLINE: {{ links.line }}\nBye"
    assert write_chooser(per_app) == "Hi\n{{ link }}\nBye"
    assert write_chooser("Write on {{ links.line }} now") == "Write on {{ link }} now"


def test_a_test_send_goes_out_at_once_and_says_what_the_provider_said(shop: Any, match: Any) -> None:
    """Each number one call; a number that cannot take an SMS is refused before any."""
    from tertulia.actions.match_texts import list_test_numbers, test_send
    from tertulia.errors import Invalid

    calls: list[HttpRequest] = []

    def accept(request: HttpRequest) -> HttpResponse:
        calls.append(request)
        return HttpResponse(201, (), b'{"sid":"SM1","num_segments":"1","status":"queued"}')

    numbers = list_test_numbers("(11) 98555-0100; +44 7400 123456", "BR")
    assert numbers == ["+5511985550100", "+447400123456"]
    sent = test_send(match, "Hello", numbers, PUBLIC_URL, NOW, accept)
    assert [item.outcome.kind for item in sent] == ["ok", "ok"]
    assert len(calls) == 2
    with pytest.raises(Invalid, match="no mobile"):
        list_test_numbers("+55 11 3333 4444", "BR")


def mark(shop: Any, *names: str) -> None:
    """These attributes are sensitive from now on."""
    from tertulia.actions.workspaces import WorkspaceForm, update_workspace

    update_workspace(shop, None, NOW, WorkspaceForm(shop.name, sensitive=names))


def verify(conn: psycopg.Connection, shop: Any, contact_id: int, phone: str) -> None:
    """The contact wrote from the number itself."""
    add_identity(conn, shop, contact_id, "phone", "", phone)
    conn.execute("update contact_identity set trust = 2")


def test_M6_the_preview_shows_who_gets_which_text_and_why(conn: psycopg.Connection, shop: Any, match: Any) -> None:
    """Verified at the number: the text. Only in the list: the neutral one, or nothing where there is none."""
    from tertulia.actions.match_texts import preview

    gold, silver = '{"plan": "gold"}', '{"plan": "silver"}'
    ana = add_contact(conn, shop, 1, attributes=gold, phone="+5511985500001")
    bruno = add_contact(conn, shop, 2, attributes=silver, phone="+5511985500002")
    verify(conn, shop, ana, "+5511985500001")
    mark(shop, "plan")
    match.workspace.refresh_from_db()
    match.text, match.neutral = "Your plan is {{ contact.plan }}: {{ link }}", "News: {{ link }}"
    shown = preview(conn, match, ana, PUBLIC_URL, NOW)
    assert (shown.variant, shown.text[:17]) == ("main", "Your plan is gold")
    assert shown.why == "The text uses “plan”; this customer is verified at their number."
    shown = preview(conn, match, bruno, PUBLIC_URL, NOW)
    assert (shown.variant, shown.text[:6]) == ("neutral", "News: ")
    assert "silver" not in shown.text
    match.neutral = ""
    shown = preview(conn, match, bruno, PUBLIC_URL, NOW)
    assert shown.problem is not None
    assert (shown.text, shown.problem.code, shown.problem.warning) == ("", "trust", True)
    match.text = "Hello: {{ link }}"
    assert preview(conn, match, bruno, PUBLIC_URL, NOW).why == ""


def test_M6_what_verified_somebody_counts_after_a_merge(conn: psycopg.Connection, shop: Any, match: Any) -> None:
    """The absorbed contact's identity and numbers are the root's."""
    from tertulia.actions.match_texts import preview

    ana = add_contact(conn, shop, 1, attributes='{"plan": "gold"}', phone="+5511985500001")
    other = add_contact(conn, shop, 2, phone="+5511985500001")
    verify(conn, shop, other, "+5511985500001")
    mark(shop, "plan")
    match.workspace.refresh_from_db()
    match.text = "Your plan is {{ contact.plan }}: {{ link }}"
    assert preview(conn, match, ana, PUBLIC_URL, NOW).problem is not None
    add_merge(conn, shop, other, ana)
    assert preview(conn, match, ana, PUBLIC_URL, NOW).problem is None


def test_M6_a_sensitive_text_asks_for_a_neutral_one(conn: psycopg.Connection, shop: Any, match: Any) -> None:
    """Without one the check warns; with one it is checked like the text itself, and it may not be sensitive too."""
    from tertulia.actions.match_texts import check_match

    add_contact(conn, shop, 1, attributes='{"plan": "gold"}')
    mark(shop, "plan")
    match.workspace.refresh_from_db()
    text = "Your plan is {{ contact.plan }}: {{ link }}"
    assert check(conn, match, text) == [("sensitive", "neutral", 0, True)]
    for neutral, expected in (
        ("News: {{ link }}", []),
        ("News", [("no_link", "neutral", 0, False)]),
        ("{{ contact.plan }} {{ link }}", [("sensitive", "neutral", 0, False)]),
        ("{{ contact.name", [("template.unclosed_output", "neutral", 1, False)]),
        ("{{ contact.city }} {{ link }}", [("missing", "neutral", 1, False)]),
    ):
        match.neutral = neutral
        assert [(p.code, p.field, p.line, p.warning) for p in check_match(conn, match, PUBLIC_URL, NOW)] == expected
    assert check(conn, match, "Hello: {{ link }}") == [], "a neutral text of no use is not judged"


def test_M6_marking_is_audited_and_own_fields_cannot_be_marked(shop: Any) -> None:
    """What was marked and unmarked, by whom; other changes leave the marks alone."""
    from tertulia.actions.problems import Refused
    from tertulia.actions.workspaces import WorkspaceForm, list_attributes, update_workspace
    from tertulia.data.models import Audit, Import

    mark(shop, "plan", "debt")
    mark(shop, "plan")
    facts = list(Audit.objects.filter(verb="sensitive_changed").order_by("id").values_list("facts", flat=True))
    assert facts == [{"marked": ["debt", "plan"], "unmarked": []}, {"marked": [], "unmarked": ["debt"]}]
    update_workspace(shop, None, NOW, WorkspaceForm(shop.name))
    assert shop.sensitive_attributes == ["plan"]
    assert Audit.objects.filter(verb="sensitive_changed").count() == 2
    for names in (("surname",), ("",), ("x" * 101,)):
        with pytest.raises(Refused):
            mark(shop, *names)
    Import.objects.create(workspace=shop, name="a.csv", path="", size=0, mapping={"0": "phone", "1": "attribute:city"})
    assert list_attributes(shop) == ["city", "plan"]
