"""Pending transfers that end by themselves when their time is over."""

from collections.abc import Mapping, Sequence

from serai.kernel import timers
from serai.kernel.timers import Timer
from serai.kernel.tx import Database
from serai.ledger.model import EXPIRY, Journal, Void
from serai.ledger.posting import transfer


async def _expire(database: Database, due: Sequence[Timer]) -> None:
    """Give back what nobody settled; one that ended before is refused, and that is all."""
    journals = [
        Journal(
            id=timer.command_id(),
            market_id=timer.market_id,
            actor_id=timer.market_id,
            code="pending.expired",
            subject_id=timer.subject,
            legs=(Void(timer.subject, expired=True),),
        )
        for timer in due
    ]
    async with database.tx() as tx:
        await transfer(tx, journals)


handlers: Mapping[str, timers.Handler] = {EXPIRY: _expire}
