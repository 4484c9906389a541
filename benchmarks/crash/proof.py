"""What the database must say about the journal: acknowledged once, in doubt at most once."""

from collections import Counter
from uuid import UUID

import msgspec

from benchmarks.crash.journal import Acknowledged, Asked, Journal
from serai.kernel import commands
from serai.kernel.tx import Database

_DONE_BELOW = 300
_SHOWN_MAX = 3

_ORDERS = "select checkout_id::text from trade_order"
_KNOWN = "select id from kernel_command where id = any($1)"


async def committed(dsn: str, asked: list[Asked]) -> int:
    """Count those of the commands that the market has decided and committed."""
    database = await Database.open(dsn, size=1)
    try:
        async with database.snapshot() as tx:
            return len(await tx.values(_KNOWN, [one.command_id for one in asked]))
    finally:
        await database.close()


async def proved(dsn: str, journal: Journal) -> list[str]:
    """Hold the whole journal against the whole database; gives what does not agree."""
    database = await Database.open(dsn, size=1)
    try:
        async with database.snapshot() as tx:
            ids = {one.command_id: one for one in journal.asked.values()}
            known = await commands.answered(tx, list(ids))
            orders = Counter(await tx.values(_ORDERS))
    finally:
        await database.close()
    breaches = []
    for id, asked in ids.items():
        acknowledged = journal.acknowledged.get(asked.key)
        if acknowledged is not None:
            breaches += _compared(asked, acknowledged, known.get(id), orders)
    checkouts = {str(id) for id, asked in ids.items() if asked.path == "/orders"}
    strange = [id for id in orders if id not in checkouts]
    if strange:
        breaches.append(f"orders that nobody asked for: {strange[:_SHOWN_MAX]}")
    return breaches


def _compared(
    asked: Asked, acknowledged: Acknowledged, known: commands.Answered | None, orders: Counter[str]
) -> list[str]:
    named = f"{asked.path} {asked.key}"
    if known is None:
        return [f"{named} was acknowledged and is gone"]
    said = msgspec.json.decode(acknowledged.answer)
    if acknowledged.status >= _DONE_BELOW:
        same = known.outcome["outcome"] == "refused" and known.outcome["code"] == said["code"]
        return [] if same else [f"{named} was refused and stands as {known.outcome}"]
    wanted = len(said["orders"]) if asked.path == "/orders" else 0
    found = orders[str(UUID(said["checkout_id"]))] if wanted else 0
    if wanted != found:
        return [f"{named} was acknowledged with {wanted} orders, and there are {found}"]
    return [] if known.outcome == said else [f"{named} was {said} and stands as {known.outcome}"]
