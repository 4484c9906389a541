"""Stock set aside for orders: in arrival order, whole, and ended once."""

import asyncio
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from serai import inventory
from serai.inventory import Code, Ended, Kind, Line, Reserved, Take
from serai.kernel.batch import Batcher
from serai.kernel.errors import Refused
from serai.kernel.tx import Database, Tx
from tests.inventory.shop import BUYER, MARKET, SELLER, SHOP, add, counters, holds, stock, take

pytestmark = pytest.mark.money


async def test_of_many_who_want_the_last_units_the_first_get_them(tx: Tx) -> None:
    variant = await stock(tx, 10)
    takes = [take((variant, 3)) for _ in range(5)]
    outcomes = await inventory.reserve(tx, takes)
    assert [isinstance(outcome, Reserved) for outcome in outcomes] == [True] * 3 + [False] * 2
    assert await counters(tx, variant) == (10, 9)
    refused = outcomes[3]
    assert isinstance(refused, Refused)
    assert refused.code == Code.OUT_OF_STOCK
    facts = {"variant_id": str(variant), "wanted": 3, "available": 1}
    assert refused.facts == facts | {"lines": [facts]}
    assert await holds(tx)


async def test_a_smaller_wish_behind_a_refused_one_is_still_served(tx: Tx) -> None:
    variant = await stock(tx, 2)
    outcomes = await inventory.reserve(tx, [take((variant, 3)), take((variant, 2))])
    assert [isinstance(outcome, Reserved) for outcome in outcomes] == [False, True]
    assert await counters(tx, variant) == (2, 2)


async def test_a_checkout_gets_all_of_its_lines_or_none(tx: Tx) -> None:
    plenty, scarce, gone = await stock(tx, 5), await stock(tx, 1), uuid4()
    short = take((plenty, 4), (scarce, 2), (gone, 1))
    refused, served = await inventory.reserve(tx, [short, take((plenty, 5))])
    assert isinstance(refused, Refused)
    assert [(line["wanted"], line["available"]) for line in refused.facts["lines"]] == [
        (2, 1),
        (1, 0),
    ]
    assert isinstance(served, Reserved)
    assert await counters(tx, plenty) == (5, 5)
    assert await counters(tx, scarce) == (1, 0)
    assert [m.kind for m in await inventory.movements(tx, scarce)] == [Kind.RESTOCK]


async def test_several_orders_of_one_checkout_share_a_shelf(tx: Tx) -> None:
    variant = await stock(tx, 3)
    first, second = uuid4(), uuid4()
    both = Take(
        id=uuid4(),
        market_id=MARKET,
        actor_id=BUYER,
        lines=(Line(first, variant, 2), Line(second, variant, 1)),
    )
    (outcome,) = await inventory.reserve(tx, [both])
    assert isinstance(outcome, Reserved)
    assert [(pick.order_id, pick.quantity) for pick in outcome.picks] == [(first, 2), (second, 1)]
    await inventory.claim(tx, [first], SELLER)
    assert await counters(tx, variant) == (1, 1)


async def test_a_line_is_taken_whole_from_the_fullest_location(tx: Tx) -> None:
    here = await inventory.ensure_location(tx, MARKET, SHOP)
    there = await inventory.add_location(tx, MARKET, SHOP, "Second room")
    variant = await stock(tx, 4, here.id)
    await add(tx, variant, 6, there.id)
    assert await inventory.available(tx, [variant]) == {variant: 6}
    first, second, third = await inventory.reserve(
        tx, [take((variant, 2)), take((variant, 4)), take((variant, 4))]
    )
    assert isinstance(first, Reserved)
    assert first.picks[0].location_id == there.id
    assert isinstance(second, Reserved)
    assert second.picks[0].location_id == min(here.id, there.id), "of equals the smallest id"
    assert isinstance(third, Reserved)
    assert third.picks[0].location_id == max(here.id, there.id)
    assert await inventory.available(tx, [variant]) == {variant: 0}
    assert await holds(tx)


@pytest.mark.parametrize("quantity", [0, -1, 1_000_001, 2**70])
async def test_quantities_that_nobody_means_are_refused(tx: Tx, quantity: int) -> None:
    variant = await stock(tx, 5)
    (outcome,) = await inventory.reserve(tx, [take((variant, 1), (uuid4(), quantity))])
    assert isinstance(outcome, Refused)
    assert outcome.code == Code.QUANTITY_OUT_OF_RANGE
    assert await counters(tx, variant) == (5, 0)


async def test_an_order_names_a_variant_once(tx: Tx) -> None:
    variant = await stock(tx, 5)
    (outcome,) = await inventory.reserve(tx, [take((variant, 1), (variant, 1))])
    assert isinstance(outcome, Refused)
    assert outcome.code == Code.VARIANT_TWICE
    assert await counters(tx, variant) == (5, 0)


async def test_another_markets_stock_is_not_there(tx: Tx) -> None:
    variant = await stock(tx, 5)
    elsewhere = Take(
        id=uuid4(), market_id=uuid4(), actor_id=BUYER, lines=(Line(uuid4(), variant, 1),)
    )
    (outcome,) = await inventory.reserve(tx, [elsewhere])
    assert isinstance(outcome, Refused)
    assert outcome.facts["available"] == 0


async def test_nothing_wanted_moves_nothing(tx: Tx) -> None:
    assert await inventory.reserve(tx, []) == []
    empty = take()
    assert await inventory.reserve(tx, [empty]) == [Reserved(empty.id, ())]
    assert await inventory.claim(tx, [], SELLER) == []


