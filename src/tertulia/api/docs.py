"""The API's documentation as one page, drawn from its own OpenAPI schema: nothing is loaded from elsewhere."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template import Context, Engine
from ninja import NinjaAPI

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One field of a path, a query or a body."""

    name: str
    where: str
    type: str
    required: bool
    default: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """What is sent or answered: its name, what it says, its fields."""

    name: str
    about: str
    fields: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address."""

    id: str
    method: str
    path: str
    title: str
    about: str
    tag: str
    parameters: tuple[Parameter, ...]
    body: Shape | None
    answers: tuple[tuple[str, str, Shape | None], ...]


def show_docs(request: HttpRequest, api: NinjaAPI) -> HttpResponse:
    """The page, in the order of the nouns."""
    operations = list_operations(api.get_openapi_schema())
    groups: dict[str, list[Operation]] = {}
    for operation in operations:
        groups.setdefault(operation.tag, []).append(operation)
    context = Context({"title": api.title, "version": api.version, "about": api.description, "groups": groups.items()})
    return HttpResponse(_engine().get_template("docs.html").render(context))


def show_style(request: HttpRequest) -> HttpResponse:
    """The page's style sheet."""
    text = (files("tertulia.api") / "docs.css").read_text(encoding="utf-8")
    return HttpResponse(text, content_type="text/css", headers={"Cache-Control": "public, max-age=3600"})


def list_operations(schema: Mapping[str, Any]) -> list[Operation]:
    """Every operation of a schema, in its order."""
    return [
        _read_operation(schema, path, method, item[method])
        for path, item in schema["paths"].items()
        for method in METHODS
        if method in item
    ]


def _read_operation(schema: Mapping[str, Any], path: str, method: str, spec: Mapping[str, Any]) -> Operation:
    parameters = tuple(
        Parameter(
            item["name"],
            item["in"],
            _name_type(item["schema"]),
            bool(item.get("required")),
            _write_default(item["schema"]),
        )
        for item in spec.get("parameters", ())
    )
    content = spec.get("requestBody", {}).get("content", {})
    body = next((_read_shape(schema, media["schema"]) for media in content.values()), None)
    answers = tuple(
        (str(status), _name_answer(answer), _read_answer(schema, answer))
        for status, answer in spec.get("responses", {}).items()
    )
    return Operation(
        id=spec["operationId"],
        method=method.upper(),
        path=path,
        title=spec.get("summary", ""),
        about=spec.get("description", ""),
        tag=next(iter(spec.get("tags", ["Other"]))),
        parameters=parameters,
        body=body,
        answers=answers,
    )


def _read_answer(schema: Mapping[str, Any], answer: Mapping[str, Any]) -> Shape | None:
    return next((_read_shape(schema, media["schema"]) for media in answer.get("content", {}).values()), None)


def _name_answer(answer: Mapping[str, Any]) -> str:
    return next((_name_type(media["schema"]) for media in answer.get("content", {}).values()), "")


def _read_shape(schema: Mapping[str, Any], shown: Mapping[str, Any]) -> Shape | None:
    """The fields of an object, or of a list's items."""
    shown = shown.get("items", shown)
    found = _resolve(schema, shown)
    if "properties" not in found:
        return None
    required = set(found.get("required", ()))
    fields = tuple(_iter_fields(found["properties"], required))
    return Shape(found.get("title", ""), found.get("description", ""), fields)


def _iter_fields(properties: Mapping[str, Any], required: set[str]) -> Iterator[Parameter]:
    for name, spec in properties.items():
        yield Parameter(name, "body", _name_type(spec), name in required, _write_default(spec))


def _resolve(schema: Mapping[str, Any], shown: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = shown.get("$ref", "")
    if not reference:
        return shown
    found: Mapping[str, Any] = schema["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def _name_type(spec: Mapping[str, Any]) -> str:
    """A type in words: `integer`, `list of ContactOut`, `text or nothing`."""
    if "$ref" in spec:
        return str(spec["$ref"]).rpartition("/")[2]
    if "anyOf" in spec:
        return " or ".join(dict.fromkeys(_name_type(item) for item in spec["anyOf"]))
    kind = spec.get("type", "any")
    if kind == "array":
        return f"list of {_name_type(spec.get('items', {}))}"
    names = {"string": spec.get("format", "text"), "null": "nothing", "number": "number", "object": "object"}
    return str(names.get(kind, kind))


def _write_default(spec: Mapping[str, Any]) -> str:
    default = spec.get("default")
    return "" if default in (None, "", [], {}) else str(default)


@cache
def _engine() -> Engine:
    return Engine(dirs=[str(files("tertulia.api"))], autoescape=True)
