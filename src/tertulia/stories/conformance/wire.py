"""Providers' wire formats, both ways: what we answer when the server sends, and what we post when a customer acts.

Written from the providers' documents, not from the server's adapters. Times on the wire are the scenario's.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Protocol
from urllib.parse import parse_qsl, urldefrag, urlencode


@dataclass(frozen=True, slots=True)
class Post:
    """A webhook to be posted: the body as sent, with its headers. `query` is added to the webhook's address."""

    body: bytes
    headers: Mapping[str, str]
    query: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that the server handed to a provider: to whom, its text, the provider's id for it, what the provider
    has to give back with a receipt, and the buttons under it: labels with what they carry."""

    to: str
    text: str
    provider_id: str
    echo: str = ""
    buttons: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that the provider has, and when it took it (its own, real time)."""

    sent: Sent
    at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider answers. `status` 0: the connection is cut without an answer."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes: the provider's own id, and what else its payload may carry."""

    id: str
    name: str = ""
    phone: str = ""
    username: str = ""


class Provider(Protocol):
    """One connected account at a provider."""

    def settings(self, base_url: str) -> dict[str, str]: ...
    def read_send(self, path: str, body: bytes, provider_id: str) -> Sent | None: ...
    def look_up(self, path: str, query: str, taken: Sequence[Taken]) -> Answer | None:
        """The answer to a question about messages; None to any other."""
        ...

    def accept(self, sent: Sent) -> Answer: ...
    def refuse(self, how: str) -> Answer: ...
    def message(self, writer: Writer, text: str, message_id: str, at: datetime, url: str, **more: Any) -> Post: ...
    def receipt(self, sent: Sent, state: str, code: str, at: datetime, url: str) -> Post: ...
    def signal(self, writer: Writer, event: str, event_id: str, at: datetime, url: str) -> Post: ...


def answer_json(status: int, body: Any, **headers: str) -> Answer:
    """A provider's JSON answer."""
    return Answer(status, json.dumps(body).encode(), {"content-type": "application/json", **headers})


class Unsupported(ValueError):
    """The provider has no such thing."""


@dataclass(frozen=True, slots=True)
class Twilio:
    """Twilio's SMS. Webhooks are forms, signed over the address and the sorted parameters."""

    token: str
    sender: str
    sid: str

    def settings(self, base_url: str) -> dict[str, str]:
        values = {"account_sid": self.sid, "auth_token": self.token, "sender": self.sender, "base_url": base_url}
        return {**values, "messaging_url": base_url}

    def read_send(self, path: str, body: bytes, provider_id: str) -> Sent | None:
        if not path.endswith("/Messages.json"):
            return None
        form = dict(parse_qsl(body.decode()))
        callback = urldefrag(form.get("StatusCallback", "")).url  # the fragment tells Twilio how often to call
        return Sent(form["To"], form.get("Body", ""), provider_id, callback)

    def look_up(self, path: str, query: str, taken: Sequence[Taken]) -> Answer | None:
        if not path.endswith("/Messages.json"):
            return None
        to = dict(parse_qsl(query)).get("To", "")
        rows = [
            {
                "sid": item.sent.provider_id,
                "to": item.sent.to,
                "body": item.sent.text,
                "status": "sent",
                "num_segments": "1",
                "error_code": None,
                "date_created": format_datetime(item.at),
            }
            for item in reversed(taken)
            if item.sent.to == to
        ]
        return answer_json(200, {"messages": rows, "page": 0, "next_page_uri": None})

    def accept(self, sent: Sent) -> Answer:
        told = {"sid": sent.provider_id, "status": "queued", "num_segments": "1", "error_code": None}
        return answer_json(201, told)

    def refuse(self, how: str) -> Answer:
        if how == "throttled":
            return answer_json(
                429, {"code": 20429, "message": "Too Many Requests", "status": 429}, **{"retry-after": "5"}
            )
        if how == "down":
            return answer_json(503, {"code": 20503, "message": "Service Unavailable", "status": 503})
        if how == "bad_credentials":
            return answer_json(401, {"code": 20003, "message": "Authenticate", "status": 401})
        status, code = {"unknown_number": (400, 21614), "blocked": (400, 21610)}[how]
        return answer_json(status, {"code": code, "message": how, "status": status})

    def message(self, writer: Writer, text: str, message_id: str, at: datetime, url: str, **more: Any) -> Post:
        form = {
            "MessageSid": message_id,
            "SmsStatus": "received",
            "AccountSid": self.sid,
            "From": writer.phone or writer.id,
            "To": self.sender,
            "Body": text,
            "NumMedia": "0",
        }
        return self._sign(form, url, "")

    def receipt(self, sent: Sent, state: str, code: str, at: datetime, url: str) -> Post:
        status = {"sent": "sent", "delivered": "delivered", "failed": "undelivered"}[state]
        form = {
            "MessageSid": sent.provider_id,
            "MessageStatus": status,
            "AccountSid": self.sid,
            "To": sent.to,
            "From": self.sender,
        }
        if state == "failed":
            form["ErrorCode"] = code or "30005"
        return self._sign(form, url, sent.echo.partition("?")[2])

    def signal(self, writer: Writer, event: str, event_id: str, at: datetime, url: str) -> Post:
        raise Unsupported("Twilio tells of no signals")

    def _sign(self, form: Mapping[str, str], url: str, query: str) -> Post:
        signed = url + (f"?{query}" if query else "") + "".join(name + form[name] for name in sorted(form))
        digest = hmac.new(self.token.encode(), signed.encode(), hashlib.sha1).digest()
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "x-twilio-signature": base64.b64encode(digest).decode(),
        }
        return Post(urlencode(form).encode(), headers, query)


