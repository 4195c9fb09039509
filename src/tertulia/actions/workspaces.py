"""Workspaces and the keys of machines."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from django.utils.text import slugify
from django.utils.translation import gettext as _

from tertulia.actions.audit import record_change
from tertulia.actions.hold_out import check_share, write_hold_out
from tertulia.actions.problems import Problem, refuse
from tertulia.actions.quiet_hours import check_hours
from tertulia.core.sensitive import OWN_FIELDS
from tertulia.core.world import HORIZON_MAX
from tertulia.data.models import ApiKey, Import, User, Workspace
from tertulia.errors import NotFound
from tertulia.store.sealing import seal

SCOPES: Final = ("read", "write", "otp", "test")
"""What a key may do. `otp`: ask for one-time codes and have them checked, and nothing else."""
KEY_HEAD: Final = "tertulia_"
PREFIX_CHARACTERS: Final = 8
LINK_DAYS_MAX: Final = 365
LINK_KEY_BYTES: Final = 32
EVENT_HOURS_MAX: Final = HORIZON_MAX // timedelta(hours=1)
SENSITIVE_MAX: Final = 100
ATTRIBUTE_CHARACTERS_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class WorkspaceForm:
    """`link_domain` is where short links begin (https://l.example), empty for the server's own address; `country`
    ISO 3166, for numbers without a country code; `zone` IANA; `currency` ISO 4217; `link_days` until a link expires;
    `sensitive` the attributes that only a verified customer may be sent (M6), `send_window` the hours in which
    marketing and service messages may go out (Q1), `hold_out` the share of customers who get no marketing (A2),
    `event_hours` how old an event may be that starts something (E4); None leaves each as it is."""

    name: str
    link_domain: str = ""
    country: str = ""
    language: str = "en"
    zone: str = "UTC"
    currency: str = "EUR"
    link_days: int = 30
    sensitive: tuple[str, ...] | None = None
    send_window: Sequence[Any] | None = None
    hold_out: str | None = None
    event_hours: int | None = None


def create_workspace(user: User | None, now: datetime, form: WorkspaceForm, link_key: bytes) -> Workspace:
    """A new business. `link_key` is 32 random bytes, kept sealed. Raises Refused."""
    refuse(check_form(form))
    workspace = Workspace(slug=_free_slug(form.name), link_key=seal(link_key))
    _fill(workspace, form)
    workspace.save()
    record_change(workspace, user, now, "workspace_created", f"workspace:{workspace.pk}")
    return workspace


def update_workspace(workspace: Workspace, user: User | None, now: datetime, form: WorkspaceForm) -> None:
    """Change a workspace. Links that are out keep the days they were made with. Raises Refused."""
    refuse(check_form(form))
    before = set(workspace.sensitive_attributes)
    _fill(workspace, form)
    names = ("name", "link_domain", "country", "language", "zone", "currency", "link_days")
    workspace.save(update_fields=[*names, "sensitive_attributes", "send_window", "hold_out", "event_hours"])
    record_change(workspace, user, now, "workspace_changed", f"workspace:{workspace.pk}")
    after = set(workspace.sensitive_attributes)
    if after != before:
        facts = {"marked": sorted(after - before), "unmarked": sorted(before - after)}
        record_change(workspace, user, now, "sensitive_changed", f"workspace:{workspace.pk}", facts)


def list_attributes(workspace: Workspace) -> list[str]:
    """The names of contacts' attributes that imports have brought, and those that are marked as sensitive."""
    names = set(workspace.sensitive_attributes)
    for mapping in Import.objects.filter(workspace=workspace, kind="customers").values_list("mapping", flat=True):
        names |= {str(field).partition(":")[2] for field in mapping.values() if str(field).startswith("attribute:")}
    return sorted(names)


def check_form(form: WorkspaceForm) -> list[Problem]:
    """Every problem, one per field."""
    problems = []
    if not 0 < len(form.name.strip()) <= 200:
        problems.append(Problem("required", _("Give the workspace a name of at most 200 characters."), "name"))
    if form.link_domain and not _is_origin(form.link_domain):
        problems.append(Problem("url", _("Give an address such as https://l.example, without a path."), "link_domain"))
    if form.country and not (len(form.country) == 2 and form.country.isascii() and form.country.isupper()):
        problems.append(Problem("choice", _("Give the country as two letters, such as BR."), "country"))
    if form.zone not in available_timezones():
        problems.append(Problem("choice", _("Choose a time zone such as America/Sao_Paulo."), "zone"))
    if not (len(form.currency) == 3 and form.currency.isascii() and form.currency.isupper()):
        problems.append(Problem("choice", _("Give the currency as three letters, such as BRL."), "currency"))
    if not 1 <= form.link_days <= LINK_DAYS_MAX:
        problems.append(Problem("range", _("Links last from 1 to 365 days."), "link_days"))
    if form.event_hours is not None and not 1 <= form.event_hours <= EVENT_HOURS_MAX:
        sentence = _("Events start something for 1 to %(most)d hours.") % {"most": EVENT_HOURS_MAX}
        problems.append(Problem("range", sentence, "event_hours"))
    problems += check_hours(form.send_window or ())
    problems += check_share(form.hold_out or "")
    names = form.sensitive or ()
    if any(not 0 < len(name) <= ATTRIBUTE_CHARACTERS_MAX for name in names) or len(names) > SENSITIVE_MAX:
        sentence = _("Name at most %(count)d attributes, each with at most %(characters)d characters.")
        said = sentence % {"count": SENSITIVE_MAX, "characters": ATTRIBUTE_CHARACTERS_MAX}
        problems.append(Problem("range", said, "sensitive"))
    elif own := sorted(OWN_FIELDS.intersection(names)):
        said = _("“%(name)s” is no attribute: it is one of a contact's own fields.") % {"name": own[0]}
        problems.append(Problem("choice", said, "sensitive"))
    return problems


def create_key(
    workspace: Workspace, user: User | None, now: datetime, name: str, scopes: Sequence[str], secret: str
) -> tuple[ApiKey, str]:
    """A machine's key and its text, which is shown once: only a hash is kept. `secret` is random, 32 characters or
    more. Raises Refused."""
    problems = []
    if not 0 < len(name.strip()) <= 200:
        problems.append(Problem("required", _("Say what the key is for."), "name"))
    if not scopes or not set(scopes) <= set(SCOPES):
        problems.append(Problem("choice", _("Choose among read, write, otp and test."), "scopes"))
    refuse(problems)
    text = KEY_HEAD + secret
    prefix = secret[:PREFIX_CHARACTERS]
    key = ApiKey.objects.create(
        workspace=workspace,
        name=name.strip(),
        prefix=prefix,
        secret_hash=hash_key(text),
        scopes=sorted(set(scopes)),
    )
    record_change(workspace, user, now, "key_created", f"key:{key.pk}", {"scopes": key.scopes})
    return key, text


def list_keys(workspace: Workspace) -> list[ApiKey]:
    """Keys that work, the oldest first."""
    return list(ApiKey.objects.filter(workspace=workspace, revoked_at=None).order_by("id"))


def revoke_key(workspace: Workspace, user: User | None, now: datetime, key_id: int) -> None:
    """Make a key useless at once. Raises NotFound."""
    if not ApiKey.objects.filter(workspace=workspace, pk=key_id, revoked_at=None).update(revoked_at=now):
        raise NotFound(_("This key does not exist in this workspace."))
    record_change(workspace, user, now, "key_revoked", f"key:{key_id}")


def find_key(text: str) -> ApiKey | None:
    """The key of a bearer's text, if it works."""
    found = ApiKey.objects.select_related("workspace").filter(secret_hash=hash_key(text), revoked_at=None)
    key: ApiKey | None = found.first()
    return key


def hash_key(text: str) -> str:
    """What is kept of a key. A plain hash is enough: the secret is random and long."""
    return hashlib.sha256(text.encode()).hexdigest()


def _fill(workspace: Workspace, form: WorkspaceForm) -> None:
    workspace.name = form.name.strip()
    workspace.link_domain = form.link_domain.rstrip("/")
    workspace.country = form.country
    workspace.language = form.language
    workspace.zone = form.zone
    workspace.currency = form.currency
    workspace.link_days = form.link_days
    if form.sensitive is not None:
        workspace.sensitive_attributes = sorted(set(form.sensitive))
    if form.send_window is not None:
        workspace.send_window = list(form.send_window)
    if form.hold_out is not None:
        workspace.hold_out = write_hold_out(form.hold_out)
    if form.event_hours is not None:
        workspace.event_hours = form.event_hours


def _free_slug(name: str) -> str:
    base = slugify(name)[:40] or "workspace"
    taken = set(Workspace.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    number = 2
    slug = base
    while slug in taken:
        slug = f"{base}-{number}"
        number += 1
    return slug


def _is_origin(value: str) -> bool:
    try:
        parts = urlsplit(value.rstrip("/"))
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and not (parts.path or parts.query or parts.fragment or parts.username)
        )
    except ValueError:
        return False
