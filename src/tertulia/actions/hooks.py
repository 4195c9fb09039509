"""Webhooks of a business's own systems: how a source proves itself, what its payloads mean, and trying that out.

Configuration is written through Django's ORM in the caller's transaction. A secret is sealed and never given back. A
mapping that has a fault is refused with every line; trying one sends nothing and keeps nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from django.utils.translation import gettext as _

from tertulia.actions.audit import record_change
from tertulia.actions.problems import Problem, Refused, refuse
from tertulia.actions.source_words import WARNINGS, explain_discard
from tertulia.actions.sources import access_source
from tertulia.core.hook_events import Made, make_messages, take
from tertulia.core.hook_faults import Fault, FaultCode, HookCode, MappingInvalid
from tertulia.core.hook_mapping import Compiled, compile_mapping
from tertulia.core.hook_presets import SDK
from tertulia.core.hook_signatures import ALGORITHMS, ENCODINGS, FIXED, TOLERANCE_S_MAX, WAYS, Signing
from tertulia.core.ingest import Arrival
from tertulia.core.ingest_json import NotJson, read_lenient
from tertulia.data.models import Source, User, Workspace
from tertulia.errors import Invalid, NotFound
from tertulia.store.db import Conn
from tertulia.store.hook_samples import Sample, list_samples, read_sample
from tertulia.store.sealing import seal

SECRET_CHARACTERS_MAX: Final = 500
HEADER_CHARACTERS_MAX: Final = 100
PAYLOAD_CHARACTERS_MAX: Final = 1_000_000
SAMPLES_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Tried:
    """What a mapping would make of a payload: messages and items as they would be taken, and everything wrong.
    `problems` name lines of the mapping where they know one; `taken` says of each message whether it would be."""

    topic: str = ""
    messages: Sequence[Mapping[str, Any]] = ()
    taken: Sequence[bool] = ()
    problems: Sequence[Problem] = field(default_factory=tuple)


def access_hook(workspace: Workspace, source_id: int) -> Source:
    """The only way to a source of webhooks: one of this workspace. Raises NotFound."""
    source = access_source(workspace, source_id)
    if source.kind == SDK:
        raise NotFound(_("This source is a tracking SDK: it posts no webhooks of its own."))
    return source


def make_address(source: Source, public_url: str) -> str:
    """Where the source's system posts to."""
    return f"{public_url}/v1/hook/{source.write_key}"


def read_signing(source: Source) -> Signing:
    """How the source proves itself."""
    fixed = FIXED.get(source.kind)
    return fixed if fixed is not None else msgspec.convert(source.signing, Signing)


def set_secret(source: Source, user: User | None, now: datetime, secret: str) -> None:
    """Enter or replace the secret that its webhooks are signed with. Raises Refused."""
    secret = secret.strip()
    if not 0 < len(secret) <= SECRET_CHARACTERS_MAX or "\0" in secret:
        refuse([Problem("required", _("Enter the secret, of at most 500 characters."), "secret")])
    source.secret = seal(secret.encode())
    source.save(update_fields=["secret"])
    record_change(source.workspace, user, now, "source_secret_set", f"source:{source.pk}")


def set_signing(source: Source, user: User | None, now: datetime, signing: Signing) -> None:
    """Say how a system proves itself. Raises Refused, also for a shop, which has a way of its own."""
    refuse(check_signing(source, signing))
    source.signing = msgspec.to_builtins(signing)
    source.save(update_fields=["signing"])
    record_change(source.workspace, user, now, "source_signing_set", f"source:{source.pk}", {"way": signing.way})


def check_signing(source: Source, signing: Signing) -> list[Problem]:
    """Every problem, one per field."""
    if source.kind in FIXED:
        return [Problem("fixed", _("This shop signs in a way of its own, which is not changed."), "way")]
    told = _("Choose one of the offered values.")
    choices = (("way", WAYS), ("algorithm", ALGORITHMS), ("encoding", ENCODINGS))
    problems = [Problem("choice", told, name) for name, known in choices if getattr(signing, name) not in known]
    for name in ("header", "timestamp_header"):
        value = getattr(signing, name)
        needed = name == "header" and signing.way != "none"
        if (needed or value) and not _is_header(value):
            problems.append(Problem("header", _("Give the name of a header, such as X-Signature."), name))
    if len(signing.prefix) > HEADER_CHARACTERS_MAX or not signing.prefix.isascii() or not signing.prefix.isprintable():
        problems.append(Problem("too_long", _("At most 100 plain characters, such as sha256=."), "prefix"))
    if not 0 < signing.tolerance_s <= TOLERANCE_S_MAX:
        problems.append(Problem("range", _("Give from 1 to 86,400 seconds."), "tolerance_s"))
    return problems


