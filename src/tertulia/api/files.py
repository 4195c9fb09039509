"""Files that go with messages: pictures, videos, voice messages, documents, GIFs."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import File, Router, Schema, Status
from ninja.files import UploadedFile

from tertulia.actions import files as actions
from tertulia.api.shell import now, public_url, workspace_of, writing
from tertulia.data.models import StoredFile

router = Router(tags=["Files"])


class FileOut(Schema):
    """`form`: picture, video, voice, document or gif, as the content says. `address`: where providers fetch it, for the
    field of that name in a message. `size` in bytes."""

    id: int
    name: str
    form: str
    content_type: str
    size: int
    address: str
    made_at: datetime


@router.get("/files", response=list[FileOut], summary="Files")
def list_files(request: HttpRequest) -> list[dict[str, Any]]:
    """The newest first."""
    return [_write(file) for file in actions.list_files(workspace_of(request))]


@router.post("/files", response={201: FileOut}, summary="Add a file")
def post_file(request: HttpRequest, file: File[UploadedFile]) -> Status[dict[str, Any]]:
    """A JPEG, PNG or GIF of at most 5 MB, an MP4, OGG with Opus or PDF of at most 16 MB, as multipart/form-data. The
    same content again is the same file."""
    with writing():
        made = actions.keep_file(workspace_of(request), None, now(), file.name or "", file.chunks())
    return Status(201, _write(made))


@router.delete("/files/{file_id}", response={204: None}, summary="Delete a file")
def delete_file(request: HttpRequest, file_id: int) -> Status[None]:
    """Nobody can fetch it any more. 409 while a journey or broadcast names it."""
    with writing():
        actions.delete_file(actions.access_file(workspace_of(request), file_id), None, now())
    return Status(204, None)


def _write(file: StoredFile) -> dict[str, Any]:
    names = ("name", "form", "content_type", "size", "made_at")
    told = {name: getattr(file, name) for name in names}
    return {"id": file.pk, "address": actions.make_address(file, public_url()), **told}
