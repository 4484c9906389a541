"""Standing: what of the demo market is there already, and how to begin anew.

The market's own record says that it is sample data and whether all of it is
there, so that nothing else is ever taken for it.
"""

from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from serai import members
from serai.cli.rehearsal.coming import BEGUN, FINISHED
from serai.kernel.tx import Database, Tx


class Standing(StrEnum):
    """What a database holds."""

    EMPTY = "empty"
    SEEDED = "seeded"
    UNFINISHED = "unfinished"
    OTHER = "other"
    """A market that is not the demo's."""


class Found(Struct, frozen=True):
    """What a database holds, and the market that it is about."""

    standing: Standing
    market: members.Market | None = None


async def look(tx: Tx) -> Found:
    """Tell what a database holds."""
    markets = await members.markets(tx)
    if not markets:
        return Found(Standing.EMPTY)
    for market in markets:
        marks = await _marks(tx, market.id)
        if BEGUN not in marks:
            return Found(Standing.OTHER, market)
        if FINISHED not in marks:
            return Found(Standing.UNFINISHED, market)
    return Found(Standing.SEEDED, markets[0])


async def _marks(tx: Tx, market_id: UUID) -> set[str]:
    return {one.action for one in await members.actions_page(tx, market_id, subject=market_id)}


_TABLES = r"""
select string_agg(format('%I.%I', schemaname, tablename), ', ' order by tablename)
from pg_tables where schemaname = 'public' and tablename not like '\_pogo%'
"""


async def erase(database: Database) -> None:
    """Empty a database that holds nothing but the demo market; anything else is left alone.

    Raises `ValueError` where there is a market that is not marked as sample data.
    """
    async with database.tx() as tx:
        found = await look(tx)
        if found.standing is Standing.OTHER and found.market is not None:
            raise ValueError(f"{found.market.name} is not sample data")
        tables = await tx.value(_TABLES)
        # Names of tables, quoted by the database itself; no input reaches it.
        await tx.execute(f"truncate {tables}")
