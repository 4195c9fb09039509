"""Endpoints: where journeys call the company's own API, and with which headers.

Configuration is written through Django's ORM in the caller's transaction. Headers that are secret are sealed and never
leave again; an empty value keeps what is stored. A key is what journeys call an endpoint by, so it stays.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, get_args
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from tertulia.actions.audit import record_change
from tertulia.actions.config import load_journeys
from tertulia.actions.problems import Problem, read_problem, refuse
from tertulia.core.call_answers import compile_path
from tertulia.core.hook_faults import Fault
from tertulia.core.render import TemplateProblem, compile_template, variables
from tertulia.core.steps.call.step import CallStep, MethodName
from tertulia.data.models import Endpoint, User, Workspace
from tertulia.errors import Conflict, NotFound
from tertulia.store.db import Conn
from tertulia.store.endpoints import has_calls
from tertulia.store.sealing import seal_json, unseal_json

ID_MAX: Final = 2**31 - 1
ENDPOINTS_MAX: Final = 100
HEADERS_MAX: Final = 20
METHODS: Final[tuple[str, ...]] = get_args(MethodName)
TIMEOUT_S_MAX: Final = 25
KEY: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
OURS: Final = ("host", "content-length", "content-type", "transfer-encoding", "connection", "idempotency-key")
STATUS_ROOTS: Final = ("contact", "event", "results", "workspace", "call", "now", "today")


@dataclass(frozen=True, slots=True)
class EndpointForm:
    """What a person fills in. `secrets` are headers whose values are sealed: an empty one keeps what is stored, and one
    that is not named is taken away."""

    name: str
    base_url: str
    methods: tuple[str, ...] = ("GET", "POST")
    headers: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout_s: int = 10
    idempotent: bool = False
    status_path: str = ""
    status_done: str = ""
    status_failed: str = ""


def access_endpoint(workspace: Workspace, endpoint_id: int) -> Endpoint:
    """The only way to an endpoint: one of this workspace. Raises NotFound."""
    found = Endpoint.objects.filter(pk=endpoint_id, workspace=workspace) if 0 <= endpoint_id <= ID_MAX else None
    endpoint: Endpoint | None = found.select_related("workspace").first() if found is not None else None
    if endpoint is None:
        raise NotFound(_("This endpoint does not exist in this workspace."))
    return endpoint


def list_endpoints(workspace: Workspace) -> list[Endpoint]:
    """The workspace's endpoints, by their keys."""
    return list(Endpoint.objects.filter(workspace=workspace).order_by("key"))


def list_secrets(endpoint: Endpoint) -> list[str]:
    """The names of the headers whose values are sealed."""
    return sorted(unseal_json(endpoint.secrets))


def create_endpoint(workspace: Workspace, user: User | None, now: datetime, key: str, form: EndpointForm) -> Endpoint:
    """A new endpoint. Raises Refused with every problem, and Conflict for a key that is taken."""
    key = key.strip()
    problems = check_form(form)
    if not KEY.fullmatch(key):
        sentence = _("A key has small letters, digits, - and _, and is at most 60 long.")
        problems.insert(0, Problem("invalid", sentence, "key"))
    refuse(problems)
    mine = Endpoint.objects.filter(workspace=workspace)
    if mine.count() >= ENDPOINTS_MAX:
        refuse([Problem("range", _("A workspace has at most %(most)d endpoints.") % {"most": ENDPOINTS_MAX}, "key")])
    if mine.filter(key=key).exists():
        raise Conflict(_("There is an endpoint with this key. Choose another."), field="key")
    return _save(Endpoint(workspace=workspace, key=key), user, now, form, "endpoint_created")


def change_endpoint(endpoint: Endpoint, user: User | None, now: datetime, form: EndpointForm) -> Endpoint:
    """Calls from now on use it as it is then. Secrets stay with the host that they were given for: at another one they
    are to be given again, so that nobody can have them sent to an address of their own. Raises Refused."""
    same = urlsplit(endpoint.base_url)[:2] == urlsplit(form.base_url.strip())[:2]
    refuse(check_form(form, unseal_json(endpoint.secrets) if same else {}))
    return _save(endpoint, user, now, form, "endpoint_changed")


def delete_endpoint(conn: Conn, endpoint: Endpoint, user: User | None, now: datetime) -> None:
    """It is gone. Raises Conflict while a published journey calls it, or a call of it is under way."""
    if name := find_user(conn, endpoint):
        raise Conflict(_("The journey “%(name)s” calls this endpoint. Change or cancel it first.") % {"name": name})
    if has_calls(conn, endpoint.pk):
        raise Conflict(_("A call to this endpoint has no outcome yet. Wait for it, or say what came of it."))
    workspace, subject, facts = endpoint.workspace, f"endpoint:{endpoint.pk}", {"key": endpoint.key}
    endpoint.delete()
    record_change(workspace, user, now, "endpoint_deleted", subject, facts)


