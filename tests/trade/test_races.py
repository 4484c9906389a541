"""Every two commands that can meet over an order, a shelf or a share: exactly one outcome stands.

Each pair is raced in both orders, and the one ahead is stopped at each of its
locks in turn. Whoever has all but committed has won.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import pytest
from msgspec import Struct

from serai import inventory, payments, trade
from serai.kernel.clock import ManualClock
from serai.kernel.tx import Database, Tx
from tests import world as worlds
from tests.racing import Ring, Side, ring
from tests.world import GIFT_LIMIT, SHIP_FEE, TEA_PRICE, World, ask

pytestmark = pytest.mark.money

TOTAL = TEA_PRICE + SHIP_FEE
Make = Callable[[Ring], Awaitable[UUID]]
Sender = Callable[[Ring, UUID], Side]


@pytest.fixture
async def arena(dsn: str, clock: ManualClock) -> AsyncIterator[Ring]:
    async with ring(dsn, clock) as held:
        async with held.judge.tx() as tx:
            w = held.world
            await worlds.stock(tx, w.market_id, w.tea_shop, w.lin, w.tea, 1_000)
            await worlds.stock(tx, w.market_id, w.tea_shop, w.lin, w.gift, 1_000)
        yield held


class Pair(Struct, frozen=True):
    """Two commands about an order, and in which words they may end when each is first."""

    make: Make
    one: Sender
    other: Sender
    one_first: tuple[str, str]
    other_first: tuple[str, str]


# ── Orders to race about ─────────────────────────────────────────────────────────────────


def made(how: Callable[[Tx, World], Awaitable[UUID]]) -> Make:
    async def make(arena: Ring) -> UUID:
        async with arena.judge.tx() as tx:
            return await how(tx, arena.world)

    return make


async def _unpaid(tx: Tx, world: World) -> UUID:
    return await worlds.bought(tx, world, pay=False)


async def _paid(tx: Tx, world: World) -> UUID:
    return await worlds.bought(tx, world)


async def _delivered(tx: Tx, world: World) -> UUID:
    return await worlds.delivered(tx, world)


def waited(make: Make, **by: float) -> Make:
    async def later(arena: Ring) -> UUID:
        order_id = await make(arena)
        async with arena.judge.tx() as tx:
            worlds.later(tx, **by)
        return order_id

    return later


unpaid, paid, delivered = made(_unpaid), made(_paid), made(_delivered)
overdue = waited(unpaid, minutes=31)
silent = waited(delivered, days=10, seconds=1)


# ── Commands about them ──────────────────────────────────────────────────────────────────


def about(
    write: object, kind: type[trade.OrderCommand], who: Callable[[World], UUID], **facts: object
) -> Sender:
    def send(arena: Ring, order_id: UUID) -> Side:
        command = kind(
            id=arena.id(),
            market_id=arena.world.market_id,
            actor_id=who(arena.world),
            order_id=order_id,
            **facts,
        )
        return Side(write, (command,))  # type: ignore[arg-type]

    return send


def pay(arena: Ring, order_id: UUID) -> Side:
    command = trade.Pay(
        id=arena.id(),
        market_id=arena.world.market_id,
        actor_id=arena.world.ana,
        order_ids=(order_id,),
    )
    return Side(trade.pay_orders, (command,))


def buyer(w: World) -> UUID:
    return w.ana


def seller(w: World) -> UUID:
    return w.lin


def market(w: World) -> UUID:
    return w.market_id


def operator(w: World) -> UUID:
    return w.ines


confirm = about(trade.confirm_orders, trade.Confirm, buyer)
expire = about(trade.complete_silent, trade.Expire, market)
extend = about(trade.extend_orders, trade.Extend, buyer)
stop = about(trade.stop_orders, trade.Stop, operator, reason="is it genuine?")
ship = about(trade.ship_orders, trade.Ship, seller)
cancel = about(trade.cancel_orders, trade.Cancel, seller)
buyer_cancels = about(trade.cancel_orders, trade.Cancel, buyer)
close = about(trade.close_unpaid, trade.Close, market)
refund = about(trade.refund_orders, trade.Refund, seller)
most_of_it = about(trade.refund_orders, trade.Refund, seller, amount=TOTAL - 100)

PAIRS = {
    "confirm and the operator's stop": Pair(
        delivered, confirm, stop, ("completed", "order_state"), ("stopped", "order_stopped")
    ),
    "release and refund": Pair(
        delivered, confirm, refund, ("completed", "completed"), ("refunded", "order_state")
    ),
    "cancel and ship": Pair(
        paid, cancel, ship, ("refunded", "order_state"), ("shipped", "order_state")
    ),
    "cancel and pay": Pair(
        unpaid, buyer_cancels, pay, ("closed", "order_state"), ("placed", "too_early")
    ),
    "closing what is unpaid and pay": Pair(
        overdue, close, pay, ("closed", "order_state"), ("placed", "order_state")
    ),
    "pay and pay": Pair(unpaid, pay, pay, ("placed", "order_state"), ("placed", "order_state")),
    "silence and extend": Pair(
        silent, expire, extend, ("completed", "order_state"), ("delivered", "not_due")
    ),
    "silence and confirm": Pair(
        silent, expire, confirm, ("completed", "order_state"), ("completed", "order_state")
    ),
    "silence and the operator's stop": Pair(
        silent, expire, stop, ("completed", "order_state"), ("stopped", "order_stopped")
    ),
    "refund and refund": Pair(
        delivered,
        most_of_it,
        most_of_it,
        ("delivered", "refund_exceeds"),
        ("delivered", "refund_exceeds"),
    ),
    "ship and refund whole": Pair(
        paid, ship, refund, ("shipped", "refunded"), ("refunded", "order_state")
    ),
    "cancel and refund whole": Pair(
        paid, cancel, refund, ("refunded", "order_state"), ("refunded", "order_state")
    ),
    "ship and the operator's stop": Pair(
        paid, ship, stop, ("shipped", "stopped"), ("stopped", "order_stopped")
    ),
}


@pytest.mark.parametrize("which", PAIRS)
async def test_of_two_that_meet_one_outcome_stands(arena: Ring, which: str) -> None:
    pair = PAIRS[which]
    ways = [
        (pair.one, pair.other, pair.one_first, pair.other_first),
        (pair.other, pair.one, pair.other_first, pair.one_first),
    ]
    for first, second, expected, otherwise in ways:

        async def prepare(first: Sender = first, second: Sender = second) -> tuple[Side, Side]:
            order_id = await pair.make(arena)
            return first(arena, order_id), second(arena, order_id)

        tried = 0
        async for finish in arena.every_way(prepare):
            tried += 1
            if finish.decided:
                assert finish.codes == expected
            else:
                assert finish.codes in {expected, otherwise[::-1]}
        assert tried > 1
    await arena.sound()


# ── The last unit, the last share, the last coin ─────────────────────────────────────────


async def checkout(
    arena: Ring, variant: UUID, quantity: int, *, by: tuple[UUID, UUID], id: UUID | None = None
) -> Side:
    command = trade.Checkout(
        id=id or arena.id(),
        market_id=arena.world.market_id,
        actor_id=by[0],
        wanted=(trade.Wanted(variant, quantity),),
        address_id=by[1],
    )
    return Side(trade.place_orders, (command,))


async def leave(arena: Ring, variant: UUID, left: int) -> None:
    """Leave so many units of a variant free on the shelf."""
    async with arena.judge.tx() as tx:
        _, reserved = await worlds.shelf(tx, variant)
        command = inventory.Adjust(
            id=arena.id(),
            market_id=arena.world.market_id,
            actor_id=arena.world.lin,
            variant_id=variant,
            shop_id=arena.world.tea_shop,
            counted=reserved + left,
        )
        worlds.good((await inventory.adjust(tx, [command]))[0])


async def one_of_two(
    arena: Ring, prepare: Callable[[], Awaitable[tuple[Side, Side]]], code: str
) -> None:
    async for finish in arena.every_way(prepare):
        if finish.decided:
            assert finish.codes == ("placed", code)
        assert sorted(finish.codes) == sorted(("placed", code))
    await arena.sound()


async def test_two_buyers_meet_over_the_last_unit(arena: Ring) -> None:
    w = arena.world

    async def prepare() -> tuple[Side, Side]:
        await leave(arena, w.tea, 1)
        return (
            await checkout(arena, w.tea, 1, by=(w.ana, w.anas_door)),
            await checkout(arena, w.tea, 1, by=(w.ben, w.bens_door)),
        )

    await one_of_two(arena, prepare, "out_of_stock")


async def test_one_buyer_in_two_tabs_gets_his_share_once(arena: Ring) -> None:
    async def prepare() -> tuple[Side, Side]:
        by = await arena.newcomer(1_000_000)
        return (
            await checkout(arena, arena.world.gift, GIFT_LIMIT, by=by),
            await checkout(arena, arena.world.gift, GIFT_LIMIT, by=by),
        )

    await one_of_two(arena, prepare, "limit_exceeded")


async def test_money_for_one_order_is_not_spent_on_two(arena: Ring) -> None:
    async def prepare() -> tuple[Side, Side]:
        by = await arena.newcomer(TOTAL + 10)
        return (
            await checkout(arena, arena.world.tea, 1, by=by),
            await checkout(arena, arena.world.tea, 1, by=by),
        )

    await one_of_two(arena, prepare, "insufficient_funds")


async def test_money_for_one_order_is_not_spent_on_it_and_sent_away(arena: Ring) -> None:
    w = arena.world

    async def prepare() -> tuple[Side, Side]:
        by = await arena.newcomer(TOTAL + 10)
        order = await checkout(arena, w.tea, 1, by=by)
        sent = payments.Withdraw(
            id=arena.id(), market_id=w.market_id, actor_id=by[0], amount=TOTAL,
            currency="CNY", account="SANDBOX-OK", holder="New",
        )  # fmt: skip
        return order, Side(payments.withdraw, (sent,))

    async def turned() -> tuple[Side, Side]:
        order, sent = await prepare()
        return sent, order

    bought, gone = ("placed", "insufficient_funds"), ("insufficient_funds", "withdrawing")
    async for finish in arena.every_way(prepare):
        assert finish.codes in {bought, gone}
    async for finish in arena.every_way(turned):
        assert finish.codes[::-1] in {bought, gone}
    await arena.sound()


async def test_the_same_command_at_two_doors_is_one_order(arena: Ring) -> None:
    w = arena.world
    before = await placed(arena.judge)
    rounds = 0

    async def prepare() -> tuple[Side, Side]:
        id = arena.id()
        by = (w.ana, w.anas_door)
        return await checkout(arena, w.tea, 1, by=by, id=id), await checkout(
            arena, w.tea, 1, by=by, id=id
        )

    async for finish in arena.every_way(prepare):
        rounds += 1
        assert finish.codes == ("placed", "placed")
        assert finish.first == finish.second
    # The round that was not stopped any more has placed one too.
    assert await placed(arena.judge) - before == rounds + 1
    await arena.sound()


async def placed(database: Database) -> int:
    async with database.tx() as tx:
        return int(await tx.value("select count(*) from trade_order"))


async def test_a_share_given_back_is_not_given_twice(arena: Ring) -> None:
    """A buyer who has his share calls it off, and orders again in another tab."""
    w = arena.world

    async def prepare() -> tuple[Side, Side]:
        by = await arena.newcomer(1_000_000)
        side = await checkout(arena, w.gift, GIFT_LIMIT, by=by)
        [mine] = await arena.do(trade.place_orders, *side.commands)
        async with arena.judge.tx() as tx:
            gone = ask(tx, w, trade.Cancel, w.lin, mine.orders[0].id)
        again = await checkout(arena, w.gift, GIFT_LIMIT, by=by)
        return Side(trade.cancel_orders, (gone,)), again

    async for finish in arena.every_way(prepare):
        assert finish.codes in {("refunded", "placed"), ("refunded", "limit_exceeded")}
    async with arena.judge.tx() as tx:
        over = await tx.values("select quantity from trade_limit where quantity > $1", GIFT_LIMIT)
    assert over == []
    await arena.sound()
