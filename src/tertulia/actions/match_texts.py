"""A match's text before it goes out: what stands between the draft and its launch, and how it looks for one contact.

Mistakes are found by compiling the template and by rendering real contacts of the audience with the very function
that the claim uses (S4): of each country those with the longest names, those with the shortest and so with none.
Codes in a preview have the length of real ones and lead nowhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tertulia.actions.channels import NoAnswer, SendRequest, find_adapter, make_account
from tertulia.actions.config import list_zones
from tertulia.actions.matches import list_app_channels
from tertulia.actions.problems import Problem, read_problem
from tertulia.channels.base import Account, Adapter, Call, Done, Outcome, Outgoing, Text
from tertulia.channels.outcomes import make_outcome
from tertulia.core.identity import Trust
from tertulia.core.match import Need, is_trusted
from tertulia.core.phones import Phone, normalise_phone
from tertulia.core.render import (
    Abort,
    Broken,
    Missing,
    OnMissing,
    Rendered,
    Template,
    TemplateProblem,
    compile_template,
    count_links,
    find_unknown,
    render,
    sample_links,
    variables,
)
from tertulia.core.sensitive import Choice, Proof, choose_text, judge_address, list_sensitive
from tertulia.core.sms import Parts, count_parts
from tertulia.core.template_facts import make_facts
from tertulia.core.zones import choose_zone, load_zone
from tertulia.data.models import Channel, Match, Workspace
from tertulia.errors import Invalid, NotFound
from tertulia.store import contacts as contact_store
from tertulia.store import matches as store
from tertulia.store.db import Conn

SAMPLE_EACH: Final = 25
SAMPLE_MAX: Final = 1_000
PARTS_WARNING: Final = 3
PARTS_MAX: Final = 10
TEST_NUMBERS_MAX: Final = 5
CALLS_MAX: Final = 4
LINK_NAMES: Final = ("link", "links.any", "links.chooser")


@dataclass(frozen=True, slots=True)
class Setting:
    """What rendering needs of a match beside the contact: read once, used for many."""

    workspace: Workspace
    kinds: tuple[str, ...]
    names: Mapping[str, str]
    link_base: str


@dataclass(frozen=True, slots=True)
class Preview:
    """The text as one contact would get it, with what an SMS of it costs in parts; or the problem instead. `variant` is
    main or neutral, and `why` says in words what decided (empty where nothing had to be decided)."""

    text: str
    parts: Parts | None
    problem: Problem | None = None
    variant: str = "main"
    why: str = ""


@dataclass(frozen=True, slots=True)
class TestSent:
    """What the provider said of one number of a test send."""

    number: str
    outcome: Outcome


def make_link_base(workspace: Workspace, public_url: str) -> str:
    """Where the workspace's links begin, without a slash at the end."""
    return str(workspace.link_domain or public_url).rstrip("/")


def read_setting(match: Match, public_url: str) -> Setting:
    """The match's apps and where its links begin."""
    channels = list_app_channels(match)
    names = {channel.kind: channel.name for channel in channels}
    return Setting(match.workspace, tuple(names), names, make_link_base(match.workspace, public_url))


@dataclass(frozen=True, slots=True)
class Crowd:
    """An audience as checks and estimates need it. Read once, it serves every keystroke for a while."""

    counts: Mapping[str, int]
    samples: tuple[store.Sample, ...]

    @property
    def mobile(self) -> int:
        """How many an SMS would go to."""
        return sum(count for country, count in self.counts.items() if country)


def read_crowd(conn: Conn, match: Match) -> Crowd:
    """The audience's countries and the contacts to render. Of 1,000,000 contacts this takes seconds: keep it."""
    audience = store.read_audience(match.workspace_id, match.audience)
    counts, samples = store.read_crowd(conn, audience, SAMPLE_EACH, SAMPLE_MAX)
    return Crowd(counts, tuple(samples))


def check_match(conn: Conn, match: Match, public_url: str, now: datetime, crowd: Crowd | None = None) -> list[Problem]:
    """Everything that stands between a draft and its launch, warnings included; fields as in `MatchForm`. `crowd`
    where the audience was read a moment ago."""
    setting = read_setting(match, public_url)
    template, problems = check_text(match.text, setting)
    problems = [*_check_roads(match, setting), *problems, *_check_direct_texts(match)]
    crowd = crowd or read_crowd(conn, match)
    problems += _check_counts(match, crowd.counts)
    if template is not None and crowd.counts:
        problems += _check_samples(conn, match, template, setting, crowd.samples, now)
    return [*problems, *_check_neutral(conn, match, setting, crowd, now)]


