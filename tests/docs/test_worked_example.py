"""The rows of the worked example in docs/architecture.md are what the ledger writes."""

from datetime import timedelta
from uuid import UUID

import pytest

from serai import ledger, logistics, members, payments, trade, worker
from serai.kernel import ids
from serai.kernel.clock import ManualClock
from serai.kernel.tx import Database, Tx, columns
from tests import world as worlds
from tests.docs import reading
from tests.world import World, ask, checkout, good, later

pytestmark = pytest.mark.money

BP = 200


async def _topped_up(database: Database, world: World) -> None:
    async with database.tx() as tx:
        wanted = payments.TopUp(
            id=ids.new(tx.clock.now()), market_id=world.market_id, actor_id=world.ana,
            amount=20_000, currency="CNY", account="SANDBOX-OK",
        )  # fmt: skip
        good((await payments.top_up(tx, [wanted]))[0])
    await worker.settle(database)


async def _sold(database: Database, world: World) -> UUID:
    async with database.tx() as tx:
        [placed] = await trade.place_orders(tx, [checkout(tx, world, (world.tea, 2))])
        order_id = good(placed).orders[0].id
        good((await trade.ship_orders(tx, [ask(tx, world, trade.Ship, world.lin, order_id)]))[0])
        await _refunded(later(tx, minutes=10), world, order_id, 1_000)
        [parcel] = (await logistics.parcels_of(tx, [order_id]))[order_id]
        scanned = worlds.scan(tx, world, parcel.id, logistics.Step.DELIVER)
        good((await logistics.scan(tx, [scanned]))[0])
    await worker.settle(database)
    async with database.tx() as tx:
        later(tx, days=2)
        command = ask(tx, world, trade.Confirm, world.ana, order_id)
        good((await trade.confirm_orders(tx, [command]))[0])
    return order_id


async def _refunded(tx: Tx, world: World, order_id: UUID, amount: int) -> None:
    command = ask(
        tx, world, trade.Refund, world.lin, order_id, amount=amount, reason="a dented tin"
    )
    good((await trade.refund_orders(tx, [command]))[0])


async def _paid_out(database: Database, clock: ManualClock, world: World, amount: int) -> None:
    async with database.tx() as tx:
        wanted = payments.Withdraw(
            id=ids.new(tx.clock.now()), market_id=world.market_id, actor_id=world.lin,
            amount=amount, currency="CNY", account="SANDBOX-OK", holder="Lin",
        )  # fmt: skip
        good((await payments.withdraw(tx, [wanted]))[0])
    clock.advance(timedelta(minutes=1))
    await worker.settle(database)


async def _rows(tx: Tx, world: World) -> list[list[str]]:
    """Every transfer of the market as the document writes it."""
    sql = f"select {columns(ledger.Transfer)} from ledger_transfer"
    transfers = await tx.fetch(ledger.Transfer, sql)
    found = await ledger.accounts(tx, [id for t in transfers for id in (t.debit_id, t.credit_id)])
    # Within a journal the ids say nothing of the order: what ends a transfer comes first.
    transfers.sort(key=lambda t: (t.at, t.parent_id is None, found[t.debit_id].kind))
    people = {world.ana: "Ana", world.lin: "Lin"}

    def name(id: UUID) -> str:
        account = found[id]
        owner = people.get(account.owner_id) if account.owner_id else None
        return " ".join(part for part in (account.kind.value, owner, account.label) if part)

    numbers = {t.id: str(number) for number, t in enumerate(transfers, start=1)}
    return [
        [
            numbers[t.id],
            f"`{t.code}`",
            t.phase.value,
            name(t.debit_id),
            name(t.credit_id),
            f"{t.amount / 100:.2f}",
            numbers[t.parent_id] if t.parent_id else "",
        ]
        for t in transfers
    ]


async def test_the_worked_example_is_what_the_ledger_writes(
    database: Database, clock: ManualClock
) -> None:
    async with database.tx() as tx:
        world = await worlds.build(tx)
        terms = members.Terms(commission_bp=BP)
        good(await members.set_terms(tx, world.market_id, terms, by=None, reason="as announced"))
    await _topped_up(database, world)
    clock.advance(timedelta(hours=1))
    order_id = await _sold(database, world)
    clock.advance(timedelta(hours=1))
    await _paid_out(database, clock, world, 12_563)
    clock.advance(timedelta(hours=1))
    async with database.tx() as tx:
        await _refunded(tx, world, order_id, 2_000)
    async with database.snapshot() as tx:
        promises = await trade.audit(tx, worker.reactions())
        written = await _rows(tx, world)

    told = reading.table(reading.text("docs/architecture.md"), "#")

    assert [row[: len(written[0])] for row in told] == written
    assert all(promise.holds for promise in promises)
