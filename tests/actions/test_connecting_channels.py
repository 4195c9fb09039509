"""Connecting channels: the form against the adapter's fields, sealed secrets, tests in words."""

from typing import Any

import pytest
from tests.actions.cast import NOW, PUBLIC_URL, make_channel, values_of

from tertulia.channels.base import HttpRequest, HttpResponse

TELEGRAM = {"bot_username": "LojaBot", "token": "123:AAH", "secret_token": "s3cret"}


def test_every_problem_of_a_form_is_told_at_once_with_its_field(shop: Any) -> None:
    """Missing required fields, an unknown one, a bad choice and a speed of zero: one sentence each, nothing made."""
    from tertulia.actions.channels import ChannelForm, create_channel
    from tertulia.actions.problems import Refused
    from tertulia.data.models import Channel

    form = ChannelForm(name=" ", values={"transport": "pigeon", "colour": "red"}, rate_per_s=0.0)
    with pytest.raises(Refused) as refused:
        create_channel(shop, None, NOW, "telegram", form, "x")
    fields = {problem.field for problem in refused.value.problems}
    assert fields == {"name", "rate_per_s", "bot_username", "token", "secret_token", "transport", "colour"}
    assert all(problem.sentence.endswith(".") for problem in refused.value.problems)
    assert not Channel.objects.exists()


def test_secrets_are_sealed_and_an_empty_one_keeps_the_stored(shop: Any, alice: Any) -> None:
    """The token never stands in the row; a change without it keeps it, a change with it replaces it."""
    from tertulia.actions.channels import ChannelForm, make_account, update_channel
    from tertulia.data.models import Audit, Workspace

    channel = make_channel(shop, "telegram", TELEGRAM)
    assert b"AAH" not in bytes(channel.secrets)
    assert "token" not in channel.settings
    values = {"bot_username": "OtherBot", "secret_token": "new"}
    update_channel(channel, alice, NOW, ChannelForm(name="Bot", values=values))
    channel.refresh_from_db()
    account = make_account(channel, PUBLIC_URL)
    assert account.secrets == {"token": "123:AAH", "secret_token": "new"}
    assert account.hook_url == f"https://t.example/hooks/{channel.public_id}"
    assert [audit.verb for audit in Audit.objects.order_by("id")] == ["channel_created", "channel_changed"]
    assert Workspace.objects.get(pk=shop.pk).epoch == 3


def test_the_test_ends_in_sentences_and_is_kept(shop: Any) -> None:
    """A wrong token is said in words; what was found stands with the channel."""
    from tertulia.actions.channels import read_findings, record_test, run_test

    channel = make_channel(shop, "telegram", TELEGRAM)
    asked: list[HttpRequest] = []

    def refuse_token(request: HttpRequest) -> HttpResponse:
        asked.append(request)
        return HttpResponse(401, (), b'{"ok":false,"error_code":401,"description":"Unauthorized"}')

    record_test(channel, run_test(channel, PUBLIC_URL, refuse_token), NOW)
    channel.refresh_from_db()
    [(passed, sentence, waits)] = read_findings(channel)
    assert (passed, waits) == (False, False)
    assert "@BotFather" in sentence
    assert len(asked) == 1


def test_a_provider_that_does_not_answer_is_a_finding(shop: Any) -> None:
    """No connection is told as such, with the host's name."""
    from tertulia.actions.channels import NoAnswer, run_test

    def time_out(request: HttpRequest) -> HttpResponse:
        raise NoAnswer("timeout")

    [check] = run_test(make_channel(shop, "telegram", TELEGRAM), PUBLIC_URL, time_out)
    assert not check.ok
    assert "did not answer" in check.text()


def test_charlie_does_not_see_alices_channel(shop: Any, foreign_shop: Any) -> None:
    """Another workspace's channel does not exist for him."""
    from tertulia.actions.channels import access_channel
    from tertulia.errors import NotFound

    channel = make_channel(shop, "telegram", TELEGRAM)
    assert access_channel(shop, channel.pk) == channel
    with pytest.raises(NotFound):
        access_channel(foreign_shop, channel.pk)


def test_a_channel_that_a_match_runs_on_is_not_archived(shop: Any) -> None:
    """Archiving names the match that stands in the way; afterwards it is possible."""
    from tertulia.actions.channels import archive_channel, list_channels
    from tertulia.data.models import Match, MatchChannel
    from tertulia.errors import Conflict

    channel = make_channel(shop, "telegram", TELEGRAM)
    match = Match.objects.create(workspace=shop, name="Spring", state="live")
    MatchChannel.objects.create(match=match, channel=channel, order=0)
    with pytest.raises(Conflict, match="Spring"):
        archive_channel(channel, None, NOW)
    Match.objects.update(state="done")
    archive_channel(channel, None, NOW)
    assert list_channels(shop) == []


def test_every_kind_can_be_connected_with_samples(shop: Any) -> None:
    """What the fields ask for is enough: no kind needs more than its form says."""
    from tertulia.channels import registry

    for adapter in registry.kinds():
        channel = make_channel(shop, adapter.kind)
        assert channel.rate_per_s == adapter.capabilities.rate_per_s
        assert set(channel.settings).isdisjoint(item.name for item in adapter.fields if item.secret)
        assert values_of(adapter.kind, {})
