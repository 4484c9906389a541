"""Goods that arrive, are counted, run low and come back."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from serai import inventory
from serai.inventory import (
    ON_HAND_MAX,
    Adjust,
    Adjusted,
    Code,
    Kind,
    Line,
    Restock,
    Restocked,
    Return,
    Returned,
)
from serai.kernel.clock import ManualClock
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from tests.inventory.shop import BUYER, MARKET, SELLER, SHOP, add, counters, holds, stock, take

pytestmark = pytest.mark.money


def _restock(variant_id: UUID, quantity: int, **more: Any) -> Restock:  # noqa: ANN401  any field
    given = {"id": uuid4(), "market_id": MARKET, "actor_id": SELLER, "shop_id": SHOP} | more
    return Restock(variant_id=variant_id, quantity=quantity, **given)


def _adjust(variant_id: UUID, counted: int, **more: Any) -> Adjust:  # noqa: ANN401  any field
    given = {"id": uuid4(), "market_id": MARKET, "actor_id": SELLER, "shop_id": SHOP} | more
    return Adjust(variant_id=variant_id, counted=counted, **given)


def _return(order_id: UUID, variant_id: UUID, quantity: int, id: UUID | None = None) -> Return:
    lines = (Line(order_id, variant_id, quantity),)
    return Return(
        id=id or uuid4(), market_id=MARKET, actor_id=SELLER, lines=lines, reason="unopened"
    )


async def _sell(tx: Tx, variant_id: UUID, quantity: int) -> UUID:
    order_id = uuid4()
    await inventory.reserve(tx, [take((variant_id, quantity), order_id=order_id)])
    await inventory.claim(tx, [order_id], SELLER)
    return order_id


async def test_the_first_delivery_makes_the_shops_first_location(tx: Tx) -> None:
    variant = uuid4()
    (outcome,) = await inventory.restock(tx, [_restock(variant, 7, reason="first delivery")])
    (location,) = await inventory.locations_of(tx, SHOP)
    assert outcome == Restocked(variant, location.id, 7, 0)
    (movement,) = await inventory.movements(tx, variant)
    assert (movement.kind, movement.on_hand_delta) == (Kind.RESTOCK, 7)
    assert (movement.actor_id, movement.reason) == (SELLER, "first delivery")
    assert await inventory.ensure_location(tx, MARKET, SHOP) == location


async def test_deliveries_of_one_batch_add_up(tx: Tx) -> None:
    variant, other = uuid4(), uuid4()
    commands = [_restock(variant, 2), _restock(other, 1), _restock(variant, 3)]
    outcomes = await inventory.restock(tx, commands)
    on_hand = [outcome.on_hand for outcome in outcomes if isinstance(outcome, Restocked)]
    assert on_hand == [2, 1, 5]
    assert await holds(tx)


async def test_the_same_delivery_sent_again_arrives_once(tx: Tx) -> None:
    variant = uuid4()
    command = _restock(variant, 4)
    first, twin = await inventory.restock(tx, [command, command])
    (again,) = await inventory.restock(tx, [command])
    assert first == twin == again
    assert await counters(tx, variant) == (4, 0)
    other = _restock(variant, 5, id=command.id)
    assert await inventory.restock(tx, [other]) == [Refused("id_reused")]
    assert await counters(tx, variant) == (4, 0)


@pytest.mark.parametrize("quantity", [0, -3, 1_000_001])
async def test_a_delivery_of_nothing_or_too_much_is_refused(tx: Tx, quantity: int) -> None:
    variant = uuid4()
    (outcome,) = await inventory.restock(tx, [_restock(variant, quantity)])
    assert isinstance(outcome, Refused)
    assert outcome.code == Code.QUANTITY_OUT_OF_RANGE
    assert await inventory.levels(tx, [variant]) == {variant: []}
    assert await inventory.locations_of(tx, SHOP) == []


async def test_a_full_shelf_takes_no_more(tx: Tx) -> None:
    variant = await stock(tx, 1)
    (full,) = await inventory.adjust(tx, [_adjust(variant, ON_HAND_MAX)])
    assert isinstance(full, Adjusted)
    (outcome,) = await inventory.restock(tx, [_restock(variant, 1)])
    assert isinstance(outcome, Refused)
    assert outcome.code == Code.TOO_MUCH_STOCK
    assert await counters(tx, variant) == (ON_HAND_MAX, 0)


async def test_nobody_stocks_anothers_location(tx: Tx) -> None:
    foreign = await inventory.ensure_location(tx, MARKET, uuid4())
    variant = uuid4()
    commands = [
        _restock(variant, 1, location_id=foreign.id),
        _restock(variant, 1, location_id=uuid4()),
        _restock(variant, 1, shop_id=foreign.shop_id, market_id=uuid4()),
    ]
    outcomes = await inventory.restock(tx, commands)
    codes = [outcome.code for outcome in outcomes if isinstance(outcome, Refused)]
    assert codes == [Code.LOCATION_UNKNOWN] * 3
    assert await inventory.levels(tx, [variant]) == {variant: []}


async def test_a_count_is_believed_and_kept(tx: Tx) -> None:
    variant = await stock(tx, 10)
    less, same, more = await inventory.adjust(
        tx, [_adjust(variant, 8), _adjust(variant, 8), _adjust(variant, 12, reason="found a box")]
    )
    assert [o.delta for o in (less, same, more) if isinstance(o, Adjusted)] == [-2, 0, 4]
    assert await counters(tx, variant) == (12, 0)
    counts = [m for m in await inventory.movements(tx, variant) if m.kind is Kind.ADJUST]
    assert sorted(m.on_hand_delta for m in counts) == [-2, 0, 4]
    assert await holds(tx)


async def test_a_count_below_what_orders_hold_is_refused(tx: Tx) -> None:
    variant = await stock(tx, 10)
    await inventory.reserve(tx, [take((variant, 6))])
    below, at = await inventory.adjust(tx, [_adjust(variant, 5), _adjust(variant, 6)])
    assert below == Refused(Code.BELOW_RESERVED, {"counted": 5, "reserved": 6})
    assert isinstance(at, Adjusted)
    assert await counters(tx, variant) == (6, 6)


@pytest.mark.parametrize("counted", [-1, ON_HAND_MAX + 1])
async def test_a_count_that_cannot_be_is_refused(tx: Tx, counted: int) -> None:
    variant = await stock(tx, 1)
    (outcome,) = await inventory.adjust(tx, [_adjust(variant, counted)])
    assert isinstance(outcome, Refused)
    assert outcome.code == Code.QUANTITY_OUT_OF_RANGE
    assert await counters(tx, variant) == (1, 0)


async def test_returned_goods_lie_where_they_were_sold_from(tx: Tx) -> None:
    await inventory.ensure_location(tx, MARKET, SHOP)
    second = await inventory.add_location(tx, MARKET, SHOP, "Second room")
    variant = await stock(tx, 1)
    await add(tx, variant, 5, second.id)
    order = await _sell(tx, variant, 3)
    (outcome,) = await inventory.take_back(tx, [_return(order, variant, 2)])
    assert isinstance(outcome, Returned)
    assert [(pick.location_id, pick.quantity) for pick in outcome.picks] == [(second.id, 2)]
    assert await counters(tx, variant) == (5, 0)
    assert await holds(tx)


async def test_no_more_comes_back_than_was_sold(tx: Tx) -> None:
    variant = await stock(tx, 5)
    order = await _sell(tx, variant, 3)
    first, second, third = await inventory.take_back(
        tx, [_return(order, variant, 2), _return(order, variant, 2), _return(order, variant, 1)]
    )
    assert isinstance(first, Returned)
    facts = {"variant_id": str(variant), "wanted": 2, "sold": 1}
    assert second == Refused(Code.NOT_SOLD, facts)
    assert isinstance(third, Returned)
    (stranger,) = await inventory.take_back(tx, [_return(uuid4(), variant, 1)])
    assert isinstance(stranger, Refused)
    assert await counters(tx, variant) == (5, 0)
    assert await holds(tx)


async def test_what_is_only_reserved_cannot_come_back(tx: Tx) -> None:
    variant, order = await stock(tx, 5), uuid4()
    await inventory.reserve(tx, [take((variant, 2), order_id=order)])
    (outcome,) = await inventory.take_back(tx, [_return(order, variant, 1)])
    assert isinstance(outcome, Refused)
    assert outcome.code == Code.NOT_SOLD
    assert await counters(tx, variant) == (5, 2)


async def test_a_return_happens_once_and_whole(tx: Tx) -> None:
    variant, other = await stock(tx, 5), await stock(tx, 5)
    order, command = await _sell(tx, variant, 2), uuid4()
    back = _return(order, variant, 1, command)
    first, twin = await inventory.take_back(tx, [back, back])
    (again,) = await inventory.take_back(tx, [back])
    assert first == twin == again
    lines = (Line(order, variant, 1), Line(order, other, 1))
    mixed = Return(id=uuid4(), market_id=MARKET, actor_id=SELLER, lines=lines)
    (refused,) = await inventory.take_back(tx, [mixed])
    assert isinstance(refused, Refused)
    assert await counters(tx, variant) == (4, 0)


async def test_a_shop_sees_what_runs_low_the_emptiest_first(tx: Tx) -> None:
    few, none, _ = await stock(tx, 4), await stock(tx, 3), await stock(tx, 50)
    await inventory.reserve(tx, [take((none, 3)), take((few, 2))])
    low = await inventory.low(tx, SHOP, 5)
    assert [(level.variant_id, level.available) for level in low] == [(none, 0), (few, 2)]
    assert await inventory.low(tx, uuid4(), 5) == []


async def test_movements_are_read_page_by_page_newest_first(tx: Tx, clock: ManualClock) -> None:
    variant = uuid4()
    for quantity in range(1, 6):
        clock.advance(timedelta(minutes=1))
        tx.now = clock.now()
        await add(tx, variant, quantity)
    first = await inventory.movements(tx, variant, limit=2)
    second = await inventory.movements(tx, variant, first[-1].id, limit=2)
    third = await inventory.movements(tx, variant, second[-1].id, limit=2)
    read = [movement.quantity for page in (first, second, third) for movement in page]
    assert read == [5, 4, 3, 2, 1]
    assert await inventory.movements(tx, variant, third[-1].id) == []
    assert await inventory.movements(tx, uuid4(), first[0].id) == []


async def test_available_is_what_one_order_could_have(tx: Tx) -> None:
    variant, never = await stock(tx, 4), uuid4()
    await inventory.reserve(tx, [take((variant, 1))])
    assert await inventory.available(tx, [variant, never]) == {variant: 3, never: 0}
    (level,) = (await inventory.levels(tx, [variant]))[variant]
    assert (level.on_hand, level.reserved, level.available) == (4, 1, 3)
    (outcome,) = await inventory.release(tx, [uuid4()], BUYER, "never ordered")
    assert isinstance(outcome, Refused)
