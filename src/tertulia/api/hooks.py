"""Webhooks of a source: their address and secret, how they prove themselves, what they mean, and samples of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema

from tertulia.actions import hooks as actions
from tertulia.actions.problems import Problem
from tertulia.api.paging import read_limit
from tertulia.api.problems import ProblemOut
from tertulia.api.shell import conn_of, now, public_url, workspace_of, writing
from tertulia.core.hook_presets import HOOK_KINDS, fill_preset
from tertulia.core.hook_signatures import FIXED, TOLERANCE_S, Signing
from tertulia.data.models import Source
from tertulia.store.hook_samples import Sample

router = Router(tags=["Webhooks of sources"])


class SigningIn(Schema):
    """`way`: hmac, secret (in a header) or none. `algorithm`: sha256, sha1, sha512; `encoding`: hex, base64. `prefix`
    stands before the signature. With `timestamp_header` the time, a full stop and the body are signed."""

    way: str = "hmac"
    header: str = "X-Signature"
    algorithm: str = "sha256"
    encoding: str = "hex"
    prefix: str = ""
    timestamp_header: str = ""
    tolerance_s: int = TOLERANCE_S


class HookOut(Schema):
    """Where the system posts to, whether its secret is set, how it proves itself (`fixed`: in its own way, which is not
    changed), and the mapping's text."""

    source_id: int
    kind: str
    address: str
    secret_set: bool
    signing: SigningIn
    fixed: bool
    mapping: str


class SecretIn(Schema):
    """Kept sealed, and never given back."""

    secret: str


class MappingIn(Schema):
    """The whole text, YAML or JSON."""

    mapping: str


class TryIn(Schema):
    """`mapping` empty: the stored one. What is tried is a kept sample, or a `payload` (JSON as text) with `headers`."""

    mapping: str = ""
    sample_id: UUID | None = None
    payload: str = ""
    headers: dict[str, str] = {}


class TriedEventOut(Schema):
    """A message as a tracking SDK would send it, or an item of a catalog; `taken` says whether it would be."""

    taken: bool
    message: dict[str, Any]


class TriedOut(Schema):
    """What would be made. `problems` name lines of the mapping, or of the payload."""

    topic: str
    events: list[TriedEventOut]
    problems: list[ProblemOut]


class SampleOut(Schema):
    """A webhook that came. `body` is empty where it was too large to keep; `code` says why not all was taken."""

    id: UUID
    at: datetime
    topic: str
    headers: dict[str, str]
    body: str
    size_bytes: int
    events: int
    code: str


class PresetOut(Schema):
    """A kind of webhook source and the mapping with which it begins."""

    kind: str
    mapping: str


@router.get("/hook-presets", response=list[PresetOut], summary="Kinds of webhooks")
def list_presets(request: HttpRequest) -> list[dict[str, Any]]:
    """Each with the mapping with which a source of it begins."""
    return [{"kind": kind, "mapping": fill_preset(kind, 1)} for kind in HOOK_KINDS]


@router.get("/sources/{source_id}/hook", response=HookOut, summary="A source's webhooks")
def get_hook(request: HttpRequest, source_id: int) -> dict[str, Any]:
    """Their address, how they prove themselves, and what they mean. The secret is not among it."""
    return _write(actions.access_hook(workspace_of(request), source_id))


@router.put("/sources/{source_id}/hook/secret", response=HookOut, summary="Set the signing secret")
def put_secret(request: HttpRequest, source_id: int, form: SecretIn) -> dict[str, Any]:
    """It replaces the one before at once."""
    with writing():
        source = actions.access_hook(workspace_of(request), source_id)
        actions.set_secret(source, None, now(), form.secret)
    return _write(source)


@router.put("/sources/{source_id}/hook/signing", response=HookOut, summary="Say how webhooks prove themselves")
def put_signing(request: HttpRequest, source_id: int, form: SigningIn) -> dict[str, Any]:
    """For a source of the kind webhook; shops have ways of their own."""
    with writing():
        source = actions.access_hook(workspace_of(request), source_id)
        actions.set_signing(source, None, now(), Signing(**form.dict()))
    return _write(source)


@router.put("/sources/{source_id}/hook/mapping", response=HookOut, summary="Save the mapping")
def put_mapping(request: HttpRequest, source_id: int, form: MappingIn) -> dict[str, Any]:
    """Refused with every fault and its line; then the old one goes on."""
    with writing():
        source = actions.access_hook(workspace_of(request), source_id)
        actions.save_mapping(source, None, now(), form.mapping)
    return _write(source)


@router.post("/sources/{source_id}/hook/try", response=TriedOut, summary="Try a mapping")
def post_try(request: HttpRequest, source_id: int, form: TryIn) -> dict[str, Any]:
    """What it would make of a sample or a payload. Nothing is sent, nothing is kept."""
    source = actions.access_hook(workspace_of(request), source_id)
    payload, headers = form.payload, form.headers
    if form.sample_id is not None:
        sample = actions.find_sample(conn_of(), source, form.sample_id)
        payload, headers = sample.body, sample.headers
    tried = actions.try_mapping(source, now(), form.mapping or source.mapping, payload, headers)
    return {
        "topic": tried.topic,
        "events": [
            {"taken": taken, "message": message} for message, taken in zip(tried.messages, tried.taken, strict=True)
        ],
        "problems": [_write_problem(problem) for problem in tried.problems],
    }


@router.get("/sources/{source_id}/hook/samples", response=list[SampleOut], summary="Samples of webhooks")
def list_samples(request: HttpRequest, source_id: int, topic: str | None = None, limit: int = 50) -> list[Sample]:
    """The newest first, of one topic or of all; the newest 20 of each topic are kept, for 30 days."""
    source = actions.access_hook(workspace_of(request), source_id)
    return actions.list_newest(conn_of(), source, read_limit(limit), topic)


def _write(source: Source) -> dict[str, Any]:
    signing = actions.read_signing(source)
    return {
        "source_id": source.pk,
        "kind": source.kind,
        "address": actions.make_address(source, public_url()),
        "secret_set": bool(source.secret),
        "signing": {name: getattr(signing, name) for name in signing.__struct_fields__},
        "fixed": source.kind in FIXED,
        "mapping": source.mapping,
    }


def _write_problem(problem: Problem) -> dict[str, Any]:
    names = ("code", "sentence", "field", "line", "warning")
    return {name: getattr(problem, name) for name in names}
