"""The form of an endpoint, read and filled. Secret headers have their names shown and their values never."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from django.http import QueryDict

from tertulia.actions.endpoints import METHODS, EndpointForm, list_secrets
from tertulia.data.models import Endpoint

SPARE: Final = 2
DIGITS_MAX: Final = 3


@dataclass(frozen=True, slots=True)
class Shown:
    """What stands in the form's fields; methods as value and whether it is ticked, secret headers by their names with
    whether a value is stored."""

    key: str
    name: str
    base_url: str
    methods: list[tuple[str, bool]]
    headers: str
    secrets: list[tuple[str, bool]] = field(repr=False)
    timeout_s: str
    idempotent: bool
    status_path: str
    status_done: str
    status_failed: str


def read_form(sent: QueryDict) -> EndpointForm:
    """The form as it was sent. A header is a line `Name: value`; one without a colon has no value, which is told."""
    headers = {}
    for line in sent.get("headers", "").replace("\r\n", "\n").split("\n"):
        name, _colon, value = line.partition(":")
        if line.strip():
            headers[name.strip()] = value.strip()
    names, values = sent.getlist("secret_name"), sent.getlist("secret_value")
    secrets = {name.strip(): value.strip() for name, value in zip(names, values, strict=False) if name.strip()}
    timeout = sent.get("timeout_s", "").strip()
    return EndpointForm(
        name=sent.get("name", ""),
        base_url=sent.get("base_url", ""),
        methods=tuple(sent.getlist("methods")),
        headers=headers,
        secrets=secrets,
        timeout_s=int(timeout) if timeout.isdecimal() and len(timeout) <= DIGITS_MAX else 0,
        idempotent="idempotent" in sent,
        status_path=sent.get("status_path", ""),
        status_done=sent.get("status_done", ""),
        status_failed=sent.get("status_failed", ""),
    )


def show_form(form: EndpointForm, key: str, stored: Sequence[str] = ()) -> Shown:
    """The fields of a form, with room for more secret headers."""
    named = [*form.secrets, *[""] * SPARE]
    return Shown(
        key=key,
        name=form.name,
        base_url=form.base_url,
        methods=[(name, name in form.methods) for name in METHODS],
        headers="\n".join(f"{name}: {value}" for name, value in form.headers.items()),
        secrets=[(name, name in stored) for name in named],
        timeout_s=str(form.timeout_s or ""),
        idempotent=form.idempotent,
        status_path=form.status_path,
        status_done=form.status_done,
        status_failed=form.status_failed,
    )


def fill_form(endpoint: Endpoint) -> EndpointForm:
    """The form as an endpoint fills it; of its secrets the names."""
    return EndpointForm(
        name=endpoint.name,
        base_url=endpoint.base_url,
        methods=tuple(endpoint.methods),
        headers=endpoint.headers,
        secrets=dict.fromkeys(list_secrets(endpoint), ""),
        timeout_s=endpoint.timeout_s,
        idempotent=endpoint.idempotent,
        status_path=endpoint.status_path,
        status_done=endpoint.status_done,
        status_failed=endpoint.status_failed,
    )
