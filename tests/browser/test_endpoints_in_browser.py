"""Endpoints of the company's API, the step that calls one, and a call that waits for a person, in a real browser."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from tests.browser.conftest import NARROW
from tests.browser.screenshots import take_screenshots
from tests.console.people import add_people
from tests.console.test_journeys_pages import add_run
from tests.workers.test_api_caller import add_call

pytestmark = pytest.mark.browser

PAGE = "/settings/endpoints/"
TIER = """name: Tier
entry: {event: Product Added}
steps:
  - {id: ask, kind: call, endpoint: shop, path: /customers/7/tiers, save: {tier: tier}}
"""
NOW = datetime.now(UTC)


@pytest.fixture
def waiting(cast, database_url: str) -> int:
    """The id of a journey one of whose calls waits for somebody."""
    from tertulia.actions.endpoints import EndpointForm, create_endpoint
    from tertulia.actions.journeys import create_journey

    form = EndpointForm("Shop", "https://api.shop.example/v2", secrets={"Authorization": "Bearer x"})
    endpoint = create_endpoint(cast.workspace, None, NOW, "shop", form)
    create_endpoint(cast.workspace, None, NOW, "till", EndpointForm("Till", "https://till.example", idempotent=True))
    journey = create_journey(cast.workspace, cast.alice, NOW, TIER, name="Tier")
    with psycopg.connect(database_url) as conn:
        [contact, *_] = add_people(conn, cast.workspace.pk)
        add_run(conn, journey, contact, step="ask")
        [(run_id, shard)] = conn.execute("select id, shard from run_open").fetchall()
        facts = {"contact_id": contact, "run_id": run_id, "journey_id": journey.pk, "state": "unknown"}
        facts |= {"shard": shard, "reason": "call.waits", "path": "/customers/7/tiers"}
        add_call(conn, cast.workspace.pk, endpoint.pk, **facts, called_at=NOW - timedelta(hours=2))
    return int(journey.pk)


def test_an_endpoint_is_added_and_changed(visit, overflow):
    """On a phone: what is wrong stands beside its field, secrets keep themselves."""
    page = visit(PAGE, size=NARROW)
    page.get_by_role("link", name="New endpoint").click()
    assert overflow(page) == []
    page.get_by_label("Name", exact=True).fill("Shop")
    page.locator("#key").fill("shop")
    page.locator("#base_url").fill("api.shop.example")
    page.get_by_label("Name of the header").first.fill("Authorization")
    page.get_by_label("Its value").first.fill("Bearer x")
    visit.expected.append("422")
    page.get_by_role("button", name="Add endpoint").click()
    page.locator("#base_url-help.error").wait_for()
    page.locator("#base_url").fill("https://api.shop.example/v2")
    page.get_by_label("Its value").first.fill("Bearer x")
    page.get_by_role("button", name="Add endpoint").click()
    page.get_by_text("https://api.shop.example/v2").wait_for()
    assert overflow(page) == []
    page.get_by_role("link", name="Shop").click()
    page.get_by_label("has no second effect").check()
    page.get_by_role("button", name="Save endpoint").click()
    page.get_by_text("Settings saved").wait_for()


def test_the_step_offers_the_endpoints(visit, waiting):
    """Its fields are those of any step."""
    page = visit(f"/journeys/{waiting}/?at=steps.0")
    page.get_by_label("Endpoint").select_option("till")
    page.get_by_label("Method").select_option("PUT")
    page.get_by_role("button", name="Save").first.click()
    page.get_by_text("“till” takes no PUT. It takes: GET, POST.").first.wait_for()


def test_a_call_that_waits_is_settled(visit, waiting, overflow):
    """From the first page, on a phone; the engine decides it when it comes to it."""
    page = visit("/", size=NARROW)
    page.get_by_text("1 call to your API").wait_for()
    page.get_by_role("link", name="Say it").click()
    page.get_by_text("POST /customers/7/tiers").wait_for()
    assert overflow(page) == []
    page.get_by_role("button", name="It worked").click()
    page.get_by_text("The run goes on: it worked").wait_for()


@pytest.mark.pictures
def test_pictures_of_endpoints(visit, cast, waiting):
    """Their list and form, the calls that wait, and the step in the editor."""
    from tertulia.data.models import Endpoint

    shop = Endpoint.objects.get(key="shop")
    for path in (PAGE, "/journeys/calls/"):
        for picture in take_screenshots(visit, path):
            assert picture.stat().st_size > 5_000
    for size, name in ((NARROW, "390"), (None, "light")):
        page = visit(f"{PAGE}{shop.pk}/", **({"size": size} if size else {}))
        page.screenshot(path=f"screenshots/endpoint-form-{name}.png", full_page=True)
    page = visit(f"/journeys/{waiting}/?at=steps.0")
    page.screenshot(path="screenshots/call-step-light.png")
