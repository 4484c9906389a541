"""The market's door, as those who come to trade use it: the HTTP API and nothing else."""

import asyncio
from typing import Any

import httpx
from msgspec import Struct

from serai.cli.stops import Exit, Stopped
from serai.kernel import ids
from serai.kernel.clock import SystemClock

API = "/api/v1"

_TRIES_MAX = 20
_TOO_MANY = 429
_WRONG = 400
_TIMEOUT_S = 30


class Actor(Struct, frozen=True):
    """Somebody who trades: the part they play, their name, and the token of their session."""

    part: str
    name: str
    id: str
    token: str


class Door:
    """A client of the API; its life is that of the connection it was given."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._clock = SystemClock()

    async def read(self, path: str, actor: Actor | None = None) -> Any:  # noqa: ANN401  JSON
        """Ask for something."""
        return await self._send("GET", path, actor, None, {})

    async def write(self, path: str, actor: Actor | None, **body: object) -> Any:  # noqa: ANN401
        """Have something done, once: should the answer be lost, the same key asks again."""
        key = str(ids.new(self._clock.now()))
        return await self._send("POST", path, actor, body, {"Idempotency-Key": key})

    async def _send(
        self,
        method: str,
        path: str,
        actor: Actor | None,
        body: dict[str, object] | None,
        headers: dict[str, str],
    ) -> Any:  # noqa: ANN401
        if actor is not None:
            headers = {**headers, "Authorization": f"Bearer {actor.token}"}
        for _ in range(_TRIES_MAX):
            try:
                answer = await self._client.request(method, API + path, json=body, headers=headers)
            except httpx.HTTPError as error:
                said = f"the market at {self._client.base_url} does not answer ({error!r})"
                raise Stopped(f"{said}: see that `serai up` runs", Exit.UNREACHABLE) from error
            if answer.status_code != _TOO_MANY:
                return _told(answer, f"{method} {path}")
            await asyncio.sleep(float(answer.headers.get("retry-after", "1")))
        raise Stopped(f"{method} {path}: the market is too busy; try later", Exit.UNREACHABLE)


def client(url: str, transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """Connect to a market."""
    return httpx.AsyncClient(base_url=url, transport=transport, timeout=_TIMEOUT_S, trust_env=False)


def _told(answer: httpx.Response, asked: str) -> Any:  # noqa: ANN401
    """Give the body of an answer; a problem ends the trade in the market's own words."""
    if answer.status_code < _WRONG:
        return answer.json() if answer.content else None
    try:
        problem = answer.json()
        said = f"{problem['title']} {problem.get('detail', '')} {problem.get('errors', '')}"
    except (ValueError, KeyError, TypeError):
        said = answer.text[:200]
    raise Stopped(f"{asked} was answered with {answer.status_code}: {said}", Exit.REFUSED)
