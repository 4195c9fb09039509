"""Sources of events: a business's sites, apps and servers, its shop and other systems, each with a key of its own.

Configuration is written through Django's ORM in the caller's transaction. The key of a tracking SDK is no secret, for
every browser that loads the site has it, but it opens the door: a new one shuts out whoever still has the old one. A
system that posts webhooks has its key in their address, which opens nothing else.
"""

import secrets
import string
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from tertulia.actions.audit import record_change
from tertulia.actions.problems import Problem, refuse
from tertulia.core.hook_presets import HOOK_KINDS, SDK, fill_preset
from tertulia.data.models import Import, Source, User, Workspace
from tertulia.errors import Conflict, NotFound
from tertulia.store.db import Conn
from tertulia.store.hook_samples import drop_samples
from tertulia.store.imports import forget_check
from tertulia.store.sources import has_events

NAME_CHARACTERS_MAX: Final = 200
ID_MAX: Final = 2**63 - 1
KEY_HEAD: Final = "wk_"
HOOK_KEY_HEAD: Final = "hk_"
KINDS: Final = (SDK, *HOOK_KINDS)
KEY_CHARACTERS: Final = 32
KEY_ALPHABET: Final = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class SourceForm:
    """What a person fills in. `client_side`: the callers are customers' own browsers and phones, not a server. `kind`
    is one of KINDS and stays."""

    name: str
    client_side: bool = False
    kind: str = SDK


def make_write_key(kind: str = SDK) -> str:
    """A new random key for a source of a kind."""
    return (KEY_HEAD if kind == SDK else HOOK_KEY_HEAD) + "".join(
        secrets.choice(KEY_ALPHABET) for _character in range(KEY_CHARACTERS)
    )


def access_source(workspace: Workspace, source_id: int) -> Source:
    """The only way to a source: one of this workspace. Raises NotFound."""
    found = Source.objects.filter(pk=source_id, workspace=workspace) if 0 <= source_id <= ID_MAX else None
    source: Source | None = found.first() if found is not None else None
    if source is None:
        raise NotFound(_("This source does not exist in this workspace."))
    return source


def list_sources(workspace: Workspace) -> list[Source]:
    """The workspace's sources, the oldest first."""
    return list(Source.objects.filter(workspace=workspace).order_by("id"))


def check_form(form: SourceForm) -> list[Problem]:
    """Every problem, one per field."""
    if form.kind not in KINDS:
        return [Problem("choice", _("Choose one of the offered kinds of source."), "kind")]
    if form.client_side and form.kind != SDK:
        return [Problem("choice", _("Only a tracking SDK runs on customers' own devices."), "client_side")]
    if not 0 < len(form.name.strip()) <= NAME_CHARACTERS_MAX or "\0" in form.name:
        return [Problem("required", _("Give the source a name of at most 200 characters."), "name")]
    return []


def create_source(workspace: Workspace, user: User | None, now: datetime, form: SourceForm, write_key: str) -> Source:
    """A new source; one that posts webhooks begins with the mapping of its kind. `write_key` is random, from
    `make_write_key`. Raises Refused."""
    refuse(check_form(form))
    source: Source = Source.objects.create(
        workspace=workspace, name=form.name.strip(), client_side=form.client_side, write_key=write_key, kind=form.kind
    )
    if form.kind != SDK:
        source.mapping = fill_preset(form.kind, source.pk)
        source.save(update_fields=["mapping"])
    facts = {"client_side": form.client_side, "kind": form.kind}
    record_change(workspace, user, now, "source_created", _subject(source), facts)
    return source


def change_source(source: Source, user: User | None, now: datetime, form: SourceForm) -> None:
    """Rename a source or change its side. Raises Refused."""
    refuse(check_form(form))
    source.name, source.client_side = form.name.strip(), form.client_side
    source.save(update_fields=["name", "client_side"])
    record_change(source.workspace, user, now, "source_changed", _subject(source))


def disable_source(source: Source, user: User | None, now: datetime) -> None:
    """Take nothing more from it; what came stays."""
    _change_state(source, user, now, "disabled", "source_disabled")


def enable_source(source: Source, user: User | None, now: datetime) -> None:
    """Take its events again."""
    _change_state(source, user, now, "live", "source_enabled")


def renew_key(source: Source, user: User | None, now: datetime, write_key: str) -> None:
    """Give it another write key; whoever sends with the old one is refused."""
    source.write_key = write_key
    source.save(update_fields=["write_key"])
    record_change(source.workspace, user, now, "source_key_renewed", _subject(source))


def delete_source(conn: Conn, source: Source, user: User | None, now: datetime) -> None:
    """Remove a source that never had an event. Raises Conflict for any other: its events name it."""
    if has_events(conn, source.workspace_id, source.pk):
        raise Conflict(_("This source has events. Disable it instead: nothing more is taken, and its events stay."))
    drop_samples(conn, source.workspace_id, source.pk)
    for import_id in Import.objects.filter(source=source).values_list("pk", flat=True):
        forget_check(conn, import_id)
    subject, workspace = _subject(source), source.workspace
    source.delete()
    record_change(workspace, user, now, "source_deleted", subject)


def _change_state(source: Source, user: User | None, now: datetime, state: str, verb: str) -> None:
    source.state = state
    source.save(update_fields=["state"])
    record_change(source.workspace, user, now, verb, _subject(source))


def _subject(source: Source) -> str:
    return f"source:{source.pk}"
