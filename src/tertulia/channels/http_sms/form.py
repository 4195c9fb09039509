"""What a person fills in to connect an SMS gateway. Empty fields of the lower half follow the chosen gateway."""

from tertulia.channels.base import Field
from tertulia.channels.costs import PRICES_BY_PART

_AS_GATEWAY = " Empty: as the gateway above usually wants it."


def _advanced(name: str, label: str, text: str, *, type: str = "text", example: str = "") -> Field:
    return Field(name, label, text + _AS_GATEWAY, type=type, required=False, example=example, advanced=True)


def _choice(name: str, label: str, text: str, *choices: tuple[str, str]) -> Field:
    options = (("", "As the gateway"), *choices)
    return Field(name, label, text, type="choice", required=False, choices=options, advanced=True)


FIELDS = (
    Field(
        "preset",
        "Gateway",
        "Kannel and Jasmin are known; for any other, describe its requests below.",
        type="choice",
        default="custom",
        choices=(("custom", "Another gateway"), ("kannel", "Kannel"), ("jasmin", "Jasmin")),
    ),
    Field(
        "send_url",
        "Send address",
        "The address that takes a message, from your gateway's documents.",
        type="url",
        example="https://sms.example.com:13013/cgi-bin/sendsms",
    ),
    Field(
        "sender",
        "Sender",
        "The number, short code or name (up to 11 letters) that the gateway may send as.",
        example="+15017122661",
    ),
    Field("username", "User name", "Where the gateway asks for one.", required=False),
    Field("password", "Password", "Belongs to the user name.", type="secret", required=False),
    Field("api_key", "API key", "Where the gateway uses a key or token instead.", type="secret", required=False),
    Field(
        "verification",
        "How its calls are checked",
        "Choose what your gateway can do. A signature is best; a key in the address works with every gateway.",
        type="choice",
        default="key",
        choices=(
            ("key", "Secret key in the address"),
            ("header", "Secret in a header"),
            ("hmac", "Signature of the body (HMAC)"),
            ("vonage", "Vonage signature"),
            ("messagebird", "MessageBird signature"),
            ("addresses", "Only its IP addresses"),
        ),
    ),
    Field(
        "verify_secret",
        "Secret for that check",
        "The key, the header's value, or the signing secret that the gateway shows you.",
        type="secret",
        required=False,
        generate=True,
    ),
    Field(
        "verify_name",
        "Header name",
        "The header that carries the secret or the signature.",
        required=False,
        example="X-Signature",
        advanced=True,
    ),
    Field(
        "hmac_algorithm",
        "Signature algorithm",
        "For HMAC and Vonage signatures.",
        type="choice",
        required=False,
        default="sha256",
        choices=(("sha256", "SHA-256"), ("sha512", "SHA-512"), ("sha1", "SHA-1"), ("md5", "MD5")),
        advanced=True,
    ),
    Field(
        "hmac_encoding",
        "Signature encoding",
        "How the signature is written.",
        type="choice",
        required=False,
        default="hex",
        choices=(("hex", "Hexadecimal"), ("base64", "Base64")),
        advanced=True,
    ),
    Field(
        "hmac_prefix",
        "Signature prefix",
        "What stands before the signature in its header.",
        required=False,
        example="sha256=",
        advanced=True,
    ),
    Field(
        "allowed_addresses",
        "Allowed IP addresses",
        "Addresses or networks, one a line. Given, calls from elsewhere are refused whatever else is checked.",
        type="lines",
        required=False,
        example="192.0.2.0/24",
        advanced=True,
    ),
    _choice("method", "Method", "How the send address is called.", ("GET", "GET"), ("POST", "POST")),
    _choice(
        "auth",
        "Authentication",
        "How the gateway recognises you.",
        ("none", "In the fields below"),
        ("basic", "User name and password (Basic)"),
        ("bearer", "API key (Bearer)"),
        ("header", "API key in a header"),
        ("query", "API key in the address"),
    ),
    Field(
        "auth_name",
        "Name of the key's header or parameter",
        "Only for an API key in a header or in the address.",
        required=False,
        example="X-Api-Key",
        advanced=True,
    ),
    _choice("body", "Body", "How the fields travel.", ("query", "In the address"), ("form", "Form"), ("json", "JSON")),
    _advanced(
        "fields",
        "Fields",
        "One a line, “name = value”. Values may hold {to} {from} {text} {ref} {report_url} {coding} {hex} {username} "
        "{password}; a line that ends up empty is left out. In JSON a dot goes one level down.",
        type="lines",
        example="message.text = {text}",
    ),
    _choice(
        "number_format",
        "Number format",
        "How the gateway wants numbers.",
        ("plus", "+4915…"),
        ("zeros", "004915…"),
        ("digits", "4915…"),
    ),
    _choice(
        "encoding",
        "Text encoding",
        "Gateways that want texts beyond the GSM alphabet as hexadecimal UTF-16 get {hex} instead of {text}.",
        ("utf8", "UTF-8"),
        ("hex", "Hexadecimal when needed"),
    ),
    _advanced("coding", "Coding values", "What {coding} says for GSM and for other texts.", example="0, 8"),
    Field(
        "parts_max",
        "Longest text, in parts",
        "A longer text is refused before it is sent.",
        required=False,
        default="8",
        advanced=True,
    ),
    _advanced(
        "success",
        "Accepted when",
        "“regex:” and a pattern over the answer, or “path = value” in its JSON. A 2xx status is always needed.",
        example="status = 0",
    ),
    _advanced(
        "id_path", "Message id", "Its path in the JSON answer, or “regex:” with one group.", example="messages.0.id"
    ),
    PRICES_BY_PART,
    Field(
        "retry_patterns",
        "Try again when",
        "Patterns over a refusal, one a line, that mean “later”. 408, 425, 429 and 5xx always do.",
        type="lines",
        required=False,
        advanced=True,
    ),
    Field(
        "gone_patterns",
        "Number is dead when",
        "Patterns over a refusal or a report's error, one a line, that mean that nobody has this number.",
        type="lines",
        required=False,
        advanced=True,
    ),
    _advanced(
        "message_fields",
        "Incoming message",
        "Our names from, to, text, id, time, hex, coding; the gateway's after the equals sign.",
        type="lines",
        example="from = msisdn",
    ),
    _advanced(
        "report_fields",
        "Delivery report",
        "Our names id, ref, status, error, time; the gateway's after the equals sign.",
        type="lines",
        example="status = dlr_status",
    ),
    _advanced(
        "report_values",
        "Report values",
        "Our words delivered, failed, expired, rejected, accepted; the gateway's after the equals sign.",
        type="lines",
        example="delivered = DELIVRD, 1",
    ),
    Field(
        "status_url",
        "Status address",
        "Where the gateway can be asked about one message, with {ref} (our reference) and, if it wants it, {to}. "
        "Asked with GET when an answer was lost. Empty: nobody is asked.",
        type="url",
        required=False,
        example="https://sms.example.com/v1/messages?reference={ref}",
        advanced=True,
    ),
    Field(
        "status_fields",
        "Status answer",
        "Our names id, status, error; the gateway's after the equals sign. Empty: as in its delivery reports.",
        type="lines",
        required=False,
        example="status = messages.0.state",
        advanced=True,
    ),
    Field(
        "status_absent",
        "Has no such message when",
        "“regex:” and a pattern over the status answer, or “path = value” in its JSON. Then the message is sent "
        "again. Empty: it never is.",
        required=False,
        example="error = not_found",
        advanced=True,
    ),
    _advanced("ack_body", "Answer to its calls", "What the gateway wants to read.", example="ok"),
)
