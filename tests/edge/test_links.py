"""Links over real HTTP: one hop into each app, what is a click, what is refused."""

from urllib.parse import parse_qs, urlsplit

import httpx
from tests.edge.conftest import Shop


def whatsapp(shop: Shop, **values: str):
    return shop.connect("whatsapp", phone="+5511987654321", **values)


def test_M3_a_link_leads_into_the_app_in_one_hop_with_its_code(web: httpx.Client, shop: Shop) -> None:
    """The click stands in the log before the browser is sent on, and the code is in the ready message."""
    code = shop.link(shop.launch(whatsapp(shop)), app="whatsapp")
    answer = web.get(f"/l/{code}")
    target = urlsplit(answer.headers["location"])
    assert (answer.status_code, target.hostname, target.path) == (302, "wa.me", "/5511987654321")
    assert code in parse_qs(target.query)["text"][0]
    [click] = shop.log("click")
    assert (click["app"], click["class_"]) == ("whatsapp", "human")


def test_M3_every_app_with_a_web_address_is_one_hop_away(web: httpx.Client, shop: Shop) -> None:
    channels = [
        whatsapp(shop),
        shop.connect("telegram", username="CasaVerdeBot"),
        shop.connect("messenger", page_username="casaverde", page_id="99"),
    ]
    match = shop.launch(*channels)
    for number, channel in enumerate(channels):
        code = shop.link(match, serial=number + 1, app=channel.kind)
        answer = web.get(f"/l/{code}")
        assert answer.status_code == 302
        assert code in answer.headers["location"]
