"""A match from draft to its end."""

from typing import Any

import pytest
from tests.actions.cast import NOW, make_channel

pytestmark = pytest.mark.usefixtures("one_transaction")


@pytest.fixture
def channels(shop: Any) -> dict[str, Any]:
    """One SMS channel of 10 messages a second and two apps."""
    return {
        "sms": make_channel(shop, "twilio", rate_per_s=10.0),
        "telegram": make_channel(shop, "telegram"),
        "whatsapp": make_channel(shop, "whatsapp"),
    }


def make_form(channels: dict[str, Any], **changes: Any) -> Any:
    from tertulia.actions.matches import MatchForm

    given = {
        "name": "Spring",
        "sms_channel_id": channels["sms"].pk,
        "apps": (channels["whatsapp"].pk, channels["telegram"].pk),
        "text": "Hello {{ contact.name }}: {{ link }}",
        "audience": {"all": True},
        **changes,
    }
    return MatchForm(**given)


def test_a_draft_reads_back_as_it_was_written(shop: Any, alice: Any, channels: dict[str, Any]) -> None:
    """Apps keep their order, direct reach its parameters; a copy is a draft of its own."""
    from tertulia.actions.matches import DirectForm, copy_match, read_form, save_draft

    direct = (DirectForm(channels["whatsapp"].pk, "hello", "pt_BR", ("{{ contact.name }}",)),)
    form = make_form(channels, direct=direct, rate_per_s=5.0, budget_micros=10_000_000)
    match = save_draft(shop, alice, NOW, form)
    match.refresh_from_db()
    assert read_form(match) == form
    copied = copy_match(match, alice, NOW, "Summer")
    assert (copied.pk != match.pk, copied.state, copied.name) == (True, "draft", "Summer")
    assert read_form(copied).apps == form.apps


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"rate_per_s": 11.0}, "rate_per_s"),
        ({"rate_per_s": 0.0}, "rate_per_s"),
        ({"on_missing": "guess"}, "on_missing"),
        ({"message_class": "reply"}, "message_class"),
        ({"budget_micros": 0}, "budget_micros"),
        ({"audience": {"all": True, "imports": [1]}}, "audience"),
        ({"audience": {"imports": [999]}}, "audience"),
        ({"audience": {"contacts": ["x"]}}, "audience"),
        ({"text": "x" * 4_001}, "text"),
    ],
)
def test_what_could_never_be_right_is_refused(
    shop: Any, channels: dict[str, Any], changes: dict[str, Any], field: str
) -> None:
    """Each with the field that is wrong; a speed above the channel's is one of them."""
    from tertulia.actions.matches import save_draft
    from tertulia.actions.problems import Refused

    with pytest.raises(Refused) as refused:
        save_draft(shop, None, NOW, make_form(channels, **changes))
    assert [problem.field for problem in refused.value.problems] == [field]


def test_channels_must_be_ours_and_of_the_right_sort(shop: Any, foreign_shop: Any, channels: dict[str, Any]) -> None:
    """Another workspace's channel, an app as the carrier, the carrier as an app, direct reach without permission."""
    from tertulia.actions.matches import DirectForm, save_draft
    from tertulia.actions.problems import Refused

    foreign = make_channel(foreign_shop, "telegram")
    wrong = make_form(
        channels,
        sms_channel_id=channels["telegram"].pk,
        apps=(foreign.pk, channels["sms"].pk),
        direct=(DirectForm(channels["telegram"].pk),),
    )
    with pytest.raises(Refused) as refused:
        save_draft(shop, None, NOW, wrong)
    fields = [problem.field for problem in refused.value.problems]
    assert fields == ["sms_channel_id", "apps", "apps", "direct"]


def test_V2_pause_resume_and_stop_are_three_acts(shop: Any, alice: Any, channels: dict[str, Any]) -> None:
    """Launch, pause, resume (to launching while the audience is not frozen, else to live) and stop, each audited
    and each with a new epoch; what the state does not allow is a conflict and changes nothing."""
    from tertulia.actions.matches import launch, pause, resume, save_draft, stop
    from tertulia.data.models import Audit, Match, Workspace
    from tertulia.errors import Conflict

    match = save_draft(shop, alice, NOW, make_form(channels))
    with pytest.raises(Conflict):
        pause(match, alice, NOW)
    before = Workspace.objects.get(pk=shop.pk).epoch
    launch(match, alice, NOW, [])
    pause(match, alice, NOW)
    resume(match, alice, NOW)
    assert Match.objects.get(pk=match.pk).state == "launching"
    Match.objects.filter(pk=match.pk).update(state="live", audience_size=3)
    pause(match, alice, NOW)
    resume(Match.objects.get(pk=match.pk), alice, NOW)
    assert Match.objects.get(pk=match.pk).state == "live"
    stop(match, alice, NOW)
    with pytest.raises(Conflict):
        resume(match, alice, NOW)
    with pytest.raises(Conflict):
        save_draft(shop, alice, NOW, make_form(channels), match)
    verbs = [audit.verb for audit in Audit.objects.filter(subject=f"match:{match.pk}").order_by("id")]
    assert verbs[1:] == ["match_launched", *["match_paused", "match_resumed"] * 2, "match_stopped"]
    assert Workspace.objects.get(pk=shop.pk).epoch == before + 6


def test_problems_stop_a_launch(shop: Any, channels: dict[str, Any]) -> None:
    """A warning does not stop it, anything else does."""
    from tertulia.actions.matches import launch, save_draft
    from tertulia.actions.problems import Problem, Refused

    match = save_draft(shop, None, NOW, make_form(channels))
    with pytest.raises(Refused):
        launch(match, None, NOW, [Problem("template", "Line 1: a brace is missing.", "text", 1)])
    assert match.state == "draft"
    launch(match, None, NOW, [Problem("parts", "Six links take 3 parts.", "text", warning=True)])
    assert match.state == "launching"
