"""How these pages call a provider, and where a list is imported for a channel."""

from collections.abc import Callable

from django.conf import settings
from django.utils.module_loading import import_string

from tertulia.actions.channels import SendRequest
from tertulia.channels.base import HttpRequest as ProviderRequest
from tertulia.channels.base import HttpResponse as ProviderResponse
from tertulia.console.routes import find_address
from tertulia.data.models import Channel


def get_caller() -> SendRequest:
    """How a page calls a provider: the workers' own client, with its guard and its limits."""
    call: Callable[[ProviderRequest], ProviderResponse] = import_string(settings.PROVIDER_CALL)
    return call


def find_import_url(channel: Channel) -> str:
    """Where a list is imported for this channel; empty while no page does it."""
    address = find_address("imports")
    return f"{address}?channel={channel.pk}" if address else ""