def find_user(conn: Conn, endpoint: Endpoint) -> str:
    """The name of a published journey that calls it, in a revision in which somebody may be; empty for none."""
    for journey in load_journeys(conn).values():
        if journey.workspace != endpoint.workspace_id:
            continue
        steps = [node.step for program in journey.programs.values() for node in program.nodes.values()]
        if any(isinstance(step, CallStep) and step.endpoint == endpoint.key for step in steps):
            return journey.name
    return ""


def check_form(form: EndpointForm, kept: Mapping[str, str] | None = None) -> list[Problem]:
    """Every problem, one per field. `kept` are the secrets that may be kept."""
    problems = []
    if not 0 < len(form.name.strip()) <= 200 or "\0" in form.name:
        problems.append(Problem("required", _("Give the endpoint a name of at most 200 characters."), "name"))
    if not _is_base(form.base_url.strip()):
        sentence = _("Give a whole address that begins with https:// or http:// and has no ? and no #.")
        problems.append(Problem("url", sentence, "base_url"))
    if not form.methods or set(form.methods) - set(METHODS):
        told = {"known": ", ".join(METHODS)}
        problems.append(Problem("choice", _("Choose at least one of: %(known)s.") % told, "methods"))
    if not 1 <= form.timeout_s <= TIMEOUT_S_MAX:
        told = {"most": str(TIMEOUT_S_MAX)}
        problems.append(Problem("range", _("Give from 1 to %(most)s seconds.") % told, "timeout_s"))
    return [*problems, *_check_headers(form, kept or {}), *_check_status(form)]


def _is_base(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _port = parts.port
    except ValueError:
        return False
    plain = len(url) <= 1_000 and url.isascii() and not re.search(r"[\s?#@\\]", url)
    return plain and parts.scheme in ("http", "https") and bool(parts.hostname)


def _check_headers(form: EndpointForm, kept: Mapping[str, str]) -> list[Problem]:
    """Names and values that HTTP takes, none of our own, none twice, and a value for every secret."""
    problems = []
    for place, told in (("headers", form.headers), ("secrets", form.secrets)):
        for name, value in told.items():
            sentence = ""
            if not HEADER_NAME.fullmatch(name):
                sentence = _("“%(name)s” is no name of a header.")
            elif name.lower() in OURS:
                sentence = _("“%(name)s” is set by Tertulia itself. Leave it out.")
            elif not value and not (place == "secrets" and kept.get(name)):
                sentence = _("Give “%(name)s” a value. A secret one stays only at the host that it was given for.")
            elif not (value.isascii() and value.isprintable()) or len(value) > 4_000:
                sentence = _("The value of “%(name)s” has characters that a header cannot have, or is too long.")
            if sentence:
                problems.append(Problem("invalid", sentence % {"name": name}, place))
    lower = [name.lower() for name in (*form.headers, *form.secrets)]
    if len(lower) != len(set(lower)):
        problems.append(Problem("invalid", _("A header stands here twice. Take one of them away."), "headers"))
    if len(lower) > HEADERS_MAX:
        problems.append(Problem("range", _("Give at most %(most)d headers.") % {"most": HEADERS_MAX}, "headers"))
    return problems


def _check_status(form: EndpointForm) -> list[Problem]:
    """The path is a template of what a call knows; the conditions can be read."""
    problems = []
    path = form.status_path.strip()
    if path and not path.startswith("/"):
        sentence = _("Begin the path with a slash, such as /calls/{{ call.key }}.")
        problems.append(Problem("invalid", sentence, "status_path"))
    try:
        roots = {variable.name.partition(".")[0] for variable in variables(compile_template(path))}
        if unknown := sorted(roots - set(STATUS_ROOTS)):
            told = {"name": unknown[0], "known": ", ".join(STATUS_ROOTS)}
            sentence = _("Nobody knows “%(name)s” here. Known are: %(known)s.") % told
            problems.append(Problem("invalid", sentence, "status_path"))
    except TemplateProblem as problem:
        problems.append(read_problem(problem, "status_path"))
    for name in ("status_done", "status_failed"):
        condition = getattr(form, name).strip()
        if condition and not path:
            problems.append(Problem("invalid", _("Give the path of the status call too."), name))
        elif condition and isinstance(fault := compile_path(condition), Fault):
            problems.append(Problem("invalid", _(fault.sentence) % fault.parameters, name))
    return problems


def _save(endpoint: Endpoint, user: User | None, now: datetime, form: EndpointForm, verb: str) -> Endpoint:
    stored = unseal_json(endpoint.secrets)
    endpoint.name = form.name.strip()
    endpoint.base_url = form.base_url.strip().rstrip("/")
    endpoint.methods = [name for name in METHODS if name in form.methods]
    endpoint.headers = dict(form.headers)
    endpoint.secrets = seal_json({name: value or stored[name] for name, value in form.secrets.items()})
    endpoint.timeout_s = form.timeout_s
    endpoint.idempotent = form.idempotent
    endpoint.status_path = form.status_path.strip()
    endpoint.status_done = form.status_done.strip()
    endpoint.status_failed = form.status_failed.strip()
    endpoint.save()
    facts = {"key": endpoint.key, "idempotent": endpoint.idempotent}
    record_change(endpoint.workspace, user, now, verb, f"endpoint:{endpoint.pk}", facts)
    return endpoint
