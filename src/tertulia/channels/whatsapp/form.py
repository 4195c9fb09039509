"""What a person fills in to connect a WhatsApp number."""

from tertulia.channels.base import Field
from tertulia.channels.costs import PRICES_BY_MESSAGE
from tertulia.channels.meta import GRAPH_URL, GRAPH_VERSION

FIELDS = (
    Field(
        "phone",
        "WhatsApp number",
        "The number that customers see, with + and country code. Links to the chat are made from it.",
        type="phone",
        example="+4915112345678",
    ),
    Field(
        "phone_number_id",
        "Phone number ID",
        "In the Meta app dashboard: WhatsApp, API setup, under the number. It is not the number itself.",
        example="106540352242922",
    ),
    Field(
        "waba_id",
        "WhatsApp Business account ID",
        "On the same page, below the phone number ID.",
        example="102290129340398",
    ),
    Field(
        "access_token",
        "Access token",
        "A permanent token of a system user with whatsapp_business_messaging and whatsapp_business_management: "
        "Business settings, Users, System users, Generate token. The one on the API setup page lasts only a day.",
        type="secret",
    ),
    Field(
        "app_secret",
        "App secret",
        "In the app dashboard: App settings, Basic. Every call from Meta is checked with it.",
        type="secret",
    ),
    Field(
        "verify_token",
        "Verify token",
        "Our own secret. Enter the same one at Meta beside the webhook's address, or press Set up.",
        type="secret",
        generate=True,
    ),
    Field(
        "portfolio_id",
        "Business portfolio ID",
        "Only when several WhatsApp accounts of one portfolio are connected here: customers then keep one identity "
        "in all of them. Business settings, Business info.",
        required=False,
        advanced=True,
    ),
    Field(
        "graph_version",
        "Graph API version",
        "Raise it when Meta announces the end of this version.",
        required=False,
        default=GRAPH_VERSION,
        advanced=True,
    ),
    PRICES_BY_MESSAGE,
    Field(
        "base_url",
        "API address",
        "Leave it as it is, unless your provider runs a gateway in front of Meta.",
        type="url",
        required=False,
        default=GRAPH_URL,
        advanced=True,
    ),
)
