"""Money that two want at once: sellers' earnings, claims on them, refunds, payouts.

Wallets are locked in the order of their ids, so the people of a race are chosen
by those: whatever the chance of an id, the worse case is tried too.
"""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import pytest

from serai import ledger, payments, trade
from serai.kernel import ids
from serai.kernel.clock import ManualClock
from tests import world as worlds
from tests.racing import Ring, Side, ring
from tests.world import SHIP_FEE, TEA_PRICE

pytestmark = pytest.mark.money

TOTAL = TEA_PRICE + SHIP_FEE
FUNDS = 1_000_000

Member = tuple[UUID, UUID]
"""Somebody and his address."""


@pytest.fixture
async def arena(dsn: str, clock: ManualClock) -> AsyncIterator[Ring]:
    async with ring(dsn, clock) as held:
        async with held.judge.tx() as tx:
            w = held.world
            await worlds.stock(tx, w.market_id, w.tea_shop, w.lin, w.tea, 1_000)
            await worlds.stock(tx, w.market_id, w.rug_shop, w.omar, w.rug, 1_000)
        yield held


# ── People, by the ids of their wallets ──────────────────────────────────────────────────


def wallet_id(arena: Ring, member: UUID) -> UUID:
    return ledger.wallet(arena.world.market_id, member, "CNY").id


async def buyers(arena: Ring, *, below: UUID) -> list[Member]:
    """Find two buyers: one whose wallet is locked before that of `below`, and one after."""
    found: dict[bool, Member] = {}
    while len(found) < 2:
        one = await arena.newcomer(FUNDS)
        found[wallet_id(arena, one[0]) > wallet_id(arena, below)] = one
    return [found[False], found[True]]


# ── What they do ─────────────────────────────────────────────────────────────────────────


def checkout(arena: Ring, by: Member, *variants: UUID, pay: bool = True) -> trade.Checkout:
    return trade.Checkout(
        id=arena.id(),
        market_id=arena.world.market_id,
        actor_id=by[0],
        wanted=tuple(trade.Wanted(variant, 1) for variant in variants),
        address_id=by[1],
        pay=pay,
    )


def about(
    arena: Ring, kind: type[trade.OrderCommand], by: UUID, order_id: UUID, **facts: object
) -> trade.OrderCommand:
    return kind(
        id=arena.id(), market_id=arena.world.market_id, actor_id=by, order_id=order_id, **facts
    )


async def shipped(arena: Ring, by: Member, variant: UUID) -> UUID:
    """Have somebody buy one, and its seller ship it."""
    [placed] = await arena.do(trade.place_orders, checkout(arena, by, variant))
    order_id: UUID = worlds.good(placed).orders[0].id
    seller = arena.world.lin if variant == arena.world.tea else arena.world.omar
    [moved] = await arena.do(trade.ship_orders, about(arena, trade.Ship, seller, order_id))
    worlds.good(moved)
    return order_id


async def confirmed(arena: Ring, by: Member, variant: UUID) -> UUID:
    order_id = await shipped(arena, by, variant)
    command = about(arena, trade.Confirm, by[0], order_id)
    worlds.good((await arena.do(trade.confirm_orders, command))[0])
    return order_id


def withdrawal(arena: Ring, member: UUID, amount: int) -> payments.Withdraw:
    return payments.Withdraw(
        id=arena.id(), market_id=arena.world.market_id, actor_id=member, amount=amount,
        currency="CNY", account="SANDBOX-OK", holder="Lin",
    )  # fmt: skip


async def available(arena: Ring, member: UUID) -> int:
    async with arena.judge.tx() as tx:
        return (await worlds.wallet(tx, arena.world, member))[0]


async def emptied(arena: Ring, member: UUID) -> None:
    if left := await available(arena, member):
        [sent] = await arena.do(payments.withdraw, withdrawal(arena, member, left))
        worlds.good(sent)


async def in_debt(arena: Ring, by: Member) -> None:
    """Let the guarantee pay one order in Lin's place, so that it has a claim on her."""
    w = arena.world
    order_id = await confirmed(arena, by, w.tea)
    await emptied(arena, w.lin)
    command = about(arena, trade.Refund, w.lin, order_id)
    made = worlds.good((await arena.do(trade.refund_orders, command))[0])
    assert made.from_guarantee == TOTAL


