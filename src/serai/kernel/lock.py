"""The one place that locks rows.

Whoever changes a row that others may change too locks it here first. Rows are
locked in the order of their key, and tables in the order that
`docs/architecture.md` gives, so two transactions may wait for each other but
never in a circle. A distributed PostgreSQL wants another statement for this; it is
changed here and nowhere else.
"""

from collections.abc import Iterable
from functools import cache
from typing import TypeVar
from uuid import UUID

from serai.kernel.tx import Row, Tx, columns

R = TypeVar("R", bound=Row)


async def lock(tx: Tx, struct: type[R], ids: Iterable[UUID]) -> list[R]:
    """Lock the rows whose first key column is one of `ids`, and read them.

    In key order; an id without a row is simply not among the answers. The locks
    last until the transaction ends.
    """
    wanted = sorted(set(ids))
    if not wanted:
        return []
    return await tx.fetch(struct, _lock(struct), wanted)


@cache
def _lock(struct: type[Row]) -> str:
    # Every name in this statement is a class's own; no input reaches it.
    order = ", ".join(struct.key)
    return (
        f"select {columns(struct)} from {struct.table} "  # noqa: S608
        f"where {struct.key[0]} = any($1) order by {order} for update"
    )


async def claim(tx: Tx, struct: type[R], condition: str, *args: object, limit: int) -> list[R]:
    """Lock up to `limit` rows that match and that nobody else is at work on.

    `condition` is SQL of the caller's own, with `$1`… for `args`, and may end in
    an `order by`. Rows locked by another transaction are passed over.
    """
    sql = (
        f"select {columns(struct)} from {struct.table} "  # noqa: S608
        f"where {condition} limit {int(limit)} for update skip locked"
    )
    return await tx.fetch(struct, sql, *args)


async def alone(tx: Tx, name: str) -> bool:
    """Tell whether this transaction is the only one at work under that name.

    The claim ends with the transaction, also when its process is killed.
    """
    return bool(await tx.value("select pg_try_advisory_xact_lock(hashtextextended($1, 0))", name))
