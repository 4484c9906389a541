"""The database: transactions, and the one way rows are read and written.

A row is a `Struct` whose fields are the columns, in order, and which names its
table. `Tx` is one open transaction. What a hall may do to the database, it does
through a `Tx` that somebody else opened; nobody but a door or a batch commits.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache, lru_cache, partial
from struct import Struct as Layout
from typing import Any, ClassVar, Self, TypeAlias, TypeVar, get_type_hints
from uuid import UUID

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy
from msgspec import Struct

from serai.kernel.clock import Clock, SystemClock

_AS_THEY_COME: frozenset[Any] = frozenset(
    {int, str, bytes, bool, float, UUID, datetime, date, Any}
    | {UUID | None, datetime | None, date | None, str | None, int | None, bytes | None}
    | {list[UUID], list[str], list[int], dict[str, Any]}
)

_MOMENT = Layout(">q")
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


class Row(Struct, frozen=True, gc=False):
    """A row of the table that the class names; its fields are the columns, in order.

    No row leads back to itself, so the garbage collector need not look at any.
    """

    table: ClassVar[str]
    key: ClassVar[tuple[str, ...]] = ("id",)
    """The primary key. Rows are locked in its order."""


S = TypeVar("S", bound=Struct)


Connection: TypeAlias = "asyncpg.Connection[Any] | PoolConnectionProxy[Any]"


class Tx:
    """One open transaction, and the moment at which it was opened."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self.clock = clock
        self.now = clock.now()

    async def fetch(self, struct: type[S], sql: str, *args: object) -> list[S]:
        """Read rows into structs; the columns must be the struct's fields, in order."""
        records = await self._connection.fetch(sql, *args)
        if not records:
            return []
        names = struct.__struct_fields__
        if tuple(records[0].keys()) != names:
            message = f"{struct.__name__} has {names}, the query gave {tuple(records[0].keys())}"
            raise TypeError(message)
        turned = _conversions(struct)
        if not turned:
            return [struct(*record) for record in records]
        return [struct(*_convert(record, turned)) for record in records]

    async def first(self, struct: type[S], sql: str, *args: object) -> S | None:
        """Read one row, or nothing; more than one is a bug in the query."""
        found = await self.fetch(struct, sql, *args)
        if len(found) > 1:
            message = f"expected one {struct.__name__}, got {len(found)}"
            raise TypeError(message)
        return found[0] if found else None

    async def value(self, sql: str, *args: object) -> Any:  # noqa: ANN401  a column of any type
        """Read the first column of the first row, or None."""
        return await self._connection.fetchval(sql, *args)

    async def values(self, sql: str, *args: object) -> list[Any]:
        """Read the first column of every row."""
        return [record[0] for record in await self._connection.fetch(sql, *args)]

    async def execute(self, sql: str, *args: object) -> int:
        """Run a statement; gives how many rows it touched."""
        status = await self._connection.execute(sql, *args)
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def insert(self, rows: Sequence[Row]) -> None:
        """Write new rows of one table, set-wise and in the order given."""
        if not rows:
            return
        await self._connection.copy_records_to_table(
            type(rows[0]).table,
            records=[msgspec.structs.astuple(row) for row in rows],
            columns=type(rows[0]).__struct_fields__,
        )

    async def ensure(self, rows: Sequence[Row]) -> None:
        """Write rows unless their key is there already; in key order, so never a deadlock."""
        if not rows:
            return
        struct = type(rows[0])
        ordered = sorted(rows, key=lambda row: tuple(getattr(row, name) for name in struct.key))
        await self._connection.executemany(
            _insert_unless_there(struct), [msgspec.structs.astuple(row) for row in ordered]
        )

    def each(self, struct: type[S], sql: str, *args: object) -> AsyncIterator[S]:
        """Stream rows into structs without holding them all; for exports and audits."""
        return self._each(struct, sql, args)

    async def _each(self, struct: type[S], sql: str, args: tuple[object, ...]) -> AsyncIterator[S]:
        turned = _conversions(struct)
        async for record in self._connection.cursor(sql, *args, prefetch=1000):
            yield struct(*_convert(record, turned))


@cache
def columns(struct: type[Row]) -> str:
    """Name a row's columns, for a `select`."""
    return ", ".join(struct.__struct_fields__)


