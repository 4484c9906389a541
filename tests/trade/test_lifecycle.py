"""From paid to content: shipping, arriving, confirming, staying silent, calling off."""

from datetime import timedelta
from uuid import UUID

import pytest

from serai import logistics, members, trade
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from serai.trade import Deadline, Moved, State
from tests.world import (
    SHIP_FEE,
    TEA_PRICE,
    TEA_STOCK,
    World,
    arrived,
    ask,
    bought,
    confirmed,
    delivered,
    good,
    later,
    shelf,
    shipped,
    sound,
    wallet,
)

pytestmark = pytest.mark.money

TOTAL = TEA_PRICE + SHIP_FEE
FUNDS = 1_000_000


async def state(tx: Tx, order_id: UUID) -> State:
    return good(await trade.order(tx, order_id)).state


async def confirm(tx: Tx, world: World, order_id: UUID, by: UUID) -> Moved | Refused:
    [outcome] = await trade.confirm_orders(tx, [ask(tx, world, trade.Confirm, by, order_id)])
    return outcome


async def cancel(tx: Tx, world: World, order_id: UUID, by: UUID) -> Moved | Refused:
    [outcome] = await trade.cancel_orders(tx, [ask(tx, world, trade.Cancel, by, order_id)])
    return outcome


async def ship(tx: Tx, world: World, order_id: UUID, by: UUID) -> Moved | Refused:
    [outcome] = await trade.ship_orders(tx, [ask(tx, world, trade.Ship, by, order_id)])
    return outcome


async def expire(tx: Tx, world: World, order_id: UUID) -> Moved | Refused:
    command = ask(tx, world, trade.Expire, world.market_id, order_id)
    [outcome] = await trade.complete_silent(tx, [command])
    return outcome


async def close(tx: Tx, world: World, order_id: UUID) -> Moved | Refused:
    command = ask(tx, world, trade.Close, world.market_id, order_id)
    [outcome] = await trade.close_unpaid(tx, [command])
    return outcome


def code(outcome: object) -> str:
    assert isinstance(outcome, Refused)
    return outcome.code


# ── The good way ─────────────────────────────────────────────────────────────────────────


async def test_a_confirmed_order_pays_the_seller(tx: Tx, world: World) -> None:
    order_id = await confirmed(tx, world)
    assert await wallet(tx, world, world.ana) == (FUNDS - TOTAL, 0)
    assert await wallet(tx, world, world.lin) == (TOTAL, 0)
    assert await shelf(tx, world.tea) == (TEA_STOCK - 1, 0)
    steps = (await trade.history(tx, [order_id]))[order_id]
    assert [step.state for step in steps] == ["placed", "paid", "shipped", "delivered", "completed"]
    await sound(tx)


