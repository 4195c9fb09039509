"""Files that go with messages: kept, listed, taken away. What each is, its content says."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from tertulia.actions.audit import record_change
from tertulia.actions.problems import Problem, Refused
from tertulia.core.media import HEAD_BYTES, MEDIA_BYTES_MAX, read_media, write_file_name
from tertulia.data.models import Journey, JourneyRevision, StoredFile, User, Workspace
from tertulia.errors import Conflict, NotFound

FILES_MAX: Final = 1_000
ID_BYTES: Final = 16
PATH: Final = "m"  # the first part of a file's address


def list_files(workspace: Workspace) -> list[StoredFile]:
    """The newest first, without their content."""
    return list(StoredFile.objects.filter(workspace=workspace).defer("body").order_by("-made_at", "-id"))


def access_file(workspace: Workspace, file_id: int) -> StoredFile:
    """The only way to a file: one of this workspace. Raises NotFound."""
    found = StoredFile.objects.filter(workspace=workspace, pk=file_id) if 0 <= file_id < 2**31 else None
    file: StoredFile | None = found.defer("body").first() if found is not None else None
    if file is None:
        raise NotFound(_("This file does not exist in this workspace."))
    return file


def make_address(file: StoredFile, public_url: str) -> str:
    """Where providers fetch it."""
    return f"{public_url}/{PATH}/{file.public_id}/{file.name}"


def keep_file(workspace: Workspace, user: User | None, now: datetime, name: str, blocks: Iterable[bytes]) -> StoredFile:
    """A new file, or the one with the same content. Raises Refused for what no message carries, and Conflict where the
    workspace has too many."""
    body = _read_all(blocks)
    media = read_media(body[:HEAD_BYTES])
    if media is None:
        sentence = _("This is no file that messages carry: a JPEG, PNG, GIF, MP4, OGG with Opus, or PDF.")
        raise Refused([Problem("form", sentence, "file")])
    if len(body) > media.bytes_max:
        sentence = _("The file is larger than providers take: at most %(most)d MB.")
        raise Refused([Problem("too_large", sentence % {"most": media.bytes_max // 1_000_000}, "file")])
    digest = hashlib.sha256(body).hexdigest()
    known: StoredFile | None = StoredFile.objects.filter(workspace=workspace, sha256=digest).defer("body").first()
    if known is not None:
        return known
    if StoredFile.objects.filter(workspace=workspace).count() >= FILES_MAX:
        raise Conflict(_("The workspace has %(most)d files. Delete some first.") % {"most": FILES_MAX})
    made: StoredFile = StoredFile.objects.create(
        workspace=workspace,
        public_id=secrets.token_urlsafe(ID_BYTES),
        name=write_file_name(name, media.suffix),
        form=media.form,
        content_type=media.content_type,
        size=len(body),
        sha256=digest,
        body=body,
        made_at=now,
        made_by=user,
    )
    record_change(workspace, user, now, "file_added", f"file:{made.pk}", {"name": made.name})
    return made


def delete_file(file: StoredFile, user: User | None, now: datetime) -> None:
    """Nobody can fetch it any more. Raises Conflict while a journey or broadcast names it."""
    path = f"/{PATH}/{file.public_id}/"
    named = Journey.objects.filter(workspace=file.workspace).exclude(state="cancelled")
    users = list(named.filter(document__contains=path))
    published = JourneyRevision.objects.filter(journey__in=named, document__contains=path).select_related("journey")
    users += [one.journey for one in published if one.number == one.journey.revision]
    if users:
        raise Conflict(_("“%(name)s” sends this file. Take it out there first.") % {"name": users[0].name})
    record_change(file.workspace, user, now, "file_deleted", f"file:{file.pk}", {"name": file.name})
    file.delete()


def _read_all(blocks: Iterable[bytes]) -> bytes:
    """No more of it than any file may have, and one byte."""
    body = bytearray()
    for block in blocks:
        body += block
        if len(body) > MEDIA_BYTES_MAX:
            break
    return bytes(body)
