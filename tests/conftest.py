"""What every test stands on: a real PostgreSQL, a database a worker, a clean slate a test.

`SERAI_DATABASE_URL` names the server to use; without it the embedded one is
started, one for all workers of a run, in the run's temporary folder.
"""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import asyncpg
import pytest

from serai.kernel import logs
from serai.kernel.clock import ManualClock
from serai.kernel.migrate import migrate
from serai.kernel.postgres import serve
from serai.kernel.tx import Database, Tx, prepare

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
"""A Monday morning: the moment at which every test begins."""


@pytest.fixture(scope="session", autouse=True)
def _quiet() -> None:
    """Keep the logs of failures that tests cause on purpose out of the way."""
    logs.configure(level="critical")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Name a server that may be filled with databases."""
    given = os.environ.get("SERAI_DATABASE_URL")
    if given:
        yield given
        return
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    with serve(shared / "postgres", durable=False) as dsn:
        yield dsn


async def run(dsn: str, sql: str) -> None:
    """Run a statement on its own, outside every transaction."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


def address(dsn: str, database: str) -> str:
    """Name another database of the same server."""
    head, _, query = dsn.partition("?")
    base = head.rpartition("/")[0]
    return f"{base}/{database}" + (f"?{query}" if query else "")


@pytest.fixture(scope="session")
def template(server: str) -> Iterator[str]:
    """Name a migrated, empty database of this worker; it is copied, never written to."""
    name = f"serai_template_{uuid.uuid4().hex[:8]}"
    asyncio.run(run(server, f"create database {name}"))
    asyncio.run(migrate(address(server, name)))
    yield name
    asyncio.run(run(server, f"drop database if exists {name} with (force)"))


@pytest.fixture(scope="session")
def scratch(server: str, template: str) -> Iterator[str]:
    """Give the address of a database whose tests always roll back."""
    name = f"{template}_scratch"
    asyncio.run(run(server, f"create database {name} template {template}"))
    yield address(server, name)
    asyncio.run(run(server, f"drop database if exists {name} with (force)"))


@pytest.fixture
def clock() -> ManualClock:
    """Give a clock that stands at `START` until the test moves it."""
    return ManualClock(START)


@pytest.fixture
async def tx(scratch: str, clock: ManualClock) -> AsyncIterator[Tx]:
    """Open a transaction that is rolled back when the test ends."""
    connection = await asyncpg.connect(scratch)
    await prepare(connection)
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield Tx(connection, clock)
    finally:
        await transaction.rollback()
        await connection.close()


@pytest.fixture
async def dsn(server: str, template: str) -> AsyncIterator[str]:
    """Give the address of a database of this test's own, for what must commit."""
    name = f"serai_test_{uuid.uuid4().hex[:12]}"
    await run(server, f"create database {name} template {template}")
    yield address(server, name)
    await run(server, f"drop database if exists {name} with (force)")


@pytest.fixture
async def database(dsn: str, clock: ManualClock) -> AsyncIterator[Database]:
    """Give a database of this test's own, in which transactions commit."""
    opened = await Database.open(dsn, clock=clock)
    yield opened
    await opened.close()
