"""Quiet hours on their page: saved whole, wrong ones said beside their line, changed by admins only."""

import pytest
from tests.console.cast import Cast, make_client

PAGE = "/settings/limits/"


def test_Q1_quiet_hours_are_saved_as_documents_write_them(cast: Cast, alice):
    """Every day where all or none are ticked; a line without times is none. The change is in the audit log and raises
    the epoch (E7)."""
    from tertulia.data.models import Audit

    assert "messages go out at any hour" in alice.get(PAGE).content.decode()
    sent = {
        "from-0": "09:00", "to-0": " 21:00 ", "days-0": ["mon", "tue", "wed", "thu", "fri"],
        "from-1": "22:00", "to-1": "02:00", "from-2": "", "to-2": "", "days-2": ["mon"],
    }  # fmt: skip
    epoch = cast.workspace.epoch
    assert alice.post(PAGE, sent).status_code == 302
    cast.workspace.refresh_from_db()
    assert cast.workspace.send_window == [
        {"from": "09:00", "to": "21:00", "days": ["mon", "tue", "wed", "thu", "fri"]}, {"from": "22:00", "to": "02:00"}
    ]  # fmt: skip
    assert (cast.workspace.epoch, Audit.objects.get().verb) == (epoch + 1, "quiet_hours_changed")
    page = alice.get(PAGE).content.decode()
    assert 'name="from-1" class="code" value="22:00"' in page
    assert page.count('value="sat" checked') == 1  # of the second line only
    assert alice.post(PAGE, {"from-0": "", "to-0": ""}).status_code == 302
    cast.workspace.refresh_from_db()
    assert cast.workspace.send_window == []


@pytest.mark.parametrize(
    ("begin", "end", "words"),
    [
        ("09:00", "09:00", "are the same time"),
        ("9", "21:00", "Give &quot;from&quot; as a time"),
        ("09:00", "25:00", "Give &quot;to&quot; as a time"),
        ("", "21:00", "Give &quot;from&quot; as a time"),
    ],
)
def test_Q1_wrong_hours_save_nothing(cast: Cast, alice, begin, end, words):
    """The sentence stands under its line, and what was typed stays."""
    response = alice.post(PAGE, {"from-0": "08:00", "to-0": "12:00", "from-1": begin, "to-1": end})
    page = response.content.decode()
    assert response.status_code == 422
    assert words in page.split('id="hours-1-help"')[1].split("</span>")[0]
    assert page.count('aria-invalid="true"') == 1
    assert 'value="08:00"' in page
    cast.workspace.refresh_from_db()
    assert cast.workspace.send_window == []


def test_only_admins_change_quiet_hours(cast: Cast):
    """Others read them."""
    bob = make_client(cast.bob)
    page = bob.get(PAGE)
    assert page.status_code == 200
    assert "Save quiet hours" not in page.content.decode()
    assert bob.post(PAGE, {"from-0": "09:00", "to-0": "21:00"}).status_code == 403
    cast.workspace.refresh_from_db()
    assert cast.workspace.send_window == []


def test_the_workspaces_settings_leave_quiet_hours_alone(cast: Cast, alice):
    """They are another form."""
    alice.post(PAGE, {"from-0": "09:00", "to-0": "21:00"})
    form = {"name": "Verbena", "zone": "UTC", "currency": "EUR", "link_days": "30", "language": "en"}
    assert alice.post("/settings/", form).status_code == 302
    cast.workspace.refresh_from_db()
    assert (cast.workspace.name, cast.workspace.send_window) == ("Verbena", [{"from": "09:00", "to": "21:00"}])


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"exempt": True}, "exempt"),
        ({"rule": "none set", "exempt": False}, "none set"),
        ({"windows": ["workspace"], "zone": "Asia/Tokyo", "local": "2026-11-02T18:30"}, "18:30 in Asia/Tokyo"),
        (
            {"closed": "workspace", "zone": "UTC", "local": "2026-11-02T04:00", "opens": "2026-11-02T09:00:00+00:00"},
            "quiet hours, 04:00 in UTC, open from 2 Nov 09:00",
        ),
        (
            {"closed": "step", "zone": "UTC", "local": "2026-11-02T04:00", "zone_fallback": ["contact: Mars/Olympus"]},
            "the step's window, 04:00 in UTC, a zone that nobody knows was passed over",
        ),
    ],
)
def test_Q1_why_says_whose_hours_were_closed_by_which_clock(cast: Cast, facts, words):
    """Beside the gate, in words."""
    from tertulia.console.contact.why import describe_facts

    assert describe_facts("send_window", facts) == words