async def owed(arena: Ring) -> int:
    async with arena.judge.tx() as tx:
        return sum(c.amount - c.recovered for c in await payments.owed(tx, arena.world.lin))


# ── Claims ───────────────────────────────────────────────────────────────────────────────


async def test_two_releases_pay_an_open_claim_once(arena: Ring) -> None:
    w = arena.world
    first, second = await buyers(arena, below=w.lin)

    async def prepare() -> tuple[Side, Side]:
        await in_debt(arena, first)
        sides = []
        for by in (first, second):
            order_id = await shipped(arena, by, w.tea)
            sides.append(
                Side(trade.confirm_orders, (about(arena, trade.Confirm, by[0], order_id),))
            )
        return sides[0], sides[1]

    async for finish in arena.every_way(prepare):
        assert finish.codes == ("completed", "completed")
        assert await owed(arena) == 0
        assert await available(arena, w.lin) == TOTAL
    await arena.sound()


@pytest.mark.parametrize("release_first", [True, False])
async def test_a_payout_does_not_run_away_from_a_claim(arena: Ring, *, release_first: bool) -> None:
    w = arena.world
    first, second = await buyers(arena, below=w.lin)

    async def prepare() -> tuple[Side, Side]:
        await in_debt(arena, first)
        async with arena.judge.tx() as tx:
            await worlds.fund(tx, w, w.lin, 400)
        order_id = await shipped(arena, second, w.tea)
        release = Side(trade.confirm_orders, (about(arena, trade.Confirm, second[0], order_id),))
        payout = Side(payments.withdraw, (withdrawal(arena, w.lin, 300),))
        return (release, payout) if release_first else (payout, release)

    async for finish in arena.every_way(prepare):
        release, payout = finish.codes if release_first else finish.codes[::-1]
        assert release == "completed"
        assert payout in {"withdrawing", "insufficient_funds"}
        assert await owed(arena) == 0
        assert await available(arena, w.lin) == 400 - (300 if payout == "withdrawing" else 0)
    await arena.sound()


@pytest.mark.parametrize("refund_first", [True, False])
async def test_a_payout_and_a_refund_want_the_same_money(
    arena: Ring, *, refund_first: bool
) -> None:
    w = arena.world
    both = await buyers(arena, below=w.lin)
    turn = 0

    async def prepare() -> tuple[Side, Side]:
        nonlocal turn
        turn += 1
        await emptied(arena, w.lin)
        order_id = await confirmed(arena, both[turn % 2], w.tea)
        # What was owed from the round before is taken out of this release.
        amount = await available(arena, w.lin) or TOTAL
        refund = Side(trade.refund_orders, (about(arena, trade.Refund, w.lin, order_id),))
        payout = Side(payments.withdraw, (withdrawal(arena, w.lin, amount),))
        return (refund, payout) if refund_first else (payout, refund)

    async for finish in arena.every_way(prepare):
        refund, payout = finish.codes if refund_first else finish.codes[::-1]
        assert refund == "completed"
        assert payout in {"withdrawing", "insufficient_funds"}
    await arena.sound()


# ── The order of locks ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("late", [False, True])
async def test_a_refund_by_the_seller_and_a_purchase_of_the_buyer(
    arena: Ring, *, late: bool
) -> None:
    """After the release as before it, both wallets are locked in one order."""
    w = arena.world
    for by in await buyers(arena, below=w.lin):

        async def prepare(by: Member = by) -> tuple[Side, Side]:
            order_id = await (confirmed if late else shipped)(arena, by, w.tea)
            refund = about(arena, trade.Refund, w.lin, order_id, amount=100)
            return (
                Side(trade.refund_orders, (refund,)),
                Side(trade.place_orders, (checkout(arena, by, w.tea),)),
            )

        async for finish in arena.every_way(prepare):
            assert finish.codes[1] == "placed"
            assert finish.codes[0] in {"completed", "shipped"}
    await arena.sound()


