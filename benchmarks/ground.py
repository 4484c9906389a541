"""The ground a benchmark stands on: a PostgreSQL of its own, with databases to fill.

It is the embedded one, as a market runs it: `fsync` and `synchronous_commit` on.
It lies in `SERAI_DATA` where that is set, which must be empty, else in a folder
that is gone at the end.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
from msgspec import Struct

from serai.kernel.migrate import migrate
from serai.kernel.postgres import serve


class Ground(Struct, frozen=True):
    """A running server; `dsn` leads to its database `postgres`."""

    dsn: str

    @property
    def socket_directory(self) -> str:
        """Name the directory in which the server listens."""
        return self._query("host")

    @property
    def port(self) -> str:
        """Name the port that its socket bears."""
        return self._query("port")

    def _query(self, name: str) -> str:
        return parse_qs(urlsplit(self.dsn).query)[name][0]

    def address(self, database: str) -> str:
        """Give the address of one of its databases."""
        return self.dsn.replace("@/postgres?", f"@/{database}?")

    def database(self, name: str, *, migrated: bool = True) -> str:
        """Make a database, with the market's schema unless told otherwise; its address."""
        self.run(f'create database "{name}"')
        if migrated:
            asyncio.run(migrate(self.address(name)))
        return self.address(name)

    def run(self, sql: str, database: str = "postgres") -> Any:  # noqa: ANN401  a value of any type
        """Run one statement outside a transaction; gives the first value, if there is one."""
        return asyncio.run(_run(self.address(database), sql))

    def script(self, sql: str, database: str) -> None:
        """Run statements in one transaction."""
        asyncio.run(_script(self.address(database), sql))

    def settle(self, database: str) -> None:
        """Leave nothing over from the filling: statistics, dead rows, dirty pages."""
        self.run("vacuum (analyze)", database)
        self.run("checkpoint")


async def _run(dsn: str, sql: str) -> Any:  # noqa: ANN401  a value of any type
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def _script(dsn: str, sql: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


@contextmanager
def ground() -> Iterator[Ground]:
    """Start the server, and leave nothing behind that was not there."""
    given = os.environ.get("SERAI_DATA")
    folder = Path(given) if given else Path(tempfile.mkdtemp(prefix="serai-bench-"))
    if folder.exists() and any(folder.iterdir()):
        message = f"{folder} is not empty, and a benchmark fills a market of its own"
        raise SystemExit(message)
    # PostgreSQL may run as another user, who must be able to enter.
    folder.mkdir(parents=True, exist_ok=True)
    if not given:
        folder.chmod(0o755)
    try:
        with serve(folder) as dsn:
            yield Ground(dsn)
    finally:
        if not given:
            shutil.rmtree(folder)
