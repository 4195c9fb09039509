"""What the import pages are sent: the file with what is said about it, and the target of each column."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from tertulia import config
from tertulia.actions.import_files import SavedFile, read_shape, save_file
from tertulia.actions.imports import add_import
from tertulia.core.consent import ANY, Basis, Cause
from tertulia.core.country_names import find_country
from tertulia.core.import_fields import ATTRIBUTE, IGNORE, ListKind, attribute_key
from tertulia.core.import_states import Options
from tertulia.data.models import Channel, Import
from tertulia.errors import Invalid

BLOCK_BYTES = 1 << 20
SOURCE_CHARACTERS_MAX = 200


def take_file(request: HttpRequest, now: datetime) -> Import:
    """The upload as a new import. Raises Invalid with the field, or FileProblem."""
    upload = request.FILES.get("file")
    if upload is None:
        raise Invalid(_("Choose a file."), field="file")
    kind = ListKind.OPT_OUTS if request.POST.get("kind") == ListKind.OPT_OUTS else ListKind.CUSTOMERS
    options = read_said(request.POST, kind)
    bytes_max = config.read_int("IMPORT_BYTES_MAX")
    saved: SavedFile = save_file(_iter_blocks(upload), config.data_dir(), bytes_max)
    shape = read_shape(config.data_dir(), saved, bytes_max, options.country)
    return add_import(
        request.workspace,
        request.user,
        now,
        kind=kind,
        name=upload.name or _("list"),
        saved=saved,
        shape=shape,
        options=options,
        channel=_find_channel(request),
    )


def read_said(sent: QueryDict, kind: ListKind) -> Options:
    """What is said about a list. Raises Invalid with the field."""
    country = sent.get("country", "").strip()
    code = find_country(country) if country else ""
    if country and not code:
        raise Invalid(_("No country is called %(name)s. Give its name or code.") % {"name": country}, field="country")
    if kind is ListKind.OPT_OUTS:
        cause = sent.get("cause", "")
        return Options(country=code, cause=Cause(cause) if cause in set(Cause) else Cause.WITHDRAWN)
    basis = sent.get("basis", "")
    if basis not in set(Basis):
        raise Invalid(_("Say on what consent rests; the proof keeps it."), field="basis")
    source = sent.get("source", "").strip()[:SOURCE_CHARACTERS_MAX]
    if basis != Basis.NONE and not source:
        raise Invalid(_("Say where the consent was given, such as: checkout, paper form."), field="source")
    return Options(
        country=code,
        basis=Basis(basis),
        source=source,
        text_version=sent.get("text_version", "").strip()[:100],
        consent_channel=ANY if sent.get("all_channels") else "sms",
    )


def read_columns(sent: QueryDict, width: int, heads: list[str]) -> list[str]:
    """The target of each column; `attribute` alone means one of the head's name."""
    targets = []
    for column in range(width):
        target = sent.get(f"column_{column}", IGNORE)
        if target == "attribute":
            target = ATTRIBUTE + attribute_key(heads[column], column)
        targets.append(target)
    return targets


def show_said(options: Options) -> dict[str, str]:
    """What was said about a list, as the form shows it again."""
    return {
        "basis": options.basis.value,
        "source": options.source,
        "text_version": options.text_version,
        "cause": options.cause.value,
        "all_channels": "1" if options.consent_channel == ANY else "",
    }


def keep_answers(options: Options, **changes: object) -> Options:
    """What was said, with changes."""
    return msgspec.structs.replace(options, **changes)


def list_channels(request: HttpRequest) -> list[Channel]:
    """The workspace's channels, by name: a list may be noted as for one of them."""
    return list(Channel.objects.filter(workspace=request.workspace, archived_at=None).order_by("name"))


def _find_channel(request: HttpRequest) -> Channel | None:
    given = request.POST.get("channel", "")
    if not given.isdecimal():
        return None
    found: Channel | None = Channel.objects.filter(workspace=request.workspace, pk=int(given), archived_at=None).first()
    return found


def _iter_blocks(upload: UploadedFile) -> Iterator[bytes]:
    yield from upload.chunks(BLOCK_BYTES)


def shown_answers(sent: Mapping[str, str]) -> dict[str, str]:
    """A form's texts, to be shown again beside their error."""
    names = ("kind", "country", "basis", "source", "text_version", "cause", "channel", "all_channels")
    return {name: sent.get(name, "") for name in names}
