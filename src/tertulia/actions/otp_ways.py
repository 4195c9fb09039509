"""Where a one-time code may go: whose it is, the address on each channel, and the text with a mask for the code."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from tertulia.actions.config import load_channel_facts
from tertulia.actions.contacts import access_contact
from tertulia.actions.journey_start import Who, find_contact
from tertulia.actions.problems import Problem, Refused, read_problem, refuse
from tertulia.core.carriers import EMAIL, SMS
from tertulia.core.content import Content, write_content
from tertulia.core.entries import shard_of_address
from tertulia.core.import_values import email_key, read_email
from tertulia.core.otp import mask_code
from tertulia.core.otp_texts import SUBJECTS, TEXTS, choose
from tertulia.core.phones import Phone, key_of_e164
from tertulia.core.render import Rendered, TemplateProblem, compile_template, render
from tertulia.core.rows import ContactRow
from tertulia.core.stages import find_address, find_channel
from tertulia.core.traits import read_number
from tertulia.core.world import ChannelFacts, Config, World
from tertulia.data.models import Workspace
from tertulia.ids import INDEX_OF_SHARD, make_contact_id
from tertulia.store import world as loader
from tertulia.store.db import Conn
from tertulia.store.directory import find_by_address

if TYPE_CHECKING:
    from tertulia.actions.otp import OtpForm

FOREIGN = gettext_noop("Codes are not sent to numbers of this country. A person can allow it in the settings.")
BY_TEMPLATE = "template"  # an app in which a business may write first by a template of the platform


@dataclass(frozen=True, slots=True)
class Ways:
    """`ways` in order, as they are stored; `names` of their channels. `newcomer` is filled for who is not known yet."""

    contact_id: int
    ways: Sequence[Mapping[str, Any]]
    names: tuple[str, ...]
    newcomer: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _To:
    """Whom a code is for."""

    contact_id: int
    contact: ContactRow | None
    phone: Phone | None
    email: str


def find_ways(
    conn: Conn, workspace: Workspace, form: "OtpForm", fresh_serial: Callable[[], int], now: datetime
) -> Ways:
    """Raises Refused, with every channel that cannot be, and NotFound."""
    facts = Config({}, load_channel_facts(conn, workspace.pk), {})
    world = World(now, facts, count())
    to = _find_whom(conn, world, workspace, form, fresh_serial)
    channels = _find_channels(world, workspace, form)
    text, subject = _write_texts(workspace, form, to, now)
    found = [(channel, way) for channel in channels if (way := _find_way(channel, form, to, text, subject))]
    allowed = [(channel, way) for channel, way in found if _is_allowed(workspace, way)]
    if found and not allowed:
        raise Refused([Problem("country", _(FOREIGN), "channels")])
    if not allowed:
        message = _("None of these channels reaches them: there is no number, e-mail address or app for any.")
        raise Refused([Problem("unreachable", message, "channels")])
    ways, names = [way for _channel, way in allowed], tuple(channel.name for channel, _way in allowed)
    return Ways(to.contact_id, ways, names, {} if to.contact is not None else _describe_newcomer(form, to))


def _find_whom(conn: Conn, world: World, workspace: Workspace, form: "OtpForm", fresh_serial: Callable[[], int]) -> _To:
    phone = _read_phone(workspace, form.phone) if form.phone else None
    email = _read_mail(form.email) if form.email else ""
    known: int | None = None
    if form.contact_id is not None or form.user_id:
        known = find_contact(conn, workspace, Who(form.contact_id, form.user_id))
    elif phone is None and not email:
        message = _("Say to whom: contact_id, user_id, phone or email.")
        raise Refused([Problem("required", message, "phone")])
    else:
        known = _find_owner(conn, workspace, phone, email)
    if known is None:
        key = ("phone", phone.key) if phone is not None else ("email", email_key(email))
        return _To(
            make_contact_id(fresh_serial(), INDEX_OF_SHARD[shard_of_address(workspace.pk, *key)]), None, phone, email
        )
    loader.load_contacts(conn, world, [known])
    return _To(known, world.contacts[known], phone, email)


def _find_owner(conn: Conn, workspace: Workspace, phone: Phone | None, email: str) -> int | None:
    """Who has the number and the mailbox, where that is one; of a household the one that was there first."""
    by_phone = find_by_address(conn, workspace.pk, "phone", phone.key) if phone is not None else []
    by_email = find_by_address(conn, workspace.pk, "email", email_key(email)) if email else []
    both = set(by_phone) & set(by_email) if phone is not None and email else set()
    found = {access_contact(conn, workspace, one).id for one in both or (*by_phone, *by_email)}
    return min(found, default=None)


def _read_phone(workspace: Workspace, text: str) -> Phone:
    number = read_number(text, workspace.country)
    if number is None:
        message = _("This is no phone number. Write it with its country, such as +351912345678.")
        raise Refused([Problem("invalid", message, "phone")])
    if workspace.otp_countries and number.region not in workspace.otp_countries:
        raise Refused([Problem("country", _(FOREIGN), "phone")])
    return number


def _is_allowed(workspace: Workspace, way: Mapping[str, Any]) -> bool:
    """Whether codes go to numbers of its country, a contact's own number too; of what is no number always."""
    if way["kind"] != "phone" or not workspace.otp_countries:
        return True
    number = read_number(way["value"], workspace.country)
    return number is not None and number.region in workspace.otp_countries