@dataclass(frozen=True, slots=True)
class Telegram:
    """A Telegram bot. Updates are JSON with the webhook's secret in a header; there are no receipts."""

    token: str
    secret: str
    username: str

    def settings(self, base_url: str) -> dict[str, str]:
        values = {"bot_username": self.username, "token": self.token, "secret_token": self.secret}
        return {**values, "transport": "webhook", "base_url": base_url}

    def read_send(self, path: str, body: bytes, provider_id: str) -> Sent | None:
        if not path.endswith("/sendMessage"):
            return None
        told = json.loads(body)
        rows = told.get("reply_markup", {}).get("inline_keyboard", [])
        buttons = tuple((button["text"], button.get("callback_data", "")) for row in rows for button in row)
        return Sent(str(told["chat_id"]), told.get("text", ""), provider_id, buttons=buttons)

    def look_up(self, path: str, query: str, taken: Sequence[Taken]) -> Answer | None:
        return None

    def accept(self, sent: Sent) -> Answer:
        message = {"message_id": int(sent.provider_id), "chat": {"id": int(sent.to), "type": "private"}}
        return answer_json(200, {"ok": True, "result": message})

    def refuse(self, how: str) -> Answer:
        codes = {
            "throttled": (429, "Too Many Requests: retry after 5", {"parameters": {"retry_after": 5}}),
            "down": (502, "Bad Gateway", {}),
            "blocked": (403, "Forbidden: bot was blocked by the user", {}),
            "bad_credentials": (401, "Unauthorized", {}),
        }
        status, told, more = codes[how]
        return answer_json(status, {"ok": False, "error_code": status, "description": told, **more})

    def message(self, writer: Writer, text: str, message_id: str, at: datetime, url: str, **more: Any) -> Post:
        if "tap" in more:
            return self._post(
                {"update_id": int(message_id), "callback_query": self._tap(writer, message_id, *more["tap"])}
            )
        message: dict[str, Any] = {
            "message_id": int(message_id),
            "from": self._person(writer),
            "chat": {"id": int(writer.id), "type": "private"},
            "date": int(at.timestamp()),
        }
        if more.get("share_phone"):
            message["contact"] = {"phone_number": writer.phone, "user_id": int(writer.id), "first_name": writer.name}
        else:
            message["text"] = f"/start {more['start']}" if more.get("start") else text
        if more.get("forwarded"):
            message["forward_origin"] = {"type": "hidden_user", "sender_user_name": "somebody"}
        return self._post({"update_id": int(message_id), "message": message})

    def receipt(self, sent: Sent, state: str, code: str, at: datetime, url: str) -> Post:
        raise Unsupported("Telegram has no receipts")

    def signal(self, writer: Writer, event: str, event_id: str, at: datetime, url: str) -> Post:
        status = {"blocked": "kicked", "unblocked": "member"}[event]
        change = {
            "chat": {"id": int(writer.id), "type": "private"},
            "from": self._person(writer),
            "date": int(at.timestamp()),
            "new_chat_member": {"status": status, "user": {"id": 1, "is_bot": True}},
        }
        return self._post({"update_id": int(event_id), "my_chat_member": change})

    def _tap(self, writer: Writer, query_id: str, sent: Sent, payload: str) -> dict[str, Any]:
        """A tap on a button under a message."""
        keyboard = [[{"text": label, "callback_data": carried}] for label, carried in sent.buttons]
        message = {
            "message_id": int(sent.provider_id),
            "chat": {"id": int(writer.id), "type": "private"},
            "reply_markup": {"inline_keyboard": keyboard},
        }
        return {"id": query_id, "from": self._person(writer), "data": payload, "message": message}

    def _person(self, writer: Writer) -> dict[str, Any]:
        told = {"id": int(writer.id), "is_bot": False, "first_name": writer.name or "Somebody", "language_code": "en"}
        return {**told, "username": writer.username} if writer.username else told

    def _post(self, update: Mapping[str, Any]) -> Post:
        headers = {"content-type": "application/json", "x-telegram-bot-api-secret-token": self.secret}
        return Post(json.dumps(update).encode(), headers)