def list_used(match: Match) -> tuple[str, ...]:
    """The sensitive attributes that the match's text uses (M6)."""
    return list_sensitive(match.text, read_marked(match.workspace))


def read_marked(workspace: Workspace) -> frozenset[str]:
    """The workspace's sensitive attributes."""
    return frozenset(workspace.sensitive_attributes)


def check_text(text: str, setting: Setting, field: str = "text") -> tuple[Template | None, list[Problem]]:
    """The compiled text, None when it cannot be, and what is wrong with it: syntax, names, links against apps."""
    if not text.strip():
        return None, [Problem("required", _("Write the text of the message."), field)]
    try:
        template = compile_template(text)
    except TemplateProblem as problem:
        return None, [read_problem(problem, field)]
    known = frozenset([*LINK_NAMES, *(f"links.{kind}" for kind in setting.kinds)])
    problems = []
    for variable in find_unknown(template, known):
        kind = variable.name.removeprefix("links.")
        if variable.name.startswith("links."):
            sentence = _("The text has a link for “%(kind)s”, which is not among the match's apps.") % {"kind": kind}
        else:
            sentence = _("There is nothing called “%(name)s”.") % {"name": variable.name}
        problems.append(Problem("unknown_name", sentence, field, variable.line))
    return template, [*problems, *_check_links(template, setting, field)]


def preview(conn: Conn, match: Match, contact_id: int, public_url: str, now: datetime) -> Preview:
    """The match's text as this contact would get it, or its neutral one (M6), by the very choice of the claim. Raises
    NotFound for a contact of nobody or of another workspace."""
    sample = store.read_one(conn, match.workspace_id, contact_id)
    if sample is None:
        raise NotFound(_("This contact does not exist in this workspace."))
    setting, marked = read_setting(match, public_url), read_marked(match.workspace)
    trust = _judge_sample(conn, match, sample) if list_used(match) else Trust.VERIFIED
    choice = choose_text(match.text, match.neutral, marked, trust)
    why = _tell_choice(choice, trust)
    if choice.used and not choice.neutral and not is_trusted(trust, Need.SENSITIVE):
        return Preview("", None, Problem("trust", why, "neutral", warning=True), why=why)
    try:
        template = compile_template(choice.text)
    except TemplateProblem as problem:
        return Preview("", None, read_problem(problem, "neutral" if choice.neutral else "text"))
    shown = render_sample(template, sample, setting, OnMissing(match.on_missing), now)
    return replace(shown, variant="neutral" if choice.neutral else "main", why=why)


def _judge_sample(conn: Conn, match: Match, sample: store.Sample) -> Trust:
    """How far the contact is verified at the number that the SMS would go to."""
    family = (sample.contact_id, *contact_store.read_absorbed(conn, match.workspace_id, sample.contact_id))
    phones, linked = store.read_proofs(conn, family)
    return judge_address("phone", sample.phone, phones, [Proof(kind, value, trust) for kind, value, trust in linked])


def _tell_choice(choice: Choice, trust: Trust) -> str:
    """Why a contact gets the text that they get; empty where nothing in it is sensitive."""
    if not choice.used:
        return ""
    names = ", ".join(f"“{name}”" for name in choice.used)
    if is_trusted(trust, Need.SENSITIVE):
        sentence = _("The text uses %(names)s; this customer is verified at their number.")
    elif choice.neutral:
        sentence = _(
            "The text uses %(names)s and this customer is not verified at their number: the neutral text goes."
        )
    else:
        sentence = _("The text uses %(names)s and this customer is not verified at their number: nothing is sent.")
    return str(sentence % {"names": names})


