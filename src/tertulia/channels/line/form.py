"""What a person fills in to connect a LINE official account."""

from tertulia.channels.base import Field
from tertulia.channels.costs import PRICES_BY_MESSAGE

FIELDS = (
    Field(
        "basic_id",
        "Basic ID",
        "The account's name that begins with @, in LINE Official Account Manager under the account's name. Links to "
        "the chat are made from it.",
        example="@123abcde",
    ),
    Field(
        "channel_id",
        "Channel ID",
        "In the LINE Developers console: the Messaging API channel, Basic settings.",
        example="1234567890",
    ),
    Field(
        "channel_secret",
        "Channel secret",
        "On the same page. Every call from LINE is checked with it.",
        type="secret",
    ),
    Field(
        "access_token",
        "Channel access token",
        "On the Messaging API page of the channel, at the bottom: Channel access token (long-lived), Issue.",
        type="secret",
    ),
    Field(
        "phone_push",
        "Push by phone number",
        "Whether LINE agreed by contract that this account may write to customers by their phone number. Without that "
        "LINE refuses every such message.",
        type="choice",
        required=False,
        default="no",
        choices=(("no", "No"), ("yes", "Yes, by contract")),
        advanced=True,
    ),
    PRICES_BY_MESSAGE,
    Field(
        "base_url",
        "API address",
        "Leave it as it is.",
        type="url",
        required=False,
        default="https://api.line.me",
        advanced=True,
    ),
)