@dataclass(frozen=True, slots=True)
class WhatsApp:
    """WhatsApp's Cloud API. Webhooks are signed with the app's secret; a customer may come without a phone number."""

    token: str
    secret: str
    number_id: str
    account_id: str
    phone: str

    def settings(self, base_url: str) -> dict[str, str]:
        return {
            "phone": self.phone,
            "phone_number_id": self.number_id,
            "waba_id": self.account_id,
            "access_token": self.token,
            "app_secret": self.secret,
            "verify_token": "verify",
            "base_url": base_url,
        }

    def read_send(self, path: str, body: bytes, provider_id: str) -> Sent | None:
        if not path.endswith("messages"):
            return None
        told = json.loads(body)
        text = told.get("text", {}).get("body") or told.get("template", {}).get("name", "")
        if told.get("type") == "interactive":
            text = told["interactive"].get("body", {}).get("text", "")
        to = told.get("to") or told.get("recipient") or ""
        return Sent(str(to), text, provider_id, told.get("biz_opaque_callback_data", ""))

    def look_up(self, path: str, query: str, taken: Sequence[Taken]) -> Answer | None:
        return None

    def accept(self, sent: Sent) -> Answer:
        told = {"messaging_product": "whatsapp", "contacts": [{"input": sent.to, "wa_id": sent.to}]}
        return answer_json(200, {**told, "messages": [{"id": sent.provider_id}]})

    def refuse(self, how: str) -> Answer:
        status, code = {
            "throttled": (429, 130429),
            "down": (503, 131016),
            "unknown_number": (400, 131026),
            "blocked": (400, 131050),
            "bad_credentials": (401, 190),
        }[how]
        return answer_json(status, {"error": {"code": code, "message": how, "type": "OAuthException"}})

    def message(self, writer: Writer, text: str, message_id: str, at: datetime, url: str, **more: Any) -> Post:
        contact: dict[str, Any] = {"profile": {"name": writer.name or "Somebody"}}
        message: dict[str, Any] = {"id": message_id, "timestamp": str(int(at.timestamp())), "type": "text"}
        digits = writer.phone.lstrip("+")
        if digits:
            contact["wa_id"] = message["from"] = digits
        if writer.id:
            contact["user_id"] = message["from_user_id"] = writer.id
        if writer.username:
            contact["profile"]["username"] = writer.username
        message["text"] = {"body": text}
        if more.get("forwarded"):
            message["context"] = {"forwarded": True}
        return self._post({"contacts": [contact], "messages": [message]})

    def receipt(self, sent: Sent, state: str, code: str, at: datetime, url: str) -> Post:
        status: dict[str, Any] = {
            "id": sent.provider_id,
            "status": state,
            "timestamp": str(int(at.timestamp())),
            "recipient_id": sent.to.lstrip("+"),
        }
        if sent.echo:
            status["biz_opaque_callback_data"] = sent.echo
        if state == "failed":
            status["errors"] = [{"code": int(code or 131026), "title": "failed"}]
        return self._post({"statuses": [status]})

    def signal(self, writer: Writer, event: str, event_id: str, at: datetime, url: str) -> Post:
        value = {"blocked": "stop", "unblocked": "resume"}[event]
        told: dict[str, Any] = {"category": "marketing_messages", "value": value, "timestamp": int(at.timestamp())}
        if writer.phone:
            told["wa_id"] = writer.phone.lstrip("+")
        if writer.id:
            told["user_id"] = writer.id
        return self._post({"user_preferences": [told]}, "user_preferences")

    def _post(self, value: Mapping[str, Any], field_name: str = "messages") -> Post:
        about = {"display_phone_number": self.phone.lstrip("+"), "phone_number_id": self.number_id}
        whole = {"messaging_product": "whatsapp", "metadata": about, **value}
        change = {"field": field_name, "value": whole}
        told = {"object": "whatsapp_business_account", "entry": [{"id": self.account_id, "changes": [change]}]}
        body = json.dumps(told).encode()
        digest = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        return Post(body, {"content-type": "application/json", "x-hub-signature-256": f"sha256={digest}"})