def render_sample(
    template: Template, sample: store.Sample, setting: Setting, on_missing: OnMissing, now: datetime
) -> Preview:
    """The text for one contact of the audience, or what keeps it from being one."""
    facts = make_facts(
        name=sample.name,
        surname=sample.surname,
        locale=sample.locale,
        attributes=sample.attributes,
        workspace=setting.workspace.name,
        links=sample_links(setting.link_base, setting.kinds),
    )
    local = read_local(setting.workspace, sample.zone, sample.phone_country, now)
    match render(template, facts, now=local, on_missing=on_missing):
        case Rendered(text=text):
            return Preview(text, count_parts(text))
        case Missing(name=name, line=line):
            sentence = _("“%(name)s” is missing for this contact.") % {"name": name}
            return Preview("", None, Problem("missing", sentence, name, line, warning=on_missing is OnMissing.SKIP))
        case Broken(problem=problem):
            return Preview("", None, read_problem(problem))
        case Abort(reason=reason):
            sentence = _("The template decides not to send: %(reason)s") % {"reason": reason}
            return Preview("", None, Problem("aborted", sentence, "text", warning=True))


def read_local(workspace: Workspace, zone: str, phone_country: str, now: datetime) -> datetime:
    """The instant by a contact's clock (T4), which texts call now; `phone_country` is that of their number."""
    return now.astimezone(load_zone(choose_zone(zone, phone_country, "", workspace.zone, list_zones()).zone))


def list_test_numbers(text: str, country: str) -> list[str]:
    """The numbers of a test send, in E.164, from what a person typed. Raises Invalid."""
    numbers = []
    for piece in filter(None, (part.strip() for part in text.replace(";", ",").replace("\n", ",").split(","))):
        phone = normalise_phone(piece, country)
        if not isinstance(phone, Phone) or not phone.reachable_by_sms:
            raise Invalid(_("“%(number)s” is no mobile number.") % {"number": piece}, field="numbers")
        numbers.append(phone.e164)
    if not 1 <= len(numbers) <= TEST_NUMBERS_MAX:
        raise Invalid(_("Give one to five numbers."), field="numbers")
    return numbers


def test_send(
    match: Match, text: str, numbers: Sequence[str], public_url: str, now: datetime, call: SendRequest
) -> list[TestSent]:
    """Send a previewed text to numbers of one's own at once, past the queue: nothing is stored and no rule is asked,
    for who sends a test asks for it. Makes calls."""
    channel: Channel | None = match.sms_channel
    if channel is None:
        raise Invalid(_("Choose the SMS channel."), field="sms_channel_id")
    adapter, account = find_adapter(channel.kind), make_account(channel, public_url)
    sent = []
    for number in numbers:
        step = adapter.build(account, Outgoing("", number, "phone", Text(text)), now)
        for _turn in range(CALLS_MAX):
            if isinstance(step, Done):
                break
            step = _advance(adapter, account, step, now, call)
        outcome = step.outcome if isinstance(step, Done) else make_outcome("ambiguous.no_answer")
        sent.append(TestSent(number, outcome))
    return sent


def _advance(adapter: Adapter, account: Account, step: Call, now: datetime, call: SendRequest) -> Call | Done:
    try:
        response = call(step.request)
    except NoAnswer as error:
        return adapter.failed(account, step.state, error.error, error.sent)
    return adapter.next(account, step.state, response, now)


def _check_roads(match: Match, setting: Setting) -> list[Problem]:
    """A carrier that works, and apps to lead to."""
    problems = []
    if match.sms_channel is None:
        problems.append(Problem("required", _("Choose the SMS channel."), "sms_channel_id"))
    elif match.sms_channel.archived_at is not None:
        problems.append(Problem("channel", _("The SMS channel was archived. Choose another one."), "sms_channel_id"))
    elif match.sms_channel.state != "live":
        sentence = _("The SMS channel is stopped, so messages will wait. Look at its page for what is wrong.")
        problems.append(Problem("channel_stopped", sentence, "sms_channel_id", warning=True))
    if not setting.kinds:
        problems.append(Problem("required", _("Choose at least one app that the links lead to."), "apps"))
    if any(channel.archived_at is not None for channel in list_app_channels(match)):
        problems.append(Problem("channel", _("One of the apps' channels was archived. Take it out."), "apps"))
    return problems


def _check_links(template: Template, setting: Setting, field: str = "text") -> list[Problem]:
    """The text has a link at all; an app whose link is not in a text of single links is told, and an address that is
    written as a link of a journey's message."""
    names = {variable.name for variable in variables(template)}
    used = {name.removeprefix("links.") for name in names if name.startswith("links.")}
    if not used and not names.intersection(LINK_NAMES):
        return [Problem("no_link", _("The text has no link. Put {{ link }} where it belongs."), field)]
    found = []
    if count_links(template):
        sentence = _("The filter “link” is for journeys. A match sends the address as it is and counts no clicks.")
        found.append(Problem("plain_link", sentence, field, warning=True))
    forgotten = [setting.names[kind] for kind in setting.kinds if kind not in used]
    if forgotten and not names.intersection(LINK_NAMES):
        sentence = _("The text has no link for %(names)s.") % {"names": ", ".join(forgotten)}
        found.append(Problem("app_without_link", sentence, field, warning=True))
    return found


