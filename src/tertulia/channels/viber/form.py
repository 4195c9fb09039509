"""What a person fills in to connect a Viber bot."""

from tertulia.channels.base import Field
from tertulia.channels.costs import PRICES_BY_MESSAGE

FIELDS = (
    Field(
        "bot_uri",
        "Bot URI",
        "The bot's name in links, in the Viber admin panel under Edit info. Links to the chat are made from it.",
        example="myshopbot",
    ),
    Field(
        "sender_name",
        "Sender name",
        "The name that customers see above each message, up to 28 letters.",
        example="My Shop",
    ),
    Field(
        "auth_token",
        "Authentication token",
        "In the Viber admin panel: Edit info, Your app key. It signs calls in both directions.",
        type="secret",
    ),
    Field(
        "welcome",
        "Welcome message",
        "Shown free of charge when somebody opens the chat, before they write. Say what to send and what they get.",
        type="lines",
        required=False,
    ),
    Field(
        "avatar",
        "Sender picture",
        "An https address of a square picture, up to 100 kB.",
        type="url",
        required=False,
        advanced=True,
    ),
    PRICES_BY_MESSAGE,
    Field(
        "base_url",
        "API address",
        "Leave it as it is.",
        type="url",
        required=False,
        default="https://chatapi.viber.com",
        advanced=True,
    ),
)
