"""What a person taps on a page that offers several apps."""

from tertulia.simulator.crowd import _may_lead_on
from tertulia.simulator.deeplinks import PageLink, read_page

LINK = "http://shop.example/l/AAAA"
CHOOSER = """<ul><li><a href="/l/BBBB"><span>WA</span>WhatsApp</a></li>
<li><a href="/l/CCCC"><span>LN</span>LINE</a></li>
<li><a href="https://elsewhere.example/l/DDDD">WhatsApp</a></li></ul>"""


def test_a_person_chooses_an_app_that_they_have() -> None:
    """The links of a chooser are addresses beside the tapped one; their labels name the app."""
    offers = read_page(LINK, CHOOSER.encode()).links
    assert [o.url for o in offers if _may_lead_on(o, LINK, {"whatsapp"})] == ["http://shop.example/l/BBBB"]
    assert [o.url for o in offers if _may_lead_on(o, LINK, {"line", "viber"})] == ["http://shop.example/l/CCCC"]


def test_a_link_that_leads_away_is_not_chosen() -> None:
    """Imprint, privacy, another site."""
    assert not _may_lead_on(PageLink("https://elsewhere.example/", "About us"), LINK, {"whatsapp"})


def test_what_is_only_drawn_is_not_part_of_a_label() -> None:
    """The two letters of an app's mark are hidden from whoever listens to the page, and so from its name."""
    page = '<a href="/l/B"><span aria-hidden="true">W<i>A</i><br></span>WhatsApp</a> <a href="/l/C">LINE</a>'
    assert [link.label for link in read_page(LINK, page.encode()).links] == ["WhatsApp", "LINE"]
