"""A match from draft to its end: what is written, to whom, on which channels; launched, paused, resumed, stopped (V2).

A draft may be incomplete: `save_draft` refuses only what could never be right (another workspace's channel, a speed
above the channel's), and `match_texts.check_match` says what still stands between the draft and its launch.
Launching only changes the state: the engine's launcher freezes the audience, batch by batch, from there on. Pausing
keeps what is queued; stopping revokes it. Everything is written through Django's ORM in the caller's transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from tertulia.actions.audit import record_change
from tertulia.actions.channels import find_adapter
from tertulia.actions.problems import Problem, refuse
from tertulia.core.carriers import SMS
from tertulia.core.deliveries import MessageClass
from tertulia.data.models import Channel, Import, Match, MatchChannel, User, Workspace
from tertulia.errors import Conflict, NotFound

TEXT_CHARACTERS_MAX: Final = 4_000
CONTACTS_MAX: Final = 10_000  # named one by one; more come by a list
DIRECT_MAX: Final = 4
ON_MISSING: Final = ("fail", "default", "skip")
CLASSES: Final = (MessageClass.MARKETING, MessageClass.SERVICE)

_NEXT: Final[Mapping[str, tuple[str, ...]]] = {
    "draft": ("launching",),
    "launching": ("live", "paused", "stopped"),
    "live": ("paused", "stopped", "done"),
    "paused": ("live", "launching", "stopped"),
    "done": (),
    "stopped": (),
}
"""State -> states that may follow."""


@dataclass(frozen=True, slots=True)
class DirectForm:
    """A way to write first where the platform allows it: a WhatsApp template with its parameters (Liquid each), or
    LINE's push by phone number (no template)."""

    channel_id: int
    template: str = ""
    language: str = ""
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MatchForm:
    """A draft as a person writes it. `neutral` is the text for who may not be sent what `text` says, because it uses a
    sensitive attribute (M6). `apps` are channel ids in their order; `audience` is {"all": true},
    {"imports": [ids]} or {"contacts": [ids]}; `budget_micros` in millionths of the workspace's currency."""

    name: str
    sms_channel_id: int | None = None
    apps: tuple[int, ...] = ()
    text: str = ""
    neutral: str = ""
    on_missing: str = "fail"
    message_class: str = "marketing"
    audience: Mapping[str, Any] = field(default_factory=dict)
    direct: tuple[DirectForm, ...] = ()
    rate_per_s: float | None = None
    budget_micros: int | None = None


def access_match(workspace: Workspace, match_id: int) -> Match:
    """The only way to a match: one of this workspace. Raises NotFound."""
    try:
        found = Match.objects.select_related("sms_channel", "workspace")
        match: Match = found.get(pk=match_id, workspace=workspace)
    except Match.DoesNotExist:
        raise NotFound(_("This match does not exist in this workspace.")) from None
    return match


def list_matches(workspace: Workspace) -> list[Match]:
    """The workspace's matches, the newest first."""
    return list(Match.objects.filter(workspace=workspace).select_related("sms_channel").order_by("-id"))


def list_app_channels(match: Match) -> list[Channel]:
    """The channels that the match's links lead to, in their order."""
    if match.pk is None:
        return list(match.typed_apps)
    return [item.channel for item in MatchChannel.objects.filter(match=match).select_related("channel")]


def save_draft(
    workspace: Workspace, user: User | None, now: datetime, form: MatchForm, match: Match | None = None
) -> Match:
    """Make a draft, or change one. Raises Refused with every problem, Conflict when the match has been launched."""
    if match is not None:
        match = _lock(match)
        if match.state != "draft":
            raise Conflict(_("This match was launched. Only a draft can be changed."))
    channels = {channel.pk: channel for channel in Channel.objects.filter(workspace=workspace, archived_at=None)}
    refuse([*_check_words(form), *_check_channels(form, channels), *_check_audience(workspace, form.audience)])
    made = match is None
    match = match or Match(workspace=workspace, created_by=user)
    _fill(match, form)
    match.save()
    MatchChannel.objects.filter(match=match).delete()
    MatchChannel.objects.bulk_create(
        MatchChannel(match=match, channel_id=channel_id, order=order) for order, channel_id in enumerate(form.apps)
    )
    record_change(workspace, user, now, "match_created" if made else "match_changed", f"match:{match.pk}")
    return match


