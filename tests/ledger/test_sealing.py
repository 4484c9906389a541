"""Seals: a changed past is seen, whichever way it was changed."""

from datetime import timedelta
from uuid import UUID

import pytest

from serai import ledger
from serai.kernel import ids
from serai.kernel.clock import ManualClock
from serai.kernel.tx import Database
from serai.ledger import Journal, Move

pytestmark = pytest.mark.money

MARKET = UUID(int=1)
BANK = ledger.cash(MARKET, "sandbox", "CNY")
HERS = ledger.wallet(MARKET, UUID(int=2), "CNY")


async def post(database: Database, count: int) -> None:
    async with database.tx() as tx:
        for _ in range(count):
            id = ids.new(tx.now)
            made = Journal(
                id=id,
                market_id=MARKET,
                actor_id=MARKET,
                code="topup.paid",
                subject_id=id,
                legs=(Move(BANK, HERS, 100),),
            )
            await ledger.transfer(tx, [made])


async def sealed(database: Database, clock: ManualClock, count: int = 3) -> None:
    await post(database, count)
    clock.advance(timedelta(minutes=10))
    assert await ledger.seal(database, MARKET) == count


async def holds(database: Database) -> bool:
    async with database.snapshot() as tx:
        return (await ledger.verify(tx)).holds


async def test_transfers_are_sealed_once_and_in_a_chain(
    database: Database, clock: ManualClock
) -> None:
    await sealed(database, clock)
    assert await ledger.seal(database, MARKET) == 0
    await sealed(database, clock, 2)
    async with database.snapshot() as tx:
        assert await tx.values("select transfers from ledger_seal order by number") == [3, 2]
        proof = await ledger.verify(tx)
    assert proof.holds
    assert proof.checked == 5


async def test_what_is_recent_is_not_sealed_yet(database: Database, clock: ManualClock) -> None:
    await post(database, 2)
    clock.advance(timedelta(minutes=4))
    assert await ledger.seal(database, MARKET) == 0


@pytest.mark.parametrize(
    "change",
    [
        "update ledger_transfer set amount = amount + 1 where id = (select id from t)",
        "update ledger_transfer set code = 'other' where id = (select id from t)",
        "update ledger_transfer set debit_id = gen_random_uuid() where id = (select id from t)",
        "delete from ledger_transfer where id = (select id from t)",
        "update ledger_seal set digest = sha256(digest) where number = 1",
        "delete from ledger_seal where number = 1",
        """
        insert into ledger_transfer select gen_random_uuid(), market_id, journal_id, debit_id,
        credit_id, amount, phase, parent_id, code, subject_id, at from ledger_transfer
        where id = (select id from t)
        """,
    ],
    ids=["amount", "reason", "account", "removed", "digest", "link removed", "slipped in"],
)
async def test_a_changed_past_breaks_the_chain(
    database: Database, clock: ManualClock, change: str
) -> None:
    await sealed(database, clock)
    await sealed(database, clock)
    assert await holds(database)
    async with database.tx() as tx:
        await tx.execute(
            f"with t as (select id from ledger_transfer order by at, id limit 1) {change}"
        )
    assert not await holds(database)


async def test_a_clock_that_is_behind_does_not_write_into_the_sealed_past(
    database: Database, clock: ManualClock, dsn: str
) -> None:
    await sealed(database, clock)
    behind = await Database.open(dsn, clock=ManualClock(clock.now() - timedelta(hours=1)))
    try:
        await post(behind, 2)
    finally:
        await behind.close()
    assert await holds(database)
    async with database.tx() as tx:
        late = await tx.value(
            "select count(*) from ledger_transfer, ledger_seal where number = 1 and at > last_at"
        )
    assert late == 2
