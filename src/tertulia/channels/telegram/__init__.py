"""Telegram bots: webhook or long polling, over the Bot API."""