def _read_mail(text: str) -> str:
    email = read_email(text.strip())
    if email is None:
        raise Refused([Problem("invalid", _("This is no e-mail address."), "email")])
    return email


def _find_channels(world: World, workspace: Workspace, form: "OtpForm") -> list[ChannelFacts]:
    """In their order. One that never tells of a delivery stands last, for nothing after it would be tried."""
    found, problems = [], []
    for place, name in enumerate(form.channels):
        channel = find_channel(world, workspace.pk, name)
        if channel is None:
            message = _("No channel is called “%(name)s”, and none is of that kind.") % {"name": name}
            problems.append(Problem("unknown", message, "channels"))
            continue
        if not channel.tells_delivery and place < len(form.channels) - 1:
            message = _("“%(name)s” never tells whether a message was delivered, so nothing after it would be tried.")
            problems.append(Problem("silent", message % {"name": name} + " " + _("Put it last."), "channels"))
        found.append(channel)
    refuse(problems)
    return found


def _write_texts(workspace: Workspace, form: "OtpForm", to: _To, now: datetime) -> tuple[str, str]:
    """The text and the subject in the customer's language, with the code's mask."""
    languages = (form.locale, to.contact.locale if to.contact is not None else "", workspace.language, "en")
    mask = mask_code(form.length)
    facts: dict[str, object] = {"minutes": max(1, form.lifetime_s // 60), "workspace": {"name": workspace.name}}
    text = _write(choose(form.texts or TEXTS, *languages), {**facts, "code": mask}, now, "texts")
    if text.count(mask) != 1:
        message = _("Write {{ code }} into the text, once, where the code is to stand.")
        raise Refused([Problem("code", message, "texts")])
    return text, _write(choose(form.subjects or SUBJECTS, *languages), facts, now, "subjects")


def _write(source: str, facts: Mapping[str, object], now: datetime, field: str) -> str:
    try:
        outcome = render(compile_template(source), facts, now=now)
    except TemplateProblem as problem:
        raise Refused([read_problem(problem, field)]) from None
    if not isinstance(outcome, Rendered):
        message = _("A code's text has code, minutes and workspace.name, and nothing else.")
        raise Refused([Problem("variable", message, field)])
    return outcome.text


def _find_way(channel: ChannelFacts, form: "OtpForm", to: _To, text: str, subject: str) -> dict[str, Any] | None:
    """Where a code goes on a channel, and what is stored of its message; None where the customer is not there."""
    phone = to.phone.e164 if to.phone is not None and to.phone.reachable_by_sms else ""
    place: tuple[str, str, str] | None = None
    content = Content(text=text)
    if channel.carries == SMS:
        place = ("phone", phone, "") if phone else _find_known(to, channel)
    elif channel.carries == EMAIL:
        place = ("email", to.email, "") if to.email else _find_known(to, channel)
        content = Content(text=text, subject=subject)
    elif form.template and channel.may_write_first == BY_TEMPLATE:
        number = phone or (find_number_of(to.contact) if to.contact is not None else "")
        place = ("phone", number, "") if number else None
        language = form.template_language or form.locale or "en"
        parameters = (mask_code(form.length),)
        content = Content(template=form.template, language=language, parameters=parameters, direct=True)
    else:
        place = _find_known(to, channel)
    if place is None:
        return None
    kind, value, scope = place
    key = key_of_e164(value) if kind == "phone" else email_key(value) if kind == "email" else ""
    told = {"channel": channel.id, "kind": kind, "value": value, "scope": scope, "key": key}
    return {**told, "content": write_content(content)}


def _find_known(to: _To, channel: ChannelFacts) -> tuple[str, str, str] | None:
    """The contact's own address there, unless the code is for a number or mailbox that was given."""
    given = bool(to.phone or to.email)
    if to.contact is None or (given and channel.carries):
        return None
    return find_address(to.contact, channel)


def find_number_of(contact: ContactRow) -> str:
    """The contact's mobile number; empty without one."""
    return next((row.value for row in contact.addresses if row.kind == "phone" and row.sms), "")


def _describe_newcomer(form: "OtpForm", to: _To) -> dict[str, Any]:
    """What a contact is made of."""
    addresses: list[dict[str, Any]] = []
    if to.phone is not None:
        phone = to.phone
        told = {"value": phone.e164, "key": phone.key, "line": phone.line.value, "country": phone.region}
        addresses.append({"kind": "phone", **told, "sms": phone.reachable_by_sms})
    if to.email:
        told = {"value": to.email, "key": email_key(to.email), "line": "", "country": ""}
        addresses.append({"kind": "email", **told, "sms": False})
    country = to.phone.region if to.phone is not None else ""
    return {"locale": form.locale, "country": country, "addresses": addresses}
