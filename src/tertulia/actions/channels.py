"""Connecting channels: a form checked against the adapter's own fields, secrets sealed, tested in words.

The adapter says which fields there are, what the provider's test is and how our webhook is registered; nothing here
knows a vendor. Configuration is written through Django's ORM in the caller's transaction. Calls to a provider go
through an injected `call`, made by the shell outside any transaction.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from tertulia.actions.audit import record_change
from tertulia.actions.problems import Problem, read_problem, refuse
from tertulia.channels import registry
from tertulia.channels.base import Account, Adapter, Call, Check, DeepLink, Field, Request, Response
from tertulia.core.import_values import read_email
from tertulia.core.phones import Phone, normalise_phone
from tertulia.core.render import TemplateProblem, compile_template
from tertulia.data.models import Channel, User, Workspace
from tertulia.errors import Conflict, NotFound
from tertulia.store.sealing import seal_json, unseal_json

VALUE_CHARACTERS_MAX = 8_000
NAME_CHARACTERS_MAX = 200
TEXT_CHARACTERS_MAX = 4_000
RATE_PER_S_MAX = 10_000.0
PROBE_CALLS_MAX = 20

SendRequest = Callable[[Request], Response]


class NoAnswer(Exception):
    """The provider did not answer: `error` is timeout | connect | tls | reset, `sent` whether the request may have
    arrived. Raised by a shell's `call`."""

    def __init__(self, error: str, sent: bool = False) -> None:
        super().__init__(error)
        self.error = error
        self.sent = sent


@dataclass(frozen=True, slots=True)
class ChannelForm:
    """What a person fills in. `values` are the adapter's fields by name; an empty secret keeps the stored one.
    `rate_per_s` None takes the kind's own; `price_micros` per message (SMS: per part) in the workspace's currency."""

    name: str
    values: Mapping[str, str] = field(default_factory=dict)
    rate_per_s: float | None = None
    price_micros: int | None = None
    greeting: str = ""
    offers_text: bool = False
    first_message: str = ""


def access_channel(workspace: Workspace, channel_id: int) -> Channel:
    """The only way to a channel: one of this workspace that is not archived. Raises NotFound."""
    try:
        channel: Channel = Channel.objects.get(pk=channel_id, workspace=workspace, archived_at=None)
    except Channel.DoesNotExist:
        raise NotFound(_("This channel does not exist in this workspace.")) from None
    return channel


def list_channels(workspace: Workspace) -> list[Channel]:
    """The workspace's channels, the oldest first."""
    return list(Channel.objects.filter(workspace=workspace, archived_at=None).order_by("id"))


def create_channel(
    workspace: Workspace, user: User | None, now: datetime, kind: str, form: ChannelForm, public_id: str
) -> Channel:
    """Connect a channel. `public_id` is random and ends the webhook's address. Raises Refused with every problem,
    NotFound for a kind that is not installed."""
    adapter = find_adapter(kind)
    refuse(check_form(adapter, form))
    settings, secrets = _split_values(adapter, form.values)
    channel = Channel(workspace=workspace, public_id=public_id, kind=kind, settings=settings)
    channel.secrets = seal_json(secrets)
    _fill(channel, adapter, form)
    channel.save()
    record_change(workspace, user, now, "channel_created", f"channel:{channel.pk}", {"kind": kind})
    return channel


def update_channel(channel: Channel, user: User | None, now: datetime, form: ChannelForm) -> None:
    """Change a channel; a fault is taken back, for what caused it may be mended. Raises Refused."""
    adapter = find_adapter(channel.kind)
    kept = unseal_json(channel.secrets)
    refuse(check_form(adapter, form, kept))
    settings, secrets = _split_values(adapter, form.values)
    channel.settings = settings
    channel.secrets = seal_json({**kept, **secrets})
    if channel.state == "fault":
        channel.state, channel.fault = "live", ""
    channel.cache = b""
    _fill(channel, adapter, form)
    channel.save()
    record_change(channel.workspace, user, now, "channel_changed", f"channel:{channel.pk}")


def pause_channel(channel: Channel, user: User | None, now: datetime) -> None:
    """Send nothing more through the channel; what waits, waits. Inbound goes on."""
    _change_state(channel, user, now, "paused", "channel_paused")


