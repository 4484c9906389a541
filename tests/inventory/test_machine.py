"""Shelves against a small model: whatever is done in whatever order, the counters agree."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar
from uuid import UUID, uuid4

import asyncpg
import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from serai import inventory
from serai.inventory import Adjust, Adjusted, Ended, Kind, Line, Reserved, Return, Returned, Take
from serai.kernel.clock import ManualClock
from serai.kernel.tx import Tx, prepare
from tests.conftest import START
from tests.inventory.shop import BUYER, MARKET, SELLER, SHOP, add, counters

pytestmark = pytest.mark.money

T = TypeVar("T")
VARIANTS = [uuid4() for _ in range(3)]
variants = st.sampled_from(VARIANTS)
quantities = st.integers(1, 6)
wishes = st.lists(
    st.dictionaries(variants, quantities, min_size=1, max_size=3), min_size=1, max_size=4
)


class Shelves(RuleBasedStateMachine):
    """A shop with one location; each run is a transaction that is rolled back."""

    loop: asyncio.AbstractEventLoop
    connection: "asyncpg.Connection[Any]"

    orders: Bundle[UUID] = Bundle("orders")

    def __init__(self) -> None:
        super().__init__()
        self.on_hand = dict.fromkeys(VARIANTS, 0)
        self.held: dict[UUID, dict[UUID, int]] = {}
        self.sold: dict[UUID, dict[UUID, int]] = {}
        self.transaction = self.connection.transaction()
        self.run(self.transaction.start())
        self.tx = Tx(self.connection, ManualClock(START))

    def run(self, work: Awaitable[T]) -> T:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.run(self.transaction.rollback())

    def reserved(self, variant: UUID) -> int:
        return sum(lines.get(variant, 0) for lines in self.held.values())

    @rule(variant=variants, quantity=st.integers(1, 12))
    def restock(self, variant: UUID, quantity: int) -> None:
        self.run(add(self.tx, variant, quantity))
        self.on_hand[variant] += quantity

    @rule(variant=variants, counted=st.integers(0, 15))
    def adjust(self, variant: UUID, counted: int) -> None:
        command = Adjust(
            id=uuid4(),
            market_id=MARKET,
            actor_id=SELLER,
            variant_id=variant,
            shop_id=SHOP,
            counted=counted,
        )
        (outcome,) = self.run(inventory.adjust(self.tx, [command]))
        assert isinstance(outcome, Adjusted) == (counted >= self.reserved(variant))
        if isinstance(outcome, Adjusted):
            self.on_hand[variant] = counted

    @rule(target=orders, wanted=wishes)
    def reserve(self, wanted: list[dict[UUID, int]]) -> Any:  # noqa: ANN401  hypothesis's own
        takes = [
            Take(
                id=uuid4(),
                market_id=MARKET,
                actor_id=BUYER,
                lines=tuple(Line(order, variant, n) for variant, n in wish.items()),
            )
            for order, wish in ((uuid4(), wish) for wish in wanted)
        ]
        outcomes = self.run(inventory.reserve(self.tx, takes))
        for take, wish, outcome in zip(takes, wanted, outcomes, strict=True):
            fits = all(self.on_hand[v] - self.reserved(v) >= n for v, n in wish.items())
            assert isinstance(outcome, Reserved) == fits
            if fits:
                self.held[take.lines[0].order_id] = wish
        return multiple(*(take.lines[0].order_id for take in takes))

    @rule(chosen=st.lists(orders, min_size=1, max_size=4))
    def claim(self, chosen: list[UUID]) -> None:
        outcomes = self.run(inventory.claim(self.tx, chosen, SELLER))
        for order, outcome in zip(chosen, outcomes, strict=True):
            assert isinstance(outcome, Ended) == (order in self.held)
            for variant, quantity in self.held.get(order, {}).items():
                self.on_hand[variant] -= quantity
                self.sold.setdefault(order, {})[variant] = quantity
            self.held.pop(order, None)

    @rule(
        chosen=st.lists(orders, min_size=1, max_size=4),
        kind=st.sampled_from([Kind.RELEASE, Kind.EXPIRE]),
    )
    def release(self, chosen: list[UUID], kind: Any) -> None:  # noqa: ANN401  one of two kinds
        outcomes = self.run(inventory.release(self.tx, chosen, BUYER, "any", kind))
        for order, outcome in zip(chosen, outcomes, strict=True):
            assert isinstance(outcome, Ended) == (order in self.held)
            self.held.pop(order, None)

    @rule(order=orders, variant=variants, quantity=quantities)
    def take_back(self, order: UUID, variant: UUID, quantity: int) -> None:
        lines = (Line(order, variant, quantity),)
        back = Return(id=uuid4(), market_id=MARKET, actor_id=SELLER, lines=lines)
        (outcome,) = self.run(inventory.take_back(self.tx, [back]))
        left = self.sold.get(order, {}).get(variant, 0)
        assert isinstance(outcome, Returned) == (quantity <= left)
        if quantity <= left:
            self.sold[order][variant] = left - quantity
            self.on_hand[variant] += quantity

    @invariant()
    def the_counters_agree(self) -> None:
        for variant in VARIANTS:
            expected = (self.on_hand[variant], self.reserved(variant))
            assert self.run(counters(self.tx, variant)) == expected

    @invariant()
    def the_proofs_hold(self) -> None:
        for proof in self.run(inventory.audit(self.tx)):
            assert proof.holds, proof

    @invariant()
    def live_reservations_are_the_models(self) -> None:
        async def read() -> dict[UUID, dict[UUID, int]]:
            found: dict[UUID, dict[UUID, int]] = {}
            async for one in inventory.live_reservations(self.tx):
                found.setdefault(one.order_id, {})[one.variant_id] = one.quantity
            return found

        assert self.run(read()) == self.held


def test_shelves_agree_with_a_model(scratch: str) -> None:
    loop = asyncio.new_event_loop()
    try:
        connection = loop.run_until_complete(asyncpg.connect(scratch))
        loop.run_until_complete(prepare(connection))
        machine = type("ShelvesHere", (Shelves,), {"loop": loop, "connection": connection})
        run_state_machine_as_test(
            machine,
            settings=hypothesis.settings(
                max_examples=20,
                stateful_step_count=20,
                deadline=None,
                database=None,
                suppress_health_check=list(hypothesis.HealthCheck),
                # A run of twenty steps can be read; making it shorter takes minutes.
                phases=[hypothesis.Phase.generate],
            ),
        )
        loop.run_until_complete(connection.close())
    finally:
        loop.close()
