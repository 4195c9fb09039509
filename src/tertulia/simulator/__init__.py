"""The providers' side, over real HTTP: what Twilio, Meta, LINE, Viber, Telegram and WeChat would do, on one machine.

A process of its own (`serve.run`) answers each provider's API in its own wire format, keeps the people who hold the
phones in memory (`world`), and calls the platform's webhooks signed as each provider signs (`outbox`). Providers are
pure handlers over `wire.Call` and `wire.Reply` in `providers/`; everything random is a keyed hash of the seed
(`chance`), so the same seed repeats every duplicate, failure and tap whatever the order of arrival. It shares no code
with the channel adapters: a mistake would have to be made twice to go unseen.
"""
