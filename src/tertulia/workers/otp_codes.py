"""Where a one-time code is put into its text: here, as the sender builds the call, and nowhere else.

What is stored of a delivery has a mask in its place. Of the call the channel log keeps no body, for a mail hides its
text in another alphabet, and the code is masked wherever else it stands, in the provider's answer too.
"""

from dataclasses import replace

import msgspec

from tertulia.channels.masks import MASK
from tertulia.core.content import Content
from tertulia.core.otp import mask_code
from tertulia.store.channel_log import Exchange


def reveal(content: Content, code: str) -> Content:
    """The message as the customer gets it."""
    if not code:
        return content
    hidden = mask_code(len(code))
    parameters = tuple(parameter.replace(hidden, code) for parameter in content.parameters)
    return msgspec.structs.replace(content, text=content.text.replace(hidden, code), parameters=parameters)


def hide(exchange: Exchange, code: str) -> Exchange:
    """An exchange as the channel log may keep it."""
    if not code:
        return exchange
    told = {name: getattr(exchange, name).replace(code, MASK) for name in ("url", "headers", "answer")}
    return replace(exchange, body=MASK, **told)
