"""Pending transfers with a time: given back when it is over, unless they ended before."""

from datetime import timedelta
from uuid import UUID

import pytest

from serai import ledger
from serai.kernel import ids, timers
from serai.kernel.clock import ManualClock
from serai.kernel.tx import Database
from serai.ledger import Journal, Leg, Move, Posted, Settle
from tests.conftest import START

pytestmark = pytest.mark.money

MARKET = UUID(int=1)
BANK = ledger.cash(MARKET, "sandbox", "CNY")
HERS = ledger.wallet(MARKET, UUID(int=2), "CNY")
HIS = ledger.wallet(MARKET, UUID(int=3), "CNY")


async def post(database: Database, *legs: Leg) -> Posted:
    async with database.tx() as tx:
        id = ids.new(tx.now)
        made = Journal(
            id=id, market_id=MARKET, actor_id=MARKET, code="test", subject_id=id, legs=legs
        )
        [outcome] = await ledger.transfer(tx, [made])
    assert isinstance(outcome, Posted)
    return outcome


async def held(database: Database) -> UUID:
    await post(database, Move(BANK, HERS, 1_000))
    until = START + timedelta(hours=1)
    made = await post(database, Move(HERS, HIS, 600, pending=True, expires_at=until))
    return made.transfer_ids[0]


async def available(database: Database, name: ledger.Name) -> int:
    async with database.tx() as tx:
        return (await ledger.accounts(tx, [name.id]))[name.id].available


async def test_it_is_given_back_when_its_time_is_over(
    database: Database, clock: ManualClock
) -> None:
    id = await held(database)
    clock.advance(timedelta(minutes=59))
    assert await timers.fire(database, ledger.handlers) == 0
    assert await available(database, HERS) == 400
    clock.advance(timedelta(minutes=1))
    assert await timers.fire(database, ledger.handlers) == 1
    assert await available(database, HERS) == 1_000
    async with database.tx() as tx:
        end = (await ledger.transfers(tx, [ledger.end_id(id)]))[ledger.end_id(id)]
        assert end.phase is ledger.Phase.EXPIRED
        assert (await ledger.replayed(tx)).holds


async def test_what_was_settled_in_time_stays_settled(
    database: Database, clock: ManualClock
) -> None:
    id = await held(database)
    await post(database, Settle(id))
    clock.advance(timedelta(hours=2))
    assert await timers.fire(database, ledger.handlers) == 1
    assert await timers.fire(database, ledger.handlers) == 0
    assert (await available(database, HERS), await available(database, HIS)) == (400, 600)