@dataclass(frozen=True, slots=True)
class Messenger:
    """A Facebook Page. Webhooks are signed with the app's secret. A comment's author is known by an id that need not be
    the one by which they answer in Messenger; the answer to the private reply tells that one."""

    token: str
    secret: str
    page_id: str
    authors: dict[str, str] = field(default_factory=dict)  # as whom the author of a comment answers

    def settings(self, base_url: str) -> dict[str, str]:
        names = {"page_id": self.page_id, "access_token": self.token, "app_secret": self.secret}
        return {**names, "verify_token": "verify", "base_url": base_url}

    def read_send(self, path: str, body: bytes, provider_id: str) -> Sent | None:
        if not path.endswith("/messages"):
            return None
        told = json.loads(body)
        recipient, message = told["recipient"], told["message"]
        to = recipient.get("id") or self.authors[recipient["comment_id"]]
        return Sent(to, message.get("text", ""), f"m_{provider_id}", message.get("metadata", ""))

    def look_up(self, path: str, query: str, taken: Sequence[Taken]) -> Answer | None:
        return None

    def accept(self, sent: Sent) -> Answer:
        return answer_json(200, {"recipient_id": sent.to, "message_id": sent.provider_id})

    def refuse(self, how: str) -> Answer:
        status, code = {"throttled": (400, 613), "down": (500, 2), "blocked": (400, 551)}[how]
        return answer_json(status, {"error": {"code": code, "message": how, "type": "OAuthException"}})

    def message(self, writer: Writer, text: str, message_id: str, at: datetime, url: str, **more: Any) -> Post:
        if "below" in more:
            return self._comment(writer, text, f"{more['below']}_{message_id}", at, more)
        message = {"message": {"mid": f"m_{message_id}", "text": text}}
        return self._post(at, messaging=[{**self._between(writer.id), "timestamp": _ms(at), **message}])

    def receipt(self, sent: Sent, state: str, code: str, at: datetime, url: str) -> Post:
        told = {"delivery": {"mids": [sent.provider_id], "watermark": _ms(at)}}
        return self._post(at, messaging=[{**self._between(sent.to), "timestamp": _ms(at), **told}])

    def signal(self, writer: Writer, event: str, event_id: str, at: datetime, url: str) -> Post:
        raise Unsupported("Messenger tells of no signals")

    def _comment(self, writer: Writer, text: str, comment_id: str, at: datetime, more: Mapping[str, Any]) -> Post:
        self.authors[comment_id] = writer.id
        value = {
            "item": "comment",
            "verb": more.get("verb", "add"),
            "comment_id": comment_id,
            "post_id": f"{self.page_id}_{more['below']}",
            "from": {"id": more.get("author", writer.id), "name": writer.name},
            "message": text,
            "created_time": int(at.timestamp()),
        }
        return self._post(at, changes=[{"field": "feed", "value": value}])

    def _between(self, person: str) -> dict[str, Any]:
        return {"sender": {"id": person}, "recipient": {"id": self.page_id}}

    def _post(self, at: datetime, **told: Any) -> Post:
        body = json.dumps({"object": "page", "entry": [{"id": self.page_id, "time": _ms(at), **told}]}).encode()
        digest = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        return Post(body, {"content-type": "application/json", "x-hub-signature-256": f"sha256={digest}"})


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1_000)


def make_provider(kind: str, number: int) -> Provider:
    """A fresh account of a kind; `number` makes it another one than every other scenario's."""
    match kind:
        case "twilio":
            return Twilio(f"twilio-token-{number}", f"+1500{number:07d}", f"AC{number:032x}")
        case "telegram":
            return Telegram(f"{number}:telegram-token", f"telegram-secret-{number}", f"Conformance{number}Bot")
        case "whatsapp":
            names = f"meta-token-{number}", f"meta-secret-{number}", f"7{number:09d}", f"8{number:09d}"
            return WhatsApp(*names, f"+55119{40_000_000 + number:08d}")
        case "messenger":
            return Messenger(f"page-token-{number}", f"page-secret-{number}", f"9{number:09d}")
        case _:
            raise ValueError(f"no wire format for {kind}")