def resume_channel(channel: Channel, user: User | None, now: datetime) -> None:
    """Send again, after a pause or a fault."""
    _change_state(channel, user, now, "live", "channel_resumed")


def archive_channel(channel: Channel, user: User | None, now: datetime) -> None:
    """Put a channel away. Its history stays. Raises Conflict while a match that runs needs it."""
    running = ("launching", "live", "paused")
    names = [
        *channel.sms_matches.filter(state__in=running).values_list("name", flat=True),
        *channel.matchchannel_set.filter(match__state__in=running).values_list("match__name", flat=True),
    ]
    if names:
        raise Conflict(_("The match “%(name)s” runs on this channel. Stop it first.") % {"name": names[0]})
    channel.archived_at = now
    channel.state = "paused"
    channel.save(update_fields=["archived_at", "state"])
    record_change(channel.workspace, user, now, "channel_archived", f"channel:{channel.pk}")


def find_adapter(kind: str) -> Adapter:
    """The adapter of a kind. Raises NotFound."""
    try:
        return registry.get(kind)
    except registry.UnknownKind:
        raise NotFound(_("There is no channel of the kind “%(kind)s”.") % {"kind": kind}) from None


def make_hook_url(channel: Channel, public_url: str) -> str:
    """The webhook's address, as it is copied to the provider."""
    return f"{public_url}/hooks/{channel.public_id}"


def make_account(channel: Channel, public_url: str) -> Account:
    """The channel as its adapter sees it, secrets opened."""
    return Account(
        channel=str(channel.pk),
        kind=channel.kind,
        settings=channel.settings,
        secrets=unseal_json(channel.secrets),
        hook_url=make_hook_url(channel, public_url),
        cache=unseal_json(channel.cache) if channel.cache else {},
    )


def make_entry_link(channel: Channel, public_url: str) -> DeepLink:
    """The plain link that opens the channel's app on its ready first message; it binds nobody."""
    return find_adapter(channel.kind).deep_link(make_account(channel, public_url), "", channel.first_message)


def run_test(channel: Channel, public_url: str, call: SendRequest) -> Sequence[Check]:
    """The provider's own view of the channel: credentials, sender, the road to our webhook. Makes calls; writes
    nothing (see `record_test`)."""
    adapter = find_adapter(channel.kind)
    account = make_account(channel, public_url)
    return _follow(adapter, account, adapter.test(account), call)


def register_webhook(channel: Channel, public_url: str, call: SendRequest) -> Sequence[Check]:
    """Ask the provider to deliver to our webhook, or say what a person has to do by hand. Makes calls."""
    adapter = find_adapter(channel.kind)
    account = make_account(channel, public_url)
    return _follow(adapter, account, adapter.setup(account), call)


def record_test(channel: Channel, checks: Sequence[Check], now: datetime) -> list[dict[str, object]]:
    """Keep a test's findings with the channel, sentences as gettext ids with their values. Gives what was kept:
    `{ok, sentence, values, waits}`. A `waits` finding is settled by `Channel.last_call_at` after `tested_at`."""
    found: list[dict[str, object]] = [
        {"ok": check.ok, "sentence": check.sentence, "values": dict(check.values), "waits": check.waits}
        for check in checks
    ]
    channel.tested_at = now
    channel.test_findings = found
    channel.save(update_fields=["tested_at", "test_findings"])
    return found


def read_findings(channel: Channel) -> list[tuple[bool, str, bool]]:
    """The kept findings in the reader's language: (ok, sentence, still waits for the provider's first call)."""
    read = []
    for finding in channel.test_findings:
        waits = bool(finding.get("waits"))
        if waits and channel.last_call_at and channel.tested_at and channel.last_call_at >= channel.tested_at:
            read.append((True, _("The provider called us: the road is open."), False))
            continue
        sentence = _(finding["sentence"]).format_map(finding.get("values", {}))
        read.append((bool(finding["ok"]), sentence, waits))
    return read


