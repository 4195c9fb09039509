"""The funnel: every figure equals the list of contacts behind it."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.actions.cast import NOW, add_contact, add_progress

from tertulia.ids import shard_of_contact
from tertulia.store import funnel

MATCH = 7
REASONS = ("", "consent.none", "not_mobile")


@st.composite
def journeys(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Audiences in which each contact came some way, in any combination that receipts in disorder allow."""
    return draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "valid_mobile": st.booleans(),
                    "sent_at": st.sampled_from([None, NOW]),
                    "delivered_at": st.sampled_from([None, NOW + timedelta(seconds=5)]),
                    "clicked_at": st.sampled_from([None, NOW + timedelta(seconds=60)]),
                    "wrote_at": st.sampled_from([None, NOW + timedelta(seconds=90)]),
                    "matched_at": st.sampled_from([None, NOW + timedelta(seconds=90)]),
                    "forwarded": st.booleans(),
                    "direct": st.sampled_from(["", "whatsapp"]),
                    "reason": st.sampled_from(REASONS),
                }
            ),
            max_size=12,
        )
    )


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(audience=journeys())
def test_every_figure_is_the_length_of_its_list(conn: psycopg.Connection, shop: Any, audience: list[dict]) -> None:
    """Steps, direct reach and reasons: `list_people` with the same condition gives as many contacts."""
    conn.rollback()
    for serial, facts in enumerate(audience, 1):
        add_progress(conn, shop, MATCH, add_contact(conn, shop, serial), **facts)
    totals = funnel.read_totals(conn, MATCH)
    for step in (*funnel.STEPS, "forwarded"):
        assert getattr(totals, step) == len(funnel.list_people(conn, MATCH, funnel.People(having=(step,)))), step
    for before, step, count in zip(funnel.STEPS, funnel.STEPS[1:], totals.lost, strict=False):
        behind = funnel.People(having=(before,), lacking=(step,))
        assert count == len(funnel.list_people(conn, MATCH, behind)), (before, step)
    for row in funnel.read_direct(conn, MATCH):
        behind = funnel.People(having=("sent",), direct=row.kind)
        assert row.sent == len(funnel.list_people(conn, MATCH, behind))
    reasons = funnel.read_reasons(conn, MATCH)
    assert sum(count for _, count in reasons) == totals.imported - totals.matched
    for reason, count in reasons:
        assert count == len(funnel.list_people(conn, MATCH, funnel.People(reason=reason)))


def test_apps_costs_and_the_median(conn: psycopg.Connection, shop: Any) -> None:
    """Two matched in Telegram after 60 and 120 s: the median is 90 s; costs add up by currency."""
    for serial, seconds in ((1, 60), (2, 120), (3, None)):
        contact_id = add_contact(conn, shop, serial)
        matched_at = NOW + timedelta(seconds=seconds) if seconds else None
        add_progress(
            conn,
            shop,
            MATCH,
            contact_id,
            sent_at=NOW,
            clicked_at=NOW,
            matched_at=matched_at,
            matched_app="telegram" if seconds else "",
            cost_micros=50_000,
            currency="BRL",
        )
        conn.execute(
            """insert into match_app (shard, match_id, contact_id, app, workspace, clicked_at, wrote_at, matched_at)
               values (%s, %s, %s, 'telegram', %s, %s, %s, %s)""",
            (shard_of_contact(contact_id), MATCH, contact_id, shop.pk, NOW, matched_at, matched_at),
        )
    assert funnel.read_totals(conn, MATCH).median_s == 90.0
    assert funnel.read_costs(conn, MATCH) == {"BRL": 150_000}
    assert funnel.read_apps(conn, MATCH) == [funnel.AppRow("telegram", 3, 2, 2, 90.0)]
    behind = funnel.People(app="telegram", app_step="matched")
    assert len(funnel.list_people(conn, MATCH, behind)) == 2
    assert (NOW, "clicked", 3) in funnel.read_over_time(conn, MATCH, 60)


def test_M9_openings_that_are_not_clicks_are_counted_apart(conn: psycopg.Connection, shop: Any) -> None:
    """By what they were taken for: openings, and contacts whose list is as long; a person's click is not among them."""
    opened = {1: ["preview", "preview", "human"], 2: ["preview", "no_beacon"], 3: ["human"], 4: []}
    for serial, classes in opened.items():
        contact_id = add_contact(conn, shop, serial)
        add_progress(conn, shop, MATCH, contact_id)
        for class_ in classes:
            conn.execute(
                "insert into click values (%s, gen_random_uuid(), %s, %s, %s, 'chooser', %s, %s)",
                (shard_of_contact(contact_id), shop.pk, contact_id, MATCH, class_, NOW),
            )
    rows = funnel.read_openings(conn, MATCH)
    assert rows == [funnel.OpeningRow("no_beacon", 1, 1), funnel.OpeningRow("preview", 3, 2)]
    for row in rows:
        assert len(funnel.list_people(conn, MATCH, funnel.People(opening=row.taken_for))) == row.contacts


def test_lists_page_by_id(conn: psycopg.Connection, shop: Any) -> None:
    """The next page begins after the last contact of the one before, and an unknown step is an error."""
    for serial in range(1, 6):
        add_progress(conn, shop, MATCH, add_contact(conn, shop, serial))
    first = funnel.list_people(conn, MATCH, funnel.People(), limit=3)
    rest = funnel.list_people(conn, MATCH, funnel.People(), after=first[-1].contact_id, limit=3)
    assert [len(first), len(rest)] == [3, 2]
    with pytest.raises(KeyError):
        funnel.list_people(conn, MATCH, funnel.People(having=("bought",)))
