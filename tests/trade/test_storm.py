"""A storm: everybody wants everything at once, through two processes' worth of batches.

`STORM_SECONDS` in the environment lets it blow for longer.
"""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from serai import payments, trade
from serai.kernel import outbox, timers
from serai.kernel.batch import Batcher
from serai.kernel.clock import ManualClock
from serai.kernel.errors import Refused
from tests import world as worlds
from tests.racing import Gated, Ring, ring
from tests.world import TEA_STOCK

pytestmark = pytest.mark.money

SECONDS = float(os.environ.get("STORM_SECONDS", "5"))
PEOPLE, WORKERS = 4, 24

_RACED = (asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError)


class Storm:
    """Who blows, and what came of it."""

    def __init__(self, arena: Ring, seed: int) -> None:
        self.arena, self.world = arena, arena.world
        self.dice = random.Random(seed)
        self.orders: list[tuple[UUID, UUID, UUID]] = []
        self.freezes: list[tuple[UUID, UUID]] = []
        self.buyers: list[tuple[UUID, UUID]] = []
        self.batchers: dict[tuple[Gated, Any], Batcher[Any, Any]] = {}
        self.answers: Counter[str] = Counter()
        self.over = asyncio.Event()

    async def blow(self, seconds: float) -> None:
        """Let it blow, then wait until everybody has his answer."""
        self.buyers = [await self.arena.newcomer(3_000_000) for _ in range(PEOPLE)]
        crowd = [asyncio.create_task(self._somebody()) for _ in range(WORKERS)]
        house = [
            asyncio.create_task(self._worker(database))
            for database in (self.arena.one, self.arena.other)
        ]
        await asyncio.sleep(seconds)
        self.over.set()
        async with asyncio.timeout(60):
            await asyncio.gather(*crowd, *house)
            await asyncio.gather(*(batcher.close() for batcher in self.batchers.values()))

    async def _somebody(self) -> None:
        verbs: list[Callable[[], Any]] = [
            *[self._buy] * 5, *[self._ship] * 3, *[self._confirm] * 3, self._pay, self._extend,
            self._cancel, self._refund, self._refund, self._withdraw, self._withdraw, self._stop,
            self._resume,
        ]  # fmt: skip
        while not self.over.is_set():
            await self.dice.choice(verbs)()

    async def _worker(self, database: Gated) -> None:
        while not self.over.is_set():
            self.arena.clock.advance(timedelta(hours=self.dice.choice([0, 0, 1, 30])))
            await timers.fire(database, trade.handlers)
            await outbox.deliver(database, trade.reactions)
            await asyncio.sleep(0.05)

    async def _send(self, write: Any, command: Any) -> Any:  # noqa: ANN401  any command
        database = self.dice.choice([self.arena.one, self.arena.other])
        batcher = self.batchers.setdefault((database, write), Batcher(database, write))
        twice = self.dice.random() < 0.05
        outcomes = await asyncio.gather(*(batcher.submit(command) for _ in range(1 + twice)))
        assert all(outcome == outcomes[0] for outcome in outcomes)
        said = outcomes[0].code if isinstance(outcomes[0], Refused) else "done"
        self.answers[f"{write.__name__} {said}"] += 1
        return outcomes[0]

    def _facts(self, actor: UUID) -> dict[str, Any]:
        return {"id": self.arena.id(), "market_id": self.world.market_id, "actor_id": actor}

    async def _buy(self) -> None:
        w, dice = self.world, self.dice
        buyer, door = dice.choice(self.buyers)
        chosen = dice.sample([w.tea, w.gift, w.song, w.rug], dice.choice([1, 1, 2, 3]))
        command = trade.Checkout(
            **self._facts(buyer),
            wanted=tuple(trade.Wanted(variant, 1) for variant in chosen),
            address_id=door,
            pay=dice.random() < 0.8,
        )
        placed = await self._send(trade.place_orders, command)
        if isinstance(placed, trade.Placed):
            for order in placed.orders:
                seller = w.lin if order.shop_id == w.tea_shop else w.omar
                self.orders.append((order.id, buyer, seller))

    async def _about(
        self,
        write: Any,  # noqa: ANN401
        kind: type[trade.OrderCommand],
        side: int,
        **facts: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        if not self.orders:
            return await self._buy()
        # The latest orders are the ones that everybody is at.
        order = self.dice.choice(self.orders[-30:])
        return await self._send(write, kind(**self._facts(order[side]), order_id=order[0], **facts))

    async def _ship(self) -> None:
        await self._about(trade.ship_orders, trade.Ship, 2)

    async def _confirm(self) -> None:
        await self._about(trade.confirm_orders, trade.Confirm, 1)

    async def _extend(self) -> None:
        await self._about(trade.extend_orders, trade.Extend, 1)

    async def _cancel(self) -> None:
        await self._about(trade.cancel_orders, trade.Cancel, self.dice.choice([1, 2]))

    async def _refund(self) -> None:
        amount = self.dice.choice([None, 100, 700, 5_000])
        await self._about(trade.refund_orders, trade.Refund, 2, amount=amount)

    async def _stop(self) -> None:
        if self.orders:
            order_id = self.dice.choice(self.orders[-30:])[0]
            command = trade.Stop(**self._facts(self.world.ines), order_id=order_id, reason="hm")
            stopped = await self._send(trade.stop_orders, command)
            if isinstance(stopped, trade.Stopped):
                self.freezes.append((order_id, stopped.freeze_id))

    async def _resume(self) -> None:
        if self.freezes:
            order_id, freeze_id = self.freezes.pop()
            command = trade.Resume(
                **self._facts(self.world.ines), order_id=order_id, freeze_id=freeze_id, reason="ok"
            )
            await self._send(trade.resume_orders, command)

    async def _pay(self) -> None:
        if self.orders:
            _, buyer, _ = self.dice.choice(self.orders[-30:])
            mine = [id for id, by, _ in self.orders[-30:] if by == buyer]
            wanted = tuple(self.dice.sample(mine, min(len(mine), self.dice.choice([1, 2]))))
            await self._send(trade.pay_orders, trade.Pay(**self._facts(buyer), order_ids=wanted))

    async def _withdraw(self) -> None:
        who = self.dice.choice([self.world.lin, self.world.omar])
        command = payments.Withdraw(
            **self._facts(who), amount=self.dice.choice([500, 6_000, 70_000]), currency="CNY",
            account="SANDBOX-OK", holder="A Seller",
        )  # fmt: skip
        await self._send(payments.withdraw, command)


async def test_after_a_storm_everything_is_where_it_belongs(dsn: str, clock: ManualClock) -> None:
    async with ring(dsn, clock) as arena:
        w = arena.world
        async with arena.judge.tx() as tx:
            await worlds.stock(tx, w.market_id, w.tea_shop, w.lin, w.tea, 50)
            await worlds.stock(tx, w.market_id, w.rug_shop, w.omar, w.rug, 30)
            await worlds.stock(tx, w.market_id, w.tea_shop, w.lin, w.song, 500)
        storm = Storm(arena, seed=7)
        await storm.blow(SECONDS)
        while await outbox.deliver(arena.judge, trade.reactions):
            pass

        thrown = [error for racer in (arena.one, arena.other) for error in racer.thrown()]
        assert [error for error in thrown if isinstance(error, _RACED)] == []
        async with arena.judge.snapshot() as tx:
            broken = [p for p in await trade.audit(tx, trade.reactions) if not p.holds]
            assert broken == []
            for variant, had in ((w.tea, TEA_STOCK + 50), (w.rug, TEA_STOCK + 30)):
                sold = await tx.value(
                    "select coalesce(sum(quantity), 0) from inventory_movement"
                    " where variant_id = $1 and kind = 'claim'",
                    variant,
                )
                on_hand, reserved = await worlds.shelf(tx, variant)
                assert on_hand == had - sold
                assert 0 <= reserved <= on_hand
        assert storm.answers["place_orders done"] > 0
        assert storm.answers["confirm_orders done"] > 0
