"""Reads the form into a profile: the gateway's preset with the user's own values over it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tertulia.channels.http_sms.presets import CUSTOM, PRESETS
from tertulia.channels.wire import pick

PROFILE_SETTINGS = (
    "preset", "method", "auth", "auth_name", "body", "fields", "number_format", "encoding", "coding", "success",
    "id_path", "retry_patterns", "gone_patterns", "message_fields", "report_fields", "report_values", "ack_body",
)  # fmt: skip
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
PLACEHOLDERS = frozenset(
    {"to", "from", "text", "ref", "report_url", "coding", "hex", "username", "password", "api_key"}
)
ANSWER_READ_MAX = 16_384


@dataclass(frozen=True, slots=True)
class Profile:
    """How one gateway wants to be spoken to."""

    method: str
    auth: str
    auth_name: str
    body: str
    fields: tuple[tuple[str, str], ...]
    number_format: str
    encoding: str
    coding: tuple[str, str]
    success: str
    id_path: str
    retry_patterns: tuple[str, ...]
    gone_patterns: tuple[str, ...]
    message_fields: Mapping[str, str]
    report_fields: Mapping[str, str]
    report_values: Mapping[str, str]
    ack_body: str
    message_suffix: str


def read_profile(settings: Mapping[str, str]) -> Profile:
    """The profile of the settings named in PROFILE_SETTINGS. Never raises: `list_faults` says what is wrong with it."""
    preset = PRESETS.get(settings["preset"], CUSTOM)

    def read(name: str) -> str:
        return settings[name] or preset.get(name, "")

    values = {
        word.strip().lower(): ours for ours, words in read_pairs(read("report_values")) for word in words.split(",")
    }
    gsm, _, other = read("coding").partition(",")
    return Profile(
        method=read("method"),
        auth=read("auth"),
        auth_name=settings["auth_name"],
        body=read("body"),
        fields=read_pairs(read("fields")),
        number_format=read("number_format"),
        encoding=read("encoding"),
        coding=(gsm.strip(), other.strip()),
        success=read("success"),
        id_path=read("id_path"),
        retry_patterns=_read_lines(settings["retry_patterns"]),
        gone_patterns=_read_lines(settings["gone_patterns"]),
        message_fields=dict(read_pairs(read("message_fields"))),
        report_fields=dict(read_pairs(read("report_fields"))),
        report_values=values,
        ack_body=read("ack_body"),
        message_suffix=preset.get("message_suffix", ""),
    )


def read_pairs(text: str) -> tuple[tuple[str, str], ...]:
    """Lines of `name = value`; others are left out."""
    pairs = (line.partition("=") for line in text.splitlines())
    return tuple((name.strip(), value.strip()) for name, _, value in pairs if name.strip() and value.strip())


def fill(template: str, values: Mapping[str, str]) -> str:
    """A value with its placeholders filled in; an unknown one stays as it stands. Most values are one placeholder and
    nothing else."""
    if template[1:-1] in values and template[0] + template[-1] == "{}":
        return values[template[1:-1]]
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), template)


def find(pattern: str, text: str) -> str | None:
    """The first group (or the whole match) of a user's pattern, None when it does not match or is no pattern."""
    try:
        match = re.search(pattern, text[:ANSWER_READ_MAX], re.IGNORECASE | re.MULTILINE)
    except re.error:
        return None
    return None if match is None else (match[1] if match.re.groups else match[0]) or ""


def pick_path(value: object, path: str) -> str:
    """A dotted path in JSON, numbers counting into lists, as text; empty when it leads nowhere."""
    for step in path.split("."):
        if isinstance(value, list) and step.isdecimal():
            value = value[int(step)] if int(step) < len(value) else None
        else:
            value = pick(value, step)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)


def list_faults(profile: Profile) -> tuple[tuple[str, str], ...]:
    """What is wrong with a profile, as (sentence with `{what}`, what)."""
    templates = " ".join(value for _, value in profile.fields)
    faults = [("The fields never say {what}.", f"{{{name}}}") for name in ("to",) if f"{{{name}}}" not in templates]
    if "{text}" not in templates and "{hex}" not in templates:
        faults.append(("The fields never say {what}.", "{text}"))
    unknown = sorted(set(_PLACEHOLDER.findall(templates)) - PLACEHOLDERS)
    faults += [("The fields use {what}, which does not exist.", f"{{{name}}}") for name in unknown]
    patterns = [*profile.retry_patterns, *profile.gone_patterns]
    patterns += [value[6:] for value in (profile.success, profile.id_path) if value.startswith("regex:")]
    faults += [("“{what}” is not a valid pattern.", pattern) for pattern in patterns if not _compiles(pattern)]
    if profile.auth in ("header", "query") and not profile.auth_name:
        faults.append(("The name of the key's header or parameter is missing.", ""))
    return tuple(faults)


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def _read_lines(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (line.strip() for line in text.splitlines())))