async def test_the_market_keeps_the_fee_that_it_had_at_the_sale(tx: Tx, world: World) -> None:
    await commission(tx, world, 500)
    order_id = await delivered(tx, world)
    await commission(tx, world, 4_000)
    good(await confirm(tx, world, order_id, world.ana))
    assert await wallet(tx, world, world.lin) == (TOTAL - TEA_PRICE // 20, 0)
    await sound(tx)


async def commission(tx: Tx, world: World, basis_points: int) -> None:
    market = good(await members.market(tx, world.market_id))
    terms = members.Terms(commission_bp=basis_points)
    good(await members.set_terms(tx, market.id, terms, by=None, reason="a test of fees"))


async def test_a_parcel_is_booked_from_the_shop_to_the_buyer(tx: Tx, world: World) -> None:
    order_id = await shipped(tx, world, (world.tea, 3))
    [parcel] = (await logistics.parcels_of(tx, [order_id]))[order_id]
    assert (parcel.sender_id, parcel.receiver_id) == (world.lin, world.ana)
    assert (parcel.origin.name, parcel.destination.name) == ("Hangzhou", "Shanghai")
    assert parcel.weight_g == 750
    assert await shelf(tx, world.tea) == (TEA_STOCK - 3, 0)
    await sound(tx)


async def test_what_is_digital_arrives_when_it_is_sent(tx: Tx, world: World) -> None:
    order_id = await bought(tx, world, (world.song, 1))
    moved = good(await ship(tx, world, order_id, world.lin))
    assert (moved.state, moved.deadline) == (State.DELIVERED, Deadline.CONFIRM)
    assert moved.deadline_at == tx.now + timedelta(days=3)
    assert await logistics.parcels_of(tx, [order_id]) in ({}, {order_id: []})


async def test_an_order_arrives_only_with_its_last_parcel(tx: Tx, world: World) -> None:
    order_id = await shipped(tx, world)
    [outcome] = await trade.deliver_orders(tx, [arrived(tx, world, order_id)])
    assert code(outcome) == "not_due"
    assert await state(tx, order_id) is State.SHIPPED


async def test_a_buyer_may_confirm_what_no_scan_saw_arrive(tx: Tx, world: World) -> None:
    order_id = await shipped(tx, world)
    good(await confirm(tx, world, order_id, world.ana))
    steps = (await trade.history(tx, [order_id]))[order_id]
    assert [step.state for step in steps][-2:] == ["delivered", "completed"]
    await sound(tx)


# ── Silence and deadlines ────────────────────────────────────────────────────────────────


async def test_silence_after_delivery_pays_the_seller_on_the_tenth_day(
    tx: Tx, world: World
) -> None:
    order_id = await delivered(tx, world)
    later(tx, days=9, hours=23)
    assert code(await expire(tx, world, order_id)) == "not_due"
    assert await wallet(tx, world, world.lin) == (0, 0)
    later(tx, hours=1)
    good(await expire(tx, world, order_id))
    assert await wallet(tx, world, world.lin) == (TOTAL, 0)


async def test_silence_without_any_scan_takes_thirty_days(tx: Tx, world: World) -> None:
    order_id = await shipped(tx, world)
    later(tx, days=29, hours=23)
    assert code(await expire(tx, world, order_id)) == "not_due"
    later(tx, hours=1)
    good(await expire(tx, world, order_id))
    assert await state(tx, order_id) is State.COMPLETED
    await sound(tx)


async def test_a_buyer_gets_five_more_days_once(tx: Tx, world: World) -> None:
    order_id = await delivered(tx, world)
    extended = good(
        (await trade.extend_orders(tx, [ask(tx, world, trade.Extend, world.ana, order_id)]))[0]
    )
    assert extended.deadline_at == tx.now + timedelta(days=15)
    [again] = await trade.extend_orders(tx, [ask(tx, world, trade.Extend, world.ana, order_id)])
    assert code(again) == "already_extended"
    later(tx, days=14)
    assert code(await expire(tx, world, order_id)) == "not_due"


async def test_an_order_that_nobody_pays_is_closed_and_frees_its_stock(
    tx: Tx, world: World
) -> None:
    order_id = await bought(tx, world, (world.gift, 2), pay=False)
    assert code(await close(tx, world, order_id)) == "not_due"
    later(tx, minutes=30)
    good(await close(tx, world, order_id))
    assert await state(tx, order_id) is State.CLOSED
    assert await shelf(tx, world.gift) == (TEA_STOCK, 0)
    await sound(tx)
    await bought(tx, world, (world.gift, 2))


async def test_paying_in_the_last_second_beats_the_closing(tx: Tx, world: World) -> None:
    order_id = await bought(tx, world, pay=False)
    command = trade.Pay(
        id=UUID(int=5), market_id=world.market_id, actor_id=world.ana, order_ids=(order_id,)
    )
    good((await trade.pay_orders(tx, [command]))[0])
    later(tx, minutes=31)
    assert code(await close(tx, world, order_id)) == "order_state"
    assert await wallet(tx, world, world.ana) == (FUNDS - TOTAL, TOTAL)
    await sound(tx)


async def test_an_order_is_not_paid_twice(tx: Tx, world: World) -> None:
    order_id = await bought(tx, world)
    command = trade.Pay(
        id=UUID(int=5), market_id=world.market_id, actor_id=world.ana, order_ids=(order_id,)
    )
    assert code((await trade.pay_orders(tx, [command]))[0]) == "order_state"
    assert await wallet(tx, world, world.ana) == (FUNDS - TOTAL, TOTAL)


# ── Calling off ──────────────────────────────────────────────────────────────────────────


async def test_a_seller_who_cannot_deliver_gives_everything_back(tx: Tx, world: World) -> None:
    order_id = await bought(tx, world)
    good(await cancel(tx, world, order_id, world.lin))
    assert await state(tx, order_id) is State.REFUNDED
    assert await wallet(tx, world, world.ana) == (FUNDS, 0)
    assert await shelf(tx, world.tea) == (TEA_STOCK, 0)
    await sound(tx)


async def test_a_buyer_may_call_off_when_the_seller_is_late(tx: Tx, world: World) -> None:
    order_id = await bought(tx, world)
    early = await cancel(tx, world, order_id, world.ana)
    assert code(early) == "too_early"
    assert await wallet(tx, world, world.ana) == (FUNDS - TOTAL, TOTAL)
    later(tx, hours=72)
    good(await cancel(tx, world, order_id, world.ana))
    assert await wallet(tx, world, world.ana) == (FUNDS, 0)
    await sound(tx)


async def test_an_unpaid_order_is_called_off_at_once(tx: Tx, world: World) -> None:
    order_id = await bought(tx, world, pay=False)
    good(await cancel(tx, world, order_id, world.ana))
    assert await state(tx, order_id) is State.CLOSED
    assert await shelf(tx, world.tea) == (TEA_STOCK, 0)


async def test_what_is_on_its_way_is_not_called_off(tx: Tx, world: World) -> None:
    order_id = await shipped(tx, world)
    for by in (world.ana, world.lin):
        assert code(await cancel(tx, world, order_id, by)) == "order_state"
    assert await wallet(tx, world, world.ana) == (FUNDS - TOTAL, TOTAL)


# ── Whose affair it is ───────────────────────────────────────────────────────────────────


async def test_strangers_learn_nothing_of_an_order(tx: Tx, world: World) -> None:
    order_id = await bought(tx, world)
    for stranger in (world.ben, world.omar):
        assert code(await ship(tx, world, order_id, stranger)) == "order_unknown"
        assert code(await cancel(tx, world, order_id, stranger)) == "order_unknown"
    good(await ship(tx, world, order_id, world.lin))
    for stranger in (world.ben, world.omar):
        assert code(await confirm(tx, world, order_id, stranger)) == "order_unknown"
    assert code(await confirm(tx, world, order_id, world.lin)) == "not_the_buyer"
    assert await wallet(tx, world, world.lin) == (0, 0)


async def test_a_buyer_does_not_ship_and_confirms_nothing_unshipped(tx: Tx, world: World) -> None:
    order_id = await bought(tx, world)
    assert code(await ship(tx, world, order_id, world.ana)) == "not_the_seller"
    assert code(await confirm(tx, world, order_id, world.ana)) == "order_state"
    assert await state(tx, order_id) is State.PAID
    await sound(tx)


async def test_confirming_twice_pays_once(tx: Tx, world: World) -> None:
    order_id = await confirmed(tx, world)
    assert code(await confirm(tx, world, order_id, world.ana)) == "order_state"
    both = [ask(tx, world, trade.Confirm, world.ana, order_id) for _ in range(2)]
    assert {code(outcome) for outcome in await trade.confirm_orders(tx, both)} == {"order_state"}
    assert await wallet(tx, world, world.lin) == (TOTAL, 0)


async def test_two_confirmations_in_one_batch_pay_once(tx: Tx, world: World) -> None:
    order_id = await delivered(tx, world)
    both = [ask(tx, world, trade.Confirm, world.ana, order_id) for _ in range(2)]
    first, second = await trade.confirm_orders(tx, both)
    assert isinstance(first, Moved)
    assert code(second) == "order_state"
    assert await wallet(tx, world, world.lin) == (TOTAL, 0)
    await sound(tx)
