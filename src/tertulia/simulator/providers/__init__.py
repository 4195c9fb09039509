"""The providers, by kind. Graph serves two of them at one address: `find_provider` tells them apart by the object."""

from tertulia.simulator.providers import (
    graph,
    http_sms,
    line,
    messenger,
    smtp,
    telegram,
    twilio,
    viber,
    wechat,
    whatsapp,
)  # fmt: skip
from tertulia.simulator.providers.base import Provider
from tertulia.simulator.wire import Call
from tertulia.simulator.world import World

_MODULES = (twilio, http_sms, smtp, whatsapp, telegram, viber, messenger, line, wechat)
PROVIDERS: dict[str, Provider] = {module.provider.kind: module.provider for module in _MODULES}
_BY_PREFIX: dict[str, Provider] = {provider.prefix: provider for provider in PROVIDERS.values()}


def find_provider(world: World, prefix: str, call: Call) -> Provider | None:
    """Which provider answers under `prefix`, or None when the address is not a provider's."""
    if prefix == "graph":
        name, _ = graph.split_path(call.path)
        return PROVIDERS["whatsapp" if whatsapp.provider.find(world, name) else "messenger"]
    return _BY_PREFIX.get(prefix)
