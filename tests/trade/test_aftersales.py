"""Refunds in part and whole, before and after the seller was paid; freezes; claims."""

from datetime import timedelta
from uuid import UUID

import pytest

from serai import ledger, logistics, members, payments, trade
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from serai.trade import RefundMade, State
from tests.world import (
    SHIP_FEE,
    TEA_PRICE,
    TEA_STOCK,
    World,
    ask,
    bought,
    confirmed,
    delivered,
    good,
    later,
    scan,
    shelf,
    shipped,
    sound,
    wallet,
)

pytestmark = pytest.mark.money

TOTAL = TEA_PRICE + SHIP_FEE
FUNDS = 1_000_000


async def refund(
    tx: Tx, world: World, order_id: UUID, amount: int | None = None, by: UUID | None = None
) -> RefundMade | Refused:
    command = ask(
        tx, world, trade.Refund, by or world.lin, order_id, amount=amount, reason="a torn box"
    )
    [outcome] = await trade.refund_orders(tx, [command])
    return outcome


async def spend_all(tx: Tx, world: World, member_id: UUID) -> int:
    """Send everything a member has to the bank."""
    available, _ = await wallet(tx, world, member_id)
    id = UUID(int=tx.clock.now().microsecond + available + 7_000)
    journal = ledger.Journal(
        id=id,
        market_id=world.market_id,
        actor_id=member_id,
        code="test.spent",
        subject_id=id,
        legs=(
            ledger.Move(
                ledger.wallet(world.market_id, member_id, "CNY"),
                ledger.cash(world.market_id, "sandbox", "CNY"),
                available,
            ),
        ),
    )
    good((await ledger.post(tx, [journal]))[0])
    return available


async def guarantee(tx: Tx, world: World) -> int:
    name = ledger.house(world.market_id, ledger.Kind.GUARANTEE, "CNY")
    account = (await ledger.accounts(tx, [name.id])).get(name.id)
    return account.balance if account else 0


async def test_a_part_goes_back_and_the_rest_stays_held(tx: Tx, world: World) -> None:
    order_id = await shipped(tx, world)
    made = good(await refund(tx, world, order_id, 400))
    assert (made.amount, made.state) == (400, State.SHIPPED)
    assert await wallet(tx, world, world.ana) == (FUNDS - TOTAL + 400, TOTAL - 400)
    await sound(tx)
    command = ask(tx, world, trade.Confirm, world.ana, order_id)
    good((await trade.confirm_orders(tx, [command]))[0])
    assert await wallet(tx, world, world.lin) == (TOTAL - 400, 0)
    await sound(tx)


async def test_parts_that_make_the_whole_end_the_order(tx: Tx, world: World) -> None:
    order_id = await shipped(tx, world)
    good(await refund(tx, world, order_id, 5_000))
    made = good(await refund(tx, world, order_id, TOTAL - 5_000))
    assert made.state is State.REFUNDED
    assert await wallet(tx, world, world.ana) == (FUNDS, 0)
    assert await shelf(tx, world.tea) == (TEA_STOCK - 1, 0)
    await sound(tx)


async def test_a_whole_refund_before_shipping_frees_the_stock(tx: Tx, world: World) -> None:
    order_id = await bought(tx, world)
    assert good(await refund(tx, world, order_id)).state is State.REFUNDED
    assert await shelf(tx, world.tea) == (TEA_STOCK, 0)
    await sound(tx)


@pytest.mark.parametrize("amount", [0, -1, TOTAL + 1])
async def test_no_more_goes_back_than_was_paid(tx: Tx, world: World, amount: int) -> None:
    order_id = await shipped(tx, world)
    outcome = await refund(tx, world, order_id, amount)
    assert outcome == Refused("refund_exceeds", {"left": TOTAL})
    assert await wallet(tx, world, world.ana) == (FUNDS - TOTAL, TOTAL)
    await sound(tx)


async def test_two_refunds_in_a_batch_do_not_exceed_the_order(tx: Tx, world: World) -> None:
    order_id = await shipped(tx, world)
    both = [
        ask(tx, world, trade.Refund, world.lin, order_id, amount=TOTAL - 1_000) for _ in range(2)
    ]
    first, second = await trade.refund_orders(tx, both)
    assert isinstance(first, RefundMade)
    assert second == Refused("refund_exceeds", {"left": 1_000})
    await sound(tx)


