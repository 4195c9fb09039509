"""How errors are told: one JSON object `{code, sentence, field, line, column}`, and `problems` where a form has more.

`sentence` is for people and in the reader's language (Accept-Language); `code` is stable. No exception's text is ever
shown that was not written for the reader.
"""

import traceback
from pathlib import Path
from typing import Any

import django.db
import psycopg
import structlog
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from tertulia.actions.problems import Problem, Refused
from tertulia.errors import TertuliaError, TooMany

RETRY_AFTER_S = 2

log = structlog.get_logger("api")


class ProblemOut(Schema):
    """What is wrong. `line` and `column` count from 1; 0 where there is none. A `warning` stops nothing."""

    code: str
    sentence: str
    field: str = ""
    line: int = 0
    column: int = 0
    warning: bool = False


class ErrorOut(Schema):
    """An error. Reads as its first problem."""

    code: str
    sentence: str
    field: str = ""
    line: int = 0
    column: int = 0
    problems: list[ProblemOut] = []


def write_problem(problem: Problem) -> dict[str, Any]:
    """A problem as JSON."""
    return {
        "code": problem.code,
        "sentence": problem.sentence,
        "field": problem.field,
        "line": problem.line,
        "column": problem.column,
        "warning": problem.warning,
    }


def install_handlers(api: NinjaAPI) -> None:
    """Tell every error of the API in the one form."""

    def told(request: HttpRequest, status: int, code: str, sentence: str, **more: Any) -> HttpResponse:
        body = {"code": code, "sentence": sentence, "field": "", "line": 0, "column": 0, "problems": [], **more}
        return api.create_response(request, body, status=status)

    @api.exception_handler(TertuliaError)
    def tell_ours(request: HttpRequest, error: TertuliaError) -> HttpResponse:
        problems = [write_problem(problem) for problem in error.problems] if isinstance(error, Refused) else []
        column = error.problems[0].column if isinstance(error, Refused) else 0
        more = {"field": error.field, "line": error.line, "column": column, "problems": problems}
        answer = told(request, error.status, error.code, error.sentence, **more)
        if isinstance(error, TooMany):
            answer["Retry-After"] = str(error.retry_after_s)
        return answer

    @api.exception_handler(ValidationError)
    def tell_shape(request: HttpRequest, error: ValidationError) -> HttpResponse:
        problems = [
            {"code": item["type"], "sentence": item["msg"], "field": _name_field(item["loc"]), "line": 0, "column": 0}
            for item in error.errors
        ]
        first = problems[0]
        return told(request, 422, "shape", first["sentence"], field=first["field"], problems=problems)

    @api.exception_handler(AuthenticationError)
    def tell_stranger(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        return told(request, 401, "key", _("Send a key that works: Authorization: Bearer tertulia_…"))

    @api.exception_handler(Http404)
    def tell_missing(request: HttpRequest, error: Http404) -> HttpResponse:
        return told(request, 404, "not_found", _("There is nothing here."))

    @api.exception_handler(HttpError)
    def tell_http(request: HttpRequest, error: HttpError) -> HttpResponse:
        return told(request, error.status_code, "request", _("This request cannot be read."))

    @api.exception_handler(psycopg.DataError)
    @api.exception_handler(django.db.DataError)
    def tell_value(request: HttpRequest, error: Exception) -> HttpResponse:
        """A number beyond its column or a NUL in a text: what was sent is wrong, and nothing was written."""
        return told(request, 400, "value", _("A value is too large or has characters that cannot be kept."))

    @api.exception_handler(psycopg.OperationalError)
    @api.exception_handler(psycopg.InterfaceError)
    @api.exception_handler(django.db.OperationalError)
    @api.exception_handler(django.db.InterfaceError)
    def tell_busy(request: HttpRequest, error: Exception) -> HttpResponse:
        """The database is away, for as long as its restart takes: nothing was written, and asking again is right."""
        log.warning("database_lost", error=type(error).__name__, path=request.path)
        answer = told(request, 503, "busy", _("The database does not answer. Try again in a few seconds."))
        answer["Retry-After"] = str(RETRY_AFTER_S)
        return answer

    @api.exception_handler(Exception)
    def tell_failure(request: HttpRequest, error: Exception) -> HttpResponse:
        log.error("api_failed", error=type(error).__name__, path=request.path, at=_place_of(error))
        return told(request, 500, "failure", _("Something went wrong here. It was noted."))


def _name_field(loc: tuple[Any, ...]) -> str:
    """`("body", "form", "name")` as `name`; lists keep their index."""
    return ".".join(str(part) for part in loc[2:] or loc[-1:])


def _place_of(error: Exception) -> str:
    """Where it broke: file and line, without the error's text, which may hold what a customer wrote."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"
