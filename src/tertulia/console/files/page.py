"""Files that go with messages: added, copied by their address, deleted."""

from collections.abc import Mapping
from typing import Final

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tertulia.actions import files as actions
from tertulia.actions.problems import Refused
from tertulia.console.access import get_now, may_change
from tertulia.console.routes import route
from tertulia.console.toasts import toast
from tertulia.data.models import Workspace
from tertulia.errors import Conflict

FORMS: Final[Mapping[str, Promise]] = {
    "picture": gettext_lazy("Picture"),
    "video": gettext_lazy("Video"),
    "voice": gettext_lazy("Voice message"),
    "document": gettext_lazy("Document"),
    "gif": gettext_lazy("GIF"),
}


def show_files(request: HttpRequest) -> HttpResponse:
    """Every file with its address; a POST adds one."""
    error = ""
    if request.method == "POST":
        try:
            upload = request.FILES.get("file")
            with transaction.atomic():
                made = actions.keep_file(
                    request.workspace,
                    request.user,
                    get_now(request),
                    (upload.name or "") if upload else "",
                    upload.chunks() if upload else (),
                )
            toast(request, _("%(name)s added") % {"name": made.name})
            return HttpResponseRedirect(reverse("files"))
        except (Refused, Conflict) as refused:
            error = refused.sentence
    rows = [
        {"file": file, "address": actions.make_address(file, settings.PUBLIC_URL), "kind": FORMS[file.form]}
        for file in actions.list_files(request.workspace)
    ]
    context = {
        "rows": rows,
        "error": error,
        "may_change": may_change(request),
        "is_public": settings.PUBLIC_URL.startswith("https://"),
    }
    return render(request, "files/list.html", context, status=422 if error else 200)


def delete_file(request: HttpRequest, file_id: int) -> HttpResponse:
    """Or why not."""
    file = actions.access_file(request.workspace, file_id)
    if request.method == "POST":
        try:
            with transaction.atomic():
                actions.delete_file(file, request.user, get_now(request))
            toast(request, _("%(name)s deleted") % {"name": file.name})
        except Conflict as refused:
            toast(request, refused.sentence)
    return HttpResponseRedirect(reverse("files"))


def list_addresses(workspace: Workspace) -> list[tuple[str, str]]:
    """The addresses of the workspace's files with their names, for forms that ask for one."""
    return [(actions.make_address(file, settings.PUBLIC_URL), file.name) for file in actions.list_files(workspace)]


ROUTES = (
    route("", show_files, "files"),
    route("<int:file_id>/delete/", delete_file, "delete_file"),
)
