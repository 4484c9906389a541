"""What a client does over and over: order, move money."""

import asyncio
import random
from typing import Any, TypeVar

from benchmarks.load import Act
from benchmarks.stage import CURRENCY, Stage
from serai import ledger, trade
from serai.kernel import ids
from serai.kernel.batch import Batcher
from serai.kernel.errors import OverloadedError, Refused
from serai.kernel.tx import Database

_BACK_OFF_S = 0.02

C = TypeVar("C")
R = TypeVar("R")


async def order(database: Database, stage: Stage, facts: dict[str, Any]) -> Act:
    """Buy one unit of one of `variants` and pay it; a buyer and a variant by chance."""
    batcher: Batcher[trade.Checkout, trade.Placed | Refused] = Batcher(
        database, trade.place_orders, size_max=facts.get("batch", 500)
    )
    variants = facts.get("variants") or stage.variants

    async def act(chance: random.Random) -> str:
        buyer = chance.choice(stage.buyers)
        command = trade.Checkout(
            id=ids.new(database.clock.now()),
            market_id=stage.market_id,
            actor_id=buyer.id,
            wanted=(trade.Wanted(chance.choice(variants), 1),),
            address_id=buyer.address_id,
        )
        outcome = await _submit(batcher, command)
        return outcome.code if isinstance(outcome, Refused) else "placed"

    return act


async def move(database: Database, stage: Stage, facts: dict[str, Any]) -> Act:
    """Move one cent between two of many wallets; all to one where `hot` says so."""
    batcher: Batcher[ledger.Journal, ledger.Posted | Refused] = Batcher(
        database, ledger.transfer, size_max=facts.get("batch", 500)
    )
    names = [ledger.wallet(stage.market_id, buyer.id, CURRENCY) for buyer in stage.buyers]
    hot = names[0] if facts.get("hot") else None

    async def act(chance: random.Random) -> str:
        debit, credit = chance.sample(names, 2)
        if hot is not None:
            credit = hot
            debit = debit if debit is not hot else names[1]
        id = ids.new(database.clock.now())
        journal = ledger.Journal(
            id=id,
            market_id=stage.market_id,
            actor_id=debit.owner_id or stage.market_id,
            code="bench.move",
            subject_id=id,
            legs=(ledger.Move(debit, credit, 1),),
        )
        outcome = await _submit(batcher, journal)
        return outcome.code if isinstance(outcome, Refused) else "posted"

    return act


async def _submit(batcher: Batcher[C, R], command: C) -> R:
    """Have a command decided; who is told that too many wait comes again in a moment."""
    while True:
        try:
            return await batcher.submit(command)
        except OverloadedError:
            await asyncio.sleep(_BACK_OFF_S)
