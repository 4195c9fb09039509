"""What a person fills in to connect a mail server."""

from tertulia.channels.base import Field
from tertulia.channels.costs import PRICES_BY_MESSAGE

FIELDS = (
    Field(
        "host",
        "Mail server",
        "The server that takes your mail, from your mail provider's page about SMTP.",
        example="smtp.example.com",
    ),
    Field(
        "port",
        "Port",
        "Usually 587 with STARTTLS, 465 with TLS, and 25 for a relay in your own network.",
        default="587",
    ),
    Field(
        "security",
        "Encryption",
        "With encryption the server needs a valid certificate. None is only for a relay in your own network.",
        type="choice",
        default="starttls",
        choices=(("starttls", "STARTTLS"), ("tls", "TLS from the start"), ("none", "None")),
    ),
    Field("username", "User name", "Often the e-mail address. Empty for a relay that asks for none.", required=False),
    Field(
        "password", "Password", "Belongs to the user name; often one made for programs.", type="secret", required=False
    ),
    Field(
        "from_address",
        "Sender's address",
        "What customers see as the sender. The mail server must let this user send as it.",
        type="email",
        example="news@shop.example",
    ),
    Field("from_name", "Sender's name", "Stands beside the address.", required=False, example="Verbena Market"),
    Field(
        "reply_to",
        "Address for answers",
        "Where customers' answers go. Empty: to the sender's address.",
        type="email",
        required=False,
        example="help@shop.example",
    ),
    Field(
        "greeting_name",
        "Name of this machine",
        "How we greet the mail server (EHLO). Empty: the domain of the sender's address.",
        required=False,
        example="mail.shop.example",
        advanced=True,
    ),
    PRICES_BY_MESSAGE,
)