def build_draft(workspace: Workspace, form: MatchForm) -> tuple[Match, list[Problem]]:
    """The match that a form would make, unsaved, for estimates and previews as it is typed; and what is wrong with
    the form. What cannot be taken (an unknown channel, a wrong audience) is left out."""
    channels = {channel.pk: channel for channel in Channel.objects.filter(workspace=workspace, archived_at=None)}
    wrong_audience = _check_audience(workspace, form.audience)
    problems = [*_check_words(form), *_check_channels(form, channels), *wrong_audience]
    carrier = channels.get(form.sms_channel_id) if form.sms_channel_id is not None else None
    match = Match(workspace=workspace)
    _fill(match, form)
    match.sms_channel = carrier if carrier and find_adapter(carrier.kind).capabilities.carries == SMS else None
    match.audience = {} if wrong_audience else dict(form.audience)
    match.direct = [way for way in match.direct if way["channel"] in channels]
    match.on_missing = form.on_missing if form.on_missing in ON_MISSING else ON_MISSING[0]
    apps = [channels[app] for app in dict.fromkeys(form.apps) if app in channels]
    match.typed_apps = [channel for channel in apps if find_adapter(channel.kind).capabilities.app]
    return match, problems


def read_form(match: Match) -> MatchForm:
    """The draft as a form again."""
    return MatchForm(
        name=match.name,
        sms_channel_id=match.sms_channel_id,
        apps=tuple(match.apps.values_list("channel_id", flat=True)),
        text=match.text,
        neutral=match.neutral,
        on_missing=match.on_missing,
        message_class=match.message_class,
        audience=match.audience,
        direct=tuple(
            DirectForm(
                way["channel"],
                way.get("template", ""),
                way.get("language", ""),
                tuple(way.get("parameters", ())),
            )
            for way in match.direct
        ),
        rate_per_s=match.rate_per_s,
        budget_micros=match.budget_micros,
    )


def copy_match(match: Match, user: User | None, now: datetime, name: str) -> Match:
    """A new draft with the same content."""
    form = read_form(match)
    copied = MatchForm(**{**{f: getattr(form, f) for f in form.__dataclass_fields__}, "name": name})
    return save_draft(match.workspace, user, now, copied)


def delete_draft(match: Match, user: User | None, now: datetime) -> None:
    """Remove a draft that never went out. Raises Conflict otherwise."""
    match = _lock(match)
    if match.state != "draft":
        raise Conflict(_("This match was launched, so it stays. Stop it instead."))
    workspace, subject = match.workspace, f"match:{match.pk}"
    match.delete()
    record_change(workspace, user, now, "match_deleted", subject)


def launch(match: Match, user: User | None, now: datetime, problems: Sequence[Problem]) -> None:
    """Launch a draft whose `problems` (of `check_match`, read just before) stop nothing. The audience is frozen from
    now on, in batches, by the engine. Raises Refused or Conflict."""
    refuse(problems)
    match = _move(match, "launching", expected=("draft",))
    match.launched_at = now
    match.frozen_to = 0
    match.save(update_fields=["launched_at", "frozen_to"])
    record_change(match.workspace, user, now, "match_launched", f"match:{match.pk}")


def pause(match: Match, user: User | None, now: datetime, reason: str = "") -> None:
    """Hand over nothing more; what is queued stays queued and what customers do still counts."""
    match = _move(match, "paused", expected=("launching", "live"))
    match.guard_reason = reason
    match.save(update_fields=["guard_reason"])
    record_change(match.workspace, user, now, "match_paused", f"match:{match.pk}")


def resume(match: Match, user: User | None, now: datetime) -> None:
    """Go on after a pause: with freezing the audience where that was not finished, else with sending."""
    state = "live" if match.audience_size is not None else "launching"
    match = _move(match, state, expected=("paused",))
    match.guard_reason = ""
    match.save(update_fields=["guard_reason"])
    record_change(match.workspace, user, now, "match_resumed", f"match:{match.pk}")


def stop(match: Match, user: User | None, now: datetime) -> None:
    """End the match for good: the engine revokes what is queued, each with its ledger row. Its links lead to a page
    that says so; who sends a code all the same is still matched. Raises Conflict when it is not running."""
    match = _move(match, "stopped", expected=("launching", "live", "paused"))
    match.ended_at = now
    match.save(update_fields=["ended_at"])
    record_change(match.workspace, user, now, "match_stopped", f"match:{match.pk}")


def _move(match: Match, state: str, expected: tuple[str, ...]) -> Match:
    """Change the state under a row lock, only from one that allows it."""
    locked = _lock(match)
    if locked.state not in expected or state not in _NEXT[locked.state]:
        raise Conflict(_("The match is %(state)s now, so this cannot be done.") % {"state": state_word(locked.state)})
    locked.state = state
    locked.save(update_fields=["state"])
    match.state = state
    return locked


def state_word(state: str) -> str:
    """A match's state in the reader's language."""
    words: dict[str, str] = {
        "draft": _("a draft"),
        "launching": _("being launched"),
        "live": _("live"),
        "paused": _("paused"),
        "done": _("done"),
        "stopped": _("stopped"),
    }
    return words[state]


def _lock(match: Match) -> Match:
    locked: Match = Match.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=match.pk)
    return locked


