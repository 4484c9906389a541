"""Wires: connections whose every call is a turn on the stage, and may be cut.

A cut before a call loses the transaction; a cut after a commit loses the answer
though the commit stands. The server has really let go of a cut connection
before anybody else moves.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

import asyncpg

from serai.kernel.clock import Clock
from serai.kernel.tx import Database, Tx, prepare
from tests.simulation.stage import Lost, Stage

T = TypeVar("T")

_LOOKS_MAX = 5_000

_GONE = "select count(*) = 0 from pg_stat_activity where pid = $1"


class Wire:
    """A connection as `Tx` uses it."""

    def __init__(self, real: "asyncpg.Connection[Any]", stage: Stage, number: int) -> None:
        self.real = real
        self._number = number
        self._stage = stage
        self.pid = real.get_server_pid()
        self.wrote = False

    async def call(self, what: str, make: "Awaitable[T]", *, may_cut: bool = True) -> T:
        """Take a turn, then make the call, unless the wire is cut first."""
        task = asyncio.ensure_future(self._when_drawn(what, make, may_cut=may_cut))
        try:
            return await task
        except asyncio.CancelledError:
            task.cancel()
            raise

    async def _when_drawn(self, what: str, make: "Awaitable[T]", *, may_cut: bool) -> T:
        await self._stage.turn(self._number, self.pid, what)
        if may_cut and self._stage.cut():
            cast("Any", make).close()
            self.real.terminate()
            raise Lost(what)
        made = asyncio.ensure_future(make)
        self._stage.calling(self.pid, made)
        try:
            return await made
        finally:
            if self._stage.woken(self.pid):
                await self._stage.turn(self._number, self.pid, "wake")

    def _note(self, sql: str) -> None:
        """Remember whether the transaction may have changed anything."""
        self.wrote = self.wrote or not sql.lstrip().startswith("select")

    async def fetch(self, sql: str, *args: object) -> list[Any]:
        """Fetch rows."""
        self._note(sql)
        return await self.call(sql, self.real.fetch(sql, *args))

    async def fetchval(self, sql: str, *args: object) -> Any:  # noqa: ANN401
        """Fetch one value."""
        self._note(sql)
        return await self.call(sql, self.real.fetchval(sql, *args))

    async def execute(self, sql: str, *args: object) -> str:
        """Run a statement."""
        self._note(sql)
        return await self.call(sql, self.real.execute(sql, *args))

    async def executemany(self, sql: str, args: Any) -> None:  # noqa: ANN401
        """Run a statement for each of many."""
        self.wrote = True
        await self.call(sql, self.real.executemany(sql, args))

    async def copy_records_to_table(self, table: str, **how: Any) -> str:  # noqa: ANN401
        """Write many rows."""
        self.wrote = True
        return await self.call(f"copy {table}", self.real.copy_records_to_table(table, **how))

    def cursor(self, sql: str, *args: object, **how: Any) -> Any:  # noqa: ANN401
        """Read on and on; without turns, since nobody can come in between a snapshot's rows."""
        return self.real.cursor(sql, *args, **how)


class WiredDatabase(Database):
    """A database whose connections run over wires."""

    def __init__(self, dsn: str, stage: Stage, clock: Clock) -> None:
        self.clock = clock
        self._dsn = dsn
        self._stage = stage
        self._idle: list[asyncpg.Connection[Any]] = []
        self.commits = 0
        self._opened = 0

    @asynccontextmanager
    async def tx(self) -> AsyncIterator[Tx]:
        """Open a transaction, as `Database` does; `commits` counts those that wrote."""
        self._opened += 1
        number = self._opened
        wire = Wire(await self._connection(), self._stage, number)
        try:
            await wire.call("begin", wire.real.execute("begin"))
            yield Tx(cast("Any", wire), self.clock)
            await wire.call("commit", wire.real.execute("commit"))
            self.commits += wire.wrote
            self._maybe_cut(wire)
        except BaseException:
            await self._undo(wire)
            raise
        self._idle.append(wire.real)

    def _maybe_cut(self, wire: Wire) -> None:
        """Lose the answer of a commit that stands."""
        if self._stage.cut():
            wire.real.terminate()
            message = "after the commit"
            raise Lost(message)

    async def _undo(self, wire: Wire) -> None:
        if wire.real.is_closed():
            await self._stage.aside(self._let_go(wire))
        else:
            await self._stage.aside(wire.real.execute("rollback"))
            self._idle.append(wire.real)

    async def _let_go(self, wire: Wire) -> None:
        """Wait until the server has noticed, so that its locks are free."""
        other = await self._connect()
        self._idle.append(other)
        for _ in range(_LOOKS_MAX):
            if await other.fetchval(_GONE, wire.pid):
                return
            await asyncio.sleep(0.001)
        message = "the server keeps a connection that was cut"
        raise TimeoutError(message)

    async def _connection(self) -> "asyncpg.Connection[Any]":
        if self._idle:
            return self._idle.pop(0)
        return await self._stage.aside(self._connect())

    async def _connect(self) -> "asyncpg.Connection[Any]":
        made: asyncpg.Connection[Any] = await asyncpg.connect(
            self._dsn, server_settings={"lock_timeout": "20s", "deadlock_timeout": "300ms"}
        )
        await prepare(made)
        return made

    async def close(self) -> None:
        """Close every connection."""
        for connection in self._idle:
            connection.terminate()
