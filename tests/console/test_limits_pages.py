"""Quiet hours on their page: saved whole, wrong ones said beside their line, changed by admins only."""

import pytest
from tests.console.cast import SETTINGS, Cast, make_client

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
    assert alice.post("/settings/", SETTINGS).status_code == 302
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


CAP = {"name": "Three a week", "limit": "3", "per": "week", "classes": ["marketing"], "channels": ["sms", "whatsapp"]}


def test_F1_a_cap_is_added_changed_and_deleted(cast: Cast, alice):
    """As documents write it; what is ticked nowhere is left out. Topics, which are not on the page, stay."""
    from tertulia.data.models import Audit, Cap

    assert "No caps yet" in alice.get(PAGE).content.decode()
    assert alice.post(f"{PAGE}caps/", CAP).status_code == 302
    cap = Cap.objects.get()
    assert cap.document == {"limit": 3, "per": "week", "classes": ["marketing"], "channels": ["sms", "whatsapp"]}
    page = alice.get(PAGE).content.decode()
    assert "3 messages a week" in page
    assert "Marketing, SMS, WhatsApp" in page
    Cap.objects.update(document={**cap.document, "topics": ["marketing"]})
    form = alice.get(f"{PAGE}caps/{cap.pk}/").content.decode()
    assert 'value="Three a week"' in form
    assert 'value="whatsapp" checked' in form
    changed = {"name": "One in two days", "limit": "1", "per": "length", "length": "48 h", "counts_important": "on"}
    assert alice.post(f"{PAGE}caps/{cap.pk}/", changed).status_code == 302
    cap.refresh_from_db()
    assert cap.document == {"limit": 1, "per": "48 h", "topics": ["marketing"], "counts_important": True}
    assert cap.window_s == 48 * 3600
    assert "1 message in 48 h" in alice.get(PAGE).content.decode()
    assert alice.post(f"{PAGE}caps/{cap.pk}/delete/").status_code == 302
    assert not Cap.objects.exists()
    verbs = list(Audit.objects.order_by("id").values_list("verb", flat=True))
    assert verbs == ["cap_created", "cap_changed", "cap_deleted"]


@pytest.mark.parametrize(
    ("field", "sent", "words"),
    [
        ("name", {"name": " "}, "Give the cap a name"),
        ("limit", {"limit": "many"}, "whole number from 1 to 1000"),
        ("limit", {"limit": "9999"}, "whole number from 1 to 1000"),
        ("length", {"per": "length", "length": "soon"}, "a duration such as 24 h"),
        ("name", {"name": "Taken"}, "There is a cap with this name"),
    ],
)
def test_F1_a_wrong_cap_is_not_added(cast: Cast, alice, field, sent, words):
    """The sentence stands under its field, and what was typed stays."""
    from tertulia.data.models import Cap

    alice.post(f"{PAGE}caps/", CAP | {"name": "Taken"})
    response = alice.post(f"{PAGE}caps/", CAP | sent)
    page = response.content.decode()
    assert response.status_code == 422
    assert words in page.split(f'class="error" id="{field}-help"')[1].split("</span>")[0]
    assert 'value="whatsapp" checked' in page
    assert Cap.objects.count() == 1


def test_other_workspaces_caps_are_out_of_reach(cast: Cast, alice):
    """Charlie's cap is a 404 for Alice, and Bob, who is an agent, changes none."""
    from tertulia.data.models import Cap

    his = Cap.objects.create(workspace=cast.other, name="His", document={"limit": 1, "per": "day"}, window_s=1)
    assert alice.get(f"{PAGE}caps/{his.pk}/").status_code == 404
    assert alice.post(f"{PAGE}caps/{his.pk}/", CAP).status_code == 404
    assert alice.post(f"{PAGE}caps/{his.pk}/delete/").status_code == 404
    assert make_client(cast.bob).post(f"{PAGE}caps/", CAP).status_code == 403
    assert list(Cap.objects.values_list("name", flat=True)) == ["His"]
    assert "Add a cap" not in make_client(cast.bob).get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"exempt": True, "important": True}, "important, so exempt"),
        ({"exempt": True, "important": False}, "exempt"),
        (
            {"caps": [{"cap": "Daily", "counted": 0, "limit": 1}, {"cap": "Weekly", "counted": 2, "limit": 3}]},
            "“Daily”: 0 of 1, “Weekly”: 2 of 3",
        ),
        (
            {"cap": "Daily", "counted": ["a", "b"], "free_at": "2026-11-02T09:00:00+00:00"},
            "“Daily” counted 2; room again from 2 Nov 09:00",
        ),
    ],
)
def test_F6_why_names_the_cap_and_when_there_is_room(cast: Cast, facts, words):
    """Beside the gate, in words."""
    from tertulia.console.contact.why import describe_facts

    assert describe_facts("cap", facts) == words


def test_V3_the_budget_is_saved_and_shows_what_is_spent(cast: Cast, alice):
    """As it is typed, with a comma or a point; a wrong amount stands marked, and nothing is kept of it."""
    sent = {"message": "", "day": "12,50", "month": "200", "rates": "usd = 0.92\n"}
    assert alice.post(f"{PAGE}budget/", sent).status_code == 302
    cast.workspace.refresh_from_db()
    assert cast.workspace.budget == {"day": 12.5, "month": 200, "rates": {"USD": 0.92}}
    page = alice.get(PAGE).content.decode()
    assert "€ 0.00 of € 12.50" in page
    assert "USD = 0.92" in page
    refused = alice.post(f"{PAGE}budget/", sent | {"day": "much"})
    assert refused.status_code == 422
    page = refused.content.decode()
    assert 'id="day" name="day" class="code" inputmode="decimal" value="much"' in page
    assert "Give an amount above 0" in page.split('id="day-help"')[1].split("</span>")[0]
    assert make_client(cast.bob).post(f"{PAGE}budget/", sent).status_code == 403


def test_V3_a_spent_budget_waits_for_somebody_at_home(cast: Cast, alice, database_url):
    """And among the notifications, with its day."""
    import psycopg
    from django.utils.timezone import now

    from tertulia.data.models import Notice

    cast.workspace.budget = {"day": 10}
    cast.workspace.save()
    today = f"{now():%Y-%m-%d}"
    with psycopg.connect(database_url) as conn:
        spent = (cast.workspace.pk, today, 10_000_000, 10_000_000, 10_000_000)
        conn.execute("insert into allowance values (%s, 'budget', %s, %s, %s, %s)", spent)
    facts = {"scope": "budget", "period": "2026-11-02", "limit_micros": 10_000_000, "name": ""}
    Notice.objects.create(workspace=cast.workspace, kind="budget_spent", facts=facts, at=now())
    home = alice.get("/").content.decode()
    assert "has spent its budget" in home
    assert "A budget is spent and messages wait: the workspace, Nov. 2, 2026" in alice.get("/notices/").content.decode()
    assert "messages wait" in alice.get(PAGE).content.decode()