def check_form(adapter: Adapter, form: ChannelForm, kept: Mapping[str, str] | None = None) -> list[Problem]:
    """Every problem of a form, one per field. `kept` are the secrets stored already."""
    problems = [
        problem
        for item in adapter.fields
        if (problem := _check_value(item, form.values.get(item.name, "").strip(), kept or {})) is not None
    ]
    known = {item.name for item in adapter.fields}
    problems += [
        Problem("unknown_field", _("This kind of channel has no field “%(name)s”.") % {"name": name}, name)
        for name in form.values
        if name not in known
    ]
    return [*_check_common(form), *problems]


def _check_common(form: ChannelForm) -> list[Problem]:
    problems = []
    if not form.name.strip():
        problems.append(Problem("required", _("Give the channel a name, as your team will see it."), "name"))
    if len(form.name) > NAME_CHARACTERS_MAX:
        problems.append(Problem("too_long", _("At most 200 characters."), "name"))
    if form.rate_per_s is not None and not 0 < form.rate_per_s <= RATE_PER_S_MAX:
        problems.append(Problem("range", _("Give a speed above 0 and up to 10,000 messages per second."), "rate_per_s"))
    if form.price_micros is not None and form.price_micros < 0:
        problems.append(Problem("range", _("A price is zero or more."), "price_micros"))
    for name, text in (("greeting", form.greeting), ("first_message", form.first_message)):
        if len(text) > TEXT_CHARACTERS_MAX:
            problems.append(Problem("too_long", _("At most 4,000 characters."), name))
    try:
        compile_template(form.greeting)
    except TemplateProblem as problem:
        problems.append(read_problem(problem, "greeting"))
    return problems


def _check_value(item: Field, value: str, kept: Mapping[str, str]) -> Problem | None:
    """The first thing wrong with one field's value."""
    if not value:
        missing = item.required and not item.default and not (item.secret and kept.get(item.name))
        return Problem("required", _("Fill in “%(label)s”.") % {"label": _(item.label)}, item.name) if missing else None
    if len(value) > VALUE_CHARACTERS_MAX or "\0" in value:
        return Problem("too_long", _("This value is too long or has characters that cannot be kept."), item.name)
    match item.type:
        case "url" if not _is_web_address(value):
            return Problem("url", _("Give a whole address that begins with https:// or http://."), item.name)
        case "phone" if not isinstance(normalise_phone(value), Phone):
            return Problem("phone", _("Give the number with its country code: +55 11 98765 4321."), item.name)
        case "email" if read_email(value) is None:
            return Problem("email", _("Give an e-mail address: shop@example.com."), item.name)
        case "choice" if value not in [choice for choice, _label in item.choices]:
            return Problem("choice", _("Choose one of the offered values."), item.name)
    return None


def _is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def _split_values(adapter: Adapter, values: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Public settings and secrets. Phone numbers are kept in E.164; empty secrets are left out."""
    settings: dict[str, str] = {}
    secrets: dict[str, str] = {}
    for item in adapter.fields:
        value = values.get(item.name, "").strip()
        if item.secret:
            if value:
                secrets[item.name] = value
            continue
        phone = normalise_phone(value) if item.type == "phone" and value else None
        settings[item.name] = phone.e164 if isinstance(phone, Phone) else value
    return settings, secrets


def _fill(channel: Channel, adapter: Adapter, form: ChannelForm) -> None:
    channel.name = form.name.strip()
    channel.rate_per_s = form.rate_per_s or adapter.capabilities.rate_per_s
    channel.price_micros = form.price_micros
    channel.greeting = form.greeting
    channel.offers_text = form.offers_text
    channel.first_message = form.first_message
    channel.polling = channel.settings.get("transport") == "polling"


def _change_state(channel: Channel, user: User | None, now: datetime, state: str, verb: str) -> None:
    channel.state, channel.fault = state, ""
    channel.save(update_fields=["state", "fault"])
    record_change(channel.workspace, user, now, verb, f"channel:{channel.pk}")


def _follow(adapter: Adapter, account: Account, first: Call | Sequence[Check], call: SendRequest) -> Sequence[Check]:
    """Make a probe's calls one after the other until it ends in findings."""
    step = first
    for _turn in range(PROBE_CALLS_MAX):
        if not isinstance(step, Call):
            return step
        try:
            response = call(step.request)
        except NoAnswer as error:
            return adapter.test_failed(account, step.state, error.error)
        step = adapter.test_next(account, step.state, response)
    raise AssertionError(f"the probe of {adapter.kind} does not end")
