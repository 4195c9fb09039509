"""What a person fills in to connect Twilio."""

from tertulia.channels.base import Field
from tertulia.channels.costs import PRICES_BY_PART

FIELDS = (
    Field(
        "account_sid",
        "Account SID",
        "On the first page of the Twilio console, under Account info. It begins with AC.",
        example="AC0123456789abcdef0123456789abcdef",
    ),
    Field(
        "auth_token",
        "Auth token",
        "Beside the account SID. It signs what Twilio sends to us and, without an API key, what we send.",
        type="secret",
    ),
    Field(
        "sender",
        "Sender",
        "A number that you bought at Twilio, with +; a short code; or a name of up to 11 letters, to which nobody can "
        "reply. May be empty when a messaging service is given.",
        required=False,
        example="+15017122661",
    ),
    Field(
        "messaging_service_sid",
        "Messaging service SID",
        "Instead of a sender: the service chooses one of its numbers. Messaging, Services; it begins with MG.",
        required=False,
        example="MG0123456789abcdef0123456789abcdef",
    ),
    Field(
        "api_key_sid",
        "API key SID",
        "Optional: an API key (SK…) with which to send, instead of the auth token.",
        required=False,
        advanced=True,
    ),
    Field(
        "api_key_secret",
        "API key secret",
        "The secret that Twilio showed once when the API key was made.",
        type="secret",
        required=False,
        advanced=True,
    ),
    Field(
        "second_auth_token",
        "Second auth token",
        "While you change tokens at Twilio: the other one. Calls signed with either are accepted.",
        type="secret",
        required=False,
        advanced=True,
    ),
    Field(
        "signature_keys",
        "Webhook signing keys",
        "Only with Twilio's own signing keys, one a line: the key's name, = and its secret.",
        type="secret_lines",
        required=False,
        example="webhooks_sharedkey_0123=secret",
        advanced=True,
    ),
    PRICES_BY_PART,
    Field(
        "base_url",
        "API address",
        "Leave it as it is, unless your account lives in another Twilio region.",
        type="url",
        required=False,
        default="https://api.twilio.com",
        advanced=True,
    ),
    Field(
        "messaging_url",
        "Messaging service address",
        "Used only to look up and set up a messaging service.",
        type="url",
        required=False,
        default="https://messaging.twilio.com",
        advanced=True,
    ),
)