def _fill(match: Match, form: MatchForm) -> None:
    match.name = form.name.strip()
    match.sms_channel_id = form.sms_channel_id
    match.text = form.text.replace("\r\n", "\n")
    match.neutral = form.neutral.replace("\r\n", "\n")
    match.on_missing = form.on_missing
    match.message_class = form.message_class
    match.audience = dict(form.audience)
    match.direct = [
        {
            "channel": way.channel_id,
            "template": way.template,
            "language": way.language,
            "parameters": list(way.parameters),
        }
        for way in form.direct
    ]
    match.rate_per_s = form.rate_per_s
    match.budget_micros = form.budget_micros


def _check_words(form: MatchForm) -> list[Problem]:
    problems = []
    if not form.name.strip():
        problems.append(Problem("required", _("Give the match a name."), "name"))
    if len(form.name) > 200:
        problems.append(Problem("too_long", _("At most 200 characters."), "name"))
    for name in ("text", "neutral"):
        if len(getattr(form, name)) > TEXT_CHARACTERS_MAX or "\0" in getattr(form, name):
            problems.append(Problem("too_long", _("At most 4,000 characters."), name))
    if form.on_missing not in ON_MISSING:
        problems.append(Problem("choice", _("Choose one of the offered values."), "on_missing"))
    if form.message_class not in CLASSES:
        problems.append(Problem("choice", _("A match is a marketing or a service message."), "message_class"))
    if form.budget_micros is not None and form.budget_micros <= 0:
        problems.append(Problem("range", _("Give a budget above zero, or none."), "budget_micros"))
    return problems


def _check_channels(form: MatchForm, channels: Mapping[int, Channel]) -> list[Problem]:
    """Every channel is ours and of the right sort, and no speed is above what its channel allows."""
    problems = []
    sms = channels.get(form.sms_channel_id) if form.sms_channel_id is not None else None
    if form.sms_channel_id is not None and (sms is None or find_adapter(sms.kind).capabilities.carries != SMS):
        problems.append(Problem("channel", _("Choose one of your SMS channels."), "sms_channel_id"))
    if len(set(form.apps)) != len(form.apps):
        problems.append(Problem("channel", _("The same app stands twice in the list."), "apps"))
    kinds: set[str] = set()
    for channel_id in dict.fromkeys(form.apps):
        channel = channels.get(channel_id)
        if channel is None or not find_adapter(channel.kind).capabilities.app:
            problems.append(Problem("channel", _("Choose among your messaging app channels."), "apps"))
        elif channel.kind in kinds:
            problems.append(Problem("channel", _("One channel of each kind: links are named after the app."), "apps"))
        else:
            kinds.add(channel.kind)
    if form.rate_per_s is not None and form.rate_per_s <= 0:
        problems.append(Problem("range", _("Give a speed above zero."), "rate_per_s"))
    elif form.rate_per_s is not None and sms is not None and form.rate_per_s > sms.rate_per_s:
        sentence = _("The channel sends at most %(rate)g messages per second.") % {"rate": sms.rate_per_s}
        problems.append(Problem("range", sentence, "rate_per_s"))
    return [*problems, *_check_direct(form, channels)]


def _check_direct(form: MatchForm, channels: Mapping[int, Channel]) -> list[Problem]:
    problems = []
    if len(form.direct) > DIRECT_MAX or len({way.channel_id for way in form.direct}) != len(form.direct):
        problems.append(Problem("direct", _("Each channel at most once."), "direct"))
    for way in form.direct:
        channel = channels.get(way.channel_id)
        first = find_adapter(channel.kind).capabilities.may_write_first if channel else ""
        if first not in ("template", "phone_push"):
            problems.append(Problem("direct", _("This platform lets no business write first."), "direct"))
        elif first == "template" and not (way.template.strip() and way.language.strip()):
            problems.append(Problem("direct", _("Name the approved template and its language."), "direct"))
    return problems


def _check_audience(workspace: Workspace, audience: Mapping[str, Any]) -> list[Problem]:
    """A draft may be without; else exactly one of the three forms, with ids of this workspace."""
    wrong = Problem("audience", _("Choose all contacts, imported lists, or single contacts."), "audience")
    if not audience:
        return []
    if len(audience) != 1:
        return [wrong]
    form, value = next(iter(audience.items()))
    if form == "all":
        return [] if value is True else [wrong]
    ids = value if isinstance(value, list) and all(type(item) is int for item in value) else None
    if form not in ("imports", "contacts") or not ids:
        return [wrong]
    if len(ids) > CONTACTS_MAX:
        return [Problem("audience", _("At most 10,000 single contacts. Import a list for more."), "audience")]
    if form == "imports":
        known = Import.objects.filter(workspace=workspace, pk__in=ids, kind="customers").count()
        if known != len(set(ids)):
            return [Problem("audience", _("One of the lists does not exist in this workspace."), "audience")]
    return []
