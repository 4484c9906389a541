"""Where the market is kept: its settings, its database, and whether its schema is ours."""

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from serai.cli.stops import Exit, Stopped
from serai.kernel import settings as reading
from serai.kernel.settings import Settings, SettingsError

if TYPE_CHECKING:
    from serai.kernel.tx import Database

T = TypeVar("T")


def settings() -> Settings:
    """Read the settings, or say which variable is wrong."""
    try:
        return reading.read()
    except SettingsError as error:
        raise Stopped(str(error), Exit.USAGE) from error


@contextmanager
def server(given: Settings, *, make: bool = False) -> Iterator[str]:
    """Name the database: the one that is set, or the embedded one, which is served meanwhile.

    With `make` an embedded one is made where there is none yet.
    """
    from serai.kernel.postgres import PostgresRefused, serve

    if given.database_url is not None:
        yield given.database_url
        return
    if not make and not os.path.lexists(given.data / "postgres"):
        said = f"there is no market in {given.data} yet"
        raise Stopped(f"{said}: start one with `serai up`, or set SERAI_DATA", Exit.UNREACHABLE)
    try:
        with serve(given.data) as dsn:
            yield dsn
    except PostgresRefused as error:
        raise Stopped(str(error), Exit.UNREACHABLE) from error


def with_database(
    act: "Callable[[Database], Awaitable[T]]", given: Settings, *, make: bool = False
) -> T:
    """Run something on the market's database, and leave that as it was found.

    The schema must be the newest; with `make` it is brought there.
    """
    from serai.kernel import logs

    # What a command has to say it says itself; of the house only trouble is heard.
    logs.configure(given.log_format, "warning")
    with server(given, make=make) as dsn:
        return asyncio.run(_on(dsn, act, given, make=make))


def preload(*modules: str) -> None:
    """Begin to read what will be needed, and the places, while PostgreSQL starts beside us."""

    def read() -> None:
        from serai import members

        for name in modules:
            import_module(name)
        members.place(0)

    threading.Thread(target=read, name="preload", daemon=True).start()


@contextmanager
def reaching(dsn: str) -> Iterator[None]:
    """Say plainly where the database is not there, or does not let us in."""
    import asyncpg

    try:
        yield
    except (
        OSError,
        TimeoutError,
        asyncpg.PostgresConnectionError,
        asyncpg.CannotConnectNowError,
        asyncpg.InvalidAuthorizationSpecificationError,
        asyncpg.InvalidCatalogNameError,
        asyncpg.TooManyConnectionsError,
        asyncpg.InsufficientPrivilegeError,
        asyncpg.ClientConfigurationError,
    ) as error:
        said = f"the database at {shown(dsn)} cannot be used ({error})"
        raise Stopped(f"{said}: see that it runs and lets us in", Exit.UNREACHABLE) from error


def shown(dsn: str) -> str:
    """Write the address of a database without the password in it."""
    parts = urlsplit(dsn)
    if not parts.scheme:
        return dsn
    host = parts.hostname or "a local socket"
    port = f":{parts.port}" if parts.hostname and parts.port else ""
    return f"{host}{port}{parts.path}"


async def _on(
    dsn: str, act: "Callable[[Database], Awaitable[T]]", given: Settings, *, make: bool
) -> T:
    import asyncpg

    from serai.kernel.tx import Database

    if make:
        await migrated(dsn)
    with reaching(dsn):
        database = await Database.open(dsn, size=given.pool_size)
    try:
        if not make:
            await _check_schema(database)
        return await act(database)
    except asyncpg.PostgresConnectionError as error:
        said = f"the database at {shown(dsn)} was lost ({error})"
        raise Stopped(f"{said}: see that it runs, and try again", Exit.UNREACHABLE) from error
    finally:
        await database.close()


async def migrated(dsn: str) -> list[str]:
    """Bring the database to the newest schema; gives what was applied."""
    from serai.kernel.migrate import migrate

    with reaching(dsn):
        return await migrate(dsn)


async def _check_schema(database: "Database") -> None:
    from serai.kernel.migrate import folder

    async with database.tx() as tx:
        there = await tx.value("select to_regclass('public._pogo_migration') is not null")
        applied = await tx.values("select migration_id from _pogo_migration") if there else []
    missing = sorted({path.stem for path in folder().glob("[0-9]*.sql")} - set(applied))
    if missing:
        said = f"the database lacks {', '.join(missing)}"
        raise Stopped(f"{said}: run `serai migrate`, or start with `serai up`", Exit.UNREACHABLE)
