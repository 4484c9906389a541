"""The API described: OpenAPI 3.1, drawn from the handlers themselves.

The framework describes paths, parameters and structs. Added here is what is
true of every operation: whom it is for, how it fails, and its name.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from litestar import Litestar, Router
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.routes import HTTPRoute

from serai.api import idempotency, problems, schemas
from serai.api.callers import MARKET, Needs, needs_of

VERSION = "1"
"""Of the API; it changes when a client that was right would no longer be."""

INTRODUCTION = """\
The machine's door of a Serai market.

Amounts of money are whole minor units (cents, fen) beside an ISO 4217 currency. Moments are \
ISO 8601 in UTC. Every error is `application/problem+json` (RFC 9457) with a stable `code`; every \
wrong field is listed under `errors`. Requests that move money, stock or orders take an \
`Idempotency-Key`: when an answer is lost, send the same request with the same key. Lists come a \
page at a time; follow `next`, or the `Link` header. `Accept-Language` chooses the language of \
messages.
"""

_FAILURES: dict[int, str] = {
    400: "The request cannot be read.",
    401: "There is no token, or it is not valid.",
    403: "The token or the member may not do this.",
    404: "It does not exist, or it is not yours to see.",
    406: "`Accept` leaves out JSON, which is all that is spoken here.",
    409: "The present state does not allow it; `code` and `facts` say why.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "Something that was sent is wrong; every wrong field is listed.",
    429: "Too many requests; `Retry-After` says when to go on.",
    500: "A fault of ours; `X-Request-Id` names it.",
    503: "Too busy, or the outcome is unknown: send the same request again.",
}
_DONE = {
    "200": "Done.",
    "201": "Made.",
    "202": "Taken in; it will be done soon.",
    "204": "Done; there is nothing to add.",
}
_WITH_BODY = frozenset({"post", "put", "patch"})


def describe(api: Router, public_url: str) -> dict[str, Any]:
    """Draw the description of the operations of a router."""
    title = OpenAPIConfig(
        title="Serai API",
        version=VERSION,
        description=INTRODUCTION,
        components=Components(
            security_schemes={
                "token": SecurityScheme(
                    type="http", scheme="bearer", description="A session or an API token."
                )
            }
        ),
        operation_id_creator=lambda handler, _method, _path: handler.handler_name,
    )
    # Drawn from an application of its own, which serves nobody: the one that
    # serves needs none of the framework's pages about itself.
    # Drawn, never served: it must not set up logging for the whole process.
    drawn = Litestar(route_handlers=[api], openapi_config=title, logging_config=None)
    document = drawn.openapi_schema.to_schema()
    document["servers"] = [{"url": public_url}]
    paths = {path: item for path, item in document["paths"].items() if path.startswith(api.path)}
    document["paths"] = dict(sorted(paths.items()))
    described = {
        handler.handler_name: (paths[path][method], handler)
        for path, method, handler in operations(drawn)
        if path in paths
    }
    document["components"]["schemas"] = schemas.put(described) | {"Problem": _PROBLEM}
    for path, method, handler in operations(drawn):
        if path in paths:
            _complete(paths[path][method], method, handler, path)
    document["tags"] = [{"name": name} for name in _tags(paths)]
    return document


def operations(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    """List an application's operations: path, method in lower case, handler."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                for method in handler.http_methods - {"OPTIONS", "HEAD"}:
                    yield route.path_format, str(method).lower(), handler


_TEXT, _WHOLE = {"type": "string"}, {"type": "integer"}
_WRONG_FIELD = {
    "type": "object",
    "required": ["field", "code", "reason"],
    "properties": {
        "field": {**_TEXT, "description": "A JSON pointer into the body, or `?name`."},
        "code": _TEXT,
        "reason": _TEXT,
    },
}
_ALWAYS = ["type", "title", "status", "code", "detail", "instance"]
_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "Why a request was not done (RFC 9457).",
    "required": _ALWAYS,
    "properties": {
        **{name: _WHOLE if name == "status" else _TEXT for name in _ALWAYS},
        "facts": {"type": "object", "description": "The numbers and names behind it."},
        "errors": {"type": "array", "items": _WRONG_FIELD},
    },
}


def _complete(operation: dict[str, Any], method: str, handler: HTTPRouteHandler, path: str) -> None:
    lines = (handler.fn.__doc__ or handler.handler_name).strip().split("\n", 1)
    operation["summary"] = lines[0].rstrip(".")
    operation["description"] = "\n".join(line.strip() for line in lines[-1].strip().split("\n"))
    needs = needs_of(handler) or Needs()
    operation["security"] = [{}, {"token": []}] if needs.public else [{"token": []}]
    if needs.role is not None:
        operation["x-serai-role"] = str(needs.role)
    if needs.scope is not None:
        operation["x-serai-scope"] = str(needs.scope)
    for parameter in operation.get("parameters", []):
        if parameter["name"] == idempotency.HEADER:
            parameter["required"] = True
            parameter["schema"] = {"type": "string", "minLength": 1, "maxLength": 255}
    _add_failures(operation, _statuses(method, needs, path, operation))


def _statuses(method: str, needs: Needs, path: str, operation: Mapping[str, Any]) -> Sequence[int]:
    """List the failures that an operation may answer with."""
    statuses = {400, 401, 422, 429, 500, 503}
    names = {parameter["name"] for parameter in operation.get("parameters", [])}
    if needs.json:
        statuses.add(406)
    if not needs.public or method in _WITH_BODY:
        statuses.add(403)
    # A path, a market's name and a body can each name what is not there.
    if "{" in path or MARKET in names or method in _WITH_BODY:
        statuses.add(404)
    if method != "get":
        statuses.add(409)
    if method in _WITH_BODY:
        statuses |= {413, 415}
    return sorted(statuses)


def _add_failures(operation: dict[str, Any], statuses: Sequence[int]) -> None:
    answers: dict[str, Any] = {
        status: {**answer, "description": _DONE[status]}
        for status, answer in operation["responses"].items()
        if status in _DONE
    }
    content = {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status in statuses:
        answers[str(status)] = {"description": _FAILURES[status], "content": content}
    operation["responses"] = answers


def _tags(paths: Mapping[str, Mapping[str, Any]]) -> list[str]:
    found = {tag for item in paths.values() for op in item.values() for tag in op.get("tags", [])}
    return sorted(found)
