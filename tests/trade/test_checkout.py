"""Checking out: what is set aside, what is refused, and that a refusal sets nothing aside."""

import pytest

from serai import catalog, members, trade
from serai.kernel import ids
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from serai.trade import Placed, State
from tests.world import (
    GIFT_LIMIT,
    SHIP_FEE,
    TEA_PRICE,
    TEA_STOCK,
    World,
    bought,
    build,
    checkout,
    fund,
    good,
    shelf,
    sound,
    wallet,
)

pytestmark = pytest.mark.money

TOTAL = TEA_PRICE + SHIP_FEE


async def one(tx: Tx, command: trade.Checkout) -> Placed | Refused:
    [outcome] = await trade.place_orders(tx, [command])
    return outcome


async def nothing_moved(tx: Tx, world: World, funds: int = 0) -> None:
    assert await tx.value("select count(*) from trade_order") == 0
    assert await tx.value("select count(*) from kernel_event where kind like 'order.%'") == 0
    assert await shelf(tx, world.tea) == (TEA_STOCK, 0)
    assert await wallet(tx, world, world.ana) == (funds, 0)
    await sound(tx)


async def test_money_and_goods_are_set_aside_together(tx: Tx, world: World) -> None:
    await fund(tx, world, world.ana, 20_000)
    placed = good(await one(tx, checkout(tx, world, (world.tea, 2))))
    [order] = placed.orders
    assert (order.total, order.state) == (2 * TEA_PRICE + SHIP_FEE, State.PAID)
    assert await wallet(tx, world, world.ana) == (20_000 - order.total, order.total)
    assert await wallet(tx, world, world.lin) == (0, 0)
    assert await shelf(tx, world.tea) == (TEA_STOCK, 2)
    await sound(tx)


async def test_a_checkout_of_two_shops_is_two_orders_and_one_payment(tx: Tx, world: World) -> None:
    await fund(tx, world, world.ana, 200_000)
    placed = good(await one(tx, checkout(tx, world, (world.tea, 1), (world.rug, 1))))
    assert {order.shop_id for order in placed.orders} == {world.tea_shop, world.rug_shop}
    journals = await tx.values(
        "select distinct journal_id from ledger_transfer where code = 'order.hold'"
    )
    assert len(journals) == 1
    await sound(tx)


async def test_two_shops_are_paid_or_neither(tx: Tx, world: World) -> None:
    await fund(tx, world, world.ana, TOTAL)
    outcome = await one(tx, checkout(tx, world, (world.tea, 1), (world.rug, 1)))
    assert isinstance(outcome, Refused)
    assert outcome.code == "insufficient_funds"
    assert outcome.facts == {"missing": 81_000, "currency": "CNY"}
    await nothing_moved(tx, world, TOTAL)


async def test_shipping_is_free_from_the_sum_that_the_shop_names(tx: Tx, world: World) -> None:
    await fund(tx, world, world.ana, 1_000_000)
    placed = good(await one(tx, checkout(tx, world, (world.rug, 2))))
    assert placed.orders[0].total == 160_000


async def test_what_does_not_travel_needs_no_address_and_costs_no_shipping(
    tx: Tx, world: World
) -> None:
    await fund(tx, world, world.ana, 500)
    command = trade.Checkout(
        id=ids.new(tx.now),
        market_id=world.market_id,
        actor_id=world.ana,
        wanted=(trade.Wanted(world.song, 1),),
    )
    assert good(await one(tx, command)).orders[0].total == 500


async def test_the_same_id_is_the_same_order(tx: Tx, world: World) -> None:
    await fund(tx, world, world.ana, 50_000)
    command = checkout(tx, world, (world.tea, 1))
    first, twin = await trade.place_orders(tx, [command, command])
    again = await one(tx, command)
    assert first == twin == again
    assert await shelf(tx, world.tea) == (TEA_STOCK, 1)
    assert await wallet(tx, world, world.ana) == (50_000 - TOTAL, TOTAL)


async def test_a_known_id_with_another_body_is_refused(tx: Tx, world: World) -> None:
    await fund(tx, world, world.ana, 50_000)
    command = checkout(tx, world, (world.tea, 1))
    good(await one(tx, command))
    other = await one(tx, checkout(tx, world, (world.tea, 2), id=command.id))
    assert other == Refused("id_reused")
    assert await shelf(tx, world.tea) == (TEA_STOCK, 1)


async def test_somebody_elses_id_shows_nobody_his_answer(tx: Tx, world: World) -> None:
    await fund(tx, world, world.ana, 50_000)
    command = checkout(tx, world, (world.tea, 1))
    good(await one(tx, command))
    taken = checkout(tx, world, (world.tea, 1), buyer=world.ben, id=command.id)
    assert await one(tx, taken) == Refused("id_reused")


async def test_more_than_there_is_is_refused_with_what_there_is(tx: Tx, world: World) -> None:
    await fund(tx, world, world.ana, 1_000_000)
    outcome = await one(tx, checkout(tx, world, (world.tea, TEA_STOCK + 1)))
    assert isinstance(outcome, Refused)
    assert outcome.code == "out_of_stock"
    assert outcome.facts["available"] == TEA_STOCK
    await nothing_moved(tx, world, 1_000_000)


async def test_a_batch_sells_the_last_units_in_order_of_arrival(tx: Tx, world: World) -> None:
    await fund(tx, world, world.ana, 10_000_000)
    batch = [checkout(tx, world, (world.tea, 4)) for _ in range(3)]
    batch.append(checkout(tx, world, (world.tea, 2)))
    outcomes = await trade.place_orders(tx, batch)
    assert [type(outcome) for outcome in outcomes] == [Placed, Placed, Refused, Placed]
    assert await shelf(tx, world.tea) == (TEA_STOCK, TEA_STOCK)
    await sound(tx)


