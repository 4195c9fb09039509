"""What is left to set up, in the order in which it is done."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import gettext as _

from tertulia.console.contacts.filters import APPS
from tertulia.console.routes import find_address
from tertulia.data.models import Channel, Import, Match, Membership


@dataclass(frozen=True, slots=True)
class SetUp:
    """One thing to do; ``url`` is empty where this role may not, or no page does it."""

    words: str
    done: bool
    url: str
    act: str


def list_setup(request: HttpRequest, contacts: int) -> list[SetUp]:
    """The steps to the first match."""
    workspace = request.workspace
    kinds = set(Channel.objects.filter(workspace=workspace, archived_at=None).values_list("kind", flat=True))
    imported = contacts > 0 or Import.objects.filter(workspace=workspace, state="done").exists()
    launched = Match.objects.filter(workspace=workspace, launched_at__isnull=False).exists()
    team = Membership.objects.filter(workspace=workspace).count() > 1
    channels = find_address("channels")
    return [
        SetUp(_("Import a customer list"), imported, find_address("new_import"), _("Import")),
        SetUp(_("Connect SMS"), bool(kinds - set(APPS)), channels, _("Connect")),
        SetUp(_("Connect an app"), bool(kinds & set(APPS)), channels, _("Connect")),
        SetUp(_("Send the first match"), launched, find_address("matches"), _("Send")),
        SetUp(_("Add the team"), team, find_address("team"), _("Add")),
    ]
