"""What a person fills in to connect a WeChat official account."""

from tertulia.channels.base import Field

FIELDS = (
    Field(
        "account_id",
        "Original ID",
        "In the WeChat console, Account details. It begins with gh_.",
        example="gh_0123456789ab",
    ),
    Field(
        "account_name",
        "Account name",
        "The name under which customers find the account. Our page shows it beside the code to send.",
        example="我的小店",
    ),
    Field(
        "app_id",
        "App ID",
        "In the WeChat console: Settings and development, Basic configuration. It begins with wx.",
        example="wx0123456789abcdef",
    ),
    Field(
        "app_secret",
        "App secret",
        "On the same page. Add this server's IP address to the white list there, or WeChat refuses every call.",
        type="secret",
    ),
    Field(
        "token",
        "Token",
        "Our own secret, 3 to 32 letters and digits. Enter the same one at WeChat beside the server address.",
        type="secret",
        generate=True,
    ),
    Field(
        "encoding_aes_key",
        "Message encryption key",
        "The EncodingAESKey of 43 letters from the same page, with “safe mode” chosen. Strongly advised: without it "
        "WeChat's signature does not cover the message itself.",
        type="secret",
        required=False,
    ),
    Field(
        "qr_content",
        "Content of the account's QR code",
        "The address inside the QR picture that WeChat gives you for the account; scan it with any reader. Our page "
        "shows it to those who have no code of their own.",
        type="url",
        required=False,
        advanced=True,
    ),
    Field(
        "base_url",
        "API address",
        "Leave it as it is.",
        type="url",
        required=False,
        default="https://api.weixin.qq.com",
        advanced=True,
    ),
    Field(
        "picture_url",
        "QR picture address",
        "Leave it as it is.",
        type="url",
        required=False,
        default="https://mp.weixin.qq.com",
        advanced=True,
    ),
)
