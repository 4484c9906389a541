"""Problems as `application/problem+json` (RFC 9457): every error leaves through here."""

import math
from typing import Any

import asyncpg
import structlog
from litestar import Request, Response
from litestar.exceptions import (
    ClientException,
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)
from litestar.status_codes import HTTP_401_UNAUTHORIZED, HTTP_413_REQUEST_ENTITY_TOO_LARGE
from msgspec import Struct

from serai.api import parameters
from serai.api.says import DOOR, DeclinedError, FieldError, Says, WrongFieldsError, decline
from serai.kernel import i18n
from serai.kernel.errors import OutcomeUnknownError, OverloadedError, Refused
from serai.kernel.tx import is_lost

_log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"

_WORDLESS = DOOR["declined"]
_TOO_SLOW = (asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError)


class WrongField(Struct, frozen=True):
    """One wrong field: a JSON pointer into the body, or `?name` of the query."""

    field: str
    code: str
    reason: str


class Problem(Struct, frozen=True, omit_defaults=True):
    """Why a request was not done. Programs branch on `code`; people read `detail`."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    instance: str
    facts: dict[str, Any] = {}
    """The numbers and names behind the detail."""
    errors: list[WrongField] = []


def locale_of(request: Request[Any, Any, Any]) -> str:
    """Tell the language that the reader wants, by `Accept-Language`."""
    return i18n.negotiate(request.headers.get("accept-language"))


def render(
    request: Request[Any, Any, Any], refused: Refused, errors: list[FieldError] | None = None
) -> Response[Problem]:
    """Write a refusal as a problem, in the reader's language."""
    locale = locale_of(request)
    says: Says | None = request.app.state.house.says.get(refused.code)
    if says is None:
        _log.error("a refusal has no words", code=refused.code)
        says = _WORDLESS
    detail = i18n.say(locale, says.detail, **refused.facts)
    problem = Problem(
        type=f"/api/problems/{refused.code}",
        title=i18n.say(locale, says.title, **refused.facts),
        status=says.status,
        code=refused.code,
        detail=detail,
        instance=request.scope["path"],
        facts=refused.facts,
        errors=[
            WrongField(error.field, error.code, i18n.say(locale, error.reason, **error.facts))
            for error in errors or []
        ]
        or _named(refused, detail),
    )
    headers = {"Content-Language": locale, "Cache-Control": "no-store"}
    if says.status == HTTP_401_UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="serai"'
    if "wait_seconds" in refused.facts:
        headers["Retry-After"] = str(refused.facts["wait_seconds"])
    return Response(problem, status_code=says.status, media_type=MEDIA_TYPE, headers=headers)


def _named(refused: Refused, detail: str) -> list[WrongField]:
    """Point at the field that a hall refused, where it named one in its facts."""
    names = refused.facts.get("fields") or [refused.facts.get("field")]
    return [WrongField(f"/{name}", refused.code, detail) for name in names if name]


def handle(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """Answer whatever was raised; nothing of an unexpected error is shown."""
    if isinstance(error, ValidationException):
        error = _wrong(request, error)
    if isinstance(error, WrongFieldsError):
        return render(request, Refused("invalid_fields"), error.errors)
    declined = error if isinstance(error, DeclinedError) else _declined(request, error)
    response = render(request, declined.refused)
    response.headers.update(declined.headers)
    return response


def _wrong(request: Request[Any, Any, Any], error: ValidationException) -> Exception:
    """Find out what the framework stopped at; a body that is there was read before."""
    errors = parameters.check(request)
    if errors:
        return WrongFieldsError(errors)
    if "data" in request.route_handler.parsed_fn_signature.parameters:
        return decline("body_missing")
    return decline("bad_request", reason=str(error.detail))


def _declined(request: Request[Any, Any, Any], error: Exception) -> DeclinedError:
    if isinstance(error, OverloadedError):
        return _later("overloaded", error.retry_after_s)
    if isinstance(error, OutcomeUnknownError):
        return _later("outcome_unknown", 1)
    if is_lost(error) or isinstance(error, _TOO_SLOW):
        _log.warning("database lost", reason=f"{type(error).__name__}: {error}")
        return _later("unavailable", 2)
    if isinstance(error, MethodNotAllowedException):
        return decline("method_not_allowed", {"Allow": _methods(request)})
    if isinstance(error, NotFoundException):
        return decline("not_found")
    if isinstance(error, HTTPException) and error.status_code == HTTP_413_REQUEST_ENTITY_TOO_LARGE:
        return decline("too_large", limit=request.route_handler.resolve_request_max_body_size())
    if isinstance(error, ClientException):
        return decline("bad_request", reason=str(error.detail))
    _log.error("request failed", exc_info=error)
    request_id = structlog.contextvars.get_contextvars().get("request")
    return decline("internal", request=request_id)


def _later(code: str, seconds: float) -> DeclinedError:
    whole = math.ceil(seconds)
    return decline(code, {"Retry-After": str(whole)}, seconds=whole)


def _methods(request: Request[Any, Any, Any]) -> str:
    """Name the methods that an address knows, which the framework does not tell."""
    known: set[str] = set()
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        try:
            request.app.asgi_router.handle_routing(request.scope["path"], method)
        except HTTPException:
            continue
        known.add(method)
    return ", ".join(sorted(known | {"OPTIONS"}))