async def test_only_the_seller_refunds(tx: Tx, world: World) -> None:
    order_id = await shipped(tx, world)
    mine = await refund(tx, world, order_id, by=world.ana)
    theirs = await refund(tx, world, order_id, by=world.omar)
    assert isinstance(mine, Refused)
    assert isinstance(theirs, Refused)
    assert (mine.code, theirs.code) == ("not_the_seller", "order_unknown")
    assert await wallet(tx, world, world.ana) == (FUNDS - TOTAL, TOTAL)


async def test_a_refund_after_completion_comes_from_the_seller(tx: Tx, world: World) -> None:
    order_id = await confirmed(tx, world)
    made = good(await refund(tx, world, order_id, 3_000))
    assert (made.amount, made.from_guarantee, made.state) == (3_000, 0, State.COMPLETED)
    assert await wallet(tx, world, world.lin) == (TOTAL - 3_000, 0)
    assert await wallet(tx, world, world.ana) == (FUNDS - TOTAL + 3_000, 0)
    more = await refund(tx, world, order_id, TOTAL)
    assert more == Refused("refund_exceeds", {"left": TOTAL - 3_000})
    await sound(tx)


async def test_the_market_gives_its_fee_back_with_the_refund(tx: Tx, world: World) -> None:
    terms = members.Terms(commission_bp=1_000)
    good(await members.set_terms(tx, world.market_id, terms, by=None, reason="a test of fees"))
    order_id = await confirmed(tx, world)
    assert await wallet(tx, world, world.lin) == (TOTAL - 640, 0)
    good(await refund(tx, world, order_id))
    assert await wallet(tx, world, world.lin) == (0, 0)
    assert await wallet(tx, world, world.ana) == (FUNDS, 0)
    await sound(tx)


async def test_the_guarantee_pays_at_once_what_the_seller_lacks(tx: Tx, world: World) -> None:
    order_id = await confirmed(tx, world)
    await spend_all(tx, world, world.lin)
    made = good(await refund(tx, world, order_id))
    assert (made.amount, made.from_guarantee) == (TOTAL, TOTAL)
    assert await wallet(tx, world, world.ana) == (FUNDS, 0)
    assert await guarantee(tx, world) == -TOTAL
    [claim] = await payments.owed(tx, world.lin)
    assert (claim.amount, claim.recovered) == (TOTAL, 0)
    await sound(tx)


async def test_what_the_guarantee_paid_is_taken_from_the_next_release(tx: Tx, world: World) -> None:
    first = await confirmed(tx, world, (world.tea, 2))
    await spend_all(tx, world, world.lin)
    good(await refund(tx, world, first))
    owed = 2 * TEA_PRICE + SHIP_FEE
    await confirmed(tx, world)
    assert await wallet(tx, world, world.lin) == (0, 0)
    assert await guarantee(tx, world) == TOTAL - owed
    await confirmed(tx, world)
    assert await wallet(tx, world, world.lin) == (2 * TOTAL - owed, 0)
    assert await guarantee(tx, world) == 0
    assert await payments.owed(tx, world.lin) == []
    await sound(tx)


# ── Freezes ──────────────────────────────────────────────────────────────────────────────


async def stop(tx: Tx, world: World, order_id: UUID) -> trade.Stopped:
    command = ask(tx, world, trade.Stop, world.ines, order_id, reason="is it genuine?")
    [outcome] = await trade.stop_orders(tx, [command])
    return good(outcome)


async def resume(tx: Tx, world: World, order_id: UUID, freeze_id: UUID) -> trade.Moved | Refused:
    command = ask(
        tx, world, trade.Resume, world.ines, order_id, freeze_id=freeze_id, reason="it is"
    )
    [outcome] = await trade.resume_orders(tx, [command])
    return outcome


async def test_nothing_is_released_while_an_order_is_stopped(tx: Tx, world: World) -> None:
    order_id = await delivered(tx, world)
    await stop(tx, world, order_id)
    later(tx, days=40)
    confirm = ask(tx, world, trade.Confirm, world.ana, order_id)
    expire = ask(tx, world, trade.Expire, world.market_id, order_id)
    outcomes = await trade.confirm_orders(tx, [confirm])
    outcomes += await trade.complete_silent(tx, [expire])
    assert [outcome.code for outcome in outcomes if isinstance(outcome, Refused)] == [
        "order_stopped",
        "order_stopped",
    ]
    assert await wallet(tx, world, world.lin) == (0, 0)
    assert await tx.value("select count(*) from kernel_timer where subject = $1", order_id) == 0
    await sound(tx)