def _check_direct_texts(match: Match) -> list[Problem]:
    """The parameters of direct reach compile."""
    problems = []
    for way in match.direct:
        for parameter in way.get("parameters", ()):
            try:
                compile_template(parameter)
            except TemplateProblem as problem:
                problems.append(read_problem(problem, "direct"))
    return problems


def _check_counts(match: Match, counts: Mapping[str, int]) -> list[Problem]:
    """Somebody is in the audience, and can be reached by SMS or directly."""
    total = sum(counts.values())
    mobile = total - counts.get("", 0)
    if not match.audience:
        return [Problem("required", _("Choose whom the match is for."), "audience")]
    if total == 0:
        return [Problem("audience", _("The audience is empty."), "audience")]
    if mobile == 0:
        stops = not match.direct
        sentence = _("Nobody in the audience has a number that takes SMS.")
        return [Problem("no_mobile", sentence, "audience", warning=not stops)]
    return []


def _check_samples(
    conn: Conn,
    match: Match,
    template: Template,
    setting: Setting,
    samples: Sequence[store.Sample],
    now: datetime,
    field: str = "text",
) -> list[Problem]:
    """Render real contacts (S4): each kind of failure once, a missing variable with the number of those who lack it."""
    found: dict[str, Problem] = {}
    worst = 0
    for sample in samples:
        shown = render_sample(template, sample, setting, OnMissing(match.on_missing), now)
        if shown.problem is not None:
            key = f"{shown.problem.code}:{shown.problem.field}"
            found.setdefault(key, shown.problem)
        elif shown.parts is not None:
            worst = max(worst, shown.parts.parts)
    audience = store.read_audience(match.workspace_id, match.audience)
    problems = [_tell_missing(conn, audience, p, field) if p.code == "missing" else p for p in found.values()]
    if worst > PARTS_MAX:
        sentence = _("The longest text takes %(parts)d SMS parts; no more than 10 can be sent.") % {"parts": worst}
        problems.append(Problem("too_long", sentence, field))
    elif worst >= PARTS_WARNING:
        sentence = _("The longest text takes %(parts)d SMS parts.") % {"parts": worst}
        problems.append(Problem("parts", sentence, field, warning=True))
    return problems


def _check_neutral(conn: Conn, match: Match, setting: Setting, crowd: Crowd, now: datetime) -> list[Problem]:
    """Where the text uses a sensitive attribute: a neutral text that uses none and can be sent, or the warning that
    many will get nothing (M6)."""
    used = list_used(match)
    if not used:
        return []
    if not match.neutral.strip():
        sentence = _("The text uses “%(name)s”, which is sensitive: who is not verified at their number gets nothing.")
        hint = _("Write a neutral text for them.")
        return [Problem("sensitive", f"{sentence % {'name': used[0]}} {hint}", "neutral", warning=True)]
    template, problems = check_text(match.neutral, setting, "neutral")
    if again := list_sensitive(match.neutral, read_marked(match.workspace)):
        sentence = _("The neutral text uses “%(name)s”, which is sensitive itself. Take it out.")
        problems.append(Problem("sensitive", sentence % {"name": again[0]}, "neutral"))
    if template is not None and crowd.counts:
        problems += _check_samples(conn, match, template, setting, crowd.samples, now, "neutral")
    return problems


def _tell_missing(conn: Conn, audience: store.Audience, problem: Problem, field: str) -> Problem:
    """How many contacts lack the variable that stood in the way."""
    count, _one = store.count_lacking(conn, audience, problem.field.removeprefix("contact."))
    sentence = ngettext(
        "%(count)d contact has no “%(name)s”. Give a default, or choose what is to happen with such contacts.",
        "%(count)d contacts have no “%(name)s”. Give a default, or choose what is to happen with such contacts.",
        count,
    ) % {"count": max(count, 1), "name": problem.field.removeprefix("contact.")}
    return Problem("missing", sentence, field, problem.line, warning=problem.warning)
