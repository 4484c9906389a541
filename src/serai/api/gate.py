"""The outermost step of a request: whether it comes in, its id, its log line, its headers."""

import re
import time
from collections.abc import Sequence
from typing import Any

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from serai.api.door import Door, Stay
from serai.kernel import ids, metrics
from serai.kernel.clock import Clock
from serai.kernel.errors import OverloadedError

_log = structlog.get_logger(__name__)

_REQUEST_ID = re.compile(rb"[A-Za-z0-9_.:-]{8,64}")
_TURNED_AWAY = 503
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

    def __init__(
        self, app: ASGIApp, clock: Clock, door: Door, *, https: bool, origins: Sequence[str] = ()
    ) -> None:
        self._app = app
        self._clock = clock
        self._door = door
        self._origins = origins
        self._headers = (*_HEADERS, _HSTS) if https else _HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note what became of it."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        if scope["path"] in _QUIET:
            await self._pass(scope, receive, send)
            return
        try:
            stay = Stay(self._door.admission, self._door.lane(scope), receive)
        except OverloadedError as error:
            await self._turn_away(scope, send, error.retry_after_s)
            return

        async def send_noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                stay.end()
            await send(message)

        try:
            await self._pass(scope, stay.receive, send_noted)
        finally:
            stay.end()

    async def _turn_away(self, scope: HTTPScope, send: Send, retry_after_s: int) -> None:
        """Answer who does not come in. It is counted but not logged: that would cost the most."""
        headers, body = self._door.turned_away(scope, retry_after_s, self._origins)
        start: Any = {"type": "http.response.start", "status": _TURNED_AWAY, "headers": headers}
        self._add_headers(scope, start, self._id(scope))
        metrics.requests.labels(scope["method"], "turned away", _TURNED_AWAY).inc()
        await send(start)
        await send({"type": "http.response.body", "body": body, "more_body": False})

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
        for name, value in scope.get("state", {}).get("pace", {}).items():
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
