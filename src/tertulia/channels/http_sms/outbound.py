"""Writes a gateway's request and reads its answer, both by profile."""

from collections.abc import Mapping
from typing import Any

from tertulia.channels.base import Headers, HttpRequest, HttpResponse, Outcome
from tertulia.channels.http_sms.profile import Profile, fill, find, pick_path
from tertulia.channels.outcomes import accept, judge_status, make_outcome
from tertulia.channels.wire import Unreadable, basic_auth, clean_text, read_json, with_query, write_form, write_json
from tertulia.core.sms import Encoding

DETAIL_MAX = 200


def format_number(phone: str, style: str) -> str:
    digits = phone.lstrip("+")
    return {"plus": f"+{digits}", "zeros": f"00{digits}"}.get(style, digits)


def make_values(profile: Profile, text: str, encoding: Encoding, values: Mapping[str, str]) -> dict[str, str]:
    """The placeholders' values: beside those given, the text in the gateway's way of writing it."""
    gsm = encoding == "GSM-7"
    as_hex = profile.encoding == "hex" and not gsm
    return {
        **values,
        "text": "" if as_hex else text,
        "hex": text.encode("utf-16-be").hex() if as_hex else "",
        "coding": profile.coding[0 if gsm else 1],
    }


def write_request(profile: Profile, url: str, values: Mapping[str, str], redact: tuple[str, ...]) -> HttpRequest:
    """The request that sends one text."""
    filled = [(name, fill(template, values)) for name, template in profile.fields]
    pairs = [(name, value) for name, value in filled if value]
    headers, query = write_auth(profile, values)
    url = with_query(url, query)
    if profile.body == "query":
        return HttpRequest(profile.method, with_query(url, pairs), headers, redact=redact)
    if profile.body == "form":
        headers = (*headers, ("content-type", "application/x-www-form-urlencoded"))
        return HttpRequest(profile.method, url, headers, write_form(pairs), redact)
    headers = (*headers, ("content-type", "application/json"))
    return HttpRequest(profile.method, url, headers, write_json(nest(pairs)), redact)


def nest(pairs: list[tuple[str, str]]) -> Any:
    """Dotted names as nested objects; numbers as steps make lists: `messages.0.to`."""
    tree: dict[str, Any] = {}
    for name, value in pairs:
        *steps, last = name.split(".")
        node = tree
        for step in steps:
            child = node.setdefault(step, {})
            node = child if isinstance(child, dict) else {}
        node[last] = value
    return _make_lists(tree)


def _make_lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if node and all(map(str.isdecimal, node)):
        return [_make_lists(node[key]) for key in sorted(node, key=int)]
    return {key: _make_lists(value) if isinstance(value, dict) else value for key, value in node.items()}


def write_auth(profile: Profile, values: Mapping[str, str]) -> tuple[Headers, list[tuple[str, str]]]:
    key = values.get("api_key", "")
    match profile.auth:
        case "basic":
            return (("authorization", basic_auth(values["username"], values["password"])),), []
        case "bearer":
            return (("authorization", f"Bearer {key}"),), []
        case "header":
            return ((profile.auth_name.lower(), key),), []
        case "query":
            return (), [(profile.auth_name, key)]
        case _:
            return (), []


def judge(profile: Profile, response: HttpResponse, parts: int) -> Outcome:
    """The outcome of a gateway's answer."""
    text = clean_text(response.body[:65_536].decode("utf-8", "replace"))
    detail = text.strip()[:DETAIL_MAX]
    if 200 <= response.status < 300 and fits(profile.success, text):
        return accept(_read_id(profile.id_path, text), parts=parts)
    code = f"http_{response.status}"
    if any(find(pattern, text) is not None for pattern in profile.gone_patterns):
        return make_outcome("gone.unknown", code, detail)
    if any(find(pattern, text) is not None for pattern in profile.retry_patterns):
        return make_outcome("retry.unavailable", code, detail)
    if 200 <= response.status < 300:
        return make_outcome("fix.request" if text.strip() else "ambiguous.unreadable", code, detail)
    return judge_status(response, structured=bool(text.strip()), detail=detail)


def fits(rule: str, text: str) -> bool:
    """Whether an answer fits a rule of the user's: `regex:` and a pattern, or `path = value`. No rule fits anything."""
    if not rule:
        return True
    if rule.startswith("regex:"):
        return find(rule[6:], text) is not None
    path, _, value = rule.partition("=")
    return pick_path(_read(text), path.strip()) == value.strip()


def _read_id(rule: str, text: str) -> str:
    if not rule:
        return ""
    found = find(rule[6:], text) or "" if rule.startswith("regex:") else pick_path(_read(text), rule)
    return found[:1_024]


def _read(text: str) -> Any:
    try:
        return read_json(text.encode())
    except Unreadable:
        return None
