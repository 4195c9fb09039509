"""What a person fills in to connect a Telegram bot."""

from tertulia.channels.base import Field

FIELDS = (
    Field(
        "bot_username",
        "Bot username",
        "The name that ends in “bot”, as @BotFather shows it, with or without the @. Links are made from it.",
        example="MyShopBot",
    ),
    Field(
        "token",
        "Bot token",
        "In Telegram, open @BotFather, send /mybots, choose the bot, then API Token.",
        type="secret",
        example="123456789:AAH…",
    ),
    Field(
        "secret_token",
        "Webhook secret",
        "Our own secret: Telegram sends it with every call so that nobody else can. Letters, digits, - and _ only.",
        type="secret",
        generate=True,
    ),
    Field(
        "transport",
        "How messages arrive",
        "Webhook: Telegram calls this server, which needs a public https address. Polling: this server asks Telegram, "
        "which works behind any firewall.",
        type="choice",
        default="webhook",
        choices=(("webhook", "Webhook"), ("polling", "Polling")),
    ),
    Field(
        "base_url",
        "API address",
        "Leave it as it is, unless you run a Bot API server of your own.",
        type="url",
        required=False,
        default="https://api.telegram.org",
        advanced=True,
    ),
)
