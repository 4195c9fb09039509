"""What a person fills in to connect a Facebook Page."""

from tertulia.channels.base import Field
from tertulia.channels.meta import GRAPH_URL, GRAPH_VERSION

FIELDS = (
    Field(
        "page_id",
        "Page ID",
        "On the Page: About, Page transparency; or in the app dashboard under Messenger, Settings, beside the Page.",
        example="106145678901234",
    ),
    Field(
        "page_name",
        "Page username",
        "The name after facebook.com/ or m.me/. Links to the chat are made from it; without one the Page ID is used.",
        required=False,
        example="myshop",
    ),
    Field(
        "access_token",
        "Page access token",
        "In the app dashboard: Messenger, Settings, Generate token beside the Page. Best from a system user, so that "
        "it does not end with a person's account.",
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
        "Our own secret. Enter the same one at Meta beside the webhook's address.",
        type="secret",
        generate=True,
    ),
    Field(
        "app_id",
        "App ID",
        "With it, Set up enters the webhook's address in the app by itself. App settings, Basic.",
        required=False,
        example="1234567890123456",
    ),
    Field(
        "human_agent",
        "Human agent permission",
        "Whether Meta approved “Human Agent” for the app: people may then answer for seven days instead of one.",
        type="choice",
        required=False,
        default="no",
        choices=(("no", "No"), ("yes", "Yes")),
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
    Field(
        "base_url",
        "API address",
        "Leave it as it is.",
        type="url",
        required=False,
        default=GRAPH_URL,
        advanced=True,
    ),
)