async def crossed(arena: Ring, people: Sequence[Member]) -> list[tuple[Member, Member]]:
    return [(people[0], people[1]), (people[1], people[0])]


@pytest.mark.parametrize("late", [False, True])
async def test_refunds_of_many_orders_and_purchases_of_their_buyers(
    arena: Ring, *, late: bool
) -> None:
    w = arena.world
    people = await buyers(arena, below=w.lin)
    for pair in await crossed(arena, people):

        async def prepare(pair: tuple[Member, Member] = pair) -> tuple[Side, Side]:
            buy = confirmed if late else shipped
            of_tea, of_rugs = await buy(arena, pair[0], w.tea), await buy(arena, pair[1], w.rug)
            back = (
                about(arena, trade.Refund, w.lin, of_tea, amount=100),
                about(arena, trade.Refund, w.omar, of_rugs, amount=100),
            )
            more = tuple(checkout(arena, by, w.tea, w.rug) for by in people)
            return Side(trade.refund_orders, back), Side(trade.place_orders, more)

        async for finish in arena.every_way(prepare):
            for outcome in (*finish.first, *finish.second):
                worlds.good(outcome)
            async with arena.judge.tx() as tx:
                for by in people:
                    await worlds.fund(tx, w, by[0], 200_000)
    await arena.sound()


async def test_payments_of_many_buyers_and_purchases_of_the_same(arena: Ring) -> None:
    w = arena.world
    people = await buyers(arena, below=w.lin)
    for pair in await crossed(arena, people):

        async def prepare(pair: tuple[Member, Member] = pair) -> tuple[Side, Side]:
            waiting = [checkout(arena, by, w.tea, pay=False) for by in pair]
            placed = [worlds.good(one) for one in await arena.do(trade.place_orders, *waiting)]
            paying = tuple(
                trade.Pay(
                    id=arena.id(),
                    market_id=w.market_id,
                    actor_id=by[0],
                    order_ids=(one.orders[0].id,),
                )
                for by, one in zip(pair, placed, strict=True)
            )
            more = tuple(checkout(arena, by, w.tea, w.rug) for by in people)
            return Side(trade.pay_orders, paying), Side(trade.place_orders, more)

        async for finish in arena.every_way(prepare):
            for outcome in (*finish.first, *finish.second):
                worlds.good(outcome)
            async with arena.judge.tx() as tx:
                for by in people:
                    await worlds.fund(tx, w, by[0], 200_000)
    await arena.sound()


async def test_first_sales_of_new_sellers_open_wallets_without_a_deadlock(arena: Ring) -> None:
    """Wallets that nobody has named before are opened by two at once."""
    w = arena.world
    people = await buyers(arena, below=w.lin)

    async def prepare() -> tuple[Side, Side]:
        strangers = [await arena.newcomer(0) for _ in range(2)]

        def gifts(order: Sequence[Member]) -> Side:
            return Side(
                payments.transfer,
                tuple(
                    payments.Transfer(
                        id=arena.id(),
                        market_id=w.market_id,
                        actor_id=giver[0],
                        to_id=taker[0],
                        amount=10,
                        currency="CNY",
                    )
                    for giver, taker in zip(people, order, strict=True)
                ),
            )

        return gifts(strangers), gifts(strangers[::-1])

    async for finish in arena.every_way(prepare):
        for outcome in (*finish.first, *finish.second):
            worlds.good(outcome)
    await arena.sound()


async def test_a_payment_cannot_be_named_like_another(arena: Ring) -> None:
    """Who knows an order knows the name of its payment; a payment of that name is another."""
    w = arena.world
    [by, _] = await buyers(arena, below=w.lin)
    paid, waiting = await arena.do(
        trade.place_orders, checkout(arena, by, w.tea), checkout(arena, by, w.tea, pay=False)
    )

    command = trade.Pay(
        id=ids.derive(paid.orders[0].id, "payment"),
        market_id=w.market_id,
        actor_id=by[0],
        order_ids=(waiting.orders[0].id,),
    )
    [outcome] = await arena.do(trade.pay_orders, command)
    worlds.good(outcome)
    await arena.sound()
