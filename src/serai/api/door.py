"""The door of a server process: who may come in while more come than can be served.

It stands before everything else that a request costs: before the token is looked
up, the body read, the command queued. Each market has its share of the room. A
request's market is known by its token where that was seen before; tokens that
were not, and requests without one, share one lane among them.
"""

from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from uuid import UUID

import msgspec
from litestar.types import HTTPReceiveMessage, HTTPScope, Receive, WebSocketReceiveMessage

from serai.api.problems import MEDIA_TYPE, Problem
from serai.api.says import Says
from serai.kernel import i18n
from serai.kernel.admission import Admission

_WAIT_MAX_S = 0.25
_ALWAYS = 32
_INSIDE_MAX = 1_000
_TOKENS_MAX = 50_000

Lane = UUID | None
"""A market; None for everybody who is not known yet."""

Header = tuple[bytes, bytes]


class Door:
    """The room of one process, and which market each token was for."""

    def __init__(self, says: Says, admission: Admission | None = None) -> None:
        self.admission = admission or Admission(
            "door", wait_max_s=_WAIT_MAX_S, always=_ALWAYS, inside_max=_INSIDE_MAX
        )
        self._says = says
        # By a digest that means nothing outside this process: the tokens are not kept.
        self._markets: OrderedDict[int, UUID] = OrderedDict()

    def learn(self, authorization: str, market_id: UUID) -> None:
        """Remember for which market a header was good; it opens nothing, it only queues."""
        digest = hash(authorization.encode("latin-1"))
        self._markets[digest] = market_id
        self._markets.move_to_end(digest)
        if len(self._markets) > _TOKENS_MAX:
            self._markets.popitem(last=False)

    def lane(self, scope: HTTPScope) -> Lane:
        """Tell whose share of the room a request takes."""
        token = header(scope, b"authorization")
        return self._markets.get(hash(token)) if token else None

    def turned_away(
        self, scope: HTTPScope, retry_after_s: int, origins: Sequence[str]
    ) -> tuple[list[Header], bytes]:
        """Write the answer to a request that does not come in, at as little cost as can be."""
        locale = i18n.negotiate((header(scope, b"accept-language") or b"").decode("latin-1"))
        title, detail = _words(self._says, locale, retry_after_s)
        problem = Problem(
            type="/api/problems/overloaded",
            title=title,
            status=self._says.status,
            code="overloaded",
            detail=detail,
            instance=scope["path"],
            facts={"seconds": retry_after_s},
        )
        body = msgspec.json.encode(problem)
        headers = [
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"content-language", locale.encode()),
            (b"cache-control", b"no-store"),
            (b"retry-after", str(retry_after_s).encode()),
            *_allowed(scope, origins),
        ]
        return headers, body


@lru_cache(maxsize=256)
def _words(says: Says, locale: str, seconds: int) -> tuple[str, str]:
    return i18n.say(locale, says.title), i18n.say(locale, says.detail, seconds=seconds)


def header(scope: HTTPScope, name: bytes) -> bytes | None:
    """Give a header of a request as it was sent."""
    return next((value for key, value in scope["headers"] if key == name), None)


def _allowed(scope: HTTPScope, origins: Sequence[str]) -> list[Header]:
    """Let a script of an allowed origin read why it was turned away."""
    origin = header(scope, b"origin")
    if origin is None or origin.decode("latin-1") not in origins:
        return []
    exposed = (b"access-control-expose-headers", b"Retry-After, X-Request-Id")
    return [(b"access-control-allow-origin", origin), exposed, (b"vary", b"Origin")]


class Stay:
    """A request inside, from when it came to when its answer began.

    Neither a client that sends its body slowly nor one that reads slowly keeps
    another one out.
    """

    def __init__(self, admission: Admission, lane: Lane, receive: Receive) -> None:
        self._admission = admission
        self._lane = lane
        self._receive = receive
        self._away = self._over = self._has_all = False
        admission.enter(lane)

    async def receive(self) -> HTTPReceiveMessage | WebSocketReceiveMessage:
        """Wait for what the client sends; until its body is whole that takes no room."""
        if self._over or self._has_all:
            return await self._receive()
        self._away = True
        try:
            with self._admission.outside(self._lane):
                message = await self._receive()
        finally:
            self._away = False
            if self._ended_meanwhile():
                self._admission.leave(self._lane)
        self._has_all = not message.get("more_body", False)
        return message

    def _ended_meanwhile(self) -> bool:
        return self._over

    def end(self) -> None:
        """Leave, once."""
        if not self._over:
            self._over = True
            if not self._away:
                self._admission.leave(self._lane)