async def test_without_money_nothing_is_set_aside(tx: Tx, world: World) -> None:
    outcome = await one(tx, checkout(tx, world, (world.tea, 1)))
    assert outcome == Refused("insufficient_funds", {"missing": TOTAL, "currency": "CNY"})
    await nothing_moved(tx, world)


async def test_money_for_one_of_two_buys_the_first(tx: Tx, world: World) -> None:
    await fund(tx, world, world.ana, TOTAL + 10)
    batch = [checkout(tx, world, (world.tea, 1)) for _ in range(2)]
    first, second = await trade.place_orders(tx, batch)
    assert isinstance(first, Placed)
    assert second == Refused("insufficient_funds", {"missing": TOTAL - 10, "currency": "CNY"})
    assert await shelf(tx, world.tea) == (TEA_STOCK, 1)
    await sound(tx)


async def test_a_buyer_gets_no_more_than_his_share(tx: Tx, world: World) -> None:
    await fund(tx, world, world.ana, 1_000_000)
    await fund(tx, world, world.ben, 1_000_000)
    good(await one(tx, checkout(tx, world, (world.gift, 1))))
    too_many = await one(tx, checkout(tx, world, (world.gift, GIFT_LIMIT)))
    assert isinstance(too_many, Refused)
    assert too_many.code == "limit_exceeded"
    assert (too_many.facts["limit"], too_many.facts["already"]) == (GIFT_LIMIT, 1)
    good(await one(tx, checkout(tx, world, (world.gift, 1))))
    good(await one(tx, checkout(tx, world, (world.gift, GIFT_LIMIT), buyer=world.ben)))
    await sound(tx)


async def test_a_share_is_kept_over_a_batch(tx: Tx, world: World) -> None:
    await fund(tx, world, world.ana, 1_000_000)
    batch = [checkout(tx, world, (world.gift, 1)) for _ in range(GIFT_LIMIT + 2)]
    outcomes = await trade.place_orders(tx, batch)
    assert [isinstance(outcome, Placed) for outcome in outcomes] == [True, True, False, False]


async def test_a_price_that_was_not_shown_is_not_charged(tx: Tx, world: World) -> None:
    await fund(tx, world, world.ana, 1_000_000)
    good(await catalog.set_price(tx, world.tea, TEA_PRICE + 100, actor_id=world.lin))
    outcome = await one(tx, checkout(tx, world, (world.tea, 1), expected={"CNY": TOTAL}))
    assert outcome == Refused("price_changed", {"totals": {"CNY": TOTAL + 100}})
    await nothing_moved(tx, world, 1_000_000)


@pytest.mark.parametrize("quantity", [0, -1, 1_000_001])
async def test_a_quantity_nobody_means_is_refused(tx: Tx, world: World, quantity: int) -> None:
    outcome = await one(tx, checkout(tx, world, (world.tea, quantity)))
    assert isinstance(outcome, Refused)
    assert outcome.code == "quantity_out_of_range"
    await nothing_moved(tx, world)


async def test_nobody_buys_of_himself(tx: Tx, world: World) -> None:
    await fund(tx, world, world.lin, 100_000)
    outcome = await one(tx, checkout(tx, world, (world.tea, 1), buyer=world.lin))
    assert isinstance(outcome, Refused)
    assert outcome.code == "own_shop"


async def test_nothing_is_sent_to_somebody_elses_address(tx: Tx, world: World) -> None:
    await fund(tx, world, world.ana, 100_000)
    command = checkout(tx, world, (world.tea, 1))
    stolen = trade.Checkout(
        id=command.id,
        market_id=world.market_id,
        actor_id=world.ana,
        wanted=command.wanted,
        address_id=world.bens_door,
    )
    outcome = await one(tx, stolen)
    assert isinstance(outcome, Refused)
    assert outcome.code == "address_unknown"
    await nothing_moved(tx, world, 100_000)


async def test_a_paused_shop_sells_nothing(tx: Tx, world: World) -> None:
    await fund(tx, world, world.ana, 100_000)
    good(
        await members.set_shop_state(
            tx, world.tea_shop, members.ShopState.PAUSED, by=world.lin, reason="holiday"
        )
    )
    outcome = await one(tx, checkout(tx, world, (world.tea, 1)))
    assert isinstance(outcome, Refused)
    assert outcome.code == "not_on_sale"
    await nothing_moved(tx, world, 100_000)


async def test_an_unpaid_order_waits_half_an_hour_and_holds_its_stock(tx: Tx, world: World) -> None:
    order_id = await bought(tx, world, pay=False)
    order = good(await trade.order(tx, order_id))
    assert order.state is State.PLACED
    assert order.deadline_at is not None
    assert (order.deadline_at - tx.now).total_seconds() == 30 * 60
    assert await shelf(tx, world.tea) == (TEA_STOCK, 1)
    assert await wallet(tx, world, world.ana) == (1_000_000, 0)
    await sound(tx)


async def test_shares_of_two_markets_are_counted_each_in_its_own(tx: Tx, world: World) -> None:
    other = await build(tx, slug="elsewhere")
    for one in (world, other):
        await fund(tx, one, one.ana, 10_000)
    batch = [checkout(tx, one, (one.gift, 1)) for one in (world, other)]
    assert all(isinstance(outcome, Placed) for outcome in await trade.place_orders(tx, batch))
    counted = await tx.values("select market_id from trade_limit order by market_id")
    assert counted == sorted([world.market_id, other.market_id])