async def test_a_stopped_clock_goes_on_where_it_stood(tx: Tx, world: World) -> None:
    order_id = await delivered(tx, world)
    due = tx.now + timedelta(days=10)
    later(tx, days=4)
    freeze = await stop(tx, world, order_id)
    later(tx, days=20)
    moved = good(await resume(tx, world, order_id, freeze.freeze_id))
    assert moved.deadline_at == due + timedelta(days=20)
    assert moved.stopped_at is None
    again = await resume(tx, world, order_id, freeze.freeze_id)
    assert isinstance(again, Refused)
    assert again.code == "freeze_unknown"
    await sound(tx)


async def test_two_freezes_must_both_be_lifted(tx: Tx, world: World) -> None:
    order_id = await delivered(tx, world)
    first = await stop(tx, world, order_id)
    later(tx, days=1)
    second = await stop(tx, world, order_id)
    assert good(await resume(tx, world, order_id, first.freeze_id)).stopped_at is not None
    assert good(await resume(tx, world, order_id, second.freeze_id)).stopped_at is None


async def test_a_stopped_order_can_still_be_refunded(tx: Tx, world: World) -> None:
    order_id = await delivered(tx, world)
    await stop(tx, world, order_id)
    assert good(await refund(tx, world, order_id)).state is State.REFUNDED
    assert await wallet(tx, world, world.ana) == (FUNDS, 0)
    await sound(tx)


async def test_a_stopped_order_is_not_shipped(tx: Tx, world: World) -> None:
    order_id = await bought(tx, world)
    await stop(tx, world, order_id)
    [outcome] = await trade.ship_orders(tx, [ask(tx, world, trade.Ship, world.lin, order_id)])
    assert isinstance(outcome, Refused)
    assert outcome.code == "order_stopped"
    assert await shelf(tx, world.tea) == (TEA_STOCK, 1)


# ── What comes back ──────────────────────────────────────────────────────────────────────


async def send_back(tx: Tx, world: World, order_id: UUID) -> RefundMade | Refused:
    command = ask(tx, world, trade.SendBack, world.market_id, order_id)
    [outcome] = await trade.refund_sent_back(tx, [command])
    return outcome


async def test_a_parcel_that_came_back_brings_the_money_back(tx: Tx, world: World) -> None:
    order_id = await shipped(tx, world)
    [parcel] = (await logistics.parcels_of(tx, [order_id]))[order_id]
    early = await send_back(tx, world, order_id)
    assert early == Refused("not_due")
    assert await wallet(tx, world, world.ana) == (FUNDS - TOTAL, TOTAL)
    good((await logistics.scan(tx, [scan(tx, world, parcel.id, logistics.Step.RETURN)]))[0])
    told = await tx.value("select count(*) from kernel_event where kind = 'parcel.returned'")
    assert told == 1
    assert good(await send_back(tx, world, order_id)).state is State.REFUNDED
    assert await wallet(tx, world, world.ana) == (FUNDS, 0)
    assert await wallet(tx, world, world.lin) == (0, 0)
    assert isinstance(await send_back(tx, world, order_id), Refused)
    await sound(tx)


async def test_what_was_handed_over_is_not_refunded_by_a_scan(tx: Tx, world: World) -> None:
    order_id = await delivered(tx, world)
    outcome = await send_back(tx, world, order_id)
    assert outcome == Refused("order_state", {"state": "delivered"})
    assert await wallet(tx, world, world.ana) == (FUNDS - TOTAL, TOTAL)


async def test_the_market_keeps_its_fee_on_what_is_left_alone(tx: Tx, world: World) -> None:
    terms = members.Terms(commission_bp=1_000)
    good(await members.set_terms(tx, world.market_id, terms, by=None, reason="a test of fees"))
    order_id = await delivered(tx, world)
    good(await refund(tx, world, order_id, TOTAL // 2))
    command = ask(tx, world, trade.Confirm, world.ana, order_id)
    good((await trade.confirm_orders(tx, [command]))[0])
    assert await wallet(tx, world, world.lin) == (TOTAL // 2 - 320, 0)
    await sound(tx)
