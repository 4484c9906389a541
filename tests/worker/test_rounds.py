"""The worker: what happens without anybody's request."""

import asyncio
from collections.abc import Sequence

import pytest

from serai import members, payments, trade, worker
from serai.kernel import ids, outbox
from serai.kernel.settings import Settings
from serai.kernel.tx import Database, Tx

pytestmark = pytest.mark.money


async def _market(database: Database) -> members.Market:
    async with database.tx() as tx:
        new = members.NewMarket(slug="here", name="Here", currency="EUR", country="DE")
        founded = await members.found_market(tx, new)
    assert isinstance(founded, members.Founded)
    return founded.market


async def _member(database: Database, market: members.Market) -> members.Member:
    async with database.tx() as tx:
        newcomer = members.Newcomer(
            name="Ada Example", password="a calm and long phrase", email="ada@example.com"
        )
        member = await members.sign_up(tx, market.id, newcomer)
    assert isinstance(member, members.Member)
    return member


async def _ask_top_up(database: Database, member: members.Member, amount: int) -> None:
    async with database.tx() as tx:
        command = payments.TopUp(
            id=ids.new(tx.clock.now()),
            market_id=member.market_id,
            actor_id=member.id,
            amount=amount,
            currency="EUR",
            account="SANDBOX-OK",
        )
        [outcome] = await payments.top_up(tx, [command])
    assert isinstance(outcome, payments.ToppingUp)


async def _balance(database: Database, member: members.Member) -> int:
    async with database.tx() as tx:
        return sum(wallet.available for wallet in await payments.wallets(tx, member.id))


async def _until_paid(database: Database, member: members.Member, amount: int) -> None:
    for _ in range(200):
        if await _balance(database, member) == amount:
            return
        await asyncio.sleep(0.05)
    pytest.fail("the bank's answer never came")


async def test_a_top_up_reaches_the_bank_and_its_answer_the_wallet(database: Database) -> None:
    member = await _member(database, await _market(database))
    await _ask_top_up(database, member, 50_00)
    assert await _balance(database, member) == 0

    assert await worker.settle(database) > 0

    assert await _balance(database, member) == 50_00
    assert await worker.settle(database) == 0
    assert await _balance(database, member) == 50_00


async def test_the_audit_knows_every_reaction_that_the_worker_runs(database: Database) -> None:
    await _member(database, await _market(database))
    names = {reaction.name for reaction in worker.reactions()}
    assert {reaction.name for reaction in trade.reactions} < names

    async with database.snapshot() as tx:
        before = await outbox.reached(tx, worker.reactions())
    assert before.holds
    await worker.settle(database)
    async with database.tx() as tx:
        left = await tx.value("select count(*) from kernel_event where delivered_at is null")
    assert left == 0


async def test_run_works_until_it_is_told_to_stop(database: Database) -> None:
    member = await _member(database, await _market(database))
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(database, Settings(), stop))
    await _ask_top_up(database, member, 7_00)
    await _until_paid(database, member, 7_00)
    stop.set()
    async with asyncio.timeout(6):
        await running


async def test_a_duty_that_fails_does_not_end_the_others(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    async def fails(tx: Tx, events: Sequence[outbox.Event]) -> None:
        tried.append(len(events))
        raise RuntimeError("on purpose")

    broken = outbox.Reaction("test.broken", frozenset({"member.joined"}), fails)
    both = (broken, *worker.reactions())
    monkeypatch.setattr("serai.worker.rounds.reactions", lambda: both)
    member = await _member(database, await _market(database))
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(database, Settings(), stop))
    await _ask_top_up(database, member, 7_00)
    await _until_paid(database, member, 7_00)
    assert tried
    stop.set()
    await running


async def test_no_timer_is_handled_twice_over(database: Database) -> None:
    groups = worker.handlers(Settings(), worker.banks(database))
    kinds = [kind for group in groups for kind in group]
    assert len(kinds) == len(set(kinds))
