"""The outermost step of a request: its id, its log line, its metrics, its security headers."""

import re
import time
from typing import Any

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from serai.kernel import ids, metrics
from serai.kernel.clock import Clock

_log = structlog.get_logger(__name__)

_REQUEST_ID = re.compile(rb"[A-Za-z0-9_.:-]{8,64}")
_QUIET = frozenset({"/livez", "/readyz", "/metrics"})

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_CSP = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_HSTS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


class Gate:
    """Wraps an application; everything that it answers passes here, errors too."""

    def __init__(self, app: ASGIApp, clock: Clock, *, https: bool) -> None:
        self._app = app
        self._clock = clock
        self._headers = (*_HEADERS, _HSTS) if https else _HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note what became of it."""
        if scope["type"] == ScopeType.HTTP:
            await self._pass(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _pass(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        request_id = self._id(scope)
        started = time.perf_counter()
        status = 500

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._add_headers(scope, message, request_id)
            await send(message)

        with structlog.contextvars.bound_contextvars(request=request_id):
            try:
                await self._app(scope, receive, send_noted)
            finally:
                _note(scope, status, time.perf_counter() - started)

    def _id(self, scope: HTTPScope) -> str:
        """Take over the id that a proxy gave, so that both logs tell of the same request."""
        given = next((v for name, v in scope["headers"] if name == b"x-request-id"), b"")
        return given.decode() if _REQUEST_ID.fullmatch(given) else str(ids.new(self._clock.now()))

    def _add_headers(self, scope: HTTPScope, message: Any, request_id: str) -> None:  # noqa: ANN401
        headers = [*message["headers"], *self._headers, (b"x-request-id", request_id.encode())]
        if not any(name.lower() == _CSP[0] for name, _ in headers):
            headers.append(_CSP)
        for name, value in scope["state"].get("pace", {}).items():
            headers.append((name.lower().encode(), value.encode()))
        message["headers"] = headers


def _note(scope: HTTPScope, status: int, seconds: float) -> None:
    # By the template of the path, not the path: ids would make each request its own metric.
    route = str(scope.get("path_template") or "unmatched")
    metrics.requests.labels(scope["method"], route, status).inc()
    metrics.request_seconds.labels(route).observe(seconds)
    if route in _QUIET:
        return
    caller = scope.get("auth")
    _log.info(
        "request",
        method=scope["method"],
        path=scope["path"],
        status=status,
        ms=round(seconds * 1000, 2),
        member=str(caller.member_id) if caller else None,
    )
