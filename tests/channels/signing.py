"""Signs calls as the providers do, by their official libraries where PyPI has one, and never by our own code."""

import base64
import hashlib
import hmac
import json
import struct
from urllib.parse import parse_qs

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from msgspec.structs import replace
from twilio.request_validator import RequestValidator

from tertulia.channels.base import Account, WebhookCall


def sign(account: Account, call: WebhookCall) -> WebhookCall:
    """The call as its provider would have signed it."""
    return SIGNERS[account.kind](account, call)


def _with_header(call: WebhookCall, name: str, value: str) -> WebhookCall:
    return replace(call, headers={**call.headers, name: value})


def _sign_twilio(account: Account, call: WebhookCall) -> WebhookCall:
    validator = RequestValidator(account.secrets["auth_token"])
    if "bodySHA256" in call.query:
        return _with_header(call, "x-twilio-signature", validator.compute_signature(call.url, {}))
    fields = Form(parse_qs(call.body.decode("utf-8", "replace"), keep_blank_values=True))
    return _with_header(call, "x-twilio-signature", validator.compute_signature(call.url, fields))


class Form(dict[str, list[str]]):
    """A form with repeated parameters, as web frameworks give it to the library."""

    def getlist(self, name: str) -> list[str]:
        return self[name]


def _sign_meta(account: Account, call: WebhookCall) -> WebhookCall:
    digest = hmac.new(account.secrets["app_secret"].encode(), call.body, hashlib.sha256).hexdigest()
    return _with_header(call, "x-hub-signature-256", f"sha256={digest}")


def _sign_line(account: Account, call: WebhookCall) -> WebhookCall:
    digest = hmac.new(account.secrets["channel_secret"].encode(), call.body, hashlib.sha256).digest()
    return _with_header(call, "x-line-signature", base64.b64encode(digest).decode())


def _sign_viber(account: Account, call: WebhookCall) -> WebhookCall:
    digest = hmac.new(account.secrets["auth_token"].encode(), call.body, hashlib.sha256).hexdigest()
    return _with_header(call, "x-viber-content-signature", digest)


def _sign_telegram(account: Account, call: WebhookCall) -> WebhookCall:
    return _with_header(call, "x-telegram-bot-api-secret-token", account.secrets["secret_token"])


def _with_query(call: WebhookCall, more: dict[str, str]) -> WebhookCall:
    query = {**call.query, **more}
    text = "&".join(f"{name}={value}" for name, value in query.items())
    return replace(call, query=query, url=call.url.partition("?")[0] + "?" + text)


def _sign_wechat(account: Account, call: WebhookCall) -> WebhookCall:
    """Encrypts, when the account has a key, and signs."""
    stamp, nonce, token = "1760000000", "nonce42", account.secrets["token"]
    key = account.secrets.get("encoding_aes_key", "")
    query = {"timestamp": stamp, "nonce": nonce, "signature": _sha1(token, stamp, nonce)}
    if call.method == "POST" and key:
        sealed = encrypt_wechat(key, account.settings["app_id"], call.body)
        query |= {"encrypt_type": "aes", "msg_signature": _sha1(token, stamp, nonce, sealed)}
        body = f"<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
        call = replace(call, body=body.encode())
    return _with_query(call, query)


def encrypt_wechat(aes_key: str, app_id: str, xml: bytes) -> str:
    key = base64.b64decode(aes_key + "=")
    plain = b"abcdefghijklmnop" + struct.pack(">I", len(xml)) + xml + app_id.encode()
    padding = 32 - len(plain) % 32
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()).decode()


def _sha1(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def _sign_http_sms(account: Account, call: WebhookCall) -> WebhookCall:
    secret, mode = account.secrets["verify_secret"], account.settings.get("verification", "key")
    if mode == "key":
        return _with_query(call, {"key": secret})
    if mode == "header":
        return _with_header(call, account.settings["verify_name"].lower(), secret)
    if mode == "hmac":
        digest = hmac.new(secret.encode(), call.body, account.settings["hmac_algorithm"]).hexdigest()
        return _with_header(call, account.settings["verify_name"].lower(), account.settings["hmac_prefix"] + digest)
    if mode == "vonage":
        fields = {**json.loads(call.body), "timestamp": "1760000000"}
        text = "".join(f"&{name}={fields[name].translate(_VONAGE)}" for name in sorted(fields))
        signed = {**fields, "sig": hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()}
        return replace(call, body=json.dumps(signed).encode())
    raise AssertionError(mode)


_VONAGE = str.maketrans("&=", "__")

SIGNERS = {
    "twilio": _sign_twilio,
    "http_sms": _sign_http_sms,
    "whatsapp": _sign_meta,
    "messenger": _sign_meta,
    "line": _sign_line,
    "viber": _sign_viber,
    "telegram": _sign_telegram,
    "wechat": _sign_wechat,
    "smtp": lambda account, call: call,  # a mail server calls nobody
}
