"""M6 in the engine: the claim chooses between a match's texts by how far the customer is verified at their number."""

from collections.abc import Iterator

import psycopg
import pytest

from workers.town import Town

ANA, BRUNO = "+5511985550101", "+5511985550202"
TEXT, NEUTRAL = "Your plan is {{ contact.plan }}: {{ link }}", "News: {{ link }}"


@pytest.fixture
def town(empty_database: str) -> Iterator[Town]:
    """A workspace whose attribute `plan` is sensitive, with two customers; Ana wrote by SMS once."""
    with Town(empty_database) as made:
        made.workspace.sensitive_attributes = ["plan"]
        made.workspace.save()
        made.ana, made.bruno = made.add_contact("Ana", ANA), made.add_contact("Bruno", BRUNO)
        with psycopg.connect(empty_database) as conn:
            conn.execute("""update contact set attributes = '{"plan": "gold"}'""")
            conn.execute(
                """insert into contact_identity (shard, contact_id, kind, scope, value, linked_at, workspace,
                       channel_id, name, username, trust, evidence, signal, reply_token)
                   select shard, id, 'phone', '', %s, created_at, workspace, null, '', '', 2, '{}', '', ''
                   from contact where id = %s""",
                (ANA, made.ana),
            )
        yield made


def launch(town: Town, neutral: str) -> int:
    from tertulia.data.models import Match

    made = Match.objects.create(
        workspace=town.workspace, name="November", state="launching", sms_channel=town.channels["sms"], text=TEXT,
        neutral=neutral, audience={"all": True},
    )  # fmt: skip
    town._change_epoch()
    town.drain()
    return int(made.pk)


def trust_facts(town: Town, contact: int, match: int) -> dict[str, object]:
    [(facts,)] = town.rows("select facts from ledger where contact_id = %s and match_id = %s", contact, match)
    return dict(facts["passed"]).get("trust") or facts["used"]


def test_M6_the_verified_get_the_text_and_the_others_the_neutral_one(town: Town) -> None:
    """Each with the choice among the facts of the gate; nobody's attribute reaches who is not verified."""
    match = launch(town, NEUTRAL)
    texts = {sent.to: sent.text for sent in town.sending("sms") if sent.text}
    assert texts[ANA].startswith("Your plan is gold")
    assert texts[BRUNO].startswith("News: ")
    assert trust_facts(town, town.ana, match) == {"trust": "verified", "sensitive": ["plan"], "neutral": False}
    assert trust_facts(town, town.bruno, match) == {"trust": "claimed", "sensitive": ["plan"], "neutral": True}


def test_M6_without_a_neutral_text_who_is_not_verified_gets_nothing(town: Town) -> None:
    """Dropped with its reason and facts; the others are sent theirs."""
    match = launch(town, "")
    assert [sent.to for sent in town.sending("sms") if sent.text] == [ANA]
    said = town.rows(
        "select outcome, gate, reason from ledger where contact_id = %s and match_id = %s", town.bruno, match
    )
    assert said == [("not_sent", "trust", "trust.too_low")]
    assert trust_facts(town, town.bruno, match) == {"trust": "claimed", "sensitive": ["plan"], "neutral": False}
    assert town.progress(town.bruno, match)["reason"] == "trust.too_low"


def test_M6_a_retry_keeps_the_text_that_was_chosen(town: Town) -> None:
    """Refused by the provider and tried again: the neutral text stays neutral, and passes the gates as what it is."""
    from datetime import timedelta

    launch(town, NEUTRAL)
    first = {sent.to: sent for sent in town.sending("sms") if sent.text}
    town.outcome(first[BRUNO], "retry", reason="retry.throttled")
    town.advance(timedelta(minutes=5))
    again = {sent.to: sent for sent in town.sending("sms")}
    assert (again[BRUNO].attempt, again[BRUNO].text) == (2, first[BRUNO].text)
