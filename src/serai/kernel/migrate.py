"""The schema's history: numbered SQL files, applied in order, once, by one process at a time."""

import logging
from pathlib import Path

import asyncpg
from pogo_core.util import migrate as pogo
from pogo_core.util import sql as pogo_sql

# What was applied is this function's answer; the library need not say it too.
_quiet = logging.getLogger("serai.migrate")
_quiet.setLevel(logging.ERROR)


def folder() -> Path:
    """Find the migrations: beside the package when installed, at the root of a checkout."""
    packaged = Path(__file__).parent.parent / "migrations"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "migrations"


async def migrate(dsn: str) -> list[str]:
    """Bring the database to the newest schema; gives the names of what was applied.

    Processes that start together wait for the first of them.
    """
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("select pg_advisory_lock(hashtextextended('serai migrate', 0))")
        await pogo_sql.ensure_pogo_sync(connection)
        before = await pogo_sql.get_applied_migrations(connection, schema_name="public")
        await pogo.apply(connection, folder(), schema_name="public", logger=_quiet)
        after = await pogo_sql.get_applied_migrations(connection, schema_name="public")
    finally:
        await connection.close()
    return sorted(after - before)