def save_mapping(source: Source, user: User | None, now: datetime, text: str) -> None:
    """Use another mapping from now on. Raises Refused with every fault and its line; then the old one goes on."""
    _compile(text.replace("\r\n", "\n"))
    source.mapping = text.replace("\r\n", "\n")
    source.save(update_fields=["mapping"])
    record_change(source.workspace, user, now, "source_mapping_saved", f"source:{source.pk}")


def try_mapping(source: Source, now: datetime, text: str, payload: str, headers: Mapping[str, str]) -> Tried:
    """What a mapping would make of a payload that came, or was pasted. Sends nothing, keeps nothing."""
    try:
        compiled = _compile(text.replace("\r\n", "\n"))
    except Refused as refused:
        return Tried(problems=refused.problems)
    if len(payload) > PAYLOAD_CHARACTERS_MAX:
        return Tried(problems=[Problem("too_long", _("A payload to try has at most 1,000,000 characters."), "payload")])
    raw = payload.encode("utf-8", "replace")
    try:
        body = read_lenient(raw)
    except NotJson:
        return Tried(problems=[_explain_json(payload)])
    told = {name.lower(): value for name, value in headers.items()}
    made = make_messages(compiled, source.pk, body, raw, told)
    return _show(made, Arrival(source.pk, now, lambda: "made"), raw)


def find_sample(conn: Conn, source: Source, sample_id: UUID) -> Sample:
    """One of the source's samples. Raises NotFound."""
    sample = read_sample(conn, source.workspace_id, source.pk, sample_id)
    if sample is None:
        raise NotFound(_("This sample is not kept any more. Choose another one."))
    return sample


def list_newest(conn: Conn, source: Source, limit: int = SAMPLES_MAX, topic: str | None = None) -> list[Sample]:
    """The source's samples, the newest first; of one topic, or of all."""
    return list_samples(conn, source.workspace_id, source.pk, min(limit, SAMPLES_MAX), topic)


def read_header_lines(text: str) -> dict[str, str]:
    """Headers written one a line, `Name: value`. Raises Invalid with the line."""
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        name, colon, value = line.partition(":")
        if not line.strip():
            continue
        if not colon or not _is_header(name.strip()):
            raise Invalid(_("Write one header a line, such as X-Topic: orders/create."), field="headers", line=number)
        found[name.strip().lower()] = value.strip()
    return found


def explain_fault(fault: Fault, field_name: str = "mapping") -> Problem:
    """A fault in the reader's language."""
    sentence = _(fault.sentence) % fault.parameters
    return Problem(f"mapping.{fault.code.value}", sentence, field_name, fault.line, column=fault.column)


def _compile(text: str) -> Compiled:
    try:
        if "\0" in text:
            raise MappingInvalid([Fault(FaultCode.NOT_YAML)])
        return compile_mapping(text)
    except MappingInvalid as invalid:
        raise Refused([explain_fault(fault) for fault in invalid.faults]) from None


def _show(made: Made, arrival: Arrival, raw: bytes) -> Tried:
    outcome = take(made, arrival, raw)
    shown = [*(message.told for message in made.messages), *(item.show() for item in made.items)]
    refused = {told.place for told in outcome.discards if told.place < len(shown)}
    problems = [explain_fault(fault) for fault in made.faults]
    for told, line in zip(outcome.discards, outcome.lines, strict=True):
        if told.code not in (HookCode.MAPPING_FAILED.value, HookCode.LIST_TOO_LONG.value):
            problems.append(Problem(told.code, " ".join(explain_discard(told.code)), "mapping", line))
    problems += [
        Problem(told.code, " ".join(explain_discard(told.code)), "mapping", warning=told.code in WARNINGS)
        for told in outcome.warnings
    ]
    taken = [place not in refused for place in range(len(shown))]
    return Tried(made.topic, shown, taken, problems)


def _explain_json(payload: str) -> Problem:
    try:
        msgspec.json.decode(payload.encode("utf-8", "replace"))
    except msgspec.DecodeError as error:
        place = str(error).rpartition("byte ")[2].rstrip(")")
        before = payload.encode("utf-8", "replace")[: int(place)] if place.isdigit() else b""
        line = before.count(b"\n") + 1 if place.isdigit() else 0
        return Problem("invalid_json", _("This is no JSON. Copy the payload whole."), "payload", line)
    return Problem("invalid_json", _("This is no JSON. Copy the payload whole."), "payload")


def _is_header(name: str) -> bool:
    plain = name.replace("-", "").replace("_", "")
    return 0 < len(name) <= HEADER_CHARACTERS_MAX and name.isascii() and plain.isalnum()