@cache
def _insert_unless_there(struct: type[Row]) -> str:
    places = ", ".join(f"${n}" for n in range(1, len(struct.__struct_fields__) + 1))
    # Every name in this statement is a class's own; no input reaches it.
    return (
        f"insert into {struct.table} ({columns(struct)}) values ({places})"  # noqa: S608
        " on conflict do nothing"
    )


@cache
def _conversions(struct: type[Struct]) -> tuple[tuple[int, Callable[[object], object]], ...]:
    """Find the fields whose value must be turned from what the driver gives."""

    def turn(kind: Any) -> Callable[[object], object]:  # noqa: ANN401  any annotation
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            # A look-up in C: a batch reads thousands of states and kinds.
            members: dict[object, StrEnum] = {member.value: member for member in kind}
            return members.__getitem__
        return lambda value: msgspec.convert(value, kind)

    hints = get_type_hints(struct)
    return tuple(
        (place, turn(hints[name]))
        for place, name in enumerate(struct.__struct_fields__)
        if hints[name] not in _AS_THEY_COME
    )


def _convert(
    record: Sequence[object], turned: tuple[tuple[int, Callable[[object], object]], ...]
) -> Sequence[object]:
    if not turned:
        return record
    values = list(record)
    for place, convert in turned:
        values[place] = convert(values[place])
    return values


class Database:
    """A pool of connections. Its life is that of the process that opened it."""

    def __init__(self, pool: "asyncpg.Pool[Any]", clock: Clock) -> None:
        self._pool = pool
        self.clock = clock

    @classmethod
    async def open(cls, dsn: str, *, size: int = 8, clock: Clock | None = None) -> Self:
        """Connect. No statement may run, or lock be waited for, longer than set here."""
        pool = await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=size,
            init=prepare,
            reset=_keep,
            server_settings={
                "application_name": "serai",
                "statement_timeout": "60s",
                "lock_timeout": "10s",
                "idle_in_transaction_session_timeout": "60s",
                "timezone": "UTC",
            },
        )
        return cls(pool, clock or SystemClock())

    async def close(self) -> None:
        """Let running transactions end, then disconnect."""
        await self._pool.close()

    @asynccontextmanager
    async def tx(self) -> AsyncIterator[Tx]:
        """Open a transaction: leaving commits, an exception rolls back."""
        async with self._pool.acquire() as connection, connection.transaction():
            yield Tx(connection, self.clock)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Tx]:
        """Open a read-only transaction that sees one moment, for audits and exports."""
        async with (
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            # A proof over a whole market may read longer than a page may.
            await connection.execute("set local statement_timeout = '1h'")
            yield Tx(connection, self.clock)


_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
    OSError,
)


def is_lost(error: BaseException) -> bool:
    """Tell whether the server went away, or is not back yet, rather than said no.

    What was under way may or may not be committed.
    """
    return isinstance(error, _LOST)


async def prepare(connection: Connection) -> None:
    """Teach a connection our JSON and our moments.

    Any struct goes into JSON, plain values come out; moments are aware, in UTC.
    """
    for name, version in (("json", b""), ("jsonb", b"\x01")):
        await connection.set_type_codec(
            name,
            schema="pg_catalog",
            format="binary",
            encoder=partial(_to_json, version),
            decoder=partial(_from_json, version),
        )

    await connection.set_type_codec(
        "timestamptz",
        schema="pg_catalog",
        format="binary",
        encoder=_to_moment,
        decoder=_from_moment,
    )


@lru_cache(maxsize=4096)
def _to_moment(value: datetime) -> bytes:
    """Write a moment as PostgreSQL does; a batch writes the same few thousands of times."""
    return _MOMENT.pack((value - _EPOCH) // _TICK)


def _from_moment(data: bytes) -> datetime:
    return _EPOCH + timedelta(microseconds=_MOMENT.unpack(data)[0])


def _to_json(version: bytes, value: object) -> bytes:
    return version + msgspec.json.encode(value)


def _from_json(version: bytes, data: bytes) -> object:
    return msgspec.json.decode(data[len(version) :])


async def _keep(_: Connection) -> None:
    """Leave a connection as it is: no session state is ever set outside a transaction."""
