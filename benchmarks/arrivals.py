"""Arrivals: orders over HTTP that come when they are due, whoever was answered or not.

In an open loop a slow server does not slow its clients down, as in a rush. Times
count from when a request was due, so that what waited here is not left out.
"""

import asyncio
import random
import time
from uuid import UUID

import msgspec
from msgspec import Struct

from benchmarks.stage import Buyer
from benchmarks.wire import Wire, request
from serai.api.idempotency import HEADER
from serai.kernel import ids
from serai.kernel.clock import SystemClock

_ANSWER_S = 10.0
_PLACED, _TOO_BUSY = 201, 503
_BACK_OFF_S = 0.05


class Shot(Struct, frozen=True):
    """One request: when it was due, by how much it was sent late, and what came of it."""

    due_s: float
    late_s: float
    took_s: float
    """From when it was due to its answer."""
    status: int
    """0 where no answer came."""
    has_retry_after: bool


class Buyers(Struct, frozen=True):
    """Who buys what, with which tokens, at which door."""

    port: int
    buyers: list[Buyer]
    tokens: dict[UUID, str]
    variants: list[UUID]


class Arrivals:
    """The clients of one process: their connections, and what they saw."""

    def __init__(self, buyers: Buyers, seed: str) -> None:
        self._buyers = buyers
        self._chance = random.Random(seed)
        self._idle: list[Wire] = []
        self.connections = 0

    async def closed(self, clients: int, seconds: float) -> list[Shot]:
        """Let so many clients order, each again as soon as it was answered."""
        until, shots = time.monotonic() + seconds, []

        async def one() -> None:
            while (due := time.monotonic()) < until:
                shots.append(shot := await self._shoot(due))
                if shot.status != _PLACED:
                    await asyncio.sleep(_BACK_OFF_S)

        await asyncio.gather(*(one() for _ in range(clients)))
        return shots

    async def open(self, rate: float, seconds: float) -> list[asyncio.Task[Shot]]:
        """Send so many orders a second, at moments chosen by chance, for so long.

        Ends when the last is sent: what comes next must not wait for the answers.
        """
        tasks: list[asyncio.Task[Shot]] = []
        began = due = time.monotonic()
        while due < began + seconds:
            wait = due - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            tasks.append(asyncio.create_task(self._shoot(due)))
            if len(tasks) % 20 == 0:
                # Behind time: let answers in as well.
                await asyncio.sleep(0)
            due += self._chance.expovariate(rate)
        return tasks

    async def _shoot(self, due: float) -> Shot:
        sent = time.monotonic()
        status, told = 0, False
        try:
            wire = await self._wire()
            answer = await asyncio.wait_for(wire.ask(self._order()), _ANSWER_S)
        except (OSError, TimeoutError):
            pass
        else:
            status, told = answer.status, "retry-after" in answer.headers
            self._idle.append(wire)
        return Shot(due, sent - due, time.monotonic() - due, status, told)

    async def _wire(self) -> Wire:
        """Take a connection that waits, or open another one: the crowd knows no limit."""
        while self._idle:
            wire = self._idle.pop()
            if wire.is_open:
                return wire
        self.connections += 1
        return await Wire.open(self._buyers.port)

    def _order(self) -> bytes:
        buyer = self._chance.choice(self._buyers.buyers)
        line = {"variant_id": self._chance.choice(self._buyers.variants), "quantity": 1}
        headers = {
            "authorization": f"Bearer {self._buyers.tokens[buyer.id]}",
            HEADER: str(ids.new(SystemClock().now())),
        }
        body = msgspec.json.encode({"lines": [line], "address_id": buyer.address_id})
        return request("POST", "/api/v1/orders", headers, body)


def placed(shots: list[Shot]) -> list[Shot]:
    """Give those that bought something."""
    return [shot for shot in shots if shot.status == _PLACED]


def turned_away(shots: list[Shot]) -> list[Shot]:
    """Give those that were told to come again."""
    return [shot for shot in shots if shot.status == _TOO_BUSY]