async def test_a_claim_lets_the_goods_leave(tx: Tx) -> None:
    variant, order = await stock(tx, 5), uuid4()
    await inventory.reserve(tx, [take((variant, 2), order_id=order)])
    (outcome,) = await inventory.claim(tx, [order], SELLER)
    assert isinstance(outcome, Ended)
    assert (outcome.kind, outcome.picks[0].quantity) == (Kind.CLAIM, 2)
    assert await counters(tx, variant) == (3, 0)
    (claimed,) = [m for m in await inventory.movements(tx, variant) if m.kind is Kind.CLAIM]
    assert (claimed.reference_id, claimed.actor_id) == (order, SELLER)
    assert await holds(tx)


@pytest.mark.parametrize("kind", [Kind.RELEASE, Kind.EXPIRE])
async def test_a_release_sets_the_goods_free(tx: Tx, kind: Kind) -> None:
    variant, order = await stock(tx, 5), uuid4()
    await inventory.reserve(tx, [take((variant, 5), order_id=order)])
    assert kind is Kind.RELEASE or kind is Kind.EXPIRE
    (outcome,) = await inventory.release(tx, [order], BUYER, "changed my mind", kind)
    assert isinstance(outcome, Ended)
    assert outcome.kind == kind
    assert await counters(tx, variant) == (5, 0)
    (again,) = await inventory.reserve(tx, [take((variant, 5))])
    assert isinstance(again, Reserved)


async def test_a_reservation_ends_once(tx: Tx) -> None:
    variant, order, stranger = await stock(tx, 5), uuid4(), uuid4()
    await inventory.reserve(tx, [take((variant, 2), order_id=order)])
    ended, twice, unknown = await inventory.claim(tx, [order, order, stranger], SELLER)
    assert isinstance(ended, Ended)
    assert twice == Refused(Code.ALREADY_ENDED, {"order_id": str(order), "kind": "claim"})
    assert unknown == Refused(Code.NOT_RESERVED, {"order_id": str(stranger)})
    (late,) = await inventory.release(tx, [order], BUYER, "too late")
    assert late == twice
    assert await counters(tx, variant) == (3, 0)
    assert len(await inventory.movements(tx, variant)) == 3
    assert await holds(tx)


async def test_each_order_of_a_batch_has_its_own_actor(tx: Tx) -> None:
    variant, first, second = await stock(tx, 2), uuid4(), uuid4()
    await inventory.reserve(
        tx, [take((variant, 1), order_id=first), take((variant, 1), order_id=second)]
    )
    actors = {first: uuid4(), second: uuid4()}
    await inventory.claim(tx, [first, second], actors)
    claims = [m for m in await inventory.movements(tx, variant) if m.kind is Kind.CLAIM]
    assert {m.reference_id: m.actor_id for m in claims} == actors


async def test_live_reservations_are_those_without_an_end(tx: Tx) -> None:
    variant, kept, ended = await stock(tx, 5), uuid4(), uuid4()
    await inventory.reserve(
        tx, [take((variant, 2), order_id=kept), take((variant, 1), order_id=ended)]
    )
    await inventory.release(tx, [ended], BUYER, "changed my mind")
    live = [one async for one in inventory.live_reservations(tx)]
    assert [(one.order_id, one.variant_id, one.quantity) for one in live] == [(kept, variant, 2)]


async def test_two_batches_meet_over_the_last_unit_and_one_order_gets_it(
    database: Database,
) -> None:
    async with database.tx() as tx:
        variant = await stock(tx, 1)

    async def buy() -> list[Reserved | Refused]:
        async with database.tx() as tx:
            return await inventory.reserve(tx, [take((variant, 1)) for _ in range(20)])

    outcomes = [one for batch in await asyncio.gather(*(buy() for _ in range(4))) for one in batch]
    assert sum(isinstance(outcome, Reserved) for outcome in outcomes) == 1
    async with database.tx() as tx:
        assert await counters(tx, variant) == (1, 1)
        assert await holds(tx)


async def test_batches_over_the_same_shelves_in_other_orders_never_deadlock(
    database: Database,
) -> None:
    async with database.tx() as tx:
        variants = [await stock(tx, 100) for _ in range(6)]

    async def buy(seed: int) -> None:
        turned = variants[seed % 6 :] + variants[: seed % 6]
        for _ in range(5):
            async with database.tx() as tx:
                await inventory.reserve(tx, [take((variant, 1)) for variant in turned])

    await asyncio.gather(*(buy(seed) for seed in range(8)))
    async with database.tx() as tx:
        assert [await counters(tx, variant) for variant in variants] == [(100, 40)] * 6


async def test_a_claim_and_a_release_that_race_end_the_order_once(database: Database) -> None:
    async with database.tx() as tx:
        variant, orders = await stock(tx, 20), [uuid4() for _ in range(10)]
        await inventory.reserve(tx, [take((variant, 1), order_id=order) for order in orders])

    async def claim(tx: Tx, ids: Sequence[UUID]) -> list[Ended | Refused]:
        return await inventory.claim(tx, ids, SELLER)

    async def release(tx: Tx, ids: Sequence[UUID]) -> list[Ended | Refused]:
        return await inventory.release(tx, ids, BUYER, "changed my mind")

    claims, releases = Batcher(database, claim), Batcher(database, release)
    tries = [batch.submit(order) for order in orders for batch in (claims, releases)]
    outcomes = await asyncio.gather(*tries)
    for mine in zip(outcomes[::2], outcomes[1::2], strict=True):
        assert sum(isinstance(outcome, Ended) for outcome in mine) == 1
    claimed = sum(isinstance(outcome, Ended) for outcome in outcomes[::2])
    async with database.tx() as tx:
        assert await counters(tx, variant) == (20 - claimed, 0)
        assert await holds(tx)
