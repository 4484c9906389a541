"""The stage: decides who does the next thing, and what goes wrong.

Every call to the database is a turn. Everybody who wants one waits here, and
the seed draws who goes on; only then does his call reach the server. So one
thing happens at a time, in an order that the seed alone decides, although the
transactions are real and wait for each other's locks in a real PostgreSQL.
"""

import asyncio
import hashlib
import random
from collections.abc import Awaitable
from typing import Any, NamedTuple, TypeVar

import asyncpg

T = TypeVar("T")

_QUIET_ROUNDS = 12
"""Turns of the event loop in which nothing may move before the stage is called quiet."""

_LOOK_S = 0.003
"""How long a call may take before it is asked whether it waits for a lock."""

_BLOCKERS = "select pg_blocking_pids($1)"


class Lost(asyncpg.ConnectionDoesNotExistError):
    """A connection that the seed cut."""


class _Waiting(NamedTuple):
    """Somebody who waits for a turn."""

    who: int
    pid: int
    what: str
    future: asyncio.Future[None]


class Stage:
    """Who waits for a turn, and the dice."""

    def __init__(self, seed: int, watch: "asyncpg.Connection[Any]") -> None:
        self.dice = random.Random(seed)
        self.trouble = 0.0
        """How likely a call is to lose its connection."""
        self.turns = 0
        self.drawn = hashlib.sha256()
        """Everything that was drawn, in order: two plays are the same when this is."""
        self._watch = watch
        self._waiting: list[_Waiting] = []
        self._blockers: set[int] = set()
        self._slept: set[int] = set()
        self._calls: dict[int, asyncio.Future[Any]] = {}
        self._moves = 0
        self._aside = 0

    async def turn(self, who: int, pid: int, what: str) -> None:
        """Wait to be drawn. `who` is a number that is the same whenever the seed is."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(who, pid, what, future))
        self._moves += 1
        await future

    def woken(self, pid: int) -> bool:
        """Tell whether a call that has ended had to wait for a lock; its caller needs a turn.

        One commit may wake several at once: they go on in the order drawn here,
        not in that of the server's answers.
        """
        if pid in self._slept:
            self._slept.discard(pid)
            return True
        return False

    def cut(self) -> bool:
        """Draw whether this call loses its connection."""
        return self.dice.random() < self.trouble

    def calling(self, pid: int, call: "asyncio.Future[Any]") -> None:
        """Note a call that is on its way to the server."""
        self._calls[pid] = call
        call.add_done_callback(lambda _: self._ended(pid))

    async def aside(self, what: Awaitable[T]) -> T:
        """Do something that takes time but no turn: nobody is drawn until it is done."""
        self._aside -= 1
        call = asyncio.ensure_future(what)
        self.calling(self._aside, call)
        return await call

    def _ended(self, pid: int) -> None:
        self._moves += 1
        self._calls.pop(pid, None)

    @property
    def ready(self) -> bool:
        """Tell whether anybody waits for a turn."""
        return bool(self._waiting)

    @property
    def blocked(self) -> int:
        """Count the calls that wait for somebody else's lock."""
        return len(self._calls)

    def draw(self) -> str:
        """Let one of those who wait go on; gives what he is about to do.

        While a call waits for a lock, only those go on who hold what it waits
        for: PostgreSQL does not say which of two waiters comes first.
        """
        among = [one for one in self._waiting if one.pid in self._blockers] if self._calls else []
        among = sorted(among or self._waiting, key=lambda one: one.who)
        drawn = among[self.dice.randrange(len(among))]
        self._waiting.remove(drawn)
        what, future = drawn.what, drawn.future
        self.turns += 1
        self.drawn.update(what.encode())
        if not future.done():
            future.set_result(None)
        return what

    async def settle(self) -> None:
        """Wait until nothing moves: every call has ended or waits for a lock."""
        while True:
            await self._rest()
            if not self._calls:
                return
            done, _ = await asyncio.wait(
                self._calls.values(), timeout=_LOOK_S, return_when=asyncio.FIRST_COMPLETED
            )
            if not done and await self._all_blocked() and not self._ends():
                self._slept |= self._calls.keys()
                return

    async def _rest(self) -> None:
        """Let the event loop run until nobody moves without the server's answer."""
        quiet = 0
        while quiet < _QUIET_ROUNDS:
            before = self._moves
            await asyncio.sleep(0)
            quiet = quiet + 1 if self._moves == before else 0

    def _ends(self) -> bool:
        return any(call.done() for call in self._calls.values())

    async def _all_blocked(self) -> bool:
        self._blockers = set()
        for pid in sorted(self._calls):
            blockers = [] if pid < 0 else await self._watch.fetchval(_BLOCKERS, pid)
            if not blockers:
                return False
            self._blockers |= set(blockers)
        return True
